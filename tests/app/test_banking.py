"""The pages of step 7: choose freely, see what goes, agree, follow, withdraw, choose again, or do without."""

import pytest

from tests import factories
from tests.app.browser import browser
from tests.page_laws import check_fragment
from workflow.accounts.models import Account
from workflow.case import Actor
from workflow.db import now
from workflow.handoff import access, operations

BANK = Actor("bank", "102", "102", frozenset({"bank"}))


@pytest.fixture
def world(house):
    case = house.licensed()
    owner = house.db.get_one(Account, case.owner_id)
    return house, case, owner, browser(house, person=owner), f"/cases/{case.number}/bank"


def report(house, row, status, text="请于下一个工作日上午到网点。", account=""):
    operations.take_report(
        house.db, row.id, operations.Report(f"r-{status}", status, now(), text, account_number=account), BANK, "api"
    )  # fmt: skip
    house.db.commit()


def test_shows_exactly_what_goes_then_agrees_and_follows(world):
    """BK-06, BK-07: the values on the page are those in the file for the bank, numbers masked."""
    house, case, owner, page, url = world
    page.get(url)
    said = page.text()
    values = access.values_for_bank(house.db, case)
    for key in ("name", "uscc", "type", "address", "scope", "authority"):
        assert values[key] in said, key
    assert owner.id_number not in said
    assert owner.id_number[-4:] in said
    assert owner.phone not in said
    page.send("/bank", 422, branch="102-01")
    assert page.page.xpath('//input[@name="branch"][@checked]/@value') == ["102-01"]
    page.send("/bank", 422, consent="y")
    page.send("/bank", 422, branch="999-99", consent="y")
    assert operations.handoffs_of(house.db, case.id) == []
    page.get(url)
    page.send("/bank", branch="102-01", consent="y")
    row = operations.handoffs_of(house.db, case.id)[0]
    assert row.branch_code == "102-01"
    sent = access.file_for_bank(house.db, row)
    assert {key: sent[key] for key in values} == values
    assert set(sent) - set(values) >= {"licence", "articles"}
    page.get(url)
    assert "正在发送给银行" in page.text()


def test_branches_are_grouped_and_can_be_searched(world):
    _, _, _, page, url = world
    page.get(url)
    everything = len(page.page.xpath('//input[@name="branch"]'))
    assert len(page.page.xpath('//fieldset[@class="q-bank"]')) > 3
    page.typed = ["工商 光谷"]
    page.get(url + "?q=工商 光谷")
    assert 0 < len(page.page.xpath('//input[@name="branch"]')) < everything
    page.typed = ["没有这家"]
    page.get(url + "?q=没有这家")
    assert "没有符合的网点" in page.text()


def test_follows_each_step_to_the_open_account(world):
    house, case, _, page, url = world
    page.get(url)
    page.send("/bank", branch="102-01", consent="y")
    row = operations.handoffs_of(house.db, case.id)[0]
    operations.note_delivered(house.db, row.id)
    page.get(url)
    poll = page.page.xpath('//*[@id="progress"]/@hx-get')[0]
    live = page.client.get(poll, headers={"HX-Request": "true"})
    check_fragment(live)
    for status in ("received", "branch_assigned", "appointment", "intention_verified"):
        report(house, row, status)
    assert page.client.get(poll, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    page.get(url)
    assert "请于下一个工作日上午到网点。" in page.text()
    report(house, row, "opened", "", "6200000000001234")
    page.get(url)
    assert "1234" in page.text()
    assert "6200000000001234" not in page.text()
    assert not page.page.xpath('//a[contains(@href, "/withdraw")]')
    house.db.expire_all()
    assert case.state == "closed"


def test_withdraw_asks_first_then_another_bank(world):
    """BK-09: before the account is open the consent can be taken back, and the bank sees nothing more."""
    house, case, _, page, url = world
    page.get(url)
    page.send("/bank", branch="102-01", consent="y")
    page.get(url + "/withdraw")
    page.send("/withdraw")
    house.db.expire_all()
    row = operations.handoffs_of(house.db, case.id)[0]
    assert row.state == "withdrawn"
    assert "您已撤回" in page.text()
    page.send("/bank", branch="102-02", consent="y")
    assert [h.branch_code for h in operations.handoffs_of(house.db, case.id)] == ["102-01", "102-02"]


def test_declined_then_another(world):
    house, case, _, page, url = world
    page.get(url)
    page.send("/bank", branch="102-01", consent="y")
    row = operations.handoffs_of(house.db, case.id)[0]
    operations.note_delivered(house.db, row.id)
    report(house, row, "declined", "资料不全")
    page.get(url)
    assert page.page.xpath('//*[contains(@class, "q-note")]//*[contains(@class, "q-pill")]')
    assert page.page.xpath('//input[@name="branch"]')


def test_undeliverable_is_tried_again(world):
    house, case, _, page, url = world
    page.get(url)
    page.send("/bank", branch="102-01", consent="y")
    row = operations.handoffs_of(house.db, case.id)[0]
    operations.note_undeliverable(house.db, row.id, "no answer")
    house.db.commit()
    page.get(url)
    assert "暂时无法送达银行" in page.text()
    page.send("/retry")
    house.db.expire_all()
    assert row.state == "consented"


def test_without_a_bank(world):
    house, case, _, page, url = world
    page.get(url + "/none")
    page.send("/none")
    house.db.expire_all()
    assert case.state == "closed"
    page.get(url)
    assert "没有开户" in page.text()
    assert not page.page.xpath('//input[@name="branch"]')


def test_too_early_and_nobody_elses(house, world):
    _, _, _, _, url = world
    other = factories.account(house.db, "李小八")
    early = house.reserved("晨岫试", owner=other)
    page = browser(house, person=other)
    page.get(f"/cases/{early.number}/bank")
    assert not page.page.xpath('//input[@name="branch"]')
    for rest in ("", "/withdraw", "/none"):
        assert page.client.get(url + rest).status_code == 404
