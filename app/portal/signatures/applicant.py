"""The applicant's side: who must sign what, how far each is, remind, hand the link over, go on when all have signed."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.portal.signatures.common import STATES, blueprint
from app.web.access import signed_in
from app.web.database import db
from app.web.i18n import say
from app.web.limits import limiter
from workflow.case import Case, case_of
from workflow.db import now
from workflow.errors import RuleViolation
from workflow.establishment.drafts import draft_of
from workflow.establishment.models import Paper
from workflow.machine import STEP_OF_STATE
from workflow.messages.models import Message
from workflow.signatures.invitations import (
    MAX_SENT,
    current_of,
    delivery_of,
    invitation_of,
    invite_again,
    live_papers,
)
from workflow.signatures.models import Invitation

SOON = timedelta(seconds=30)  # within which a message goes out when nothing is wrong
STOP_POLLING = 286  # htmx's answer for "ask no more"


@dataclass(frozen=True)
class Signer:
    """One person who signs: the papers, and the invitation that counts."""

    key: str
    name: str
    papers: list[Paper]
    behalf: list[str]
    invitation: Invitation | None
    message: Message | None = None

    @property
    def state(self) -> str:
        """The state shown: a link whose time is over counts as ended before anybody opens it."""
        if self.invitation is None:
            return ""
        live = self.invitation.state in ("invited", "identified", "admitted")
        return "lapsed" if live and self.invitation.expires_at < now() else self.invitation.state

    @property
    def held_up(self) -> str:
        """How the text message of the link that works is held up: `waiting`, `failed`, or not at all."""
        if self.state != "invited" or self.message is None or self.message.created_at > now() - SOON:
            return ""
        return self.message.state if self.message.state in ("waiting", "failed") else ""


def signers_of(case: Case) -> list[Signer]:
    """Everybody who signs papers of a case, in the order of the papers."""
    papers = live_papers(db, case.id)
    keys = dict.fromkeys(key for paper in papers for key in paper.signers)
    invitations = current_of(db, case.id)
    application, _ = draft_of(db, case.id)
    messages = delivery_of(db, invitations.values())
    return [
        Signer(
            key, invitations[key].name if key in invitations else application.party_name(key),
            [p for p in papers if key in p.signers],
            [o.name for o in application.organisations if o.representative == key], invitations.get(key),
            messages.get(invitations[key].id) if key in invitations else None,
        )
        for key in keys
    ]  # fmt: skip


def _context(case: Case) -> dict[str, object]:
    signers = signers_of(case)
    signed = sum(s.state == "signed" for s in signers)
    return {
        "case": case, "signers": signers, "signed": signed, "states": STATES, "step": STEP_OF_STATE[case.state],
        "most": MAX_SENT,
    }  # fmt: skip


@blueprint.get("/cases/<number>/signatures")
@signed_in
def index(number: str) -> ResponseReturnValue:
    """Who must sign what, and how far each is."""
    case = case_of(db, number, current_user.id)
    shown = session.pop("signing_link", None)
    link = shown if shown and shown["case"] == number else None
    return render_template("portal/signatures/index.html", link=link, **_context(case))


@blueprint.get("/cases/<number>/signatures/progress")
@limiter.limit("120 per minute")
@signed_in
def progress(number: str) -> ResponseReturnValue:
    """The list alone, asked for again and again while somebody has to sign; the whole page when the case moves on."""
    case = case_of(db, number, current_user.id)
    if case.state != "signing":
        return "", STOP_POLLING, {"HX-Refresh": "true"}
    return render_template("portal/signatures/progress.html", **_context(case))


@blueprint.post("/cases/<number>/signatures/<uuid:invitation_id>/send")
@limiter.limit("30 per hour")
@signed_in
def send(number: str, invitation_id: uuid.UUID) -> ResponseReturnValue:
    """A new link: by SMS and mail, or (`link=1`) only to hand over in another way. The old link ends."""
    case = case_of(db, number, current_user.id)
    by_message = request.form.get("link") != "1"
    row = invitation_of(db, case.id, invitation_id)
    try:
        link = invite_again(db, case.id, row.id, current_user.actor, by_message)
    except RuleViolation as violation:
        db.rollback()
        case = case_of(db, number, current_user.id)
        problem = say(violation.problems[0].words)
        page = render_template("portal/signatures/index.html", link=None, problem=problem, **_context(case))
        return page, 422
    session["signing_link"] = {"case": number, "name": row.name, "url": link, "sent": by_message}
    return redirect(url_for("signatures.index", number=number) + "#link", 303)
