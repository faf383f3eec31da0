"""What the sandbox's tests share: a signed caller and a small gateway of the platform."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask, request

KEY = "a key of the tests"


def headers(
    method: str, path: str, body: bytes, key: str = KEY, stamp: int | None = None, nonce: str = ""
) -> dict[str, str]:
    """The signature as the contract has it, written out here once more."""
    timestamp, nonce = str(stamp or int(time.time())), nonce or secrets.token_hex(8)
    lines = f"{method}\n{path}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return {
        "Content-Type": "application/json",
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": hmac.new(key.encode(), lines.encode(), "sha256").hexdigest(),
    }


class Caller:
    """Calls a sandbox over HTTP, signed."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, values: dict[str, Any], **signing: Any) -> httpx.Response:
        body = json.dumps(values).encode()
        signed = headers("POST", path, body, **signing)
        return httpx.post(self.url + path, content=body, headers=signed, trust_env=False)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers("GET", path, b""), trust_env=False)

    def plain(self, path: str, values: dict[str, Any]) -> httpx.Response:
        return httpx.post(self.url + path, json=values, trust_env=False)

    def page(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={"Accept": "text/html"}, trust_env=False)

    def form(self, path: str, values: dict[str, str], **more: str) -> httpx.Response:
        return httpx.post(
            self.url + path, data=values, headers={"Accept": "text/html", **more}, trust_env=False
        )


class Gateway:
    """The platform's bank gateway, as strict as the contract; `refuse` answers so many next reports with a status."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.url = self.sandbox = ""
        self.tokens: dict[str, str] = {}
        self.assertions: set[str] = set()
        self.pulls: list[str] = []
        self.reports: list[dict[str, Any]] = []
        self.refuse: list[int] = []
        self.pull_status = 200
        self.uscc = "99420000MA00000012"
        self.app = Flask("gateway")
        self.app.get("/v1/keys")(self._keys)
        self.app.post("/v1/token")(self._token)
        self.app.get("/v1/handoffs/<handoff>")(self._pull)
        self.app.post("/v1/handoffs/<handoff>/reports")(self._report)

    def public(self) -> str:
        return base64.b64encode(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()

    def _keys(self) -> Any:
        return {"keys": [{"id": "1", "public_key": self.public()}]}

    def _bank_key(self, bank: str) -> jwt.PyJWK:
        answer = httpx.get(f"{self.sandbox}/bank/{bank}/jwks.json", trust_env=False).json()
        return jwt.PyJWK(answer["keys"][0])

    def _token(self) -> Any:
        form = request.form
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        bank = jwt.decode(form["client_assertion"], options={"verify_signature": False})["sub"]
        key = self._bank_key(bank)
        claims = jwt.decode(
            form["client_assertion"],
            key,
            algorithms=["EdDSA"],
            audience=f"{self.url}/v1/token",
            issuer=bank,
            subject=bank,
        )
        assert claims["jti"] not in self.assertions and claims["exp"] - claims["iat"] <= 300
        self.assertions.add(claims["jti"])
        token = secrets.token_hex(8)
        self.tokens[token] = bank
        return {"access_token": token, "token_type": "Bearer", "expires_in": 300}

    def _bank(self) -> str | None:
        return self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    def _pull(self, handoff: str) -> Any:
        if self._bank() is None:
            return {"error": "token"}, 401
        self.pulls.append(handoff)
        if self.pull_status != 200:
            return {"error": "no"}, self.pull_status
        return {
            "handoff_id": handoff,
            "company": {"name": "武汉试演软件有限公司", "uscc": self.uscc},
            "hostile": "<script>",
            "capital": 50000000,
            "licence": {
                "sha256": hashlib.sha256(b"%PDF").hexdigest(),
                "pdf": base64.b64encode(b"%PDF").decode(),
            },
            "articles": {"sha256": "0" * 64, "pdf": base64.b64encode(b"%PDF").decode()},
        }

    def _report(self, handoff: str) -> Any:
        bank = self._bank()
        if bank is None:
            return {"error": "token"}, 401
        if self.refuse:
            return {"error": "planned"}, self.refuse.pop(0)
        mark = base64.b64decode(request.headers["X-Bank-Signature"])
        self._bank_key(bank).key.verify(mark, request.get_data())
        self.reports.append(request.get_json() | {"handoff_id": handoff, "bank": bank})
        return {"taken": True}, 201

    def push(
        self, bank: str, event: dict[str, Any], event_id: str, key: Any = None, stamp: int | None = None
    ) -> httpx.Response:
        """Deliver an event in the form of Standard Webhooks."""
        body = json.dumps(event).encode()
        when = str(stamp or int(time.time()))
        mark = base64.b64encode((key or self.key).sign(f"{event_id}.{when}.".encode() + body)).decode()
        signed = {
            "webhook-id": event_id,
            "webhook-timestamp": when,
            "webhook-signature": f"v1a,AAAA v1a,{mark}",
        }
        return httpx.post(f"{self.sandbox}/bank/{bank}/events", content=body, headers=signed, trust_env=False)

    @staticmethod
    def created(
        handoff: str = "h1", number: str = "Q1-B1", bank: str = "102", branch: str = "102-02"
    ) -> dict[str, Any]:
        """The thin event of a new handoff."""
        data = {
            "handoff_id": handoff,
            "business_number": number,
            "bank_code": bank,
            "branch_code": branch,
            "pull_url": "x",
        }
        return {"type": "handoff.created", "data": data}


def until(true: Any, seconds: float = 8.0) -> None:
    """Wait for something that happens in the background."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.03)
