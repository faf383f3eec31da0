"""The lists that staff keep: restricted words, synonyms, look-alikes, and the facts of `facts.py`. Proposed by one,
approved by another."""

import uuid
from datetime import date
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from app.intranet import facts
from app.intranet.desk import ANY_STAFF
from app.intranet.facts import ReasonForm
from app.web import forms
from app.web.access import staff
from app.web.database import db
from app.web.pagination import paginate, paginate_list
from workflow.accounts.models import Staff
from workflow.catalogues.queries import catalogue as catalogue_of_facts
from workflow.clock import today
from workflow.db import now
from workflow.errors import NotFound, RuleViolation
from workflow.naming import listings, lists
from workflow.naming.catalogue import Catalogue
from workflow.naming.models import NameCatalogueChange
from workflow.naming.queries import current_catalogue

blueprint = Blueprint("intranet_names", __name__, url_prefix="/catalogues")
KINDS = {"words": "word", "synonyms": "synonym", "lookalikes": "lookalike"} | facts.KINDS
LISTS = {
    "words": _l("Restricted words"), "synonyms": _l("Synonyms"), "lookalikes": _l("Look-alikes"),
} | facts.LISTS  # fmt: skip
TITLES = {
    "word": _l("Restricted word"), "synonym": _l("Synonym"), "lookalike": _l("Look-alike characters"),
} | facts.TITLES  # fmt: skip
ACTIONS = {"add": _l("Add or change"), "withdraw": _l("Take off the list")}
EFFECTS = {"block": _l("Not allowed"), "review": _l("To be checked"), "warn": _l("To be noted")}
CHOICES = {"forbid": EFFECTS["block"], "review": EFFECTS["review"], "warn": EFFECTS["warn"]}
MATCHES = {"part": _l("Anywhere in the name"), "whole": _l("Only as the whole trade name")}
VERDICTS = {"clear": _l("Nothing found"), "review": _l("To be checked"), "blocked": _l("Cannot be used")}
SOURCES = {
    "general knowledge": _l("General knowledge"),
    "notice of 2026-02-06": _l("Notice of 6 February 2026"),
    "our reading of the notice": _l("Our reading of the notice"),
}
FIELDS = {
    "word": _l("Word"), "category": _l("Category"), "rule": _l("Rule"), "effect": _l("Effect"), "match": _l("Where"),
    "exceptions": _l("Does not count inside"), "basis": _l("Legal basis"), "source": _l("Source"),
    "valid_from": _l("In force from"), "valid_to": _l("Last day in force"), "group": _l("Group"),
    "a": _l("Character"), "b": _l("Looks like"),
}  # fmt: skip
FIELDS = facts.FIELDS | FIELDS
EDITORS = ("editor",)
APPROVERS = ("editor", "administrator")


class WordForm(ReasonForm):
    """A restricted word."""

    word = forms.TextField(FIELDS["word"], max_length=20, required=_l("Enter the word"))
    category = forms.TextField(
        FIELDS["category"], max_length=40, required=_l("Enter the category"), attributes={"list": "categories"},
        hint=_l("Applicants read it beside the word."),
    )  # fmt: skip
    rule = forms.Select(FIELDS["rule"], choices=[], blank=_l("Choose"), required=_l("Choose the rule"))
    effect = forms.Radios(FIELDS["effect"], choices=list(CHOICES.items()), required=_l("Choose the effect"))
    match = forms.Radios(
        FIELDS["match"], choices=list(MATCHES.items()), default="part", required=_l("Choose where")
    )
    exceptions = forms.TextField(
        FIELDS["exceptions"], max_length=300,
        hint=_l("Longer words of another meaning, separated by semicolons."),
    )  # fmt: skip
    basis = forms.TextField(FIELDS["basis"], max_length=300)
    source = forms.TextField(
        FIELDS["source"], max_length=300, hint=_l("The document that the word comes from.")
    )
    valid_from = forms.DateField(FIELDS["valid_from"], default=today, required=_l("Enter the first day"))
    valid_to = forms.DateField(FIELDS["valid_to"], hint=_l("Leave empty for no end."))


