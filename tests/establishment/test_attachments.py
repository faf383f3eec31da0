"""Files in the domain: what is needed, limits, links."""

import contextlib
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject
from sqlalchemy import select

from tests import factories
from workflow import pictures
from workflow.case import Actor, timeline
from workflow.catalogues.queries import from_files
from workflow.db import now
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.establishment import attachments as files
from workflow.establishment.data import Application, Officer, Person, ScopeEntry
from workflow.establishment.models import UploadLink
from workflow.settings import settings


def photo(size=(40, 30), form="JPEG", colour="white"):
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


@pytest.fixture(autouse=True)
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("QIBU_INSTANCE", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def case(db):
    return factories.case(db)


@pytest.fixture
def actor(case):
    return Actor.applicant(case.owner_id, "小张")


def test_large_photos_shrink_and_png_and_heic_become_jpeg():
    from pillow_heif import register_heif_opener

    register_heif_opener()
    checked = files.check_file(photo((5000, 1000)))
    assert max(Image.open(BytesIO(checked.data)).size) == files.LONGEST_SIDE
    for form in ("PNG", "HEIF"):
        checked = files.check_file(photo(form=form))
        assert (checked.content_type, checked.extension) == ("image/jpeg", "jpg")
        assert Image.open(BytesIO(checked.data)).format == "JPEG"


def test_too_large_and_wrong_files_are_refused():
    for data in (b"", b"x" * (files.MAX_BYTES + 1), b"<svg/>", b"PK\x03\x04zip", photo(form="BMP")):
        with pytest.raises(RuleViolation):
            files.check_file(data)


def pdf(change=lambda writer: None):
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_that_runs_something_or_carries_files_is_refused():
    assert files.check_file(pdf()).content_type == "application/pdf"
    for change in (
        lambda w: w.root_object.update(
            {NameObject("/Names"): DictionaryObject({NameObject("/JavaScript"): DictionaryObject()})}
        ),
        lambda w: w.add_attachment("a.exe", b"MZ"),
        lambda w: w.root_object.update(
            {NameObject("/OpenAction"): DictionaryObject({NameObject("/S"): NameObject("/Launch")})}
        ),
    ):
        with pytest.raises(RuleViolation) as refused:
            files.check_file(pdf(change))
        assert refused.value.problems[0].words == files.ACTIVE
    with pytest.raises(RuleViolation):
        files.check_file(pdf(lambda w: w.encrypt("secret")))


def test_a_small_file_that_unfolds_to_gigabytes_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    for form in ("PNG", "JPEG", "HEIF"):
        with pytest.raises(RuleViolation):
            files.check_file(photo((101, 10), form))


def test_broken_files_are_refused_and_nothing_else_happens():
    whole = {form: photo((64, 64), form) for form in ("PNG", "JPEG", "HEIF")} | {"PDF": pdf()}
    for data in whole.values():
        files.check_file(data)
        for length in range(1, len(data), max(1, len(data) // 40)):
            with contextlib.suppress(RuleViolation):
                files.check_file(data[:length])
    with pytest.raises(RuleViolation):  # truncated: the decoder fails with EOFError
        files.check_file(whole["HEIF"][: len(whole["HEIF"]) * 2 // 3])


def test_the_same_bytes_twice_are_one_attachment(db, case, actor):
    first = files.attach(db, case.id, actor, "identity", "a.jpg", photo(), "desk")
    assert files.attach(db, case.id, actor, "identity", "b.jpg", photo(), "phone") is first
    assert files.attach(db, case.id, actor, "other", "b.jpg", photo(), "phone") is not first
    assert [e.event for e in timeline(db, case.id)] == ["open", "attach", "attach"]


def test_names_keep_no_path_and_the_right_ending(db, case, actor):
    row = files.attach(db, case.id, actor, "identity", "C:\\fake\\..\\证件.png", photo(form="PNG"), "desk")
    assert row.filename == "证件.jpg"
    row = files.attach(db, case.id, actor, "other", 'a\x00\r\nSet-Cookie: x".svg', photo(), "desk")
    assert row.filename == 'aSet-Cookie: x".jpg'


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


def test_what_is_needed_and_why(db, case, actor):
    facts = from_files()
    application = Application(people=[Person(key="p1", name="小张", id_type="passport")])
    assert files.needed(db, case, application, facts) == []
    application.officers = [Officer(person="p1", office="director")]
    application.address.text = "武汉市武昌区东湖路105号"
    before = next(e for e in facts.scope_entries.values() if e.timing == "before")
    application.scope = [ScopeEntry(code=before.code, text=before.text, licensed=before.licensed)]
    assert [n.kind for n in files.needed(db, case, application, facts)] == [
        "address_proof",
        "approval",
        "identity",
    ]
    application.address.commitment = True  # ADR-03
    assert [n.kind for n in files.needed(db, case, application, facts)] == ["approval", "identity"]
    application.address.use = "hosted"  # the commitment does not cover it
    files.attach(db, case.id, actor, "address_proof", "a.jpg", photo(), "desk")
    found = files.needed(db, case, application, facts)
    assert [(n.kind, n.present) for n in found] == [
        ("address_proof", True),
        ("approval", False),
        ("identity", False),
    ]
