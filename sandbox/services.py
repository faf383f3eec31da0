"""What the platform calls: card, identity, SMS and bank, over signed HTTP."""

import base64
import binascii
import hmac
import re
import secrets
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, request

from sandbox import faces, people, sms
from sandbox.bank import core
from sandbox.bank.directory import BANKS, branches
from sandbox.bank.gateway import BadEvent, GatewayFailure
from sandbox.signed import Refused, body, once, service, store, text

blueprint = Blueprint("services", __name__)


def _id(values: dict[str, Any]) -> str:
    return text(values, "id_number", 30).upper()


def verify_card(values: dict[str, Any]) -> dict[str, Any]:
    """Check exactly the elements given (RN-06), in the order name, ID number, card, phone; the first that fails is named."""
    name = text(values, "name", 60)
    wanted = {key: text(values, key, 40, required=False) for key in ("id_number", "card_number", "phone")}
    answer: dict[str, Any] = {
        "request_id": values["request_id"],
        "result": "match",
        "mismatch": None,
        "bank": None,
    }
    found = people.named(store(), name)
    if not found:
        plausible = people.NAME.fullmatch(name)
        return answer | {"result": "unknown" if plausible else "mismatch", "mismatch": "name"}
    if wanted["id_number"]:
        found = [person for person in found if person.id_number == wanted["id_number"].upper()]
        if not found:
            return answer | {"result": "mismatch", "mismatch": "id_number"}
    cards = [card for person in found for card in person.cards]
    if wanted["card_number"]:
        cards = [card for card in cards if card.number == re.sub(r"[ -]", "", wanted["card_number"])]
        if not cards:
            return answer | {"result": "mismatch", "mismatch": "card_number"}
        answer["bank"] = BANKS[cards[0].bank_code].name
    if wanted["phone"]:
        phone = re.sub(r"[ -]", "", wanted["phone"]).removeprefix("+86")
        if not any(card.phone == phone for card in cards):
            return answer | {"result": "mismatch", "mismatch": "phone"}
    return answer


@blueprint.post("/card/verify")
@service("card")
def card_verify() -> dict[str, Any]:
    """The four elements, as many as are given."""
    values = body()
    return once("card", values, lambda: verify_card(values))


def _person(values: dict[str, Any]) -> people.Person | None:
    name, number = text(values, "name", 60), _id(values)
    return next((person for person in people.named(store(), name) if person.id_number == number), None)


def _reference() -> str:
    return f"sim-{secrets.token_hex(10)}"


def _verdict(values: dict[str, Any], matches: bool, **more: Any) -> dict[str, Any]:
    result = "match" if matches else "mismatch"
    return {"request_id": values["request_id"], "result": result, "provider_reference": _reference(), **more}


@blueprint.post("/identity/id-check")
@service("identity")
def id_check() -> dict[str, Any]:
    """Do name and ID number belong together?"""
    values = body()
    return once("identity", values, lambda: _verdict(values, _person(values) is not None))


def check_face(values: dict[str, Any]) -> dict[str, Any]:
    """Is the frame a picture of that person? `reason` says why not."""
    person = _person(values)
    try:
        data = base64.b64decode(text(values, "frame", 14_000_000), validate=True)
        frame = faces.read_frame(data)
    except (binascii.Error, faces.UnreadableFrame):
        return _verdict(values, False, score=0.0, reason="frame_unreadable")
    if person is None:
        return _verdict(values, False, score=0.0, reason="unknown_person")
    if faces.is_blank(frame):
        return _verdict(values, False, score=0.0, reason="no_face")
    score = faces.likeness(frame, person.number, person.sex)
    if person.face_mode != "picture":
        score = max(score, 95.0) if person.face_mode == "any" else min(score, 10.0)
    matches = score >= faces.THRESHOLD
    return _verdict(values, matches, score=score, reason=None if matches else "not_this_person")


@blueprint.post("/identity/face-check")
@service("identity")
def face_check() -> dict[str, Any]:
    """The face in a JPEG or PNG."""
    values = body()
    return once("identity", values, lambda: check_face(values))


def check_live(values: dict[str, Any]) -> dict[str, Any]:
    """A living person before the camera: each picture shows somebody, and no two are the same."""
    if _person(values) is None:
        return _verdict(values, False, reason="unknown_person")
    moves = values.get("moves")
    if not isinstance(moves, list) or not 1 <= len(moves) <= 4 or not all(isinstance(m, dict) for m in moves):
        return _verdict(values, False, reason="no_moves")
    try:
        data = [text(part, "frame", 14_000_000) for part in (values, *moves)]
        frames = [faces.read_frame(base64.b64decode(part, validate=True)) for part in data]
    except (binascii.Error, faces.UnreadableFrame):
        return _verdict(values, False, reason="frame_unreadable")
    if any(map(faces.is_blank, frames)):
        return _verdict(values, False, reason="no_face")
    still = any(not faces.moved(a, b) for a, b in combinations(frames, 2))
    return _verdict(values, not still, reason="not_live" if still else None)


