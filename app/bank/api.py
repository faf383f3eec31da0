"""The API for banks: OAuth 2.0 with a key pair, an authenticated pull inside the consent, signed reports back."""

import uuid
from collections.abc import Iterator
from typing import Any

from apiflask import APIBlueprint, HTTPError, HTTPTokenAuth, Schema
from apiflask.fields import UUID, AwareDateTime, Boolean, Dict, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf
from flask import g, jsonify, request
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE

from app.web.access import by_token, public
from app.web.database import db
from app.web.errors import problem_json
from app.web.limits import limiter
from workflow.case import Actor
from workflow.errors import NotAllowed, Problem, Words
from workflow.gateways import HttpBankGateway
from workflow.handoff import access
from workflow.handoff.keys import public_keys
from workflow.handoff.operations import EVENT_OF_STATUS, Report, reports_of, take_report
from workflow.settings import settings

blueprint = APIBlueprint("api", __name__, url_prefix="/v1", tag="Account opening")
auth = HTTPTokenAuth(scheme="Bearer", description="An access token from /v1/token")


class Tolerant(Schema):
    """What it does not know it leaves aside, so that either side may add fields."""

    class Meta:
        unknown = EXCLUDE


class TokenRequest(Tolerant):
    """RFC 6749 client credentials with an RFC 7523 assertion."""

    grant_type = String(required=True, validate=OneOf(["client_credentials"]))
    client_assertion_type = String(required=True, validate=OneOf([access.ASSERTION_TYPE]))
    client_assertion = String(required=True, validate=Length(max=4000))


class Token(Schema):
    access_token = String()
    token_type = String()
    expires_in = Integer(metadata={"description": "seconds"})


class Keys(Schema):
    keys = List(
        String(), metadata={"description": "base64 ed25519 public keys that sign our events, newest first"}
    )


class File(Schema):
    sha256 = String()
    pdf = String(metadata={"description": "base64"})


class HandoffFile(Schema):
    """What the person agreed to pass on. Fields without consent are left out."""

    handoff_id = String()
    business_number = String()
    bank_code = String()
    branch_code = String()
    consented_at = String()
    consent = String()
    as_of = String()
    name = String()
    uscc = String()
    type = String()
    address = String()
    capital = Integer(metadata={"description": "fen"}, allow_none=True)
    scope = String()
    established_on = String()
    authority = String()
    legal_representative = Dict(allow_none=True)
    shareholders = List(Raw())
    officers = List(Raw())
    finance = Dict(allow_none=True)
    licence = Nested(File)
    articles = Nested(File, allow_none=True)


class ReportIn(Tolerant):
    """A status report. The same `report_id` again is the same report."""

    report_id = String(required=True, validate=Length(1, 80))
    status = String(required=True, validate=OneOf(sorted(EVENT_OF_STATUS)))
    at = AwareDateTime(required=True, format="iso", metadata={"description": "with its offset from UTC"})
    text = String(load_default="", validate=Length(max=500))
    branch_code = String(load_default="", allow_none=True, validate=Length(max=20))
    account_number = String(load_default="", allow_none=True, validate=Length(max=40))


class Signature(Tolerant):
    signature = String(
        load_default="",
        data_key="X-Bank-Signature",
        metadata={"description": "base64 ed25519 signature of the exact body with the bank's key"},
    )


class ReportState(Schema):
    report_id = String()
    status = String()
    applied = Boolean(metadata={"description": "false: kept, but it did not change the state"})
    early = Boolean(
        metadata={"description": "it overtook another report and is applied when that one has come"}
    )


class ReportOut(ReportState):
    state = String(metadata={"description": "the state of the handoff now"})


class HandoffState(Schema):
    handoff_id = UUID()
    business_number = String()
    state = String()
    branch_code = String()
    reports = List(Nested(ReportState))


UNAUTHORISED = Words(
    "访问令牌缺失、无效或已过期，请重新获取。",
    "The access token is missing, unknown or has run out. Ask for a new one.",
)
INVALID = Words("内容不符合接口要求。", "This is not what the interface asks for.")


@auth.error_processor
def _unauthorised(error: HTTPError) -> ResponseReturnValue:
    response = problem_json(error.status_code, "invalid_token", UNAUTHORISED)
    response.headers["WWW-Authenticate"] = 'Bearer realm="qibu"'
    return response


