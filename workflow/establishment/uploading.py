"""Uploads in pieces, so that a broken connection costs one piece: begin, append at an offset, finish.

The person's browser names the file by a key; beginning again with the same key goes on where it stopped.
Pieces lie encrypted beside the objects until the file is complete, or until a day has passed.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import objects
from workflow.case import Actor
from workflow.db import now
from workflow.errors import Conflict, NotFound, Words
from workflow.establishment import intake
from workflow.establishment.attachments import KINDS, attach
from workflow.establishment.models import Attachment, Upload

PIECE = 512 * 1024  # what a browser sends at once
LARGEST_PIECE = 4 * 1024 * 1024
KEPT = timedelta(days=1)
ELSEWHERE = Words(
    "上传进度不一致，将从已收到的位置继续。",
    "The upload stands elsewhere; it goes on from what has arrived.",
)


@dataclass(frozen=True)
class Way:
    """By which way a file comes: the case, the kind, and for a phone its link."""

    case_id: uuid.UUID
    kind: str
    source: str  # phone | desk
    link_id: uuid.UUID | None = None


class Elsewhere(Conflict):
    """The piece does not begin where the upload stands: `received` says where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(ELSEWHERE, "offset")
        self.received = received


def begin(db: Session, way: Way, key: str, filename: str, size: int) -> Upload:
    """Begin an upload, or take up the one of this key. Raises RuleViolation for a size that is too large, NotFound."""
    if way.kind not in KINDS:
        raise NotFound(way.kind)
    intake.check_size(size)
    digest = sha256(f"{key}:{size}".encode()).hexdigest()
    values = {"case_id": way.case_id, "link_id": way.link_id, "kind": way.kind, "key_hash": digest}
    fresh = insert(Upload).values(
        **values, id=uuid.uuid4(), filename=filename[:200], size=size, received=0, pieces_kept=True
    )
    db.execute(fresh.on_conflict_do_nothing())
    row = db.scalars(select(Upload).filter_by(**values).with_for_update()).one()
    if not _still_there(db, row):
        row.received, row.attachment_id, row.pieces_kept = 0, None, True
    row.changed_at = now()
    return row


def _still_there(db: Session, row: Upload) -> bool:
    """Whether the upload can go on: not when its file was taken out again since."""
    if row.attachment_id is None:
        return True
    return db.get_one(Attachment, row.attachment_id).removed_at is None


def upload_of(db: Session, way: Way, upload_id: uuid.UUID) -> Upload:
    """One upload of this way, held until the transaction ends. Raises NotFound."""
    row = db.scalar(
        select(Upload).where(Upload.id == upload_id, Upload.case_id == way.case_id).with_for_update()
    )
    if row is None or row.link_id != way.link_id:
        raise NotFound("upload")
    return row


def append(db: Session, row: Upload, offset: int, piece: bytes) -> None:
    """Add a piece at its offset. Raises Elsewhere when the upload stands at another, RuleViolation when it is too long."""
    if offset != row.received:
        raise Elsewhere(row.received)
    if offset + len(piece) > row.size or len(piece) > LARGEST_PIECE:
        intake.check_size(intake.MAX_BYTES + 1)
    if piece:
        objects.put_piece(row.id, offset, piece)
        row.received, row.changed_at = offset + len(piece), now()


def finish(db: Session, row: Upload, way: Way, actor: Actor) -> Attachment:
    """Put the pieces together and attach the file; a second call gives the same attachment.

    Raises Elsewhere before everything has arrived, and what `attach` raises; after OutsideFailure it can be called again.
    """
    if row.attachment_id is not None:
        return db.get_one(Attachment, row.attachment_id)
    if row.received != row.size:
        raise Elsewhere(row.received)
    data = b""
    while len(data) < row.size:
        data += objects.get_piece(row.id, len(data))
    file = attach(db, way.case_id, actor, row.kind, row.filename, data, way.source, way.link_id)
    db.flush()
    row.attachment_id = file.id
    return file


def forget_pieces(db: Session) -> int:
    """Delete the pieces of uploads that are complete, or that nobody went on with for a day."""
    old = now() - KEPT
    rows = db.scalars(
        select(Upload)
        .where(Upload.pieces_kept, or_(Upload.attachment_id.is_not(None), Upload.changed_at < old))
        .with_for_update(skip_locked=True)
        .limit(500)
    ).all()
    for row in rows:
        objects.delete_pieces(row.id)
        if row.attachment_id is None:
            db.delete(row)
        else:
            row.pieces_kept = False
    return len(rows)
