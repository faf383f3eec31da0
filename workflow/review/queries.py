"""Reading the queue, claims, decisions and corrections."""

import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from workflow.accounts.models import Staff
from workflow.case import Case
from workflow.clock import BEIJING, local_date
from workflow.db import now
from workflow.review.models import Claim, Correction, Decision, Recusal

TASK_OF_STATE = {"name_submitted": "name", "submitted": "establishment"}


@dataclass(frozen=True)
class QueueRow:
    """One line of the desk."""

    case: Case
    task: str
    holder_number: str
    holder_id: uuid.UUID | None
    lease_until: datetime | None


def open_corrections(db: Session, case_id: uuid.UUID) -> list[Correction]:
    """What a return for correction asks for and is not yet resolved."""
    query = select(Correction).where(Correction.case_id == case_id, Correction.resolved_at.is_(None))
    return list(db.scalars(query.order_by(Correction.created_at, Correction.field)))


def corrections_of(db: Session, case_id: uuid.UUID) -> list[Correction]:
    """Every correction ever asked for."""
    return list(
        db.scalars(select(Correction).where(Correction.case_id == case_id).order_by(Correction.created_at))
    )


def decisions_of(db: Session, case_id: uuid.UUID) -> list[Decision]:
    """The decisions on a case, oldest first."""
    return list(db.scalars(select(Decision).where(Decision.case_id == case_id).order_by(Decision.decided_at)))


def queue(
    db: Session, staff: Staff, tab: str, limit: int = 25, offset: int = 0
) -> tuple[list[QueueRow], int]:
    """The desk's rows of a tab (todo, mine, returned, decided, all, overdue), nearest deadline first; and the count."""
    open_claim = and_(Claim.case_id == Case.id, Claim.released_at.is_(None))
    query = (
        select(Case, Claim, Staff.number)
        .outerjoin(Claim, open_claim)
        .outerjoin(Staff, Staff.id == Claim.staff_id)
        .where(Case.authority_code.in_(staff.authority_codes), Case.state != "draft")
    )
    waiting = Case.state.in_(list(TASK_OF_STATE))
    match tab:
        case "todo":
            query = query.where(waiting, _free())
        case "mine":
            query = query.where(waiting, Claim.staff_id == staff.id)
        case "returned":
            query = query.where(Case.state == "returned")
        case "decided":
            decided = select(Decision.id).where(Decision.case_id == Case.id, Decision.staff_id == staff.id)
            query = query.where(decided.exists())
        case "overdue":
            query = query.where(waiting, Case.due_at < now())
    count = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.execute(
        query.order_by(Case.due_at.asc().nulls_last(), Case.changed_at, Case.id).limit(limit).offset(offset)
    )
    return [
        QueueRow(
            case,
            TASK_OF_STATE.get(case.state, ""),
            number or "",
            claim.staff_id if claim else None,
            claim.lease_until if claim else None,
        )
        for case, claim, number in rows
    ], count


def open_claim(db: Session, case_id: uuid.UUID) -> Claim | None:
    """Who holds the case, if anybody."""
    return db.scalar(select(Claim).where(Claim.case_id == case_id, Claim.released_at.is_(None)))


def recused(db: Session, case_id: uuid.UUID, staff_id: uuid.UUID) -> bool:
    """Whether somebody keeps away from a case."""
    return db.get(Recusal, (case_id, staff_id)) is not None


def counts(db: Session, staff: Staff) -> dict[str, int]:
    """How many cases the desk holds: todo, mine, returned, overdue, today (due before midnight), decided. One query."""
    present = now()
    midnight = datetime.combine(local_date(present) + timedelta(days=1), time(), BEIJING)
    waiting = Case.state.in_(list(TASK_OF_STATE))
    decided = select(func.count(Decision.case_id.distinct())).where(Decision.staff_id == staff.id)
    query = (
        select(
            func.count().filter(waiting, _free()).label("todo"),
            func.count().filter(waiting, Claim.staff_id == staff.id).label("mine"),
            func.count().filter(Case.state == "returned").label("returned"),
            func.count().filter(waiting, Case.due_at < present).label("overdue"),
            func.count().filter(waiting, Case.due_at >= present, Case.due_at < midnight).label("today"),
            decided.scalar_subquery().label("decided"),
        )
        .select_from(Case)
        .outerjoin(Claim, and_(Claim.case_id == Case.id, Claim.released_at.is_(None)))
        .where(Case.authority_code.in_(staff.authority_codes), Case.state.in_([*TASK_OF_STATE, "returned"]))
    )
    return dict(db.execute(query).mappings().one())


def _free() -> ColumnElement[bool]:
    return or_(Claim.id.is_(None), Claim.lease_until < now())
