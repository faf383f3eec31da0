"""The banks against a small, strict gateway of the platform."""

import sqlite3
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.app import create_app
from sandbox.bank import core
from sandbox.bank.gateway import GatewayFailure
from sandbox.config import Config
from tests.sandbox.world import KEY, until

FILE = "/bank/102/files/Q1-B1"


@pytest.fixture
def work(world, caller):
    """Runs the banks' rounds until nothing happens any more."""
    caller.plain("/switches", {"bank.routing_seconds": 0, "bank.step_seconds": 0})

    def rounds(seconds=0.0):
        end = time.monotonic() + seconds
        while world.runner.run_due() or time.monotonic() < end:
            time.sleep(0.01)

    return rounds


def statuses(gateway):
    return [report["status"] for report in gateway.reports]


def test_from_push_to_account_with_a_clerk(caller, gateway, work):
    assert gateway.push("102", gateway.created(), "e1").json() == {"received": True, "duplicate": False}
    work()
    assert gateway.pulls == ["h1"]
    assert statuses(gateway) == ["received", "branch_assigned"]
    assert [r["branch_code"] for r in gateway.reports] == ["102-00", "102-02"]
    for status in ("appointment", "intention_verified", "opened"):
        assert caller.plain(f"{FILE}/advance", {}).json()["status"] == status
        work()
    last = gateway.reports[-1]
    assert (
        last["status"] == "opened"
        and last["account_number"].startswith("1029999")
        and "J9900" in last["text"]
    )
    assert len({report["report_id"] for report in gateway.reports}) == 5
    answer = caller.plain(f"{FILE}/advance", {})
    assert (answer.status_code, answer.json()["error"]) == (409, "not_possible_now")
    state = caller.get("/bank/102/status/Q1-B1").json()
    assert state["account_number"] == last["account_number"] and {
        r["delivery"] for r in state["reports"]
    } == {"sent"}
    assert caller.get("/bank/102/status/none").status_code == 404
    assert caller.plain("/bank/102/status/Q1-B1", {}).status_code == 405


def test_without_a_clerk(caller, gateway, work):
    caller.plain("/switches", {"bank.auto": True})
    gateway.push("HBB", gateway.created(bank="HBB", branch="HBB-01"), "e1")
    work()
    assert statuses(gateway) == ["received", "branch_assigned", "appointment", "intention_verified", "opened"]


def test_repeated_events_make_one_file(world, gateway, caller, work):
    for event_id in ("e1", "e1", "e2"):
        assert gateway.push("102", gateway.created(), event_id).status_code == 200
        work()
    assert world.store.count("files") == 1 and statuses(gateway) == ["received", "branch_assigned"]
    assert world.store.row("SELECT deliveries FROM events WHERE webhook_id = 'e1'")["deliveries"] == 2
    assert gateway.push("102", gateway.created(handoff="h2"), "e3").status_code == 409
    assert gateway.push("103", gateway.created(bank="103"), "e4").status_code == 409


def test_events_that_cannot_be_believed(gateway, caller, world):
    event = gateway.created()
    assert gateway.push("102", event, "e", key=Ed25519PrivateKey.generate()).status_code == 401
    assert gateway.push("102", event, "e", stamp=int(time.time()) - 400).status_code == 401
    assert gateway.push("999", event, "e").status_code == 404
    assert gateway.push("103", event, "e").status_code == 422
    assert gateway.push("102", {"type": "handoff.created", "data": {}}, "e").status_code == 422
    assert gateway.push("102", {"type": "other"}, "e").json()["ignored"] is True
    assert world.store.count("files") == 0


def test_the_platform_may_change_its_key(gateway, caller, monkeypatch):
    monkeypatch.setattr("sandbox.bank.gateway.KEYS_MIN_AGE", 0.0)
    assert gateway.push("102", gateway.created(), "e1").status_code == 200
    gateway.key = Ed25519PrivateKey.generate()
    assert gateway.push("102", gateway.created(), "e2").status_code == 200


