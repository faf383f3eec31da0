"""Tables of the register and of licences."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import DDL, ForeignKey, Index, String, Text, event, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now


class RegisterEntry(Base):
    """A registered market entity: what the public may see of it (LIC-06)."""

    __tablename__ = "register_entries"

    id: Mapped[Id]
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    entity_type: Mapped[str] = mapped_column(String(16))
    type_code: Mapped[str] = mapped_column(String(4))
    type_text: Mapped[str] = mapped_column(String(80))
    representative: Mapped[str] = mapped_column(String(100))
    capital: Mapped[int | None]  # fen
    address: Mapped[str] = mapped_column(String(300))
    scope: Mapped[str] = mapped_column(Text)
    authority_code: Mapped[str] = mapped_column(String(16))
    authority_name: Mapped[str] = mapped_column(String(100))
    established_on: Mapped[date]
    status: Mapped[str] = mapped_column(String(20), default="existing")  # existing | deregistered | revoked
    facts: Mapped[dict[str, Any]]  # shareholders and officers by name, as published
    created_at: Mapped[Now]

    @property
    def unnamed(self) -> bool:
        """Whether it does without a name and stands here under its head's (IMPL52 Art. 6)."""
        return self.name == self.representative


class Licence(Base):
    """A business licence. The database allows one that is being made or active a case."""

    __tablename__ = "licences"
    __table_args__ = (
        Index("uq_licences_live", "case_id", unique=True, postgresql_where=text("state <> 'revoked'")),
        Index("uq_licences_active", "uscc", unique=True, postgresql_where=text("state = 'active'")),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    uscc: Mapped[str] = mapped_column(String(18), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    verification_code: Mapped[str] = mapped_column(String(32), unique=True)  # in the QR code
    state: Mapped[str] = mapped_column(String(10), default="making")  # making | active | revoked
    established_on: Mapped[date]  # = date of the licence (PRO-10)
    key: Mapped[str] = mapped_column(String(80), default="")
    duplicate_key: Mapped[str] = mapped_column(String(80), default="")
    notice_key: Mapped[str] = mapped_column(String(80), default="")
    issued_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[Now]


event.listen(Base.metadata, "after_create", DDL("CREATE SEQUENCE IF NOT EXISTS credit_codes"))
