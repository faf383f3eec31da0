"""After the decision: seals, archive stamps, renewals, and what waits. Nothing half-signed or broken is vouched for."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import delete, select, text

from app.cli import main
from signing import sources, timestamp
from signing.errors import PaperRefused, TimeStampFailure
from signing.validation import validate
from tests.app.browser import browser
from workflow import objects
from workflow.accounts.models import Account
from workflow.archive import operations as archive
from workflow.archive import waiting
from workflow.archive.models import ArchivedFile, ArchiveStamp, WaitingWork
from workflow.case import Actor, advance
from workflow.errors import Conflict, NotFound, OutsideFailure
from workflow.handoff.operations import close_without_bank
from workflow.licensing import operations as licensing
from workflow.licensing.models import Licence
from workflow.licensing.queries import licence_by_file
from workflow.signatures.invitations import live_papers
from workflow.signer import authority, trusted_roots

YEAR = timedelta(days=365)


def licensed(house, case):
    archive.seal_papers(house.db, case.id)
    row = licensing.prepare(house.db, case.id)
    licensing.activate(house.db, row.id, licensing.make_files(house.db, row.id))
    house.db.commit()
    return row


def archived(house, case) -> list:
    """Close the case and stamp its files, as the worker does."""
    close_without_bank(house.db, case.id, house.owner(case))
    files = archive.enlist(house.db, case.id)
    for file_id in files:
        assert archive.stamp(house.db, file_id)
    house.db.commit()
    return files


def silent(monkeypatch) -> None:
    def fail(*args, **kwargs):
        raise TimeStampFailure("no answer")

    monkeypatch.setattr(timestamp.OwnTimeStamper, "async_request_tsa_response", fail)
    monkeypatch.setattr(sources, "tokens", fail)  # the stamps of one act, asked for together


def jobs(db, name) -> int:
    return db.execute(
        text("SELECT count(*) FROM dbos.workflow_status WHERE name = :name"), {"name": name}
    ).scalar_one()


def test_from_the_decision_to_the_archive(house, decided):
    """ES-01, ES-15: every paper ends as certified, signed, sealed, stamped; the licence's files as sealed, stamped."""
    db = house.db
    assert jobs(db, "seal_papers") == 1
    row = licensed(house, decided)
    before = objects.get(row.key)
    files = archived(house, decided)
    assert jobs(db, "archive_papers") == 1
    papers = live_papers(db, decided.id)
    assert len(files) == len(papers) + 3
    for paper in papers:
        reports = validate(objects.get(paper.key), trusted_roots())
        assert [r.field for r in reports][:-1] == ["certified", "sig_p1", "accepted"], paper.kind
        assert [r.level for r in reports] == ["B-LTA"] * 3 + [""]
        assert {r.reason for r in reports} == {""}
    for key in (row.key, row.duplicate_key, row.notice_key):
        assert [r.level for r in validate(objects.get(key), trusted_roots())] == ["B-LTA", ""]
    for copy in (before, objects.get(row.key), objects.get(row.duplicate_key)):
        assert licence_by_file(db, copy).id == row.id  # a copy from before the stamp is still this licence
    assert licence_by_file(db, objects.get(row.notice_key)) is None
    # everything again changes nothing
    keys = [p.key for p in papers]
    assert archive.seal_papers(db, decided.id) == 0
    assert archive.enlist(db, decided.id) == []
    assert not any(archive.stamp(db, file_id) for file_id in files)
    assert [p.key for p in live_papers(db, decided.id)] == keys
    assert len(db.scalars(select(ArchiveStamp)).all()) == len(files)


def test_no_seal_before_approval_nor_on_a_paper_that_somebody_has_not_signed(signing):
    house, case = signing.house, signing.case
    before = [p.key for p in live_papers(house.db, case.id)]
    with pytest.raises(Conflict):
        archive.seal_papers(house.db, case.id)
    case.state = "approved"  # as if somebody had approved by mistake
    with pytest.raises(Conflict):
        archive.seal_papers(house.db, case.id)
    assert [p.key for p in live_papers(house.db, case.id)] == before
    assert archive.enlist(house.db, case.id) == []  # what is not sealed is not archived


