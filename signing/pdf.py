"""PAdES: signatures and seals in PDFs, with time stamp and validation data inside (B-LT), archive stamp (B-LTA)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import Any

from asn1crypto import cms
from cryptography import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import signers
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
    enumerate_sig_fields,
)
from pyhanko.sign.general import SigningError as PyHankoError
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.stamp import StaticStampStyle
from sqlalchemy.orm import Session

from signing import der, filling, stamps, suites
from signing.authority import Authority, Credential
from signing.drawing import Drawing, share
from signing.errors import AuthorityUnavailable, PaperRefused
from signing.filling import NotPlain, Plain
from signing.papers import fonts
from signing.papers.data import RenderedPaper
from signing.papers.layout import ACCEPTANCE
from signing.profiles import CONTROL_ATTRIBUTE
from signing.proofs import Proofs, gather, parsed
from signing.revisions import Reader
from signing.sources import Source, Turn, fresh_proofs

Box = tuple[int, float, float, float, float]  # page index, x0, y0, x1, y1 in points

FILL = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MID,
    y_align=AxisAlignment.ALIGN_MID,
    margins=Margins(0, 0, 0, 0),
    inner_content_scaling=InnerScaling.SHRINK_TO_FIT,
)
CERTIFIED, ACCEPTED = "certified", "accepted"  # field names: the platform's first word, the authority's last
ATTRIBUTES = 1600  # octets of a CMS signature besides the certificates: attributes, two signatures, TSTInfo


class HeldKey(signers.Signer):
    """Signs with a key wherever it lives, in memory or in a token; the key itself is never asked for."""

    def __init__(self, credential: Credential, proof: bytes = b"") -> None:
        self._more = [der.attribute(der.oid(CONTROL_ATTRIBUTE), proof)] if proof else []
        self._certificate = parsed(credential.certificate)
        self._held = [self._certificate, *(parsed(c) for c in credential.chain[:-1])]
        super().__init__(signing_cert=self._certificate)
        self._key, self._suite = credential.key, suites.of(credential.key)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """See Signer."""
        if dry_run:
            return bytes(72)
        return self._suite.sign(self._key, data)

    def attributes(self, digest: bytes) -> bytes:
        """What is signed over content of this digest. The time of signing is the time stamp's, so none is claimed."""
        return der.signed_attributes(der.DATA, digest, self._certificate, *self._more)

    def contents(self, attributes: bytes, signature: bytes, token: bytes) -> bytes:
        """The CMS structure (DER) with the signature over the attributes and a time stamp over the signature."""
        return der.signed_data(
            self._certificate,
            self._held,
            attributes,
            signature,
            token=token,
            digest=self._suite.digest_identifier,
            algorithm=self._suite.signature_identifier,
        )

    async def signed_attrs(self, data_digest: bytes, *args: Any, **kwargs: Any) -> cms.CMSAttributes:
        """See Signer."""
        return cms.CMSAttributes.load(self.attributes(data_digest))

    async def async_sign_prescribed_attributes(
        self,
        digest_algorithm: str,
        signed_attrs: cms.CMSAttributes,
        cms_version: str = "v1",
        dry_run: bool = False,
        timestamper: TimeStamper | None = None,
        encap_content_info: object = None,
    ) -> cms.ContentInfo:
        """See Signer."""
        attributes = signed_attrs.dump()
        signature = await self.async_sign_raw(attributes, digest_algorithm, dry_run)
        token = b""
        if timestamper is not None:
            made = await timestamper.async_timestamp(sha256(signature).digest(), "sha256")
            token = made.dump()
        return cms.ContentInfo.load(self.contents(attributes, signature, token))


@dataclass(frozen=True)
class Wanted:
    """One signature in a paper; see `Pen.sign`. `plain`: the paper as it was opened already."""

    pdf: bytes
    field: str
    box: Box | None = None
    look: Drawing | None = None
    reason: str = ""
    certify: bool = False
    fields: Mapping[str, Box] | None = None
    if_made: bool = False
    plain: Plain | None = None