class SynonymForm(ReasonForm):
    """An industry word in a group."""

    word = forms.TextField(FIELDS["word"], max_length=20, required=_l("Enter the industry word"))
    group = forms.TextField(
        FIELDS["group"], max_length=20, required=_l("Enter the group"), attributes={"list": "groups"},
        hint=_l("Words of one group count as one trade when names are compared."),
    )  # fmt: skip


class LookalikeForm(ReasonForm):
    """Two characters that look alike."""

    a = forms.TextField(
        FIELDS["a"], max_length=1, required=_l("Enter one character"), classes="govuk-input--width-2"
    )
    b = forms.TextField(
        FIELDS["b"], max_length=1, required=_l("Enter one character"), classes="govuk-input--width-2"
    )


class NoteForm(forms.Form):
    """A note of the second person."""

    note = forms.TextArea(_l("Remark"), max_length=500, hint=_l("Needed to turn the change down."))


FORMS: dict[str, type[forms.Form]] = {
    "word": WordForm, "synonym": SynonymForm, "lookalike": LookalikeForm,
} | facts.FORMS  # fmt: skip


def _kind(name: str) -> str:
    if name not in KINDS:
        raise NotFound("list")
    return KINDS[name]


@blueprint.get("")
@staff(*ANY_STAFF)
def index() -> ResponseReturnValue:
    """The first list."""
    return redirect(url_for("intranet_names.show", name="words"), 303)


@blueprint.get("/<name>")
@staff(*ANY_STAFF)
def show(name: str) -> ResponseReturnValue:
    """One list as it is in force, searched and in pages."""
    kind, catalogue = _kind(name), current_catalogue(db)
    text = request.args.get("q", "").strip()[:40]
    if kind in facts.FORMS:
        return render_template(
            "intranet/names/facts.html", name=name, page=paginate_list(facts.rows(catalogue_of_facts(db), kind, text)), text=text,
            lists=LISTS, columns=facts.COLUMNS[kind], key=facts.KEY[kind], waiting=len(listings.pending(db)),
            may_edit=_may(EDITORS), today=today(), cells=facts.cells, last_day=facts.last_day, kind=kind, facts=catalogue_of_facts(db), fields=FIELDS,
        )  # fmt: skip
    picked = {key: request.args.get(key, "") for key in ("category", "effect", "group")}
    rows: list[Any] = {
        "word": lambda: listings.words(catalogue, text, picked["category"], picked["effect"]),
        "synonym": lambda: listings.synonyms(catalogue, text, picked["group"]),
        "lookalike": lambda: listings.lookalikes(catalogue, text),
    }[kind]()
    return render_template(
        f"intranet/names/{name}.html", name=name, page=paginate_list(rows), text=text, picked=picked, lists=LISTS,
        effects=EFFECTS, categories=listings.categories(catalogue), groups=listings.groups(catalogue),
        changed=listings.changed(catalogue), waiting=len(listings.pending(db)), today=today(), may_edit=_may(EDITORS), pairs=_pairs,
        sources=SOURCES,
    )  # fmt: skip


def _pairs(texts: list[str]) -> list[tuple[str, str]]:
    """Options of a drop-down whose values are what is read."""
    return [(text, text) for text in texts]


def _may(roles: tuple[str, ...]) -> bool:
    return bool(set(roles) & set(current_user.person.roles))


