"""The API for banks: OAuth 2.0 with a key pair, an authenticated pull inside the consent, signed reports back."""

import uuid
from typing import Any

from apiflask import APIBlueprint, HTTPTokenAuth, Schema
from apiflask.fields import UUID, Boolean, DateTime, Dict, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf
from flask import g, request
from flask.typing import ResponseReturnValue

from app.web.access import by_token, public
from app.web.database import db
from app.web.limits import limiter
from workflow.case import Actor
from workflow.errors import NotAllowed
from workflow.handoff import access
from workflow.handoff.keys import public_keys
from workflow.handoff.operations import EVENT_OF_STATUS, Report, reports_of, take_report
from workflow.settings import settings

blueprint = APIBlueprint("api", __name__, url_prefix="/v1", tag="Account opening")
auth = HTTPTokenAuth(scheme="Bearer", description="An access token from /v1/token")


class TokenRequest(Schema):
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


class ReportIn(Schema):
    """A status report. The same `report_id` again is the same report."""

    report_id = String(required=True, validate=Length(1, 80))
    status = String(required=True, validate=OneOf(sorted(EVENT_OF_STATUS)))
    at = DateTime(required=True, format="iso")
    text = String(load_default="", validate=Length(max=500))
    branch_code = String(load_default="", allow_none=True, validate=Length(max=20))
    account_number = String(load_default="", allow_none=True, validate=Length(max=40))


class ReportOut(Schema):
    report_id = String()
    status = String()
    applied = Boolean(metadata={"description": "false: kept, but it came too late to change the state"})
    state = String(metadata={"description": "the state of the handoff now"})


class HandoffState(Schema):
    handoff_id = UUID()
    business_number = String()
    state = String()
    branch_code = String()
    reports = List(Nested(ReportOut))


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
@blueprint.doc(responses={401: "The assertion is not accepted"})
@public
def token(form_data: dict[str, str]) -> ResponseReturnValue:
    """An access token for a client assertion signed with the bank's key."""
    try:
        value, seconds = access.give_token(
            db, form_data["client_assertion"], f"{settings().bank_url}/v1/token"
        )
    except NotAllowed as refused:
        return {"error": "invalid_client", "error_description": str(refused)}, 401
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
@blueprint.output(ReportOut, status_code=200)
@blueprint.doc(responses=[403, 404, 422])
@by_token
def report(handoff_id: uuid.UUID, json_data: dict[str, Any]) -> ResponseReturnValue:
    """Report a step. Header `X-Bank-Signature`: base64 ed25519 over the exact body."""
    access.check_body(g.bank, request.headers.get("X-Bank-Signature", ""), request.get_data())
    row = access.handoff_for(db, g.bank, handoff_id)
    values = {key: value or "" for key, value in json_data.items() if key != "at"}
    actor = Actor("bank", g.bank.bank_code, g.bank.name, frozenset({"bank"}))
    entry = take_report(db, row.id, Report(at=json_data["at"], **values), actor, "api")
    db.refresh(row)
    return {
        "report_id": entry.report_id,
        "status": entry.status,
        "applied": entry.applied,
        "state": row.state,
    }


def _state(row: Any) -> dict[str, Any]:
    reports = [
        {"report_id": r.report_id, "status": r.status, "applied": r.applied} for r in reports_of(db, row.id)
    ]
    return {
        "handoff_id": row.id,
        "business_number": row.business_number,
        "state": row.state,
        "branch_code": row.branch_code,
        "reports": reports,
    }
