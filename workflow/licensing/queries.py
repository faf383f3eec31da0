"""Reading the register and licences."""

import uuid
from hashlib import sha256

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from workflow.archive.models import ArchivedFile, ArchiveStamp
from workflow.errors import NotFound
from workflow.licensing.models import Licence, RegisterEntry


def search(text: str) -> Select[RegisterEntry]:
    """Entries whose name contains the text or whose credit code begins with it; all for none. Newest first."""
    query = select(RegisterEntry).order_by(RegisterEntry.established_on.desc(), RegisterEntry.uscc)
    if text:
        query = query.where(
            or_(
                RegisterEntry.name.contains(text, autoescape=True),
                RegisterEntry.uscc.startswith(text.upper(), autoescape=True),
            )
        )
    return query


def entry(db: Session, uscc: str) -> RegisterEntry | None:
    """The entry of a credit code, or None."""
    return db.scalar(select(RegisterEntry).where(RegisterEntry.uscc == uscc.upper()))


def entry_or_404(db: Session, uscc: str) -> RegisterEntry:
    """The entry of a credit code. Raises NotFound."""
    row = entry(db, uscc)
    if row is None:
        raise NotFound(f"register entry {uscc}")
    return row


def licence_of(db: Session, row: RegisterEntry) -> Licence | None:
    """The newest licence of an entry that was ever in force."""
    query = select(Licence).where(Licence.uscc == row.uscc, Licence.issued_at.is_not(None))
    return db.scalar(query.order_by(Licence.issued_at.desc()).limit(1))


def licence_of_case(db: Session, case_id: uuid.UUID) -> Licence | None:
    """The newest licence of a case that was ever in force."""
    query = select(Licence).where(Licence.case_id == case_id, Licence.issued_at.is_not(None))
    return db.scalar(query.order_by(Licence.issued_at.desc()).limit(1))


def licence_by_code(db: Session, code: str) -> tuple[Licence, RegisterEntry] | None:
    """The issued licence whose QR code this is, with its entry; None for an unknown code (EL-06)."""
    found = db.execute(
        select(Licence, RegisterEntry)
        .join(RegisterEntry, RegisterEntry.uscc == Licence.uscc)
        .where(Licence.verification_code == code, Licence.issued_at.is_not(None))
    ).first()
    return (found[0], found[1]) if found else None


def licence_by_file(db: Session, data: bytes) -> Licence | None:
    """The issued licence that this PDF is, byte for byte: the original or its duplicate, as it is now or as it was
    before an archive stamp was added; None for any other file."""
    key = sha256(data).hexdigest()
    earlier = (
        select(ArchivedFile.holder_id)
        .join(ArchiveStamp, ArchiveStamp.file_id == ArchivedFile.id)
        .where(or_(ArchiveStamp.before == key, ArchiveStamp.after == key), ArchivedFile.part != "notice_key")
    )
    return db.scalar(
        select(Licence).where(
            or_(Licence.key == key, Licence.duplicate_key == key, Licence.id.in_(earlier)),
            Licence.issued_at.is_not(None),
        )
    )
