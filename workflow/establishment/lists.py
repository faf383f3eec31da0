"""Authorities, rules of jurisdiction, other names of places, addresses that need a proof, scope entries, everyday words and
words that a scope may not contain are lists that staff keep (AUT-01, AUT-09, AUT-10, ADR-03, SC-08, SC-12): with a reason, dated, approved by a second person, previewed on recent cases."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.accounts.models import Staff
from workflow.case import Case
from workflow.catalogues import editing
from workflow.catalogues.queries import Catalogue, catalogue
from workflow.clock import local_date, today
from workflow.errors import Problem, Words
from workflow.establishment import scope, types
from workflow.establishment.address import HOME
from workflow.establishment.jurisdiction import AddressMatch, match
from workflow.establishment.models import Draft
from workflow.establishment.needs import EXCEPTIONS, address_exceptions, plain
from workflow.naming.lists import KEEPERS, Effect, Keeper, Values
from workflow.naming.models import NameCatalogueChange

TABLE = {
    "authority": "registration_authorities", "rule": "authority_rules", "place": "divisions", "scope": "scope_entries",
    "everyday": "scope_synonyms", "exception": "address_exceptions", "forbidden": "scope_forbidden_words",
}  # fmt: skip
KEY = {
    "authority": "code", "rule": "code", "place": "code", "scope": "code", "everyday": "word", "exception": "address",
    "forbidden": "word",
}  # fmt: skip
LEVELS = ("province", "city", "county", "zone")
SUBJECTS = ("foreign", "provincial_state")
SPECIFIC = {"division": 11, "town": 56, "words": 61}  # the more specific decides, above the shipped rules
ABSENT = Words("清单中没有这一项。", "The list has no such entry.")
WRONG = Words("这个值不合要求。", "This value does not fit.")
NO_PLACE = Words("没有这个行政区划或街道的代码。", "There is no place with this code.")
NO_AUTHORITY = Words("没有这个登记机关。", "There is no such authority.")
NO_TEXT = Words("规范目录中没有：{text}。", "Not in the catalogue: {text}.")
TWICE = Words("目录中已有这一表述。", "The catalogue has this wording already.")
DATES = Words("最后一天不能早于起始日期。", "The last day cannot be before the first.")
NEEDS_APPROVAL = Words("许可项目应写明许可文件。", "A licensed item needs its approval.")
FORBIDDEN = Words("经营范围不得含有“{words}”。", "A scope may not contain {words}.")
NO_KIND = Words("没有这一主体类型。", "There is no such type.")
TOO_SHORT = Words(
    "地址过短，会涉及太多住所；请写到路名和门牌号。",
    "Too short: it would concern too many addresses. Give road and number.",
)
COMMITMENT = Words("可以只凭承诺", "a commitment suffices")
SHORTEST_ADDRESS = 4


def listed(text: str) -> list[str]:
    """The parts of a text separated by semicolons, of either width."""
    return [part for part in (p.strip() for p in re.split("[;；]", text)) if part]


@dataclass(frozen=True)
class _Shape:
    """What one list needs and how its values are judged."""

    needed: tuple[str, ...]
    wrong: Callable[[Catalogue, Values], Iterator[Problem]]


def _authority(facts: Catalogue, values: Values) -> Iterator[Problem]:
    if not re.fullmatch(r"[A-Za-z0-9-]{3,16}", values["code"]):
        yield Problem("invalid", "code", WRONG)
    if values["level"] not in LEVELS:
        yield Problem("invalid", "level", WRONG)
    if values["host_division"] not in facts.divisions:
        yield Problem("invalid", "host_division", NO_PLACE)
    if not re.fullmatch(r"\d{6}", values["uscc_authority_code"]):
        yield Problem("invalid", "uscc_authority_code", WRONG)


def _rule(facts: Catalogue, values: Values) -> Iterator[Problem]:
    kind, place, around = values["kind"], values["place"], values["division_code"]
    if kind not in SPECIFIC:
        yield Problem("invalid", "kind", WRONG)
    if around not in facts.divisions:
        yield Problem("invalid", "division_code", NO_PLACE)
    if (kind == "division" and place not in facts.divisions) or (kind == "town" and place not in facts.towns):
        yield Problem("invalid", "place", NO_PLACE)
    if kind == "words" and len(place) < 2:
        yield Problem("invalid", "place", WRONG)
    if values["authority_code"] not in facts.authorities:
        yield Problem("invalid", "authority_code", NO_AUTHORITY)
    if any(code not in facts.divisions for code in listed(values.get("within", ""))):
        yield Problem("invalid", "within", NO_PLACE)
    subjects = {*(kind.code for kind in types.every()), *SUBJECTS}
    if any(t not in subjects for t in listed(values.get("entity_types", ""))):
        yield Problem("invalid", "entity_types", NO_KIND)


def _place(facts: Catalogue, values: Values) -> Iterator[Problem]:
    if values["code"] not in facts.divisions:
        yield Problem("invalid", "code", NO_PLACE)
    if any(len(alias) < 2 for alias in listed(values.get("aliases", ""))):
        yield Problem("invalid", "aliases", WRONG)


def _scope(facts: Catalogue, values: Values) -> Iterator[Problem]:
    if not re.fullmatch(r"[A-Za-z0-9-]{2,16}", values["code"]):
        yield Problem("invalid", "code", WRONG)
    if values["category"] not in ("general", "filing", "licensed"):
        yield Problem("invalid", "category", WRONG)
    if values["category"] == "licensed" and not values.get("approval"):
        yield Problem("required", "approval", NEEDS_APPROVAL)
    if any(e.text == values["text"] and e.code != values["code"] for e in facts.scope_entries.values()):
        yield Problem("invalid", "text", TWICE)
    if any(code not in facts.industries for code in listed(values.get("industry_codes", ""))):
        yield Problem("invalid", "industry_codes", WRONG)
    if words := scope.forbidden_words(values["text"], catalogue=facts):
        yield Problem("SC-12", "text", FORBIDDEN.format(words="、".join(words)))


def _everyday(facts: Catalogue, values: Values) -> Iterator[Problem]:
    known = {e.text for e in facts.scope_entries.values()}
    if missing := [text for text in listed(values["texts"]) if text not in known]:
        yield Problem("invalid", "texts", NO_TEXT.format(text="、".join(missing)))


def _exception(facts: Catalogue, values: Values) -> Iterator[Problem]:
    if len(plain(values["address"])) < SHORTEST_ADDRESS:
        yield Problem("invalid", "address", TOO_SHORT)
    if values["why"] not in EXCEPTIONS:
        yield Problem("invalid", "why", WRONG)
    if values.get("authority_code") and values["authority_code"] not in facts.authorities:
        yield Problem("invalid", "authority_code", NO_AUTHORITY)


def _forbidden(facts: Catalogue, values: Values) -> Iterator[Problem]:
    if len(values["word"]) < 2:
        yield Problem("invalid", "word", WRONG)


SHAPES = {
    "authority": _Shape(("code", "name", "level", "host_division", "uscc_authority_code"), _authority),
    "rule": _Shape(("code", "kind", "division_code", "place", "authority_code"), _rule),
    "place": _Shape(("code",), _place),
    "scope": _Shape(("code", "text", "category"), _scope),
    "everyday": _Shape(("word", "texts"), _everyday),
    "exception": _Shape(("address", "why"), _exception),
    "forbidden": _Shape(("word",), _forbidden),
}


def _wrong(kind: str, db: Session, action: str, values: Values) -> Iterator[Problem]:
    facts = catalogue(db)
    if action == "withdraw":
        if known(facts, kind, values[KEY[kind]]) is None:
            yield Problem("absent", KEY[kind], ABSENT)
        return
    yield from SHAPES[kind].wrong(facts, values)
    begins, ends = values.get("valid_from", ""), values.get("valid_to", "")
    if begins and ends and ends <= begins:
        yield Problem("invalid", "valid_to", DATES)


def known(facts: Catalogue, kind: str, key: str) -> object | None:
    """The row of a list that holds or will hold, None when there is none."""
    rows = facts.tables[TABLE[kind]]
    found = next((r for r in rows if getattr(r, KEY[kind]) == key), None)
    return None if found is None or (found.valid_to and found.valid_to <= today()) else found


def _row(facts: Catalogue, kind: str, action: str, values: Values, day: date) -> dict[str, object]:
    """The row as it is after the change."""
    old = next((r for r in facts.tables[TABLE[kind]] if getattr(r, KEY[kind]) == values[KEY[kind]]), None)
    if action == "withdraw":
        ended: dict[str, str] = {"aliases": ""} if kind == "place" else {"valid_to": day.isoformat()}
        return editing.row_of(TABLE[kind], {}, old) | editing.row_of(TABLE[kind], ended)
    given = {k: ";".join(listed(v)) if k in LISTED[kind] else v for k, v in values.items()}
    if (
        kind == "authority" and old is not None and old.name != given["name"]
    ):  # AUT-09: an old name is understood still
        given["aliases"] = ";".join(dict.fromkeys([*listed(given.get("aliases", "")), old.name]))
    if kind == "rule":
        if old is None:
            given["priority"] = str(SPECIFIC[given["kind"]] + (100 if given.get("entity_types") else 0))
        given["ask"] = "true" if given.get("ask") else "false"
    if kind != "place":  # whatever was left empty is empty now
        empty = {k: "" for k in OPTIONAL[kind] if k not in given}
        given = empty | given
    if kind == "scope":
        given.setdefault("attested", "register" if old is None else old.attested)
    return editing.row_of(TABLE[kind], given, old)


LISTED = {
    "authority": {"aliases"}, "rule": {"entity_types", "within"}, "place": {"aliases"}, "scope": {"industry_codes"},
    "everyday": {"texts"}, "exception": set(), "forbidden": set(),
}  # fmt: skip
OPTIONAL = {
    "authority": ("aliases", "note", "valid_from", "valid_to"),
    "rule": ("entity_types", "within", "basis", "valid_from", "valid_to"),
    "scope": ("timing", "approval", "approved_by", "industry_codes", "description", "proposed_word", "valid_from", "valid_to"),
    "everyday": ("valid_from", "valid_to"),
    "exception": ("authority_code", "basis", "valid_from", "valid_to"),
    "forbidden": ("valid_from", "valid_to"),
}  # fmt: skip


def _put(kind: str, db: Session, row: NameCatalogueChange) -> None:
    by = db.get_one(Staff, row.approved_by).number
    values = _row(catalogue(db), kind, row.action, row.values, today())
    values["source"] = row.values.get("source") or values.get("source") or "staff"
    editing.put(db, TABLE[kind], values, by)


def _preview(kind: str, db: Session, action: str, values: Values, now: datetime, sample: int) -> list[Effect]:
    """What recent cases and every county and zone would have been told, or what searches would have found."""
    before, day = catalogue(db), local_date(now)
    after = editing.with_row(before, TABLE[kind], _row(before, kind, action, values, day))
    begins = max(day, date.fromisoformat(values["valid_from"])) if values.get("valid_from") else day
    rows = db.execute(
        select(Case.number, Case.entity_type, Case.authority_code, Draft.data)
        .join(Draft, Draft.case_id == Case.id)
        .order_by(Case.created_at.desc())
        .limit(sample)
    ).all()
    if kind in ("scope", "everyday"):
        return _found(kind, before, after, values, begins) + [
            e for r in rows for e in _chosen(r.number, r.data, kind, before, after, values)
        ]
    if kind == "exception":
        return _proofs(rows, before, after, begins)
    if kind == "forbidden":
        return _refused(rows, before, after, begins)
    asked = [(r.data["address"]["text"], r.entity_type) for r in rows if r.data["address"]["text"]]
    asked += [
        (f"{d.full_name}1号", "llc")
        for d in before.divisions.values()
        if d.code[:2] == HOME[:2] and d.level == 3
    ]
    asked += [(f"{r.place}1号", "llc") for r in before.authority_rules if r.kind == "words" and not r.within]
    if kind == "place":
        asked += [(f"{alias}1号", "llc") for alias in listed(values.get("aliases", ""))]
    if kind == "rule" and values.get("kind") == "words":
        asked.append((before.divisions[values["division_code"]].name + values["place"] + "1号", "llc"))
    effects = (
        Effect(
            text,
            _answer(match(text, subject, catalogue=before, day=begins)),
            _answer(match(text, subject, catalogue=after, day=begins)),
        )
        for text, subject in dict.fromkeys(asked)
    )
    return [e for e in effects if e.before != e.after]


def _proofs(rows: Sequence[Any], before: Catalogue, after: Catalogue, day: date) -> list[Effect]:
    """Recent cases that would need a proof of their address, or need it no longer."""

    def said(facts: Catalogue, row: Any) -> str:
        whys = address_exceptions(facts, row.data["address"]["text"], row.authority_code, day)
        return EXCEPTIONS[whys[0]].zh if whys else COMMITMENT.zh

    found = (Effect(r.number, said(before, r), said(after, r)) for r in rows if r.data["address"]["text"])
    return [e for e in found if e.before != e.after]


def _refused(rows: Sequence[Any], before: Catalogue, after: Catalogue, day: date) -> list[Effect]:
    """Wordings of the catalogue and of recent cases that would be refused, or no longer."""
    said = [(e.text, e.text) for e in before.scope_entries.values() if e.holds(day)]
    said += [(f"{r.number} {e['text']}", e["text"]) for r in rows for e in r.data["scope"]]

    def verdict(facts: Catalogue, text: str) -> str:
        words = scope.forbidden_words(text, catalogue=facts, day=day)
        return FORBIDDEN.format(words="、".join(words)).zh if words else "—"

    found = (Effect(name, verdict(before, text), verdict(after, text)) for name, text in said)
    return [e for e in found if e.before != e.after]


def _answer(found: AddressMatch) -> str:
    if found.authority:
        return found.authority.name
    names = dict.fromkeys(c.authority.name for c in found.candidates if c.authority)
    return "？" + "／".join([*names][:4])


def _found(kind: str, before: Catalogue, after: Catalogue, values: Values, day: date) -> list[Effect]:
    """The first wordings that the words of this entry find."""
    if kind == "everyday":
        terms = [values["word"]]
    else:
        text = values.get("text") or before.scope_entries[values["code"]].text
        terms = [text, *(s.word for s in before.scope_synonyms if text in s.texts)]

    def said(term: str, facts: Catalogue) -> str:
        hits = scope.search(term, 3, catalogue=facts, day=day)
        return "；".join(h.entry.text + ("（许可）" if h.entry.licensed else "") for h in hits) or "—"

    found = [Effect(term, said(term, before), said(term, after)) for term in terms]
    return [e for e in found if e.before != e.after]


def _chosen(
    number: str, data: dict[str, object], kind: str, before: Catalogue, after: Catalogue, values: Values
) -> Iterator[Effect]:
    """A case that chose this entry, and what its licence would say of it."""
    for entry in data["scope"] if kind == "scope" else ():  # type: ignore[attr-defined]
        if entry["code"] == values["code"] and entry["code"] in before.scope_entries:
            old, new = before.scope_entries[entry["code"]], after.scope_entries[entry["code"]]
            lines = [("许可项目：" if e.licensed else "一般项目：") + e.text for e in (old, new)]
            if new.valid_to and new.valid_to <= today():
                lines[1] = "—"
            if lines[0] != lines[1]:
                yield Effect(number, *lines)


for _kind, _shape in SHAPES.items():
    KEEPERS[_kind] = Keeper(
        {"add": _shape.needed, "withdraw": (KEY[_kind],)},
        partial(_wrong, _kind), partial(_preview, _kind), partial(_put, _kind),
    )  # fmt: skip

__all__ = ["KEY", "LEVELS", "LISTED", "SUBJECTS", "TABLE", "known", "listed"]
