"""Formal notices of the authority: numbered, sealed, kept. What is not a decision is sealed by the worker (PRO-04)."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from signing import pdf as sealing
from signing.papers.data import NoticeFacts
from signing.papers.notices import notice
from workflow import objects
from workflow.accounts.models import Account, Staff
from workflow.case import Actor, Case, lock_case, record
from workflow.catalogues.queries import catalogue
from workflow.clock import add_working_days, local_date
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolation, Words
from workflow.establishment import texts
from workflow.establishment.attachments import KINDS, attachments_of
from workflow.establishment.drafts import draft_of, submissions_of
from workflow.establishment.facts import paper_facts
from workflow.establishment.models import Notice, Submission
from workflow.machine import MOVED_ON
from workflow.messages.operations import send
from workflow.queue import enqueue
from workflow.review.models import Decision
from workflow.review.operations import REASON_NEEDED, actor_of
from workflow.review.queries import recused
from workflow.settings import document_url, settings
from workflow.signatures.invitations import live_papers
from workflow.signer import authority, may_fail, seal_of

EXTENSION = 3  # working days, once (MER746 Art. 19)
LETTERS = {"receipt": "S", "extension": "X"}
OVERDUE = Words(
    "办理期限已经届满，不能再延长。请尽快作出决定。",
    "The time to decide has run out and cannot be extended any more. Please decide without delay.",
)
EXTENDED = Words("办理期限已经延长过一次。", "The time to decide was extended once already.")
RECUSED = Words("您已声明回避，不能办理此件。", "You have recused yourself from this case.")


def acknowledge(db: Session, case: Case, submission: Submission) -> Notice:
    """The receipt for what was just handed in and is not decided on the spot; sealed by what follows `submit` (PRO-04)."""
    enclosed = [KINDS[a.kind].zh for a in attachments_of(db, case.id)]
    counted = [f"{kind}（{enclosed.count(kind)}件）" for kind in dict.fromkeys(enclosed)]
    assert case.due_at is not None
    row = Notice(
        case_id=case.id, submission_id=submission.id, kind="receipt", number=f"{case.number}-S{submission.seq}",
        materials=[*(paper.title for paper in live_papers(db, case.id)), *counted], until=case.due_at,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


def may_extend(db: Session, staff: Staff, case: Case) -> bool:
    """Whether this member of staff may extend the time to decide now: for whom the head of the authority decides."""
    return (
        case.state == "submitted"
        and "approver" in staff.roles
        and case.authority_code in staff.authority_codes
        and case.due_at is not None
        and case.due_at >= now()
        and not recused(db, case.id, staff.id)
        and _extension(db, case) is None
    )


def _extension(db: Session, case: Case) -> Notice | None:
    newest = (
        select(Submission.id).where(Submission.case_id == case.id).order_by(Submission.seq.desc()).limit(1)
    )
    return db.scalar(
        select(Notice).where(Notice.kind == "extension", Notice.submission_id == newest.scalar_subquery())
    )


def extend(db: Session, staff: Staff, case_id: uuid.UUID, reason: str) -> Notice:
    """Three more working days for a complex case: approved by the head, once, with written notice (PRO-04).

    Raises NotAllowed, RuleViolation without a reason, Conflict (`moved_on`, `recused`, `extended`, `overdue`).
    """
    case = lock_case(db, case_id)
    if case.authority_code not in staff.authority_codes or "approver" not in staff.roles:
        raise NotAllowed("not an approver of this authority")
    if case.state != "submitted" or case.due_at is None:
        raise Conflict(MOVED_ON, "moved_on")
    if recused(db, case_id, staff.id):
        raise Conflict(RECUSED, "recused")
    if _extension(db, case) is not None:
        raise Conflict(EXTENDED, "extended")
    if case.due_at < now():
        raise Conflict(OVERDUE, "overdue")
    if not reason.strip():
        raise RuleViolation([Problem("PRO-04", "extension", REASON_NEEDED, "MER746 Art. 19")])
    submission = submissions_of(db, case_id)[-1][0]
    case.due_at = add_working_days(case.due_at, EXTENSION)
    row = Notice(
        case_id=case_id, submission_id=submission.id, kind="extension", number=f"{case.number}-X{submission.seq}",
        staff_id=staff.id, reason=reason.strip()[:300], materials=[], until=case.due_at,
    )  # fmt: skip
    db.add(row)
    until = f"{local_date(case.due_at):%Y-%m-%d}"
    event = record(
        db, case, actor_of(staff), "extend_decision", detail={"until": until, "notice": row.number}
    )
    enqueue(db, "issue_notices", str(case_id), key=f"issue_notices:{case_id}:{event.seq}")
    owner = db.get_one(Account, case.owner_id)
    send(
        db, "sms", owner.phone, "extended", f"extended:{row.id}", case_id=case_id, language=owner.language,
        case=case.number, until=until, reason=row.reason,
    )  # fmt: skip
    return row


def issue(db: Session, case_id: uuid.UUID) -> int:
    """Seal what notices of a case are not sealed yet; how many. A repeat seals none. Raises OutsideFailure."""
    rows = db.scalars(
        select(Notice).where(Notice.case_id == case_id, Notice.key == "").order_by(Notice.created_at)
    ).all()
    case = db.get_one(Case, case_id)
    sealed = {row.id: sealed_notice(db, case, row.kind, facts_of(db, case, row)) for row in rows}
    lock_case(db, case_id)
    count = 0
    for row in rows:
        db.refresh(row)
        if row.key:  # another worker was quicker; its file counts
            continue
        row.key, row.issued_at = sealed[row.id], now()
        detail = {"notice": row.number, "sha256": row.key.removesuffix(".p")}
        record(db, case, Actor.system(), f"issue_{row.kind}", detail=detail)
        count += 1
    return count


def facts_of(db: Session, case: Case, row: Notice) -> NoticeFacts:
    """What a receipt or an extension says."""
    submission, application = next(s for s in submissions_of(db, case.id) if s[0].id == row.submission_id)
    return common(
        db, case, row.number, entity_name=paper_facts(db, case, application).name, issued=local_date(row.created_at),
        acted_on=local_date(submission.submitted_at), until=local_date(row.until), materials=tuple(row.materials),
        reason=row.reason,
    )  # fmt: skip


def common(db: Session, case: Case, number: str, **rest: Any) -> NoticeFacts:
    """A notice of this case: who writes to whom about what, and the rest."""
    rest.setdefault("entity_name", "")
    if not rest["entity_name"]:
        rest["entity_name"] = paper_facts(db, case, draft_of(db, case.id)[0]).name
    return NoticeFacts(
        number=number, case_number=case.number, authority=catalogue(db).authorities[case.authority_code].name,
        addressee=db.get_one(Account, case.owner_id).name, matter="设立登记", verification_url=document_url(number),
        simulated=settings().simulated, **rest,
    )  # fmt: skip


def sealed_notice(db: Session, case: Case, kind: str, facts: NoticeFacts) -> str:
    """The object key of the notice with the authority's seal. Raises OutsideFailure: nothing was written then."""
    office = catalogue(db).authorities[case.authority_code]
    made = notice(kind, facts, texts.in_force(db))
    with may_fail():
        seal = seal_of(db, office.code, office.name)
        return objects.put(sealing.seal(db, authority(), made, seal))


def notices_of(db: Session, case_id: uuid.UUID) -> list[Notice]:
    """The receipts and extensions of a case that are sealed, oldest first."""
    query = select(Notice).where(Notice.case_id == case_id, Notice.key != "")
    return list(db.scalars(query.order_by(Notice.created_at)))


def file_of(db: Session, case_id: uuid.UUID, number: str) -> bytes:
    """A notice that was served in a case, by its number. Raises NotFound."""
    key = db.scalar(
        select(Notice.key).where(Notice.case_id == case_id, Notice.number == number, Notice.key != "")
    ) or db.scalar(
        select(Decision.notice_key).where(
            Decision.case_id == case_id, Decision.notice_number == number, Decision.notice_key != ""
        )
    )
    if not number or not key:
        raise NotFound(f"notice {number}")
    return objects.get(key)
