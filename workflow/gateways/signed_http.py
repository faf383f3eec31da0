"""HTTP with a signed request: the scheme that the identity, card and SMS services share."""

import hmac
import json
import secrets
import time
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx

from workflow.errors import OutsideFailure
from workflow.settings import settings


def signature(key: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Hex HMAC-SHA-256 over method, path, time, nonce and the body's digest, one a line."""
    lines = "\n".join((method, path, timestamp, nonce, sha256(body).hexdigest()))
    return hmac.digest(key.encode(), lines.encode(), sha256).hex()


def call(method: str, url: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    """Send a signed JSON request and return the JSON answer.

    Raises OutsideFailure when the service cannot be reached, is slow beyond the time-out, or answers 4xx or 5xx.
    """
    body = json.dumps(payload, ensure_ascii=False).encode() if payload is not None else b""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(12)
    config = settings()
    headers = {
        "Content-Type": "application/json",
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": signature(config.service_key, method, urlsplit(url).path, timestamp, nonce, body),
    }
    try:
        answer = httpx.request(
            method,
            url,
            content=body,
            headers=headers,
            timeout=config.outside_timeout_seconds,
            trust_env=False,
        )
        answer.raise_for_status()
        result = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise OutsideFailure(f"{method} {url}: {type(error).__name__}") from error
    if not isinstance(result, dict):
        raise OutsideFailure(f"{method} {url}: not an object")
    return result


def answer_to(url: str, payload: dict[str, Any], known_by: str) -> dict[str, Any]:
    """Send a question and return the answer to it; an answer to another question is none.

    `known_by`: the field with the question's id, which the answer repeats. Raises OutsideFailure.
    """
    answer = call("POST", url, payload)
    if answer.get(known_by) != payload[known_by]:
        raise OutsideFailure(f"POST {url}: the answer belongs to another request")
    return answer
