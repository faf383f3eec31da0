"""The texts of papers, forms and notices as staff keep them: a change is proposed with a reason and a day, decided by
a second person.

Papers and notices follow the newest approved text whose day has come, else the shipped one; each names the version.
"""

import json
import string
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from signing.papers import notices, registry, samples, templates
from signing.papers.data import PaperFacts, RenderedPaper
from signing.papers.notices import NOTICES
from signing.papers.samples import SAMPLES
from signing.papers.templates import Template
from signing.papers.wording import tags, values
from workflow.clock import today
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolation, Words
from workflow.establishment.models import PaperText

MAIN = ("chapter", "part", "heading", "article", "number", "p", "table", "sensitive")
ADDED = ("chapter", "article", "number", "p")  # kinds of passages that staff may add
REASON = Words("请写明理由。", "Give a reason.")
NOTE = Words("请写明不予批准的理由。", "Say why you turn it down.")
PAST = Words("生效日期不能早于今天。", "The first day cannot lie in the past.")
UNCHANGED = Words("文本没有变化。", "Nothing in the text was changed.")
EMPTY = Words("文本不能全部删除。", "The text cannot be emptied.")
EDITION = Words("请写明依据的文书规范版本。", "Name the edition of the official form.")
UNKNOWN = Words("没有“{name}”这一填充项。", "There is no value {name} to fill in.")
BRACES = Words("大括号不成对。", "The braces do not match.")
SECOND = Words("须由另一人批准。", "Someone else has to approve this.")
DECIDED = Words("这一变更已经处理过了。", "This change has been decided already.")
MOVED = Words(
    "在您修改期间该文本有了新版本，请在新版本上重新修改。",
    "A new version came into force meanwhile. Make your change on the new one.",
)


@dataclass(frozen=True)
class Passage:
    """What a form says of one block: its text (paragraphs by line), its items by line, and one to add behind it."""

    text: str = ""
    items: str = ""
    added_kind: str = ""
    added: str = ""


def in_force(db: Session, day: date | None = None) -> dict[str, Template]:
    """The texts that hold on a day (today) in place of the shipped ones, by name."""
    rows = db.scalars(
        select(PaperText)
        .where(PaperText.approved, PaperText.valid_from <= (day or today()))
        .order_by(PaperText.valid_from, PaperText.decided_at)
    )
    return {row.name: templates.parse(row.name, row.text, row.version) for row in rows}


def current(db: Session, name: str) -> Template:
    """The text of this name that holds today. Raises NotFound."""
    if name not in registry.editable_texts():
        raise NotFound("text")
    return in_force(db).get(name) or templates.load(name)


def passages(template: Template) -> list[tuple[str, str, str, list[str]]]:
    """Each block as a form shows it: kind, text, items, conditions."""
    return [
        (kind, _joined(block[kind]), "\n".join(block.get("items", ())), list(block.get("when", ())))
        for block in template.blocks
        for kind in [_kind(block)]
    ]


def _kind(block: Mapping[str, Any]) -> str:
    return next(kind for kind in MAIN if kind in block)


def _joined(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)


@dataclass(frozen=True)
class Sample:
    """A fictitious paper or notice that follows a text: its type of entity (empty for notices), what its words and
    tags are, and how it is made with other texts."""

    entity_type: str
    values: Mapping[str, str]
    tags: frozenset[str]
    build: Callable[[Mapping[str, Template]], RenderedPaper]


def changed(template: Template, forms: list[Passage], edition: str = "") -> str:
    """The text with the passages of a form: an empty one leaves, an added one follows its neighbour. JSON.

    `edition` is what the form says of the official edition, where the text follows one.
    """
    blocks: list[dict[str, Any]] = []
    for block, form in zip(template.blocks, forms, strict=True):
        kind = _kind(block)
        lines = _lines(form.text)
        if kind == "table":
            blocks.append(dict(block))
        elif lines:
            new = dict(block) | {kind: lines if kind == "article" else "".join(lines)}
            if "items" in block:
                new["items"] = _lines(form.items)
            blocks.append(new)
        if form.added_kind in ADDED and (more := _lines(form.added)):
            fresh: dict[str, Any] = {form.added_kind: more if form.added_kind == "article" else "".join(more)}
            blocks.append(fresh | ({"when": block["when"]} if "when" in block else {}))
    official = {"edition": edition} if template.edition else {}
    head = {**template.titles, **official, "version": template.version}
    return json.dumps({**head, "block": blocks}, ensure_ascii=False)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def propose(
    db: Session, name: str, base: str, forms: list[Passage], reason: str, valid_from: date | None, by: uuid.UUID,
    edition: str = "",
) -> PaperText:  # fmt: skip
    """Propose another text; nothing is in force yet. `base`: the SHA-256 of the text that the form showed.

    Raises RuleViolation, Conflict when the text changed meanwhile, NotFound.
    """
    template = current(db, name)
    if template.sha256 != base or len(forms) != len(template.blocks):
        raise Conflict(MOVED, "moved_on")
    edition = edition.strip()[:200]
    text = changed(template, forms, edition)
    problems = [] if reason.strip() else [Problem("required", "reason", REASON)]
    if valid_from and valid_from < today():
        problems.append(Problem("invalid", "valid_from", PAST))
    if template.edition and not edition:
        problems.append(Problem("required", "edition", EDITION))
    problems += _wrong(name, text, template)
    if problems:
        raise RuleViolation(problems)
    row = PaperText(
        name=name,
        text=text,
        base=base,
        reason=reason.strip()[:500],
        valid_from=valid_from or today(),
        proposed_by=by,
    )
    db.add(row)
    db.flush()
    return row


