"""Outside parties misbehave as the switches say."""

import time

import httpx
import pytest

from sandbox import switches


def send(caller, message_id):
    return caller.post("/sms/send", {"message_id": message_id, "phone": "19900000001", "text": "x"})


def test_refused_requests_do_nothing(caller, world):
    caller.plain("/switches", {"sms.fail_next": 2})
    assert [send(caller, "m").status_code for _ in range(3)] == [503, 503, 200]
    assert world.store.row("SELECT requests FROM sms")["requests"] == 1


def test_a_lost_answer_means_the_work_is_done(caller, world):
    caller.plain("/switches", {"sms.lose_next": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        send(caller, "m")
    assert world.store.count("sms") == 1
    assert send(caller, "m").json()["accepted"] is True
    assert world.store.count("sms") == 1


def test_slow_and_rates(caller):
    caller.plain("/switches", {"card.slow": 0.4, "identity.fail_rate": 1})
    began = time.monotonic()
    assert caller.post("/card/verify", {"request_id": "r", "name": "张小七"}).status_code == 200
    assert time.monotonic() - began >= 0.4
    assert (
        caller.post("/identity/id-check", {"request_id": "r", "name": "x", "id_number": "y"}).status_code
        == 503
    )
    caller.plain("/switches", {"reset": True})
    assert httpx.get(caller.url + "/switches.json").json() == switches.DEFAULTS


@pytest.mark.parametrize(
    "values",
    [
        {"sms.nothing": 1},
        {"sms.fail_rate": 2},
        {"sms.slow": "x"},
        {"sms.fail_next": -1},
        {"bank.auto": "maybe"},
        {"sms.slow": "nan"},
    ],
)
def test_wrong_values_change_nothing(caller, values):
    answer = caller.plain("/switches", {"card.slow": 1, **values})
    assert answer.status_code == 400
    assert httpx.get(caller.url + "/switches.json").json() == switches.DEFAULTS


def test_the_form_sets_one_service_and_keeps_what_was_typed(caller):
    caller.plain("/switches", {"sms.answer_twice": True, "bank.auto": True})
    good = caller.form("/switches", {"service": "sms", "sms.slow": "1.5", "sms.fail_next": "2"})
    assert good.status_code == 303
    now = httpx.get(caller.url + "/switches.json").json()
    assert (now["sms.slow"], now["sms.answer_twice"], now["bank.auto"]) == (1.5, False, True)
    bad = caller.form("/switches", {"service": "sms", "sms.slow": "much<b>"})
    assert bad.status_code == 400 and "much&lt;b&gt;" in bad.text
