"""A transition is one transaction; the history cannot be changed, and a change would be found."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests import factories
from workflow.case import Actor, advance, lock_case, timeline, verify_chains
from workflow.db import session_factory
from workflow.errors import Conflict, NotAllowed, NotFound

APPLICANT = Actor("applicant", "1", "小张", frozenset({"applicant"}))
EXAMINER = Actor("registrar", "2", "0417", frozenset({"examiner"}))


def test_a_transition_moves_records_and_chains(db):
    case = factories.case(db)
    advance(db, case.id, "declare_name", APPLICANT, {"name": "x"}, name_review=True)
    advance(db, case.id, "approve_name", EXAMINER)
    events = timeline(db, case.id)
    assert [(e.event, e.from_state, e.to_state) for e in events] == [
        ("open", "", "draft"),
        ("declare_name", "draft", "name_submitted"),
        ("approve_name", "name_submitted", "name_reserved"),
    ]
    assert [e.prev_hash for e in events[1:]] == [e.hash for e in events[:-1]]
    assert list(verify_chains(db)) == []


def test_what_follows_is_enqueued_in_the_same_transaction(db):
    case = factories.case(db, state="submitted")
    nested = db.begin_nested()
    advance(db, case.id, "approve", EXAMINER)
    found = text("SELECT name FROM dbos.workflow_status WHERE workflow_uuid LIKE :id")
    like = {"id": f"issue_licence:{case.id}:%"}
    assert db.execute(found, like).scalars().all() == ["issue_licence"]
    nested.rollback()
    assert db.execute(found, like).scalars().all() == []


def test_the_wrong_role_and_the_wrong_state_change_nothing(db):
    case = factories.case(db)
    with pytest.raises(NotAllowed):
        advance(db, case.id, "declare_name", EXAMINER)
    with pytest.raises(Conflict):
        advance(db, case.id, "submit", APPLICANT)
    assert case.state == "draft"
    assert len(timeline(db, case.id)) == 1


def test_no_such_case(db):
    with pytest.raises(NotFound):
        lock_case(db, "00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_events SET event = 'x'",
        "DELETE FROM case_events",
        "TRUNCATE case_events",
    ],
)
def test_history_is_append_only(db, statement):
    factories.case(db)
    with pytest.raises(DatabaseError, match="never changed or deleted"), db.begin_nested():
        db.execute(text(statement))


@pytest.mark.parametrize(
    ("tampering", "why"),
    [
        (
            'UPDATE case_events SET detail = \'{"name": "y"}\' WHERE seq = 2',
            "its content does not match its hash",
        ),
        (
            "UPDATE case_events SET prev_hash = repeat('1', 64) WHERE seq = 2",
            "does not continue the row before it",
        ),
        ("DELETE FROM case_events WHERE seq = 2", "expected number 2"),
    ],
)
def test_tampering_is_found_and_named(db, tampering, why):
    """Somebody with the database's highest rights switches the trigger off; the chain still tells."""
    case = factories.case(db)
    advance(db, case.id, "declare_name", APPLICANT, {"name": "x"}, name_review=True)
    advance(db, case.id, "approve_name", EXAMINER)
    db.flush()
    db.execute(text("ALTER TABLE case_events DISABLE TRIGGER case_events_append_only"))
    db.execute(text(tampering))
    db.expire_all()
    broken = [b for b in verify_chains(db) if b.case_number == case.number]
    assert [b.why for b in broken] == [why]
    assert broken[0].seq in (2, 3)


def test_two_who_click_at_once(fresh_database):
    """Both send the same event; one moves the case, the other is told that it has moved on."""
    sessions = session_factory(fresh_database)
    with sessions.begin() as db:
        case_id = factories.case(db, state="submitted").id
    outcomes = []
    gate = threading.Barrier(8)

    def click():
        gate.wait()
        try:
            with sessions.begin() as db:
                advance(db, case_id, "approve", EXAMINER)
            outcomes.append("done")
        except Conflict:
            outcomes.append("moved on")

    threads = [threading.Thread(target=click) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(outcomes) == ["done"] + ["moved on"] * 7
    with sessions.begin() as db:
        assert [e.event for e in timeline(db, case_id)] == ["open", "approve"]
        jobs = text("SELECT count(*) FROM dbos.workflow_status WHERE name = 'issue_licence'")
        assert db.execute(jobs).scalar_one() == 1
