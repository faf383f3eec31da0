"""The signer of an organisation shows its electronic business licence (RN-03): to the licence service and back."""

import uuid

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.portal.signatures.common import blueprint
from app.portal.signatures.signer import (
    at_step,
    browser_secret,
    digits,
    invitation_for,
    page_for,
    problems_on,
)
from app.web import forms
from app.web.access import by_link
from app.web.database import db
from app.web.forms import half_width
from app.web.gateways import gateways
from app.web.limits import SENSITIVE, limiter
from workflow.errors import NotFound, Words
from workflow.signatures import licences
from workflow.signatures.models import LicenceCheck

BACK = "licence_from"  # in the browser's own cookie: which link a question was opened under
KEPT = 4
NO_ANSWER = Words(
    "电子营业执照服务暂时没有应答。请稍后再试，或者以法定代表人身份核验本人。",
    "The licence service is not answering. Try again in a moment, or pass the check as the legal representative.",
)


class LicenceForm(forms.Form):
    """The code by which the answer is fetched."""

    code = forms.TextField(
        _l("Confirmation code"), max_length=20, required=licences.NO_CODE, filters=[half_width], autocomplete="one-time-code",
        classes="govuk-input--width-10", hint=_l("8 digits, shown after you confirmed"), attributes={"inputmode": "numeric"},
    )  # fmt: skip


@blueprint.route("/sign/<token>/licence/<organisation>", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def licence(token: str, organisation: str) -> ResponseReturnValue:
    """Where to confirm, and the code that comes back from there."""
    at_step(token, "identified")
    form = LicenceForm(data={"code": digits(request.args.get("code"))[:20]})
    if form.validate_on_submit():
        with problems_on(form, NO_ANSWER):
            licences.confirm(
                db, token, browser_secret(), organisation, form.code.data or "", gateways().licence
            )
            return redirect(url_for("signatures.start", token=token), 303)
    return _page(token, organisation, form)


def _page(token: str, organisation: str, form: LicenceForm) -> ResponseReturnValue:
    row, case = invitation_for(token)
    found = next((o for o in licences.wanted(db, row) if o.key == organisation), None)
    if found is None:  # shown already, or not this person's
        return redirect(url_for("signatures.start", token=token), 303)
    return page_for(
        "licence",
        token,
        case,
        row,
        form=form,
        organisation=found,
        question=licences.question(db, row, organisation),
    )


@blueprint.post("/sign/<token>/licence/<organisation>/ask")
@limiter.limit(SENSITIVE)
@by_link
def ask_licence(token: str, organisation: str) -> ResponseReturnValue:
    """Open a question at the licence service; the page then leads there."""
    at_step(token, "identified")
    form = LicenceForm(formdata=None)
    with problems_on(form, NO_ANSWER):
        check = licences.ask(db, token, browser_secret(), organisation, gateways().licence)
        known = list(session.get(BACK, {}).items())[-KEPT:]
        session[BACK] = dict([*known, (str(check.id), token)])
        return redirect(url_for("signatures.licence", token=token, organisation=organisation), 303)
    return _page(token, organisation, form)


@blueprint.get("/sign-licence/<uuid:check_id>")
@limiter.limit("60 per minute")
@by_link
def from_licence(check_id: uuid.UUID) -> ResponseReturnValue:
    """Back from the licence service: on to the page where one began, or, on another device, the code to enter there."""
    check = db.get(LicenceCheck, check_id)
    if check is None:
        raise NotFound("question")
    code = digits(request.args.get("code"))[:20]
    if (token := session.get(BACK, {}).get(str(check_id))) is not None:
        return redirect(
            url_for("signatures.licence", token=token, organisation=check.organisation_key, code=code), 303
        )
    return render_template("portal/signatures/licence_code.html", code=code if code.isdigit() else "")
