"""Business scope: found by keyword, chosen from the catalogue, ordered; the first is the main business."""

from typing import Any, ClassVar, Self

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, try_save
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.limits import limiter
from workflow.clock import today
from workflow.establishment import scope as catalogue_of_scope
from workflow.establishment.data import Application, ScopeEntry
from workflow.policies.queries import policy

MOST_HITS = 40
MOST_ENTRIES = 100


@autosaved
class ScopeForm(SectionForm):
    """The chosen entries stand beside it; the form itself holds an own wording (SC-09) and the approvals held (SC-06)."""

    section: ClassVar[str] = "scope"
    custom = forms.TextField(
        _l("Own wording"), max_length=100,
        hint=_l("Only if nothing in the catalogue fits. A registrar will look at it, which takes longer."),
    )  # fmt: skip

    @classmethod
    def fitting(cls, filing: Filing) -> type[Self]:
        """A form that asks for the approval of each entry that needs one before registration."""
        fields = {
            name: forms.TextField(_l("Number of the approval"), max_length=100, classes="govuk-input--width-20", mark_optional=False,
                                  hint=_l("The document itself is uploaded under Attachments."))
            for name, _ in approvals(filing)
        }  # fmt: skip
        return type("ScopeForm", (cls,), fields)

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """The approvals; entries are added one by one."""
        return {name: filing.application.scope[place].approval for name, place in approvals(filing)}

    def where(self) -> dict[str, str]:
        """The approvals are in the list of entries; an own wording is not, until it is added."""
        return {name: f"scope.{place}.approval" for name, place in approvals(self.filing)}

    def checked_version(self) -> int | None:
        """Each button names its entry, so that two windows do not hinder each other; approvals are compared singly."""
        return None

    def attempt(self, application: Application) -> None:
        """As if the own wording were added."""
        self.write(application)
        if "custom" in self and self.custom.data:
            application.scope.append(ScopeEntry(code="", text=self.custom.data))

    def show_problems(self, filing: Filing) -> None:
        """At the approval or the own wording that it concerns; the rest on top."""
        fields, rows = {path: name for name, path in self.where().items()}, filing.application.scope
        if self.custom.data and rows and not rows[-1].code and rows[-1].text == self.custom.data:
            fields[f"scope.{len(rows) - 1}.text"] = "custom"
        self.add_problems(
            filing.problems["scope"], {p.field: fields.get(p.field, "") for p in filing.problems["scope"]}
        )

    def refused(self, filing: Filing) -> bool:
        """Whether the rules refuse the own wording (SC-01, SC-12); says why at the field."""
        view = filing.tried()
        self.attempt(view.application)
        path = f"scope.{len(view.application.scope) - 1}.text"
        self.add_problems((p for p in view.problems["scope"] if p.field == path), {path: "custom"})
        return bool(self.custom.errors)


def approvals(filing: Filing) -> list[tuple[str, int]]:
    """Field and place of each entry that needs its approval before registration (SC-06)."""
    known = filing.facts.scope_entries
    return [
        (f"approval-{entry.code}", place)
        for place, entry in enumerate(filing.application.scope)
        if entry.code in known and known[entry.code].timing == "before"
    ]


def hits(filing: Filing, term: str) -> list[Any]:
    """Branches of GB/T 4754 with what a keyword finds."""
    found = catalogue_of_scope.search(term[:60], MOST_HITS, catalogue=filing.facts)
    return catalogue_of_scope.grouped(found, catalogue=filing.facts)


def tree(branches: list[Any]) -> list[dict[str, Any]]:
    """Sections, classes and groups with counts and hits, as the page draws them; sub-groups are shown at the hit."""
    return [
        {
            "title": f"{b.industry.code} {b.industry.name}" if b.industry else gettext("Other"),
            "count": b.count,
            "hits": list(_below(b)) if b.industry and b.industry.level >= 3 else b.hits,
            "children": tree(b.children) if b.industry and b.industry.level < 3 else [],
        }
        for b in branches
    ]


