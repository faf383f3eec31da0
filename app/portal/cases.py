"""My cases: the list, a new one, the page of one case, withdrawing it, all messages."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.portal.establishment.common import Filing
from app.portal.establishment.tasks import hint_of, status_of, title_of
from app.portal.next_action import PILLS, STATES, countdown, next_action, promise
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.downloads import zipped
from app.web.events import actor_label, event_label
from app.web.limits import limiter
from app.web.pagination import paginate
from workflow.archive import waiting
from workflow.archive.models import WaitingWork
from workflow.case import Case, CaseEvent, case_of, timeline
from workflow.catalogues.queries import catalogue
from workflow.clock import local_date
from workflow.db import now
from workflow.errors import Conflict, RuleViolation
from workflow.establishment import choice, notices, submission, types
from workflow.establishment.attachments import attachments_of
from workflow.establishment.drafts import EDITABLE, start_case
from workflow.evidence.package import Holder, package
from workflow.licensing.queries import licence_of_case
from workflow.machine import CaseMachine, possible_events
from workflow.messages.queries import messages_of_case, messages_of_owner
from workflow.naming.declaration import declarations_of, reservation_of
from workflow.personal import person_hash
from workflow.review.queries import decisions_of
from workflow.signatures.invitations import live_papers
from workflow.situation import Situation, cases_of, situations

blueprint = Blueprint("cases", __name__)
APPLICANT = frozenset({"applicant"})
BAD_EVENTS = frozenset(
    {"refuse_name", "expire_reservation", "return_for_correction", "refuse", "decline", "bank_give_up", "bank_decline"}
)  # fmt: skip


@blueprint.get("/cases")
@signed_in
def index() -> ResponseReturnValue:
    """All my cases: state, next action, deadline."""
    page = paginate(db, cases_of(current_user.id))
    stand = situations(db, page.items)
    moment = now()
    actions = {case.id: next_action(stand[case.id], moment) for case in page}
    deadlines = {case.id: _deadline(stand[case.id]) for case in page}
    return render_template(
        "portal/cases/index.html", page=page, actions=actions, deadlines=deadlines, states=STATES, pills=PILLS
    )


def _deadline(it: Situation) -> Any:
    """The day that counts now: the authority's, or the end of the reservation."""
    if it.due_at is not None:
        return it.due_at
    held = it.state in ("name_reserved", "signing", "signed", "returned")
    return it.reserved_until if held else None


class NewCaseForm(forms.Form):
    """Which kind of entity."""

    entity_type = forms.HiddenField()


QUESTIONS = {
    "who": (
        _l("Who puts money in?"),
        (
            ("alone", _l("I alone")),
            ("family", _l("I with my family")),
            ("others", _l("I and other people")),
            ("farmers", _l("Farmers together")),
            ("company", _l("A company")),
        ),
    ),
    "liability": (
        _l("If the business fails, what do the owners lose?"),
        (
            ("limited", _l("Only what they promised to put in")),
            ("some", _l("Some of them all they own, the others only what they put in")),
            ("unlimited", _l("They answer with all they own; in return, less formality")),
        ),
    ),
}


