"""Claiming and deciding."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.accounts.models import Staff
from workflow.case import Actor, Case, lock_case, record
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolation, Words
from workflow.policies.queries import policy
from workflow.review.models import Claim, Correction, Decision, Recusal
from workflow.review.queries import TASK_OF_STATE, open_claim, recused

HELD = Words("工号 {number} 正在办理此件。", "Staff {number} is working on this case.")
NOT_HELD = Words("请先领取此件再作决定。", "Claim the case before you decide.")
REASON_NEEDED = Words("请写明理由，申请人会看到。", "Give the reason; the applicant will read it.")
RECUSED = Words("您已声明回避，不能办理此件。", "You have recused yourself from this case.")
RECUSAL_REASON = Words("请写明回避的理由。", "Give the reason for which you keep away.")
ATTEMPTS = 20  # claims lost to colleagues in a row before the desk says that nothing is free


@dataclass(frozen=True)
class Wanted:
    """One correction to ask for: the path of a value, what is wrong, a code of `reasons.CORRECTIONS`, its name on paper."""

    field: str
    text: str
    reason_code: str = ""
    label: str = ""


def actor_of(staff: Staff) -> Actor:
    """A member of staff as actor; timelines show the staff number, not the name."""
    return Actor("registrar", str(staff.id), staff.number, frozenset(staff.roles))


def visible_case(db: Session, staff: Staff, number: str) -> Case:
    """A case of the authorities somebody works for. Raises NotFound for any other."""
    case = db.scalar(
        select(Case).where(Case.number == number, Case.authority_code.in_(staff.authority_codes))
    )
    if case is None:
        raise NotFound(f"case {number}")
    return case


def claim(db: Session, staff: Staff, case_id: uuid.UUID, take_over: bool = False) -> Claim:
    """Hold a case. An expired lease, or `take_over`, ends another's hold.

    Raises NotAllowed, Conflict (`held`, `recused`, `moved_on`).
    """
    case = lock_case(db, case_id)
    if case.authority_code not in staff.authority_codes or "examiner" not in staff.roles:
        raise NotAllowed("not an examiner of this authority")
    task = TASK_OF_STATE.get(case.state)
    if task is None:
        raise Conflict(code="moved_on")
    if recused(db, case_id, staff.id):
        raise Conflict(RECUSED, "recused")
    held = open_claim(db, case_id)
    lease = _lease(db, case)
    if held is not None:
        if held.staff_id == staff.id:
            held.lease_until = lease
            return held
        if held.lease_until > now() and not take_over:
            number = db.scalar(select(Staff.number).where(Staff.id == held.staff_id))
            raise Conflict(HELD.format(number=number), "held")
        held.released_at = now()
        db.flush()
    row = Claim(case_id=case_id, staff_id=staff.id, task=task, lease_until=lease)
    try:
        with db.begin_nested():
            db.add(row)
            db.flush()
    except IntegrityError as error:
        raise Conflict(HELD.format(number="—"), "held") from error
    return row


def claim_next(db: Session, staff: Staff) -> Case | None:
    """Claim the waiting case with the nearest deadline that nobody holds; None when there is none.

    Rows that a colleague is claiming at this moment are passed over (SKIP LOCKED); one that a colleague has just
    claimed is left for the next, so two never get one case.
    """
    if "examiner" not in staff.roles:
        raise NotAllowed("not an examiner")
    live = select(Claim.id).where(
        Claim.case_id == Case.id, Claim.released_at.is_(None), Claim.lease_until > now()
    )
    mine = select(Recusal.case_id).where(Recusal.case_id == Case.id, Recusal.staff_id == staff.id)
    waiting = (
        select(Case)
        .where(
            Case.authority_code.in_(staff.authority_codes),
            Case.state.in_(list(TASK_OF_STATE)),
            ~live.exists(),
            ~mine.exists(),
        )
        .order_by(Case.due_at.asc().nulls_last(), Case.changed_at, Case.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    for _ in range(ATTEMPTS):
        case = db.scalar(waiting)
        if case is None:
            return None
        held = open_claim(db, case.id)
        if held is not None and held.lease_until > now():  # between the look and the lock, perhaps by oneself
            continue
        try:
            claim(db, staff, case.id)
        except Conflict:  # one has recused oneself in another window, at this moment
            continue
        return case
    return None


def _lease(db: Session, case: Case) -> datetime:
    return now() + timedelta(minutes=policy(db, "claim_minutes", case.authority_code))


def touch(db: Session, staff: Staff, case: Case) -> None:
    """Whoever works on a case keeps it: the lease begins anew. Nothing happens for anyone else."""
    held = open_claim(db, case.id)
    if held is not None and held.staff_id == staff.id:
        held.lease_until = _lease(db, case)
        db.flush()


def recuse(db: Session, staff: Staff, case_id: uuid.UUID, reason: str) -> None:
    """Keep away from a case for good; a claim on it ends. Raises NotAllowed, RuleViolation without a reason."""
    case = lock_case(db, case_id)
    if case.authority_code not in staff.authority_codes or "examiner" not in staff.roles:
        raise NotAllowed("not an examiner of this authority")
    if not reason.strip():
        raise RuleViolation([Problem("required", "recusal", RECUSAL_REASON)])
    release(db, staff, case_id)
    if not recused(db, case_id, staff.id):
        db.add(Recusal(case_id=case_id, staff_id=staff.id, reason=reason.strip()[:300]))
        record(db, case, actor_of(staff), "recuse")


def release(db: Session, staff: Staff, case_id: uuid.UUID) -> None:
    """Put a case back into the queue."""
    db.execute(
        update(Claim)
        .where(Claim.case_id == case_id, Claim.staff_id == staff.id, Claim.released_at.is_(None))
        .values(released_at=now())
    )


def decide(
    db: Session,
    staff: Staff,
    case: Case,
    task: str,
    verdict: str,
    reason: str = "",
    findings: dict[str, Any] | None = None,
) -> Decision:
    """Write down a decision and end the claim. The case must be locked and held by this person.

    Raises Conflict (`not_held`), RuleViolation when a reason is missing.
    """
    held = open_claim(db, case.id)
    if held is None or held.staff_id != staff.id or held.task != task:
        raise Conflict(NOT_HELD, "not_held")
    if verdict != "approve" and not reason.strip():
        raise RuleViolation([Problem("required", "reason", REASON_NEEDED)])
    held.released_at = now()
    row = Decision(
        case_id=case.id,
        task=task,
        staff_id=staff.id,
        verdict=verdict,
        reason=reason.strip(),
        findings=findings or {},
    )
    db.add(row)
    db.flush()
    return row


def ask_corrections(db: Session, decision: Decision, wanted: list[Wanted]) -> list[Correction]:
    """Write down everything that is to be corrected, once and completely (PRO-05)."""
    rows = [
        Correction(
            case_id=decision.case_id,
            decision_id=decision.id,
            field=w.field,
            text=w.text.strip(),
            reason_code=w.reason_code,
        )
        for w in wanted
    ]
    db.add_all(rows)
    db.flush()
    return rows


def resolve_corrections(db: Session, case_id: uuid.UUID) -> None:
    """Close the open corrections: the case was handed in again."""
    db.execute(
        update(Correction)
        .where(Correction.case_id == case_id, Correction.resolved_at.is_(None))
        .values(resolved_at=now())
    )