def _below(node: Any) -> Any:
    yield from node.hits
    for child in node.children:
        yield from _below(child)


@blueprint.get("/application/scope/search")
@limiter.limit("240 per minute")
@signed_in
def scope_search(number: str) -> ResponseReturnValue:
    """What a keyword finds: a fragment."""
    filing = Filing(number)
    term = request.args.get("q", "").strip()
    return render_template("portal/establishment/scope_hits.html", **_found(filing, term))


def _found(filing: Filing, term: str) -> dict[str, Any]:
    chosen = {e.code for e in filing.application.scope if e.code}
    return {
        "term": term,
        "groups": tree(hits(filing, term)) if term else [],
        "chosen": chosen,
        "filing": filing,
    }


@blueprint.route("/application/scope", methods=["GET", "POST"])
@signed_in
def scope(number: str) -> ResponseReturnValue:
    """Search, add, remove, order; each button is saved at once."""
    filing = Filing(number)
    if (answer := filing.closed()) is not None:
        return answer
    form = ScopeForm.of(filing)
    term = request.values.get("q", "").strip()
    locked = filing.locked("scope")
    if form.validate_on_submit() and not locked:
        action, _, wanted = request.form.get("action", "continue").partition(":")
        if action == "custom" and not form.custom.data:
            form.custom.errors = [gettext("Enter the wording")]
        elif action == "custom" and form.refused(filing):
            pass
        elif try_save(filing, form, lambda a: _change(form, a, action, wanted)):
            if action != "continue":
                return redirect(url_for("establishment.scope", number=number, q=term or None), 303)
            wrong = [p for p in filing.problems["scope"] if p.severity == "error"]
            if not wrong:
                flash(gettext("Saved."), "success")
                return redirect(filing.after("scope"), 303)
            db.commit()
            form.show_problems(filing)
    style = policy(db, "scope_style", filing.case.authority_code)
    entries = filing.application.scope
    page = render_template(
        "portal/establishment/scope.html", form=form, section="scope", locked=locked, entries=entries,
        known=filing.facts.scope_entries, name_of=name_of, composed=catalogue_of_scope.compose(entries, style),
        main=catalogue_of_scope.main_business(entries[0].code, catalogue=filing.facts) if entries else None,
        warnings=[p for p in filing.problems["scope"] if p.severity == "warning"], **_found(filing, term),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def name_of(entry: ScopeEntry) -> str:
    """What buttons call an entry, whatever its place: its code, or its wording when it has none."""
    return entry.code or entry.text


def _change(form: ScopeForm, application: Application, action: str, wanted: str) -> None:
    """One button of the page; approvals typed meanwhile are kept with it."""
    form.write(application)
    rows, known, custom = application.scope, form.filing.facts.scope_entries, form.custom.data
    if action == "custom":  # a wording of the catalogue is not an own one
        action, wanted = next((("add", e.code) for e in known.values() if e.text == custom and e.holds(today())), (action, ""))  # fmt: skip
    if action == "add" and wanted in known and len(rows) < MOST_ENTRIES:
        standard = known[wanted]
        if all(e.text != standard.text for e in rows):
            rows.append(ScopeEntry(code=standard.code, text=standard.text, licensed=standard.licensed))
    elif action == "custom" and custom and len(rows) < MOST_ENTRIES:
        rows.append(ScopeEntry(code="", text=custom))
    target = ""
    if action == "move":
        wanted, _, target = wanted.rpartition("@")
    place = next((i for i, e in enumerate(rows) if name_of(e) == wanted), None)
    if place is None:
        return
    if action == "remove":
        del rows[place]
    elif action == "up" and place:
        rows[place - 1 : place + 1] = [rows[place], rows[place - 1]]
    elif action == "first":
        rows.insert(0, rows.pop(place))
    elif action == "move" and target.isascii() and target.isdigit():
        rows.insert(min(int(target), len(rows) - 1), rows.pop(place))
    elif action == "down" and place + 1 < len(rows):
        rows[place : place + 2] = [rows[place + 1], rows[place]]
