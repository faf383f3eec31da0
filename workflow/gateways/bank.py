"""Telling a bank that there is something to fetch: a thin, signed event (Standard Webhooks, ed25519)."""

import base64
import json
import time
from typing import Any, Protocol

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workflow.errors import OutsideFailure
from workflow.gateways.signed_http import call
from workflow.settings import settings


class BankGateway(Protocol):
    """A bank's end of the line."""

    def notify(self, url: str, event_id: str, event: dict[str, Any], key: Ed25519PrivateKey) -> None:
        """Deliver an event. The same `event_id` again is the same event. Raises OutsideFailure."""

    def status(self, url: str) -> dict[str, Any]:
        """Ask how far a file is; for reconciliation when reports stay away. Raises OutsideFailure."""

    def keys(self, url: str) -> list[str]:
        """The ed25519 public keys that a bank publishes (JWKS), base64. Raises OutsideFailure."""


class HttpBankGateway:
    """Banks over HTTP."""

    def notify(self, url: str, event_id: str, event: dict[str, Any], key: Ed25519PrivateKey) -> None:
        """See BankGateway."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(time.time()))
        mark = key.sign(f"{event_id}.{timestamp}.".encode() + body)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": "v1a," + base64.b64encode(mark).decode(),
        }
        try:
            answer = httpx.post(
                url,
                content=body,
                headers=headers,
                timeout=settings().outside_timeout_seconds,
                trust_env=False,
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise OutsideFailure(f"bank event: {type(error).__name__}") from error

    def status(self, url: str) -> dict[str, Any]:
        """See BankGateway."""
        return call("GET", url)

    def keys(self, url: str) -> list[str]:
        """See BankGateway."""
        try:
            answer = httpx.get(url, timeout=settings().outside_timeout_seconds, trust_env=False)
            answer.raise_for_status()
            found = [str(key["x"]) for key in answer.json()["keys"] if key.get("crv") == "Ed25519"]
            return [
                base64.b64encode(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))).decode() for x in found
            ]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutsideFailure(f"bank keys: {type(error).__name__}") from error
