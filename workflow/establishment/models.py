"""Tables of applications, submissions, papers and attachments."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now
from workflow.personal import Encrypted


class Draft(Base):
    """The buffer in which an applicant works. `version` grows with each save; a stale one is refused."""

    __tablename__ = "drafts"

    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    data: Mapped[dict[str, Any]]  # the application without people and organisations
    people: Mapped[str] = mapped_column(Encrypted)  # JSON: {"people": [...], "organisations": [...]}
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[Now]


class Submission(Base):
    """What was handed in, as it was. Never changed."""

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    data: Mapped[dict[str, Any]]
    people: Mapped[str] = mapped_column(Encrypted)
    paper_hashes: Mapped[dict[str, Any]]  # kind -> SHA-256 of the signed file
    submitted_at: Mapped[Now]


class Notice(Base):
    """A formal notice that is no decision: the receipt for what was handed in, an extension of the time to decide
    (PRO-04). The database allows one of a kind a submission; `key` is empty until it is sealed."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("submission_id", "kind"),)

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    submission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("submissions.id"))
    kind: Mapped[str] = mapped_column(String(12))  # receipt | extension
    number: Mapped[str] = mapped_column(String(40), unique=True)
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))  # who approved an extension
    reason: Mapped[str] = mapped_column(String(300), default="")
    materials: Mapped[list[Any]]  # what was received: titles of papers, kinds of attachments
    until: Mapped[datetime]  # when the authority decides at the latest
    key: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[Now]
    issued_at: Mapped[datetime | None]


class Paper(Base):
    """One paper of a case: rendered, then signed by each of its signers. One live paper of a kind a case."""

    __tablename__ = "papers"
    __table_args__ = (
        Index("uq_papers_live", "case_id", "kind", unique=True, postgresql_where=text("state <> 'fallen'")),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(100))
    number: Mapped[str] = mapped_column(String(40), default="")
    signers: Mapped[list[Any]]  # keys of persons, in signing order
    boxes: Mapped[dict[str, Any]]  # signer key -> [page, x0, y0, x1, y1]
    render_hash: Mapped[str] = mapped_column(String(64))  # of the final, unsigned bytes
    key: Mapped[str] = mapped_column(String(80))  # object: the newest bytes, signed so far
    text_version: Mapped[str] = mapped_column(
        String(40), default="", server_default=""
    )  # of its text template
    state: Mapped[str] = mapped_column(String(10), default="open")  # open | signed | fallen
    created_at: Mapped[Now]
    signed_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]  # when the authority's acceptance seal was put on


class Attachment(Base):
    """A file that was uploaded for a case, as PDF. `pages` 0: not counted yet; `turn`: quarters clockwise when shown."""

    __tablename__ = "attachments"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    filename: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    sent_hash: Mapped[str] = mapped_column(
        String(64), default="", server_default=""
    )  # SHA-256 of what was sent
    pages: Mapped[int] = mapped_column(default=0, server_default="0")
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    source: Mapped[str] = mapped_column(String(8))  # phone | desk
    link_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("upload_links.id"))
    scanned: Mapped[bool] = mapped_column(
        default=False, server_default="false"
    )  # a virus scanner looked at it
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Now]
    removed_at: Mapped[datetime | None]


class UploadLink(Base):
    """A short-lived link by which a phone uploads for one case without signing in; only its hash is kept."""

    __tablename__ = "upload_links"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class Upload(Base):
    """A file on its way in pieces. `received`: bytes that have arrived; complete once it has an attachment."""

    __tablename__ = "uploads"
    __table_args__ = (
        UniqueConstraint("case_id", "link_id", "kind", "key_hash", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    link_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("upload_links.id"))
    kind: Mapped[str] = mapped_column(String(40))
    key_hash: Mapped[str] = mapped_column(String(64))  # of the name that the sender's browser gave it
    filename: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    attachment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("attachments.id"))
    pieces_kept: Mapped[bool] = mapped_column(default=True, index=True)
    created_at: Mapped[Now]
    changed_at: Mapped[Now]


class ScopeWish(Base):
    """A wording outside the scope catalogue that applicants handed in (SC-09). `state` is empty until staff answer; a
    wording that has come into the catalogue needs no answer."""

    __tablename__ = "scope_wishes"
    __table_args__ = (CheckConstraint("state IN ('', 'answered', 'refused')", name="state"),)

    id: Mapped[Id]
    text: Mapped[str] = mapped_column(String(100), unique=True)
    asked_at: Mapped[Now]  # first
    state: Mapped[str] = mapped_column(String(10), default="", server_default="")
    entry_code: Mapped[str] = mapped_column(
        String(16), default="", server_default=""
    )  # the entry that serves instead
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]


class ScopeWishCase(Base):
    """A case that handed a wish in."""

    __tablename__ = "scope_wish_cases"

    wish_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("scope_wishes.id"), primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    asked_at: Mapped[Now]


class PaperText(Base):
    """A text template as staff changed it: proposed by one, decided by another. Never changed once decided."""

    __tablename__ = "paper_texts"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(40), index=True)
    text: Mapped[str]  # JSON, see signing.papers.templates
    base: Mapped[str] = mapped_column(String(64))  # SHA-256 of the text that it changes
    version: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(String(500))
    valid_from: Mapped[date]
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[Now]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    approved: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(500), default="")
