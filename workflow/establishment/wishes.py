"""Wordings outside the scope catalogue that applicants asked for: gathered as they are handed in, seen and answered by
staff (SC-09). A wording that is added to the catalogue needs no further answer."""

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, case, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow.accounts.models import Staff
from workflow.case import Case
from workflow.catalogues.models import ScopeEntry
from workflow.clock import today
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment.models import ScopeWish, ScopeWishCase

STATES = ("open", "added", "answered", "refused")
INSTEAD = Words("登记机关建议改用规范表述“{entry}”。", "the authority proposes the standard wording {entry}.")
REFUSED = Words(
    "登记机关此前未采用这一表述：{reason}", "the authority did not accept this wording before: {reason}"
)
NO_ENTRY = Words("请填写规范目录中的表述。", "Enter a wording of the catalogue.")
NO_REASON = Words("请写明理由，申请人会看到。", "Give the reason; applicants see it.")
IN_CATALOGUE = Words("规范目录中已有这一表述。", "The catalogue has this wording already.")


def note(db: Session, case_id: uuid.UUID, texts: Collection[str]) -> None:
    """Remember what a case asks for, each wording and case once; part of handing in."""
    for text in dict.fromkeys(t.strip()[:100] for t in texts if t.strip()):
        db.execute(insert(ScopeWish).values(id=uuid.uuid4(), text=text).on_conflict_do_nothing())
        wish = db.execute(select(ScopeWish.id).where(ScopeWish.text == text)).scalar_one()
        row = insert(ScopeWishCase).values(wish_id=wish, case_id=case_id)
        db.execute(row.on_conflict_do_nothing())


def state_of() -> Any:
    """An expression: open, added (the catalogue has it now), answered or refused."""
    standard = (ScopeEntry.text == ScopeWish.text) & or_(
        ScopeEntry.valid_to.is_(None), ScopeEntry.valid_to > today()
    )
    return case((exists().where(standard), "added"), (ScopeWish.state == "", "open"), else_=ScopeWish.state)


def listing(text: str = "", state: str = "") -> Select[Any]:
    """A statement: wish, state, number of cases; the open ones first, the most wished for first."""
    count = (
        select(func.count())
        .where(ScopeWishCase.wish_id == ScopeWish.id)
        .correlate(ScopeWish)
        .scalar_subquery()
    )
    found = select(ScopeWish, state_of().label("shown"), count.label("times"))
    if text:
        found = found.where(ScopeWish.text.contains(text, autoescape=True))
    if state:
        found = found.where(state_of() == state)
    return found.order_by(
        case((state_of() == "open", 0), else_=1), count.desc(), ScopeWish.asked_at, ScopeWish.id
    )


def wish_of(db: Session, wish_id: uuid.UUID) -> tuple[ScopeWish, str, int]:
    """A wish, its state, and how many cases asked for it. Raises NotFound."""
    row = db.execute(listing().where(ScopeWish.id == wish_id)).one_or_none()
    if row is None:
        raise NotFound("wish")
    return row.ScopeWish, row.shown, row.times


def cases_of(wish_id: uuid.UUID) -> Any:
    """A statement: the cases that asked for it, the newest first."""
    joined = select(Case, ScopeWishCase.asked_at).join(ScopeWishCase, ScopeWishCase.case_id == Case.id)
    return joined.where(ScopeWishCase.wish_id == wish_id).order_by(
        ScopeWishCase.asked_at.desc(), Case.number.desc()
    )


def answer(db: Session, wish_id: uuid.UUID, staff: Staff, entry: str, reason: str) -> ScopeWish:
    """Say which wording of the catalogue serves instead, or, with an empty `entry`, why the wish is refused.

    May be said anew. Raises NotFound, RuleViolation (`entry`, `reason`), Conflict (`decided`) for a wording that the
    catalogue has by now.
    """
    row = db.get(ScopeWish, wish_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("wish")
    known = db.scalar(select(ScopeEntry).where(ScopeEntry.text == entry.strip())) if entry.strip() else None
    if entry.strip() and (known is None or not known.holds(today())):
        raise RuleViolation([Problem("SC-09", "entry", NO_ENTRY)])
    if known is None and not reason.strip():
        raise RuleViolation([Problem("SC-09", "reason", NO_REASON)])
    if wish_of(db, wish_id)[1] == "added":
        raise Conflict(IN_CATALOGUE, "decided")
    row.state, row.entry_code = ("answered", known.code) if known else ("refused", "")
    row.reason, row.decided_by, row.decided_at = reason.strip(), staff.id, now()
    db.flush()
    return row


def decided(db: Session, texts: Collection[str]) -> dict[str, Words]:
    """What staff have said of these wordings, as the end of the rule's sentence."""
    wanted = [t for t in texts if t.strip()]
    if not wanted:
        return {}
    rows = db.execute(
        select(ScopeWish, ScopeEntry.text)
        .outerjoin(ScopeEntry, ScopeEntry.code == ScopeWish.entry_code)
        .where(ScopeWish.text.in_(wanted), ScopeWish.state != "")
    )
    return {
        wish.text: INSTEAD.format(entry=entry) if entry else REFUSED.format(reason=wish.reason)
        for wish, entry in rows
    }
