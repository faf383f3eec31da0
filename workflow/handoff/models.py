"""Tables of bank clients, handoffs and reports."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now
from workflow.personal import Encrypted


class BankClient(Base):
    """A bank that takes part: where its events go, and the keys that it signs with."""

    __tablename__ = "bank_clients"

    bank_code: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    events_url: Mapped[str] = mapped_column(String(300))
    status_url: Mapped[str] = mapped_column(String(300), default="")  # with {business_number}
    jwks_url: Mapped[str] = mapped_column(String(300), default="")
    keys: Mapped[list[Any]]  # base64 ed25519 public keys, newest first
    keys_at: Mapped[datetime | None]  # when they were last taken from jwks_url
    active: Mapped[bool] = mapped_column(default=True)


class BankToken(Base):
    """An access token given to a bank; only its hash is kept. `assertion_id` makes a client assertion single-use."""

    __tablename__ = "bank_tokens"

    id: Mapped[Id]
    bank_code: Mapped[str] = mapped_column(ForeignKey("bank_clients.bank_code"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    assertion_id: Mapped[str] = mapped_column(String(100), unique=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[Now]


class Handoff(Base):
    """One company's data on its way to one bank. One live handoff a case."""

    __tablename__ = "handoffs"
    __table_args__ = (
        Index(
            "uq_handoffs_live",
            "case_id",
            unique=True,
            postgresql_where=text("state NOT IN ('declined', 'withdrawn')"),
        ),
        UniqueConstraint("business_number"),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    business_number: Mapped[str] = mapped_column(String(40))
    bank_code: Mapped[str] = mapped_column(ForeignKey("bank_clients.bank_code"), index=True)
    branch_code: Mapped[str] = mapped_column(String(20))
    branch_name: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20), default="consented")
    consent_text: Mapped[str] = mapped_column(Text)
    consented_at: Mapped[Now]
    fields: Mapped[list[Any]]  # what the person agreed to pass on (BK-07)
    delivered_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(300), default="")
    pulled_at: Mapped[datetime | None]
    account_number: Mapped[str | None] = mapped_column(Encrypted)
    changed_at: Mapped[Now]


class BankReport(Base):
    """A status report of a bank, once a report id. Neither applied nor early: it came too late."""

    __tablename__ = "bank_reports"
    __table_args__ = (UniqueConstraint("handoff_id", "report_id"),)

    id: Mapped[Id]
    handoff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("handoffs.id"))
    report_id: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(String(500), default="")
    branch_code: Mapped[str] = mapped_column(String(20), default="")
    account_number: Mapped[str] = mapped_column(Encrypted, default="")
    source: Mapped[str] = mapped_column(String(8))  # api | desk | poll
    applied: Mapped[bool] = mapped_column(default=False)  # it changed the state
    early: Mapped[bool] = mapped_column(default=False)  # overtook another; applied when that one has come
    received_at: Mapped[Now]
