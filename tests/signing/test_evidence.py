"""The evidence of a matter: append-only in a hash chain; whatever is changed, left out or moved is found."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from signing import evidence

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def chain(db):
    for number in range(5):
        evidence.record(
            db,
            subject="QB1",
            kind="signature",
            person="p",
            at=NOW,
            facts={"number": number, "words": "自愿签署"},
        )
    return db


def test_chain_holds(chain):
    """ES-13, ES-21: untouched evidence verifies, also after it was read back from the database."""
    chain.expire_all()
    rows = evidence.of(chain, "QB1")
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert evidence.first_broken(rows) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE signing.evidence SET facts = '{\"number\": 99}' WHERE subject = 'QB1' AND position = 3",
        "UPDATE signing.evidence SET person = 'q' WHERE subject = 'QB1' AND position = 3",
        "UPDATE signing.evidence SET happened_at = happened_at + interval '1 second' WHERE subject = 'QB1' AND position = 3",
        "UPDATE signing.evidence SET kind = 'decline' WHERE subject = 'QB1' AND position = 3",
    ],
)
def test_a_changed_event_is_named(chain, change):
    """ES-13: whoever changes an event in the database is found at that very event."""
    chain.execute(text(change))
    chain.expire_all()
    broken = evidence.first_broken(evidence.of(chain, "QB1"))
    assert broken is not None and broken.position == 3


def test_an_event_left_out_is_noticed(chain):
    """A gap breaks the chain at the event after it."""
    chain.execute(text("DELETE FROM signing.evidence WHERE subject = 'QB1' AND position = 2"))
    chain.expire_all()
    broken = evidence.first_broken(evidence.of(chain, "QB1"))
    assert broken is not None and broken.position == 3
