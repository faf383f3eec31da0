"""The texts of papers, forms and notices: read by all staff, changed by one editor, decided by another person."""

import difflib
import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from app.intranet.desk import ANY_STAFF
from app.intranet.names import APPROVERS, EDITORS, NoteForm
from app.web import forms
from app.web.access import staff
from app.web.database import db
from signing.papers import registry, templates
from workflow import pictures
from workflow.accounts.models import Staff
from workflow.clock import today
from workflow.errors import RuleViolation
from workflow.establishment import texts, types
from workflow.establishment.models import PaperText

blueprint = Blueprint("intranet_texts", __name__, url_prefix="/paper-texts")
KINDS = {
    "chapter": _l("Chapter"), "part": _l("Numbered heading"), "heading": _l("Heading"), "sensitive": _l("Note on the sensitive pages"), "article": _l("Article"), "number": _l("Numbered sentence"),
    "p": _l("Paragraph"), "table": _l("Table"),
}  # fmt: skip
CONDITIONS = {
    "one": _l("a single shareholder"), "several": _l("several shareholders"), "board": _l("a board of directors"),
    "no_supervisor": _l("no supervisor"), "supervisor": _l("a supervisor"), "supervisory_board": _l("a supervisory board"),
    "audit_committee": _l("an audit committee"), "chosen_board": _l("the board chooses the legal representative"),
    "chosen_shareholders": _l("the shareholders choose the legal representative"), "manager": _l("a manager"),
    "chair": _l("a chair"), "finance_chief": _l("a finance officer"), "officers": _l("officers are named"),
    "chair_by_shareholders": _l("the shareholders choose the chair"), "residential": _l("a home as address"),
    "non_money": _l("contributions in kind"), "family_property": _l("family property"), "watched": _l("supervisors are named"),
    "delegate": _l("an organisation executes the business"), "all_execute": _l("all partners execute the business"),
    "chair_by_board": _l("the board elects the chair"), "manager_by_shareholders": _l("the shareholders appoint the manager"),
    "listed": _l("contributions are listed"), "head": _l("the head is named"), "offices": _l("offices are listed"),
    "contacts": _l("a liaison or finance officer is named"), "submitter": _l("somebody hands it in"),
    "until": _l("a day is set"), "reason": _l("a reason is given"), "received_by": _l("a receiver is named"),
    "company": _l("company"), "partnership": _l("partnership"), "gp": _l("general partnership"),
    "sgp": _l("special general partnership"), "lp": _l("limited partnership"),
    "sole": _l("sole proprietorship"), "household": _l("individual household"), "branch": _l("branch of a company"),
    "cooperative": _l("farmers' cooperative"),
}  # fmt: skip


class TextForm(forms.Form):
    """Why and from when, and the official edition; the passages themselves are fields of the page."""

    edition = forms.TextField(
        _l("Edition of the official form"),
        max_length=200,
        required=_l("Name the edition of the official form"),
    )

    reason = forms.TextArea(
        _l("Reason of the change"), max_length=500, count=True, required=_l("Give the reason"),
        hint=_l("The second person and later readers see it."),
    )  # fmt: skip
    valid_from = forms.DateField(
        _l("In force from"), hint=_l("Leave empty for at once, as soon as it is approved.")
    )


def _titles() -> list[dict[str, Any]]:
    """Each text: its name, title, types, version in force, open changes."""
    held, open_changes = texts.in_force(db), [c for c in texts.changes(db) if c.decided_by is None]
    rows = []
    for name in registry.editable_texts():
        template = held.get(name) or templates.load(name)
        rows.append(
            {
                "name": name, "title": template.titles["title"], "version": template.version, "ours": name in held,
                "types": [types.get(s.entity_type).name for s in texts.samples_of(name) if s.entity_type],
                "waiting": [c for c in open_changes if c.name == name],
            }
        )  # fmt: skip
    return rows


@blueprint.get("")
@staff(*ANY_STAFF)
def index() -> ResponseReturnValue:
    """All texts, and all changes."""
    rows = texts.changes(db)
    return render_template(
        "intranet/texts/index.html", rows=_titles(), changes=rows, numbers=_numbers(rows), titles=_names()
    )


def _names() -> dict[str, str]:
    return {name: templates.load(name).titles["title"] for name in registry.editable_texts()}


def _numbers(rows: list[PaperText]) -> dict[uuid.UUID, str]:
    people = {person for r in rows for person in (r.proposed_by, r.decided_by) if person}
    return {
        row.id: row.number for row in db.execute(select(Staff.id, Staff.number).where(Staff.id.in_(people)))
    }