@blueprint.route("/cases/new", methods=["GET", "POST"])
@limiter.limit("20 per hour", methods=["POST"])
@signed_in
def new() -> ResponseReturnValue:
    """Find the kind of entity by two questions and a table; open the case."""
    form = NewCaseForm()
    if form.validate_on_submit():
        try:
            case = start_case(db, current_user.person, form.entity_type.data or "")
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            return redirect(url_for("cases.show", number=case.number), 303)
    who, liability = request.args.get("who", ""), request.args.get("liability", "")
    asked = "who" in request.args or "liability" in request.args
    suits = [types.get(code) for code in choice.recommend(who, liability)]
    page = render_template(
        "portal/cases/new.html", form=form, questions=QUESTIONS, answers={"who": who, "liability": liability},
        suits=suits, incomplete=asked and not suits, kinds=types.every(), traits=choice.TRAITS,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.get("/cases/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One case: where it stands, the one next action, its parts, what happened."""
    case = case_of(db, number, current_user.id)
    stand = situations(db, [case])[case.id]
    waits = waiting.of(db, case.id)
    sections = _sections(number) if case.state in EDITABLE else []
    missing = sum(item["status"] != "done" for item in sections) if sections else None
    moment = now()
    return render_template(
        "portal/cases/show.html", case=case, stand=stand, action=next_action(stand, moment, missing),
        kind=types.get(case.entity_type), state=STATES[case.state], pill=PILLS[case.state], sections=sections,
        parts=_parts(case, stand, bool(sections)), links=_links(case, stand), events=_events(timeline(db, case.id)),
        messages=messages_of_case(db, case.id), waits=waits, follow=following(case, waits), documents=_documents(case), proof=bool(stand.signers),
        countdown=countdown(stand, local_date(moment)),
        promise=promise(stand, moment), may_withdraw="withdraw" in possible_events(CaseMachine, case.state, APPLICANT),
        may_copy=case.state != "draft",
    )  # fmt: skip


def following(case: Case, waits: list[WaitingWork]) -> str:
    """Where a page asks whether what it waits for has moved on; empty when it waits for nothing that goes by itself."""
    if not waits and case.state != "approved":
        return ""
    return url_for("cases.moved", number=case.number, seen=_standing(case, waits))


def _standing(case: Case, waits: list[WaitingWork]) -> str:
    return ".".join([case.state, *sorted(wait.work for wait in waits)])


@blueprint.get("/cases/<number>/moved")
@limiter.limit("120 per minute")
@signed_in
def moved(number: str) -> ResponseReturnValue:
    """For a page that waits: load again when its case stands elsewhere than it has `seen`."""
    case = case_of(db, number, current_user.id)
    same = request.args.get("seen") == _standing(case, waiting.of(db, case.id))
    return ("", 204) if same else ("", 200, {"HX-Refresh": "true"})


def _sections(number: str) -> list[dict[str, Any]]:
    """The sections of the application, while they can be filled in."""
    filing = Filing(number)
    return [
        {
            "title": title_of(filing, section), "href": filing.url(section), "hint": hint_of(filing, section),
            "status": status_of(filing, section),
        }
        for section in filing.kind.sections
        if section != "check"
    ]  # fmt: skip


def _links(case: Case, stand: Situation) -> dict[int, str]:
    """Which of the seven steps can be looked at now."""
    links = {
        3: url_for("naming.edit", number=case.number),
        4: url_for("establishment.tasks", number=case.number),
    }
    if stand.signers:
        links[5] = url_for("signatures.index", number=case.number)
    if case.state in ("licensed", "closed"):
        links |= {
            6: url_for("licence.show", number=case.number),
            7: url_for("banking.show", number=case.number),
        }
    return links


def _parts(case: Case, stand: Situation, open_sections: bool) -> list[dict[str, Any]]:
    """The parts beyond the sections: each with its link where there is something to see."""
    number, links = case.number, _links(case, stand)
    named = bool(case.name)
    items = [
        {
            "title": gettext("The name"),
            "href": links[3],
            "hint": case.name,
            "status": "done" if named else "todo",
        }
    ]
    if not open_sections:
        items.append({"title": gettext("The application"), "href": links[4], "status": "done"})
    count = len(attachments_of(db, case.id))
    items.append(
        {
            "title": gettext("Attachments"), "href": url_for("attachments.index", number=number), "status": "done",
            "text": gettext("%(n)s files", n=count) if count else gettext("See what is needed"),
        }
    )  # fmt: skip
    signed = stand.signers and stand.signed == stand.signers
    items.append(
        {
            "title": gettext("Signatures"), "href": links.get(5),
            "status": "done" if signed else "doing" if stand.signers else "locked",
            "text": gettext("%(signed)s of %(total)s signed", signed=stand.signed, total=stand.signers) if stand.signers else None,
        }
    )  # fmt: skip
    licensed = 6 in links
    items.append(
        {
            "title": gettext("Business licence"),
            "href": links.get(6),
            "status": "done" if licensed else "locked",
        }
    )
    opened = stand.bank_state == "opened"
    items.append(
        {
            "title": gettext("Bank account"), "href": links.get(7), "hint": stand.branch_name,
            "status": "done" if opened else "doing" if stand.bank_state else "todo" if case.state == "licensed" else "locked",
            "text": gettext("Under way") if stand.bank_state and not opened else None,
        }
    )  # fmt: skip
    return items


def _events(rows: Sequence[CaseEvent]) -> list[dict[str, Any]]:
    """The history in plain words, newest first."""
    return [
        {
            "at": row.at, "title": event_label(row.event), "who": _who(row), "note": _note(row),
            "state": "bad" if row.event in BAD_EVENTS else "done",
        }
        for row in reversed(rows)
    ]  # fmt: skip


def _who(row: CaseEvent) -> str:
    if row.actor_kind == "registrar":
        return gettext("Registrar %(number)s", number=row.actor_label)
    if row.actor_kind in ("applicant", "signer"):
        return f"{actor_label(row.actor_kind)} {row.actor_label}"
    return actor_label(row.actor_kind)


def _note(row: CaseEvent) -> str:
    """What is worth saying of an event beyond its name."""
    detail = row.detail
    match row.event:
        case "declare_name":
            return str(detail.get("name", ""))
        case "refuse_name":
            return str(detail.get("reason", ""))
        case "extend_reservation" | "extend_decision":
            return gettext("Until %(day)s", day=detail.get("until", ""))
        case "return_for_correction":
            return gettext("Items to correct: %(n)s", n=len(detail.get("fields", [])))
        case "issue_licence":
            return gettext("Credit code %(code)s", code=detail.get("uscc", ""))
        case "sign":
            return gettext("Papers: %(n)s", n=detail.get("papers", ""))
    if row.event == "choose_bank" or row.event.startswith("bank_"):
        bank = catalogue(db).banks.get(str(detail.get("bank", "")))
        parts = [bank.name if bank else detail.get("bank"), detail.get("branch"), detail.get("text")]
        return "，".join(str(part) for part in dict.fromkeys(parts) if part)
    return ""


def _documents(case: Case) -> list[dict[str, Any]]:
    """Papers and formal notices to read and keep: title, address, what it is, when."""
    found: list[dict[str, Any]] = []
    held = reservation_of(db, case.id)
    if held is not None:
        found.append({"title": gettext("Name reservation notice"), "number": held.number, "at": held.declared_at,
                      "href": url_for("naming.notice", number=case.number)})  # fmt: skip
    named = {"receipt": gettext("Receipt for the materials"), "extension": gettext("Notice of an extension")}
    found += [
        {"title": named[row.kind], "number": row.number, "at": row.created_at,
         "href": url_for("cases.notice", number=case.number, notice=row.number)}
        for row in notices.notices_of(db, case.id)
    ]  # fmt: skip
    titles = {"return": gettext("Correction notice"), "refuse": gettext("Refusal notice")}
    found += [
        {"title": titles[row.verdict], "number": row.notice_number, "at": row.decided_at,
         "href": url_for("cases.notice", number=case.number, notice=row.notice_number)}
        for row in decisions_of(db, case.id) if row.notice_key
    ]  # fmt: skip
    found += [
        {"title": paper.title, "number": paper.number, "at": paper.signed_at or paper.created_at,
         "href": url_for("establishment.paper", number=case.number, kind=paper.kind)}
        for paper in live_papers(db, case.id)
    ]  # fmt: skip
    if (licence := licence_of_case(db, case.id)) is not None:
        titles = {
            "original": gettext("Business licence"), "duplicate": gettext("Business licence, duplicate"),
            "notice": gettext("Registration notice"),
        }  # fmt: skip
        found += [
            {
                "title": title,
                "href": url_for("licence.file", number=case.number, kind=kind),
                "at": licence.issued_at,
            }
            for kind, title in titles.items()
        ]
    return found


@blueprint.get("/cases/<number>/notices/<notice>.pdf")
@signed_in
def notice(number: str, notice: str) -> ResponseReturnValue:
    """A formal notice with the authority's seal: receipt, extension, correction, refusal (PRO-04, PRO-05, PRO-07)."""
    case = case_of(db, number, current_user.id)
    answer = Response(notices.file_of(db, case.id, notice), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=f"{notice}.pdf")
    return answer


@blueprint.route("/cases/<number>/withdraw", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
@signed_in
def withdraw(number: str) -> ResponseReturnValue:
    """Take the case back; says first what that means."""
    case = case_of(db, number, current_user.id)
    if "withdraw" not in possible_events(CaseMachine, case.state, APPLICANT):
        raise Conflict(code="moved_on")
    if request.method == "POST":
        submission.withdraw(db, case.id, current_user.actor)
        flash(gettext("The case was withdrawn."), "success")
        return redirect(url_for("cases.show", number=number), 303)
    return render_template(
        "portal/cases/withdraw.html",
        case=case,
        state=STATES[case.state],
        named=bool(declarations_of(db, case.id)),
    )


@blueprint.get("/messages")
@signed_in
def messages() -> ResponseReturnValue:
    """Every message ever sent about my cases, and to me."""
    page = paginate(db, messages_of_owner(current_user.id), scalars=False)
    return render_template("portal/cases/messages.html", page=page)


@blueprint.get("/cases/<number>/evidence.zip")
@limiter.limit("20 per hour")
@signed_in
def proof(number: str) -> ResponseReturnValue:
    """The evidence package: a sealed report, every event for machines, the papers."""
    case = case_of(db, number, current_user.id)
    holder = Holder("applicant", str(current_user.id), person_hash(current_user.person.id_number))
    return zipped(package(db, case, holder), f"{number}-evidence.zip")
