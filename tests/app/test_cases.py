"""My cases over HTTP: the list, a new one, one case in each state, withdrawing, messages; and the one next action."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.portal.next_action import ACTIONS, BANK_STEPS, PILLS, STATES, NextAction, next_action
from app.web.events import EVENTS
from tests import factories
from tests.app.browser import Browser, browser
from tests.house import House
from tests.page_laws import at_most_queries
from workflow.accounts.models import Account
from workflow.case import Case
from workflow.db import engine
from workflow.errors import RuleViolation
from workflow.establishment import choice, submission, types
from workflow.establishment.drafts import draft_of, start_case
from workflow.handoff import operations as handoff
from workflow.machine import MACHINES, CaseMachine, HandoffMachine, state_name, transitions
from workflow.messages.models import Message
from workflow.naming import declaration
from workflow.review import operations as review
from workflow.review.operations import Wanted
from workflow.situation import Situation

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Tuesday noon in China


@pytest.fixture
def owner(house) -> Account:
    account = factories.account(house.db, "张小七")
    house.db.commit()
    return account


def seen(house: House, case: Case) -> Browser:
    """The case's page, fetched in both languages by its owner."""
    page = browser(house, person=house.db.get_one(Account, case.owner_id))
    page.get(f"/cases/{case.number}")
    return page


# --- the one next action ------------------------------------------------------------------------------


@pytest.fixture
def said(house):
    """The next action of a situation, in Chinese or English."""
    app: Flask = house.client("portal").application

    def ask(language: str = "zh", missing: int | None = None, **facts) -> NextAction:
        headers = {"Cookie": f"qibu_lang={language}"}
        with app.test_request_context("/", headers=headers):
            return next_action(Situation("QB", **facts), NOW, missing)

    return ask


def test_every_state_has_a_name_a_pill_and_an_action():
    states = {s.id for s in CaseMachine.states}
    assert set(STATES) == set(PILLS) == set(ACTIONS) == states
    ends_of_bank = {"declined", "withdrawn"}  # a new bank is chosen
    assert set(BANK_STEPS) == {s.id for s in HandoffMachine.states} - ends_of_bank
    assert state_name(CaseMachine, "signed") == "All signed"


def test_every_event_of_the_machines_has_words():
    case = {t.event for t in transitions(MACHINES["case"])}
    bank = {f"bank_{t.event}" for t in transitions(MACHINES["handoff"])}
    noted = {"open", "attach", "remove_attachment", "restore_attachment", "choose_bank", "extend_reservation", "sign",
             "decline", "invite_again", "recuse"}  # fmt: skip
    assert case | bank | noted <= set(EVENTS)


@pytest.mark.parametrize("state", sorted(ACTIONS))
def test_each_action_speaks_both_languages(said, state):
    chinese, english = said(state=state), said("en", state=state)
    assert chinese.title and english.title and chinese.title != english.title
    assert bool(chinese.endpoint) == bool(chinese.label)


def test_the_reservation_is_counted_down(said):
    until = NOW + timedelta(days=61)
    assert said(state="name_reserved", reserved_until=until).due == "名称保留至 2027年1月24日，剩 61 天。"
    assert "1 day left" in said("en", state="signed", reserved_until=NOW + timedelta(days=1)).due
    assert said(state="returned", reserved_until=NOW).due == "名称保留到今天（2026年11月24日）为止。"
    assert said(state="submitted", reserved_until=until).due == ""


def test_the_authoritys_time_limit_is_told_in_working_days(said):
    friday = datetime(2026, 11, 27, 10, tzinfo=UTC)
    assert (
        said(state="submitted", due_at=friday).due
        == "登记机关将在 2026年11月27日 前作出决定，还有 3 个工作日。"
    )
    assert "现已超期" in said(state="submitted", due_at=NOW - timedelta(days=4)).due
    assert "今天" in said(state="name_submitted", due_at=NOW + timedelta(hours=2)).due


def test_missing_sections_are_counted(said):
    assert said(state="name_reserved", missing=3).text == "还差 3 项即可生成全套材料。"
    ready = said(state="name_reserved", missing=0)
    assert ready.endpoint == "establishment.check"


@pytest.mark.parametrize(
    ("facts", "endpoint", "waiting"),
    [
        ({"state": "draft"}, "naming.edit", False),
        ({"state": "name_submitted"}, "establishment.tasks", True),
        ({"state": "signing", "signers": 3, "signed": 1}, "signatures.index", False),
        ({"state": "signed"}, "establishment.submit", False),
        ({"state": "submitted"}, "", True),
        ({"state": "returned", "corrections": 2}, "establishment.tasks", False),
        ({"state": "licensed"}, "banking.show", False),
        ({"state": "licensed", "bank_state": "received", "branch_name": "某支行"}, "banking.show", True),
        ({"state": "licensed", "bank_state": "information_wanted"}, "banking.show", False),
        ({"state": "licensed", "bank_state": "declined"}, "banking.show", False),
        ({"state": "expired"}, "naming.edit", False),
        ({"state": "refused"}, "", True),
    ],
)
def test_where_the_action_leads(said, facts, endpoint, waiting):
    action = said(**facts)
    assert (action.endpoint, action.waiting) == (endpoint, waiting)


