"""The banks' API over HTTP: tokens, the pull inside the consent, signed reports, refusals as problem JSON."""

import base64
import json
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from workflow.db import now
from workflow.handoff import operations
from workflow.handoff.models import BankClient, BankToken
from workflow.settings import settings

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Bank:
    """A bank's system: its key, its token, its requests."""

    def __init__(self, house, code="102"):
        self.code, self.key = code, Ed25519PrivateKey.generate()
        client = house.db.get(BankClient, code)
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        client.keys, client.jwks_url = [base64.b64encode(raw).decode()], ""
        house.db.commit()
        self.http = house.client("bank")

    def assertion(self, key=None, **claims):
        """A client assertion."""
        at = int(time.time())
        usual = {
            "iss": self.code, "sub": self.code, "aud": f"{settings().bank_url}/v1/token", "iat": at, "exp": at + 60,
            "jti": uuid.uuid4().hex,
        }  # fmt: skip
        return jwt.encode(usual | claims, key or self.key, algorithm="EdDSA")

    def token(self, assertion=None, **form):
        """Ask for a token."""
        usual = {
            "grant_type": "client_credentials", "client_assertion_type": BEARER,
            "client_assertion": assertion or self.assertion(),
        }  # fmt: skip
        return self.http.post("/v1/token", data=usual | form)

    @property
    def bearer(self):
        """The header of a fresh token."""
        return {"Authorization": f"Bearer {self.token().json['access_token']}"}

    def report(self, row, body=None, raw=None, signature=None, **values):
        """Send a report."""
        usual = {"report_id": "r1", "status": "received", "at": "2026-11-24T09:00:00+08:00"}
        raw = raw if raw is not None else json.dumps(body or usual | values).encode()
        mark = base64.b64encode(self.key.sign(raw)).decode() if signature is None else signature
        headers = self.bearer | {"Content-Type": "application/json", "X-Bank-Signature": mark}
        return self.http.post(f"/v1/handoffs/{row.id}/reports", data=raw, headers=headers)


@pytest.fixture
def bank(house):
    return Bank(house)


