"""Fields are checked by the rules and saved as soon as they are left, and the page says so at each; what did not arrive is
sent again. What cannot be stored alone, such as somebody new, is checked all the same and saved by the button."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.portal.establishment import merging
from app.portal.establishment.common import Filing, SectionForm, blueprint
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.limits import limiter
from workflow.db import now
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.establishment import derive

SAVED: dict[str, type[SectionForm]] = {}


def autosaved(form: type[SectionForm]) -> type[SectionForm]:
    """The fields of this form are checked and saved one by one as they are left."""
    SAVED[form.__name__] = form
    return form


@blueprint.post("/application/autosave")
@limiter.limit("240 per minute")
@signed_in
def autosave(number: str) -> ResponseReturnValue:
    """Save the fields named in `changed`, those that are valid; a fragment says what happened to which, and what the
    rules say of every field that was touched."""
    filing = Filing(number)
    kind = SAVED.get(request.args.get("form", ""))
    if kind is None:
        raise NotFound("form")
    form = kind.of(filing, **{k: v for k, v in request.args.items() if k in ("key", "who")})
    names = named(form, form.changed.data)
    touched = names | named(form, request.form.get("touched"))
    state, done, clashes = "unsaved", set[str](), list[merging.Clash]()
    said: dict[str, list[str]] = {}
    locked: list[str] = []
    judged = False
    if names and filing.editable:
        base = merging.read(form.base.data)
        if chosen := set(request.form.get("keep", "").split()) & names & base.keys():
            stored = form.stored()  # both values were on the page: this one was chosen
            base |= {name: merging.mark(form, stored[name]) for name in chosen if name in stored}
            form.base.data = merging.written(base)
        clashes = [merging.Clash.of(form, name) for name in merging.merge(form, names)]
        differ = {clash.name for clash in clashes}
        done = {name for name in (names - differ) & form.where().keys() if form[name].validate(form)}
        state = "elsewhere" if differ else "unsaved"
        if done:
            try:
                filing.save(lambda application: form.write(application, done), form.checked_version())
                state = "elsewhere" if differ else "saved" if done == names else "unsaved"
            except RuleViolation as violation:
                db.rollback()
                locked, done = [str(forms.Said.of(p)) for p in violation.problems], set()
            except Conflict as conflict:
                db.rollback()
                state = "stale" if conflict.code == "changed_elsewhere" else "moved_on"
                done = set()
        if done:  # as a page made now would show it: what was emptied may show a default
            stored = form.stored()
            base |= {name: merging.mark(form, stored[name]) for name in done if name in stored}
        form.base.data = merging.written(base)
        if state in ("saved", "unsaved") and not locked:
            said, judged = form.judged(filing, touched, done == names), True
            if state == "unsaved" and not names & said.keys():
                state = "checked"
    elif not filing.editable:
        state = "moved_on"
    words = locked or [word for name in sorted(names - done) for word in said.get(name, [])]
    amount = filing.application.capital if "capital" in done else None
    return render_template(
        "portal/establishment/autosaved.html", state=state, words="；".join(dict.fromkeys(words)), at=now(), form=form,
        said=said, judged=judged,
        clashes=clashes, done=sorted(done), version=filing.version, in_words=derive.capital_in_words(amount) if amount else "",
    )  # fmt: skip


def named(form: SectionForm, text: str | None) -> set[str]:
    """The fields that controls belong to: `due-year` belongs to `due`."""
    names = {field_of(form, name) for name in (text or "").split()[:200]}
    return {name for name in names if name in form and name not in merging.HIDDEN}


def field_of(form: SectionForm, name: str) -> str:
    """The field that a control belongs to: `due-year` belongs to `due`."""
    while name and name not in form:
        name = name.rpartition("-")[0]
    return name