def _refused(error: HTTPError) -> ResponseReturnValue:
    """Input that does not fit the contract; at the token endpoint in the words of RFC 6749."""
    problems = [
        Problem("invalid", ".".join(str(part) for part in path), Words(INVALID.zh, text))
        for place in error.detail.values()
        for path, text in _leaves(place)
    ]
    if request.path.endswith("/token"):
        wrong = any(p.field.startswith("grant_type") for p in problems)
        code = "unsupported_grant_type" if wrong and request.form.get("grant_type") else "invalid_request"
        return {
            "error": code,
            "error_description": "; ".join(f"{p.field}: {p.words.en}" for p in problems),
        }, 400
    return problem_json(error.status_code, "invalid", INVALID, problems)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield from ((path, str(text)) for text in (value if isinstance(value, list) else [value]))


def _own_paths(spec: dict[str, Any]) -> dict[str, Any]:
    """The contract speaks of the API alone, and says where it is."""
    spec["paths"] = {path: item for path, item in spec["paths"].items() if path.startswith("/v1/")}
    spec["servers"] = [{"url": settings().bank_url}]
    return spec


@blueprint.record_once
def _set_up(state: BlueprintSetupState) -> None:
    state.app.error_processor(_refused)  # type: ignore[attr-defined]
    state.app.spec_processor(_own_paths)  # type: ignore[attr-defined]


@auth.verify_token
def _verify(token: str) -> Any:
    try:
        g.bank = access.client_of(db, token)
    except NotAllowed:
        return None
    return g.bank


@blueprint.get("/keys")
@blueprint.output(Keys)
@public
def keys() -> ResponseReturnValue:
    """The public keys by which banks check our events."""
    return {"keys": public_keys()}


@blueprint.post("/token")
@limiter.limit("60 per minute")
@blueprint.input(TokenRequest, location="form")
@blueprint.output(Token)
@blueprint.doc(responses={400: "Not a request for a token (RFC 6749)", 401: "The assertion is not accepted"})
@public
def token(form_data: dict[str, str]) -> ResponseReturnValue:
    """An access token for a client assertion signed with the bank's key."""
    try:
        value, seconds = access.give_token(
            db, form_data["client_assertion"], f"{settings().bank_url}/v1/token", HttpBankGateway()
        )
    except NotAllowed as refused:
        refusal = jsonify(error="invalid_client", error_description=str(refused))
        refusal.status_code = 401
        return refusal
    return {"access_token": value, "token_type": "Bearer", "expires_in": seconds}


@blueprint.get("/handoffs")
@blueprint.auth_required(auth)
@blueprint.output(HandoffState(many=True))
@by_token
def handoffs() -> ResponseReturnValue:
    """The bank's open handoffs, for reconciliation."""
    return [_state(row) for row in access.open_handoffs(db, g.bank.bank_code)]


@blueprint.get("/handoffs/<uuid:handoff_id>")
@blueprint.auth_required(auth)
@blueprint.output(HandoffFile)
@blueprint.doc(responses=[403, 404])
@by_token
def pull(handoff_id: uuid.UUID) -> ResponseReturnValue:
    """The full file, inside the person's consent."""
    return access.file_for_bank(db, access.handoff_for(db, g.bank, handoff_id))


@blueprint.post("/handoffs/<uuid:handoff_id>/reports")
@blueprint.auth_required(auth)
@blueprint.input(ReportIn)
@blueprint.input(Signature, location="headers")
@blueprint.output(ReportOut, status_code=200)
@blueprint.doc(responses=[403, 404, 422])
@by_token
def report(
    handoff_id: uuid.UUID, json_data: dict[str, Any], headers_data: dict[str, str]
) -> ResponseReturnValue:
    """Report a step, signed over the exact body."""
    access.check_body(g.bank, headers_data["signature"], request.get_data())
    row = access.handoff_for(db, g.bank, handoff_id)
    values = {key: value or "" for key, value in json_data.items() if key != "at"}
    actor = Actor("bank", g.bank.bank_code, g.bank.name, frozenset({"bank"}))
    entry = take_report(db, row.id, Report(at=json_data["at"], **values), actor, "api")
    db.refresh(row)
    return {
        "report_id": entry.report_id,
        "status": entry.status,
        "applied": entry.applied,
        "early": entry.early,
        "state": row.state,
    }


def _state(row: Any) -> dict[str, Any]:
    reports = [
        {"report_id": r.report_id, "status": r.status, "applied": r.applied, "early": r.early}
        for r in reports_of(db, row.id)
    ]
    return {
        "handoff_id": row.id,
        "business_number": row.business_number,
        "state": row.state,
        "branch_code": row.branch_code,
        "reports": reports,
    }
