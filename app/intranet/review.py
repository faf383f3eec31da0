"""One case on the registrar's desk: data, findings, papers, and the decision."""

import secrets
import uuid
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.intranet.desk import ANY_STAFF, STATES, TASKS
from app.web import forms
from app.web.access import staff
from app.web.database import db
from app.web.downloads import zipped
from app.web.summary import LISTS, Value, application_sections
from workflow import objects
from workflow.accounts.models import Staff
from workflow.archive import waiting
from workflow.case import Case, timeline
from workflow.catalogues.queries import catalogue
from workflow.clock import working_days_left
from workflow.db import now
from workflow.errors import NotFound, Problem, RuleViolation
from workflow.establishment import notices, submission
from workflow.establishment.attachments import (
    KINDS,
    attachment_of,
    attachments_of,
    pdf_of,
)
from workflow.establishment.data import Application
from workflow.establishment.difference import differences
from workflow.establishment.drafts import draft_of, submissions_of
from workflow.establishment.models import Paper
from workflow.establishment.problems import problems_of
from workflow.evidence.package import Holder, package
from workflow.naming import declaration
from workflow.review import operations
from workflow.review.models import Decision
from workflow.review.queries import TASK_OF_STATE, corrections_of, decisions_of, open_claim, recused
from workflow.review.reasons import CORRECTIONS, REFUSALS
from workflow.review.reports import change_at
from workflow.signatures import checks
from workflow.signatures.invitations import invitations_of, live_papers

blueprint = Blueprint("intranet_review", __name__)
VERDICTS = {
    "approve": _l("Approve"),
    "return": _l("Return for correction"),
    "refuse": _l("Refuse"),
}


class DecisionForm(forms.Form):
    """A decision with its reason."""

    verdict = forms.Radios(_l("Decision"), choices=[], required=_l("Choose a decision"))
    refusal = forms.Select(
        _l("Ground of the refusal"),
        choices=[(r.code, r.words) for r in REFUSALS.values()],
        blank=_l("Choose"),
    )
    reason = forms.TextArea(
        _l("Reason or opinion"), max_length=1000, count=True,
        hint=_l("Needed to refuse; the applicant reads it. Say what is wrong, under which rule, and what can be done."),
    )  # fmt: skip

    def offer(self, task: str) -> None:
        """The verdicts that this task allows."""
        shown = [(key, text) for key, text in VERDICTS.items() if key != "return" or task == "establishment"]
        self.verdict.choices = self.verdict.remember(shown)

    def error_list(self) -> list[forms.ErrorItem]:
        """Errors of corrections link to their own text fields."""
        own = [
            forms.ErrorItem(str(e), getattr(e, "href", None), getattr(e, "basis", ""))
            for e in self.form_errors
        ]
        return own + super().error_list()[len(own) :]

    def add_correction_problems(self, problems: list[Problem]) -> None:
        """Problems of `text-PATH` go to the text field of that path."""
        for problem in problems:
            said = forms.Said.of(problem)
            if problem.words != submission.NO_SUCH_FIELD:  # that one has no place on the page
                said.href = "#" + anchor(problem.field)  # type: ignore[attr-defined]
            self.form_errors = [*self.form_errors, said]


class RecusalForm(forms.Form):
    """Keeping away from a case."""

    recusal = forms.TextField(
        _l("Why you keep away"), max_length=300, required=_l("Give the reason for which you keep away.")
    )


class ExtensionForm(forms.Form):
    """More time to decide."""

    extension = forms.TextField(
        _l("Why the case is complex"), max_length=300, required=_l("Give the reason; the applicant will read it."),
        hint=_l("The applicant reads it in the notice."),
    )  # fmt: skip


def anchor(path: str) -> str:
    """The id of the element of a path."""
    return path.replace(".", "-")


def _case(number: str) -> Case:
    return operations.visible_case(db, current_user.person, number)


@blueprint.get("/cases/<number>")
@staff(*ANY_STAFF)
def show(number: str) -> ResponseReturnValue:
    """Data at the left, what the rules say at the right, the decision below."""
    case = _case(number)
    operations.touch(db, current_user.person, case)
    return _page(case)


def _application(case: Case) -> Application:
    handed_in = submissions_of(db, case.id)
    return handed_in[-1][1] if handed_in else draft_of(db, case.id)[0]


