"""A time stamping authority of another owner: RFC 3161 with its own root, revocation lists and OCSP answers.

Its time stamps are RSA, unlike the platform's. `tsa.wrong` makes it answer wrongly, `ocsp.wrong` its status service.
"""

import fcntl
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from flask import Blueprint, Response, current_app, request

from sandbox import switches
from sandbox.signed import Refused, service, store, wrong

blueprint = Blueprint("tsa", __name__, url_prefix="/tsa")
POLICY = "2.25.214930752861384960127304586129873450912.1"
OWNER = "虚构时间戳服务（模拟环境）"
YEAR, DAY, MINUTE = timedelta(days=365), timedelta(days=1), timedelta(minutes=1)
NAMES = ("root", "issuing", "tsa", "ocsp", "foreign-root", "foreign-tsa")
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key


# -- its certificates ----------------------------------------------------------------------------------------------------


def _name(what: str) -> x509.Name:
    pairs = ((NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, OWNER), (NameOID.COMMON_NAME, what))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def _issued(what: str, key: Key, above: Holder | None, base: str, years: int, **kind: Any) -> Holder:
    """A certificate; `kind`: `authority`, or `usage` with the purpose, `no_check`, `pointers` to lists and answers."""
    authority = kind.get("authority", False)
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(what))
        .issuer_name(above.certificate.subject if above else _name(what))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + years * YEAR)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    usages = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    usages |= {"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True}
    builder = builder.add_extension(x509.KeyUsage(**usages), critical=True)
    if above:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key()), critical=False
        )
    if usage := kind.get("usage"):
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    if kind.get("no_check"):
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if list_of := kind.get("pointers"):
        point = x509.UniformResourceIdentifier(f"{base}/tsa/{list_of}.crl")
        builder = builder.add_extension(
            x509.CRLDistributionPoints([x509.DistributionPoint([point], None, None, None)]), critical=False
        )
    if kind.get("pointers") == "issuing":
        place = x509.UniformResourceIdentifier(f"{base}/tsa/ocsp")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    signer = above.key if above else key
    return Holder(builder.sign(signer, hashes.SHA256()), key)


def _found(base: str) -> dict[str, Holder]:
    def curve() -> Key:
        return ec.generate_private_key(ec.SECP256R1())

    def stamps() -> Key:
        return rsa.generate_private_key(65537, 2048)

    purpose = {"usage": ExtendedKeyUsageOID.TIME_STAMPING, "pointers": "issuing"}
    root = _issued("Fictitious TSA Root", curve(), None, base, 20, authority=True)
    issuing = _issued("Fictitious TSA CA", curve(), root, base, 10, authority=True, pointers="root")
    answers = {"usage": ExtendedKeyUsageOID.OCSP_SIGNING, "no_check": True}
    foreign = _issued("Fictitious TSA Root", curve(), None, base, 20, authority=True)
    return {
        "root": root,
        "issuing": issuing,
        "tsa": _issued("Fictitious TSA", stamps(), issuing, base, 5, **purpose),
        "ocsp": _issued("Fictitious OCSP", curve(), issuing, base, 5, **answers),
        "foreign-root": foreign,
        "foreign-tsa": _issued("Fictitious TSA", stamps(), foreign, base, 5, **purpose),
    }


