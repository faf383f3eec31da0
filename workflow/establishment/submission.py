"""Handing in, and the registrar's decisions on what was handed in."""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from workflow.accounts.models import Account, Staff
from workflow.case import Actor, Case, advance, lock_case
from workflow.catalogues.queries import catalogue
from workflow.clock import add_working_days, local_date, today
from workflow.db import now
from workflow.errors import Problem, RuleViolation, Words
from workflow.establishment import notices, types
from workflow.establishment.data import Application
from workflow.establishment.drafts import draft_of, submissions_of, submit_copy
from workflow.establishment.models import Submission
from workflow.establishment.problems import problems_of
from workflow.messages.operations import send
from workflow.naming import declaration
from workflow.naming import operations as naming
from workflow.policies.queries import policy
from workflow.review.models import Decision
from workflow.review.operations import Wanted, actor_of, ask_corrections, decide, resolve_corrections
from workflow.review.queries import decisions_of
from workflow.review.reasons import CORRECTIONS, REFUSALS
from workflow.review.remedies import remedies_of
from workflow.signatures.invitations import live_papers

WHAT_WRONG = Words("请写明这一项需要怎样补正。", "Say what is to be corrected here.")
NO_SUCH_FIELD = Words("没有这一项申请内容。", "The application has no such item.")
NO_BASIS = Words("请选择不予登记的依据。", "Choose what the refusal is based on.")
NOTHING_WANTED = Words("请至少指出一处需要补正的内容。", "Name at least one thing to correct.")
CORRECTIONS_LEFT = Words(
    "已标出需要补正的内容。请选择退回补正，或清除这些内容后再作决定。",
    "Corrections are marked. Choose to return the case, or clear them before you decide otherwise.",
)
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
    if not types.is_unnamed(case.entity_type, case.name):
        naming.hold(db, case_id=case_id, now=now())
    days = policy(db, "decision_days", case.authority_code)
    case.submitted_at, case.due_at = now(), add_working_days(now(), days)
    row = submit_copy(db, case, {p.kind: p.key.removesuffix(".p") for p in live_papers(db, case_id)})
    resolve_corrections(db, case_id)
    notices.acknowledge(db, case, row)
    _tell(
        db, case, "submitted", f"submitted:{row.id}", days=days, until=f"{local_date(case.due_at):%Y-%m-%d}"
    )
    return row


def approve(db: Session, staff: Staff, case_id: uuid.UUID, opinion: str = "") -> Decision:
    """Approve what was handed in; the licence follows (PRO-03). Raises Conflict (`not_held`, `moved_on`), NotAllowed."""
    case = lock_case(db, case_id)
    row = decide(db, staff, case, "establishment", "approve", opinion, _seen(db, case))
    case = advance(db, case_id, "approve", actor_of(staff), {"decision": str(row.id)})
    case.due_at = None
    _tell(db, case, "approved", f"approved:{row.id}")
    return row


def return_for_correction(db: Session, staff: Staff, case_id: uuid.UUID, wanted: list[Wanted]) -> Decision:
    """Return with everything to correct at once (PRO-05); exactly those fields open (`drafts.opened_fields`).

    `Wanted.field` is a path of the application, a whole list of it, or `attachments`. Raises RuleViolation when
    nothing is named or a point has no text (field `text-PATH`), Conflict (`not_held`, `moved_on`), NotAllowed.
    """
    case = lock_case(db, case_id)
    problems = [
        Problem("PRO-05", f"text-{w.field}", words)
        for w in wanted
        for words in ([] if w.text.strip() else [WHAT_WRONG])
        + ([] if _is_field(w.field) else [NO_SUCH_FIELD])
    ]
    if not wanted:
        problems = [Problem("PRO-05", "corrections", NOTHING_WANTED)]
    if problems:
        raise RuleViolation(problems)
    points = tuple(_point(w) for w in wanted)
    row = decide(db, staff, case, "establishment", "return", "；".join(points), _seen(db, case))
    ask_corrections(db, row, wanted)
    case = advance(
        db, case_id, "return_for_correction", actor_of(staff), {"fields": [w.field for w in wanted]}
    )
    case.returned_at, case.due_at = now(), None
    if not types.is_unnamed(case.entity_type, case.name):
        held = naming.unhold(db, case_id=case_id, now=now())
        declaration.keep_until(db, case_id, held.reserved_until)
    _notice(db, case, row, "correction", points)
    _tell(db, case, "returned", f"returned:{row.id}", count=len(wanted))
    return row