def test_a_silent_time_stamp_leaves_everything_as_it_was(house, decided, monkeypatch):
    """No stamp, no seal, no licence; then all of it goes on from there."""
    db = house.db
    before = [p.key for p in live_papers(db, decided.id)]
    silent(monkeypatch)
    row = licensing.prepare(db, decided.id)
    db.commit()
    for work in (lambda: archive.seal_papers(db, decided.id), lambda: licensing.make_files(db, row.id)):
        with pytest.raises(OutsideFailure):
            work()
        db.rollback()
    assert [p.key for p in live_papers(db, decided.id)] == before
    assert db.get_one(Licence, row.id).key == ""
    monkeypatch.undo()
    licensed(house, decided)
    silent(monkeypatch)
    close_without_bank(db, decided.id, house.owner(decided))
    files = archive.enlist(db, decided.id)
    db.commit()
    sealed = [p.key for p in live_papers(db, decided.id)]
    assert archive.renew_due(db) == (0, 1)  # the first silence ends the batch: the others wait for the same
    assert [p.key for p in live_papers(db, decided.id)] == sealed
    assert "no answer" in db.get_one(ArchivedFile, files[0]).failure or waiting.unstamped(db, decided.id)
    monkeypatch.undo()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        monkeypatch.setattr(timestamp.CheckedClock, "tolerance", timedelta(days=1))
        assert archive.renew_due(db) == (len(files), 0)
    assert waiting.unstamped(db, decided.id) == []


def test_people_see_what_is_waited_for_until_it_is_done(house, decided):
    """The applicant on the case and on the licence, the registrar on the case."""
    db = house.db
    waiting.note(db, decided.id, "issue_licence", "signing: no answer")
    waiting.note(db, decided.id, "issue_licence", "signing: no answer")
    db.commit()
    [row] = waiting.of(db, decided.id)
    assert row.tries == 2
    owner = db.get_one(Account, decided.owner_id)
    page, desk = browser(house, person=owner), browser(house, "intranet", house.staff())
    for shown, url in (
        (page, f"/cases/{decided.number}"), (page, f"/cases/{decided.number}/licence"),
        (desk, f"/cases/{decided.number}"),
    ):  # fmt: skip
        shown.get(url)  # in both languages, Chinese last
        assert "正在等待签章服务" in shown.text() and "您无需操作" in shown.text()
        assert ("本页自动更新" in shown.text()) == (shown is page)
    page.get(f"/cases/{decided.number}")
    [follow] = page.page.xpath('//@hx-get[contains(., "/moved")]')
    assert page.client.get(follow).status_code == 204
    waiting.done(db, decided.id, "issue_licence")
    db.commit()
    assert page.client.get(follow).headers["HX-Refresh"] == "true"
    page.get(f"/cases/{decided.number}")
    assert "正在等待签章服务" not in page.text()


def test_what_waits_is_taken_up_again_and_again(house, decided):
    db = house.db
    waiting.note(db, decided.id, "seal_papers", "no answer")
    assert waiting.resume(db) == 0  # its own retries are not over yet
    begun = jobs(db, "seal_papers")
    row = db.get_one(WaitingWork, (decided.id, "seal_papers"))
    for times in (1, 2):
        row.try_at = datetime.now(UTC) - timedelta(seconds=times)
        db.flush()
        assert waiting.resume(db) == 1
        assert jobs(db, "seal_papers") == begun + times
        assert row.try_at > datetime.now(UTC)


def test_a_file_that_does_not_hold_gets_no_stamp(house, decided):
    """A stamp over a changed paper would vouch for it. The others are stamped, the registrar is told."""
    db = house.db
    licensed(house, decided)
    close_without_bank(db, decided.id, house.owner(decided))
    files = archive.enlist(db, decided.id)
    bad = live_papers(db, decided.id)[0]
    changed = bytearray(objects.get(bad.key))
    changed[changed.index(b"stream") + 40] ^= 1
    bad.key = objects.put(bytes(changed), personal=True)
    db.commit()
    file_id = db.scalar(select(ArchivedFile.id).where(ArchivedFile.holder_id == bad.id))
    with pytest.raises(PaperRefused, match="content_changed"):
        archive.stamp(db, file_id)
    db.rollback()
    assert archive.renew_due(db) == (len(files) - 1, 1)
    assert [f.holder_id for f in waiting.unstamped(db, decided.id)] == [bad.id]
    desk = browser(house, "intranet", house.staff())
    desk.get(f"/cases/{decided.number}")
    assert "未加盖归档时间戳" in desk.text()