def test_steps_of_ended_cases():
    assert Situation("QB", "closed").step == 8
    assert Situation("QB", "withdrawn", signers=2, reserved_until=NOW).step == 5
    assert Situation("QB", "withdrawn", reserved_until=NOW).step == 4
    assert Situation("QB", "withdrawn").step == 3 and Situation("QB", "withdrawn").stopped


# --- the list and a new case --------------------------------------------------------------------------


def test_without_cases_the_list_says_what_to_do(house, owner):
    page = browser(house, person=owner)
    page.get("/cases")
    assert "您还没有办件" in page.text() and page.page.xpath('//main//a[@href="/cases/new"]')


def test_two_questions_lead_to_a_case(house, owner):
    page = browser(house, person=owner)
    page.get("/cases/new")
    page.get("/cases/new?who=alone")
    assert "请回答这两个问题" in page.text()
    page.get("/cases/new?who=others&liability=unlimited")
    assert "普通合伙企业" in page.text()
    page.get("/cases/new?who=others&liability=some")
    assert "有限合伙企业" in page.text() and "也可以选择" in page.text()
    page.get("/cases/new?who=alone&liability=limited")
    page.send("/cases/new")
    case = house.db.scalars(select(Case)).one()
    assert (case.owner_id, case.entity_type, case.state) == (owner.id, "llc", "draft")
    assert case.number in page.text() and "下一步：" in page.text()
    application, version = draft_of(house.db, case.id)
    assert (application.people[0].name, version) == ("张小七", 1)


@pytest.mark.parametrize("kind", ["", "nonsense", '"><script>', "x" * 5000])
def test_only_registered_types_can_be_opened(house, owner, kind):
    page = browser(house, person=owner)
    page.get("/cases/new?who=alone&liability=limited")
    page.send("/cases/new", 422, entity_type=kind)
    assert "没有这类主体" in page.text()
    assert not house.db.scalars(select(Case)).all()


def test_start_case_refuses_what_is_not_registered(db):
    with pytest.raises(RuleViolation) as refused:
        start_case(db, factories.account(db), "union")
    assert refused.value.problems[0].field == "entity_type"


def test_every_type_can_be_compared():
    assert {kind.code for kind in types.BUILT_IN} == set(choice.TRAITS)
    assert {code for codes in choice.SUITS.values() for code in codes} == set(choice.TRAITS)
    assert (
        choice.recommend("alone", "some") == choice.recommend("alone", "unlimited") == ("household", "sole")
    )
    assert choice.recommend("alone", "limited") == ("llc",) and choice.recommend("", "limited") == ()


def test_strange_answers_are_harmless(house, owner):
    page = browser(house, person=owner)
    page.get("/cases/new?who=<script>&liability=" + "x" * 2000)
    page.get("/cases?page=99999")
    page.get("/cases?page=-1")


def test_the_list_shows_state_action_and_deadline_page_by_page(house, owner):
    case = house.named(owner=owner)
    for _ in range(26):
        factories.case(house.db, owner)
    house.db.commit()
    page = browser(house, person=owner)
    with at_most_queries(engine(""), 40):  # both languages: 20 each, whatever the number of cases
        page.get("/cases")
    assert "27" in page.text() and page.page.xpath('//a[@rel="next"]')
    page.get("/cases?page=2")
    texts = [page.text()]
    page.get("/cases")
    texts.append(page.text())
    assert any(case.name in text and "名称审核中" in text for text in texts)


def test_others_cases_are_not_there(house, owner):
    case = house.named()
    page = browser(house, person=owner)
    for rest in ("", "/withdraw", f"/notices/{case.number}-C1.pdf"):
        page.get(f"/cases/{case.number}{rest}", 404)
    page.client.application.config["WTF_CSRF_ENABLED"] = False
    assert page.client.post(f"/cases/{case.number}/withdraw").status_code == 404
    page.get("/cases")
    assert case.number not in page.text()
    page.get("/messages")
    assert case.number not in page.text()


def test_the_portal_asks_to_sign_in(house):
    case = house.named()
    client = house.client("portal")
    for path in ("/cases", "/cases/new", "/messages", f"/cases/{case.number}"):
        assert client.get(path).headers["Location"].startswith("/sign-in?next="), path


# --- one case -----------------------------------------------------------------------------------------


