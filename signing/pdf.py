"""PAdES on papers: certification, signatures with long-term material (B-LT), seals, archive time stamps (B-LTA).

Each function takes the bytes of a PDF and returns the bytes of a longer one; what was there stays as it was.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import algos, crl, ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
    enumerate_sig_fields,
)
from pyhanko.sign.general import SigningError as PdfSigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, Signer
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore
from sqlalchemy.orm import Session

from signing import revocation, stamps
from signing.authority import Authority, Credential
from signing.errors import PaperRefused, TimeStampFailure
from signing.timestamp import OwnTimeStamper

OUTSIDE_TOKEN = 9000  # bytes kept free for a token of an outside time stamping authority


@dataclass(frozen=True)
class Space:
    """Where a signature goes: its field's name, the page (0 first, -1 last) and the box in points from the lower left.

    Without a box the signature is not visible.
    """

    field: str
    page: int = 0
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class LongTerm:
    """What a verifier needs in fifteen years: certificates, OCSP answers and CRLs (all DER)."""

    certificates: tuple[bytes, ...]
    answers: tuple[bytes, ...]
    lists: tuple[bytes, ...]


class _KeySigner(Signer):
    """pyHanko's signer over any key of ours, in memory or in a token."""

    def __init__(self, credential: Credential) -> None:
        registry = SimpleCertificateStore()
        registry.register(_asn1(credential.chain[0]))
        super().__init__(
            signing_cert=_asn1(credential.certificate),
            cert_registry=registry,
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            embed_roots=False,
        )
        self._key = credential.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(72) if dry_run else self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def long_term(db: Session, authority: Authority, credential: Credential) -> LongTerm:
    """Fresh revocation material for a credential and for the time stamping authority in use."""
    tsa = authority.tsa()
    issuers = dict.fromkeys([*credential.chain[:-1], *tsa.chain[:-1], tsa.certificate])
    answers = [revocation.answer_for(db, authority, credential.certificate, credential.issuer)]
    answers.append(revocation.answer_for(db, authority, tsa.certificate, tsa.issuer))
    return LongTerm(
        tuple(_der(certificate) for certificate in issuers), tuple(answers), (authority.root_list(),)
    )


def prepare(pdf: bytes, spaces: Sequence[Space]) -> bytes:
    """Add empty signature fields, each locked once signed. Do it before the certification signature.

    Raises `PaperRefused` if a name is taken or the file is no PDF.
    """
    writer = _writer(pdf)
    taken = set(fields(pdf))
    for space in spaces:
        if space.field in taken:
            raise PaperRefused(f"the field {space.field} is there already")
        append_signature_field(writer, _field(writer, space))
    return _written(writer)


def fields(pdf: bytes) -> dict[str, bool]:
    """The signature fields of a paper, by name: True if filled."""
    try:
        return {name: value is not None for name, value, _ in enumerate_sig_fields(_writer(pdf).prev)}
    except PdfError as broken:
        raise PaperRefused(f"the file cannot be read: {broken}") from broken


def certify(
    db: Session,
    authority: Authority,
    pdf: bytes,
    *,
    credential: Credential,
    spaces: Sequence[Space] = (),
    reason: str = "",
    field: str = "certification",
) -> bytes:
    """The first, invisible signature of a paper: fixes its content and allows only signing from here on (DocMDP).

    `spaces` are the fields for those who will sign. Raises `PaperRefused` if the paper is signed already.
    """
    if any(fields(pdf).values()):
        raise PaperRefused("a certification signature must come first")
    prepared = prepare(pdf, spaces) if spaces else pdf
    return _sign(db, authority, prepared, credential, Space(field), reason=reason, certify=True)


def sign(
    db: Session,
    authority: Authority,
    pdf: bytes,
    *,
    credential: Credential,
    space: Space,
    reason: str = "",
    location: str = "",
    material: LongTerm | None = None,
    timestamper: TimeStamper | None = None,
    at: datetime | None = None,
) -> bytes:
    """A person's signature, PAdES B-LT, with a visible stamp if the space has a box (ES-01, ES-24).

    An empty field of that name is filled, else one is made. `material` may be shared between papers signed in one
    act; `timestamper` replaces our own authority. `at`: the time printed on the stamp, now if left out.
    Raises `PaperRefused` and `TimeStampFailure`; then nothing was signed.
    """
    drawing = None
    box = _box(pdf, space)
    if box is not None:
        width, height = box[2] - box[0], box[3] - box[1]
        drawing = stamps.person_stamp(
            width, height, name=credential.name, at=at or datetime.now(UTC), serial=credential.serial
        )
    return _sign(
        db,
        authority,
        pdf,
        credential,
        space,
        reason=reason,
        location=location,
        drawing=drawing,
        material=material,
        timestamper=timestamper,
    )


def seal(
    db: Session,
    authority: Authority,
    pdf: bytes,
    *,
    credential: Credential,
    space: Space,
    reason: str = "",
    note: str = "",
    timestamper: TimeStamper | None = None,
) -> bytes:
    """An authority's electronic seal: its signature (B-LT) under a red round mark (ES-15, ES-23).

    `note` stands at the foot of the mark. Raises `PaperRefused` and `TimeStampFailure`.
    """
    drawing = None
    box = _box(pdf, space)
    if box is not None:
        diameter = min(box[2] - box[0], box[3] - box[1])
        drawing = stamps.round_mark(diameter, name=credential.name, sample=authority.sample, note=note)
    return _sign(
        db, authority, pdf, credential, space, reason=reason, drawing=drawing, timestamper=timestamper
    )