@blueprint.route("/<name>/add", methods=["GET", "POST"])
@staff(*EDITORS)
def add(name: str) -> ResponseReturnValue:
    """Propose an entry, or other values for one; what it would change is shown first."""
    kind, catalogue = _kind(name), current_catalogue(db)
    known = _known(catalogue, kind) or facts.wished(
        catalogue_of_facts(db), kind, request.args.get("text", "")
    )
    form = FORMS[kind](data=known or None) if request.method == "GET" else FORMS[kind]()
    if isinstance(form, WordForm):
        form.rule.choices = form.rule.remember([(rule, rule) for rule in listings.rules(catalogue)])
    if kind in facts.FORMS:
        facts.offer(form, catalogue_of_facts(db))
    return _proposed(name, "add", form, _values(kind, form))


@blueprint.route("/<name>/withdraw", methods=["GET", "POST"])
@staff(*EDITORS)
def withdraw(name: str) -> ResponseReturnValue:
    """Propose that an entry leaves the list."""
    kind = _kind(name)
    keys = ("a", "b") if kind == "lookalike" else (facts.KEY.get(kind, "word"),)
    values = {key: request.values.get(key, "")[:100] for key in keys}
    if not _known(current_catalogue(db), kind, values):
        raise NotFound("entry")
    return _proposed(name, "withdraw", ReasonForm(), values)


