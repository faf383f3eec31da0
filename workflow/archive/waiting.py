"""Work that waits for an outside party: written down, shown to people, and taken up again by schedule."""

import uuid
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow.archive.models import ArchivedFile, WaitingWork
from workflow.db import now
from workflow.queue import enqueue

PAUSE = timedelta(minutes=5)  # longer than a job's own retries take
BATCH = 50


def note(db: Session, case_id: uuid.UUID, work: str, reason: str) -> None:
    """Write down that a job did not get through; once more for each try. Does not commit."""
    values = {"reason": reason[:300], "try_at": now() + PAUSE}
    row = insert(WaitingWork).values(case_id=case_id, work=work, since=now(), tries=1, **values)
    db.execute(
        row.on_conflict_do_update(
            index_elements=["case_id", "work"], set_=values | {"tries": WaitingWork.tries + 1}
        )
    )


def done(db: Session, case_id: uuid.UUID, work: str) -> None:
    """The job got through. Does not commit."""
    db.execute(delete(WaitingWork).where(WaitingWork.case_id == case_id, WaitingWork.work == work))


def of(db: Session, case_id: uuid.UUID) -> list[WaitingWork]:
    """What a case waits for, longest first."""
    query = select(WaitingWork).where(WaitingWork.case_id == case_id).order_by(WaitingWork.since)
    return list(db.scalars(query))


def unstamped(db: Session, case_id: uuid.UUID) -> list[ArchivedFile]:
    """Files of a case that got no archive stamp because they do not hold as they are."""
    return list(
        db.scalars(select(ArchivedFile).where(ArchivedFile.case_id == case_id, ArchivedFile.failure != ""))
    )


def resume(db: Session) -> int:
    """Hand to the worker again what waits and whose own retries are over; each in its time, so that none is lost."""
    rows = db.scalars(
        select(WaitingWork)
        .where(WaitingWork.try_at <= now())
        .order_by(WaitingWork.try_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        key = f"{row.work}:{row.case_id}:again:{row.try_at:%Y%m%d%H%M%S}"
        enqueue(db, row.work, str(row.case_id), key=key)
        row.try_at = now() + 3 * PAUSE
    return len(rows)
