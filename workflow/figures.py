"""How long it takes, from what really happened: figures for the public."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from workflow.case import CaseEvent
from workflow.db import now

LAST_DAYS = 180
ENOUGH = 5  # fewer cases would tell more about persons than about us


@dataclass(frozen=True)
class Pace:
    """Licences issued in the last half year, and the median from hand-in to licence and from opening to licence."""

    licences: int
    examination: timedelta
    whole: timedelta


def pace(db: Session) -> Pace | None:
    """The pace of the last half year; None when there are too few cases to speak of one."""
    issued, opened, submitted = aliased(CaseEvent), aliased(CaseEvent), aliased(CaseEvent)
    last_submit = (
        select(func.max(submitted.at))
        .where(submitted.case_id == issued.case_id, submitted.event == "submit")
        .scalar_subquery()
    )
    median = func.percentile_cont(0.5).within_group
    row = db.execute(
        select(
            func.count(issued.id),
            median(issued.at - last_submit).label("examination"),
            median(issued.at - opened.at).label("whole"),
        )
        .join(opened, (opened.case_id == issued.case_id) & (opened.seq == 1))
        .where(issued.event == "issue_licence", issued.at > now() - timedelta(days=LAST_DAYS))
    ).one()
    return None if row[0] < ENOUGH else Pace(*row)
