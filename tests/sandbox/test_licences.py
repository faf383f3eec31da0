"""The electronic business licence over signed HTTP: a holder confirms or refuses, the platform fetches the answer."""

import httpx
import pytest

from sandbox import people
from sandbox.licences import SEEDS
from workflow.licensing.uscc import is_fictitious, problem_with

INVEST, _, OLD = SEEDS
ASK = {
    "request_id": "r", "organisation": INVEST.name, "uscc": INVEST.uscc, "purpose": "签署设立材料",
    "return_url": "http://localhost:8001/back",
}  # fmt: skip


@pytest.fixture
def li(world):
    return people.find(world.store, "xiaoli")


def opened(caller, request_id="r"):
    return caller.post("/licence/sessions", ASK | {"request_id": request_id}).json()


def decide(caller, session, card=f"{INVEST.uscc}:xiaoli", decision="confirm"):
    return caller.plain(f"/licence/{session}", {"decision": decision, "card": card}).json()["code"]


def answer(caller, session, code, person, request_id="a"):
    asked = {"request_id": request_id, "code": code, "name": person.name, "id_number": person.id_number}
    return caller.post(f"/licence/sessions/{session}/answer", asked).json()


def test_a_holder_confirms_once(caller, li):
    """The same question is asked once; the code gives the answer to one request, as often as that is sent."""
    session = opened(caller)["session"]
    assert opened(caller)["session"] == session
    assert answer(caller, session, "00000000", li)["result"] == "wrong_code"
    code = decide(caller, session)
    assert decide(caller, session, decision="refuse") == code  # the first word stands
    said = answer(caller, session, code, li, "b")
    assert said["licence"]["uscc"] == INVEST.uscc and said["licence"]["state"] == "existing"
    assert said["holder"] == {"name": li.name, "role": "legal_representative", "same_person": True}
    assert answer(caller, session, code, li, "b") == said
    assert answer(caller, session, code, li, "c")["result"] == "used"


def test_refused_another_person_too_many_tries_too_late(caller, li, world):
    session = opened(caller)["session"]
    assert answer(caller, session, decide(caller, session, decision="refuse"), li)["result"] == "refused"
    other = people.find(world.store, "xiaowang")
    session = opened(caller, "r2")["session"]
    said = answer(caller, session, decide(caller, session), other, "o")
    assert said["holder"]["same_person"] is False
    session = opened(caller, "r3")["session"]
    code = decide(caller, session)
    for number in range(5):
        assert answer(caller, session, "1", li, f"t{number}")["result"] == "wrong_code"
    assert answer(caller, session, code, li, "t9")["result"] == "expired"
    session = opened(caller, "r4")["session"]
    with world.store.write() as db:
        db.execute("UPDATE licence_sessions SET expires = 0 WHERE id = ?", (session,))
    assert "请回到七步重新开始" in caller.page(f"/licence/{session}").text
    assert answer(caller, session, "1", li, "late")["result"] == "expired"
    assert caller.post("/licence/sessions/nothing/answer", {"request_id": "n", "code": "1", "name": "x", "id_number": "1"}).status_code == 404  # fmt: skip


def test_pages(caller, li):
    session = opened(caller)["session"]
    page = caller.page(f"/licence/{session}").text
    assert page.index(f'value="{INVEST.uscc}:{li.id}"') < page.index(
        OLD.name
    )  # the licence asked for comes first
    assert caller.form(f"/licence/{session}", {"decision": "confirm", "card": "nobody"}).status_code == 400
    caller.form(f"/licence/{session}", {"decision": "confirm", "card": f"{INVEST.uscc}:xiaoli"})
    assert 'href="http://localhost:8001/back?code=' in caller.page(f"/licence/{session}").text
    values = {"name": "武汉虚构新业有限公司", "uscc": "91420100QB00PFCR2X", "holder": "xiaozhou", "role": "person_in_charge"}  # fmt: skip
    for wrong in ({"name": ""}, {"uscc": "1"}, {"holder": "nobody"}, {"role": "king"}):
        assert caller.form("/licence", values | wrong).status_code == 400
        assert caller.plain("/licence", values | wrong).status_code == 400
    caller.form("/licence", values)
    caller.form("/licence", values | {"holder": "xiaoli", "role": "authorised"})
    caller.form(f"/licence/{values['uscc']}/state", {"state": "revoked"})
    known = httpx.get(caller.url + "/licence").json()["licences"]
    assert known[-1]["state"] == "revoked" and [h["role"] for h in known[-1]["holders"]] == ["person_in_charge", "authorised"]  # fmt: skip
    assert caller.plain("/licence/none/state", {"state": "revoked"}).status_code == 404
    assert caller.plain(f"/licence/{OLD.uscc}/state", {"state": "new"}).status_code == 400
    strange = caller.post("/licence/sessions", ASK | {"request_id": "s", "uscc": "91420100QB00PFCT0K"}).json()
    assert "还没有这个单位" in caller.page(f"/licence/{strange['session']}").text
    bad = caller.post("/licence/sessions", ASK | {"request_id": "b", "return_url": "javascript:1"})
    assert bad.status_code == 400


def test_the_organisations_are_fictitious():
    """Their credit codes pass both checks (USCC-03, USCC-05) and lie in the range of the demonstration (USCC-07)."""
    for seed in SEEDS:
        assert problem_with(seed.uscc) is None and is_fictitious(seed.uscc) and "虚构" in seed.name