def _wrong(name: str, text: str, before: Template) -> list[Problem]:
    after = templates.parse(name, text)
    if not after.blocks:
        return [Problem("required", "text", EMPTY)]
    if list(after.blocks) == list(before.blocks) and after.edition == before.edition:
        return [Problem("unchanged", "text", UNCHANGED)]
    known = samples_of(name)[0].values
    found = []
    for block in after.blocks:
        for part in [_joined(block[_kind(block)]), *block.get("items", ())]:
            try:
                asked = [field for _, field, _, _ in string.Formatter().parse(part) if field is not None]
            except ValueError:
                found.append(Problem("invalid", "text", BRACES))
                continue
            found += [Problem("invalid", "text", UNKNOWN.format(name=f)) for f in asked if f not in known]
    return found


def samples_of(name: str) -> list[Sample]:
    """The fictitious papers, one a type of entity, or the notice that follow this text. Raises NotFound."""
    kind = name.removeprefix("notice_")
    if name != kind and kind in NOTICES:
        facts = samples.notice()
        return [Sample("", notices.values(facts), notices.tags(facts), partial(notices.notice, kind, facts))]
    found = [
        Sample(code, values(paper_facts), tags(paper_facts), partial(_with_texts, paper, paper_facts))
        for code, make in SAMPLES.items()
        for paper in registry.PAPERS[code]
        if paper.text == name
        for paper_facts in [make()]
    ]
    if not found:
        raise NotFound("text")
    return found


def _with_texts(paper: registry.PaperKind, facts: PaperFacts, texts: Mapping[str, Template]) -> RenderedPaper:
    return paper.build(replace(facts, texts=texts))


def preview(row: PaperText, before: Template) -> bytes:
    """A fictitious paper with this text, as PDF: of the type of entity that shows most of what it changes."""
    template = templates.parse(row.name, row.text, row.version or "proposed")
    new = [block for block in template.blocks if block not in before.blocks]

    def shown(sample: Sample) -> int:
        return sum(templates.holds(block.get("when", []), sample.tags) for block in new)

    return max(samples_of(row.name), key=shown).build({row.name: template}).pdf


def change_of(db: Session, change_id: uuid.UUID) -> PaperText:
    """One change. Raises NotFound."""
    row = db.get(PaperText, change_id)
    if row is None:
        raise NotFound("change")
    return row


def changes(db: Session) -> list[PaperText]:
    """All changes, the newest first."""
    return list(db.scalars(select(PaperText).order_by(PaperText.proposed_at.desc())))


def decide(db: Session, change_id: uuid.UUID, by: uuid.UUID, approve: bool, note: str) -> PaperText:
    """Approve, in force from its day on; or turn down, which the proposer may do too.

    Raises NotAllowed when the proposer approves, RuleViolation for a refusal without a note, Conflict, NotFound.
    """
    db.execute(sql("SELECT pg_advisory_xact_lock(hashtext('paper_texts'))"))  # one version after the other
    row = db.get(PaperText, change_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("change")
    if row.decided_by is not None:
        raise Conflict(DECIDED, "decided")
    if approve and row.proposed_by == by:
        raise NotAllowed(SECOND.zh)
    if approve and current(db, row.name).sha256 != row.base:
        raise Conflict(MOVED, "moved_on")
    if not approve and not note.strip():
        raise RuleViolation([Problem("required", "note", NOTE)])
    row.decided_by, row.decided_at, row.approved, row.note = by, now(), approve, note.strip()[:500]
    if approve:
        count = db.scalar(
            select(func.count()).select_from(PaperText).where(PaperText.name == row.name, PaperText.approved)
        )
        row.version = f"{row.valid_from:%Y-%m-%d}.{count}"
    db.flush()
    return row
