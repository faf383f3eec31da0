"""The files of a case: the same twice, names, limits, order, turning, removing, links."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image, ImageChops
from sqlalchemy import select

from tests import factories
from tests.establishment.files import pdf, photo
from workflow import objects
from workflow.case import Actor, timeline
from workflow.db import now
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.establishment import attachments as files
from workflow.establishment.models import Attachment, UploadLink


@pytest.fixture
def case(db):
    return factories.case(db)


@pytest.fixture
def actor(case):
    return Actor.applicant(case.owner_id, "小张")


def test_the_same_bytes_twice_are_one_attachment(db, case, actor):
    first = files.attach(db, case.id, actor, "identity", "a.jpg", photo(), "desk")
    assert files.attach(db, case.id, actor, "identity", "b.jpg", photo(), "phone") is first
    assert files.attach(db, case.id, actor, "other", "b.jpg", photo(), "phone") is not first
    assert [e.event for e in timeline(db, case.id)] == ["open", "attach", "attach"]


def test_names_keep_no_path_and_the_right_ending(db, case, actor):
    row = files.attach(db, case.id, actor, "identity", "C:\\fake\\..\\证件.png", photo(form="PNG"), "desk")
    assert row.filename == "证件.pdf"
    row = files.attach(db, case.id, actor, "other", 'a\x00\r\nSet-Cookie: x".svg', photo(), "desk")
    assert row.filename == 'aSet-Cookie: x".pdf'


def test_thirty_files_are_enough(db, case, actor, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILES", 2)
    for colour in ("red", "green"):
        files.attach(db, case.id, actor, "other", "a.jpg", photo(colour=colour), "desk")
    with pytest.raises(RuleViolation):
        files.attach(db, case.id, actor, "other", "a.jpg", photo(colour="blue"), "desk")


def test_removing_and_restoring_are_events(db, case, actor):
    row = files.attach(db, case.id, actor, "other", "a.jpg", photo(), "desk")
    files.remove(db, case.id, actor, row.id)
    assert files.attachments_of(db, case.id) == []
    with pytest.raises(NotFound):
        files.attachment_of(db, case.id, row.id)
    files.restore(db, case.id, actor, row.id)
    assert files.attachments_of(db, case.id) == [row]
    other = factories.case(db)
    with pytest.raises(NotFound):
        files.restore(db, other.id, actor, row.id)
    case.state = "submitted"
    db.flush()
    for act in (files.remove, files.restore):
        with pytest.raises(Conflict):
            act(db, case.id, actor, row.id)


def test_a_link_lives_half_an_hour_and_only_its_hash_is_kept(db, case):
    token = files.upload_link(db, case, "identity").rpartition("/u/")[2]
    row, found = files.link_of(db, token)
    assert (found.id, row.kind) == (case.id, "identity") and row.opened_at
    assert timedelta(minutes=29) < row.expires_at - now() <= timedelta(minutes=30)
    assert token.encode() not in row.token_hash
    row.expires_at = now()
    db.flush()
    with pytest.raises(Conflict) as ended:
        files.link_of(db, token)
    assert ended.value.code == "link_expired"
    with pytest.raises(NotFound):
        files.upload_link(db, case, "nothing")
    with pytest.raises(NotFound):
        files.link_of(db, "nothing")
    assert len(db.scalars(select(UploadLink)).all()) == 1


def test_files_are_put_in_order_within_their_kind(db, case, actor):
    first, second, third = (
        files.attach(db, case.id, actor, "identity", f"{c}.jpg", photo(colour=c), "desk")
        for c in ("red", "green", "blue")
    )
    lease = files.attach(db, case.id, actor, "address_proof", "lease.jpg", photo(), "desk")
    assert files.attachments_of(db, case.id) == [lease, first, second, third]
    files.place(db, case.id, third.id, 0)
    files.place(db, case.id, first.id, 99)
    assert files.attachments_of(db, case.id) == [lease, third, second, first]
    files.place(db, case.id, first.id, -1)
    assert files.attachments_of(db, case.id) == [lease, first, third, second]


def test_turning_says_how_it_is_shown_and_leaves_the_file_alone(db, case, actor):
    row = files.attach(db, case.id, actor, "other", "a.jpg", photo((400, 200)), "desk")
    kept = files.pdf_of(row)
    assert Image.open(BytesIO(files.page_of(row, 1, 100))).size == (100, 50)
    files.turn(db, case.id, row.id, 1)
    files.turn(db, case.id, row.id, 1)  # a double click says the same
    assert Image.open(BytesIO(files.page_of(row, 1, 100))).size == (50, 100)
    assert files.pdf_of(row) == kept
    with pytest.raises(NotFound):
        files.page_of(row, 2, 100)


def test_pictures_of_identity_documents_carry_what_they_are_for(db, case, actor):
    plain = Image.open(
        BytesIO(
            files.page_of(
                files.attach(db, case.id, actor, "other", "a.jpg", photo((600, 400)), "desk"), 1, 600
            )
        )
    )
    assert plain.getextrema() == ((255, 255),) * 3
    for data in (photo((600, 400)), pdf()):
        row = files.attach(db, case.id, actor, "identity", "a", data, "desk")
        sheet = Image.open(BytesIO(files.page_of(row, 1, 600)))
        red = sum(ImageChops.subtract(*sheet.split()[:2]).histogram()[30:]) / (sheet.width * sheet.height)
        assert 0.005 < red < 0.2, "the mark is there and hides little"
        assert data not in objects.get(row.key), "the unmarked file is not kept"


def test_files_of_the_time_before_are_still_shown(db, case):
    row = Attachment(
        case_id=case.id, kind="other", filename="old.jpg", content_type="image/jpeg", size=1, source="desk",
        key=objects.put(photo((300, 200)), personal=True),
    )  # fmt: skip
    db.add(row)
    db.flush()
    assert files.pdf_of(row).startswith(b"%PDF-") and files.page_count(row) == 1


def test_a_file_sent_again_after_its_removal_comes_back_once(db, case, actor):
    row = files.attach(db, case.id, actor, "other", "a.jpg", photo(), "desk")
    files.remove(db, case.id, actor, row.id)
    again = files.attach(db, case.id, actor, "other", "a.jpg", photo(), "desk")
    assert files.restore(db, case.id, actor, row.id) is again
    assert files.attachments_of(db, case.id) == [again]
