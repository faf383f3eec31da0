"""Step 7: choose a bank, agree to what it is told, follow it until the account is open."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from app.bank.desk import STATES
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.layout import wan
from workflow.case import Case, case_of
from workflow.catalogues.queries import catalogue
from workflow.errors import RuleViolation
from workflow.establishment.data import Application
from workflow.establishment.drafts import submissions_of
from workflow.handoff import operations
from workflow.handoff.models import BankClient, Handoff
from workflow.licensing.models import RegisterEntry
from workflow.machine import HandoffMachine, is_final
from workflow.personal import mask_id_number, mask_phone

blueprint = Blueprint("banking", __name__, url_prefix="/cases/<number>/bank")
PILLS = {
    "opened": "good",
    "declined": "bad",
    "undeliverable": "bad",
    "information_wanted": "wait",
    "withdrawn": "plain",
}


class BankForm(forms.Form):
    """A branch, and the consent to what goes there (BK-06, BK-07)."""

    branch = forms.Radios(_l("Branch"), choices=[], required=operations.NO_BRANCH)
    consent = forms.Checkbox(
        _l("I agree that this data is given to the bank I chose, only to arrange the account")
    )


def _form() -> BankForm:
    form = BankForm()
    banks = db.scalars(select(BankClient).where(BankClient.active).order_by(BankClient.bank_code))
    choices = [
        (branch.code, branch.name, branch.address)
        for bank in banks
        for branch in catalogue(db).branches_of.get(bank.bank_code, [])
    ]
    form.branch.choices = form.branch.remember(choices)
    return form


def data_shown(case: Case) -> list[tuple[Any, str]]:
    """What the bank will be told, with the values, masked as on every page."""
    entry = db.scalars(select(RegisterEntry).where(RegisterEntry.case_id == case.id)).one()
    application = submissions_of(db, case.id)[-1][1]
    finance = next((o.person for o in application.officers if o.office == "finance_chief"), "")
    values = {
        "name": entry.name, "uscc": entry.uscc, "type": entry.type_text, "address": entry.address,
        "capital": wan(entry.capital) if entry.capital else "", "scope": entry.scope,
        "established_on": f"{entry.established_on:%Y-%m-%d}", "authority": entry.authority_name,
        "legal_representative": _person(application, application.governance.legal_representative),
        "shareholders": "；".join(f"{c['name']} {wan(c['subscribed'] or 0)}" for c in entry.facts["contributors"]),
        "officers": "、".join(dict.fromkeys(o["name"] for o in entry.facts["officers"])),
        "finance": _person(application, finance, with_number=False), "licence": "PDF", "articles": "PDF",
    }  # fmt: skip
    return [(words, values[key]) for key, words in operations.FIELDS.items()]


def _person(application: Application, key: str, with_number: bool = True) -> str:
    person = application.person(key)
    if person is None:
        return ""
    number = f" {mask_id_number(person.id_number)}" if with_number else ""
    return f"{person.name}{number} {mask_phone(person.phone)}"


def _current(case: Case) -> Handoff | None:
    rows = operations.handoffs_of(db, case.id)
    return rows[-1] if rows else None


@blueprint.route("", methods=["GET", "POST"])
@signed_in
def show(number: str) -> ResponseReturnValue:
    """Choose and agree; afterwards follow."""
    case = case_of(db, number, current_user.id)
    if case.state not in ("licensed", "closed"):
        return render_template("portal/banking/not_yet.html", case=case)
    row = _current(case)
    if row is not None and row.state not in ("declined", "withdrawn"):
        return _follow(case, row)
    if case.state == "closed":
        return render_template("portal/banking/without.html", case=case)
    form = _form()
    if form.validate_on_submit():
        try:
            operations.choose_bank(db, case.id, current_user.actor, form.branch.data, bool(form.consent.data))
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            flash(gettext("Your data is on its way to the bank."), "success")
            return redirect(url_for("banking.show", number=number), 303)
    page = render_template(
        "portal/banking/choose.html", form=form, case=case, data=data_shown(case), before=row, states=STATES
    )
    return page, 422 if form.errors else 200


def _follow(case: Case, row: Handoff) -> ResponseReturnValue:
    fragment = request.headers.get("HX-Request") == "true"
    template = "portal/banking/progress.html" if fragment else "portal/banking/follow.html"
    return render_template(
        template, case=case, row=row, states=STATES, pills=PILLS, reports=operations.reports_of(db, row.id),
        bank=db.get_one(BankClient, row.bank_code), final=is_final(HandoffMachine, row.state), statuses=STATUSES,
    )  # fmt: skip


STATUSES = {
    "received": _l("The bank has received your data"),
    "branch_assigned": _l("Passed to the opening branch"),
    "appointment": _l("The bank offers an appointment"),
    "more_information": _l("The bank asks for more information"),
    "intention_verified": _l("Your opening intention was verified"),
    "opened": _l("The account is open"),
    "declined": _l("The bank declined"),
}


@blueprint.route("/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(number: str) -> ResponseReturnValue:
    """Take the consent back before the account is open; asks first."""
    case = case_of(db, number, current_user.id)
    row = _current(case)
    if row is None or is_final(HandoffMachine, row.state):
        return redirect(url_for("banking.show", number=number), 303)
    if request.method == "POST":
        operations.withdraw(db, row.id, current_user.actor)
        flash(gettext("Withdrawn. The bank is told to delete the data; you may choose another bank."), "info")
        return redirect(url_for("banking.show", number=number), 303)
    return render_template("portal/banking/withdraw.html", case=case, row=row)


@blueprint.post("/retry")
@signed_in
def retry(number: str) -> ResponseReturnValue:
    """Try the delivery once more."""
    case = case_of(db, number, current_user.id)
    row = _current(case)
    if row is not None:
        operations.retry(db, row.id, current_user.actor)
        flash(gettext("Your data is on its way to the bank again."), "success")
    return redirect(url_for("banking.show", number=number), 303)


@blueprint.route("/none", methods=["GET", "POST"])
@signed_in
def none(number: str) -> ResponseReturnValue:
    """Finish without a bank account; asks first."""
    case = case_of(db, number, current_user.id)
    if request.method == "POST":
        operations.close_without_bank(db, case.id, current_user.actor)
        flash(gettext("The case is finished."), "success")
        return redirect(url_for("cases.show", number=number), 303)
    return render_template("portal/banking/none.html", case=case)
