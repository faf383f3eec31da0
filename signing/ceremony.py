"""One person's act of signing: a key made for it, a certificate issued for it, every paper signed, the key gone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.orm import Session

from signing import filling, stamps
from signing.authority import Authority
from signing.control import Proof, link, prefixes, require_shown
from signing.filling import Plain
from signing.keys import Key, one_time_key
from signing.pdf import Box, Pen, Wanted

EVENT_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class SignatureRequest:
    """A paper to sign: the bytes so far, the name of the new field, and the box kept free for the stamp.

    `fields`: the fields of everyone who signs it; when given, the first signature makes them all and certifies.
    """

    kind: str
    pdf: bytes
    field: str
    box: Box
    fields: Mapping[str, Box] | None = None


@dataclass(frozen=True)
class SignedSet:
    """What came of it: the papers by kind, and the one-time certificate's serial."""

    papers: dict[str, bytes]
    serial: str
    certificate: bytes


def sign_set(
    db: Session,
    authority: Authority,
    requests: list[SignatureRequest],
    *,
    real_name: str,
    id_hash: str,
    evidence_reference: str,
    proof: Proof | None = None,
    key: Key | None = None,
    organisations: Sequence[str] = (),
) -> SignedSet:
    """Sign all papers of one person in one act (ES-20). Everything belongs to the caller's transaction.

    `proof`: that only this person could ask for it (ES-01); without one the signatures say so when they are checked.
    `key`: the one that the person's PIN opened; otherwise one is made here and gone with the act.
    `organisations`: for which the person signs, as their licences have shown; the certificate names them (ES-08).
    Raises ProofRefused, PaperRefused, TimeStampFailure, CertificateUnusable, LintFailure; then nothing is signed.
    """
    opened = {request.kind: filling.opened(request.pdf) for request in requests}
    if proof is not None:
        statement, _ = proof.check()
        require_shown(statement, {r.kind: _beginnings(r.pdf, opened[r.kind]) for r in requests})
    key = key or one_time_key()
    certificate = authority.issue_event_certificate(
        db, real_name=real_name, id_hash=id_hash, evidence_reference=evidence_reference, public_key=key.public_key(),
        lifetime=EVENT_LIFETIME, proof=link(proof) if proof else None, organisations=organisations,
    )  # fmt: skip
    credential = authority.credential(key, certificate)
    db.flush()
    pen = Pen(db, authority, credential, proof.dump() if proof else b"")
    now = datetime.now(UTC)
    wanted = []
    for request in requests:
        _, x0, y0, x1, y1 = request.box
        look = stamps.personal(real_name, now, credential.serial, x1 - x0, y1 - y0)
        fields, plain = request.fields, opened[request.kind]
        wanted.append(Wanted(request.pdf, request.field, request.box, look, fields=fields, plain=plain))
    signed = {r.kind: pdf for r, pdf in zip(requests, pen.sign_each(wanted), strict=True)}
    return SignedSet(signed, credential.serial, certificate.public_bytes(Encoding.DER))


def _beginnings(pdf: bytes, plain: Plain | None) -> Collection[str]:
    return plain.beginnings if plain else {digest for digest, _ in prefixes(pdf)}
