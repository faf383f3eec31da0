"""Uploads in pieces: broken, doubled, at once, forgotten."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests import factories
from tests.establishment.files import photo
from workflow import objects
from workflow.case import Actor
from workflow.db import now
from workflow.errors import NotFound, RuleViolation
from workflow.establishment import attachments as files
from workflow.establishment import intake, uploading

DATA = photo((1200, 900), colour="orange")


@pytest.fixture
def case(db):
    return factories.case(db)


@pytest.fixture
def way(case):
    return uploading.Way(case.id, "other", "desk")


def begun(db, way, key="k", data=DATA):
    return uploading.begin(db, way, key, "lease.jpg", len(data))


def sent(db, way, row, data=DATA, piece=1000):
    while row.received < row.size:
        uploading.append(db, row, row.received, data[row.received : row.received + piece])
    return uploading.finish(db, row, way, Actor.system())


def test_pieces_become_the_file_and_a_doubled_end_is_one_attachment(db, case, way):
    row = begun(db, way)
    file = sent(db, way, row)
    assert uploading.finish(db, row, way, Actor.system()) is file
    assert begun(db, way).attachment_id == file.id
    whole = files.attach(db, case.id, Actor.system(), "other", "lease.jpg", DATA, "desk")
    assert whole is file, "sent whole it is the same file"


def test_a_broken_upload_goes_on_where_it_stopped(db, way):
    row = begun(db, way)
    uploading.append(db, row, 0, DATA[:700])
    with pytest.raises(uploading.Elsewhere) as told:
        uploading.append(db, row, 0, DATA[:900])  # the answer was lost and the piece comes again
    assert told.value.received == 700
    again = begun(db, way)
    assert (again.id, again.received) == (row.id, 700)
    with pytest.raises(uploading.Elsewhere):
        uploading.finish(db, row, way, Actor.system())
    assert sent(db, way, again).pages == 1


def test_pieces_lie_encrypted(db, way):
    row = begun(db, way)
    uploading.append(db, row, 0, DATA[:700])
    stored = bytes(objects.obstore.get(objects._place(), f"pieces/{row.id}/{0:012d}").bytes())
    assert DATA[:100] not in stored and objects.get_piece(row.id, 0) == DATA[:700]


def test_other_ways_do_not_meet(db, case, way):
    row = begun(db, way)
    assert begun(db, uploading.Way(case.id, "identity", "desk")).id != row.id
    other = uploading.Way(factories.case(db).id, "other", "desk")
    for wrong in (other, uploading.Way(case.id, "other", "phone", uuid4())):
        with pytest.raises(NotFound):
            uploading.upload_of(db, wrong, row.id)


def test_more_than_was_announced_or_allowed_is_refused(db, way):
    with pytest.raises(RuleViolation):
        uploading.begin(db, way, "k", "a", intake.MAX_BYTES + 1)
    row = begun(db, way)
    with pytest.raises(RuleViolation):
        uploading.append(db, row, 0, DATA + b"x")


def test_a_file_taken_out_can_be_sent_again(db, case, way):
    first = sent(db, way, begun(db, way))
    files.remove(db, case.id, Actor.system(), first.id)
    row = begun(db, way)
    assert (row.received, row.attachment_id) == (0, None)
    assert sent(db, way, row).id != first.id


def test_pieces_are_forgotten_once_complete_or_after_a_day(db, way):
    done, left, fresh = (begun(db, way, key) for key in "abc")
    sent(db, way, done)
    for row in (left, fresh):
        uploading.append(db, row, 0, DATA[:700])
    left.changed_at = now() - timedelta(days=2)
    db.flush()
    assert uploading.forget_pieces(db) == 2
    assert uploading.forget_pieces(db) == 0
    for row in (done, left):
        with pytest.raises(NotFound):
            objects.get_piece(row.id, 0)
    assert objects.get_piece(fresh.id, 0) == DATA[:700]
    assert begun(db, way, "b").received == 0
