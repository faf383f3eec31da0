"""Step 4 over HTTP after the first time: returned, signing, signed, and other people's cases."""

import re

import pytest

from tests import factories
from tests.app.filing import SECTIONS, Pages, date, summary
from workflow.clock import today
from workflow.establishment import papers, submission
from workflow.establishment.derive import last_day_to_pay
from workflow.establishment.models import Paper
from workflow.review import operations as review
from workflow.review.operations import Wanted
from workflow.signatures.invitations import invitations_of, live_papers


@pytest.fixture
def returned(house):
    """A case returned because of its address; the rest is closed."""
    case = house.submitted()
    staff = house.staff()
    review.claim(house.db, staff, case.id)
    from workflow.establishment import submission

    submission.return_for_correction(
        house.db, staff, case.id, [Wanted(field="address", reason_code="", text="请写明房间号。")]
    )
    house.db.commit()
    return Pages(house, case)


def test_only_what_the_notice_names_can_be_changed(returned):
    assert "请写明房间号" in returned.look("/application")
    assert "请写明房间号" in returned.look("/application/address")
    closed = returned.look("/application/capital")
    assert "不能修改" in closed and 'name="capital"' not in closed
    for section in SECTIONS:
        returned.look(f"/application/{section}")
    returned.send("/application/capital", capital="70", term="long")
    assert returned.application.capital == 50_000_000
    returned.send("/application/scope", 200, action="remove:0")
    assert len(returned.application.scope) == 1
    answer = returned.chinese.post(returned.url("/application/shareholders/p1/remove"))
    assert answer.status_code == 422 and returned.application.contributions
    returned.send(
        "/application/address", text="武汉市武昌区东湖路105号2栋301室", use="commercial", commitment="y"
    )
    page = returned.look("/application/address/confirm")
    returned.send(
        "/application/address/confirm", choice=re.search(r'name="choice" value="([^"]+)"', page).group(1)
    )
    assert returned.application.address.detail == "东湖路105号2栋301室"
    assert returned.send("/application/generate").location.endswith("/signatures")


def test_a_correction_is_said_at_its_field_and_nothing_secret_is_shown(house):
    """The list leads to the page of the one shareholder; there the date is open, numbers are masked, nobody can be removed."""
    case = house.submitted()
    review.claim(house.db, house.staff(), case.id)
    wanted = [Wanted(field="contributions.0.due", reason_code="", text="出资日期请提前。"), Wanted(field="attachments", reason_code="", text="请补充合同。")]  # fmt: skip
    submission.return_for_correction(house.db, house.staff(), case.id, wanted)
    house.db.commit()
    pages = Pages(house, case)
    listed = pages.look("/application")
    root = pages.url("/application")
    assert f'href="{root}/shareholders/p1"' in listed and f'href="{pages.url("/attachments")}"' in listed
    assert "/remove" not in pages.look("/application/shareholders")
    page = pages.look("/application/shareholders/p1")
    assert 'href="#asked-due"' in page and 'id="asked-due"' in page and 'name="due-year"' in page
    person = pages.application.people[0]
    assert person.id_number not in page and person.phone not in page and "990000********" in page


def test_a_closed_application_is_read_only_and_revising_names_the_signatures(full):
    db = full.house.db
    papers.generate(db, full.case.id, full.house.owner(full.case))
    row = invitations_of(db, full.case.id)[0]
    row.state = "signed"
    full.case.state = "signed"
    db.commit()
    assert "不能修改" in full.look("/application") and "不能修改" in full.look("/application/check")
    page = full.look("/application/revise")
    assert "张小七" in page and "章程" in page
    full.send("/application/revise")
    db.expire_all()
    assert full.case.state == "name_reserved"
    assert "将失效" not in full.look("/application/check")
    full.send("/application/capital", capital="60", term="long")
    full.send(
        "/application/shareholders/p1",
        phone=full.owner.phone,
        subscribed="60",
        form="money",
        **date(last_day_to_pay(today())),
    )
    falling = full.look("/application/check")
    assert "将失效" in falling and "章程" in falling
    kept = {p.kind for p in live_papers(db, full.case.id)}
    full.send("/application/generate")
    db.expire_all()
    assert {p.state for p in db.query(Paper).filter_by(case_id=full.case.id)} >= {"fallen"}
    assert {p.kind for p in live_papers(db, full.case.id)} == kept


def test_submitting_needs_the_promise(full):
    db = full.house.db
    papers.generate(db, full.case.id, full.house.owner(full.case))
    db.commit()
    assert full.chinese.get(full.url("/submit")).location.endswith("/signatures")
    full.case.state = "signed"
    db.commit()
    full.look("/submit")
    assert "承诺" in summary(full.send("/submit", 422))
    full.send("/submit", honest="y")
    db.expire_all()
    assert full.case.state == "submitted"
    assert full.case.number in full.look("/submit")


def test_somebody_elses_case_is_not_there(house, full):
    other = house.sign_in(house.client("portal"), factories.account(house.db, "王小五"))
    for path in (
        "/application",
        *(f"/application/{s}" for s in SECTIONS),
        "/papers/articles.pdf",
        "/submit",
        "/attachments",
    ):
        assert other.get(full.url(path)).status_code == 404, path
    for path in ("/application/autosave?form=CapitalForm", "/application/generate", "/application/revise",
                 "/application/shareholders/p1/remove", "/attachments/link"):  # fmt: skip
        assert other.post(full.url(path), data={"capital": "1", "changed": "capital"}).status_code == 404, (
            path
        )
    assert full.application.capital == 50_000_000
    nobody = house.client("portal")
    assert nobody.get(full.url("/application")).status_code == 303