def archive_timestamp(
    db: Session, authority: Authority, pdf: bytes, timestamper: TimeStamper | None = None
) -> bytes:
    """A document time stamp over everything there is (B-LTA); again before algorithms or certificates age.

    Fresh revocation material of the time stamping authority goes in first, so that each stamp is covered by the next.
    Raises `PaperRefused` and `TimeStampFailure`.
    """
    tsa = authority.tsa()
    writer = _writer(pdf)
    answer = revocation.answer_for(db, authority, tsa.certificate, tsa.issuer)
    _supply(
        writer,
        LongTerm((_der(tsa.certificate), _der(tsa.chain[0])), (answer,), (authority.root_list(),)),
        None,
    )
    number = 1 + sum(name.startswith("archive-") for name in fields(pdf))
    try:
        stamper = PdfTimeStamper(timestamper or OwnTimeStamper(db, authority), field_name=f"archive-{number}")
        return bytes(
            stamper.timestamp_pdf(
                writer, "sha256", bytes_reserved=_reserved(None, tsa, timestamper)
            ).getbuffer()
        )
    except TimestampRequestError as refused:
        raise TimeStampFailure(str(refused)) from refused
    except (PdfError, PdfSigningError) as broken:
        raise PaperRefused(str(broken)) from broken


def _sign(
    db: Session,
    authority: Authority,
    pdf: bytes,
    credential: Credential,
    space: Space,
    *,
    reason: str = "",
    location: str = "",
    drawing: bytes | None = None,
    certify: bool = False,
    material: LongTerm | None = None,
    timestamper: TimeStamper | None = None,
) -> bytes:
    material = material or long_term(db, authority, credential)
    writer = _writer(pdf)
    existing = fields(pdf)
    if existing.get(space.field):
        raise PaperRefused(f"the field {space.field} is signed already")
    signer = PdfSigner(
        PdfSignatureMetadata(
            field_name=space.field,
            md_algorithm="sha256",
            name=credential.name,
            reason=reason or None,
            location=location or None,
            subfilter=SigSeedSubFilter.PADES,
            certify=certify,
            docmdp_permissions=MDPPerm.FILL_FORMS,
        ),
        signer=_KeySigner(credential),
        timestamper=timestamper or OwnTimeStamper(db, authority),
        stamp_style=stamps.Drawn(drawing=drawing) if drawing else None,
        new_field_spec=None if space.field in existing else _field(writer, space),
    )
    try:
        out = signer.sign_pdf(writer, bytes_reserved=_reserved(credential, authority.tsa(), timestamper))
    except TimestampRequestError as refused:
        raise TimeStampFailure(str(refused)) from refused
    except (PdfError, PdfSigningError) as broken:
        raise PaperRefused(str(broken)) from broken
    signed = bytes(out.getbuffer())
    writer = _writer(signed)
    contents = next(value for name, value, _ in enumerate_sig_fields(writer.prev) if name == space.field)
    _supply(writer, material, contents.get_object().raw_get("/Contents"))
    return _written(writer)


def _supply(writer: IncrementalPdfFileWriter, material: LongTerm, contents: object) -> None:
    """Put long-term material into the paper's security store (DSS), each piece once."""
    del contents  # no VRI: PAdES B-LT does not ask for it and each entry would cost a kilobyte
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[asn1_x509.Certificate.load(der) for der in material.certificates],
        ocsps=[ocsp.OCSPResponse.load(der) for der in material.answers],
        crls=[crl.CertificateList.load(der) for der in material.lists],
    )


def _reserved(credential: Credential | None, tsa: Credential, timestamper: TimeStamper | None) -> int:
    """Hexadecimal digits to keep free for the CMS object: its certificates, the token and what surrounds them."""
    token = OUTSIDE_TOKEN if timestamper else sum(len(_der(c)) for c in (tsa.certificate, tsa.chain[0])) + 750
    own = sum(len(_der(c)) for c in (credential.certificate, credential.chain[0])) + 600 if credential else 0
    return 2 * (token + own)


def _field(writer: IncrementalPdfFileWriter, space: Space) -> SigFieldSpec:
    pages = int(writer.root["/Pages"]["/Count"])
    page = space.page if space.page >= 0 else pages + space.page
    if not 0 <= page < pages:
        raise PaperRefused(f"there is no page {space.page} for the field {space.field}")
    box = None if space.box is None else tuple(round(value) for value in space.box)
    return SigFieldSpec(
        space.field,
        on_page=page,
        box=box,  # type: ignore[arg-type]
        field_mdp_spec=FieldMDPSpec(FieldMDPAction.INCLUDE, fields=[space.field]),
    )


def _box(pdf: bytes, space: Space) -> tuple[float, float, float, float] | None:
    """The box of an existing field, else the space's own."""
    for name, _, reference in enumerate_sig_fields(_writer(pdf).prev):
        if name == space.field:
            left, bottom, right, top = (float(value) for value in reference.get_object()["/Rect"])
            return (left, bottom, right, top) if right > left and top > bottom else None
    return space.box


def _writer(pdf: bytes) -> IncrementalPdfFileWriter:
    try:
        return IncrementalPdfFileWriter(io.BytesIO(pdf))
    except (PdfError, ValueError) as broken:
        raise PaperRefused(f"the file is not a usable PDF: {broken}") from broken


def _written(writer: IncrementalPdfFileWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(_der(certificate))