def test_cases_that_nobody_closes_are_archived_too(house):
    db = house.db
    case = house.licensed()
    assert archive.archive_forgotten(db) == 0
    row = db.scalars(select(Licence).where(Licence.case_id == case.id)).one()
    row.issued_at -= timedelta(days=100)
    db.flush()
    assert archive.archive_forgotten(db) == 1
    assert archive.archive_forgotten(db) == 1 and jobs(db, "archive_papers") == 1  # asked for once
    advance(db, case.id, "close", Actor.system())
    assert jobs(db, "archive_papers") == 2  # the close asks too; the second to run finds all done


class Machine(timestamp.CheckedClock):
    """A clock that believes this machine, which travels."""

    def now(self, db):
        return datetime.now(UTC)


def test_renewals_over_the_years(house, decided, monkeypatch):
    """B-LTA at +1, +5, +15 years with renewals by schedule and rotated authorities; without, a named reason.

    One OCSP answer lives hours, an event certificate minutes, a time stamping certificate five years, an issuing one
    ten: all of them run out on the way.
    """
    db = house.db
    licensed(house, decided)
    monkeypatch.setattr(timestamp, "CheckedClock", Machine)
    close_without_bank(db, decided.id, house.owner(decided))
    archive.enlist(db, decided.id)
    paper, row = live_papers(db, decided.id)[0], db.scalars(select(Licence)).one()
    others = ArchivedFile.holder_id.not_in([paper.id, row.id]) | (ArchivedFile.part != "key")
    db.execute(delete(ArchivedFile).where(others))  # two files are enough to see it
    db.commit()
    count = 2
    assert archive.renew_due(db) == (count, 0)
    first, start = objects.get(paper.key), datetime.now(UTC)
    renewed = []
    for years in (1, 5, 9, 13):
        with time_machine.travel(start + years * YEAR - timedelta(days=180)):
            authority().renew_root_list()
            authority().rotate_issuing()
            authority().rotate_tsa()
            authority().register(db)
            db.commit()
            done = CliRunner().invoke(main, ["signatures", "renew"])
            db.expire_all()
            renewed.append(done.output.split()[0])
            assert archive.due(db) == []
    assert renewed == ["0", str(count), str(count), str(count)]  # every fourth year: a year before the end
    for years in (1, 5, 15):
        at = start + years * YEAR
        reports = validate(objects.get(paper.key), trusted_roots(), at)
        assert {r.reason for r in reports} == {""}, (years, reports)
        assert [r.level for r in reports][:3] == ["B-LTA"] * 3
    aged = validate(first, trusted_roots(), start + 6 * YEAR)
    assert {r.reason for r in aged} == {"time_stamp_untrusted"}
    # a file that was forgotten for too long is not stamped as if nothing had happened
    paper.key = objects.put(first, personal=True)
    row = db.scalars(select(ArchivedFile).where(ArchivedFile.holder_id == paper.id)).one()
    late = pytest.raises(PaperRefused, match="time_stamp_untrusted")
    with time_machine.travel(start + 18 * YEAR), late:
        archive.stamp(db, row.id)
    db.rollback()


def test_the_file_before_a_stamp_goes_when_a_later_one_repeats_it(house, decided):
    """The earlier bytes are the beginning of the later file, so nothing is lost; never sooner than the policy says."""
    db = house.db
    row = licensed(house, decided)
    sealed = row.key
    archived(house, decided)
    assert archive.remove_superseded(db) == 0
    assert objects.get(sealed)
    for stamp in db.scalars(select(ArchiveStamp)):
        stamp.stamped_at -= timedelta(days=60)
    db.flush()
    assert archive.remove_superseded(db) > 0
    while archive.remove_superseded(db):
        pass
    with pytest.raises(NotFound):
        objects.get(sealed)
    assert objects.get(row.key)