def _is_field(path: str) -> bool:
    return path == "attachments" or (path.partition(".")[0] in Application.model_fields and len(path) <= 100)


def _point(wanted: Wanted) -> str:
    chosen = CORRECTIONS.get(wanted.reason_code)
    parts = [wanted.label, chosen.words.zh if chosen else "", wanted.text.strip()]
    return "：".join(part for part in parts if part)


def _seen(db: Session, case: Case) -> dict[str, Any]:
    """What the rules said of the application that was decided on."""
    handed_in = submissions_of(db, case.id)
    problems = problems_of(db, case, handed_in[-1][1]) if handed_in else []
    return {
        "submission": handed_in[-1][0].seq if handed_in else 0,
        "problems": [{"code": p.code, "field": p.field, "severity": p.severity} for p in problems],
    }


def refuse(db: Session, staff: Staff, case_id: uuid.UUID, reason: str, reason_code: str) -> Decision:
    """Refuse with reasons, basis and remedies (PRO-07, PRO-08); `reason_code` is one of `reasons.REFUSALS`.

    Raises RuleViolation, Conflict (`not_held`, `moved_on`), NotAllowed.
    """
    case = lock_case(db, case_id)
    chosen = REFUSALS.get(reason_code)
    if chosen is None:
        raise RuleViolation([Problem("PRO-07", "refusal", NO_BASIS)])
    row = decide(db, staff, case, "establishment", "refuse", reason, _seen(db, case))
    case = advance(db, case_id, "refuse", actor_of(staff), {"decision": str(row.id), "reason": reason_code})
    case.due_at = None
    _notice(db, case, row, "refusal", (chosen.words.zh, reason.strip()), chosen.basis)
    declaration.end(db, case_id, "released")
    naming.release(db, case_id=case_id, now=now())
    _tell(db, case, "refused", f"refused:{row.id}", reason=reason.strip())
    return row


def withdraw(db: Session, case_id: uuid.UUID, actor: Actor) -> Case:
    """Take the application back; the name becomes free. Raises Conflict, NotAllowed."""
    case = advance(db, case_id, "withdraw", actor)
    case.due_at = None
    declaration.end(db, case_id, "released")
    naming.release(db, case_id=case_id, now=now())
    return case


def _notice(
    db: Session, case: Case, decision: Decision, kind: str, items: tuple[str, ...], basis: str = ""
) -> None:
    """The numbered, sealed notice of a return (`correction`) or a `refusal`."""
    office = catalogue(db).authorities[case.authority_code]
    verdict = {"correction": "return", "refusal": "refuse"}[kind]
    count = sum(d.verdict == verdict and d.task == "establishment" for d in decisions_of(db, case.id))
    reservation = declaration.reservation_of(db, case.id)
    until = reservation.reserved_until if reservation and kind == "correction" else None
    review_body, court = remedies_of(db, office)
    decision.notice_number = f"{case.number}-{kind[0].upper()}{count}"
    facts = notices.common(
        db, case, decision.notice_number, issued=today(), items=items, reason="；".join(items), basis=basis,
        acted_on=local_date(case.submitted_at) if case.submitted_at else None,
        until=local_date(until) if until else None, review_body=review_body, court=court,
    )  # fmt: skip
    decision.notice_key = notices.sealed_notice(
        db, case, kind, facts
    )  # else nothing was decided: the caller rolls back


def _tell(db: Session, case: Case, template: str, key: str, **values: object) -> None:
    owner = db.get_one(Account, case.owner_id)
    send(
        db, "sms", owner.phone, template, key, case_id=case.id, language=owner.language, case=case.number,
        company=case.name, **values,
    )  # fmt: skip
