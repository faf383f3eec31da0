"""Helpers of the tests of names: put names into the register, ask for a check."""

from datetime import UTC, date, datetime

import pytest

from workflow.naming.models import RegisterName
from workflow.naming.queries import check_text
from workflow.naming.register import row_values

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def registered(db):
    """Put a name into the register."""

    def add(name, authority="420106", status="registered", on=date(2026, 6, 1), **more):
        values = row_values(name, authority, status, on, industry_code=more.pop("industry_code", ""))
        row = RegisterName(**values, **more)
        db.add(row)
        db.flush()
        return row

    return add


@pytest.fixture
def ask(db):
    """The answer for a name."""

    def check(name, authority="420106", **more):
        return check_text(db, name, authority, now=NOW, **more)

    return check
