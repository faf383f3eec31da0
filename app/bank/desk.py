"""The desk for banks without a system of their own: list, detail, next status, delivery."""

import base64
import csv
import secrets
from datetime import datetime
from io import StringIO

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web import forms
from app.web.access import public, signed_in
from app.web.database import db
from app.web.layout import local
from app.web.limits import SENSITIVE, limiter
from app.web.pagination import paginate
from app.web.session import safe_next
from app.web.session import sign_in as open_session
from app.web.session import sign_out as close_session
from workflow.accounts.operations import sign_in_bank_user
from workflow.catalogues.queries import catalogue
from workflow.clock import today
from workflow.db import now
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.handoff import operations, queries
from workflow.handoff.access import file_for_bank
from workflow.handoff.keys import public_keys
from workflow.handoff.models import BankClient, Handoff
from workflow.machine import MOVED_ON
from workflow.personal import mask_card
from workflow.settings import settings

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
TABS = {"open": _l("In progress"), "done": _l("Finished"), "all": _l("All")}
EMPTY = {
    "open": _l("No appointment is open. New ones appear here by themselves."),
    "done": _l("No appointment is finished yet."),
    "all": _l("No appointments here."),
}
COLUMNS = (
    _l("Number"), _l("Company"), _l("Credit code"), _l("Branch code"), _l("Branch"), _l("Status"), _l("Consent given"),
    _l("Delivered"), _l("Data fetched"), _l("Last change"), _l("Last report"), _l("Last step reported"), _l("Account number"),
)  # fmt: skip
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


SOURCES = {"api": _l("by your system"), "desk": _l("at this desk"), "poll": _l("asked for by the platform")}


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
    tab = tab if tab in TABS else "open"
    bank = _bank()
    return render_template(
        "bank/index.html", rows=paginate(db, queries.handoffs_of_bank(bank.bank_code, tab), scalars=False), tab=tab,
        tabs=TABS, counts=queries.counts(db, bank.bank_code), empty=EMPTY, states=STATES, pills=PILLS, bank=bank,
    )  # fmt: skip


@blueprint.get("/desk/reconciliation.csv")
@signed_in
def export() -> ResponseReturnValue:
    """Every handoff of the bank with its state and last report, for reconciliation; opens in a spreadsheet."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([str(column) for column in COLUMNS])
    for line in queries.reconciliation(db, _bank().bank_code):
        row, case, last = line.handoff, line.case, line.last
        writer.writerow(
            [
                _cell(value)
                for value in (
                    row.business_number, case.name, line.uscc, row.branch_code, row.branch_name, str(STATES[row.state]),
                    *(short(moment) for moment in (row.consented_at, row.delivered_at, row.pulled_at, row.changed_at)),
                    last.report_id if last else "", str(STATUSES[last.status]) if last else "",
                    mask_card(row.account_number) if row.account_number else "",
                )
            ]
        )  # fmt: skip
    response = current_app.response_class("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="reconciliation-{today():%Y%m%d}.csv"'
    return response


def short(when: datetime | None) -> str:
    """A time on the clock of the pages, for spreadsheets."""
    return f"{local(when):%Y-%m-%d %H:%M}" if when else ""


def _cell(text: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@blueprint.get("/desk/deliveries")
@signed_in
def deliveries() -> ResponseReturnValue:
    """Every event to the bank's own system: when it was taken, how often it was tried, what went wrong."""
    bank = _bank()
    rows = paginate(db, queries.deliveries_of_bank(bank.bank_code), scalars=False)
    return render_template("bank/deliveries.html", rows=rows, states=STATES, pills=PILLS, bank=bank)


@blueprint.get("/desk/keys")
@signed_in
def keys() -> ResponseReturnValue:
    """The platform's keys and addresses, and those that the platform knows of the bank."""
    return render_template(
        "bank/keys.html", bank=_bank(), ours=public_keys(), api=f"{settings().bank_url}/v1",
        branches=len(catalogue(db).branches_of.get(current_user.person.bank_code, [])),
    )  # fmt: skip


def _bank() -> BankClient:
    """The bank that the clerk works for. Raises NotFound once it does not take part any more."""
    client = db.get(BankClient, current_user.person.bank_code)
    if client is None:
        raise NotFound("bank")
    return client


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
            _report(row, report)
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            flash(gettext("Reported. The company has been told by SMS."), "success")
            return redirect(url_for("desk.show", business_number=business_number), 303)
    shown = None if row.state in ("withdrawn", "declined") else file_for_bank(db, row)
    status = 422 if form.errors else 200
    return render_template(
        "bank/show.html", form=form, row=row, case=case, file=shown, fields=operations.FIELDS, states=STATES, pills=PILLS,
        statuses=STATUSES, sources=SOURCES, reports=operations.reports_of(db, row.id), steps=steps,
    ), status  # fmt: skip


def _report(row: Handoff, report: operations.Report) -> None:
    """Raises Conflict when the handoff has moved on since the page was made."""
    if not operations.take_report(db, row.id, report, current_user.actor, "desk").applied:
        raise Conflict(MOVED_ON, "moved_on")


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
