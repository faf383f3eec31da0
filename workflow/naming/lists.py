"""Staff edit the restricted words, the synonyms and the look-alikes: proposed with a reason, previewed, approved by a
second person, and in force in every process with the next check."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from workflow.clock import local_date
from workflow.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolation, Words
from workflow.naming import comparison
from workflow.naming.catalogue import Catalogue, Change, compiled, restricted_word
from workflow.naming.comparison import Entry
from workflow.naming.models import CHANGE_NUMBERS, NameCatalogueChange, RegisterName
from workflow.naming.parts import parse
from workflow.naming.proposal import Proposal, verdict_of
from workflow.naming.queries import current_catalogue
from workflow.naming.rules import local_findings

NEEDED = {
    ("word", "add"): ("word", "category", "rule", "effect", "valid_from"),
    ("word", "withdraw"): ("word",),
    ("synonym", "add"): ("word", "group"),
    ("synonym", "withdraw"): ("word",),
    ("lookalike", "add"): ("a", "b"),
    ("lookalike", "withdraw"): ("a", "b"),
}
_REASON = Words("请写明理由。", "Give a reason.")
_INCOMPLETE = Words("这一项没有填写完整。", "This entry is incomplete.")
_SECOND = Words("须由另一人批准。", "Someone else has to approve this.")
_DECIDED = Words("这一变更已经处理过了。", "This change has been decided already.")


@dataclass(frozen=True)
class Effect:
    """What a change would have done to one name of the register."""

    name: str
    before: str
    after: str


def propose(
    db: Session, *, kind: str, action: str, values: dict[str, str], reason: str, by: uuid.UUID, now: datetime
) -> NameCatalogueChange:
    """Propose a change; nothing is in force yet.

    `values`: for a word `word, category, rule, effect (forbid|review|warn), valid_from` and optionally
    `match, exceptions, basis, valid_to`; for a synonym `word, group`; for look-alikes `a, b`.
    Raises RuleViolation without a reason or with incomplete values.
    """
    problems = [] if reason.strip() else [Problem("required", "reason", _REASON)]
    for field in NEEDED.get((kind, action), ("kind",)):
        if not str(values.get(field, "")).strip():
            problems.append(Problem("required", field, _INCOMPLETE))
    if not problems and (kind, action) == ("word", "add"):
        try:
            restricted_word(values)
        except (KeyError, ValueError):
            problems.append(Problem("invalid", "effect", _INCOMPLETE))
    if kind == "lookalike" and any(len(values.get(side, "")) != 1 for side in ("a", "b")):
        problems.append(Problem("invalid", "a", _INCOMPLETE))
    if problems:
        raise RuleViolation(problems)
    row = NameCatalogueChange(
        kind=kind, action=action, values=dict(values), reason=reason.strip(), proposed_by=by, proposed_at=now
    )
    db.add(row)
    db.flush()
    return row


def approve(db: Session, *, change_id: uuid.UUID, by: uuid.UUID, now: datetime) -> NameCatalogueChange:
    """A second person approves; in force for every check that begins after the commit.

    Raises NotAllowed for the proposer, Conflict when it was decided before, NotFound.
    """
    row = _undecided(db, change_id)
    if row.proposed_by == by:
        raise NotAllowed(_SECOND.zh)
    db.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('name_catalogue'))")
    )  # numbers in order of commits
    row.approved_by, row.approved_at = by, now
    row.number = db.execute(CHANGE_NUMBERS.next_value()).scalar_one()
    db.flush()
    return row


def reject(db: Session, *, change_id: uuid.UUID) -> NameCatalogueChange:
    """Turn a proposed change down. Raises Conflict when it was decided before, NotFound."""
    row = _undecided(db, change_id)
    row.rejected = True
    db.flush()
    return row


def _undecided(db: Session, change_id: uuid.UUID) -> NameCatalogueChange:
    row = db.get(NameCatalogueChange, change_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("no such change")
    if row.number is not None or row.rejected:
        raise Conflict(_DECIDED, "decided")
    return row


def pending(db: Session) -> list[NameCatalogueChange]:
    """Changes that wait for a second person, oldest first."""
    waiting = select(NameCatalogueChange).where(
        NameCatalogueChange.number.is_(None), NameCatalogueChange.rejected.is_(False)
    )
    return list(db.scalars(waiting.order_by(NameCatalogueChange.sequence)))


def history(db: Session, limit: int = 200) -> list[NameCatalogueChange]:
    """Approved changes, newest first."""
    approved = select(NameCatalogueChange).where(NameCatalogueChange.number.is_not(None))
    return list(db.scalars(approved.order_by(NameCatalogueChange.number.desc()).limit(limit)))


def preview(
    db: Session, *, kind: str, action: str, values: dict[str, str], now: datetime, sample: int = 1000
) -> list[Effect]:
    """What the change would have done to the last `sample` names of the register.

    For words the verdict of the word rules before and after; for synonyms and look-alikes the collisions among
    these names themselves.
    """
    before = current_catalogue(db)
    number = before.number + 1
    changed = Change(number, kind, action, tuple(sorted((k, str(v)) for k, v in values.items())))
    after = compiled((*before.changes, changed))
    names = db.scalars(
        select(RegisterName.name).order_by(RegisterName.created_at.desc(), RegisterName.id).limit(sample)
    ).all()
    measure = _word_verdict if kind == "word" else _collisions_among(names)
    day = local_date(now)
    effects = (Effect(name, measure(name, before, day), measure(name, after, day)) for name in names)
    return [e for e in effects if e.before != e.after]


def _word_verdict(name: str, catalogue: Catalogue, day: Any) -> str:
    parts = parse(name)
    return verdict_of(local_findings(Proposal("", text=name), parts, catalogue, day))


def _collisions_among(names: Any) -> Any:
    entries: list[Entry] = [comparison.entry(parse(name)) for name in names]
    by_length: dict[int, list[Entry]] = {}
    for one in entries:
        by_length.setdefault(len(one.trade_name), []).append(one)

    def measure(name: str, catalogue: Catalogue, day: Any) -> str:
        mine = comparison.entry(parse(name))
        same = [o for o in by_length.get(len(mine.trade_name), ()) if o.name != mine.name]
        alike = [
            o for o in same if sum(a != b for a, b in zip(o.trade_name, mine.trade_name, strict=True)) <= 1
        ]
        rules = sorted({rule for o in alike if (rule := comparison.relation(mine, o, catalogue))})
        return ", ".join(rules)

    return measure
