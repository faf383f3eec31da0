"""Step 7: choose a bank, agree to what it is told, follow it until the account is open."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.layout import wan
from workflow.case import Case, case_of
from workflow.catalogues.models import BankBranch
from workflow.catalogues.queries import catalogue
from workflow.errors import RuleViolation, Words
from workflow.handoff import access, operations
from workflow.handoff.models import BankClient, Handoff
from workflow.machine import STEP_OF_STATE, HandoffMachine, is_final
from workflow.personal import mask_id_number, mask_phone
from workflow.signatures.invitations import live_papers

blueprint = Blueprint("banking", __name__, url_prefix="/cases/<number>/bank")
STATES = {
    "consented": _l("On its way to the bank"),
    "delivered": _l("Delivered to the bank"),
    "received": _l("The bank has received your data"),
    "assigned": _l("Passed to the opening branch"),
    "appointment": _l("The bank offers an appointment"),
    "information_wanted": _l("The bank asks for more information"),
    "verified": _l("Your opening intention was verified"),
    "undeliverable": _l("The bank could not be reached"),
    "opened": _l("The account is open"),
    "declined": _l("The bank declined"),
    "withdrawn": _l("Withdrawn by you"),
}
STATUSES = {
    "received": STATES["received"],
    "branch_assigned": STATES["assigned"],
    "appointment": STATES["appointment"],
    "more_information": STATES["information_wanted"],
    "intention_verified": STATES["verified"],
    "opened": STATES["opened"],
    "declined": STATES["declined"],
}
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


def _form(query: str) -> tuple[BankForm, list[tuple[str, list[BankBranch]]]]:
    """The form, and the branches to show under their banks: those that fit what is looked for."""
    form = BankForm()
    banks = db.scalars(select(BankClient).where(BankClient.active).order_by(BankClient.bank_code)).all()
    branches = {bank.name: catalogue(db).branches_of.get(bank.bank_code, []) for bank in banks}
    form.branch.choices = form.branch.remember(
        [(b.code, b.name) for group in branches.values() for b in group]
    )
    words = query.split()
    shown = [
        (bank, [b for b in group if all(w in bank + b.name + b.address for w in words)])
        for bank, group in branches.items()
    ]
    return form, [(bank, group) for bank, group in shown if group]


def data_shown(case: Case) -> list[tuple[Words, str]]:
    """Exactly what the bank will be told, with the values, masked as on every page (BK-07)."""
    known = access.values_for_bank(db, case)
    values = known | {
        "capital": wan(known["capital"]),
        "legal_representative": _person(known["legal_representative"]),
        "shareholders": "；".join(
            f"{row['name']} {wan(row['subscribed'])}".strip() for row in known["shareholders"]
        ),
        "officers": "、".join(dict.fromkeys(row["name"] for row in known["officers"])),
        "finance": _person(known["finance"]),
        "licence": "PDF",
        "articles": "PDF" if any(p.kind == "articles" for p in live_papers(db, case.id)) else "",
    }
    return [(words, values[key]) for key, words in operations.FIELDS.items()]


def _person(known: dict[str, str] | None) -> str:
    if known is None:
        return ""
    number = mask_id_number(known["id_number"]) if "id_number" in known else ""
    return " ".join(part for part in (known["name"], number, mask_phone(known["phone"])) if part)


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
    query = request.args.get("q", "").strip()[:60]
    form, banks = _form(query)
    if form.validate_on_submit():
        try:
            operations.choose_bank(db, case.id, current_user.actor, form.branch.data, bool(form.consent.data))
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            flash(gettext("Your data is on its way to the bank."), "success")
            return redirect(url_for("banking.show", number=number), 303)
    page = render_template(
        "portal/banking/choose.html",
        form=form,
        case=case,
        data=data_shown(case),
        before=row,
        states=STATES,
        banks=banks,
        query=query,
        step=STEP_OF_STATE[case.state],
    )
    return page, 422 if form.errors else 200


def _follow(case: Case, row: Handoff) -> ResponseReturnValue:
    fragment = request.headers.get("HX-Request") == "true"
    if fragment and request.args.get("state") != row.state:
        return Response(status=200, headers={"HX-Refresh": "true"})  # what can be done has changed too
    template = "portal/banking/progress.html" if fragment else "portal/banking/follow.html"
    return render_template(
        template, case=case, row=row, states=STATES, pills=PILLS, reports=operations.reports_of(db, row.id),
        bank=db.get_one(BankClient, row.bank_code), final=is_final(HandoffMachine, row.state), statuses=STATUSES,
    )  # fmt: skip


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
