"""Loading the register of names by the million: COPY in blocks, bad lines told and passed over, restartable.

A block of lines is one transaction together with the note of how far the file has come, so a load that was
interrupted goes on where it stopped. Into an empty register the look-up index is built after the rows.
"""

import csv
import itertools
import multiprocessing
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from workflow.clock import today
from workflow.db import driver_url, now
from workflow.naming.models import DEAD, NameImport, RegisterName
from workflow.naming.register import row_values

HEADER = ("name", "authority_code", "status", "status_date", "uscc", "industry_code")
LOADABLE = ("registered", "reserved", "licence_revoked", *DEAD)
COLUMNS = ("name", "division", "division_code", "trade_name", "industry", "industry_word", "industry_class",
           "form", "prefecture", "authority_code", "status", "status_date", "uscc", "industry_code", "keys",
           "reserved_until", "synthetic")  # fmt: skip
_TEXTS = COLUMNS[:14]
_CONTROL = re.compile(r"[\x00-\x1f\\]")
BLOCK = 20_000
KEY_INDEXES = ("ix_register_names_keys", "ix_register_names_name")

Line = tuple[int, list[str]]
T = TypeVar("T")


@dataclass
class Report:
    """What a load did. `bad` holds the first thousand refused lines: line number and reason."""

    loaded: int
    refused: int
    bad: list[tuple[int, str]]
    resumed_at: int


def copy_row(fields: list[str], synthetic: bool = False) -> str:
    """One line of a file as a line of COPY. Raises ValueError with the reason when it cannot be taken."""
    if len(fields) < 3 or len(fields) > len(HEADER):
        raise ValueError(f"{len(fields)} columns instead of {len(HEADER)}")
    if any(map(_CONTROL.search, fields)):
        raise ValueError("a control character in the line")
    name, authority, status, day, uscc, industry = map(str.strip, [*fields, "", "", ""][: len(HEADER)])
    if status not in LOADABLE:
        raise ValueError(f"unknown status {status!r}")
    if not 3 <= len(name) <= 200:
        raise ValueError("a name has 3 to 200 characters")
    if status in DEAD and not day:
        raise ValueError(f"status {status} needs its date")
    on = date.fromisoformat(day) if day else today()
    if uscc and len(uscc) != 18:
        raise ValueError("a credit code has 18 characters")
    values = row_values(name, authority, status, on, uscc=uscc, industry_code=industry)
    until = f"{on}T00:00:00+08" if status == "reserved" else "\\N"  # its last day is the date given
    keys = "{" + ",".join(map(str, values["keys"])) + "}"
    texts = "\t".join([str(values[column]) for column in _TEXTS])
    return f"{texts}\t{keys}\t{until}\t{'t' if synthetic else 'f'}\n"


def prepared(block: tuple[list[Line], bool]) -> tuple[int, int, str, list[tuple[int, str]]]:
    """A block of lines made ready: last line number, count of rows, COPY text, refused lines."""
    lines, synthetic = block
    ready, bad = [], []
    for number, fields in lines:
        try:
            ready.append(copy_row(fields, synthetic))
        except ValueError as reason:
            bad.append((number, str(reason)))
    return lines[-1][0], len(ready), "".join(ready), bad


def load(
    url: str,
    path: Path,
    *,
    processes: int = 1,
    synthetic: bool = False,
    tell: Callable[[int, str], None] | None = None,
) -> Report:
    """Load a CSV file with the header `HEADER`; owns its transactions.

    Bad lines are told one by one to `tell` and passed over. Loading the same file again goes on after the last
    finished block, and does nothing when it was finished. Raises ValueError for a wrong header.
    """
    digest = _hash(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = tuple(next(reader, ()))
        if header[:3] != HEADER[:3] or header != HEADER[: len(header)]:
            raise ValueError(f"the header must be {','.join(HEADER)}")
        numbered = ((i, row) for i, row in enumerate(reader, 2) if row)
        return _load_blocks(url, digest, str(path), numbered, processes, synthetic, tell)


def load_lines(
    url: str, digest: str, rows: Iterable[list[str]], *, processes: int = 1, synthetic: bool = True
) -> Report:
    """Load rows that do not come from a file, such as a generated register."""
    return _load_blocks(url, digest, "", enumerate(rows, 2), processes, synthetic, None)


def _load_blocks(
    url: str, digest: str, path: str, lines: Iterator[Line], processes: int, synthetic: bool,
    tell: Callable[[int, str], None] | None,
) -> Report:  # fmt: skip
    engine = create_engine(driver_url(url))
    with Session(engine) as db, db.begin():
        note = db.get(NameImport, digest)
        if note is None:
            note = NameImport(file_hash=digest, path=path, lines_done=1, loaded=0, refused=0)
            db.add(note)
        done, finished = note.lines_done, note.finished_at is not None
        empty = not db.query(RegisterName.id).limit(1).first()
        if empty and not finished:
            for index in KEY_INDEXES:
                db.execute(text(f"DROP INDEX IF EXISTS {index}"))
    report = Report(0, 0, [], done)
    if finished:
        engine.dispose()
        return report
    rest = (line for line in lines if line[0] > done)
    blocks = ((block, synthetic) for block in iter(lambda: list(itertools.islice(rest, BLOCK)), []))
    ahead = threading.Semaphore(3 * processes)  # blocks read but not yet stored: memory stays flat
    pool = multiprocessing.get_context("fork").Pool(processes) if processes > 1 else None
    try:
        for last, count, copied, bad in (
            pool.imap(prepared, _paced(blocks, ahead)) if pool else map(prepared, blocks)
        ):
            _store(engine, digest, last, count, copied, len(bad))
            ahead.release()
            report.loaded += count
            report.refused += len(bad)
            report.bad += bad[: 1000 - len(report.bad)]
            for number, reason in bad if tell else ():
                tell(number, reason)  # type: ignore[misc]
    finally:
        if pool:
            pool.terminate()
    _finish(engine, digest)
    engine.dispose()
    return report


def _paced(blocks: Iterator[T], ahead: threading.Semaphore) -> Iterator[T]:
    while ahead.acquire() and (block := next(blocks, None)) is not None:
        yield block


def _store(engine, digest: str, last: int, count: int, copied: str, refused: int) -> None:  # type: ignore[no-untyped-def]
    with Session(engine) as db, db.begin():
        cursor = db.connection().connection.cursor()
        with cursor.copy(f"COPY register_names ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            copy.write(copied)
        db.execute(
            text(
                "UPDATE name_imports SET lines_done = :last, loaded = loaded + :count, refused = refused + :refused "
                "WHERE file_hash = :digest"
            ),
            {"last": last, "count": count, "refused": refused, "digest": digest},
        )


def _finish(engine, digest: str) -> None:  # type: ignore[no-untyped-def]
    """Build the indexes that were left out, and let the planner know the new sizes."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        connection.execute(
            text("ALTER TABLE register_names SET (parallel_workers = 2)")
        )  # for the build only
        for index in RegisterName.__table__.indexes:  # type: ignore[attr-defined]
            if index.name in KEY_INDEXES:
                index.create(connection, checkfirst=True)
        connection.execute(text("ALTER TABLE register_names SET (parallel_workers = 0)"))
        connection.execute(
            text("UPDATE name_imports SET finished_at = :now WHERE file_hash = :digest"),
            {"now": now(), "digest": digest},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) register_names"))


def _hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()
