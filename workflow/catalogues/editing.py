"""Staff change a row of a catalogue. Every process reads the table anew with its next request."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from workflow.catalogues.loaders import STAFF, touch, typed
from workflow.catalogues.models import TABLES
from workflow.catalogues.queries import Catalogue
from workflow.db import now


def row_of(name: str, values: dict[str, Any], known: Any = None) -> dict[str, Any]:
    """The columns of a table from texts, over those of a known row. Raises ValueError, KeyError."""
    columns = [c.name for c in TABLES[name].__table__.columns if c.name not in STAFF]  # type: ignore[attr-defined]
    row: dict[str, Any] = {c: getattr(known, c) for c in columns} if known is not None else {}
    return row | typed(TABLES[name], {c: v for c, v in values.items() if c in columns})


def put(db: Session, name: str, values: dict[str, Any], by: str) -> None:
    """Write one row, new or known by its key; a later load of the shipped file leaves it as it is."""
    db.merge(TABLES[name](**values, edited_at=now(), edited_by=by))
    db.flush()
    touch(db, name)


def end(db: Session, name: str, key: str, day: date, by: str) -> None:
    """A row holds no longer from `day` on; it stays for what was decided by it."""
    row: Any = db.get_one(TABLES[name], key)
    row.valid_to, row.edited_at, row.edited_by = day, now(), by
    db.flush()
    touch(db, name)


def with_row(catalogue: Catalogue, name: str, values: dict[str, Any]) -> Catalogue:
    """The catalogues as they would be with one row put; nothing is written."""
    key = TABLES[name].__table__.primary_key.columns.keys()[0]  # type: ignore[attr-defined]
    kept: Iterable[Any] = (r for r in catalogue.tables[name] if getattr(r, key) != values[key])
    return Catalogue({**catalogue.tables, name: [*kept, TABLES[name](**values)]})
