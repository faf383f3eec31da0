"""Staff edit lists: proposed with a reason, previewed, approved by a second person, and in force in every process with
the next check. The restricted words, the synonyms and the look-alikes are here; other rooms register theirs as a
`Keeper`."""

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from workflow.clock import local_date
from workflow.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolation, Words
from workflow.naming import comparison, facts
from workflow.naming.catalogue import Catalogue, Change, compiled, restricted_word
from workflow.naming.comparison import Entry
from workflow.naming.models import CHANGE_NUMBERS, DEAD, HOLDING, NameCatalogueChange, RegisterName
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
Values = dict[str, str]
Measure = Callable[[str, str, Catalogue, date], str]
_HAN = re.compile("[\u3400-\u9fff]")
_HANS = re.compile("[\u3400-\u9fff]{1,20}")
_REASON = Words("请写明理由。", "Give a reason.")
_INCOMPLETE = Words("这一项没有填写完整。", "This entry is incomplete.")
_ABSENT = Words("清单中没有这一项。", "The list has no such entry.")
_NO_TRADE = Words(
    "这个词不在行业用语表中，加入同义组不会起作用。",
    "This is not an industry word of the table, so a group would have no effect.",
)
_ONE_CHARACTER = Words("请填写一个汉字。", "Enter one Chinese character.")
_SAME_CHARACTER = Words("两个字不能相同。", "The two characters must differ.")
_DATES = Words("截止日期不能早于起始日期。", "The last day cannot be before the first.")
_CHINESE = Words("请填写汉字。", "Enter Chinese characters.")
_NOTE = Words("请写明不予批准的理由。", "Say why you turn it down.")
_SECOND = Words("须由另一人批准。", "Someone else has to approve this.")
_DECIDED = Words("这一变更已经处理过了。", "This change has been decided already.")