def is_problem(answer, status, code=None):
    """RFC 9457, in both languages."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["message"]["zh"]
    assert code in (None, answer.json["code"])
    return answer.json


def test_the_contract_names_every_operation(bank):
    spec = bank.http.get("/v1/openapi.json").json
    assert spec["openapi"] == "3.1.0"
    assert set(spec["paths"]) == {
        "/v1/keys", "/v1/token", "/v1/handoffs", "/v1/handoffs/{handoff_id}", "/v1/handoffs/{handoff_id}/reports"
    }  # fmt: skip
    named = [p["name"] for p in spec["paths"]["/v1/handoffs/{handoff_id}/reports"]["post"]["parameters"]]
    assert "X-Bank-Signature" in named
    known = spec["components"]["schemas"]
    wanted = {
        value.rsplit("/", 1)[1] for value in _references(spec) if value.startswith("#/components/schemas/")
    }
    assert wanted <= set(known)


def _references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_a_token_for_an_assertion_once(house, bank):
    assertion = bank.assertion()
    first = bank.token(assertion, client_id="102")
    assert (first.status_code, first.json["token_type"], first.json["expires_in"]) == (200, "Bearer", 900)
    assert "no-store" in first.headers["Cache-Control"]
    again = bank.token(assertion)
    assert (again.status_code, again.json["error"]) == (401, "invalid_client")


def test_assertions_that_are_not_believed(bank):
    wrong = (
        bank.assertion(key=Ed25519PrivateKey.generate()), bank.assertion(aud="https://elsewhere.example/token"),
        bank.assertion(exp=int(time.time()) - 120), bank.assertion(exp=int(time.time()) + 7200),
        bank.assertion(sub="103"), bank.assertion(iss="103"), bank.assertion(sub="999"), "no.jwt.here", "x",
        jwt.encode({"sub": "102", "iss": "102", "jti": "1"}, "k" * 32, algorithm="HS256"),
    )  # fmt: skip
    for assertion in wrong:
        answer = bank.token(assertion)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), assertion
    for form, error in (
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion": ""}, "invalid_client"),
        ({"client_assertion_type": "x"}, "invalid_request"),
    ):
        answer = bank.token(**form)
        assert (answer.json["error"], answer.status_code in (400, 401)) == (error, True)
    assert bank.http.post("/v1/token").json["error"] == "invalid_request"


def test_no_data_without_a_live_token(house, bank):
    _, row = house.handed()
    path = f"/v1/handoffs/{row.id}"
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        answer = bank.http.get(path, headers=headers)
        is_problem(answer, 401, "invalid_token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    bearer = bank.bearer
    assert bank.http.get(path, headers=bearer).status_code == 200
    house.db.query(BankToken).update({"expires_at": now()})
    house.db.commit()
    is_problem(bank.http.get(path, headers=bearer), 401)


def test_a_bank_pulls_its_own_inside_the_consent(house, bank):
    case, row = house.handed()
    bearer = bank.bearer
    file = bank.http.get(f"/v1/handoffs/{row.id}", headers=bearer).json
    assert (file["name"], file["capital"], file["bank_code"]) == (case.name, 50_000_000, "102")
    assert base64.b64decode(file["licence"]["pdf"])[:5] == b"%PDF-"
    assert "account" not in file
    house.db.refresh(row)
    assert row.pulled_at is not None
    other = Bank(house, "103")
    is_problem(other.http.get(f"/v1/handoffs/{row.id}", headers=other.bearer), 404, "not_found")
    is_problem(other.report(row), 404)
    assert other.http.get("/v1/handoffs", headers=other.bearer).json == []
    is_problem(bank.http.get(f"/v1/handoffs/{uuid.uuid4()}", headers=bearer), 404)
    operations.withdraw(house.db, row.id, house.owner(case))
    house.db.commit()
    is_problem(bank.http.get(f"/v1/handoffs/{row.id}", headers=bearer), 403, "not_allowed")


def test_signed_reports_count_once_and_bad_ones_not_at_all(house, bank):
    _, row = house.handed()
    for raw, signature, status in (
        (None, "", 403), (None, "zzzz", 403), (None, base64.b64encode(b"x" * 64).decode(), 403), (b"{", None, 400),
        (b"[]", None, 422), (b'{"report_id":""}', None, 422),
    ):  # fmt: skip
        is_problem(bank.report(row, raw=raw, signature=signature), status)
    for values in (
        {"status": "nonsense"}, {"at": "yesterday"}, {"at": "2026-11-24T09:00:00"}, {"report_id": "x" * 81},
        {"text": "x" * 501}, {"status": "opened"}, {"status": "declined"}, {"account_number": "1" * 41},
    ):  # fmt: skip
        problem = is_problem(bank.report(row, **values), 422)
        assert problem["errors"][0]["path"], values
    assert operations.reports_of(house.db, row.id) == []
    answer = bank.report(row)
    assert answer.json == {
        "report_id": "r1",
        "status": "received",
        "applied": True,
        "early": False,
        "state": "received",
    }
    assert bank.report(row).json == answer.json
    assert len(operations.reports_of(house.db, row.id)) == 1
    late = bank.report(row, report_id="r0", status="received")
    assert (late.status_code, late.json["applied"], late.json["state"]) == (200, False, "received")
    [listed] = bank.http.get("/v1/handoffs", headers=bank.bearer).json
    assert [r["report_id"] for r in listed["reports"]] == ["r1", "r0"]


def test_a_bank_that_left_gets_nothing(house, bank):
    _, row = house.handed()
    bearer = bank.bearer
    house.db.get(BankClient, "102").active = False
    house.db.commit()
    assert bank.token().status_code == 401
    is_problem(bank.http.get(f"/v1/handoffs/{row.id}", headers=bearer), 401)
