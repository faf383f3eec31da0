"""An individual household from its choice to its licence, with and without a name (IMPL52 Arts. 6, 7; NM-40): returned
once by the registrar, corrected in exactly what the notice names, handed in again."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from tests import factories
from tests.app.browser import browser
from tests.app.test_intranet_names import at
from tests.house import WUCHANG
from tests.page_laws import check_page
from workflow import objects
from workflow.clock import local_date
from workflow.db import now
from workflow.establishment import drafts, papers, submission, types
from workflow.establishment.models import Submission
from workflow.establishment.problems import problems_of
from workflow.licensing import operations as licensing
from workflow.licensing.queries import entry
from workflow.naming import declaration
from workflow.naming.proposal import Proposal
from workflow.review import operations as review
from workflow.review.operations import Wanted
from workflow.review.queries import open_corrections
from workflow.signatures.invitations import live_papers

TYPED = [
    "武汉市武昌区东湖路105号",
    "钱小六",
    "钱小七",
    "湖北省武汉市武昌区虚构路1号",
    "请补充参加经营的家庭成员。",
]
NAME = "武汉市武昌区云栖测百货店"


@pytest.fixture(params=["unnamed", "named"])
def opened(house, request):
    """A household whose owner goes on without a name, or has one reserved; and the owner's browser."""
    owner = factories.account(house.db, "钱小六")
    case = drafts.start_case(house.db, owner, "household")
    house.db.commit()
    window = browser(house, person=owner)
    window.typed = [*TYPED, NAME]
    window.get(f"/cases/{case.number}/name")
    if request.param == "unnamed":
        window.send("/name/waive")
        assert window.page.xpath("//main//li"), "the task list opens"
    else:
        declaration.declare(house.db, case.id, house.owner(case), Proposal(authority_code=WUCHANG, text=NAME, entity_type="household"), committed=True)  # fmt: skip
        house.db.refresh(case)
        if case.state == "name_submitted":
            review.claim(house.db, house.staff(), case.id)
            declaration.approve_name(house.db, house.staff(), case.id)
        house.db.commit()
    house.db.expire_all()
    assert case.state == "name_reserved"
    return case, window, request.param == "named"


def fill_in(window, root):
    """Every section as the pages offer it."""
    window.get(f"{root}/address")
    window.send("/address", text="武汉市武昌区东湖路105号", use="commercial", commitment="y")
    window.send("/address/confirm")
    window.get(f"{root}/scope?q=百货")
    code = window.page.xpath("//button[starts-with(@value, 'add:')]/@value")[0]
    window.send("/scope", action=code)
    window.send("/scope", action="continue")
    window.get(f"{root}/shareholders")
    window.send("/shareholders", address="湖北省武汉市武昌区虚构路1号", employees="2")
    window.send("/liaison", email="qian@example.com")
    window.send("/submitter")


def stored(house, case):
    house.db.rollback()
    house.db.expire_all()
    return drafts.draft_of(house.db, case.id)[0]


def hand_in(house, case):
    """Papers made by the applicant's click count as signed; then submitted."""
    house.db.expire_all()
    assert case.state == "signing"
    for paper in live_papers(house.db, case.id):
        paper.state = "signed"
    case.state = "signed"
    house.db.flush()
    submission.submit(house.db, case.id, house.owner(case), honest=True)
    house.db.commit()


def test_a_household_is_returned_corrected_and_licensed(house, opened):
    case, window, named = opened
    root, number = f"/cases/{case.number}/application", case.number
    fill_in(window, root)
    errors = [p for p in problems_of(house.db, case, stored(house, case)) if p.severity == "error"]
    assert errors == []
    shown = types.unnamed(types.get("household")) if not named else NAME
    assert case.name == shown
    window.get(f"{root}/check")
    assert "钱小六" in window.text() and "百货零售" in window.text()
    window.send("/application/generate")
    hand_in(house, case)

    desk = at(house, "0417")
    review.claim(house.db, house.staff(), case.id)
    house.db.commit()
    page = check_page(desk.get(f"/cases/{number}"), 200, typed=window.typed)
    assert page.xpath("//input[@name='text-household_form']"), "the composition can be asked to be corrected"
    wanted = [Wanted(field="household_form", reason_code="", text="请补充参加经营的家庭成员。")]
    submission.return_for_correction(house.db, house.staff(), case.id, wanted)
    house.db.commit()

    window.get(f"/cases/{number}")
    window.get(root)
    assert "请补充参加经营的家庭成员。" in window.text()
    link = window.page.xpath("//section[@aria-labelledby='corrections']//a/@href")
    assert link == [f"{root}/shareholders"], "the correction leads to its page"
    window.get(f"{root}/shareholders")
    assert not window.page.xpath("//*[@name='party' or @name='address' or @name='funds']"), (
        "the rest is closed"
    )
    person = "/people/add"
    window.get(f"{root}/people/add?back=shareholders")
    window.send(person, name="钱小七", id_number=factories.id_number(931), phone="19900000931")
    assert len(stored(house, case).people) == 2
    window.get(f"{root}/shareholders")
    window.send("/shareholders", composition="family", family="p2")
    found = stored(house, case)
    assert (found.household_form, found.family) == ("family", ["p2"])
    window.get(f"{root}/check")
    window.send("/application/generate")
    assert {"p1", "p2"} == {k for p in papers.live_papers(house.db, case.id) for k in p.signers}
    hand_in(house, case)
    house.db.expire_all()
    assert case.state == "submitted" and open_corrections(house.db, case.id) == []
    assert house.db.query(Submission).filter_by(case_id=case.id).count() == 2

    page = check_page(desk.get(f"/cases/{number}"), 200, typed=window.typed)
    assert "钱小七" in "".join(page.itertext())
    review.claim(house.db, house.staff(), case.id)
    submission.approve(house.db, house.staff(), case.id)
    row = licensing.prepare(house.db, case.id)
    licensing.activate(house.db, row.id, licensing.make_files(house.db, row.id))
    house.db.commit()
    held = entry(house.db, row.uscc)
    assert held.name == (NAME if named else "钱小六"), (
        "without a name it stands in the register under its head"
    )
    assert (held.type_code, row.uscc[1]) == ("9500", "2")
    assert row.established_on == local_date(now())
    said = {
        key: "".join(
            "".join(page.extract_text() for page in PdfReader(BytesIO(objects.get(key))).pages).split()
        )
        for key in (row.key, row.notice_key, *(p.key for p in live_papers(house.db, case.id)))
    }
    assert not any("个体工商户（不使用名称）" in text for text in said.values()), "that is no name"
    licence, registered, form = (
        said[row.key],
        said[row.notice_key],
        next(t for t in said.values() if "申请书" in t),
    )
    if named:
        assert all(NAME in text for text in said.values())
    else:  # IMPL52 Art. 6: a name is an item of the register only where one is used
        assert "***" in licence and "名称***" in registered and "名称不使用名称" in form
        assert "个体工商户（经营者：钱小六）" in registered
    window.get(f"/cases/{number}/licence")
    assert row.uscc in re.sub(r"\s", "", window.text())
    public = house.client("portal")
    verified = check_page(public.get(f"/v/{row.verification_code}"), 200, typed=[*window.typed, held.scope])
    assert ("***" in "".join(verified.itertext())) != named
    check_page(public.get(f"/register/{row.uscc}"), 200, typed=[*window.typed, held.scope])
