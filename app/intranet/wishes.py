"""Wordings outside the scope catalogue that applicants asked for: read by all staff, answered by an editor; adding one to
the catalogue is a change of the list like any other (SC-09)."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from app.intranet.desk import ANY_STAFF
from app.intranet.names import EDITORS, LISTS
from app.web import forms
from app.web.access import staff
from app.web.database import db
from app.web.pagination import paginate
from workflow.accounts.models import Staff
from workflow.catalogues.queries import catalogue
from workflow.errors import RuleViolation
from workflow.establishment import scope, wishes

blueprint = Blueprint("intranet_wishes", __name__, url_prefix="/scope-wishes")
STATES = {
    "open": _l("Open"), "added": _l("Added to the catalogue"), "answered": _l("Answered with an existing entry"),
    "refused": _l("Not accepted"),
}  # fmt: skip
COLOURS = {"open": "wait", "added": "good", "answered": "info", "refused": "bad"}
NEAREST = 5


class AnswerForm(forms.Form):
    """What becomes of a wish that is not added to the catalogue."""

    verdict = forms.Radios(
        _l("Answer"), required=_l("Choose an answer"),
        choices=[
            ("answered", _l("An existing entry serves"), _l("Applicants who ask for this wording are shown the entry.")),
            ("refused", _l("Do not accept it"), _l("Applicants who ask for this wording are told the reason; each case is still decided by itself.")),
        ],
    )  # fmt: skip
    entry = forms.TextField(
        _l("Wording of the catalogue"), max_length=100, mark_optional=False, attributes={"list": "entries"},
        hint=_l("Exactly as it stands in the catalogue."),
    )  # fmt: skip
    reason = forms.TextArea(
        _l("Reason"), max_length=500, count=True, hint=_l("Needed to refuse; applicants read it.")
    )


@blueprint.get("")
@staff(*ANY_STAFF)
def index() -> ResponseReturnValue:
    """What was asked for, how often, and what became of it."""
    text, state = request.args.get("q", "").strip()[:40], request.args.get("state", "")
    state = state if state in STATES else ""
    return render_template(
        "intranet/wishes/index.html", page=paginate(db, wishes.listing(text, state), scalars=False), text=text, state=state,
        states=STATES, colours=COLOURS, lists=LISTS, facts=catalogue(db), may_edit=_may_edit(),
    )  # fmt: skip


def _may_edit() -> bool:
    return bool(set(EDITORS) & set(current_user.person.roles))


@blueprint.get("/<uuid:wish_id>")
@staff(*ANY_STAFF)
def show(wish_id: uuid.UUID) -> ResponseReturnValue:
    """One wish: its cases, what the catalogue has that is near, and the answer."""
    row = wishes.wish_of(db, wish_id)[0]
    facts = catalogue(db)
    known = facts.scope_entries.get(row.entry_code)
    form = AnswerForm(
        formdata=None,
        data={"verdict": row.state or None, "entry": known.text if known else "", "reason": row.reason},
    )
    return _page(wish_id, form)


def _page(wish_id: uuid.UUID, form: AnswerForm) -> ResponseReturnValue:
    row, state, times = wishes.wish_of(db, wish_id)
    facts = catalogue(db)
    by: Any = db.scalar(select(Staff.number).where(Staff.id == row.decided_by)) if row.decided_by else None
    page = render_template(
        "intranet/wishes/show.html", row=row, state=state, times=times, states=STATES, colours=COLOURS, form=form, by=by,
        page=paginate(db, wishes.cases_of(wish_id), scalars=False), entry=facts.scope_entries.get(row.entry_code),
        near=scope.search(row.text, NEAREST, catalogue=facts), may_edit=_may_edit(),
        mine=current_user.person.authority_codes, facts=facts,
        added=next((e for e in facts.scope_entries.values() if e.text == row.text), None),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.post("/<uuid:wish_id>")
@staff(*EDITORS)
def answer(wish_id: uuid.UUID) -> ResponseReturnValue:
    """An existing entry instead, or a refusal with its reason."""
    form = AnswerForm()
    if form.validate():
        refuse = form.verdict.data == "refused"
        if not refuse and not form.entry.data:
            form.entry.errors = [gettext("Enter the wording")]
        else:
            try:
                wishes.answer(
                    db,
                    wish_id,
                    current_user.person,
                    "" if refuse else form.entry.data,
                    form.reason.data or "",
                )
            except RuleViolation as violation:
                db.rollback()
                form.add_problems(violation.problems)
            else:
                flash(gettext("Saved. Applicants see the answer from now on."), "success")
                return redirect(url_for("intranet_wishes.show", wish_id=wish_id), 303)
    return _page(wish_id, form)
