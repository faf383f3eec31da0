"""Step 3 as part of a case: a name is declared, perhaps reviewed, reserved, given up or used."""

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from signing import pdf as sealing
from signing.papers.data import NoticeFacts
from signing.papers.notices import notice
from workflow import objects
from workflow.accounts.models import Account, Staff
from workflow.case import Actor, Case, advance, lock_case, record
from workflow.catalogues.queries import catalogue
from workflow.clock import add_working_days, local_date
from workflow.db import Base, Id, Now, now
from workflow.errors import Conflict, Problem, RuleViolation, Words
from workflow.establishment import texts, types
from workflow.establishment.drafts import draft_of
from workflow.machine import MOVED_ON, CaseMachine, next_state
from workflow.messages.operations import send
from workflow.naming import operations as register
from workflow.naming.proposal import Answer, Proposal
from workflow.naming.queries import check, decision_record
from workflow.policies.queries import policy
from workflow.review.models import Decision
from workflow.review.operations import actor_of, decide
from workflow.settings import document_url, settings
from workflow.signer import authority, may_fail, seal_of

COMMITMENT = Words("请勾选承诺后再提交。", "Tick the commitment to go on.")
BLOCKED = Words(
    "此名称不能使用，请按提示修改或另选。",
    "This name cannot be used. Change it as explained, or choose another.",
)
NOT_CHECKED = Words(
    "名称暂时无法核对，没有提交。请稍后再试。",
    "The name could not be checked just now; nothing was submitted. Try again later.",
)
NO_EXTENSION = Words(
    "经营范围中有登记前须经批准的项目时，名称才能保留一年。",
    "A name is kept for a year only where the scope has items that need approval before registration.",
)
NEEDS_NAME = Words("这类主体必须有名称。", "This type of entity needs a name.")
LIVE = ("pending", "reserved")


class NameDeclaration(Base):
    """A name that was declared for a case, with the answer it got. One live declaration a case."""

    __tablename__ = "name_declarations"
    __table_args__ = (
        Index(
            "uq_name_declarations_live",
            "case_id",
            unique=True,
            postgresql_where=text("state IN ('pending', 'reserved')"),
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    proposal: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any]]  # verdict and findings as they were when declared
    state: Mapped[str] = mapped_column(String(10))  # pending | reserved | refused | released | expired | used
    committed_at: Mapped[datetime]  # NM-43
    declared_at: Mapped[Now]
    reserved_until: Mapped[datetime | None]
    notice_key: Mapped[str] = mapped_column(String(80), default="")


def declaration_of(db: Session, case_id: uuid.UUID) -> NameDeclaration | None:
    """The live declaration of a case: pending or reserved."""
    return db.scalar(
        select(NameDeclaration).where(NameDeclaration.case_id == case_id, NameDeclaration.state.in_(LIVE))
    )


def reservation_of(db: Session, case_id: uuid.UUID) -> NameDeclaration | None:
    """The name reserved (or used at licence issue) for a case."""
    return db.scalar(
        select(NameDeclaration)
        .where(NameDeclaration.case_id == case_id, NameDeclaration.state.in_(("reserved", "used")))
        .order_by(NameDeclaration.declared_at.desc())
        .limit(1)
    )


def declarations_of(db: Session, case_id: uuid.UUID) -> list[NameDeclaration]:
    """Every name ever declared for a case, newest first."""
    query = select(NameDeclaration).where(NameDeclaration.case_id == case_id)
    return list(db.scalars(query.order_by(NameDeclaration.declared_at.desc())))


