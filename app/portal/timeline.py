"""A case's history as data: the owner may take it along."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.web.access import signed_in
from app.web.database import db
from workflow.case import case_of, timeline
from workflow.catalogues.queries import catalogue
from workflow.establishment import scope
from workflow.establishment.drafts import draft_of

blueprint = Blueprint("timeline", __name__)


@blueprint.get("/cases/<number>/timeline.json")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """Facts of the case and every event with the hashes that chain them."""
    case = case_of(db, number, current_user.id)
    application, _ = draft_of(db, case.id)
    office = catalogue(db).authorities.get(case.authority_code)
    events = [
        {
            "seq": e.seq, "at": e.at.isoformat(), "event": e.event, "from_state": e.from_state, "to_state": e.to_state,
            "actor": e.actor_kind, "detail": e.detail, "prev_hash": e.prev_hash, "hash": e.hash,
        }
        for e in timeline(db, case.id)
    ]  # fmt: skip
    facts = {
        "number": case.number, "name": case.name, "state": case.state, "authority_code": case.authority_code,
        "authority_name": office.name if office else "", "scope": scope.compose(application.scope),
    }  # fmt: skip
    return jsonify(case=facts, events=events)
