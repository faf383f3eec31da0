"""The table of invitations to sign."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now
from workflow.personal import Encrypted


class Invitation(Base):
    """One person's invitation to sign the papers of a case. One live invitation a person and case."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "uq_invitations_live",
            "case_id",
            "person_key",
            unique=True,
            postgresql_where=text("state NOT IN ('fallen', 'declined')"),
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    person_key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    id_number: Mapped[str] = mapped_column(Encrypted)
    phone: Mapped[str] = mapped_column(Encrypted)
    email: Mapped[str] = mapped_column(Encrypted, default="")
    language: Mapped[str] = mapped_column(String(12), default="zh_Hans_CN")
    state: Mapped[str] = mapped_column(String(12), default="invited")
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    sent_count: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)  # failed identity and face checks
    # What the signature rests on (ES-21)
    identity_reference: Mapped[str] = mapped_column(String(80), default="")
    identified_at: Mapped[datetime | None]
    admitted_by: Mapped[str] = mapped_column(String(10), default="")  # face | code | licence | passkey
    admitted_reference: Mapped[str] = mapped_column(String(80), default="")
    admitted_at: Mapped[datetime | None]
    face_key: Mapped[str] = mapped_column(String(80), default="")  # encrypted frame in the archive, by policy
    face_hash: Mapped[str] = mapped_column(String(64), default="")
    live_prompts: Mapped[str] = mapped_column(
        String(40), default=""
    )  # movements asked for and seen, with commas
    face_consent_at: Mapped[datetime | None]
    browser_hash: Mapped[bytes | None]  # the browser that passed the checks; no other may read or sign
    network: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(200), default="")
    consent: Mapped[str] = mapped_column(Text, default="")
    signed_at: Mapped[datetime | None]
    signed_papers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # kind -> SHA-256 before and after
    certificate_serial: Mapped[str] = mapped_column(String(64), default="")
    declined_reason: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[Now]


class Control(Base):
    """How one signer keeps the signing key in their own hands; gone when the checks start again (ES-01).

    `method`: passkey or pin; empty while a passkey is being made. Of a PIN's key only the public half and the wrapped
    key are here, and the wrapped one goes with its use.
    """

    __tablename__ = "signing_controls"

    invitation_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    method: Mapped[str] = mapped_column(String(10), default="")
    public_key: Mapped[bytes] = mapped_column(default=b"")  # COSE, or SubjectPublicKeyInfo of a PIN's key
    credential_id: Mapped[bytes] = mapped_column(default=b"")
    sign_count: Mapped[int] = mapped_column(default=0)
    passkey_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("passkeys.id"))  # one of the account's
    wrapped_key: Mapped[bytes | None]
    tries: Mapped[int] = mapped_column(default=0)  # wrong PINs
    asked: Mapped[bytes | None]  # the challenge, or the statement, that a passkey is asked to sign
    asked_until: Mapped[datetime | None]
    proof: Mapped[bytes | None]  # signing.control.Proof of the act, as it stands in the papers
    created_at: Mapped[Now]


class LicenceCheck(Base):
    """An organisation's electronic licence in one signer's ceremony (RN-03): asked for, then confirmed by its holder.

    Gone when the checks start again. `confirmed_at`: when the holder confirmed, as the licence service says;
    `checked_at`: when that was fetched; none while the question is open, until `expires_at`.
    """

    __tablename__ = "licence_checks"
    __table_args__ = (UniqueConstraint("invitation_id", "organisation_key"),)

    id: Mapped[Id]
    invitation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"))
    organisation_key: Mapped[str] = mapped_column(String(20))
    organisation: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str] = mapped_column(String(18))
    session: Mapped[str] = mapped_column(String(100))
    page: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[datetime]
    licence_number: Mapped[str] = mapped_column(String(60), default="")
    role: Mapped[str] = mapped_column(String(30), default="")
    reference: Mapped[str] = mapped_column(String(80), default="")
    confirmed_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class FaceAccess(Base):
    """Every read of a stored face frame: who, when, why."""

    __tablename__ = "face_accesses"

    id: Mapped[Id]
    invitation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invitations.id"), index=True)
    actor_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[Now]