@dataclass(frozen=True)
class Effect:
    """What a change would have done to one name of the register."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Keeper:
    """A list of another room: which values an action (add, withdraw) needs, what is wrong with them, what they would do
    to the last so many cases, and how an approved change is made."""

    needed: dict[str, tuple[str, ...]]
    wrong: Callable[[Session, str, Values], Iterator[Problem]]
    preview: Callable[[Session, str, Values, datetime, int], list[Effect]]
    put: Callable[[Session, NameCatalogueChange], None]


KEEPERS: dict[str, Keeper] = {}  # by kind


def propose(
    db: Session, *, kind: str, action: str, values: dict[str, str], reason: str, by: uuid.UUID, now: datetime
) -> NameCatalogueChange:
    """Propose a change; nothing is in force yet.

    `values`: for a word `word, category, rule, effect (forbid|review|warn), valid_from` and optionally
    `match, exceptions, basis, valid_to`; for a synonym `word, group`; for look-alikes `a, b`.
    Raises RuleViolation without a reason or with incomplete values.
    """
    values = {key: str(value).strip() for key, value in values.items()}
    problems = [] if reason.strip() else [Problem("required", "reason", _REASON)]
    keeper = KEEPERS.get(kind)
    needed = keeper.needed.get(action) if keeper else NEEDED.get((kind, action))
    for field in needed or ("kind",):
        if not values.get(field):
            problems.append(Problem("required", field, _INCOMPLETE))
    if not problems:
        problems = list(
            keeper.wrong(db, action, values)
            if keeper
            else _wrong(current_catalogue(db), kind, action, values)
        )
    if problems:
        raise RuleViolation(problems)
    row = NameCatalogueChange(
        kind=kind, action=action, values=values, reason=reason.strip(), proposed_by=by, proposed_at=now
    )
    db.add(row)
    db.flush()
    return row


def _wrong(catalogue: Catalogue, kind: str, action: str, values: dict[str, str]) -> Iterator[Problem]:
    if kind == "lookalike":
        a, b = values["a"], values["b"]
        for side in ("a", "b"):
            if not _HAN.fullmatch(values[side]):
                yield Problem("invalid", side, _ONE_CHARACTER)
        if a == b:
            yield Problem("invalid", "b", _SAME_CHARACTER)
        if action == "withdraw" and b not in catalogue.lookalikes.get(a, ()):
            yield Problem("absent", "b", _ABSENT)
    elif kind == "synonym":
        if action == "withdraw" and values["word"] not in catalogue.groups:
            yield Problem("absent", "word", _ABSENT)
        if action == "add" and values["word"] not in facts.industry_words():
            yield Problem("invalid", "word", _NO_TRADE)
    elif action == "withdraw":
        if values["word"] not in catalogue.words:
            yield Problem("absent", "word", _ABSENT)
    else:
        if not _HANS.fullmatch(values["word"]):
            yield Problem("invalid", "word", _CHINESE)
        try:
            word = restricted_word(values)
        except (KeyError, ValueError):
            yield Problem("invalid", "effect", _INCOMPLETE)
        else:
            if word.valid_to and word.valid_to < word.valid_from:
                yield Problem("invalid", "valid_to", _DATES)


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
    if keeper := KEEPERS.get(row.kind):
        keeper.put(db, row)
    db.flush()
    return row


def reject(
    db: Session, *, change_id: uuid.UUID, by: uuid.UUID, note: str, now: datetime
) -> NameCatalogueChange:
    """Turn a proposed change down; its proposer may so take it back.

    Raises RuleViolation without a note, Conflict when it was decided before, NotFound.
    """
    row = _undecided(db, change_id)
    if not note.strip():
        raise RuleViolation([Problem("required", "note", _NOTE)])
    row.rejected_by, row.rejected_at, row.note = by, now, note.strip()
    db.flush()
    return row


def _undecided(db: Session, change_id: uuid.UUID) -> NameCatalogueChange:
    row = db.get(NameCatalogueChange, change_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("no such change")
    if row.number is not None or row.rejected_by is not None:
        raise Conflict(_DECIDED, "decided")
    return row


def preview(
    db: Session, *, kind: str, action: str, values: dict[str, str], now: datetime, sample: int = 1000
) -> list[Effect]:
    """What the change would have done to the last `sample` names of the register.

    For words the verdict of the rules on the name alone, before and after (`clear`, `review`, `blocked`); for synonyms
    and look-alikes the rules under which these names collide among themselves. Lists of other rooms say what theirs
    would have done.
    """
    if keeper := KEEPERS.get(kind):
        return keeper.preview(db, action, values, now, sample)
    before = current_catalogue(db)
    number = before.number + 1
    changed = Change(number, kind, action, tuple(sorted((k, str(v)) for k, v in values.items())))
    after = compiled((*before.changes, changed))
    rows = db.execute(
        select(RegisterName.name, RegisterName.prefecture)
        .where(RegisterName.status.in_(HOLDING + DEAD))
        .order_by(RegisterName.created_at.desc())
        .limit(sample)
    ).all()
    names = sorted({(row.name, row.prefecture) for row in rows})
    measure = _word_verdict if kind == "word" else _collisions_among(names)
    day = local_date(now)
    effects = (
        Effect(name, measure(name, area, before, day), measure(name, area, after, day))
        for name, area in names
    )
    return [e for e in effects if e.before != e.after]


def _word_verdict(name: str, area: str, catalogue: Catalogue, day: date) -> str:
    parts = parse(name)
    return verdict_of(local_findings(Proposal("", text=name), parts, catalogue, day))


def _collisions_among(names: Sequence[tuple[str, str]]) -> Measure:
    """The rules under which a name collides with another of these names in its comparison area (CMP-B5)."""
    entries = {name: comparison.entry(parse(name)) for name, _ in names}
    near: dict[tuple[str, str], list[Entry]] = {}
    for name, area in names:
        for shape in _shapes(entries[name].trade_name):
            near.setdefault((area, shape), []).append(entries[name])

    def measure(name: str, area: str, catalogue: Catalogue, day: date) -> str:
        mine = entries[name]
        others = {
            o.name: o for shape in _shapes(mine.trade_name) for o in near[area, shape] if o.name != name
        }
        return ", ".join(
            sorted({rule for o in others.values() if (rule := comparison.relation(mine, o, catalogue))})
        )

    return measure


def _shapes(trade_name: str) -> list[str]:
    """The trade name with one character left open: names that share a shape differ in one character at most."""
    return [trade_name[:i] + "_" + trade_name[i + 1 :] for i in range(len(trade_name))]
