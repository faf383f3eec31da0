"""PAdES: signatures and seals in PDFs, with time stamp and validation data inside (B-LT), archive stamp (B-LTA)."""

import os
import tempfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.content import ImportedPdfPage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError as PyHankoError
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from sqlalchemy.orm import Session

from signing import revocation, stamps
from signing.authority import Authority, Credential
from signing.errors import PaperRefused
from signing.papers.data import RenderedPaper
from signing.timestamp import OwnTimeStamper

Box = tuple[int, float, float, float, float]  # page index, x0, y0, x1, y1 in points


@dataclass(frozen=True)
class Look:
    """How a signature shows on the page: a small PDF that fills the box."""

    pdf: bytes


def sign(
    db: Session,
    authority: Authority,
    pdf: bytes,
    credential: Credential,
    *,
    field: str,
    box: Box,
    look: Look,
    reason: str = "",
    certify: bool = False,
) -> bytes:
    """The PDF with one more signature: PAdES B-LT, time stamped, with certificates, OCSP answers and CRLs inside.

    `certify` makes it the certification signature, after which only further signatures are allowed (DocMDP 2).
    Does not commit. Raises PaperRefused, TimeStampFailure.
    """
    page, x0, y0, x1, y1 = box
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=reason or None,
        name=credential.name,
        certify=certify,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        embed_validation_info=True,
        validation_context=_context(db, authority, credential),
    )
    signer = signers.PdfSigner(
        metadata,
        _signer(credential),
        timestamper=OwnTimeStamper(db, authority),
        stamp_style=_style(look),
        new_field_spec=SigFieldSpec(field, on_page=page, box=(int(x0), int(y0), int(x1), int(y1))),
    )
    try:
        out = signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)))
    except (PyHankoError, PdfError, ValueError) as error:
        raise PaperRefused(str(error)) from error
    return bytes(out.getvalue())


def seal(db: Session, authority: Authority, paper: RenderedPaper, credential: Credential) -> bytes:
    """A notice or licence under the registration authority's electronic seal (ES-15), as certification signature.

    Raises PaperRefused when the paper has no room for a seal.
    """
    if "seal" not in paper.signature_boxes:
        raise PaperRefused(f"{paper.kind} has no place for a seal")
    look = Look(stamps.round_seal(credential.name, sample=authority.sample))
    return sign(
        db,
        authority,
        paper.pdf,
        credential,
        field="seal",
        box=paper.signature_boxes["seal"],
        look=look,
        certify=True,
    )


def archive(db: Session, authority: Authority, pdf: bytes) -> bytes:
    """The PDF with an archive time stamp over everything in it (B-LTA); repeated before algorithms age."""
    stamper = signers.PdfTimeStamper(OwnTimeStamper(db, authority))
    context = ValidationContext(
        trust_roots=[_asn1(authority.root)], other_certs=[_asn1(c) for c in authority.chain()],
        crls=_lists(db, authority), ocsps=_answers(db, authority, [authority.tsa()]), allow_fetching=False,
    )  # fmt: skip
    out = stamper.timestamp_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), "sha256", validation_context=context)
    return bytes(out.getvalue())


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _signer(credential: Credential) -> signers.SimpleSigner:
    store = SimpleCertificateStore()
    store.register_multiple([_asn1(c) for c in credential.chain])
    der = credential.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = asn1_keys.PrivateKeyInfo.load(der)
    return signers.SimpleSigner(_asn1(credential.certificate), key, store)


def _context(db: Session, authority: Authority, credential: Credential) -> ValidationContext:
    """What proves, offline, that the certificate and the time stamp's were good at signing."""
    return ValidationContext(
        trust_roots=[_asn1(authority.root)],
        other_certs=[_asn1(c) for c in (*credential.chain, authority.tsa().certificate, *authority.chain())],
        crls=_lists(db, authority),
        ocsps=_answers(db, authority, [credential, authority.tsa()]),
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


def _lists(db: Session, authority: Authority) -> list[bytes]:
    return [authority.root_list()]


def _answers(db: Session, authority: Authority, credentials: list[Credential]) -> list[bytes]:
    return [revocation.answer_for(db, authority, c.certificate, c.issuer) for c in credentials]


def _style(look: Look) -> StaticStampStyle:
    with tempfile.NamedTemporaryFile(suffix=".pdf", delete=False) as file:
        file.write(look.pdf)
    fill: Any = SimpleBoxLayoutRule(
        x_align=AxisAlignment.ALIGN_MID,
        y_align=AxisAlignment.ALIGN_MID,
        margins=Margins(0, 0, 0, 0),
        inner_content_scaling=InnerScaling.SHRINK_TO_FIT,
    )
    return StaticStampStyle(
        background=_Once(file.name), background_opacity=1.0, border_width=0, background_layout=fill
    )


class _Once(ImportedPdfPage):
    """A page from a scratch file that goes once it has been read."""

    def render(self) -> bytes:
        """See ImportedPdfPage."""
        try:
            return bytes(super().render())
        finally:
            os.unlink(self.file_name)
