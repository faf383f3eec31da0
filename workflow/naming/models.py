"""The register of names, and the changes to the word lists."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Sequence,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now

HOLDING = ("registered", "reserved", "pending", "licence_revoked")  # CMP-B1, B6(1), B6(4)
DEAD = ("deregistered", "renamed", "establishment_revoked")  # block for one year (CMP-B2, B3)
GONE = ("released", "expired", "refused")  # never existed for comparison
STATUSES = HOLDING + DEAD + GONE


class RegisterName(Base):
    """One name with its look-up keys. Kept current in the transaction that changes anything.

    `keys` come from `comparison.stored_keys`; they are empty for names that no longer count. `guard` is set for
    names won through a reservation: the exclusion constraint forbids two live holders whose names block each other,
    whatever their form, order, industry synonym. Names taken over from elsewhere, and those allowed by an exemption
    after review (CMP-B1), carry none.
    """

    __tablename__ = "register_names"
    __table_args__ = (
        ExcludeConstraint(
            ("guard", "&&"),
            name="ex_register_names_guard",
            using="gist",
            where=text("status IN ('reserved', 'pending', 'registered') AND guard IS NOT NULL"),
        ),
        CheckConstraint("status IN (" + ", ".join(f"'{s}'" for s in STATUSES) + ")", name="status"),
        CheckConstraint("status <> 'reserved' OR reserved_until IS NOT NULL", name="reserved_until"),
        Index(
            "ix_register_names_keys", "keys", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ),
        Index("ix_register_names_name", "name"),
        Index("ix_register_names_uscc", "uscc", postgresql_where=text("uscc <> ''")),
        Index("ix_register_names_created_at", "created_at"),
        Index("ix_register_names_due", "reserved_until", postgresql_where=text("status = 'reserved'")),
        Index("ix_register_names_holder", "holder", postgresql_where=text("holder IS NOT NULL")),
        Index(
            "uq_register_names_case",
            "case_id",
            unique=True,
            postgresql_where=text("status IN ('reserved', 'pending')"),
        ),
        # A look-up touches few pages; starting parallel workers would cost more than all of it.
        {"postgresql_with": {"parallel_workers": 0}},
    )

    id: Mapped[Id] = mapped_column(server_default=func.gen_random_uuid())
    name: Mapped[str] = mapped_column(String(200))
    division: Mapped[str] = mapped_column(String(60), default="")
    division_code: Mapped[str] = mapped_column(String(6), default="")
    trade_name: Mapped[str] = mapped_column(String(100))
    industry: Mapped[str] = mapped_column(String(100), default="")
    industry_word: Mapped[str] = mapped_column(String(100), default="")
    industry_class: Mapped[str] = mapped_column(String(4))
    form: Mapped[str] = mapped_column(String(40), default="")
    prefecture: Mapped[str] = mapped_column(String(6))
    authority_code: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(24))
    status_date: Mapped[date] = mapped_column(Date)
    uscc: Mapped[str] = mapped_column(String(18), default="", server_default="")
    industry_code: Mapped[str] = mapped_column(String(5), default="", server_default="")
    keys: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    guard: Mapped[Any] = mapped_column(INT8MULTIRANGE, nullable=True)
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cases.id"))
    holder: Mapped[uuid.UUID | None]
    reserved_until: Mapped[datetime | None]
    exemption: Mapped[str] = mapped_column(String(200), default="", server_default="")
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    synthetic: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[Now]


CHANGE_NUMBERS = Sequence("name_catalogue_numbers", metadata=Base.metadata)


NAME_LISTS = ("word", "synonym", "lookalike")
FACT_LISTS = ("authority", "rule", "place", "scope", "everyday", "exception", "forbidden")


class NameCatalogueChange(Base):
    """A change to a list that staff keep: proposed with a reason, approved by another.

    The name lists in force are the carried files with the approved changes in order of `number`. Authorities, rules of
    jurisdiction, other names of places, scope entries and everyday words are rows of the catalogues, which the approval
    changes (`workflow/establishment/lists.py`).
    """

    __tablename__ = "name_catalogue_changes"
    __table_args__ = (
        CheckConstraint(
            "kind IN (" + ", ".join(f"'{k}'" for k in NAME_LISTS + FACT_LISTS) + ")", name="kind"
        ),
        CheckConstraint("action IN ('add', 'withdraw')", name="action"),
        CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="second_person"),
        CheckConstraint("approved_by IS NULL OR rejected_by IS NULL", name="one_decision"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("uq_name_catalogue_changes_number", "number", unique=True),
    )

    id: Mapped[Id]
    sequence: Mapped[int] = mapped_column(Identity())
    kind: Mapped[str] = mapped_column(String(12))
    action: Mapped[str] = mapped_column(String(12))
    values: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[uuid.UUID]
    proposed_at: Mapped[Now]
    approved_by: Mapped[uuid.UUID | None]
    approved_at: Mapped[datetime | None]
    rejected_by: Mapped[uuid.UUID | None]  # the proposer may take it back
    rejected_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")  # why it was turned down
    number: Mapped[int | None] = mapped_column(
        BigInteger
    )  # order of approval; what a process compares with what it holds


class NameImport(Base):
    """How far a file has been loaded, so that a load can be taken up again."""

    __tablename__ = "name_imports"

    file_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[str] = mapped_column(String(500))
    lines_done: Mapped[int] = mapped_column(BigInteger, default=0)
    loaded: Mapped[int] = mapped_column(BigInteger, default=0)
    refused: Mapped[int] = mapped_column(BigInteger, default=0)
    finished_at: Mapped[datetime | None]
    started_at: Mapped[Now]
