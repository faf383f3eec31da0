"""The pages of step 3: a name is checked as one types, declared, waited for, reserved, extended, given up."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.portal.naming import marks
from tests import factories
from tests.app.browser import Browser, browser
from tests.page_laws import check_fragment
from workflow import upkeep
from workflow.accounts.models import Account
from workflow.case import Actor, open_case
from workflow.catalogues.queries import catalogue
from workflow.establishment.data import ScopeEntry
from workflow.establishment.drafts import create_draft, save
from workflow.naming import declaration
from workflow.naming.catalogue import compiled
from workflow.naming.models import RegisterName
from workflow.naming.proposal import Answer, Proposal
from workflow.naming.rules import local_findings
from workflow.review import operations as review

WISH = {
    "area": "420106", "division": "武汉", "trade_name": "云栖测", "industry": "软件", "form": "有限公司", "place": "front",
}  # fmt: skip


@pytest.fixture
def shop(house):
    """An applicant with an open case, and a browser signed in."""
    owner = factories.account(house.db, "张小七")
    actor = Actor.applicant(owner.id, owner.name)
    case = open_case(house.db, actor, owner.id, "llc")
    create_draft(house.db, case, owner)
    house.db.commit()
    return house, case, browser(house, person=owner)


def url(case, rest: str = "") -> str:
    return f"/cases/{case.number}/name{rest}"


def declare(page: Browser, case, **other: str):
    page.get(url(case))
    return page.send("/name", **(WISH | {"committed": "y", "action": "declare"} | other))


def test_without_javascript_a_button_checks(shop):
    _, case, page = shop
    page.get(url(case))
    page.send("/name", **WISH, action="check")
    assert "这个名称可以使用" in page.text()
    assert page.page.xpath('//input[@name="trade_name"]/@value') == ["云栖测"]


def test_live_answer_is_a_fragment_in_both_languages(shop):
    _, case, page = shop
    for language, lang in (("zh", "zh-CN"), ("en", "en")):
        page.client.set_cookie("qibu_lang", language)
        answer = page.client.get(url(case, "/check"), query_string=WISH)
        assert answer.status_code == 200
        check_fragment(answer, lang)
        check_fragment(page.client.get(url(case, "/check"), query_string={}), lang)
    assert page.client.get(url(case, "/check"), query_string=WISH | {"area": "999999"}).status_code == 200


def test_collision_names_the_rule_the_other_and_what_is_free(shop):
    """CMP-S1, NM-42: the finding says which name collides and why; a suggestion fills the form in."""
    house, case, page = shop
    house.named("云栖测")
    page.get(url(case))
    page.send("/name", **WISH, action="check")
    said = page.text()
    assert "这个名称不能使用" in said
    assert "武汉云栖测软件有限公司" in said
    assert page.page.xpath('//*[contains(@class, "is-failing")]')
    links = page.page.xpath('//section[@aria-labelledby="free-names"]//a/@href')
    assert links
    page.get(links[0])
    assert "这个名称可以使用" in page.text()
    assert page.page.xpath('//input[@name="trade_name"]/@value') != ["云栖测"]


def test_the_live_answer_comes_first_and_what_is_free_after_it(shop):
    """The verdict does not wait for suggestions; a free name asks for none; nothing typed asks for nothing."""
    house, case, page = shop
    house.named("云栖测")
    live = page.client.get(url(case, "/check"), query_string=WISH).text
    assert "这个名称不能使用" in live and "free-names" not in live
    assert f'hx-get="{url(case, "/suggestions")}"' in live
    answer = page.client.get(url(case, "/suggestions"), query_string=WISH)
    check_fragment(answer, "zh-CN")
    assert "free-names" in answer.text
    free = WISH | {"trade_name": "岚皋测"}
    assert "/suggestions" not in page.client.get(url(case, "/check"), query_string=free).text
    for nothing in (free, {}, WISH | {"area": "999999"}):
        assert page.client.get(url(case, "/suggestions"), query_string=nothing).text.strip() == ""


def test_declare_wants_the_commitment_and_keeps_what_was_typed(shop):
    """NM-43."""
    house, case, page = shop
    page.get(url(case))
    page.send("/name", 422, **WISH, action="declare")
    assert page.page.xpath('//*[contains(@class, "govuk-error-summary")]')
    assert page.page.xpath('//input[@name="trade_name"]/@value') == ["云栖测"]
    house.db.expire_all()
    assert case.state == "draft"


def test_a_blocked_name_is_not_declared(shop):
    house, case, page = shop
    house.named("云栖测")
    page.get(url(case))
    page.send("/name", 422, **WISH, action="declare", committed="y")
    house.db.expire_all()
    assert case.state == "draft"


def test_bad_input_of_every_kind(shop):
    _, case, page = shop
    for values in (
        {}, {"trade_name": "", "area": ""}, {"area": "000000"}, {"trade_name": "长" * 31}, {"form": "研究院"}, {"place": "top"},
        {"trade_name": "<script>alert(1)</script>"}, {"division": "北京"}, {"industry": "x" * 500},
    ):  # fmt: skip
        page.get(url(case))
        wish = WISH | values if values else {}
        page.typed = list(wish.values())
        answer = page.raw("/name", **wish, action="declare")
        assert answer.status_code == 422, values
        assert "<script>alert" not in answer.text


def test_waiting_then_reserved_with_notice(shop):
    house, case, page = shop
    declare(page, case)
    assert "登记人员正在审核名称" in page.text()
    page.get(url(case))
    assert page.client.get(url(case, "/state")).status_code == 204
    assert "HX-Refresh" not in page.client.get(url(case, "/state")).headers
    review.claim(house.db, house.staff(), case.id)
    declaration.approve_name(house.db, house.staff(), case.id)
    house.db.commit()
    assert page.client.get(url(case, "/state")).headers["HX-Refresh"] == "true"
    page.get(url(case))
    assert "已保留" in page.text()
    notice = page.client.get(url(case, "/notice.pdf"))
    assert notice.mimetype == "application/pdf"
    assert b"/ByteRange" in notice.data  # NM-46: with the authority's seal
    assert page.client.get(url(case, "/notice.pdf")).data == notice.data  # made once


def test_a_refused_name_is_shown_again_to_be_changed(shop):
    house, case, page = shop
    declare(page, case)
    review.claim(house.db, house.staff(), case.id)
    declaration.refuse_name(house.db, house.staff(), case.id, "字号容易使人误解")
    house.db.commit()
    page.get(url(case))
    assert "此前申报过" in page.text()
    assert page.page.xpath('//input[@name="trade_name"]/@value') == ["云栖测"]
    assert page.page.xpath('//select[@name="area"]/option[@selected]/@value') == ["420106"]


def test_a_year_only_where_approval_comes_first(house):
    """NM-44."""
    case = house.reserved()
    owner = house.db.get_one(Account, case.owner_id)
    page = browser(house, person=owner)
    page.get(url(case))
    assert not page.page.xpath('//form[contains(@action, "/extend")]')
    token = page.page.xpath('//input[@name="csrf_token"]/@value')[0]
    assert page.client.post(url(case, "/extend"), data={"csrf_token": token}).status_code == 422
    entry = next(e for e in catalogue(house.db).scope_entries.values() if e.timing == "before")
    chosen = ScopeEntry(code=entry.code, text=entry.text, licensed=entry.licensed)
    save(house.db, case.id, house.owner(case), None, lambda a: setattr(a, "scope", [chosen]))
    house.db.commit()
    before = declaration.reservation_of(house.db, case.id).reserved_until
    page.get(url(case))
    page.send("/extend")
    house.db.expire_all()
    after = declaration.reservation_of(house.db, case.id).reserved_until
    assert after - before > timedelta(days=290)


def test_give_up_asks_first_then_frees_the_name(house):
    case = house.reserved()
    page = browser(house, person=house.db.get_one(Account, case.owner_id))
    page.get(url(case, "/give-up"))
    page.send("/give-up")
    house.db.expire_all()
    assert case.state == "draft"
    assert declaration.declaration_of(house.db, case.id) is None
    assert not house.db.scalars(select(RegisterName).where(RegisterName.status == "reserved")).all()


def test_expired_then_choose_again(house):
    """NM-45."""
    case = house.reserved()
    row = house.db.scalars(select(RegisterName).where(RegisterName.case_id == case.id)).one()
    row.reserved_until -= timedelta(days=400)
    house.db.commit()
    assert upkeep.expire_reservations(house.db) == 1
    house.db.commit()
    page = browser(house, person=house.db.get_one(Account, case.owner_id))
    page.get(url(case))
    assert "名称保留期已满" in page.text()
    page.send("/again")
    house.db.expire_all()
    assert case.state == "draft"


def test_nobody_elses_case(shop):
    house, case, _ = shop
    other = browser(house, person=factories.account(house.db, "李小八"))
    for rest in ("", "/check", "/divisions", "/give-up", "/notice.pdf", "/state"):
        assert other.client.get(url(case, rest)).status_code == 404
    assert browser(house).client.get(url(case)).status_code == 303


def test_divisions_follow_the_county(shop):
    """NM-05: a district stands behind its city, never alone."""
    _, case, page = shop
    answer = page.client.get(url(case, "/divisions"), query_string={"area": "420106", "trade_name": ""})
    tree = check_fragment(answer)
    offered = tree.xpath("//option/@value")
    assert offered[0] == "武汉"
    assert "武汉市武昌区" in offered
    assert "武昌区" not in offered
    assert answer.headers["HX-Trigger-After-Swap"] == "name-changed"


@pytest.mark.parametrize(
    ("trade_name", "industry", "marked"),
    [
        ("中国", "软件", "trade_name"),
        ("小张", "虚拟货币", "industry"),
        ("毛泽东", "餐饮", "trade_name"),
        ("东方", "", "industry"),
    ],
)
def test_the_part_that_stops_a_name_is_the_one_marked(trade_name, industry, marked):
    proposal = Proposal("420106", division="武汉", trade_name=trade_name, industry=industry, form="有限公司")
    parts = proposal.parts()
    stopping = [
        f for f in local_findings(proposal, parts, compiled(), date(2026, 3, 1)) if f.effect == "block"
    ]
    assert marks(Answer("blocked", parts, stopping))[0] == [marked]
