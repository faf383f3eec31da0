"""PRO-04: the receipt for what was handed in, and the written notice when the time to decide is extended."""

from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text

from tests import factories
from tests.app.browser import browser
from tests.together import at_once
from workflow import objects
from workflow.accounts.models import Account, Staff
from workflow.case import timeline, verify_chains
from workflow.clock import add_working_days, local_date
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, RuleViolation
from workflow.establishment import notices, submission
from workflow.establishment.models import Notice
from workflow.evidence.documents import document
from workflow.messages.models import Message
from workflow.review import operations as review
from workflow.signatures.invitations import live_papers


def jobs(db):
    """How often the worker was asked to seal."""
    return db.scalar(text("SELECT count(*) FROM dbos.workflow_status WHERE name = 'issue_notices'"))


def said(data):
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split())


def test_who_hands_in_gets_a_sealed_receipt_once(house):
    """It lists what was received and says until when it is decided; the submission itself does not wait for the seal."""
    db, case = house.db, house.submitted()
    number = f"{case.number}-S1"
    owner = browser(house, person=db.get_one(Account, case.owner_id))
    owner.get(f"/cases/{case.number}")
    assert jobs(db) == 1 and notices.notices_of(db, case.id) == [] and document(db, number) is None
    assert "接收申请材料凭证" not in owner.text()
    owner.get(f"/cases/{case.number}/notices/{number}.pdf", 404)

    case_id = case.id
    assert sorted(at_once(*[lambda worker: notices.issue(worker, case_id)] * 2)) == [0, 1]
    assert notices.issue(db, case.id) == 0
    db.commit()
    events = [e for e in timeline(db, case.id) if e.event == "issue_receipt"]
    assert len(events) == 1 and events[0].detail["notice"] == number and list(verify_chains(db)) == []
    owner.get(f"/cases/{case.number}")
    assert "接收申请材料凭证" in owner.text()
    assert owner.page.xpath(f"//a[contains(@href, '{number}.pdf')]")
    data = owner.client.get(f"/cases/{case.number}/notices/{number}.pdf").data
    assert b"/ByteRange" in data and document(db, number).sha256 == events[0].detail["sha256"]
    receipt = said(data)
    until = local_date(case.due_at)
    for part in (
        case.name,
        f"{until.year}年{until.month}月{until.day}日",
        *(p.title for p in live_papers(db, case.id)),
    ):
        assert part in receipt, part
    stranger = browser(house, person=factories.account(db, "李旁人"))
    stranger.get(f"/cases/{case.number}/notices/{number}.pdf", 404)


def test_each_submission_has_a_receipt_of_its_own(house):
    db, case = house.db, house.submitted()
    review.claim(db, house.staff(), case.id)
    submission.return_for_correction(db, house.staff(), case.id, [review.Wanted("phone", "请改为企业电话")])
    db.commit()
    house.hand_in(case)
    assert notices.issue(db, case.id) == 2  # the worker was away the first time
    assert [n.number for n in notices.notices_of(db, case.id)] == [f"{case.number}-S1", f"{case.number}-S2"]


def test_the_head_extends_once_with_a_written_notice(house):
    """Three working days, a reason, by whom the head of the authority decides; told by SMS and sealed notice."""
    db, case = house.db, house.submitted()
    due, approver = case.due_at, house.staff("0523")
    with pytest.raises(NotAllowed):  # an examiner alone may not
        notices.extend(db, house.staff(), case.id, "需要核实出资情况。")
    assert not notices.may_extend(db, house.staff(), case) and notices.may_extend(db, approver, case)
    with pytest.raises(RuleViolation) as refused:
        notices.extend(db, approver, case.id, " ")
    assert [(p.code, p.field) for p in refused.value.problems] == [("PRO-04", "extension")]
    before = jobs(db)
    db.commit()

    head, number = approver.id, case.id

    def press(own):
        return notices.extend(own, own.get(Staff, head), number, "需要核实出资情况。").number

    results = at_once(press, press)
    assert sorted(type(r).__name__ for r in results) == ["Conflict", "str"], results
    assert next(r for r in results if isinstance(r, Conflict)).code == "extended"
    db.expire_all()
    assert case.due_at == add_working_days(due, 3) and jobs(db) == before + 1
    assert not notices.may_extend(db, approver, case)
    notices.issue(db, case.id)
    row = db.scalars(select(Notice).where(Notice.kind == "extension")).one()
    assert row.staff_id == approver.id and document(db, row.number).kind == "extension"
    notice, until = said(objects.get(row.key)), local_date(case.due_at)
    assert "需要核实出资情况" in notice and f"{until.year}年{until.month}月{until.day}日" in notice
    sms = db.scalars(select(Message).where(Message.template == "extended")).one()
    assert f"{until:%Y-%m-%d}" in sms.body and "需要核实出资情况" in sms.body
    assert [e.event for e in timeline(db, case.id)][-3:] == [
        "extend_decision",
        "issue_receipt",
        "issue_extension",
    ]


def test_nothing_is_extended_that_is_overdue_decided_or_not_ones_own(house):
    db, case, approver = house.db, house.submitted(), house.staff("0523")

    def refusal():
        with pytest.raises((Conflict, NotAllowed)) as caught:
            notices.extend(db, approver, case.id, "需要核实出资情况。")
        assert not notices.may_extend(db, approver, case)
        return getattr(caught.value, "code", "")

    case.due_at = now() - timedelta(minutes=1)
    db.flush()
    assert refusal() == "overdue"
    case.due_at = now() + timedelta(days=1)
    approver.authority_codes, own = ["HB-420103"], approver.authority_codes
    db.flush()
    refusal()
    approver.authority_codes = own
    review.recuse(db, approver, case.id, "亲属关系")
    assert refusal() == "recused"
    review.claim(db, house.staff(), case.id)
    submission.approve(db, house.staff(), case.id)
    assert refusal() == "moved_on"


def test_the_desk_offers_it_to_whom_it_is_for(house):
    case = house.submitted()
    examiner = browser(house, "intranet", person=house.staff())
    examiner.get(f"/cases/{case.number}")
    assert not examiner.page.xpath("//form[contains(@action, '/extend')]")
    head = browser(house, "intranet", person=house.staff("0523"))
    head.typed = ["需要核实出资情况。"]
    head.get(f"/cases/{case.number}")
    head.send("/extend", 422)
    assert "请写明理由" in head.text() and head.page.xpath("//details[@open]//*[@id='extension-error']")
    head.send("/extend", extension="需要核实出资情况。")
    assert not head.page.xpath("//form[contains(@action, '/extend')]")
    notices.issue(house.db, case.id)
    house.db.commit()
    head.get(f"/cases/{case.number}")
    assert "凭证和延期告知" in head.text()
    data = head.client.get(f"/cases/{case.number}/notices/{case.number}-X1.pdf").data
    assert data[:5] == b"%PDF-"
