"""What signatures rest on: append-only events in a hash chain for each matter (ES-13, ES-21)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from signing import sealing
from signing.tables import Evidence

CHINA = ZoneInfo("Asia/Shanghai")  # days begin and end there


def canonical(
    subject: str, position: int, kind: str, person: str, at: datetime, facts: dict[str, Any], before: str
) -> str:
    """The text that is hashed: a row's content and the digest of the row before it."""
    content = [subject, position, kind, person, at.astimezone(UTC).isoformat(), facts, before]
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(
    subject: str, position: int, kind: str, person: str, at: datetime, facts: dict[str, Any], before: str
) -> str:
    """SHA-256 over a row's content and the row before it, hexadecimal."""
    return hashlib.sha256(canonical(subject, position, kind, person, at, facts, before).encode()).hexdigest()


def record(
    db: Session,
    *,
    subject: str,
    kind: str,
    person: str,
    at: datetime,
    facts: dict[str, Any],
    personal: Mapping[str, str] | None = None,
    encrypt: Callable[[bytes], bytes] | None = None,
) -> Evidence:
    """Append one event to a matter's chain; does not commit.

    `facts` are JSON values that every party may read. Of `personal` only salted digests are hashed
    (`facts["sealed"]`); the values are kept through `encrypt` and opened to those entitled. Raises ValueError for
    personal values without `encrypt`.
    """
    salt, private = "", None
    if personal:
        if encrypt is None:
            raise ValueError("personal values are kept encrypted only")
        salt = sealing.new_salt()
        facts = facts | {"sealed": sealing.sealed(salt, personal)}
        private = encrypt(json.dumps(dict(personal), ensure_ascii=False).encode())
    db.execute(text("SELECT pg_advisory_xact_lock(hashtext(:s))"), {"s": f"evidence:{subject}"})
    last = db.scalar(
        select(Evidence).where(Evidence.subject == subject).order_by(Evidence.position.desc()).limit(1)
    )
    position, before = (last.position + 1, last.digest) if last else (1, "")
    row = Evidence(
        subject=subject, position=position, kind=kind, person=person, happened_at=at, facts=facts, before=before,
        digest=digest_of(subject, position, kind, person, at, facts, before), day=at.astimezone(CHINA).date(),
        salt=salt, private=private,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


def canonical_of(row: Evidence) -> str:
    """The text that a stored row's digest is over."""
    return canonical(row.subject, row.position, row.kind, row.person, row.happened_at, row.facts, row.before)


def of(db: Session, subject: str) -> list[Evidence]:
    """The events of a matter, oldest first."""
    return list(db.scalars(select(Evidence).where(Evidence.subject == subject).order_by(Evidence.position)))


def first_broken(rows: list[Evidence]) -> Evidence | None:
    """The first event that does not continue the chain or was changed; None when all is well."""
    before = ""
    for number, row in enumerate(rows, start=1):
        expected = digest_of(row.subject, number, row.kind, row.person, row.happened_at, row.facts, before)
        if row.position != number or row.before != before or row.digest != expected:
            return row
        before = row.digest
    return None
