"""The authority's own tables (PostgreSQL schema `signing`): what it issued, revoked, stamped and can prove.

Rows of certificates and of evidence are kept at least five years after the certificate's expiry (ES-10).
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of the tables of the signing room; they know people and bytes, not cases."""

    metadata = MetaData(schema="signing", naming_convention=NAMING)
    type_annotation_map = {
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
    }


class Certificate(Base):
    """One certificate that the authority signed; the row exists before the certificate leaves (ES-08, ES-10)."""

    __tablename__ = "certificates"
    __table_args__ = (
        CheckConstraint("not_after > not_before", name="validity"),
        CheckConstraint("(revoked_at IS NULL) = (reason IS NULL)", name="revocation"),
        Index("ix_certificates_revoked", "issuer", "revoked_at", postgresql_where="revoked_at IS NOT NULL"),
    )

    serial: Mapped[str] = mapped_column(primary_key=True)  # lower-case hexadecimal
    label: Mapped[str | None] = mapped_column(
        unique=True
    )  # of the authority's own keys; empty for one-time ones
    issuer: Mapped[str]  # label of the issuing certificate
    profile: Mapped[str]
    subject: Mapped[str]
    der: Mapped[bytes]
    fingerprint: Mapped[str] = mapped_column(unique=True)  # SHA-256 of the DER, hexadecimal
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    evidence: Mapped[str] = mapped_column(default="", index=True)  # what the issue rested on (ES-07, ES-21)
    issued_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class RevocationList(Base):
    """One CRL as published. Numbers rise by one for each issuer."""

    __tablename__ = "revocation_lists"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    der: Mapped[bytes]
    this_update: Mapped[datetime]
    next_update: Mapped[datetime]


class TimeStamp(Base):
    """One RFC 3161 token issued: its serial number is never used twice, its time never runs backwards."""

    __tablename__ = "time_stamps"

    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    issued_at: Mapped[datetime] = mapped_column(index=True)
    imprint: Mapped[bytes] = mapped_column(index=True)
    algorithm: Mapped[str]
    policy: Mapped[str]
    authority: Mapped[str]  # serial of the time stamping certificate


class TimeAuthority(Base):
    """How an outside time stamping authority, or `own` beside it, has been doing: shared by all processes."""

    __tablename__ = "time_authorities"

    name: Mapped[str] = mapped_column(primary_key=True)  # as the settings call it
    failures: Mapped[int] = mapped_column(default=0)  # since it last gave a usable token
    rests_until: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")  # of the last failure
    worked_at: Mapped[datetime | None]


class ControlKey(Base):
    """A public key whose private half needs something that the platform does not hold (ES-01, section 0.14).

    `webauthn`: a passkey in the signer's device. `pin`: an encrypted key that opens only with the signer's PIN
    and a secret that the signer brings (the link's token); neither is stored.
    """

    __tablename__ = "control_keys"
    __table_args__ = (CheckConstraint("kind IN ('webauthn', 'pin')", name="kind"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person: Mapped[str] = mapped_column(index=True)  # the platform's reference of the person, opaque here
    kind: Mapped[str]
    credential: Mapped[bytes] = mapped_column(unique=True)  # WebAuthn credential id, or a random one
    public_key: Mapped[bytes]  # COSE key (webauthn) or SubjectPublicKeyInfo (pin)
    sealed_key: Mapped[bytes | None]  # pin only
    salt: Mapped[bytes | None]
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    withdrawn_at: Mapped[datetime | None]


class Evidence(Base):
    """One event that a signature rests on (ES-13, ES-21). Append-only; rows of one subject form a hash chain."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("subject", "position"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    subject: Mapped[str] = mapped_column(index=True)  # the platform's reference of the matter, opaque here
    position: Mapped[int]
    kind: Mapped[str]
    person: Mapped[str] = mapped_column(index=True)
    happened_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    before: Mapped[str]  # digest of the row before, hexadecimal; empty for the first
    digest: Mapped[str] = mapped_column(unique=True)
    day: Mapped[date] = mapped_column(index=True)  # in China
    salt: Mapped[str] = mapped_column(server_default="")  # of the sealed personal values
    private: Mapped[bytes | None]  # these values, encrypted by the platform


class EvidenceRoot(Base):
    """The Merkle root over a day's events, chained to the day before and time-stamped. One root a day, no forks."""

    __tablename__ = "evidence_roots"

    day: Mapped[date] = mapped_column(primary_key=True)  # in China
    root: Mapped[str]
    leaves: Mapped[int]
    before: Mapped[str] = mapped_column(
        unique=True
    )  # digest of the day before's statement; empty for the first
    token: Mapped[bytes]  # RFC 3161 token over the day's statement
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EvidenceLeaf(Base):
    """One event's place in the tree of a day."""

    __tablename__ = "evidence_leaves"
    __table_args__ = (UniqueConstraint("day", "position"),)

    digest: Mapped[str] = mapped_column(primary_key=True)  # of the event, hexadecimal
    day: Mapped[date] = mapped_column(ForeignKey(EvidenceRoot.day))
    position: Mapped[int]  # from 0
