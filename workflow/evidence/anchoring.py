"""Gives each day that is over its time-stamped root: over the events of all cases, and what signatures rest on."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, exists, func, select, union_all
from sqlalchemy.orm import Session

from signing import anchors, evidence
from signing.tables import Evidence, EvidenceLeaf, EvidenceRoot
from workflow.case import CaseEvent
from workflow.db import now
from workflow.errors import NotFound
from workflow.signer import authority, time_roots

GRACE = timedelta(minutes=10)  # after midnight: what was under way then is committed or gone
LATE = timedelta(
    days=7
)  # how far back a day looks for events that were not yet committed when theirs was anchored


def anchor_due(db: Session) -> int:
    """Make the root of every day that is over in China and has none, oldest first; each is committed by itself.

    Two workers at once make one root a day: the second waits and finds it. Returns how many were made. Raises
    TimeStampFailure, AuthorityUnavailable: the days that are left are made at the next run.
    """
    count = 0
    while True:
        anchors.lock(db)
        day = _next(db)
        if day is None:
            return count
        anchors.anchor(db, authority(), day, _due(db, day))
        db.commit()
        count += 1


def _next(db: Session) -> date | None:
    """The oldest day that is over and has no root; None when all have one, or nothing ever happened."""
    last = anchors.last(db)
    if last is not None:
        day = last.day + timedelta(days=1)
    else:
        starts = [
            db.scalar(select(func.min(CaseEvent.at))),
            db.scalar(select(func.min(Evidence.happened_at))),
        ]
        known = [start for start in starts if start is not None]
        if not known:
            return None
        day = min(known).astimezone(evidence.CHINA).date()
    return day if _end(day) + GRACE <= now() else None


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), evidence.CHINA)


def _due(db: Session, day: date) -> list[str]:
    """The digests of what happened until the end of a day and stands under no root."""
    since = _end(day) - LATE if anchors.last(db) else datetime.min.replace(tzinfo=evidence.CHINA)
    rows = union_all(
        select(CaseEvent.at.label("at"), CaseEvent.hash.label("digest"))
        .where(CaseEvent.at >= since, CaseEvent.at < _end(day))
        .where(~exists().where(EvidenceLeaf.digest == CaseEvent.hash)),
        select(Evidence.happened_at, Evidence.digest)
        .where(Evidence.happened_at >= since, Evidence.happened_at < _end(day))
        .where(~exists().where(EvidenceLeaf.digest == Evidence.digest)),
    ).subquery()
    return list(db.scalars(select(rows.c.digest).order_by(rows.c.at, rows.c.digest)))


def roots() -> Select[EvidenceRoot]:
    """Every root, newest first."""
    return select(EvidenceRoot).order_by(EvidenceRoot.day.desc())


def roots_of_year(db: Session, year: int) -> list[EvidenceRoot]:
    """The roots of a year, oldest first. Raises NotFound for a year that no calendar has."""
    if not date.min.year <= year <= date.max.year:
        raise NotFound(f"roots of {year}")
    query = select(EvidenceRoot).where(EvidenceRoot.day.between(date(year, 1, 1), date(year, 12, 31)))
    return list(db.scalars(query.order_by(EvidenceRoot.day)))


def root_of(db: Session, day: str) -> EvidenceRoot:
    """The root of a day written as 2026-11-24. Raises NotFound."""
    try:
        row = db.get(EvidenceRoot, date.fromisoformat(day))
    except ValueError:
        row = None
    if row is None:
        raise NotFound(f"root of {day}")
    return row


def faults(db: Session) -> Iterator[str]:
    """What does not hold in evidence and anchors, one sentence each; nothing when all is well."""
    subject: list[Evidence] = []
    for row in db.scalars(select(Evidence).order_by(Evidence.subject, Evidence.position)):
        if subject and subject[0].subject != row.subject:
            yield from _chain_fault(subject)
            subject = []
        subject.append(row)
    yield from _chain_fault(subject)
    yield from anchors.faults(db, [authority().root, *time_roots()])
    known = union_all(select(CaseEvent.hash), select(Evidence.digest)).subquery()
    gone = select(EvidenceLeaf.day, func.count()).where(EvidenceLeaf.digest.not_in(select(known.c[0])))
    for day, count in db.execute(gone.group_by(EvidenceLeaf.day).order_by(EvidenceLeaf.day)):
        yield f"{day}: {count} event(s) under its root were changed or removed since"
    last = anchors.last(db)
    if last is not None and (count := _left_out(db, _end(last.day) - LATE)):
        yield f"{count} older event(s) stand under no root"


def _chain_fault(rows: list[Evidence]) -> Iterator[str]:
    broken = evidence.first_broken(rows)
    if broken is not None:
        yield f"evidence of {broken.subject}: event {broken.position} does not fit the chain"


def _left_out(db: Session, until: datetime) -> int:
    anchored = select(EvidenceLeaf.digest)
    cases = select(func.count()).where(CaseEvent.at < until, CaseEvent.hash.not_in(anchored))
    signing = select(func.count()).where(Evidence.happened_at < until, Evidence.digest.not_in(anchored))
    return (db.scalar(cases) or 0) + (db.scalar(signing) or 0)
