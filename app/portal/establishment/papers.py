"""Check your answers, see the papers, make them; open a signed application again."""

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.portal.establishment.common import Filing, blueprint
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.limits import limiter
from app.web.summary import application_sections
from workflow import objects, pictures
from workflow.case import advance
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.establishment import papers as making
from workflow.establishment.difference import covers
from workflow.naming.declaration import reservation_of
from workflow.signatures.invitations import live_papers

AFTER_PAPERS = ("signing", "signed", "submitted", "approved", "licensed", "closed", "refused")


def _papers(filing: Filing) -> list[tuple[str, str]]:
    """Kind and title of the papers: those that were made, or those that will be."""
    if filing.case.state in AFTER_PAPERS:
        return [(p.kind, p.title) for p in live_papers(db, filing.case.id)]
    return making.planned(db, filing.case, filing.application)


def _check_page(filing: Filing, form: forms.Form | None = None, status: int = 200) -> ResponseReturnValue:
    sections = []
    errors = {p.field: p for p in reversed(filing.errors)} if filing.editable else {}
    corrections = {c.field: c for c in filing.corrections}
    for name, title, values in application_sections(filing.application, filing.facts):
        rows = []
        for value in values:
            wrong = next(
                (p for f, p in errors.items() if f == value.path or f.startswith(value.path + ".")), None
            )
            asked = next((c for f, c in corrections.items() if covers([f], value.path)), None)
            rows.append(
                {
                    "key": value.label,
                    "value": value.value,
                    "error": asked.text if asked else wrong.words if wrong else None,
                }
            )
        open_here = filing.editable and (
            not filing.returned or any(filing.section_of(o) == name for o in filing.opened)
        )
        problems = (
            [p for p in filing.problems.get(name, []) if p.severity == "error"] if filing.editable else []
        )
        sections.append((name, title, rows, filing.url(name) if open_here else None, problems))
    papers = _papers(filing)
    chosen = request.args.get("paper", papers[0][0] if papers else "")
    chosen = chosen if chosen in dict(papers) else (papers[0][0] if papers else "")
    page = render_template(
        "portal/establishment/check.html", filing=filing, sections=sections, papers=papers, chosen=chosen, form=form,
        reservation=reservation_of(db, filing.case.id), section="check",
        pages=pictures.page_count(_shown(filing, chosen)) if chosen else 0,
        falling=making.falling(db, filing.case) if filing.editable and not filing.errors else {},
        loose=[p for rows in filing.problems.values() for p in rows if p.code == "document"],
        warnings=[p for rows in filing.problems.values() for p in rows if p.severity == "warning"],
    )  # fmt: skip
    return page, status


@blueprint.get("/application/check")
@signed_in
def check(number: str) -> ResponseReturnValue:
    """Everything on one page, derived values too, beside the papers that follow from it."""
    return _check_page(Filing(number))


@blueprint.post("/application/generate")
@limiter.limit("20 per minute")
@signed_in
def generate(number: str) -> ResponseReturnValue:
    """One click: papers and invitations to sign."""
    filing = Filing(number)
    try:
        making.generate(db, filing.case.id, current_user.actor)
    except RuleViolation as violation:
        db.rollback()
        form = forms.Form()
        form.add_problems(violation.problems)
        return _check_page(Filing(number), form, 422)
    return redirect(url_for("signatures.index", number=number), 303)


def _shown(filing: Filing, kind: str) -> bytes:
    """A paper: as stored once it was made, before that a preview with the 草稿 mark. Raises NotFound."""
    row = next((p for p in live_papers(db, filing.case.id) if p.kind == kind), None)
    if row is not None and filing.case.state in AFTER_PAPERS:
        return objects.get(row.key)
    try:
        return making.preview(db, filing.case, kind).pdf
    except KeyError as error:
        raise NotFound(f"paper {kind}") from error


@blueprint.get("/papers/<kind>.pdf")
@limiter.limit("60 per minute")
@signed_in
def paper(number: str, kind: str) -> ResponseReturnValue:
    """A paper as PDF."""
    filing = Filing(number)
    answer = Response(_shown(filing, kind), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=f"{filing.case.number}-{kind}.pdf")
    return answer


@blueprint.get("/papers/<kind>/<int:page>.png")
@limiter.limit("300 per minute")
@signed_in
def paper_page(number: str, kind: str, page: int) -> ResponseReturnValue:
    """A page of it as a picture, for the preview beside the answers: phones have no PDF frame."""
    pdf = _shown(Filing(number), kind)
    return Response(pictures.page(pdf, page), mimetype="image/png")


@blueprint.route("/application/revise", methods=["GET", "POST"])
@signed_in
def revise(number: str) -> ResponseReturnValue:
    """Open the application again; says first whose signatures may fall."""
    filing = Filing(number)
    if filing.case.state not in ("signing", "signed"):
        raise Conflict(code="moved_on")
    if request.method == "POST":
        advance(db, filing.case.id, "revise", current_user.actor)
        return redirect(url_for("establishment.tasks", number=number), 303)
    signed = making.signed_by(db, filing.case)
    return render_template("portal/establishment/revise.html", filing=filing, signed=signed)
