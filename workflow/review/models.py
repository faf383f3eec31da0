"""Tables of claims, recusals, decisions and corrections."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now


class Claim(Base):
    """A registrar holds a case. The database allows one open claim a case."""

    __tablename__ = "claims"
    __table_args__ = (
        Index("uq_claims_open", "case_id", unique=True, postgresql_where=text("released_at IS NULL")),
        Index("ix_claims_staff_open", "staff_id", postgresql_where=text("released_at IS NULL")),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    task: Mapped[str] = mapped_column(String(16))  # name | establishment
    claimed_at: Mapped[Now]
    lease_until: Mapped[datetime]
    released_at: Mapped[datetime | None]


class Recusal(Base):
    """A registrar keeps away from a case (named relations); for good."""

    __tablename__ = "recusals"

    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[Now]


class Decision(Base):
    """What a registrar decided, on which submission, under which policies."""

    __tablename__ = "decisions"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    task: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(12))  # approve | return | refuse
    reason: Mapped[str] = mapped_column(Text, default="")
    findings: Mapped[dict[str, Any]]
    notice_number: Mapped[str] = mapped_column(String(40), default="")
    notice_key: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[Now]


class Correction(Base):
    """One thing to correct: a field, a reason. All of one notice are told at once (PRO-05)."""

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_open", "case_id", postgresql_where=text("resolved_at IS NULL")),)

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("decisions.id"))
    field: Mapped[str] = mapped_column(String(100))
    reason_code: Mapped[str] = mapped_column(String(40), default="")
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Now]
    resolved_at: Mapped[datetime | None]
