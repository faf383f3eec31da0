"""The sandbox's memory: one SQLite file (WAL) that survives restarts. One connection a piece of work."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, label TEXT NOT NULL, sex TEXT NOT NULL,
    birth TEXT NOT NULL, id_number TEXT NOT NULL UNIQUE, id_valid_until TEXT NOT NULL, address TEXT NOT NULL,
    phone TEXT NOT NULL UNIQUE, email TEXT NOT NULL, notary_code TEXT NOT NULL, note TEXT NOT NULL,
    face_mode TEXT NOT NULL CHECK (face_mode IN ('picture', 'any', 'never')));
CREATE TABLE IF NOT EXISTS cards (
    number TEXT PRIMARY KEY, person_id TEXT NOT NULL REFERENCES people(id), bank_code TEXT NOT NULL, phone TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    service TEXT NOT NULL, request_id TEXT NOT NULL, fingerprint TEXT NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (service, request_id));
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, service TEXT NOT NULL, what TEXT NOT NULL, status INTEGER NOT NULL,
    fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sms (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, provider_id TEXT NOT NULL, phone TEXT NOT NULL,
    text TEXT NOT NULL, at TEXT NOT NULL, requests INTEGER NOT NULL DEFAULT 1, receipt_url TEXT NOT NULL,
    receipts INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, next_try REAL);
CREATE INDEX IF NOT EXISTS sms_phone ON sms (phone, id);
CREATE INDEX IF NOT EXISTS sms_due ON sms (next_try) WHERE next_try IS NOT NULL;
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, recipients TEXT NOT NULL, sender TEXT NOT NULL,
    subject TEXT NOT NULL, text TEXT NOT NULL, attachments TEXT NOT NULL, raw BLOB NOT NULL, at TEXT NOT NULL,
    count INTEGER NOT NULL DEFAULT 1, UNIQUE (message_id, recipients));
CREATE TABLE IF NOT EXISTS licences (
    id INTEGER PRIMARY KEY, uscc TEXT NOT NULL UNIQUE, name TEXT NOT NULL, number TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('existing', 'revoked')));
CREATE TABLE IF NOT EXISTS licence_holders (
    uscc TEXT NOT NULL REFERENCES licences(uscc), person_id TEXT NOT NULL REFERENCES people(id), role TEXT NOT NULL,
    PRIMARY KEY (uscc, person_id));
CREATE TABLE IF NOT EXISTS licence_sessions (
    id TEXT PRIMARY KEY, uscc TEXT NOT NULL, name TEXT NOT NULL, purpose TEXT NOT NULL, return_url TEXT NOT NULL,
    expires REAL NOT NULL, state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'refused')),
    chosen TEXT NOT NULL DEFAULT '', holder TEXT NOT NULL DEFAULT '', code TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, used_by TEXT NOT NULL DEFAULT '', at TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS switches (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    bank_code TEXT NOT NULL, webhook_id TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (bank_code, webhook_id));
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY, business_number TEXT NOT NULL UNIQUE, bank_code TEXT NOT NULL, handoff_id TEXT NOT NULL,
    branch_code TEXT NOT NULL, status TEXT NOT NULL, company TEXT NOT NULL DEFAULT '', uscc TEXT NOT NULL DEFAULT '',
    document TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, next_step REAL, last_error TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS files_bank ON files (bank_code, id);
CREATE INDEX IF NOT EXISTS files_due ON files (next_step) WHERE next_step IS NOT NULL;
CREATE TABLE IF NOT EXISTS reports (
    id INTEGER PRIMARY KEY, file_id INTEGER NOT NULL REFERENCES files(id), report_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL, at TEXT NOT NULL, text TEXT NOT NULL, branch_code TEXT NOT NULL, account_number TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'rejected')),
    made REAL NOT NULL, sends INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL,
    last_error TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS reports_due ON reports (file_id, id) WHERE state = 'pending';
-- BK-02: one basic account a company, whatever the bank; and one a business number.
CREATE TABLE IF NOT EXISTS accounts (
    number TEXT PRIMARY KEY, basic_number TEXT NOT NULL UNIQUE, bank_code TEXT NOT NULL,
    business_number TEXT NOT NULL UNIQUE, uscc TEXT NOT NULL UNIQUE, at TEXT NOT NULL);
"""


def utc() -> str:
    """Now, in UTC, as ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """The file and how to work on it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        with self.open() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection without a transaction, closed afterwards."""
        db = sqlite3.connect(self.path, timeout=15, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = NORMAL")
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: all of it, or nothing when something is raised."""
        with self.open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Every row of a query."""
        with self.open() as db:
            return db.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query."""
        with self.open() as db:
            return db.execute(sql, values).fetchone()

    def count(self, table_and_where: str, values: Sequence[Any] = ()) -> int:
        """How many rows `FROM ...` has; the text comes from this package only."""
        with self.open() as db:
            return db.execute(f"SELECT count(*) FROM {table_and_where}", values).fetchone()[0]  # noqa: S608
