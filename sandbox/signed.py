"""Whose request it is, and how the services misbehave before and after they answer it."""

import functools
import hmac
import json
import secrets
import socket
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, request

from sandbox import switches
from sandbox.config import Config
from sandbox.store import Store, utc

STALE_SECONDS = 300
KEPT_CALLS = 500
GARBAGE = b"\x00\xff<html>gateway</html>", "text/html"


class Refused(Exception):
    """An error of a service: a status and a stable code."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code


def store() -> Store:
    """The state of this application."""
    return current_app.extensions["sandbox"].store


def config() -> Config:
    """The settings of this application."""
    return current_app.extensions["sandbox"].config


def signature(key: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Hex HMAC-SHA-256 over method, path, time, nonce and the body's digest, one a line."""
    lines = "\n".join((method, path, timestamp, nonce, sha256(body).hexdigest()))
    return hmac.new(key.encode(), lines.encode(), sha256).hexdigest()


def signed_headers(key: str, method: str, url: str, body: bytes) -> dict[str, str]:
    """The headers of a signed JSON request."""
    stamp, nonce = str(int(time.time())), secrets.token_hex(12)
    return {
        "Content-Type": "application/json",
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": signature(key, method, urlsplit(url).path, stamp, nonce, body),
    }


def check_signature() -> None:
    """Believe the request or raise Refused (401; 409 for a repeated nonce)."""
    stamp, nonce = request.headers.get("X-Timestamp", ""), request.headers.get("X-Nonce", "")
    given = request.headers.get("X-Signature", "")
    if not (stamp.isascii() and stamp.isdigit()) or abs(time.time() - int(stamp)) > STALE_SECONDS:
        raise Refused(401, "stale", "X-Timestamp is missing or more than 300 seconds away.")
    path = urlsplit(request.environ.get("REQUEST_URI") or request.path).path
    wanted = signature(config().service_key, request.method, path, stamp, nonce, request.get_data())
    if not 8 <= len(nonce) <= 100 or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Refused(401, "bad_signature", "X-Signature does not fit this request.")
    with store().write() as db:
        db.execute("DELETE FROM nonces WHERE at < ?", (time.time() - 2 * STALE_SECONDS,))
        if not db.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?)", (nonce, time.time())).rowcount:
            raise Refused(409, "repeated_nonce", "This X-Nonce was used before.")


def _note(service: str, status: int, fault: str) -> None:
    with store().write() as db:
        what = f"{request.method} {request.url_rule.rule if request.url_rule else request.path}"
        db.execute(
            "INSERT INTO calls (at, service, what, status, fault) VALUES (?, ?, ?, ?, ?)",
            (utc(), service, what, status, fault),
        )
        db.execute("DELETE FROM calls WHERE id <= (SELECT max(id) FROM calls) - ?", (KEPT_CALLS,))


def _drop() -> Response:
    """The work is done, but the line breaks: the caller gets no answer (a 500 where the socket cannot be reached)."""
    line = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
    if isinstance(line, socket.socket):
        line.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def _fault(name: str) -> str:
    """What goes wrong with this request, by the switches; empty when nothing does."""
    turn = switches.in_turn(store(), name)
    planned = ("fail", "deny", "garbage", "replay")
    return turn or next((fault for fault in planned if switches.strikes(store(), name, fault)), "")


def service(name: str, signed: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view of service `name`: checks the signature, misbehaves as the switches say, notes the call."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def wrapped(**arguments: Any) -> Any:
            fault = ""
            g.as_json, g.wrong = True, ""
            earlier: dict[str, tuple[bytes, str]] = current_app.extensions["sandbox"].answers
            try:
                if signed:
                    check_signature()
                if slow := switches.read(store())[f"{name}.slow"]:
                    fault = "slow"
                    time.sleep(slow)
                fault = _fault(name) or fault
                if fault == "fail":
                    raise Refused(503, "unavailable", "The switch makes this service fail.")
                if fault == "deny":
                    raise Refused(403, "denied", "The switch makes this service refuse.")
                if fault in ("garbage", "replay"):
                    data, kind = earlier.get(name, GARBAGE) if fault == "replay" else GARBAGE
                    answer = Response(data, mimetype=kind)
                else:
                    g.wrong = fault
                    answer = current_app.make_response(view(**arguments))
                    earlier[name] = answer.get_data(), str(answer.mimetype)
                if fault == "lose" or switches.strikes(store(), name, "lose"):
                    fault = "lose"
                    answer = _drop()
            except Refused as refused:
                _note(name, refused.status, fault)
                raise
            _note(name, answer.status_code, fault)
            return answer

        return wrapped

    return decorate


def wrong(name: str) -> str:
    """In which way the answer to this request is to be wrong: one of `switches.CHOICES`, or empty."""
    turn = g.wrong if g.wrong in switches.CHOICES[f"{name}.wrong"] else ""
    return turn or str(switches.read(store())[f"{name}.wrong"])


def body() -> dict[str, Any]:
    """The JSON object of the request. Raises Refused."""
    try:
        value = json.loads(request.get_data() or b"null")
    except ValueError as error:
        raise Refused(400, "not_json", "The body must be a JSON object.") from error
    if not isinstance(value, dict):
        raise Refused(400, "not_json", "The body must be a JSON object.")
    return value


def text(values: dict[str, Any], name: str, longest: int = 200, required: bool = True) -> str:
    """A text of the body. Raises Refused (400) when it is missing, too long or no text."""
    value = values.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise Refused(400, "bad_field", f"{name}: a text of 1 to {longest} characters.")
    return value.strip()


def once(service_name: str, values: dict[str, Any], answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer to `request_id`, worked out once: a repeat gets the first one back word for word.

    Raises Refused (409) when the id was used for another question. Only a keyed digest of the question is kept.
    """
    request_id = text(values, "request_id", 100)
    question = json.dumps([request.path, values], sort_keys=True, ensure_ascii=False).encode()
    fingerprint = hmac.new(config().service_key.encode(), question, sha256).hexdigest()
    find = "SELECT * FROM answers WHERE service = ? AND request_id = ?"
    row = store().row(find, (service_name, request_id))
    if row is None:
        fresh = json.dumps(answer(), ensure_ascii=False)
        with store().write() as db:
            db.execute(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)",
                (service_name, request_id, fingerprint, fresh, utc()),
            )
            row = db.execute(find, (service_name, request_id)).fetchone()
    if row["fingerprint"] != fingerprint:
        raise Refused(409, "request_id_reused", "This request_id belongs to another question.")
    return json.loads(row["body"])
