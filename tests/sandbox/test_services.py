"""Card, identity and SMS over signed HTTP."""

import base64
import io
import os
import time

import httpx
import pytest
from flask import Flask, request
from PIL import Image

from sandbox import faces, people
from tests.sandbox.world import KEY, headers, until

ZHANG = {"name": "张小七"}


@pytest.fixture
def zhang(world):
    return people.find(world.store, "xiaozhang")


def ask(caller, path, request_id="r1", **values):
    answer = caller.post(path, {"request_id": request_id, **values})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_gateways_of_the_platform_speak_this_contract(caller, zhang, monkeypatch):
    from workflow.gateways import HttpCardGateway, HttpIdentityGateway, HttpSmsGateway
    from workflow.settings import settings

    monkeypatch.setenv("QIBU_SANDBOX_URL", caller.url)
    monkeypatch.setenv("QIBU_SERVICE_KEY", KEY)
    settings.cache_clear()
    try:
        card = zhang.cards[0]
        elements = {
            "name": zhang.name,
            "id_number": zhang.id_number,
            "card_number": card.number,
            "phone": card.phone,
        }
        verdict = HttpCardGateway().verify("p1", elements)
        assert (verdict.matches, verdict.bank) == (True, "中国工商银行")
        assert HttpCardGateway().verify("p2", elements | {"phone": "19900009999"}).mismatch == "phone"
        identity = HttpIdentityGateway()
        assert identity.check_id("p3", zhang.name, zhang.id_number).matches
        assert identity.check_face("p4", zhang.name, zhang.id_number, faces.portrait(1, "M")).score >= 90
        assert identity.check_code("p5", zhang.name, zhang.id_number, zhang.notary_code).reference.startswith(
            "sim-"
        )
        face, other = faces.portrait(1, "M"), faces.portrait(2, "F")
        moves = [("left", other), ("blink", faces.portrait(3, "M"))]
        assert identity.check_live("p7", zhang.name, zhang.id_number, face, moves).matches
        for number, held_up in enumerate(
            ([("left", face), ("blink", other)], [("left", other), ("blink", other)], [])
        ):
            assert not identity.check_live(f"p8{number}", zhang.name, zhang.id_number, face, held_up).matches
        assert HttpSmsGateway().send("p6", zhang.phone, "您好").startswith("sim-")
    finally:
        settings.cache_clear()


@pytest.mark.parametrize(
    ("signing", "status", "error"),
    [
        ({"key": "another key"}, 401, "bad_signature"),
        ({"late": 400}, 401, "stale"),
        ({"late": -400}, 401, "stale"),
        ({"nonce": "short"}, 401, "bad_signature"),
    ],
)
def test_unbelievable_requests_are_refused(caller, signing, status, error):
    if "late" in signing:  # seconds, counted from the moment of the call
        signing = {"stamp": int(time.time()) - signing["late"]}
    answer = caller.post("/card/verify", {"request_id": "r", **ZHANG}, **signing)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_changed_body_or_a_second_use_of_a_nonce_is_refused(caller):
    body = b'{"request_id": "r", "name": "\\u5f20\\u5c0f\\u4e03"}'
    signed = headers("POST", "/card/verify", body)
    url = caller.url + "/card/verify"
    assert httpx.post(url, content=body.replace(b'"r"', b'"s"'), headers=signed).status_code == 401
    assert httpx.post(url, content=body, headers=signed).status_code == 200
    again = httpx.post(url, content=body, headers=signed)
    assert (again.status_code, again.json()["error"]) == (409, "repeated_nonce")
    assert httpx.post(url, content=body).status_code == 401


def test_card_elements_one_after_the_other(caller, zhang):
    """RN-06: each element is checked by itself, and the first that fails is named."""
    card = zhang.cards[0]
    right = {
        "name": zhang.name,
        "id_number": zhang.id_number,
        "card_number": card.number,
        "phone": card.phone,
    }
    wrong = {
        "name": "钱无人", "id_number": people.id_number(people.SEEDS[1].birth, 998),
        "card_number": people.card_number(7, 9), "phone": "19900008888",
    }  # fmt: skip
    for number, element in enumerate(right):
        so_far = {key: right[key] for key in list(right)[: number + 1]}
        assert ask(caller, "/card/verify", f"ok{number}", **so_far)["result"] == "match"
        answer = ask(caller, "/card/verify", f"no{number}", **so_far | {element: wrong[element]})
        assert (answer["result"], answer["mismatch"]) == (
            "unknown" if element == "name" else "mismatch",
            element,
        )
    assert ask(caller, "/card/verify", "x", name="<b>")["result"] == "mismatch"
    spaced = " ".join(card.number[i : i + 4] for i in range(0, 19, 4))
    assert ask(caller, "/card/verify", "s", **right | {"card_number": spaced})["bank"] == "中国工商银行"