@dataclass(frozen=True)
class _Unstamped:
    """A paper that is signed but for the time stamp."""

    filled: filling.Filled
    signer: HeldKey
    attributes: bytes
    signature: bytes

    @property
    def imprint(self) -> bytes:
        """See Prepared."""
        return sha256(self.signature).digest()

    def finished(self, token: bytes) -> bytes:
        """See Prepared."""
        return self.filled.signed(self.signer.contents(self.attributes, self.signature, token))


class Pen:
    """One credential at work: its validation data is gathered once and serves every paper signed with this pen.

    `proof`: that only the signer could sign (`signing.control`), to go into each signature.

    Raises CertificateUnusable when its certificate, or the time stamping one, cannot be relied on now.
    """

    def __init__(self, db: Session, authority: Authority, credential: Credential, proof: bytes = b"") -> None:
        self.credential = credential
        self._turn = Turn(db, authority)
        self._proofs: Proofs = gather(db, authority, [credential])
        self._signer = HeldKey(credential, proof)
        held = sum(len(certificate.dump()) for certificate in self._proofs.certificates)
        self._reserved = held + ATTRIBUTES + len(proof)
        self._sum: tuple[Proofs, Proofs] | None = None

    def sign(
        self,
        pdf: bytes,
        *,
        field: str,
        box: Box | None = None,
        look: Drawing | None = None,
        reason: str = "",
        certify: bool = False,
        fields: Mapping[str, Box] | None = None,
        if_made: bool = False,
    ) -> bytes:
        """The PDF with one more signature: PAdES B-LT in one revision; without a box it cannot be seen.

        `certify` makes it the certification signature, after which only signing is allowed (DocMDP 2). `fields` are
        the fields of everyone who signs this paper: with the first signature they are all made, and it certifies.
        Each field is locked by its own signature (FieldMDP); `ACCEPTED` locks everything, archive stamps excepted.
        `if_made`: it is seen only where its field was made beforehand. Raises PaperRefused, TimeStampFailure.
        """
        return self.sign_each([Wanted(pdf, field, box, look, reason, certify, fields, if_made)])[0]

    def sign_each(self, wanted: Sequence[Wanted]) -> list[bytes]:
        """Several papers in one act: their time stamps are asked for together. Raises as `sign`; then none is signed."""
        slots = [self._slot(one) for one in wanted]
        filled = self._turn.use_each(
            [partial(self._filled, one, slot) for one, slot in zip(wanted, slots, strict=True) if slot]
        )
        ready = iter(filled)
        return [
            next(ready) if slot else self._turn.use(partial(self._signed, one))
            for one, slot in zip(wanted, slots, strict=True)
        ]

    def _slot(self, one: Wanted) -> filling.Slot | None:
        """The field made for this signature, in a paper written in the one known way; otherwise pyHanko signs."""
        if one.certify or suites.of(self.credential.key) is not suites.P256:
            return None
        try:
            return filling.slot(one.plain or Plain(one.pdf), one.field, ACCEPTED)
        except NotPlain:
            return None

    def _with(self, source: Source) -> Proofs:
        """Its own proofs and those of a source of time stamps, which are the same for all papers of one act."""
        theirs = source.proofs()
        if self._sum is None or self._sum[0] is not theirs:
            self._sum = theirs, self._proofs + theirs
        return self._sum[1]

    def _filled(self, one: Wanted, slot: filling.Slot, source: Source) -> _Unstamped:
        filled = filling.fill(
            slot, one.look, self._with(source), name=self.credential.name, reason=one.reason, at=datetime.now(UTC),
            reserved=self._reserved + source.room(),
        )  # fmt: skip
        attributes = self._signer.attributes(filled.digest)
        signature = suites.of(self.credential.key).sign(self.credential.key, attributes)
        return _Unstamped(filled, self._signer, attributes, signature)

    def _signed(self, one: Wanted, source: Source) -> bytes:
        proofs, field, fields = self._with(source), one.field, one.fields or {}
        box, look = one.box, one.look
        try:
            writer = _writer(one.pdf)
            first = bool(fields) and next(enumerate_sig_fields(writer.prev, filled_status=True), None) is None
            if one.if_made and field not in {name for name, *_ in enumerate_sig_fields(writer.prev)}:
                box = look = None
            for name, place in fields.items() if first else ():
                if name != field:
                    append_signature_field(writer, _field(name, place))
            if one.certify and fields:
                share(writer, fonts.SANS, stamps.LABELS)
            metadata = signers.PdfSignatureMetadata(
                field_name=field,
                md_algorithm=suites.of(self.credential.key).digest,
                subfilter=SigSeedSubFilter.PADES,
                reason=one.reason or None,
                name=self.credential.name,
                certify=one.certify or first,
                docmdp_permissions=MDPPerm.NO_CHANGES if field == ACCEPTED else MDPPerm.FILL_FORMS,
            )
            signer = signers.PdfSigner(
                metadata,
                self._signer,
                timestamper=source.stamper(),
                stamp_style=StaticStampStyle(background=look, border_width=0, background_layout=FILL)
                if look is not None
                else None,
                new_field_spec=_field(field, box),
            )
            proofs.put_into(writer)
            out = signer.sign_pdf(writer, bytes_reserved=2 * (self._reserved + source.room()))
        except (PyHankoError, PdfError, ValueError) as error:
            raise PaperRefused(str(error)) from error
        return bytes(out.getvalue())

    def certify(self, pdf: bytes, fields: Mapping[str, Box]) -> bytes:
        """A finished paper, ready to be signed in these fields and in that of the authority's acceptance seal.

        From here on nothing may be done to it but signing. Raises PaperRefused, TimeStampFailure.
        """
        fields = {**fields, ACCEPTED: ACCEPTANCE}
        return self.sign(pdf, field=CERTIFIED, reason="文书定稿，供各方签署", certify=True, fields=fields)

    def accept(self, *pdfs: bytes) -> list[bytes]:
        """Papers that everyone has signed under the acceptance seal; only archive stamps may follow.

        It shows where its field was made beforehand; a paper without that field gets an invisible one.
        Raises PaperRefused, TimeStampFailure.
        """
        _, x0, y0, x1, y1 = ACCEPTANCE
        now = datetime.now(UTC)
        return self.sign_each(
            [
                Wanted(
                    pdf, ACCEPTED, ACCEPTANCE,
                    stamps.acceptance(self.credential.name, now, self.credential.serial, x1 - x0, y1 - y0),
                    "准予登记", if_made=True,
                )
                for pdf in pdfs
            ]
        )  # fmt: skip