def test_reports_are_tried_again_in_order_and_a_refusal_is_shown(caller, gateway, work, monkeypatch):
    monkeypatch.setattr("sandbox.runner.wait_after", lambda tries: 0.05)
    gateway.refuse = [503, 500, 401, 429]
    gateway.push("102", gateway.created(), "e1")
    work(0.6)
    assert statuses(gateway) == ["received", "branch_assigned"]
    gateway.refuse = [422]
    caller.plain(f"{FILE}/advance", {})
    work()
    page = caller.page(FILE)
    assert "平台拒收" in page.text and "422" in page.text
    assert caller.form(f"{FILE}/send-again", {}).status_code == 303
    work()
    assert statuses(gateway)[-1] == "appointment"


def test_reports_twice_and_out_of_order(caller, gateway, work):
    caller.plain(
        "/switches", {"bank.answer_twice": True, "bank.out_of_order": True, "bank.hold_seconds": 0.5}
    )
    gateway.push("102", gateway.created(), "e1")
    work(0.8)
    assert statuses(gateway) == ["branch_assigned", "branch_assigned", "received", "received"]
    assert len({report["report_id"] for report in gateway.reports}) == 2


def test_the_answer_to_a_push_is_lost_but_the_file_is_there(caller, gateway, world):
    caller.plain("/switches", {"bank.lose_next": 1})
    with pytest.raises(Exception, match="disconnected"):
        gateway.push("102", gateway.created(), "e1")
    assert gateway.push("102", gateway.created(), "e1").json()["duplicate"] is True
    assert world.store.count("files") == 1


def test_withdrawal(caller, gateway, work, world):
    withdrawn = {
        "type": "handoff.withdrawn",
        "data": {"handoff_id": "h1", "business_number": "Q1-B1", "bank_code": "102"},
    }
    gateway.push("102", gateway.created(), "e1")
    work()
    assert gateway.push("102", withdrawn, "w1").status_code == 200
    state = caller.get("/bank/102/status/Q1-B1").json()
    assert state["status"] == "withdrawn" and state["next"] == []
    assert world.store.row("SELECT document FROM files")["document"] == ""
    assert caller.plain(f"{FILE}/advance", {}).status_code == 409
    other = {"handoff_id": "h2", "business_number": "Q2-B1", "bank_code": "102"}
    gateway.push("102", {"type": "handoff.withdrawn", "data": other}, "w2")
    gateway.push("102", gateway.created("h2", "Q2-B1"), "e2")
    assert caller.get("/bank/102/status/Q2-B1").json()["status"] == "withdrawn"
    for number, gateway.pull_status in ((3, 410), (4, 403)):
        gateway.push("102", gateway.created(f"h{number}", f"Q{number}-B1"), f"e{number}")
        work()
        assert caller.get(f"/bank/102/status/Q{number}-B1").json()["status"] == "withdrawn"


def test_one_basic_account_a_company(caller, gateway, work, world):
    """BK-02: the second bank sees the account of the first and declines."""
    caller.plain("/switches", {"bank.auto": True})
    gateway.push("102", gateway.created(), "e1")
    gateway.push("105", gateway.created("h2", "Q1-B2", "105", "105-01"), "e2")
    work()
    ends = {report["bank"]: report["status"] for report in gateway.reports}
    assert sorted(ends.values()) == ["declined", "opened"] and world.store.count("accounts") == 1


def test_sixteen_clerks_open_one_account(caller, gateway, work, world):
    gateway.push("102", gateway.created(), "e1")
    work()
    for _ in range(2):
        caller.plain(f"{FILE}/advance", {})
    answers = []
    clerks = [
        threading.Thread(
            target=lambda: answers.append(caller.plain(f"{FILE}/advance", {"status": "opened"}).status_code)
        )
        for _ in range(16)
    ]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join()
    assert sorted(answers) == [200] + [409] * 15 and world.store.count("accounts") == 1
    with pytest.raises(sqlite3.IntegrityError), world.store.write() as db:
        db.execute("INSERT INTO accounts VALUES ('1', '2', '102', 'Q1-B1', '3', '4')")


