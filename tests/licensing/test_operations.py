"""A licence is issued once, however often and in whatever order its three steps are repeated."""

from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from workflow import objects
from workflow.case import Actor, timeline
from workflow.clock import today
from workflow.errors import Conflict
from workflow.establishment import submission
from workflow.licensing import operations
from workflow.licensing.models import Licence, RegisterEntry
from workflow.messages.models import Message
from workflow.naming import declaration
from workflow.naming.models import RegisterName
from workflow.review import operations as review


@pytest.fixture
def approved(house):
    case = house.submitted()
    review.claim(house.db, house.staff(), case.id)
    submission.approve(house.db, house.staff(), case.id)
    house.db.commit()
    return case


def counts(db, case) -> dict[str, int]:
    """How many of each there are."""

    def of(model, *where):
        return db.scalar(select(func.count()).select_from(model).where(*where))

    return {
        "licences": of(Licence, Licence.case_id == case.id),
        "entries": of(RegisterEntry, RegisterEntry.case_id == case.id),
        "names": of(RegisterName, RegisterName.case_id == case.id, RegisterName.status == "registered"),
        "messages": of(Message, Message.case_id == case.id, Message.template == "licence_issued"),
        "events": sum(e.event == "issue_licence" for e in timeline(db, case.id)),
    }  # fmt: skip


ONE = {"licences": 1, "entries": 1, "names": 1, "messages": 1, "events": 1}


@pytest.mark.parametrize("order", ["pma", "ppmmaa", "pmmaapma", "pmapma", "pmampa"])
def test_any_repetition_issues_one_licence(house, approved, order):
    """PRO-10, LIC-06: p prepare, m make the files, a activate; each may run again after a worker died."""
    db, files = house.db, {}
    for step in order:
        row = operations.prepare(db, approved.id)
        if step == "m":
            files = operations.make_files(db, row.id)
        elif step == "a":
            operations.activate(db, row.id, files)
        db.commit()
    assert counts(db, approved) == ONE
    assert approved.state == "licensed"
    row = db.scalars(select(Licence).where(Licence.case_id == approved.id)).one()
    assert row.established_on == today()
    assert operations.make_files(db, row.id) == {
        "licence": row.key, "duplicate": row.duplicate_key, "notice": row.notice_key,
    }  # fmt: skip


def test_files_made_twice_keep_those_that_were_activated(house, approved):
    row = operations.prepare(house.db, approved.id)
    first = operations.make_files(house.db, row.id)
    second = operations.make_files(house.db, row.id)
    operations.activate(house.db, row.id, second)
    operations.activate(house.db, row.id, first)  # a late repeat changes nothing
    assert row.key == second["licence"]


def test_what_it_says_and_that_it_is_sealed(house, approved):
    """LIC-06, USCC-01: name, code, place, capital; the same in the register; all three with the seal."""
    db = house.db
    row = operations.prepare(db, approved.id)
    operations.activate(db, row.id, operations.make_files(db, row.id))
    entry = db.scalars(select(RegisterEntry).where(RegisterEntry.case_id == approved.id)).one()
    assert (entry.uscc, entry.name, entry.capital) == (row.uscc, approved.name, 50_000_000)
    assert len(row.uscc) == 18
    said = "".join(PdfReader(BytesIO(objects.get(row.key))).pages[0].extract_text().split())
    for value in (row.uscc, approved.name, "东湖路105号", "伍拾万元"):
        assert value in said, value
    for key in (row.key, row.duplicate_key, row.notice_key):
        assert b"/ByteRange" in objects.get(key)
    assert declaration.reservation_of(db, approved.id).state == "used"


def test_no_licence_without_approval(house):
    case = house.submitted()
    with pytest.raises(Conflict) as caught:
        operations.prepare(house.db, case.id)
    assert caught.value.code == "moved_on"
    assert counts(house.db, case)["licences"] == 0


def test_two_companies_get_two_codes(house):
    first, second = house.licensed("云栖测"), house.licensed("晨岫试")
    codes = house.db.scalars(select(Licence.uscc).where(Licence.case_id.in_([first.id, second.id]))).all()
    assert len(set(codes)) == 2


def test_revoked_licence_says_so(house):
    """EL-07."""
    case = house.licensed()
    row = house.db.scalars(select(Licence).where(Licence.case_id == case.id)).one()
    operations.revoke(house.db, row.id, Actor.system(), "提交虚假材料")
    assert (row.state, row.revoked_reason) == ("revoked", "提交虚假材料")
    assert row.revoked_at


def test_an_authority_that_chose_sm2_seals_with_it(house, approved):
    """ES-22: the policy of the case's authority decides, and the papers hold under its SM2 root."""
    from signing.validation import validate
    from workflow.policies.models import Policy
    from workflow.signer import authority

    house.db.add(
        Policy(key="signature_suite", authority_code=approved.authority_code, value="sm2", valid_from=today(), reason="国密")
    )  # fmt: skip
    row = operations.prepare(house.db, approved.id)
    files = operations.make_files(house.db, row.id)
    for key in files.values():
        (report,) = validate(objects.get(key), authority().roots)
        assert (report.reason, report.level) == ("", "B-LT") and "SM2" in report.issuer
        assert validate(objects.get(key), [authority().root])[0].reason == "untrusted_root"
