"""The table of policies."""

from datetime import date
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now


class Policy(Base):
    """One choice of one authority (or of all, with an empty code) from a day on."""

    __tablename__ = "policies"
    __table_args__ = (Index("ix_policies_key_authority", "key", "authority_code", "valid_from"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(40))
    authority_code: Mapped[str] = mapped_column(String(16), default="")
    value: Mapped[Any] = mapped_column(JSONB)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[Now]
