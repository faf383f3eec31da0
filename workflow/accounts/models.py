"""Tables of accounts, sign-ups, sign-in codes, sessions, staff and bank users."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now
from workflow.personal import Encrypted


class Account(Base):
    """A natural person whose identity was verified (RN-01, RN-06)."""

    __tablename__ = "accounts"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    id_number: Mapped[str] = mapped_column(Encrypted)
    id_number_index: Mapped[bytes] = mapped_column(unique=True)
    phone: Mapped[str] = mapped_column(Encrypted)
    phone_index: Mapped[bytes] = mapped_column(unique=True)
    verified_by: Mapped[str] = mapped_column(String(20))  # card | alipay | desk
    verified_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(12), default="zh_Hans_CN")
    created_at: Mapped[Now]


class SignUp(Base):
    """A sign-up by bank card on its way: the elements verified so far, in order."""

    __tablename__ = "sign_ups"

    id: Mapped[Id]
    verified: Mapped[str] = mapped_column(Encrypted, default="{}")  # JSON: element -> value
    step: Mapped[int] = mapped_column(default=0)  # how many elements are verified
    failures: Mapped[int] = mapped_column(default=0)
    person_index: Mapped[bytes | None] = mapped_column(
        index=True
    )  # ID number tried, for the limit across sign-ups
    state: Mapped[str] = mapped_column(String(10), default="open")  # open | done | stopped
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[Now]


class LoginCode(Base):
    """A one-time code sent to a phone."""

    __tablename__ = "login_codes"
    __table_args__ = (Index("ix_login_codes_phone", "phone_index", "created_at"),)

    id: Mapped[Id]
    phone_index: Mapped[bytes]
    code_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class WebSession(Base):
    """One signed-in browser at one door; only the hash of its token is kept."""

    __tablename__ = "web_sessions"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    door: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)  # account, staff or bank user by door
    device: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[Now]
    seen_at: Mapped[Now]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Passkey(Base):
    """A passkey that a person keeps in the account to sign with (ES-01).

    `checked_by`, `checked_reference`, `checked_at`: the check by face or code that its person passed before it was
    made; `person_index`: of the ID number that was checked. Removed ones stay as a record and sign nothing.
    """

    __tablename__ = "passkeys"

    id: Mapped[Id]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    host: Mapped[str] = mapped_column(String(200))  # under which it works (WebAuthn: relying party's id)
    public_key: Mapped[bytes]  # COSE
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    checked_by: Mapped[str] = mapped_column(String(10))  # face | code
    checked_reference: Mapped[str] = mapped_column(String(80))
    checked_at: Mapped[datetime]
    person_index: Mapped[bytes]
    used_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class PasskeyMaking(Base):
    """A passkey on its way in one browser's session: the check of the person, then what the device was asked."""

    __tablename__ = "passkey_makings"

    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("web_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    tries: Mapped[int] = mapped_column(default=0)
    checked_by: Mapped[str] = mapped_column(String(10), default="")
    checked_reference: Mapped[str] = mapped_column(String(80), default="")
    checked_at: Mapped[datetime | None]
    asked: Mapped[bytes | None]
    asked_until: Mapped[datetime | None]
    created_at: Mapped[Now]


class Staff(Base):
    """A member of a registration authority's staff; signs in with password and second factor."""

    __tablename__ = "staff"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str] = mapped_column(Encrypted)
    totp_last: Mapped[int] = mapped_column(default=0)  # last time step used: no code twice
    authority_codes: Mapped[list[Any]]
    roles: Mapped[list[Any]]  # examiner, approver, supervisor, editor, auditor, administrator
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)


class BankUser(Base):
    """A clerk of a bank who works at the bank desk."""

    __tablename__ = "bank_users"

    id: Mapped[Id]
    username: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    bank_code: Mapped[str] = mapped_column(String(3))
    password_hash: Mapped[str] = mapped_column(String(200))
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