@blueprint.post("/identity/liveness")
@service("identity")
def liveness() -> dict[str, Any]:
    """Is a living person before the camera?"""
    values = body()
    return once("identity", values, lambda: check_live(values))


@blueprint.post("/identity/notary-code")
@service("identity")
def notary_code() -> dict[str, Any]:
    """The lawful alternative to the face (RN-02): a code from a notary or a registration desk."""
    values = body()

    def answer() -> dict[str, Any]:
        person, code = _person(values), text(values, "code", 40)
        digits = re.sub(r"[ -]", "", code).encode()
        return _verdict(
            values, person is not None and hmac.compare_digest(person.notary_code.encode(), digits)
        )

    return once("identity", values, answer)


@blueprint.post("/sms/send")
@service("sms")
def sms_send() -> dict[str, Any]:
    """Take a message; the same `message_id` is the same message."""
    values = body()
    message_id, words = text(values, "message_id", 100), text(values, "text", 1000)
    phone = re.sub(r"[ -]", "", text(values, "phone", 30)).removeprefix("+86")
    if not re.fullmatch(r"1[3-9][0-9]{9}", phone):
        raise Refused(400, "bad_phone", "phone: a mobile number of mainland China.")
    receipt_url = text(values, "receipt_url", 300, required=False)
    if receipt_url and urlsplit(receipt_url).scheme not in ("http", "https"):
        raise Refused(400, "bad_field", "receipt_url: an http address.")
    try:
        row = sms.accept(store(), message_id, phone, words, receipt_url)
    except KeyError as error:
        raise Refused(409, "message_id_reused", "This message_id belongs to another message.") from error
    return {
        "message_id": message_id,
        "provider_id": row["provider_id"],
        "accepted": True,
        "segments": sms.segments(words),
    }


@blueprint.post("/bank/<bank_code>/events")
@service("bank", signed=False)  # Standard Webhooks: the platform's own signature
def bank_events(bank_code: str) -> dict[str, Any]:
    """An event of the platform: thin, signed; the bank then fetches the file."""
    if bank_code not in BANKS:
        raise Refused(404, "no_such_bank")
    try:
        webhook_id = current_app.extensions["sandbox"].platform.check_event(
            request.headers, request.get_data()
        )
    except BadEvent as error:
        raise Refused(401, "bad_event", f"{error} is missing, stale or wrong.") from error
    except GatewayFailure as error:
        raise Refused(503, "keys_unavailable", "The platform's public keys cannot be fetched.") from error
    event = body()
    if event.get("type") not in ("handoff.created", "handoff.withdrawn"):
        return {"received": True, "ignored": True}
    try:
        with store().write() as db:
            return core.take_event(db, bank_code, webhook_id, event)
    except ValueError as error:
        raise Refused(422, "bad_event", f"data: {error}") from error
    except core.Moved as error:
        raise Refused(409, "other_handoff", "This business number belongs to another handoff.") from error


@blueprint.get("/bank/<bank_code>/status/<business_number>")
@service("bank")
def bank_status(bank_code: str, business_number: str) -> dict[str, Any]:
    """How far a file is, for reconciliation."""
    with store().open() as db:
        file = core.find(db, bank_code, business_number)
        if file is None:
            raise Refused(404, "no_such_file")
        return core.as_status(db, file)


@blueprint.get("/bank/<bank_code>/branches")
def bank_branches(bank_code: str) -> dict[str, Any]:
    """The made-up branches of a bank; open to all, like a bank's own page."""
    if bank_code not in BANKS:
        raise Refused(404, "no_such_bank")
    bank = BANKS[bank_code]
    found = [vars(branch) for branch in branches(bank_code)]
    return {"bank": {"code": bank.code, "name": bank.name, "name_en": bank.english}, "branches": found}


@blueprint.get("/bank/<bank_code>/jwks.json")
def bank_jwks(bank_code: str) -> dict[str, Any]:
    """The bank's public key, for the platform to register."""
    if bank_code not in BANKS:
        raise Refused(404, "no_such_bank")
    return {"keys": [current_app.extensions["sandbox"].keys.jwk(bank_code)]}
