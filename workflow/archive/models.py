"""Tables of archived files, their stamps, and work that waits."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now


class ArchivedFile(Base):
    """A file under archive time stamps: where its newest bytes are named, and when the next stamp is due."""

    __tablename__ = "archived_files"
    __table_args__ = (UniqueConstraint("holder_id", "part"),)

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    holder: Mapped[str] = mapped_column(String(10))  # paper | licence
    holder_id: Mapped[uuid.UUID]
    part: Mapped[str] = mapped_column(String(20))  # the holder's column: key | duplicate_key | notice_key
    renew_at: Mapped[datetime] = mapped_column(index=True)  # the first stamp is due at once
    try_at: Mapped[datetime | None]  # after a failure: not before
    failure: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[Now]


class ArchiveStamp(Base):
    """One archive time stamp: the file before and after it. The earlier bytes are the beginning of the later."""

    __tablename__ = "archive_stamps"
    __table_args__ = (
        UniqueConstraint("file_id", "seq"),
        Index("ix_archive_stamps_kept", "stamped_at", postgresql_where=text("removed_at IS NULL")),
    )

    id: Mapped[Id]
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("archived_files.id"))
    seq: Mapped[int]
    before: Mapped[str] = mapped_column(String(80), index=True)  # object keys
    after: Mapped[str] = mapped_column(String(80), unique=True)
    stamped_at: Mapped[datetime]  # as the stamp says
    authority: Mapped[str] = mapped_column(String(200))
    authority_until: Mapped[datetime]  # when its certificate runs out
    digest: Mapped[str] = mapped_column(String(10))
    removed_at: Mapped[datetime | None]  # when `before` was removed from the store


class WaitingWork(Base):
    """Follow-up work that an outside party holds up: since when, why, and when it is tried again."""

    __tablename__ = "waiting_work"

    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    work: Mapped[str] = mapped_column(String(40), primary_key=True)  # name of the durable job
    reason: Mapped[str] = mapped_column(String(300))
    tries: Mapped[int] = mapped_column(default=1)
    since: Mapped[datetime]
    try_at: Mapped[datetime] = mapped_column(index=True)