def _page(
    case: Case,
    form: DecisionForm | None = None,
    recusal: RecusalForm | None = None,
    extension: ExtensionForm | None = None,
    typed: MultiDict[str, str] | None = None,
) -> ResponseReturnValue:
    shown = form or recusal or extension
    handed_in = submissions_of(db, case.id)
    held = open_claim(db, case.id)
    mine = held is not None and held.staff_id == current_user.id
    task = TASK_OF_STATE.get(case.state, "")
    decision = form or DecisionForm(formdata=None)
    decision.offer(task)
    has_data = bool(handed_in)  # a draft is the applicant's own until it is handed in
    decided = decisions_of(db, case.id)
    application = _application(case)
    name = declaration.declaration_of(db, case.id) or declaration.reservation_of(db, case.id)
    context: dict[str, Any] = {
        "case": case,
        "form": shown,
        "decision": decision,
        "recusal": recusal or RecusalForm(formdata=None),
        "extension": extension or ExtensionForm(formdata=None),
        "may_extend": notices.may_extend(db, current_user.person, case),
        "notices": notices.notices_of(db, case.id),
        "typed": typed if typed is not None else MultiDict(),
        "task": task,
        "tasks": TASKS,
        "states": STATES,
        "mine": mine,
        "held": held,
        "holder": db.scalar(select(Staff.number).where(Staff.id == held.staff_id)) if held else "",
        "recused": recused(db, case.id, current_user.id),
        "now": now(),
        "left": working_days_left,
        "anchor": anchor,
        "name": name,
        "name_answer": _seen(name.answer) if name else {},
        "office": _office,
        "sections": application_sections(application, catalogue(db), masked=not mine) if has_data else [],
        "lists": LISTS,
        "changes": differences(handed_in[-2][1], handed_in[-1][1]) if len(handed_in) > 1 else [],
        "change_at": change_at,
        "reasons": CORRECTIONS,
        "problems": problems_of(db, case, application) if has_data else [],
        "papers": live_papers(db, case.id) if has_data else [],
        "attachments": attachments_of(db, case.id) if has_data else [],
        "kinds": KINDS,
        "invitations": [i for i in invitations_of(db, case.id) if has_data and i.state != "fallen"],
        "decisions": decided,
        "verdicts": VERDICTS,
        "numbers": _numbers([d.staff_id for d in decided]),
        "corrections": corrections_of(db, case.id),
        "events": timeline(db, case.id),
        "waits": waiting.of(db, case.id),
        "unstamped": waiting.unstamped(db, case.id),
    }
    status = 422 if shown is not None and shown.errors else 200
    return render_template("intranet/case.html", **context), status


def _seen(answer: dict[str, Any]) -> dict[str, Any]:
    """What was found on the name when it was declared, its times as times again."""
    findings = []
    for finding in answer.get("findings", ()):
        match = dict(finding["match"] or {})
        for key in ("reserved_until", "status_date"):
            if match.get(key):
                match[key] = (
                    datetime.fromisoformat(match[key])
                    if "T" in match[key]
                    else date.fromisoformat(match[key])
                )
        findings.append(finding | {"match": match})
    return answer | {"findings": findings}


def _office(code: str) -> str:
    """An authority by its code, or by the division in which it registers."""
    known = catalogue(db)
    office = known.authorities.get(code)
    return office.name if office else known.divisions[code].full_name if code in known.divisions else code


