"""Who hands the application in; and handing it in."""

from typing import Any, ClassVar

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, fill_in
from app.portal.establishment.people import choose_person
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from workflow.clock import today
from workflow.errors import Conflict, RuleViolation
from workflow.establishment import derive, submission
from workflow.policies.queries import policy
from workflow.signatures.invitations import live_papers


@autosaved
class SubmitterForm(SectionForm):
    """Who submits, in which role, and what else is wanted (AG-03 to AG-07)."""

    section: ClassVar[str] = "submitter"
    paths: ClassVar[dict[str, str]] = {
        "person": "submitter.person", "role": "submitter.role", "agent_declared": "submitter.agent_declared",
        "may_correct": "submitter.may_correct", "may_receive": "submitter.may_receive", "paper": "licence.paper",
        "duplicates": "licence.duplicates",
    }  # fmt: skip
    person = forms.Select(
        _l("Who submits?"), blank=_l("Choose a person"), required=_l("Choose who submits"), choices=[]
    )
    role = forms.Radios(
        _l("In which role?"), required=_l("Choose the role"),
        choices=[
            ("liaison", _l("Liaison officer"), _l("Somebody of the company")),
            ("agent", _l("Agent"), _l("Somebody who registers for others; must have declared this in the national system")),
        ],
    )  # fmt: skip
    agent_declared = forms.Checkbox(
        _l("The agent has declared the role in the national registration network")
    )
    may_correct = forms.Checkbox(_l("May correct slips of the pen in the papers"))
    may_receive = forms.Checkbox(_l("May receive the licence and the notices"))
    paper = forms.Checkbox(
        _l("A paper licence too"), hint=_l("The electronic licence always comes, and counts the same.")
    )
    duplicates = forms.IntegerField(_l("Duplicates on paper"), most=20)

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """The liaison officer, unless somebody else was chosen."""
        filled = derive.with_defaults(filing.application, today())
        row, wishes = filled.submitter, filled.licence
        return {
            "person": row.person, "role": row.role or None, "agent_declared": row.agent_declared,
            "may_correct": row.may_correct, "may_receive": row.may_receive, "paper": wishes.paper,
            "duplicates": wishes.duplicates or None,
        }  # fmt: skip

    def prepare(self, filing: Filing) -> None:
        """Offer the people known here."""
        choose_person(self.person, filing)

    def value_of(self, name: str) -> Any:
        """No duplicates is zero."""
        value = super().value_of(name)
        return (value or 0) if name == "duplicates" else value


@blueprint.route("/application/submitter", methods=["GET", "POST"])
@signed_in
def submitter(number: str) -> ResponseReturnValue:
    """Who hands it in."""
    filing = Filing(number)
    return fill_in(filing, SubmitterForm.of(filing), "portal/establishment/submitter.html")


class SubmitForm(forms.Form):
    """AG-06: honesty is promised each time."""

    honest = forms.Checkbox(
        _l(
            "I promise that everything in this application is true and lawful, and that the people named agreed to it."
        ),
        required=_l("Tick the promise to submit"),
    )


@blueprint.route("/submit", methods=["GET", "POST"])
@signed_in
def submit(number: str) -> ResponseReturnValue:
    """Hand the signed application in."""
    filing = Filing(number)
    if filing.case.state == "submitted":
        return render_template("portal/establishment/submitted.html", filing=filing)
    if filing.case.state == "signing":
        return redirect(url_for("signatures.index", number=number), 303)
    if filing.case.state != "signed":
        raise Conflict(code="moved_on")
    form = SubmitForm()
    if form.validate_on_submit():
        try:
            submission.submit(db, filing.case.id, current_user.actor, bool(form.honest.data))
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            return redirect(url_for("establishment.submit", number=number), 303)
    office = filing.facts.authorities.get(filing.case.authority_code)
    page = render_template(
        "portal/establishment/submit.html", form=form, filing=filing, office=office,
        papers=live_papers(db, filing.case.id), days=policy(db, "decision_days", filing.case.authority_code),
    )  # fmt: skip
    return page, 422 if form.errors else 200
