"""Steps 1 and 2 over HTTP: four elements one after the other (RN-06), code, sessions, preferences."""

import pytest
from sqlalchemy import select

from app.web.gateways import Gateways
from tests import factories
from tests.app.browser import Browser, browser
from tests.page_laws import check_page
from workflow.accounts.models import Account, SignUp, WebSession
from workflow.errors import OutsideFailure
from workflow.gateways.card import ELEMENTS, CardVerdict
from workflow.messages.models import Message

PERSON = {
    "name": "张小七", "id_number": factories.id_number(777), "card_number": "6222020000000000000", "phone": "19900017777",
}  # fmt: skip


def luhn(first: str) -> str:
    """A card number whose check digit fits."""
    from workflow.accounts.rules import luhn_ok

    return next(first + str(d) for d in range(10) if luhn_ok(first + str(d)))


PERSON["card_number"] = luhn("622202000000000000")
HOSTILE = '"><script>alert(1)</script>'


class Card:
    """A card service that knows one person; it can be broken."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.broken = False

    def verify(self, request_id: str, elements: dict[str, str]) -> CardVerdict:
        """The first element that differs is the mismatch."""
        self.asked.append(elements)
        if self.broken:
            raise OutsideFailure("no answer")
        wrong = next((e for e in ELEMENTS if e in elements and elements[e] != PERSON[e]), "")
        return CardVerdict(not wrong, wrong)


@pytest.fixture
def card():
    return Card()


@pytest.fixture
def visitor(house, card) -> Browser:
    """Somebody who is not signed in."""
    return browser(house, gateways=Gateways(card=card))


def element(page: Browser, name: str, value: str, status: int = 200):
    page.get(f"/sign-up/card/{name}")
    return page.send(f"/sign-up/card/{name}", status, **{name: value})


def sign_up(page: Browser) -> None:
    for name in ELEMENTS:
        element(page, name, PERSON[name])


def code_of(house, phone: str) -> str:
    """The newest code sent to a phone."""
    house.db.rollback()
    rows = house.db.scalars(
        select(Message).where(Message.template == "login_code").order_by(Message.created_at)
    )
    return next(m.body for m in reversed(rows.all()) if m.recipient == phone).split("验证码 ")[1][:6]


def test_from_the_first_page_to_signed_in(house, visitor, card):
    visitor.get("/sign-up")
    assert visitor.page.xpath('//a[@href="/sign-up/card/name"]') and "尚未开通" in visitor.text()
    sign_up(visitor)
    assert "注册成功" in visitor.text() and "199****7777" in visitor.text()
    assert [list(asked) for asked in card.asked] == [list(ELEMENTS[: i + 1]) for i in range(4)]
    account = house.db.scalars(select(Account)).one()
    assert (account.name, account.phone, account.language) == ("张小七", PERSON["phone"], "zh_Hans_CN")
    visitor.get("/sign-in")
    visitor.send("/sign-in")  # the number is there already
    visitor.send("/sign-in/code", code=code_of(house, PERSON["phone"]))
    assert visitor.page.xpath('//a[@href="/cases/new"]')
    assert "1990001" not in str(visitor.client.get_cookie("qibu_portal"))


def test_the_first_mismatch_stops_the_way_on(house, visitor, card):
    element(visitor, "name", PERSON["name"])
    element(visitor, "id_number", factories.id_number(123), 422)
    assert "身份证号码与姓名不一致" in visitor.text()
    assert visitor.page.xpath('//input[@name="id_number"]/@value') == [factories.id_number(123)]
    ahead = visitor.client.get("/sign-up/card/phone")
    assert ahead.headers["Location"].endswith("/sign-up/card/id_number")
    assert len(card.asked) == 2


def test_three_mismatches_end_the_sign_up(house, visitor):
    for _ in range(2):
        element(visitor, "name", "李不对", 422)
    page = element(visitor, "name", "李不对", 422)
    assert "本次注册已停止" in "".join(page.itertext())
    visitor.get("/sign-up/card/name")
    assert not visitor.page.xpath('//main//input[@name="name"]')
    assert house.db.scalars(select(SignUp)).one().state == "stopped"


def test_going_back_shows_what_was_verified(visitor):
    element(visitor, "name", PERSON["name"])
    element(visitor, "id_number", PERSON["id_number"])
    visitor.get("/sign-up/card/name")
    assert visitor.page.xpath('//input[@name="name"]/@value') == [PERSON["name"]]


def test_a_silent_card_service_loses_nothing(house, visitor, card):
    card.broken = True
    element(visitor, "name", PERSON["name"], 503)
    assert visitor.page.xpath('//input[@name="name"]/@value') == [PERSON["name"]]
    assert "外部服务暂时没有应答" in visitor.text()
    assert "请更正" not in visitor.text()
    card.broken = False
    visitor.send("/sign-up/card/name", name=PERSON["name"])
    assert visitor.page.xpath('//input[@name="id_number"]')


@pytest.mark.parametrize("value", ["", " ", "张" * 51, HOSTILE, "Zhang"])
def test_bad_names(visitor, card, value):
    visitor.typed.append(value)
    element(visitor, "name", value, 422)
    assert not card.asked and not visitor.page.xpath("//script[not(@src)]")


@pytest.mark.parametrize("value", ["", "123", "99000019900101777Y", HOSTILE, "9" * 400])
def test_bad_id_numbers(visitor, card, value):
    element(visitor, "name", PERSON["name"])
    element(visitor, "id_number", value, 422)
    assert len(card.asked) == 1


def test_an_unknown_element_is_no_page(visitor):
    assert visitor.client.get("/sign-up/card/cvv").status_code == 404


def test_who_has_an_account_is_told_to_sign_in(house, visitor):
    factories.account(house.db, "张小七", id_number=PERSON["id_number"], phone=PERSON["phone"])
    house.db.commit()
    for name in ELEMENTS[:3]:
        element(visitor, name, PERSON[name])
    element(visitor, "phone", PERSON["phone"], 409)
    assert "已经注册过" in visitor.text() and visitor.page.xpath('//main//a[@href="/sign-in"]')


def test_an_english_sign_up_is_remembered(house, card):
    page = browser(house, gateways=Gateways(card=card))
    page.client.set_cookie("qibu_lang", "en")
    for name in ELEMENTS:
        answer = page.client.post(f"/sign-up/card/{name}", data={name: PERSON[name]})
    assert answer.headers["Location"].endswith("/sign-up/done")
    assert house.db.scalars(select(Account)).one().language == "en"


def test_signing_in_leads_back_to_where_one_was(house, visitor):
    account = factories.account(house.db)
    house.db.commit()
    answer = visitor.client.get("/cases/new?who=alone")
    assert answer.status_code == 303
    check_page(visitor.client.get(answer.headers["Location"]), 200)  # says why one is here
    visitor.get(answer.headers["Location"])
    visitor.send("/sign-in", phone=account.phone)
    done = visitor.raw("/sign-in/code", code=code_of(house, account.phone))
    assert done.headers["Location"] == "/cases/new?who=alone"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_never_leads_elsewhere(house, visitor, target):
    account = factories.account(house.db)
    house.db.commit()
    visitor.client.post("/sign-in", data={"phone": account.phone}, query_string={"next": target})
    done = visitor.client.post(
        "/sign-in/code", data={"code": code_of(house, account.phone)}, query_string={"next": target}
    )
    assert done.headers["Location"] == "/cases"


def test_an_unknown_phone_looks_the_same_and_gets_nothing(house, visitor):
    visitor.get("/sign-in")
    visitor.send("/sign-in", phone="19900099999")
    assert "199****9999" in visitor.text()
    assert not house.db.scalars(select(Message)).all()


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "0000000", HOSTILE])
def test_bad_codes(house, visitor, code):
    account = factories.account(house.db)
    house.db.commit()
    visitor.get("/sign-in")
    visitor.send("/sign-in", phone=account.phone)
    visitor.send("/sign-in/code", 422, code=code)
    assert not house.db.scalars(select(WebSession)).all()


def test_codes_are_limited_by_tries_and_by_hour(house, visitor):
    account = factories.account(house.db)
    house.db.commit()
    visitor.get("/sign-in")
    visitor.send("/sign-in", phone=account.phone)
    right = code_of(house, account.phone)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        visitor.send("/sign-in/code", 422, code=wrong)
    visitor.send("/sign-in/code", 422, code=right)
    assert "验证码已失效" in visitor.text()
    for _ in range(5):
        visitor.send("/sign-in/again")
    visitor.send("/sign-in/again", 422)
    assert "一小时后再试" in visitor.text()


@pytest.mark.parametrize("phone", ["", "123", "29900010001", "1" * 300, HOSTILE])
def test_bad_phones(visitor, phone):
    visitor.get("/sign-in")
    visitor.send("/sign-in", 422, phone=phone)


def test_the_code_page_needs_a_phone_first(visitor):
    assert visitor.client.get("/sign-in/code").headers["Location"] == "/sign-in"


def test_account_page_shows_nothing_whole_and_ends_other_sessions(house):
    account = factories.account(house.db, "张小七")
    house.db.commit()
    page, other = browser(house, person=account), browser(house, person=account)
    page.get("/account")
    assert account.id_number not in page.text() and account.phone not in page.text()
    rows = page.page.xpath('//form[contains(@action, "/revoke")]')
    assert len(rows) == 3  # this one, the other, all others
    page.send("/revoke-others")
    assert other.client.get("/account").status_code == 303
    assert page.client.get("/account").status_code == 200
    page.get("/account")
    page.send("/revoke")
    assert page.client.get("/account").status_code == 303


def test_nobody_ends_another_persons_session(house):
    account, stranger = factories.account(house.db), factories.account(house.db, "李某某")
    house.db.commit()
    page, theirs = browser(house, person=account), browser(house, person=stranger)
    row = house.db.scalars(select(WebSession).where(WebSession.subject_id == stranger.id)).one()
    assert page.client.post(f"/account/sessions/{row.id}/revoke").status_code in (400, 404)
    page.client.application.config["WTF_CSRF_ENABLED"] = False
    assert page.client.post(f"/account/sessions/{row.id}/revoke").status_code == 404
    assert theirs.client.get("/account").status_code == 200


def test_language_and_large_type_are_kept(house):
    account = factories.account(house.db)
    house.db.commit()
    page = browser(house, person=account)
    page.get("/account")
    page.send("/account", language="en", large="y")
    assert page.page.get("lang") == "en" and "q-large" in page.page.get("class")
    house.db.refresh(account)
    assert account.language == "en"
    page.send("/account", 422, language="fr")


def test_signing_out_ends_the_session(house):
    account = factories.account(house.db)
    house.db.commit()
    page = browser(house, person=account)
    page.get("/account")
    page.send("/sign-out")
    assert "您已退出登录" in page.text()
    assert page.client.get("/account").status_code == 303
    assert house.db.scalars(select(WebSession)).one().revoked_at is not None


def test_every_form_is_behind_csrf(house, card):
    client = house.client("portal")
    client.forging = True
    client.application.config["WTF_CSRF_ENABLED"] = True
    for path in ("/sign-up/card/name", "/sign-in", "/sign-out", "/sign-in/again"):
        assert client.post(path, data={}).status_code == 400, path


def test_posts_are_limited(house, monkeypatch):
    from workflow.settings import settings

    monkeypatch.setenv("QIBU_RATE_LIMITS", "true")
    settings.cache_clear()
    client = house.client("portal")
    codes = [client.post("/sign-in", data={"phone": "1"}).status_code for _ in range(21)]
    assert codes[:20] == [422] * 20 and codes[20] == 429


def test_the_window_is_explained(house):
    page = browser(house)
    page.get("/sign-up/desk")
    assert "登记窗口" in page.text()
    assert check_page(page.client.get("/sign-up/desk"), 200) is not None
