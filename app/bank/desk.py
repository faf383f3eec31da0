"""The desk for banks without a system of their own: list, detail, next status, delivery."""

import base64
import secrets

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web import forms
from app.web.access import public, signed_in
from app.web.database import db
from app.web.limits import SENSITIVE, limiter
from app.web.pagination import paginate
from app.web.session import safe_next
from app.web.session import sign_in as open_session
from app.web.session import sign_out as close_session
from workflow.accounts.operations import sign_in_bank_user
from workflow.catalogues.queries import catalogue
from workflow.db import now
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.handoff import operations, queries
from workflow.handoff.access import file_for_bank
from workflow.handoff.models import BankClient

blueprint = Blueprint("desk", __name__)

STATES = {
    "consented": _l("Being delivered"),
    "delivered": _l("Delivered"),
    "received": _l("Received by the bank"),
    "assigned": _l("With the branch"),
    "appointment": _l("Appointment offered"),
    "information_wanted": _l("More information wanted"),
    "verified": _l("Intention verified"),
    "undeliverable": _l("Could not be delivered"),
    "opened": _l("Account opened"),
    "declined": _l("Declined"),
    "withdrawn": _l("Withdrawn by the company"),
}
STATUSES = {
    "received": _l("Received"),
    "branch_assigned": _l("Passed to a branch"),
    "appointment": _l("Offer an appointment"),
    "more_information": _l("Ask for more information"),
    "intention_verified": _l("Opening intention verified"),
    "opened": _l("Account opened"),
    "declined": _l("Decline"),
}
PILLS = {
    "opened": "good",
    "declined": "bad",
    "withdrawn": "plain",
    "undeliverable": "bad",
    "information_wanted": "wait",
}


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.TextField(
        _l("User name"), max_length=40, required=_l("Enter your user name"), autocomplete="username"
    )
    password = forms.PasswordField(_l("Password"), required=_l("Enter your password"))


class ReportForm(forms.Form):
    """The next status of a handoff."""

    status = forms.Radios(_l("Next step"), choices=[], required=_l("Choose the next step"))
    branch = forms.Select(_l("Branch"), choices=[], blank=_l("As chosen by the company"))
    account_number = forms.TextField(
        _l("Account number"),
        max_length=40,
        hint=_l("Only when the account is opened: the number of the basic deposit account"),
    )
    text = forms.TextArea(
        _l("Message to the company"), max_length=500, count=True,
        hint=_l("Appointment: time and place. More information or decline: what is wanted, or why."),
    )  # fmt: skip


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Sign in as a bank clerk."""
    form = SignInForm()
    if form.validate_on_submit():
        try:
            person = sign_in_bank_user(db, form.username.data, form.password.data)
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            open_session(person)
            return redirect(safe_next(url_for("desk.index")), 303)
    return render_template("bank/sign_in.html", form=form), 422 if form.errors else 200


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End the session."""
    close_session()
    return redirect(url_for("desk.sign_in"), 303)


@blueprint.get("/")
@public
def home() -> ResponseReturnValue:
    """The door's front page is the desk."""
    return redirect(url_for("desk.index"), 303)


@blueprint.get("/desk")
@signed_in
def index() -> ResponseReturnValue:
    """The bank's handoffs."""
    tab = request.args.get("tab", "open")
    bank = current_user.person.bank_code
    rows = paginate(db, queries.handoffs_of_bank(bank, tab), scalars=False)
    return render_template(
        "bank/index.html", rows=rows, tab=tab, states=STATES, pills=PILLS, bank=db.get(BankClient, bank)
    )


@blueprint.route("/desk/<business_number>", methods=["GET", "POST"])
@signed_in
def show(business_number: str) -> ResponseReturnValue:
    """One handoff: what the company agreed to pass on, the reports so far, the next step."""
    bank = current_user.person.bank_code
    row, case = queries.handoff_of_bank(db, bank, business_number)
    steps = queries.next_steps(row)
    form = ReportForm()
    form.status.choices = form.status.remember([(s.status, STATUSES[s.status]) for s in steps])
    branches = catalogue(db).branches_of.get(bank, [])
    form.branch.choices = form.branch.remember([(b.code, b.name) for b in branches])
    if form.validate_on_submit():
        report = operations.Report(
            report_id=f"desk-{secrets.token_hex(8)}", status=form.status.data, at=now(), text=form.text.data or "",
            branch_code=form.branch.data or "", account_number=form.account_number.data or "",
        )  # fmt: skip
        try:
            operations.take_report(db, row.id, report, current_user.actor, "desk")
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            flash(gettext("Reported. The company has been told by SMS."), "success")
            return redirect(url_for("desk.show", business_number=business_number), 303)
    shown = None if row.state in ("withdrawn", "declined") else file_for_bank(db, row)
    status = 422 if form.errors else 200
    return render_template(
        "bank/show.html", form=form, row=row, case=case, file=shown, fields=operations.FIELDS, states=STATES, pills=PILLS,
        statuses=STATUSES, reports=operations.reports_of(db, row.id), steps=steps,
    ), status  # fmt: skip


@blueprint.get("/desk/<business_number>/<kind>.pdf")
@signed_in
def document(business_number: str, kind: str) -> ResponseReturnValue:
    """The licence or the articles, inside the consent."""
    row, _ = queries.handoff_of_bank(db, current_user.person.bank_code, business_number)
    found = file_for_bank(db, row).get(kind) if kind in ("licence", "articles") else None
    if not found:
        raise NotFound(kind)
    response = current_app.response_class(base64.b64decode(found["pdf"]), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{business_number}-{kind}.pdf"'
    return response


@blueprint.post("/desk/<business_number>/retry")
@signed_in
def retry(business_number: str) -> ResponseReturnValue:
    """Deliver the event once more to the bank's own system."""
    row, _ = queries.handoff_of_bank(db, current_user.person.bank_code, business_number)
    try:
        operations.retry(db, row.id, current_user.actor)
    except Conflict:
        flash(gettext("It is not waiting for another try."), "warning")
    else:
        flash(gettext("It is being delivered again."), "success")
    return redirect(url_for("desk.show", business_number=business_number), 303)