@blueprint.get("/<name>")
@staff(*ANY_STAFF)
def show(name: str) -> ResponseReturnValue:
    """One text as it is in force."""
    template = texts.current(db, name)
    may_edit = bool(set(EDITORS) & set(current_user.person.roles))
    return render_template(
        "intranet/texts/show.html", name=name, template=template, kinds=KINDS, may_edit=may_edit, conditions=CONDITIONS,
        passages=texts.passages(template),
    )  # fmt: skip


@blueprint.route("/<name>/edit", methods=["GET", "POST"])
@staff(*EDITORS)
def edit(name: str) -> ResponseReturnValue:
    """Propose another text, passage by passage."""
    template = texts.current(db, name)
    form = TextForm(data={"edition": template.edition})
    if not template.edition:
        del form.edition
    shown = texts.passages(template)
    if form.validate_on_submit():
        try:
            row = texts.propose(
                db, name, request.form.get("base", ""), _typed(len(shown)), form.reason.data or "",
                form.valid_from.data, current_user.id, form.edition.data or "" if "edition" in form else "",
            )  # fmt: skip
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            flash(
                gettext("Proposed. The change is in force once a second person has approved it."), "success"
            )
            return redirect(url_for("intranet_texts.change", change_id=row.id), 303)
    page = render_template(
        "intranet/texts/edit.html", name=name, template=template, form=form, passages=shown, kinds=KINDS, conditions=CONDITIONS,
        added=texts.ADDED, typed=request.form if form.is_submitted() else {},
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _typed(count: int) -> list[texts.Passage]:
    posted = request.form
    return [
        texts.Passage(
            posted.get(f"text-{n}", ""), posted.get(f"items-{n}", ""), posted.get(f"kind-{n}", ""), posted.get(f"added-{n}", "")
        )
        for n in range(count)
    ]  # fmt: skip


@blueprint.get("/changes/<uuid:change_id>")
@staff(*ANY_STAFF)
def change(change_id: uuid.UUID) -> ResponseReturnValue:
    """One change: what it alters, how a paper looks with it, and the decision."""
    return _change(texts.change_of(db, change_id), NoteForm(formdata=None))


def _change(row: PaperText, form: NoteForm) -> ResponseReturnValue:
    base, new = _base_of(row), templates.parse(row.name, row.text)
    before, after = [base.edition, *_lines(base)], [new.edition, *_lines(new)]
    differences = [
        (line[0], line[2:]) for line in difflib.ndiff(before, after) if line[0] in "+-" and line[2:].strip()
    ]
    page = render_template(
        "intranet/texts/change.html", row=row, form=form, title=_names()[row.name], numbers=_numbers([row]),
        differences=differences, pages=pictures.page_count(texts.preview(row, base)), waiting=row.decided_by is None,
        mine=row.proposed_by == current_user.id, may_approve=bool(set(APPROVERS) & set(current_user.person.roles)),
        later=row.valid_from > today(),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _base_of(row: PaperText) -> templates.Template:
    """The text that a change started from."""
    earlier = [templates.parse(c.name, c.text, c.version) for c in texts.changes(db) if c.name == row.name]
    return next((t for t in earlier if t.sha256 == row.base), templates.load(row.name))


def _lines(template: templates.Template) -> list[str]:
    return [
        line
        for _, text, items, _ in texts.passages(template)
        for line in (text + ("\n" + items if items else "")).splitlines()
    ]


@blueprint.get("/changes/<uuid:change_id>/<int:page>.png")
@staff(*ANY_STAFF)
def change_page(change_id: uuid.UUID, page: int) -> ResponseReturnValue:
    """A page of the paper of a fictitious application with the proposed text."""
    row = texts.change_of(db, change_id)
    pdf = texts.preview(row, _base_of(row))
    return Response(pictures.page(pdf, page), mimetype="image/png")


@blueprint.post("/changes/<uuid:change_id>")
@staff(*APPROVERS)
def decide(change_id: uuid.UUID) -> ResponseReturnValue:
    """Approve or turn down."""
    form = NoteForm()
    if form.validate():
        approve = request.form.get("action") != "reject"
        try:
            texts.decide(db, change_id, current_user.id, approve, form.note.data or "")
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            said = (
                gettext("Approved. Papers made from its first day on follow it.")
                if approve
                else gettext("The change was turned down.")
            )
            flash(said, "success" if approve else "info")
            return redirect(url_for("intranet_texts.change", change_id=change_id), 303)
    return _change(texts.change_of(db, change_id), form)
