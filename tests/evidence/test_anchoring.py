"""Each day gets its root after midnight in China, missed days too, one a day, whoever makes it."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from signing.errors import TimeStampFailure
from signing.tables import Evidence, EvidenceLeaf, EvidenceRoot
from workflow.case import CaseEvent
from workflow.db import session_factory
from workflow.evidence import anchoring

DAY = timedelta(days=1)


@pytest.fixture
def clock(monkeypatch):
    """Sets the time that anchoring believes it is: so many days on, at 00:11 in China."""

    def to(days: int, **more: int) -> date:
        today = datetime.now(anchoring.evidence.CHINA)
        moment = today.replace(hour=0, minute=11, second=0) + days * DAY + timedelta(**more)
        monkeypatch.setattr(anchoring, "now", lambda: moment.astimezone(UTC))
        return moment.date()

    return to


def roots(db) -> list[EvidenceRoot]:
    db.expire_all()
    return list(db.scalars(select(EvidenceRoot).order_by(EvidenceRoot.day)))


def test_days_are_anchored_when_they_are_over(house, clock):
    house.submitted()
    house.db.commit()
    today = clock(0)
    assert anchoring.anchor_due(house.db) == 0  # today is not over
    clock(1, minutes=-5)
    assert anchoring.anchor_due(house.db) == 0  # nor is what was under way at midnight
    clock(4)
    assert anchoring.anchor_due(house.db) == 4  # missed days are caught up
    assert anchoring.anchor_due(house.db) == 0
    found = roots(house.db)
    assert [row.day for row in found] == [today + n * DAY for n in range(4)]
    events = sum(house.db.scalar(select(func.count()).select_from(t)) for t in (CaseEvent, Evidence))
    assert [row.leaves for row in found] == [events, 0, 0, 0]
    assert list(anchoring.faults(house.db)) == []


def test_what_was_committed_late_comes_under_the_next_root(house, clock):
    """An event of before midnight whose transaction ended after its day was anchored."""
    house.named()
    house.db.commit()
    clock(1)
    anchoring.anchor_due(house.db)
    house.named("丙丁戊")
    house.db.commit()
    clock(2)
    anchoring.anchor_due(house.db)
    last = roots(house.db)[-1]
    late = house.db.scalars(select(CaseEvent.hash).order_by(CaseEvent.id.desc()).limit(1)).one()
    assert last.leaves >= 1 and house.db.get_one(EvidenceLeaf, late).day == last.day
    assert list(anchoring.faults(house.db)) == []


def test_two_workers_make_one_root_a_day(house, clock):
    house.named()
    house.db.commit()
    clock(3)
    gate, made = threading.Barrier(2), []

    def work() -> None:
        with session_factory()() as db:
            gate.wait()
            made.append(anchoring.anchor_due(db))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(made) == 3 and len(roots(house.db)) == 3
    assert list(anchoring.faults(house.db)) == []


def test_without_a_time_stamp_there_is_no_root(house, clock, monkeypatch):
    """The authority refuses on the second day: the first stays, the rest is made when it answers again."""
    house.named()
    house.db.commit()
    clock(3)
    stamp, asked = anchoring.anchors.sources.stamp, []

    def moody(*arguments: object) -> bytes:
        asked.append(1)
        if len(asked) == 2:
            raise TimeStampFailure("refused")
        return stamp(*arguments)

    monkeypatch.setattr(anchoring.anchors.sources, "stamp", moody)
    with pytest.raises(TimeStampFailure):
        anchoring.anchor_due(house.db)
    house.db.rollback()
    assert len(roots(house.db)) == 1
    assert anchoring.anchor_due(house.db) == 2
    assert list(anchoring.faults(house.db)) == []


def test_nothing_ever_happened(house, clock):
    clock(5)
    assert anchoring.anchor_due(house.db) == 0


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE case_events SET hash = repeat('1', 64) WHERE seq = 2", "changed or removed since"),
        ("DELETE FROM case_events WHERE seq = 2", "changed or removed since"),
    ],
)
def test_a_chain_rebuilt_after_a_change_is_found(house, clock, tampering, said):
    """Whoever recomputes a whole chain after a change still does not have the root that others keep."""
    house.named()
    house.db.commit()
    clock(1)
    anchoring.anchor_due(house.db)
    house.db.execute(text("ALTER TABLE case_events DISABLE TRIGGER case_events_append_only"))
    house.db.execute(text(tampering))
    assert any(said in fault for fault in anchoring.faults(house.db))


def test_an_event_slipped_in_later_is_found(house, clock):
    """Put in with an old time, weeks after: it stands under no root."""
    house.named()
    house.db.commit()
    clock(15)
    anchoring.anchor_due(house.db)
    columns = {c.name: c for c in CaseEvent.__table__.columns}
    row = house.db.scalars(select(CaseEvent).order_by(CaseEvent.id.desc()).limit(1)).one()
    values = {n: getattr(row, n) for n in columns if n != "id"}
    house.db.add(CaseEvent(**values | {"seq": row.seq + 1, "hash": "0" * 64}))
    house.db.commit()
    assert "1 older event(s) stand under no root" in list(anchoring.faults(house.db))
