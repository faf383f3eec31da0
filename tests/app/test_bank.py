"""The bank's desk: list, one appointment, the next step, deliveries, keys, reconciliation; and what it refuses."""

import csv
from io import StringIO

import pytest
from sqlalchemy import select

from tests.page_laws import check_page
from workflow.accounts.models import BankUser
from workflow.case import Actor
from workflow.handoff import operations
from workflow.handoff.models import BankReport

HOSTILE = '"><script>alert(1)</script>'
LANGUAGES = pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])


def clerk(house, english=False, bank="102"):
    """A browser of a clerk of a bank."""
    person = house.db.scalars(select(BankUser).where(BankUser.username == f"bank{bank}")).one()
    return house.sign_in(house.client("bank", english), person)


@LANGUAGES
def test_sign_in_and_its_errors(house, english):
    client = house.client("bank", english)
    check_page(client.get("/sign-in"), 200)
    for form in ({}, {"username": HOSTILE, "password": "x"}, {"username": "bank102", "password": ""}):
        check_page(client.post("/sign-in", data=form), 422, typed=[HOSTILE])
    answer = client.post("/sign-in", data={"username": "bank102", "password": "qibu-demo"})
    assert (answer.status_code, answer.location) == (303, "/desk")
    check_page(client.get("/desk"), 200)
    assert client.post("/sign-out").status_code == 303
    assert client.get("/desk").status_code == 303


def test_five_failures_lock_a_clerk(house):
    client = house.client("bank")
    for _ in range(5):
        client.post("/sign-in", data={"username": "bank102", "password": "wrong"})
    answer = client.post("/sign-in", data={"username": "bank102", "password": "qibu-demo"})
    assert answer.status_code == 422
    assert "已锁定" in answer.text


@LANGUAGES
def test_empty_pages(house, english):
    client = clerk(house, english)
    for path in (
        "/desk",
        "/desk?tab=done",
        "/desk?tab=all",
        f"/desk?tab={HOSTILE}",
        "/desk/deliveries",
        "/desk/keys",
    ):
        check_page(client.get(path), 200)
    assert client.get("/").location == "/desk"


@LANGUAGES
def test_from_delivery_to_the_account(house, english):
    case, row = house.handed()
    client = clerk(house, english)
    url = f"/desk/{row.business_number}"
    for path in ("/desk", url, "/desk/deliveries"):
        check_page(client.get(path), 200)
    for kind in ("licence", "articles"):
        assert client.get(f"{url}/{kind}.pdf").data[:5] == b"%PDF-"
    assert client.get(f"{url}/secrets.pdf").status_code == 404
    for form in (
        {},
        {"status": "opened"},
        {"status": HOSTILE},
        {"status": "received", "branch": "999"},
        {"status": "received", "text": "x" * 501},
        {"status": "received", "account_number": "1" * 41},
    ):
        check_page(client.post(url, data=form), 422, typed=[HOSTILE])
    assert client.post(url, data={"status": "received"}).status_code == 303
    assert client.post(url, data={"status": "branch_assigned", "branch": "102-02"}).status_code == 303
    check_page(client.post(url, data={"status": "more_information"}), 422)
    check_page(client.post(url, data={"status": "opened"}), 422)
    answer = client.post(url, data={"status": "opened", "account_number": "6222000011112222"})
    assert answer.status_code == 303
    house.db.expire_all()
    assert (row.state, row.account_number, row.branch_code) == ("opened", "6222000011112222", "102-02")
    assert case.state == "closed"
    tree = check_page(client.get(url), 200)
    assert not tree.xpath("//*[@name='status']")
    check_page(client.get("/desk?tab=done"), 200)
    [report] = [r for r in operations.reports_of(house.db, row.id) if r.status == "opened"]
    assert report.source == "desk"


def test_an_outdated_page_cannot_report(house):
    """Two clerks look at one appointment; the second's step is gone and is answered, not swallowed."""
    _, row = house.handed()
    client, url = clerk(house), f"/desk/{row.business_number}"
    client.post(url, data={"status": "branch_assigned"})
    check_page(client.post(url, data={"status": "received"}), 422)
    assert len(operations.reports_of(house.db, row.id)) == 1


def test_reconciliation_opens_in_a_spreadsheet(house):
    case, row = house.handed()
    operations.take_report(
        house.db, row.id, operations.Report("=r1", "received", row.consented_at), Actor("bank", "x", "x", frozenset({"bank"})), "api"
    )  # fmt: skip
    house.db.commit()
    answer = clerk(house).get("/desk/reconciliation.csv")
    assert answer.mimetype == "text/csv"
    assert answer.text.startswith("\ufeff编号,企业,")
    [line] = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert (line["编号"], line["企业"], line["状态"]) == (row.business_number, case.name, "银行已收到")
    assert line["最近回执编号"] == "'=r1"  # no formula
    assert list(csv.DictReader(StringIO(clerk(house, bank="103").get("/desk/reconciliation.csv").text))) == []


@LANGUAGES
def test_delivery_is_tried_again_on_request(house, english):
    _, row = house.handed()
    client = clerk(house, english)
    assert client.post(f"/desk/{row.business_number}/retry", follow_redirects=True).status_code == 200
    operations.note_try(house.db, row.id, "bank event: ConnectError")
    operations.note_undeliverable(house.db, row.id, "bank event: ConnectError")
    house.db.commit()
    for path in ("/desk/deliveries", f"/desk/{row.business_number}"):
        assert "ConnectError" in client.get("/desk/deliveries").text
        check_page(client.get(path), 200)
    assert client.post(f"/desk/{row.business_number}/retry").status_code == 303
    house.db.expire_all()
    assert row.state == "consented"


@LANGUAGES
def test_after_withdrawal_nothing_is_shown(house, english):
    case, row = house.handed()
    client = clerk(house, english)
    uscc = client.get(f"/desk/{row.business_number}").text
    operations.withdraw(house.db, row.id, house.owner(case))
    house.db.commit()
    page = client.get(f"/desk/{row.business_number}")
    check_page(page, 200)
    assert "420106" in uscc or "东湖路105号" in uscc
    assert "东湖路105号" not in page.text
    assert client.get(f"/desk/{row.business_number}/licence.pdf").status_code == 403


def test_other_banks_and_strangers_see_nothing(house):
    _, row = house.handed()
    other = clerk(house, bank="103")
    for path in (f"/desk/{row.business_number}", f"/desk/{row.business_number}/licence.pdf"):
        assert other.get(path).status_code == 404
        assert house.client("bank").get(path).location.startswith("/sign-in")
    check_page(other.post(f"/desk/{row.business_number}", data={"status": "received"}), 404)
    check_page(other.post(f"/desk/{row.business_number}/retry"), 404)
    assert row.business_number not in other.get("/desk?tab=all").text
    forger = clerk(house)
    forger.forging = True
    check_page(forger.post(f"/desk/{row.business_number}", data={"status": "received"}), 400)
    assert house.db.scalars(select(BankReport)).all() == []