def _writer(pdf: bytes) -> IncrementalPdfFileWriter:
    """For one more revision."""
    return IncrementalPdfFileWriter.from_reader(Reader(BytesIO(pdf)))


def _read(pdf: bytes) -> Reader:
    try:
        return Reader(BytesIO(pdf))
    except (PdfError, ValueError) as error:
        raise PaperRefused(str(error)) from error


def _field(name: str, box: Box | None) -> SigFieldSpec:
    lock: dict[str, Any] = {"field_mdp_spec": FieldMDPSpec(FieldMDPAction.INCLUDE, [name])}
    if name == ACCEPTED:
        lock = {
            "field_mdp_spec": FieldMDPSpec(FieldMDPAction.ALL),
            "doc_mdp_update_value": MDPPerm.NO_CHANGES,
        }
    if box is None:
        return SigFieldSpec(name, **lock)
    page, x0, y0, x1, y1 = box
    return SigFieldSpec(name, on_page=page, box=(round(x0), round(y0), round(x1), round(y1)), **lock)


def certifier(db: Session, authority: Authority) -> Pen:
    """The pen with which the platform certifies papers before anybody signs them. Raises CertificateUnusable."""
    name = str(authority.manifest["name"]).removesuffix("（样例）")
    return Pen(db, authority, authority.seal_for(db, "platform", f"{name}企业开办平台"))