def _proposed(name: str, action: str, form: Any, values: dict[str, str]) -> ResponseReturnValue:
    kind = KINDS[name]
    effects: list[lists.Effect] | None = None
    if form.validate_on_submit():
        try:
            row = lists.propose(
                db, kind=kind, action=action, values=values, reason=form.reason.data or "", by=current_user.id, now=now()
            )  # fmt: skip
            if request.form.get("action") != "preview":
                flash(
                    gettext("Proposed. The change is in force once a second person has approved it."),
                    "success",
                )
                return redirect(url_for("intranet_names.change", sequence=row.sequence), 303)
            db.rollback()
            effects = lists.preview(db, kind=kind, action=action, values=values, now=now())
        except RuleViolation as violation:
            db.rollback()
            form.add_problems(violation.problems)
    catalogue = current_catalogue(db)
    page = render_template(
        "intranet/names/propose.html", name=name, kind=kind, act=action, form=form, values=values, effects=effects,
        lists=LISTS, titles=TITLES, actions=ACTIONS, fields=FIELDS, verdicts=VERDICTS,
        categories=listings.categories(catalogue), groups=listings.groups(catalogue),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _known(catalogue: Catalogue, kind: str, key: dict[str, str] | None = None) -> dict[str, Any]:
    """The values of the entry that the address names, or nothing."""
    asked = key or request.args
    if kind in facts.FORMS:
        return facts.known(catalogue_of_facts(db), kind, asked.get(facts.KEY[kind], ""))
    word = asked.get("word", "")
    if kind == "word" and word in catalogue.words:
        held = catalogue.words[word]
        effect = {"block": "forbid"}.get(held.effect, held.effect)
        return {
            "word": word, "category": held.category, "rule": held.rule, "effect": effect, "match": held.match,
            "exceptions": "；".join(held.exceptions), "basis": held.basis, "source": "" if held.source in SOURCES else held.source,
            "valid_from": held.valid_from, "valid_to": held.valid_to,
        }  # fmt: skip
    if kind == "synonym" and word in catalogue.groups:
        return {"word": word, "group": catalogue.groups[word]}
    if kind == "lookalike" and asked.get("b") in catalogue.lookalikes.get(asked.get("a", ""), ()):
        return {"a": asked["a"], "b": asked["b"]}
    return {}


def _values(kind: str, form: Any) -> dict[str, str]:
    values = {}
    for key, value in form.data.items():
        if key in FIELDS and value:
            values[key] = facts.plain(kind, key, value)
    if "exceptions" in values:
        values["exceptions"] = ";".join(
            filter(None, (e.strip() for e in values["exceptions"].replace("；", ";").split(";")))
        )
    return values


def _shown(kind: str, key: str, value: str) -> Any:
    """A value of a change as people read it."""
    if key in ("valid_from", "valid_to"):
        return facts.last_day(kind, key, date.fromisoformat(value))
    if key in ("authority_code", "division_code"):
        return facts.said(catalogue_of_facts(db), key, value)
    if key == "exceptions" or key in facts.SEPARATED:
        return value.replace(";", "；")
    words = {"effect": CHOICES, "match": MATCHES, "source": SOURCES} | facts.WORDS
    return words.get(key, {}).get(value, value)


@blueprint.get("/changes")
@staff(*ANY_STAFF)
def changes() -> ResponseReturnValue:
    """What waits for a second person, and everything that was decided."""
    text, kind = request.args.get("q", "").strip()[:40], request.args.get("kind", "")
    kind = kind if kind in TITLES else ""
    waiting = listings.pending(db)
    page = paginate(db, listings.history(text, kind))
    return render_template(
        "intranet/names/changes.html", name="changes", waiting=waiting, page=page, text=text, kind=kind, lists=LISTS,
        titles=TITLES, actions=ACTIONS, numbers=_numbers([*waiting, *page]), subject=_subject,
    )  # fmt: skip


def _subject(row: NameCatalogueChange) -> str:
    """What a change is about: the word, or the two characters."""
    values = row.values
    if row.kind in facts.FORMS:
        return facts.subject(catalogue_of_facts(db), row.kind, values)
    return f"{values['a']} / {values['b']}" if row.kind == "lookalike" else str(values["word"])


def _numbers(rows: list[NameCatalogueChange]) -> dict[uuid.UUID, str]:
    people = {person for r in rows for person in (r.proposed_by, r.approved_by, r.rejected_by) if person}
    return {
        row.id: row.number for row in db.execute(select(Staff.id, Staff.number).where(Staff.id.in_(people)))
    }


@blueprint.get("/changes/<int:sequence>")
@staff(*ANY_STAFF)
def change(sequence: int) -> ResponseReturnValue:
    """One change: its values, what it would do today, and the decision."""
    return _change(_row(sequence), NoteForm(formdata=None))


def _row(sequence: int) -> NameCatalogueChange:
    row = listings.change_of(db, sequence) if sequence < 2**31 else None
    if row is None:
        raise NotFound("change")
    return row


def _change(row: NameCatalogueChange, form: NoteForm) -> ResponseReturnValue:
    waiting = row.number is None and row.rejected_by is None
    values = {key: row.values[key] for key in FIELDS if row.values.get(key)}
    known = _known(current_catalogue(db), row.kind, row.values) if waiting else {}
    before = {key: facts.plain(row.kind, key, value) for key, value in known.items() if value}
    page = render_template(
        "intranet/names/change.html", row=row, form=form, waiting=waiting, values=values, before=before, lists=LISTS,
        titles=TITLES, actions=ACTIONS, fields=FIELDS, verdicts=VERDICTS, shown=partial(_shown, row.kind), subject=_subject(row),
        numbers=_numbers([row]), mine=row.proposed_by == current_user.id, may_approve=_may(APPROVERS),
        name=next(name for name, kind in KINDS.items() if kind == row.kind),
        effects=lists.preview(db, kind=row.kind, action=row.action, values=row.values, now=now()) if waiting else None,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.post("/changes/<int:sequence>")
@staff(*APPROVERS)
def decide(sequence: int) -> ResponseReturnValue:
    """Approve or turn down; in force for every check that begins after it."""
    row, form = _row(sequence), NoteForm()
    if form.validate():
        try:
            if request.form.get("action") == "reject":
                lists.reject(db, change_id=row.id, by=current_user.id, note=form.note.data or "", now=now())
                flash(gettext("The change was turned down."), "info")
            else:
                lists.approve(db, change_id=row.id, by=current_user.id, now=now())
                flash(gettext("Approved. Every check from now on knows the change."), "success")
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            return redirect(url_for("intranet_names.change", sequence=sequence), 303)
    return _change(row, form)
