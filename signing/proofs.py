"""What goes into a signed paper so that it can be validated offline for ever: certificates, OCSP answers, CRLs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.validation.dss import DocumentSecurityStore
from sqlalchemy.orm import Session

from signing import revocation, suites
from signing.authority import Authority, Credential
from signing.errors import CertificateUnusable
from signing.tables import Certificate


def parsed(certificate: x509.Certificate) -> asn1.Certificate:
    """The same certificate in the form that pyHanko wants."""
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))


@dataclass(frozen=True)
class Proofs:
    """The validation data of one act; the same for all papers that are signed in it."""

    certificates: tuple[asn1.Certificate, ...]
    answers: tuple[asn1_ocsp.OCSPResponse, ...]
    lists: tuple[asn1_crl.CertificateList, ...]

    def put_into(self, writer: BasePdfFileWriter) -> None:
        """Add to the document security store of the revision being written what it does not hold yet."""
        if "/DSS" not in writer.root:
            DocumentSecurityStore.supply_dss_in_writer(
                writer, None, certs=self.certificates, ocsps=self.answers, crls=self.lists
            )
            return
        store = writer.root["/DSS"]
        for key, pieces in (("/Certs", self.certificates), ("/OCSPs", self.answers), ("/CRLs", self.lists)):
            held = store.setdefault(pdf_name(key), generic.ArrayObject()).get_object()
            known = {bytes(reference.get_object().data) for reference in held}
            for octets in dict.fromkeys(piece.dump() for piece in pieces):
                if octets not in known:
                    held.append(writer.add_object(generic.StreamObject(stream_data=octets)))
                    writer.update_container(held)

    def __add__(self, other: "Proofs") -> "Proofs":
        """Both; of one certificate the answer of the second."""
        certificates = {held.sha256: held for held in (*self.certificates, *other.certificates)}
        answers = {_asked_about(held): held for held in (*self.answers, *other.answers)}
        lists = {held.dump(): held for held in (*self.lists, *other.lists)}
        return Proofs(*(tuple(held.values()) for held in (certificates, answers, lists)))


def _asked_about(answer: asn1_ocsp.OCSPResponse) -> bytes:
    return bytes(answer.response_data["responses"][0]["cert_id"].dump())


NO_PROOFS = Proofs((), (), ())


def gather(db: Session, authority: Authority, credentials: Iterable[Credential]) -> Proofs:
    """Ask for the state of each certificate now, in the caller's transaction.

    Raises CertificateUnusable when one is revoked, expired or not registered: then nothing may be signed with it.
    """
    certificates: dict[bytes, asn1.Certificate] = {}
    answers: dict[str, asn1_ocsp.OCSPResponse] = {}
    lists = [authority.root_list()]
    for credential in credentials:
        if credential.serial in answers:
            continue
        now = datetime.now(UTC)
        certificate = credential.certificate
        if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
            raise CertificateUnusable(
                f"{credential.name}: the certificate {credential.serial} is not valid now"
            )
        for found in (certificate, *credential.chain[:-1]):
            held = parsed(found)
            certificates[held.sha256] = held
        if suites.of(credential.key) is suites.SM2:
            lists += _sm2_lists(db, authority, credential)
            continue
        answer = revocation.answer_for(db, authority, certificate, credential.issuer)
        status = ocsp.load_der_ocsp_response(answer).certificate_status
        if status is not ocsp.OCSPCertStatus.GOOD:
            raise CertificateUnusable(
                f"{credential.name}: the certificate {credential.serial} is {status.name.lower()}"
            )
        answers[credential.serial] = asn1_ocsp.OCSPResponse.load(answer)
    return Proofs(
        tuple(certificates.values()),
        tuple(answers.values()),
        tuple(asn1_crl.CertificateList.load(der) for der in lists),
    )


def _sm2_lists(db: Session, authority: Authority, credential: Credential) -> list[bytes]:
    """The lists of the second suite, which has no OCSP delegate. Raises CertificateUnusable."""
    row = db.get(Certificate, credential.serial, populate_existing=True)
    if row is None or row.revoked_at is not None:
        state = "unknown" if row is None else "revoked"
        raise CertificateUnusable(f"{credential.name}: the certificate {credential.serial} is {state}")
    above = authority.root_above(credential.issuer)
    return [revocation.current_list(db, authority, label) for label in (credential.issuer, above)]