def sign(
    db: Session,
    authority: Authority,
    pdf: bytes,
    credential: Credential,
    *,
    field: str,
    box: Box,
    look: Drawing,
    reason: str = "",
    certify: bool = False,
) -> bytes:
    """The PDF with one more signature: PAdES B-LT, time stamped, with certificates, OCSP answers and CRLs inside.

    Does not commit. See `Pen.sign`. Raises PaperRefused, TimeStampFailure, CertificateUnusable.
    """
    pen = Pen(db, authority, credential)
    return pen.sign(pdf, field=field, box=box, look=look, reason=reason, certify=certify)


def seal(db: Session, authority: Authority, paper: RenderedPaper, credential: Credential) -> bytes:
    """A notice or licence under the registration authority's electronic seal (ES-15), as certification signature.

    Raises PaperRefused when the paper has no room for a seal, TimeStampFailure, CertificateUnusable.
    """
    if "seal" not in paper.signature_boxes:
        raise PaperRefused(f"{paper.kind} has no place for a seal")
    look = stamps.round_seal(credential.name, sample=authority.sample)
    box = paper.signature_boxes["seal"]
    return sign(db, authority, paper.pdf, credential, field="seal", box=box, look=look, certify=True)


def archive(db: Session, authority: Authority, pdf: bytes, digest: str = "sha256") -> bytes:
    """The PDF with an archive time stamp over everything in it (B-LTA); repeated before algorithms age.

    The proofs of the time stamping certificate go in with the same revision, and fresh ones of those that made the
    stamps before: whoever validates later must see that they were sound until now (EN 319 102-1, 5.6.2).
    Does not commit. Raises PaperRefused, TimeStampFailure, CertificateUnusable.
    """
    turn = Turn(db, authority)
    earlier = _proofs_of_stamps(db, authority, pdf)

    def stamped(source: Source) -> bytes:
        proofs = source.proofs() + earlier
        try:
            writer = _writer(pdf)
            proofs.put_into(writer)
            out = signers.PdfTimeStamper(source.stamper()).timestamp_pdf(
                writer, digest, bytes_reserved=2 * (source.room() + ATTRIBUTES)
            )
        except (PyHankoError, PdfError, ValueError) as error:
            raise PaperRefused(str(error)) from error
        return bytes(out.getvalue())

    return turn.use(stamped)


def _proofs_of_stamps(db: Session, authority: Authority, pdf: bytes) -> Proofs:
    """Of the certificates, still valid, behind the newest archive stamp; without one, behind the signatures' stamps."""
    reader, now = _read(pdf), datetime.now(UTC)
    tokens = [s.signed_data for s in reader.embedded_timestamp_signatures[-1:]]
    for signature in reader.embedded_regular_signatures if not tokens else ():
        tokens += extract_tst_data_iter(signature.signer_info, signed=False)
    ours: list[Credential] = []
    others: list[cms.SignedData] = []
    seen = set()
    for token in tokens:
        der_bytes = extract_certificate_info(token).signer_cert.dump()
        certificate = x509.load_der_x509_certificate(der_bytes)
        if der_bytes in seen or certificate.not_valid_after_utc <= now:
            continue
        seen.add(der_bytes)
        try:
            ours.append(authority.credential(authority.tsa().key, certificate))  # its state is asked for
        except AuthorityUnavailable:  # another authority's
            others.append(token)
    return gather(db, authority, ours) + fresh_proofs(authority, others)


@dataclass(frozen=True)
class NewestStamp:
    """What the newest archive stamp of a file says: its time, its authority, until when that one's certificate is
    valid, and the digest with which it covers the file."""

    at: datetime
    authority: str
    until: datetime
    digest: str


def newest_stamp(pdf: bytes) -> NewestStamp:
    """Raises PaperRefused when the file has no archive stamp. Does not validate."""
    stamps_in = _read(pdf).embedded_timestamp_signatures
    if not stamps_in:
        raise PaperRefused("the file has no archive stamp")
    token = stamps_in[-1].signed_data
    info = token["encap_content_info"]["content"].parsed
    signer = extract_certificate_info(token).signer_cert
    return NewestStamp(
        info["gen_time"].native, str(signer.subject.native.get("common_name", "")), signer.not_valid_after,
        info["message_imprint"]["hash_algorithm"]["algorithm"].native,
    )  # fmt: skip
