"""Daily anchors: one Merkle root over the events of a day, chained to the day before and time-stamped (ES-12, ES-13).

Whoever keeps a copy of the public roots can tell if an event of that day is ever changed, left out or put in.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from hashlib import sha256

from cryptography import x509
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from signing import merkle, sources, timestamp
from signing.authority import Authority
from signing.errors import TimeStampFailure
from signing.tables import EvidenceLeaf, EvidenceRoot


def statement(day: date, leaves: int, root: str, before: str) -> bytes:
    """What is time-stamped and published of a day, JSON. `before`: the SHA-256 of the day before's; empty for the
    first day."""
    content = {"before": before, "day": day.isoformat(), "leaves": leaves, "root": root}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def statement_of(row: EvidenceRoot) -> bytes:
    """The statement of a stored day."""
    return statement(row.day, row.leaves, row.root, row.before)


def last(db: Session) -> EvidenceRoot | None:
    """The newest root."""
    return db.scalar(select(EvidenceRoot).order_by(EvidenceRoot.day.desc()).limit(1))


def lock(db: Session) -> None:
    """Let nobody else anchor until the transaction ends."""
    db.execute(text("SELECT pg_advisory_xact_lock(hashtext('evidence roots'))"))


def anchor(db: Session, authority: Authority, day: date, digests: Sequence[str]) -> EvidenceRoot:
    """Make the root of a day over the digests of its events (hexadecimal), in this order; does not commit.

    Raises ValueError when the day is not the one after the last, TimeStampFailure, or the database's refusal of a
    second root of a day: then there is none.
    """
    before = last(db)
    if before is not None and day != before.day + timedelta(days=1):
        raise ValueError(f"after {before.day} comes the next day, not {day}")
    root = merkle.root([bytes.fromhex(digest) for digest in digests]).hex()
    link = sha256(statement_of(before)).hexdigest() if before else ""
    said = statement(day, len(digests), root, link)
    token = sources.stamp(db, authority, sha256(said).digest())
    row = EvidenceRoot(day=day, root=root, leaves=len(digests), before=link, token=token)
    db.add(row)
    db.flush()
    db.add_all(EvidenceLeaf(digest=d, day=day, position=n) for n, d in enumerate(digests))
    db.flush()
    return row


def digests_of(db: Session, day: date) -> list[str]:
    """The digests under a day's root, in their order."""
    query = select(EvidenceLeaf.digest).where(EvidenceLeaf.day == day).order_by(EvidenceLeaf.position)
    return list(db.scalars(query))


def places(db: Session, digests: Iterable[str]) -> dict[str, EvidenceLeaf]:
    """Where events stand, by digest; those that have no root yet are not in it."""
    rows = db.scalars(select(EvidenceLeaf).where(EvidenceLeaf.digest.in_(list(digests))))
    return {row.digest: row for row in rows}


def faults(db: Session, trusted: Sequence[x509.Certificate]) -> Iterator[str]:
    """What does not hold in the stored roots, one sentence each: a gap, another tree, a broken chain, a bad token."""
    before: EvidenceRoot | None = None
    for row in db.scalars(select(EvidenceRoot).order_by(EvidenceRoot.day)):
        if before and row.day != before.day + timedelta(days=1):
            yield f"{row.day}: the days before it are missing"
        if row.before != (sha256(statement_of(before)).hexdigest() if before else ""):
            yield f"{row.day}: it does not continue the day before"
        entries = [bytes.fromhex(digest) for digest in digests_of(db, row.day)]
        if len(entries) != row.leaves or merkle.root(entries).hex() != row.root:
            yield f"{row.day}: its events do not give its root"
        try:
            timestamp.check_token(row.token, sha256(statement_of(row)).digest(), trusted)
        except TimeStampFailure as failure:
            yield f"{row.day}: {failure}"
        before = row
