"""Handing in, and the registrar's decisions on what was handed in."""

import uuid

from sqlalchemy.orm import Session

from signing import pdf as sealing
from signing.papers.data import NoticeFacts
from signing.papers.notices import notice
from workflow import objects
from workflow.accounts.models import Account, Staff
from workflow.case import Actor, Case, advance, lock_case
from workflow.catalogues.queries import catalogue
from workflow.clock import add_working_days, local_date, today
from workflow.db import now
from workflow.errors import Problem, RuleViolation, Words
from workflow.establishment.drafts import draft_of, submit_copy
from workflow.establishment.models import Submission
from workflow.establishment.problems import problems_of
from workflow.messages.operations import send
from workflow.naming import declaration
from workflow.naming import operations as naming
from workflow.policies.queries import policy
from workflow.review.models import Decision
from workflow.review.operations import Wanted, actor_of, ask_corrections, decide, resolve_corrections
from workflow.settings import settings
from workflow.signatures.invitations import live_papers
from workflow.signer import authority

NOTHING_WANTED = Words("请至少指出一处需要补正的内容。", "Name at least one thing to correct.")
HONESTY = Words("请勾选真实性承诺后再提交。", "Tick the honesty commitment to submit.")


def submit(db: Session, case_id: uuid.UUID, actor: Actor, honest: bool) -> Submission:
    """Hand the signed application in; the authority's clock starts (PRO-04). AG-06: honesty commitment each time.

    Raises RuleViolation, Conflict (`moved_on`), NotAllowed.
    """
    case = lock_case(db, case_id)
    if not honest:
        raise RuleViolation([Problem("AG-06", "honest", HONESTY)])
    application, _ = draft_of(db, case_id)
    errors = [p for p in problems_of(db, case, application) if p.severity == "error"]
    if errors:
        raise RuleViolation(errors)
    case = advance(db, case_id, "submit", actor)
    naming.hold(db, case_id=case_id, now=now())
    days = policy(db, "decision_days", case.authority_code)
    case.submitted_at, case.due_at = now(), add_working_days(now(), days)
    row = submit_copy(db, case, {p.kind: p.key.removesuffix(".p") for p in live_papers(db, case_id)})
    resolve_corrections(db, case_id)
    _tell(
        db, case, "submitted", f"submitted:{row.id}", days=days, until=f"{local_date(case.due_at):%Y-%m-%d}"
    )
    return row


def approve(db: Session, staff: Staff, case_id: uuid.UUID, opinion: str = "") -> Decision:
    """Approve what was handed in; the licence follows (PRO-03). Raises Conflict (`not_held`, `moved_on`), NotAllowed."""
    case = lock_case(db, case_id)
    row = decide(db, staff, case, "establishment", "approve", opinion)
    case = advance(db, case_id, "approve", actor_of(staff), {"decision": str(row.id)})
    case.due_at = None
    _tell(db, case, "approved", f"approved:{row.id}")
    return row


def return_for_correction(db: Session, staff: Staff, case_id: uuid.UUID, wanted: list[Wanted]) -> Decision:
    """Return with everything to correct at once (PRO-05); exactly those fields open.

    Raises RuleViolation when nothing is named, Conflict (`not_held`, `moved_on`), NotAllowed.
    """
    case = lock_case(db, case_id)
    wanted = [w for w in wanted if w.field and w.text.strip()]
    if not wanted:
        raise RuleViolation([Problem("PRO-05", "corrections", NOTHING_WANTED)])
    row = decide(db, staff, case, "establishment", "return", "；".join(w.text for w in wanted))
    ask_corrections(db, row, wanted)
    case = advance(
        db, case_id, "return_for_correction", actor_of(staff), {"fields": [w.field for w in wanted]}
    )
    case.returned_at, case.due_at = now(), None
    naming.unhold(db, case_id=case_id, now=now())
    _notice(db, case, row, "C", tuple(w.text for w in wanted))
    _tell(db, case, "returned", f"returned:{row.id}", count=len(wanted))
    return row


def refuse(db: Session, staff: Staff, case_id: uuid.UUID, reason: str) -> Decision:
    """Refuse with reasons and remedies (PRO-07, PRO-08). Raises RuleViolation, Conflict, NotAllowed."""
    case = lock_case(db, case_id)
    row = decide(db, staff, case, "establishment", "refuse", reason)
    case = advance(db, case_id, "refuse", actor_of(staff), {"decision": str(row.id)})
    case.due_at = None
    declaration.end(db, case_id, "released")
    naming.release(db, case_id=case_id, now=now())
    _notice(db, case, row, "R", (reason.strip(),))
    _tell(db, case, "refused", f"refused:{row.id}", reason=reason.strip())
    return row


def withdraw(db: Session, case_id: uuid.UUID, actor: Actor) -> Case:
    """Take the application back; the name becomes free. Raises Conflict, NotAllowed."""
    case = advance(db, case_id, "withdraw", actor)
    case.due_at = None
    declaration.end(db, case_id, "released")
    naming.release(db, case_id=case_id, now=now())
    return case


def _notice(db: Session, case: Case, decision: Decision, letter: str, items: tuple[str, ...]) -> None:
    """The numbered, sealed notice of a return (C) or a refusal (R)."""
    office = catalogue(db).authorities[case.authority_code]
    owner = db.get_one(Account, case.owner_id)
    decision.notice_number = f"{case.number}-{letter}{decision.decided_at or now():%m%d%H%M}"
    facts = NoticeFacts(
        number=decision.notice_number, case_number=case.number, authority=office.name, addressee=owner.name,
        entity_name=case.name, matter="设立登记", issued=today(),
        acted_on=local_date(case.submitted_at) if case.submitted_at else None, items=items,
        reason="；".join(items), simulated=settings().simulated,
    )  # fmt: skip
    seal = authority().seal_for(db, office.code.replace("-", ""), office.name)
    decision.notice_key = objects.put(
        sealing.seal(db, authority(), notice("correction" if letter == "C" else "refusal", facts), seal)
    )


def _tell(db: Session, case: Case, template: str, key: str, **values: object) -> None:
    owner = db.get_one(Account, case.owner_id)
    send(
        db, "sms", owner.phone, template, key, case_id=case.id, language=owner.language, case=case.number,
        company=case.name, **values,
    )  # fmt: skip