def test_everything_due_survives_a_restart(tmp_path, caller, gateway, world):
    gateway.refuse = [503]
    gateway.push("102", gateway.created(), "e1")
    world.runner.run_due()
    assert statuses(gateway) == []
    again = create_app(Config(state=tmp_path / "state", service_key=KEY, bank_url=gateway.url)).extensions[
        "sandbox"
    ]
    assert again.runner.start() is True
    assert world.runner.start() is False  # one of two does the work
    until(lambda: statuses(gateway) == ["received", "branch_assigned"])
    again.runner.stop()
    assert again.keys.jwk("102") == world.keys.jwk("102")


def test_a_clerk_who_looks_at_an_old_page_is_told(caller, gateway, work):
    gateway.push("102", gateway.created(), "e1")
    work()
    step = {"seen": "branch_assigned", "status": "more_information", "text": "缺少租赁合同<i>"}
    assert caller.form(f"{FILE}/advance", step).status_code == 303
    stale = caller.form(
        f"{FILE}/advance", step | {"status": "declined"}
    )  # possible, but not what the clerk saw
    assert stale.status_code == 409 and "业务状态已更新" in stale.text
    work()
    assert gateway.reports[-1]["text"] == "缺少租赁合同<i>"
    page = caller.page(FILE).text
    assert "缺少租赁合同&lt;i&gt;" in page and "<script>" not in page


def test_every_step_of_the_table_has_a_text():
    steps = {step for nexts in core.NEXT.values() for step in nexts} | {"received"}
    assert steps == set(core.TEXTS) and steps <= set(core.NEXT)


def test_the_papers_of_a_file_can_be_read_and_are_checked(caller, gateway, work):
    gateway.push("102", gateway.created(), "e1")
    work()
    assert caller.page(f"{FILE}/licence.pdf").content == b"%PDF"
    assert caller.page(f"{FILE}/articles.pdf").json()["error"] == "digest"
    assert caller.page(f"{FILE}/company.pdf").status_code == 404
    page = caller.page(FILE).text
    assert "500,000.00 元" in page and f"{FILE}/licence.pdf" in page


def test_the_real_gateway_takes_these_tokens_and_shows_these_keys(
    caller, gateway, fresh_database, serve, monkeypatch, tmp_path
):
    """The platform's own bank door instead of the small one."""
    import base64

    from app import create_app as create_door
    from app.seed import fetch_bank_keys
    from signing.authority import Authority
    from workflow.db import engine, forget_engines, transaction
    from workflow.handoff.models import BankClient
    from workflow.settings import settings

    monkeypatch.setenv("DATABASE_URL", fresh_database)
    monkeypatch.setenv("QIBU_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("QIBU_RATE_LIMITS", "false")
    settings.cache_clear()
    forget_engines()
    try:
        Authority.create(
            settings().instance / "ca", settings().ca_passphrase, base_url="http://127.0.0.1", sample=True
        )
        url = serve(create_door("bank"))
        monkeypatch.setenv("QIBU_BANK_URL", url)
        settings.cache_clear()
        with transaction() as db:
            client = BankClient(
                bank_code="102", name="x", events_url=f"{caller.url}/bank/102/events",
                jwks_url=f"{caller.url}/bank/102/jwks.json", keys=[],
            )  # fmt: skip
            db.add(client)
            db.flush()
            assert fetch_bank_keys(db) == 1
        world = create_app(Config(state=tmp_path / "state", service_key=KEY, bank_url=url)).extensions[
            "sandbox"
        ]
        assert [len(base64.b64decode(key)) for key in world.platform.platform_keys()] == [32]
        with pytest.raises(GatewayFailure, match="404"):
            world.platform.pull("102", "00000000-0000-0000-0000-000000000000")
        with pytest.raises(GatewayFailure, match="404"):
            world.platform.report(
                "102",
                "00000000-0000-0000-0000-000000000000",
                {"report_id": "r", "status": "received", "at": "2026-11-24T00:00:00+00:00"},
            )
    finally:
        engine().dispose()
        forget_engines()
        monkeypatch.undo()
        settings.cache_clear()
