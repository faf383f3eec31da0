"""One case on the registrar's desk: data, findings, papers, and the decision."""

import secrets
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from app.intranet.desk import ANY_STAFF, STATES, TASKS
from app.web import forms
from app.web.access import staff
from app.web.database import db
from app.web.summary import application_sections
from workflow import objects
from workflow.accounts.models import Staff
from workflow.case import Case, timeline
from workflow.catalogues.queries import catalogue
from workflow.clock import working_days_left
from workflow.db import now
from workflow.errors import NotFound, RuleViolation
from workflow.establishment import submission
from workflow.establishment.attachments import KINDS, attachment_of, attachments_of
from workflow.establishment.difference import differences
from workflow.establishment.drafts import draft_of, submissions_of
from workflow.establishment.models import Paper
from workflow.establishment.problems import problems_of
from workflow.naming import declaration
from workflow.review import operations
from workflow.review.queries import TASK_OF_STATE, corrections_of, decisions_of, open_claim
from workflow.signatures import checks
from workflow.signatures.invitations import invitations_of, live_papers

blueprint = Blueprint("intranet_review", __name__)


class OpinionForm(forms.Form):
    """A decision with its reason."""

    reason = forms.TextArea(
        _l("Reason or opinion"), max_length=1000, count=True,
        hint=_l("Needed to refuse; the applicant reads it. Say what is wrong, under which rule, and what can be done."),
    )  # fmt: skip


def _case(number: str) -> Case:
    return operations.visible_case(db, current_user.person, number)


@blueprint.get("/cases/<number>")
@staff(*ANY_STAFF)
def show(number: str) -> ResponseReturnValue:
    """Data at the left, what the rules say at the right, the decision below."""
    return _page(_case(number), OpinionForm())


def _page(
    case: Case, form: OpinionForm, status: int = 200, typed: dict[str, str] | None = None
) -> ResponseReturnValue:
    handed_in = submissions_of(db, case.id)
    application = handed_in[-1][1] if handed_in else draft_of(db, case.id)[0]
    changed = (
        {c.path: c for c in differences(handed_in[-2][1], handed_in[-1][1])} if len(handed_in) > 1 else {}
    )
    held = open_claim(db, case.id)
    holder = db.scalar(select(Staff.number).where(Staff.id == held.staff_id)) if held else ""
    problems = problems_of(db, case, application) if case.state not in ("draft", "name_submitted") else []
    context: dict[str, Any] = {
        "case": case,
        "form": form,
        "typed": typed or {},
        "task": TASK_OF_STATE.get(case.state, ""),
        "tasks": TASKS,
        "states": STATES,
        "mine": held is not None and held.staff_id == current_user.id,
        "held": held,
        "holder": holder,
        "now": now(),
        "left": working_days_left,
        "name": declaration.declaration_of(db, case.id) or declaration.reservation_of(db, case.id),
        "sections": application_sections(application, catalogue(db), masked=False),
        "changed": changed,
        "submissions": [row for row, _ in handed_in],
        "problems": problems,
        "papers": live_papers(db, case.id),
        "attachments": attachments_of(db, case.id),
        "kinds": KINDS,
        "invitations": invitations_of(db, case.id),
        "decisions": decisions_of(db, case.id),
        "corrections": corrections_of(db, case.id),
        "events": timeline(db, case.id),
    }
    return render_template("intranet/case.html", **context), status


@blueprint.post("/cases/<number>/claim")
@staff("examiner")
def claim(number: str) -> ResponseReturnValue:
    """Hold the case; with `take_over`, from a colleague."""
    operations.claim(
        db, current_user.person, _case(number).id, take_over=request.form.get("take_over") == "1"
    )
    return redirect(url_for("intranet_review.show", number=number), 303)


@blueprint.post("/cases/<number>/release")
@staff("examiner")
def release(number: str) -> ResponseReturnValue:
    """Put it back into the queue."""
    operations.release(db, current_user.person, _case(number).id)
    flash(gettext("The case is back in the queue."), "info")
    return redirect(url_for("intranet_desk.index"), 303)


@blueprint.post("/cases/<number>/decide")
@staff("examiner", "approver")
def decide(number: str) -> ResponseReturnValue:
    """Approve, return or refuse."""
    case = _case(number)
    form = OpinionForm()
    verdict = request.form.get("verdict", "")
    task = TASK_OF_STATE.get(case.state, "")
    person = current_user.person
    wanted = [
        operations.Wanted(field, request.form.get(f"text-{field}", "").strip()[:500])
        for field in request.form.getlist("correct")
    ]
    if not form.validate():
        return _page(case, form, 422, request.form)
    reason = form.reason.data or ""
    acts = {
        ("name", "approve"): lambda: declaration.approve_name(db, person, case.id, reason),
        ("name", "refuse"): lambda: declaration.refuse_name(db, person, case.id, reason),
        ("establishment", "approve"): lambda: submission.approve(db, person, case.id, reason),
        ("establishment", "refuse"): lambda: submission.refuse(db, person, case.id, reason),
        ("establishment", "return"): lambda: submission.return_for_correction(db, person, case.id, wanted),
    }
    act = acts.get((task, verdict))
    if act is None:
        raise NotFound("decision")
    try:
        act()
    except RuleViolation as violation:
        db.rollback()
        form.add_problems(violation.problems, {"corrections": ""})
        return _page(_case(number), form, 422, request.form)
    flash(gettext("Decided. The applicant has been told."), "success")
    return redirect(url_for("intranet_desk.index"), 303)


def _pdf(data: bytes, filename: str, kind: str = "application/pdf") -> Response:
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.get("/cases/<number>/papers/<kind>.pdf")
@staff(*ANY_STAFF)
def paper(number: str, kind: str) -> ResponseReturnValue:
    """A paper as signed so far."""
    case = _case(number)
    row = db.scalar(
        select(Paper).where(Paper.case_id == case.id, Paper.kind == kind, Paper.state != "fallen")
    )
    if row is None:
        raise NotFound("paper")
    return _pdf(objects.get(row.key), f"{row.number}.pdf")


@blueprint.get("/cases/<number>/attachments/<uuid:attachment_id>")
@staff(*ANY_STAFF)
def attachment(number: str, attachment_id: Any) -> ResponseReturnValue:
    """An uploaded file."""
    row = attachment_of(db, _case(number).id, attachment_id)
    return _pdf(
        objects.get(row.key), f"{secrets.token_hex(4)}.{row.filename.rsplit('.', 1)[-1]}", row.content_type
    )


@blueprint.get("/cases/<number>/faces/<uuid:invitation_id>")
@staff("examiner", "auditor")
def face(number: str, invitation_id: Any) -> ResponseReturnValue:
    """The face frame in the archive; every look is written down."""
    case = _case(number)
    if invitation_id not in {i.id for i in invitations_of(db, case.id) if i.face_key}:
        raise NotFound("face")
    data = checks.read_face(db, invitation_id, str(current_user.id), f"case {number}")
    return _pdf(data, "face.jpg", "image/jpeg")