def holders(folder: Path, base: str) -> dict[str, Holder]:
    """Its certificates by name, made at first use; `base`: its address, which stands in them."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "root.pem").exists():
            pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
            for name, made in reversed(_found(base).items()):  # the root last: then all are there
                key = made.key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
                (folder / f"{name}.key").write_bytes(key)
                (folder / f"{name}.pem").write_bytes(made.certificate.public_bytes(pem))
        return {
            name: Holder(
                x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes()),
                serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None),  # type: ignore[arg-type]
            )
            for name in NAMES
        }


def _here() -> dict[str, Holder]:
    known = current_app.extensions.setdefault("tsa", {})
    if not known:
        folder = current_app.extensions["sandbox"].config.state / "tsa"
        known |= holders(folder, request.url_root.rstrip("/"))
    return known


# -- time stamps -----------------------------------------------------------------------------------------------------------


def _token(asked: tsp.TimeStampReq, wrong: str) -> bytes:
    """The answer to a request (DER); `wrong`: in which way it is wrong, see `switches.CHOICES`."""
    held = _here()
    signer = held["foreign-tsa" if wrong == "signer" else "ocsp" if wrong == "purpose" else "tsa"]
    chain = [held["foreign-root"]] if wrong == "signer" else [held["issuing"]]
    imprint = asked["message_imprint"]
    if wrong == "imprint":
        size = len(imprint["hashed_message"].native)
        imprint = tsp.MessageImprint(
            {"hash_algorithm": imprint["hash_algorithm"], "hashed_message": bytes(size)}
        )
    nonce = asked["nonce"].native
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.3.6.1.4.1.99999.1" if wrong == "policy" else POLICY,
            "message_imprint": imprint,
            "serial_number": secrets.randbits(63),
            "gen_time": datetime.now(UTC).replace(microsecond=0)
            - (timedelta(hours=1) if wrong == "time" else timedelta()),
            **({} if wrong == "accuracy" else {"accuracy": {"millis": 500}}),
            **({} if nonce is None else {"nonce": nonce + (wrong == "nonce")}),
        }
    )
    content = info.dump()
    own = asn1.Certificate.load(signer.certificate.public_bytes(serialization.Encoding.DER))
    identity = tsp.SigningCertificateV2({"certs": [{"cert_hash": sha256(own.dump()).digest()}]})
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [sha256(content).digest()]},
            {"type": "signing_certificate_v2", "values": [identity]},
        ]
    )
    signature, algorithm = _sign(signer.key, attributes.dump())
    if wrong == "signature":
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    digest = algos.DigestAlgorithm({"algorithm": "sha256"})
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
            "certificates": [
                own, *(asn1.Certificate.load(c.certificate.public_bytes(serialization.Encoding.DER)) for c in chain)
            ],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        "issuer_and_serial_number", {"issuer": own.issuer, "serial_number": own.serial_number}
                    ),
                    "digest_algorithm": digest,
                    "signed_attrs": attributes,
                    "signature_algorithm": {"algorithm": algorithm},
                    "signature": signature,
                }
            ],
        }
    )  # fmt: skip
    token = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump()


def _sign(key: Key, data: bytes) -> tuple[bytes, str]:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256()), "sha256_rsa"
    return key.sign(data, ec.ECDSA(hashes.SHA256())), "sha256_ecdsa"


def _rejection() -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {"time_not_available"}}).dump()
    return bytes([0x30, len(status)]) + status


@blueprint.post("")
@service("tsa", signed=False)
def stamp() -> Response:
    """A time stamp (RFC 3161 over HTTP)."""
    try:
        asked = tsp.TimeStampReq.load(request.get_data(), strict=True)
        asked.native  # noqa: B018 - parses everything now
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(400, "bad_request", "A TimeStampReq is expected.") from error
    how = wrong("tsa")
    answer = _rejection() if how == "refusal" else _token(asked, how)
    return Response(answer, mimetype="application/timestamp-reply")


# -- is it in force? -------------------------------------------------------------------------------------------------------


@blueprint.post("/ocsp")
@service("ocsp", signed=False)
def status() -> Response:
    """OCSP (RFC 6960), signed by a delegate."""
    held = _here()
    try:
        asked = ocsp.load_der_ocsp_request(request.get_data())
    except ValueError as error:
        raise Refused(400, "bad_request", "An OCSPRequest is expected.") from error
    how = wrong("ocsp")
    subject = held["ocsp" if how == "other" else "tsa"].certificate
    now = datetime.now(UTC).replace(microsecond=0) - (DAY * 30 if how == "stale" else timedelta())
    revoked = bool(switches.read(store())["tsa.revoked"])
    signer = held["foreign-tsa" if how == "signer" else "ocsp"]
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            subject, held["issuing"].certificate, asked.hash_algorithm,
            ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD, now - MINUTE, now + DAY,
            now - MINUTE if revoked else None, x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        .certificates([signer.certificate])
        .sign(signer.key, hashes.SHA256())
    )  # fmt: skip
    return Response(answer.public_bytes(serialization.Encoding.DER), mimetype="application/ocsp-response")


@blueprint.get("/<issuer>.crl")
@service("ocsp", signed=False)
def listed(issuer: str) -> Response:
    """The revocation list of the root or of the issuing certificate."""
    if issuer not in ("root", "issuing"):
        raise Refused(404, "no_such_list")
    held, now = _here(), datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(held[issuer].certificate.subject)
        .last_update(now - MINUTE)
        .next_update(now + 7 * DAY)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(held[issuer].key.public_key()), critical=False
        )
    )
    if issuer == "issuing" and switches.read(store())["tsa.revoked"]:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(held["tsa"].certificate.serial_number)
            .revocation_date(now - MINUTE)
            .build()
        )
    made = builder.sign(held[issuer].key, hashes.SHA256())
    return Response(made.public_bytes(serialization.Encoding.DER), mimetype="application/pkix-crl")


@blueprint.get("/root.pem")
def root() -> Response:
    """Its root certificate, for the platform's settings."""
    pem = _here()["root"].certificate.public_bytes(serialization.Encoding.PEM)
    return Response(pem, mimetype="application/x-pem-file")