def test_the_same_request_id_is_one_question(caller, zhang):
    first = ask(caller, "/identity/id-check", "same", name=zhang.name, id_number=zhang.id_number)
    assert ask(caller, "/identity/id-check", "same", name=zhang.name, id_number=zhang.id_number) == first
    answer = caller.post(
        "/identity/id-check", {"request_id": "same", "name": "李小二", "id_number": zhang.id_number}
    )
    assert (answer.status_code, answer.json()["error"]) == (409, "request_id_reused")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1]",
        b"{",
        b'{"request_id": 1, "name": "x"}',
        b'{"name": "x"}',
        b'{"request_id": "r", "name": ""}',
    ],
)
def test_bad_bodies_are_400(caller, body):
    answer = httpx.post(
        caller.url + "/card/verify", content=body, headers=headers("POST", "/card/verify", body)
    )
    assert answer.status_code == 400 and answer.json()["message"]


def jpeg(image, quality=45):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return base64.b64encode(buffer.getvalue()).decode()


def test_faces(caller, world, zhang):
    li = people.find(world.store, "xiaoli")
    zhao = people.find(world.store, "xiaozhao")
    own = faces.read_frame(faces.portrait(li.number, li.sex))
    barred = Image.new("RGB", (1280, 720))
    barred.paste(own.resize((540, 720)), (370, 0))
    noise = Image.frombytes("RGB", (640, 480), os.urandom(640 * 480 * 3))
    frames = {
        "own": (li, jpeg(own.resize((150, 200))), "match"),
        "barred": (li, jpeg(barred), "match"),
        "another": (li, jpeg(faces.read_frame(faces.portrait(zhang.number, zhang.sex))), "mismatch"),
        "noise": (li, jpeg(noise), "mismatch"),
        "camera": (zhang, jpeg(noise), "match"),
        "covered": (zhang, jpeg(Image.new("RGB", (640, 480))), "mismatch"),
        "empty": (zhang, base64.b64encode(b"no picture").decode(), "mismatch"),
        "never": (zhao, jpeg(faces.read_frame(faces.portrait(zhao.number, zhao.sex))), "mismatch"),
    }
    for name, (person, frame, result) in frames.items():
        answer = ask(
            caller, "/identity/face-check", name, name=person.name, id_number=person.id_number, frame=frame
        )
        assert answer["result"] == result, (name, answer)
        assert 0 <= answer["score"] <= 100 and answer["provider_reference"]
        assert (answer["reason"] is None) == (result == "match")


def test_everybody_has_a_face_of_their_own():
    seeds = [(number, seed.sex) for number, seed in enumerate(people.SEEDS, 1)]
    drawn = [*seeds, *((number, "MF"[number % 2]) for number in range(101, 113))]
    pictures = {who: faces.read_frame(faces.portrait(*who)) for who in drawn}
    best = max(faces.likeness(pictures[a], *b) for a in drawn for b in drawn if a < b)
    assert best < faces.THRESHOLD - 2


def test_the_notary_code_stands_in_for_the_face(caller, world):
    """RN-02."""
    zhao = people.find(world.store, "xiaozhao")
    who = {"name": zhao.name, "id_number": zhao.id_number}
    assert ask(caller, "/identity/notary-code", "a", **who, code=zhao.notary_code)["result"] == "match"
    assert ask(caller, "/identity/notary-code", "b", **who, code="00000000")["result"] == "mismatch"


def test_sms_once_however_often_it_is_asked_for(caller):
    message = {"message_id": "m1", "phone": "+86 199 0000 0001", "text": "【七步】验证码 123456"}
    first = caller.post("/sms/send", message).json()
    assert first["accepted"] is True and first["segments"] == 1
    assert caller.post("/sms/send", message).json() == first
    assert caller.post("/sms/send", message | {"text": "other"}).status_code == 409
    assert caller.post("/sms/send", message | {"message_id": "m2", "phone": "12345"}).status_code == 400
    inbox = httpx.get(caller.url + "/sms/messages?phone=19900000001").json()
    assert inbox["count"] == 1 and inbox["messages"][0]["requests"] == 2
    assert httpx.get(caller.url + "/sms/messages?phone=19900000002").json()["count"] == 0


def test_delivery_receipts_come_twice_when_the_switch_says_so(caller, world, serve):
    sender, seen = Flask("sender"), []

    @sender.post("/receipts")
    def receipts():
        path = "/receipts"
        wanted = headers(
            "POST",
            path,
            request.get_data(),
            stamp=int(request.headers["X-Timestamp"]),
            nonce=request.headers["X-Nonce"],
        )
        assert request.headers["X-Signature"] == wanted["X-Signature"]
        seen.append(request.get_json())
        return {}

    url = serve(sender) + "/receipts"
    caller.plain("/switches", {"sms.answer_twice": True})
    caller.post("/sms/send", {"message_id": "m", "phone": "19900000001", "text": "x", "receipt_url": url})
    world.runner.run_due()
    until(lambda: len(seen) == 2)
    assert seen[0]["message_id"] == "m" and seen[0]["status"] == "delivered"
    assert world.runner.run_due() == 0
