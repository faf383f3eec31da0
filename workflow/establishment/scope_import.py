"""Loading the official catalogue of scope entries (SC-01, SC-08) from a file: good lines count, bad ones are reported.

Each block of lines is one transaction and a line that is loaded already changes nothing, so a load that broke off is
simply begun again. What staff edited stays as they left it.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from workflow.catalogues.editing import row_of
from workflow.catalogues.loaders import STAFF, touch
from workflow.catalogues.models import ScopeEntry
from workflow.catalogues.queries import Catalogue, catalogue
from workflow.db import now, transaction
from workflow.establishment.lists import SHAPES, listed

BY = "import"
BLOCK = 500
COLUMNS = frozenset(c.name for c in ScopeEntry.__table__.columns if c.name not in STAFF)  # type: ignore[attr-defined]


@dataclass
class Report:
    """What a load did; `bad` holds line numbers and reasons."""

    new: int = 0
    changed: int = 0
    same: int = 0
    kept: int = 0  # edited by staff
    bad: list[tuple[int, str]] = field(default_factory=list)


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and columns. Raises ValueError for a file without the needed columns or with unknown ones."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names = set(reader.fieldnames or ())
        if missing := {"code", "text", "category"} - names:
            raise ValueError(f"missing columns: {', '.join(sorted(missing))}")
        if unknown := names - COLUMNS:
            raise ValueError(f"no such column: {', '.join(sorted(unknown))}")
        for row in reader:
            yield reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}


def load(path: Path, check_only: bool = False, tell: Callable[[int, str], None] = lambda *_: None) -> Report:
    """Load a file into the database; every process knows the entries with its next request. Raises ValueError."""
    report, seen, rows = Report(), dict[str, int](), rows_of(path)
    while block := list(islice(rows, BLOCK)):
        with transaction() as db:
            facts = catalogue(db)
            texts = {e.text: e for e in facts.scope_entries.values()}
            wrote = False
            for number, values in block:
                wrong = _wrong(facts, values, seen, number)
                if wrong:
                    report.bad.append((number, wrong))
                    tell(number, wrong)
                    continue
                known = texts.get(values["text"]) or facts.scope_entries.get(values["code"])
                wrote |= _store(db, known, values, report, check_only)
            if wrote:
                touch(db, "scope_entries")
    return report


def _wrong(facts: Catalogue, values: dict[str, str], seen: dict[str, int], number: int) -> str:
    for name in ("code", "text", "category"):
        if not values.get(name):
            return f"{name} is empty"
    for key in (values["code"], values["text"]):
        if key in seen:
            return f"{key} stands in line {seen[key]} already"
    seen |= {values["code"]: number, values["text"]: number}
    if values.get("timing", "") not in ("", "before", "after"):
        return "timing is before, after or empty"
    clashes = [p for p in SHAPES["scope"].wrong(facts, values) if p.field != "text" or p.code == "SC-12"]
    return "; ".join(f"{p.field}: {p.words.en}" for p in clashes)


def _store(db: Session, known: Any, values: dict[str, str], report: Report, check_only: bool) -> bool:
    """Write one line unless nothing changes; an entry that is known by its wording keeps its code here."""
    if known is not None and known.edited_at is not None and known.edited_by != BY:
        report.kept += 1
        return False
    plain = {k: ";".join(listed(v)) if k == "industry_codes" else v for k, v in values.items()}
    plain |= {} if plain.get("attested") else {"attested": "official"}
    if known is not None:
        plain["code"] = known.code
    row = row_of("scope_entries", plain, known)
    if known is not None and all(getattr(known, name) == value for name, value in row.items()):
        report.same += 1
        return False
    report.new += known is None
    report.changed += known is not None
    if not check_only:
        db.merge(ScopeEntry(**row, edited_at=now(), edited_by=BY))
    return not check_only