def declare(
    db: Session, case_id: uuid.UUID, actor: Actor, proposal: Proposal, committed: bool
) -> NameDeclaration:
    """Declare a name: checked and held in one go, so that nobody else can hold it (NM-42 to NM-44).

    Whether a registrar looks at it first is the authority's policy `name_review`.
    Raises RuleViolation (no commitment, blocked, could not check), Conflict (`name_taken`, `moved_on`), NotAllowed.
    """
    case = lock_case(db, case_id)
    next_state(CaseMachine, case.state, "declare_name", actor.roles)
    if not committed:
        raise RuleViolation([Problem("NM-43", "committed", COMMITMENT)])
    answer = check(db, proposal, now=now())
    if answer.verdict == "blocked":
        raise RuleViolation([Problem(_first_rule(answer), "trade_name", BLOCKED)])
    if answer.verdict == "could_not_check":
        raise RuleViolation([Problem("NM-42", "", NOT_CHECKED)])
    months = policy(db, "reservation_months", proposal.authority_code)
    row = register.reserve(
        db,
        case_id=case_id,
        holder=case.owner_id,
        proposal=proposal,
        months=months,
        committed=committed,
        now=now(),
    )
    mode = policy(db, "name_review", proposal.authority_code)
    review = mode == "all" or (mode == "findings" and answer.verdict == "review")
    count = len(declarations_of(db, case_id))
    declaration = NameDeclaration(
        case_id=case_id, number=f"{case.number}-N{count + 1}", name=row.name, proposal=_plain(proposal),
        answer=decision_record(answer), state="pending" if review else "reserved", committed_at=now(), declared_at=now(),
        reserved_until=row.reserved_until,
    )  # fmt: skip
    db.add(declaration)
    case.name, case.authority_code = row.name, proposal.authority_code
    case = advance(
        db, case_id, "declare_name", actor, {"name": row.name, "verdict": answer.verdict}, name_review=review
    )
    if review:
        case.due_at = add_working_days(now(), policy(db, "decision_days", case.authority_code))
        _tell(db, case, "name_submitted", declaration)
    else:
        _tell(db, case, "name_reserved", declaration)
    return declaration


def _first_rule(answer: Answer) -> str:
    return answer.findings[0].rule if answer.findings else "NM-42"


def _plain(proposal: Proposal) -> dict[str, Any]:
    return {
        key: value
        for key, value in asdict(proposal).items()
        if isinstance(value, (str, int, bool, type(None)))
    }


def approve_name(db: Session, staff: Staff, case_id: uuid.UUID, opinion: str = "") -> Decision:
    """A registrar finds nothing against the name; it is reserved. Raises Conflict, NotAllowed."""
    case = lock_case(db, case_id)
    declaration = _pending(db, case_id)
    row = decide(db, staff, case, "name", "approve", opinion, declaration.answer)
    case = advance(db, case_id, "approve_name", actor_of(staff), {"decision": str(row.id)})
    case.due_at = None
    declaration.state = "reserved"
    _tell(db, case, "name_reserved", declaration)
    return row


def refuse_name(db: Session, staff: Staff, case_id: uuid.UUID, reason: str) -> Decision:
    """A registrar refuses the name with a reason; it becomes free. Raises RuleViolation, Conflict, NotAllowed."""
    case = lock_case(db, case_id)
    declaration = _pending(db, case_id)
    row = decide(db, staff, case, "name", "refuse", reason, declaration.answer)
    case = advance(
        db, case_id, "refuse_name", actor_of(staff), {"decision": str(row.id), "reason": row.reason}
    )
    case.due_at = None
    declaration.state = "refused"
    register.refuse(db, case_id=case_id, reason=row.reason, now=now())
    _tell(db, case, "name_refused", declaration, reason=row.reason)
    return row


def waive(db: Session, case_id: uuid.UUID, actor: Actor) -> Case:
    """Go on without a name, where the type of entity may do without one (IMPL52 Art. 6); the case says so in its place.

    Raises RuleViolation for other types, Conflict (`moved_on`), NotAllowed.
    """
    case = lock_case(db, case_id)
    kind = types.get(case.entity_type)
    if not kind.name_optional:
        raise RuleViolation([Problem("IMPL-06", "trade_name", NEEDS_NAME, "IMPL52 Art. 6")])
    case = advance(db, case_id, "waive_name", actor, name_optional=True)
    case.name = types.unnamed(kind)
    return case


