"""What the platform holds under the number at a paper's foot: enough to compare a file, nothing about anybody."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.establishment.models import Notice, Paper
from workflow.evidence.models import EvidenceAccess
from workflow.licensing.models import Licence
from workflow.naming.declaration import NameDeclaration
from workflow.review.models import Decision


@dataclass(frozen=True)
class Document:
    """One paper or notice. `kind`: paper, name_notice, receipt, extension, correction, refusal, decision, licence,
    registration, evidence.

    `state`: open (not everybody has signed), signed, replaced, in_force or revoked. `sha256` is of the newest file.
    """

    number: str
    kind: str
    title: str  # in Chinese, of papers; empty otherwise
    sha256: str
    at: datetime
    state: str


def document(db: Session, number: str) -> Document | None:
    """The newest document with this number, or None."""
    number = number.strip().upper()
    return (
        _paper(db, number)
        or _decision(db, number)
        or _notice(db, number)
        or _name(db, number)
        or _report(db, number)
        or _licence(db, number)
    )


def _paper(db: Session, number: str) -> Document | None:
    row = db.scalar(select(Paper).where(Paper.number == number).order_by(Paper.created_at.desc()).limit(1))
    if row is None:
        return None
    state = {"fallen": "replaced"}.get(row.state, row.state)
    return Document(number, "paper", row.title, _hash(row.key), row.signed_at or row.created_at, state)


def _decision(db: Session, number: str) -> Document | None:
    row = db.scalar(select(Decision).where(Decision.notice_number == number, Decision.notice_key != ""))
    if row is None:
        return None
    kind = {"return": "correction", "refuse": "refusal"}.get(row.verdict, "decision")
    return Document(number, kind, "", _hash(row.notice_key), row.decided_at, "signed")


def _notice(db: Session, number: str) -> Document | None:
    row = db.scalar(select(Notice).where(Notice.number == number, Notice.key != ""))
    if row is None or row.issued_at is None:
        return None
    return Document(number, row.kind, "", _hash(row.key), row.issued_at, "signed")


def _name(db: Session, number: str) -> Document | None:
    row = db.scalar(
        select(NameDeclaration).where(NameDeclaration.number == number, NameDeclaration.notice_key != "")
    )
    if row is None:
        return None
    state = "in_force" if row.state in ("reserved", "used") else "replaced"
    return Document(number, "name_notice", "", _hash(row.notice_key), row.declared_at, state)


def _report(db: Session, number: str) -> Document | None:
    row = db.scalar(select(EvidenceAccess).where(EvidenceAccess.number == number)) if number else None
    return Document(number, "evidence", "", row.report_sha256, row.at, "signed") if row else None


def _licence(db: Session, number: str) -> Document | None:
    licence = number.replace("-T", "-L")  # the registration notice goes with it
    row = db.scalar(select(Licence).where(Licence.number == licence, Licence.issued_at.is_not(None)))
    if row is None or row.issued_at is None:
        return None
    state = "in_force" if row.state == "active" else "revoked"
    kind, key = ("licence", row.key) if licence == number else ("registration", row.notice_key)
    return Document(number, kind, "", _hash(key), row.issued_at, state)


def _hash(key: str) -> str:
    return key.removesuffix(".p")
