"""Kill it anywhere (habit 5): the worker dies by SIGKILL in the middle, another goes on, nothing is done twice."""

from collections import Counter

import httpx
import pytest
from sqlalchemy import func, select

from app.seed import fetch_bank_keys
from tests.jobs.conftest import until
from workflow.accounts.models import Account
from workflow.case import Case, timeline, verify_chains
from workflow.establishment import submission
from workflow.handoff import operations as handoff
from workflow.handoff.models import BankClient, Handoff
from workflow.licensing.models import Licence, RegisterEntry
from workflow.messages.models import Message
from workflow.review import operations as review
from workflow.settings import settings


@pytest.fixture
def approved(house, world):
    """A case that a registrar has just approved; nobody has begun with the licence."""
    with_banks(house)
    case = house.submitted()
    review.claim(house.db, house.staff(), case.id)
    submission.approve(house.db, house.staff(), case.id)
    house.db.commit()
    return case


def with_banks(house):
    """The installation's banks are those of this test's sandbox."""
    for client in house.db.scalars(select(BankClient)):
        url = f"{settings().sandbox_url}/bank/{client.bank_code}"
        client.events_url, client.jwks_url = f"{url}/events", f"{url}/jwks.json"
        client.status_url = url + "/status/{business_number}"
    house.db.flush()
    fetch_bank_keys(house.db)
    house.db.commit()


def fresh(house, model, *where):
    house.db.rollback()
    return house.db.scalars(select(model).where(*where).execution_options(populate_existing=True)).all()


def state(house, case) -> str:
    house.db.rollback()
    return house.db.scalar(select(Case.state).where(Case.id == case.id))


def phone_of(house, case) -> str:
    return house.db.get_one(Account, case.owner_id).phone


def each_sms_once(house, world, case):
    """Every message of the case was stored once by the provider, whatever the worker went through."""
    rows = fresh(house, Message, Message.case_id == case.id, Message.channel == "sms")
    stored = Counter(m["message_id"] for m in world.sms(phone_of(house, case)))
    assert stored
    assert set(stored.values()) == {1}
    texts = Counter(m["text"] for m in world.sms(phone_of(house, case)))
    assert set(texts.values()) == {1}, texts
    assert {str(m.id) for m in rows if m.state == "sent"} <= set(stored)


def test_the_worker_dies_while_a_licence_is_made(house, world, approved):
    case = approved
    for _ in range(3):  # at three different moments, the last one close to the end
        world.start_worker()
        until(
            lambda: fresh(house, Licence, Licence.case_id == case.id) or state(house, case) == "licensed",
            what="the licence to be begun",
        )
        world.kill_worker()
    world.start_worker()
    until(lambda: state(house, case) == "licensed", what="the licence")
    until(lambda: any("已成立" in m["text"] for m in world.sms(phone_of(house, case))), what="the SMS")
    [licence] = fresh(house, Licence, Licence.case_id == case.id)
    assert licence.state == "active"
    [entry] = fresh(house, RegisterEntry, RegisterEntry.case_id == case.id)
    assert entry.uscc == licence.uscc
    assert [e.event for e in timeline(house.db, case.id)].count("issue_licence") == 1
    assert list(verify_chains(house.db)) == []
    each_sms_once(house, world, case)


def test_the_worker_dies_while_a_bank_is_told(house, world):
    with_banks(house)
    case = house.licensed()
    world.switch(bank__slow=2.0)
    row = handoff.choose_bank(house.db, case.id, house.owner(case), "102-01", consent=True)
    house.db.commit()
    world.start_worker()
    calls = f"{settings().sandbox_url}/bank/102/status/{row.business_number}"
    until(lambda: any(h.state != "delivered" for h in fresh(house, Handoff)), what="the push to begin")
    world.kill_worker()
    world.switch(bank__slow=0, bank__lose_next=1)  # the next answer is lost after the work is done
    world.start_worker()
    base = f"{settings().sandbox_url}/bank/102/files/{row.business_number}"
    until(lambda: state_of(house, row) == "assigned", what="the bank's first reports")
    for wanted in ("appointment", "intention_verified", "opened"):
        until(lambda w=wanted: advanced(base, w), what=wanted)
    until(lambda: state(house, case) == "closed", what="the account")
    house.db.rollback()
    sandbox_accounts = httpx.get(base, trust_env=False).json()
    assert sandbox_accounts["account_number"]
    [done] = fresh(house, Handoff, Handoff.case_id == case.id)
    assert (done.state, done.account_number) == ("opened", sandbox_accounts["account_number"])
    assert [e.event for e in timeline(house.db, case.id)].count("bank_open_account") == 1
    until(lambda: any("尾号" in m["text"] for m in world.sms(phone_of(house, case))), what="the last SMS")
    each_sms_once(house, world, case)
    assert calls


def state_of(house, row) -> str:
    house.db.rollback()
    return house.db.scalar(select(Handoff.state).where(Handoff.id == row.id))


def advanced(base: str, status: str) -> bool:
    answer = httpx.post(f"{base}/advance", json={"status": status}, trust_env=False)
    return answer.is_success or httpx.get(base, trust_env=False).json()["status"] == status


def test_a_provider_that_answers_late_or_not_gets_each_message_once(house, world, approved):
    """The SMS gateway does the work and loses the answer twice: the worker asks again with the same id."""
    case = approved
    world.switch(sms__lose_next=2)
    world.start_worker()
    until(lambda: state(house, case) == "licensed", what="the licence")
    until(
        lambda: all(m.state == "sent" for m in fresh(house, Message, Message.case_id == case.id)),
        what="all messages sent",
    )
    each_sms_once(house, world, case)


def test_a_bank_that_stays_away_is_told_to_the_person(house, world, monkeypatch):
    """After the last try the person knows, and a retry delivers."""
    with_banks(house)
    case = house.licensed()
    for client in fresh(house, BankClient):
        client.events_url = client.events_url.replace("/bank/", "/nobank/")
    house.db.commit()
    row = handoff.choose_bank(house.db, case.id, house.owner(case), "102-01", consent=True)
    house.db.commit()
    monkeypatch.setenv("QIBU_PUSH_TRIES", "2")
    world.start_worker()
    until(lambda: state_of(house, row) == "undeliverable", what="giving up")
    with_banks(house)
    handoff.retry(house.db, row.id, house.owner(case))
    house.db.commit()
    until(lambda: state_of(house, row) in ("delivered", "received", "assigned"), what="the second round")
    count = house.db.scalar(select(func.count(Handoff.id)).where(Handoff.case_id == case.id))
    assert count == 1