def _numbers(staff_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = db.execute(select(Staff.id, Staff.number).where(Staff.id.in_(staff_ids)))
    return {row.id: row.number for row in rows}


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


@blueprint.post("/cases/<number>/recuse")
@staff("examiner")
def recuse(number: str) -> ResponseReturnValue:
    """Keep away from the case for good."""
    case, form = _case(number), RecusalForm()
    if form.validate():
        operations.recuse(db, current_user.person, case.id, form.recusal.data)
        flash(gettext("You keep away from this case; a colleague will take it."), "info")
        return redirect(url_for("intranet_desk.index"), 303)
    return _page(case, recusal=form)


@blueprint.post("/cases/<number>/extend")
@staff("approver")
def extend(number: str) -> ResponseReturnValue:
    """Three more working days for a complex case (PRO-04)."""
    case, form = _case(number), ExtensionForm()
    if form.validate():
        notices.extend(db, current_user.person, case.id, form.extension.data)
        flash(gettext("The time to decide was extended. The applicant gets a sealed notice."), "success")
        return redirect(url_for("intranet_review.show", number=number), 303)
    return _page(case, extension=form)


@blueprint.post("/cases/<number>/decide")
@staff("examiner", "approver")
def decide(number: str) -> ResponseReturnValue:
    """Approve, return or refuse."""
    case, form = _case(number), DecisionForm()
    task = TASK_OF_STATE.get(case.state, "")
    form.offer(task)
    wanted = _wanted(case) if task == "establishment" else []
    if form.validate():
        try:
            _act(case, task, form, wanted)
        except RuleViolation as violation:
            db.rollback()
            own = [p for p in violation.problems if p.field.startswith("text-")]
            form.add_correction_problems(own)
            form.add_problems([p for p in violation.problems if p not in own], {"corrections": "verdict"})
        else:
            flash(gettext("Decided. The applicant has been told."), "success")
            return redirect(url_for("intranet_desk.index"), 303)
    return _page(_case(number), form, typed=request.form)


def _act(case: Case, task: str, form: DecisionForm, wanted: list[operations.Wanted]) -> Decision:
    person, verdict, reason = current_user.person, form.verdict.data, form.reason.data or ""
    if wanted and verdict != "return":
        raise RuleViolation([Problem("PRO-05", "verdict", submission.CORRECTIONS_LEFT)])
    match task, verdict:
        case "name", "approve":
            return declaration.approve_name(db, person, case.id, reason)
        case "name", "refuse":
            return declaration.refuse_name(db, person, case.id, reason)
        case "establishment", "approve":
            return submission.approve(db, person, case.id, reason)
        case "establishment", "refuse":
            return submission.refuse(db, person, case.id, reason, form.refusal.data or "")
        case "establishment", "return":
            return submission.return_for_correction(db, person, case.id, wanted)
    raise NotFound("decision")


def _wanted(case: Case) -> list[operations.Wanted]:
    """What was marked (`correct`) or written (`text-PATH`), in the order of the page, named as on paper: in Chinese."""
    with force_locale("zh_Hans_CN"):
        sections = application_sections(_application(case), catalogue(db))
        labels = {"attachments": str(gettext("Attachments"))}
        for section, title, values in sections:
            labels |= {v.path: f"{title}·{v.label}" for v in values if isinstance(v, Value)}
            if section in LISTS:
                labels[LISTS[section]] = title
    marked = request.form.getlist("correct")
    written = [
        key.removeprefix("text-")
        for key in request.form
        if key.startswith("text-") and request.form[key].strip()
    ]
    chosen = {*marked, *written}
    return [
        operations.Wanted(
            path, request.form.get(f"text-{path}", "").strip()[:500], request.form.get(f"code-{path}", ""), label=labels.get(path, "")
        )
        for path in [*(p for p in labels if p in chosen), *sorted(chosen - labels.keys())]
    ]  # fmt: skip


def _file(data: bytes, filename: str, kind: str = "application/pdf") -> Response:
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def handed_in_case(number: str) -> Case:
    """A case whose application was handed in at least once. Raises NotFound for a draft: it is the applicant's own."""
    case = _case(number)
    if not submissions_of(db, case.id):
        raise NotFound("nothing was handed in yet")
    return case


@blueprint.get("/cases/<number>/papers/<kind>.pdf")
@staff(*ANY_STAFF)
def paper(number: str, kind: str) -> ResponseReturnValue:
    """A paper as signed so far."""
    row = live_paper(number, kind)
    return _file(objects.get(row.key), f"{row.number}.pdf")


def live_paper(number: str, kind: str) -> Paper:
    """The paper of this kind that counts. Raises NotFound."""
    case = handed_in_case(number)
    row = db.scalar(
        select(Paper).where(Paper.case_id == case.id, Paper.kind == kind, Paper.state != "fallen")
    )
    if row is None:
        raise NotFound("paper")
    return row


@blueprint.get("/cases/<number>/evidence.zip")
@staff(*ANY_STAFF)
def proof(number: str) -> ResponseReturnValue:
    """The evidence package of a case that was handed in; that it was fetched is written down."""
    case = handed_in_case(number)
    holder = Holder("registrar", current_user.person.number)
    return zipped(package(db, case, holder), f"{number}-evidence.zip")


@blueprint.get("/cases/<number>/notices/<notice_number>.pdf")
@staff(*ANY_STAFF)
def notice(number: str, notice_number: str) -> ResponseReturnValue:
    """A notice that was served in this case."""
    return _file(notices.file_of(db, _case(number).id, notice_number), f"{notice_number}.pdf")


@blueprint.get("/cases/<number>/attachments/<uuid:attachment_id>")
@staff(*ANY_STAFF)
def attachment(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """An uploaded file."""
    row = attachment_of(db, handed_in_case(number).id, attachment_id)
    return _file(pdf_of(row), f"{secrets.token_hex(4)}.pdf")


@blueprint.get("/cases/<number>/faces/<uuid:invitation_id>")
@staff("examiner", "auditor")
def face(number: str, invitation_id: uuid.UUID) -> ResponseReturnValue:
    """The face frame in the archive; every look is written down."""
    case = handed_in_case(number)
    if invitation_id not in {i.id for i in invitations_of(db, case.id) if i.face_key}:
        raise NotFound("face")
    data = checks.read_face(db, invitation_id, str(current_user.id), f"case {number}")
    return _file(data, "face.jpg", "image/jpeg")
