"""Brings the catalogue files into the database. Repeatable: an unchanged file costs one comparison of hashes."""

import csv
import uuid
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import ARRAY, Boolean, Date, Integer, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow.catalogues.models import TABLES, CatalogueVersion
from workflow.db import now

FOLDER = Path(__file__).parent / "data"
STAFF = frozenset({"edited_at", "edited_by"})


def _value(kind: Any, raw: str) -> Any:
    if isinstance(kind, ARRAY):
        return [part for part in raw.split(";") if part]
    if isinstance(kind, Boolean):
        return raw == "true"
    if isinstance(kind, Integer):
        return int(raw) if raw else None
    if isinstance(kind, Date):
        return date.fromisoformat(raw) if raw else None
    return raw


def typed(model: type, values: dict[str, str]) -> dict[str, Any]:
    """Texts as the columns of a table take them. Raises ValueError for a wrong one, KeyError for an unknown column."""
    kinds = {c.name: c.type for c in model.__table__.columns}  # type: ignore[attr-defined]
    return {name: _value(kinds[name], raw.strip()) for name, raw in values.items()}


def read_file(path: Path, model: type) -> Iterator[dict[str, Any]]:
    """The rows of a catalogue file with the types of the table; lists are separated by `;`.

    Raises ValueError, with the line, for a column the table does not have or a value of the wrong kind.
    """
    columns = {c.name for c in model.__table__.columns if c.name not in STAFF}  # type: ignore[attr-defined]
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        unknown = set(reader.fieldnames or ()) - columns
        if unknown:
            raise ValueError(f"{path.name}: no such column: {', '.join(sorted(unknown))}")
        for number, row in enumerate(reader, 2):
            try:
                yield typed(model, row)
            except (ValueError, KeyError, AttributeError) as problem:
                raise ValueError(f"{path.name}, line {number}: {problem}") from problem


@lru_cache(maxsize=64)
def _hash(path: Path, modified: int) -> str:
    return sha256(path.read_bytes()).hexdigest()


def load_all(db: Session, folder: Path = FOLDER) -> dict[str, int]:
    """Load every file that changed since its last load; returns the number of rows by table. Does not commit.

    Rows that staff edited stay as they are; unedited rows that left the file are removed.
    """
    db.execute(text("SELECT pg_advisory_xact_lock(hashtext('catalogues'))"))
    known = {v.name: v.file_hash for v in db.query(CatalogueVersion)}
    loaded = {}
    for name, model in TABLES.items():
        path = folder / f"{name}.csv"
        digest = _hash(path, path.stat().st_mtime_ns)
        if known.get(name) != digest:
            loaded[name] = load_table(db, name, model, path)
            touch(db, name, file_hash=digest)
    return loaded


def load_table(db: Session, name: str, model: type, path: Path, *, prune: bool = True) -> int:
    """Copy one file into its table by way of a temporary table; with `prune`, unedited rows not in it go."""
    table = model.__table__  # type: ignore[attr-defined]
    rows = list(read_file(path, model))
    if not rows:
        return 0
    columns = list(rows[0])
    listed = ", ".join(columns)
    key = table.primary_key.columns.keys()[0]
    temporary = f"loading_{name}"
    db.execute(text(f"DROP TABLE IF EXISTS {temporary}"))
    create = f"CREATE TEMPORARY TABLE {temporary} ON COMMIT DROP AS SELECT {listed} FROM {name} LIMIT 0"  # noqa: S608
    db.execute(text(create))
    cursor = db.connection().connection.cursor()
    with cursor.copy(f"COPY {temporary} ({listed}) FROM STDIN") as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(list(row.values()))
    if prune:
        db.execute(
            text(
                f"DELETE FROM {name} t WHERE edited_at IS NULL "  # noqa: S608
                f"AND NOT EXISTS (SELECT 1 FROM {temporary} n WHERE n.{key} = t.{key})"
            )
        )
    changes = ", ".join(f"{c} = EXCLUDED.{c}" for c in columns if c != key)
    db.execute(
        text(
            f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {temporary} "  # noqa: S608
            f"ON CONFLICT ({key}) DO UPDATE SET {changes} WHERE {name}.edited_at IS NULL"
        )
    )
    db.execute(text(f"DROP TABLE {temporary}"))
    db.expire_all()
    return len(rows)


def touch(db: Session, name: str, file_hash: str | None = None) -> None:
    """Note that a table changed, so that every process reads it anew at its next request."""
    values = {"name": name, "token": uuid.uuid4().hex, "changed_at": now()}
    changed = {k: v for k, v in values.items() if k != "name"}
    if file_hash is not None:
        values["file_hash"] = changed["file_hash"] = file_hash
    statement = insert(CatalogueVersion).values(**values)
    db.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))
