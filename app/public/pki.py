"""What relying parties fetch: certificates, revocation lists, OCSP answers, time stamps."""

from base64 import b64decode

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from app.web.access import public
from app.web.database import db
from app.web.limits import limiter
from signing import bundle, revocation, timestamp
from signing.authority import Authority
from signing.errors import AuthorityUnavailable
from signing.issuing import common_name
from signing.profiles import CERTIFICATE_POLICY, TIME_STAMP_POLICY
from workflow.errors import NotFound

blueprint = Blueprint("pki", __name__, url_prefix="/pki")
LARGEST_REQUEST = 16 * 1024


def _authority() -> Authority:
    return current_app.extensions["authority"]


def _answer(data: bytes, kind: str, filename: str = "") -> Response:
    response = Response(data, mimetype=kind)
    if filename:
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


@blueprint.get("/root.cer")
@public
def root() -> ResponseReturnValue:
    """The root certificate (DER)."""
    return _answer(_authority().root.public_bytes(Encoding.DER), "application/pkix-cert", "qibu-root.cer")


@blueprint.get("/root.pem")
@public
def root_pem() -> ResponseReturnValue:
    """The root certificate (PEM)."""
    return _answer(_authority().root.public_bytes(Encoding.PEM), "application/x-pem-file", "qibu-root.pem")


@blueprint.get("/time-roots.pem")
@public
def time_roots() -> ResponseReturnValue:
    """The root certificates of the outside time stamping authorities (PEM); believed for time stamps only."""
    found = b"".join(root.public_bytes(Encoding.PEM) for root in _authority().time_roots)
    if not found:
        raise NotFound("time roots")
    return _answer(found, "application/x-pem-file", "qibu-time-roots.pem")


@blueprint.get("/policy")
@public
def policy() -> ResponseReturnValue:
    """The practice statement that the certificates name, in short (ES-06)."""
    authority = _authority()
    return render_template(
        "public/pki/policy.html", name=common_name(authority.root.subject), sample=authority.sample,
        fingerprint=_fingerprint(authority.root), policy=CERTIFICATE_POLICY,
        time_roots=[(common_name(root.subject), _fingerprint(root)) for root in authority.time_roots],
        time_stamp_policy=TIME_STAMP_POLICY, issuing=authority.manifest["issuing"], root=authority.manifest["root"][-1],
    )  # fmt: skip


def _fingerprint(certificate: Certificate) -> str:
    digits = certificate.fingerprint(SHA256()).hex().upper()
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


@blueprint.get("/verify.pyz")
@limiter.limit("30 per minute")
@public
def checker() -> ResponseReturnValue:
    """The checker of papers and evidence packages in one file, for use without us (docs/signatures.md)."""
    return _answer(bundle.checker(), "application/octet-stream", "qibu-verify.pyz")


@blueprint.get("/<label>.cer")
@public
def certificate(label: str) -> ResponseReturnValue:
    """An authority's certificate by its label (DER)."""
    if label not in {name for name, _ in _authority().own_labels()}:
        raise NotFound(label)
    return _answer(_authority().certificate(label).public_bytes(Encoding.DER), "application/pkix-cert")


@blueprint.get("/crl/<label>.crl")
@public
def revoked(label: str) -> ResponseReturnValue:
    """The revocation list of the root or of an issuing certificate (DER)."""
    if label not in {*_authority().issuing_labels, *dict(_authority().root_lists())}:
        raise NotFound(label)
    try:
        return _answer(revocation.current_list(db, _authority(), label), "application/pkix-crl")
    except AuthorityUnavailable as error:
        raise NotFound(label) from error


@blueprint.post("/ocsp")
@limiter.limit("600 per minute")
@public
def ocsp() -> ResponseReturnValue:
    """An OCSP responder (RFC 6960)."""
    return _answer(
        revocation.answer(db, _authority(), request.get_data()[:LARGEST_REQUEST]), "application/ocsp-response"
    )


@blueprint.get("/ocsp/<path:encoded>")
@limiter.limit("600 per minute")
@public
def ocsp_by_address(encoded: str) -> ResponseReturnValue:
    """The same with the request in the address (RFC 6960, A.1), as poppler asks first."""
    try:
        asked = b64decode(encoded[:LARGEST_REQUEST], validate=True)
    except ValueError:
        asked = b""
    return _answer(revocation.answer(db, _authority(), asked), "application/ocsp-response")


@blueprint.post("/tsa")
@limiter.limit("300 per minute")
@public
def tsa() -> ResponseReturnValue:
    """A time stamping authority (RFC 3161)."""
    return _answer(
        timestamp.respond(db, _authority(), request.get_data()[:LARGEST_REQUEST]),
        "application/timestamp-reply",
    )
