"""Fields are saved as they are left, over a line that is cut and comes back; nothing typed is lost."""

import re
import threading
from urllib.parse import urlparse

import pytest
from werkzeug.serving import make_server

from tests.house import _ground, house
from workflow.accounts.models import Account
from workflow.establishment import drafts

__all__ = ["_ground", "house"]
pytestmark = pytest.mark.journey


@pytest.fixture
def window(house, browser):
    """The capital's page of a complete application, open in a real browser."""
    case = house.reserved()
    client = house.sign_in(house.client("portal"), house.db.get(Account, case.owner_id))
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(viewport={"width": 390, "height": 844})
    try:
        name = client.application.config["SESSION_COOKIE_NAME"]
        cookie = client.get_cookie(name)
        where = f"http://127.0.0.1:{server.port}"
        context.add_cookies([{"name": name, "value": cookie.value, "url": where}])
        page = context.new_page()
        page.goto(f"{where}/cases/{case.number}/application/capital")
        assert urlparse(page.url).path.endswith("/capital")
        yield case, context, page
    finally:
        context.close()
        server.shutdown()


def stored(house, case):
    house.db.rollback()
    house.db.expire_all()
    return drafts.draft_of(house.db, case.id)[0]


def test_a_cut_line_loses_nothing(house, window):
    case, context, page = window
    page.get_by_label(re.compile("注册资本")).fill("80")
    page.keyboard.press("Tab")
    page.locator("#autosave", has_text="已保存").wait_for()
    assert stored(house, case).capital == 80_000_000
    context.set_offline(True)
    page.get_by_label(re.compile("注册资本")).fill("50")
    page.keyboard.press("Tab")
    page.locator("#autosave", has_text="网络连接中断").wait_for()
    page.get_by_role("button", name="保存并继续").click()  # stays, with what was typed
    page.locator("#autosave", has_text="网络连接中断").wait_for()
    assert stored(house, case).capital == 80_000_000
    context.set_offline(False)
    page.locator("#autosave", has_text="已保存").wait_for()
    assert stored(house, case).capital == 50_000_000
    page.wait_for_timeout(1_000)  # a button does not take two presses within a second
    page.get_by_role("button", name="保存并继续").click()
    page.wait_for_url(re.compile("/application/(?!capital)"))


def test_both_values_are_shown_and_one_is_chosen(house, window):
    case, context, page = window
    other = context.new_page()
    other.goto(page.url)
    other.get_by_label(re.compile("注册资本")).fill("70")
    other.keyboard.press("Tab")
    other.locator("#autosave", has_text="已保存").wait_for()
    page.get_by_label(re.compile("注册资本")).fill("90")
    page.keyboard.press("Tab")
    page.locator("#autosave", has_text="70 万元").wait_for()
    assert stored(house, case).capital == 70_000_000
    page.get_by_role("button", name="保存本页的内容").click()
    page.locator("#autosave", has_text="已保存").wait_for()
    assert stored(house, case).capital == 90_000_000


def test_the_rules_speak_at_the_field_and_no_button_moves_under_a_finger(house, window):
    case, _, page = window
    number = page.url.partition("/cases/")[2].partition("/")[0]
    page.goto(page.url.replace("/capital", "/people/add"))
    assert case.number == number
    page.get_by_label(re.compile("手机号码")).fill("123")
    save = page.get_by_role("button", name="保存", exact=True)
    where = save.bounding_box()
    page.mouse.move(where["x"] + 60, where["y"] + 5)
    page.mouse.down()  # leaves the field: the answer comes while the button is held
    page.locator("#autosave [data-problems]").wait_for(state="attached")
    assert save.bounding_box() == where and not page.locator(".govuk-error-message").count()
    page.mouse.move(where["x"] + 60, where["y"] - 200)
    page.mouse.up()
    message = page.locator("#phone-error")
    message.wait_for()
    phone = page.get_by_label(re.compile("手机号码"))
    assert phone.get_attribute("aria-invalid") == "true" and "phone-error" in phone.get_attribute(
        "aria-describedby"
    )
    assert "11 位" in message.inner_text().replace("11位", "11 位")
    phone.fill("19900000008")
    page.keyboard.press("Tab")
    message.wait_for(state="detached")
    assert phone.get_attribute("aria-invalid") is None
    assert len(stored(house, case).people) == 1, "somebody new is saved by the button only"