def give_up(db: Session, case_id: uuid.UUID, actor: Actor) -> Case:
    """The applicant gives the name up to choose another. Raises Conflict, NotAllowed."""
    case = advance(db, case_id, "release_name", actor)
    case.due_at, case.name = None, "" if types.is_unnamed(case.entity_type, case.name) else case.name
    end(db, case_id, "released")
    register.release(db, case_id=case_id, now=now())
    return case


def may_extend(db: Session, case: Case) -> bool:
    """Whether the name may be kept for a year: the scope has items approved before registration (NM-44)."""
    entries = catalogue(db).scope_entries
    chosen = draft_of(db, case.id)[0].scope
    return any(e.code in entries and entries[e.code].timing == "before" for e in chosen)


def extend(db: Session, case_id: uuid.UUID, actor: Actor) -> NameDeclaration:
    """Keep the name for a year from its declaration, where approvals are needed first (NM-44).

    Raises Conflict (`moved_on`, `reservation_expired`), RuleViolation when nothing needs approval before registration.
    """
    case = lock_case(db, case_id)
    declaration = reservation_of(db, case_id)
    if declaration is None or declaration.state != "reserved":
        raise Conflict(MOVED_ON, "moved_on")
    if not may_extend(db, case):
        raise RuleViolation([Problem("NM-44", "", NO_EXTENSION, "企业名称登记管理规定第十八条")])
    row = register.extend(db, case_id=case_id, now=now())
    declaration.reserved_until, declaration.notice_key = row.reserved_until, ""
    until = f"{local_date(row.reserved_until):%Y-%m-%d}" if row.reserved_until else ""
    record(db, case, actor, "extend_reservation", detail={"until": until})
    return declaration


def choose_again(db: Session, case_id: uuid.UUID, actor: Actor) -> Case:
    """After a reservation has expired: back to choosing a name. Raises Conflict, NotAllowed."""
    return advance(db, case_id, "choose_again", actor)


def keep_until(db: Session, case_id: uuid.UUID, until: datetime | None) -> None:
    """The register keeps the name to another day: the declaration says the same, and its notice is made anew."""
    declaration = declaration_of(db, case_id)
    if declaration is not None and declaration.reserved_until != until:
        declaration.reserved_until, declaration.notice_key = until, ""


def end(db: Session, case_id: uuid.UUID, state: str) -> None:
    """The live declaration ends: released, expired, or used by the licence."""
    if declaration := declaration_of(db, case_id):
        declaration.state = state
        db.flush()


def _pending(db: Session, case_id: uuid.UUID) -> NameDeclaration:
    declaration = declaration_of(db, case_id)
    if declaration is None:
        raise Conflict(MOVED_ON, "moved_on")
    return declaration


def _tell(db: Session, case: Case, template: str, declaration: NameDeclaration, **values: str) -> None:
    owner = db.get_one(Account, case.owner_id)
    until = f"{local_date(declaration.reserved_until):%Y-%m-%d}" if declaration.reserved_until else ""
    send(
        db, "sms", owner.phone, template, f"{template}:{declaration.id}", case_id=case.id, language=owner.language,
        case=case.number, company=declaration.name, until=until, **values,
    )  # fmt: skip


def notice_of(db: Session, case: Case, row: NameDeclaration) -> str:
    """The object key of the sealed reservation notice (NM-46); made when first asked for. Raises OutsideFailure."""
    if not row.notice_key:
        office = catalogue(db).authorities[case.authority_code]
        assert row.reserved_until is not None
        facts = NoticeFacts(
            number=row.number, case_number=case.number, authority=office.name,
            addressee=db.get_one(Account, case.owner_id).name, entity_name=row.name, matter="名称申报",
            issued=local_date(now()), acted_on=local_date(row.declared_at), until=local_date(row.reserved_until),
            verification_url=document_url(row.number), simulated=settings().simulated,
        )  # fmt: skip
        made = notice("name", facts, texts.in_force(db))
        with may_fail():
            seal = seal_of(db, office.code, office.name)
            row.notice_key = objects.put(sealing.seal(db, authority(), made, seal))
    return row.notice_key
