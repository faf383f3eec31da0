"""The evidence of a matter: append-only in a hash chain; whatever is changed, left out or moved is found."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from signing import anchors, evidence, revocation, sealing

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
            personal={"name": "张样例"},
            encrypt=lambda plain: plain[::-1],
        )
    return db


def change(db, statement: str) -> None:
    """Somebody with the database's highest rights switches the trigger off."""
    db.execute(text("ALTER TABLE signing.evidence DISABLE TRIGGER evidence_kept"))
    db.execute(text(statement))
    db.expire_all()


def test_chain_holds(chain):
    """ES-13, ES-21: untouched evidence verifies, also after it was read back from the database."""
    chain.expire_all()
    rows = evidence.of(chain, "QB1")
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert evidence.first_broken(rows) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signing.evidence SET facts = '{\"number\": 99}' WHERE subject = 'QB1' AND position = 3",
        "UPDATE signing.evidence SET person = 'q' WHERE subject = 'QB1' AND position = 3",
        "UPDATE signing.evidence SET happened_at = happened_at + interval '1 second' WHERE subject = 'QB1' AND position = 3",
        "UPDATE signing.evidence SET kind = 'decline' WHERE subject = 'QB1' AND position = 3",
    ],
)
def test_a_changed_event_is_named(chain, statement):
    """ES-13: whoever changes an event in the database is found at that very event."""
    change(chain, statement)
    broken = evidence.first_broken(evidence.of(chain, "QB1"))
    assert broken is not None and broken.position == 3


def test_an_event_left_out_is_noticed(chain):
    """A gap breaks the chain at the event after it."""
    change(chain, "DELETE FROM signing.evidence WHERE subject = 'QB1' AND position = 2")
    broken = evidence.first_broken(evidence.of(chain, "QB1"))
    assert broken is not None and broken.position == 3


KEPT = ("evidence", "evidence_roots", "evidence_leaves", "time_stamps", "revocation_lists", "certificates")


@pytest.mark.parametrize("table", KEPT)
def test_records_stay(authority, db, table):
    """ES-10: the database itself refuses to delete what signatures rest on, and to change what is final."""
    evidence.record(db, subject="QB1", kind="signature", person="p", at=NOW, facts={})
    anchors.anchor(db, authority, NOW.date(), [evidence.of(db, "QB1")[0].digest])
    revocation.current_list(db, authority)
    statements = [f"DELETE FROM signing.{table}", f"TRUNCATE signing.{table} CASCADE"]
    if table != "certificates":  # a revocation is written into the row
        column = db.scalar(
            text("SELECT column_name FROM information_schema.columns WHERE table_schema = 'signing' AND table_name = :t "
                 "ORDER BY ordinal_position LIMIT 1"), {"t": table},
        )  # fmt: skip
        statements.append(f"UPDATE signing.{table} SET {column} = {column}")
    for statement in statements:
        with pytest.raises(DatabaseError, match="never changed or deleted"), db.begin_nested():
            db.execute(text(statement))


def test_personal_values_are_sealed(chain):
    """What is hashed holds a salted digest only; the opening fits it, another value or salt does not."""
    row = evidence.of(chain, "QB1")[0]
    assert "张样例" not in evidence.canonical_of(row) and "张样例" in row.private[::-1].decode()
    opened = sealing.opening(row.salt, "name", "张样例")
    assert sealing.seal(opened) == row.facts["sealed"]["name"]
    assert row.salt not in opened["salt"]
    assert sealing.seal(opened | {"value": "李样例"}) != row.facts["sealed"]["name"]
    digests = {r.facts["sealed"]["name"] for r in evidence.of(chain, "QB1")}
    assert len(digests) == 5  # the same name five times: no digest is like another


def test_personal_values_are_never_kept_in_the_clear(db):
    with pytest.raises(ValueError):
        evidence.record(
            db, subject="QB1", kind="x", person="p", at=NOW, facts={}, personal={"name": "张样例"}
        )