def test_under_review(house):
    page = seen(house, house.named())
    assert "登记人员正在审核" in page.text() or "名称审核中" in page.text()
    assert page.page.xpath('//*[contains(@class, "q-track")]//*[@aria-current="step"]')
    assert page.page.xpath('//*[@id="sections"] | //a[contains(@href, "/application/address")]')
    assert "名称已申报" in page.text() or "名称申报" in page.text()


def test_reserved_and_complete(house):
    case = house.reserved()
    page = seen(house, case)
    assert "下一步" in page.text() and "剩" in page.text()
    assert page.page.xpath(f'//a[@href="/cases/{case.number}/name/notice.pdf"]')


def test_out_for_signature_and_submitted(house):
    case = house.submitted()
    page = seen(house, case)
    assert "登记机关正在审查" in page.text() or "审查中" in page.text()
    assert "个工作日" in page.text() and "【七步】" in page.text()
    assert page.page.xpath('//a[contains(@href, "/papers/articles.pdf")]')


def test_a_return_shows_what_to_do_and_the_sealed_notice(house):
    case = house.submitted()
    review.claim(house.db, house.staff(), case.id)
    wanted = [Wanted("capital", "wording", "请核对注册资本", "注册资本")]
    submission.return_for_correction(house.db, house.staff(), case.id, wanted)
    house.db.commit()
    page = seen(house, case)
    assert "需要补正 1 处" in page.text() and "补正告知书" in page.text()
    link = page.page.xpath('//a[contains(@href, "/notices/")]/@href')[0]
    answer = page.client.get(link)
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
    assert page.client.get(link.replace("-C1", "-C9")).status_code == 404


def test_refused_with_notice(house):
    case = house.submitted()
    review.claim(house.db, house.staff(), case.id)
    submission.refuse(house.db, house.staff(), case.id, "经营范围违法", "unlawful")
    house.db.commit()
    page = seen(house, case)
    assert "不予登记" in page.text() and "不予登记通知书" in page.text()
    assert page.page.xpath('//a[@href="/cases/new"]') and not page.page.xpath(
        '//a[contains(@href, "/withdraw")]'
    )


def test_licensed_then_at_the_bank(house):
    case, row = house.handed()
    page = seen(house, case)
    assert "统一社会信用代码" in page.text() and row.branch_name in page.text()
    assert page.page.xpath(f'//a[@href="/cases/{case.number}/licence"]')
    assert page.page.xpath(f'//a[@href="/cases/{case.number}/licence/original.pdf"]')
    assert page.page.xpath('//header//a[@href="/account"]')
    assert not page.page.xpath('//a[contains(@href, "/withdraw")]')
    page.get("/cases")
    house.db.expire_all()
    handoff.note_delivered(house.db, row.id)
    house.db.commit()
    page.get(f"/cases/{case.number}")
    assert "资料已送达银行" in page.text()


def test_a_refused_name_is_explained(house):
    case = house.named()
    review.claim(house.db, house.staff(), case.id)
    declaration.refuse_name(house.db, house.staff(), case.id, "与知名字号近似<b>")
    house.db.commit()
    page = seen(house, case)
    assert "与知名字号近似<b>" in page.text() and "请另选名称" in page.text()


def test_a_case_page_asks_the_database_little(house):
    case = house.reserved()
    page = browser(house, person=house.db.get_one(Account, case.owner_id))
    page.client.get(f"/cases/{case.number}")  # the catalogues are read once
    with at_most_queries(engine(""), 45):
        assert page.client.get(f"/cases/{case.number}").status_code == 200


# --- withdrawing, messages ----------------------------------------------------------------------------


def test_withdrawing_asks_first_and_frees_the_name(house):
    case = house.reserved()
    page = seen(house, case)
    page.get(f"/cases/{case.number}/withdraw")
    assert "名称立即释放" in page.text()
    house.db.expire_all()
    assert house.db.get_one(Case, case.id).state == "name_reserved"
    page.send("/withdraw")
    house.db.expire_all()
    assert house.db.get_one(Case, case.id).state == "withdrawn"
    assert declaration.declaration_of(house.db, case.id) is None
    assert "办件已撤回" in page.text()
    page.get(f"/cases/{case.number}")
    page.get(f"/cases/{case.number}/withdraw", 409)


def test_messages_hide_links_and_phones(house, owner):
    case = house.submitted(owner=owner)
    page = browser(house, person=owner)
    page.get("/messages")
    assert page.text().count(case.number) >= 3
    assert owner.phone not in page.text() and "/sign/" not in page.text()
    assert "这条消息含有保密的链接或验证码" in page.text()
    private = house.db.scalars(select(Message).where(Message.private, Message.case_id == case.id)).all()
    assert private, "an invitation to sign was sent"


def test_no_messages_yet(house, owner):
    page = browser(house, person=owner)
    page.get("/messages")
    assert "还没有消息" in page.text()
