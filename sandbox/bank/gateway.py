"""The bank's client of the platform's bank gateway: token, file, report, and the keys that sign its events."""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sandbox.bank.keys import BankKeys
from sandbox.config import Config

TOLERANCE_SECONDS = 300
KEYS_MAX_AGE = 300.0
KEYS_MIN_AGE = 2.0
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class GatewayFailure(Exception):
    """The gateway did not answer usably. `final`: the same question will never be answered better."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status
        self.final = status in (400, 403, 404, 409, 410, 422)


class BadEvent(Exception):
    """An event that cannot be believed."""


class PlatformClient:
    """One for the process: it keeps the tokens and the platform's public keys for a while."""

    def __init__(self, config: Config, keys: BankKeys) -> None:
        self.config = config
        self.keys = keys
        self._http = httpx.Client(timeout=config.timeout_seconds, trust_env=False)
        self._tokens: dict[str, tuple[str, float]] = {}
        self._platform_keys: tuple[list[str], float] = ([], -KEYS_MAX_AGE)

    def _send(self, method: str, path: str, **kwargs: Any) -> Any:
        try:
            answer = self._http.request(method, self.config.bank_url + path, **kwargs)
        except httpx.HTTPError as error:
            raise GatewayFailure(f"{method} {path}: {type(error).__name__}") from error
        if not answer.is_success:
            raise GatewayFailure(
                f"{method} {path}: {answer.status_code} {answer.text[:200]}", answer.status_code
            )
        try:
            return answer.json() if answer.content else {}
        except ValueError as error:
            raise GatewayFailure(f"{method} {path}: not JSON") from error

    def _token(self, bank_code: str) -> str:
        token, until = self._tokens.get(bank_code, ("", 0.0))
        if until > time.monotonic():
            return token
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.keys.assertion(bank_code, f"{self.config.bank_url}/v1/token"),
        }
        try:
            answer = self._send("POST", "/v1/token", data=form)
            token = str(answer["access_token"])
            lives = float(answer.get("expires_in", 60))
        except GatewayFailure as failure:
            failure.final = False  # a bank that is not yet registered tries again
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise GatewayFailure("POST /v1/token: no access_token") from error
        self._tokens[bank_code] = (token, time.monotonic() + max(0.0, lives - 30))
        return token

    def _as_bank(self, bank_code: str, method: str, path: str, **kwargs: Any) -> Any:
        headers = kwargs.pop("headers", {})
        for attempt in (1, 2):
            bearer = {"Authorization": f"Bearer {self._token(bank_code)}"}
            try:
                return self._send(method, path, headers=headers | bearer, **kwargs)
            except GatewayFailure as failure:
                if failure.status != 401 or attempt == 2:
                    raise
                self._tokens.pop(bank_code, None)
        raise AssertionError("unreachable")

    def pull(self, bank_code: str, handoff_id: str) -> dict[str, Any]:
        """The file that the person agreed to pass on. Raises GatewayFailure."""
        answer = self._as_bank(bank_code, "GET", f"/v1/handoffs/{quote(handoff_id, safe='')}")
        if not isinstance(answer, dict):
            raise GatewayFailure("GET handoff: not an object")
        return answer

    def report(self, bank_code: str, handoff_id: str, report: dict[str, Any]) -> None:
        """Send a status report, signed. Raises GatewayFailure."""
        body = json.dumps(report, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "X-Bank-Signature": self.keys.sign(bank_code, body)}
        path = f"/v1/handoffs/{quote(handoff_id, safe='')}/reports"
        self._as_bank(bank_code, "POST", path, headers=headers, content=body)

    def platform_keys(self, fresh: bool = False) -> list[str]:
        """Base64 ed25519 keys by which events are believed. Raises GatewayFailure when none is known."""
        if self.config.webhook_keys:
            return list(self.config.webhook_keys)
        known, at = self._platform_keys
        age = time.monotonic() - at
        if known and age < (KEYS_MIN_AGE if fresh else KEYS_MAX_AGE):
            return known
        answer = self._send("GET", "/v1/keys")
        entries = answer.get("keys", []) if isinstance(answer, dict) else answer
        found = [key for key in map(_raw_key, entries) if key]
        if not found:
            raise GatewayFailure("GET /v1/keys: no key")
        self._platform_keys = (found, time.monotonic())
        return found

    def check_event(self, headers: Mapping[str, str], body: bytes) -> str:
        """Believe a Standard Webhooks message; return its id. Raises BadEvent, GatewayFailure."""
        event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not event_id or len(event_id) > 200:
            raise BadEvent("webhook-id")
        if not stamp.isascii() or not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
            raise BadEvent("webhook-timestamp")
        signed = f"{event_id}.{stamp}.".encode() + body
        marks = [mark[4:] for mark in headers.get("webhook-signature", "").split() if mark.startswith("v1a,")]
        if _believed(self.platform_keys(), marks, signed) or _believed(
            self.platform_keys(fresh=True), marks, signed
        ):
            return event_id
        raise BadEvent("webhook-signature")


def _raw_key(entry: Any) -> str:
    """A key as base64 from plain text, `{"public_key"}` or a JWK."""
    if isinstance(entry, dict):
        entry = entry.get("public_key") or entry.get("x") or ""
    text = str(entry).removeprefix("whpk_")
    return (text.replace("-", "+").replace("_", "/") + "===")[: len(text) + -len(text) % 4]


def _believed(keys: list[str], marks: list[str], signed: bytes) -> bool:
    for key in keys:
        for mark in marks:
            try:
                public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
                public.verify(base64.b64decode(mark, validate=True), signed)
            except (InvalidSignature, ValueError, binascii.Error):
                continue
            return True
    return False
