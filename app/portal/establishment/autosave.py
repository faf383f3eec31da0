"""One field is saved as soon as it is left, and the page says so."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.portal.establishment.common import Filing, SectionForm, blueprint
from app.web.access import signed_in
from app.web.database import db
from app.web.limits import limiter
from workflow.db import now
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.establishment import derive

SAVED: dict[str, type[SectionForm]] = {}


def autosaved(form: type[SectionForm]) -> type[SectionForm]:
    """The fields of this form are saved one by one as they are left."""
    SAVED[form.__name__] = form
    return form


@blueprint.post("/application/autosave")
@limiter.limit("240 per minute")
@signed_in
def autosave(number: str) -> ResponseReturnValue:
    """Save the field named in `changed`, if it is valid; a fragment says what happened."""
    filing = Filing(number)
    kind = SAVED.get(request.args.get("form", ""))
    if kind is None:
        raise NotFound("form")
    form = kind.of(filing, **{k: v for k, v in request.args.items() if k in ("key", "who")})
    name = field_of(form, form.changed.data or "")
    state, words = "unsaved", ""
    if name in form and filing.editable:
        field = form[name]
        if field.validate(form):
            try:
                filing.save(lambda application: form.write(application, {name}), form.sent_version())
                state = "saved"
            except RuleViolation as violation:
                db.rollback()
                form.add_problems(violation.problems, {p.field: name for p in violation.problems})
                words = "；".join(str(e) for e in field.errors)
            except Conflict as conflict:
                db.rollback()
                state = "elsewhere" if conflict.code == "changed_elsewhere" else "moved_on"
        else:
            words = "；".join(str(e) for e in field.errors)
    amount = filing.application.capital if name == "capital" and state == "saved" else None
    return render_template(
        "portal/establishment/autosaved.html", state=state, words=words, at=now(), version=filing.version,
        in_words=derive.capital_in_words(amount) if amount else "",
    )  # fmt: skip


def field_of(form: SectionForm, name: str) -> str:
    """The field that a control belongs to: `due-year` belongs to `due`."""
    while name and name not in form:
        name = name.rpartition("-")[0]
    return name
