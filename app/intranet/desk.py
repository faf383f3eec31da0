"""The registrar's desk: the queue, and the next case."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web.access import public, staff
from app.web.database import db
from app.web.pagination import PER_PAGE, Page, requested_page
from workflow.clock import working_days_left
from workflow.db import now
from workflow.establishment.types import get as type_of
from workflow.review import operations
from workflow.review.queries import counts, queue
from workflow.review.reports import reports_of

blueprint = Blueprint("intranet_desk", __name__)
ANY_STAFF = ("examiner", "approver", "supervisor", "auditor", "editor", "administrator")
TABS = {
    "todo": _l("To do"),
    "mine": _l("Mine"),
    "returned": _l("Returned"),
    "decided": _l("Decided by me"),
    "all": _l("All"),
    "overdue": _l("Overdue"),
}
EMPTY = {
    "todo": _l("Nothing is waiting. New cases appear here by themselves."),
    "mine": _l("You hold no case. Take the next one from the queue."),
    "returned": _l("No case is with its applicant for correction."),
    "decided": _l("You have not decided on a case yet."),
    "all": _l("No cases here."),
    "overdue": _l("Nothing is overdue."),
}
TASKS = {"name": _l("Name review"), "establishment": _l("Establishment examination")}
STATES = {
    "name_submitted": _l("Name under review"),
    "name_reserved": _l("Applicant is filling in"),
    "signing": _l("Being signed"),
    "signed": _l("All signed"),
    "submitted": _l("Under examination"),
    "returned": _l("Returned for correction"),
    "approved": _l("Approved"),
    "licensed": _l("Licence issued"),
    "expired": _l("Reservation expired"),
    "refused": _l("Refused"),
    "withdrawn": _l("Withdrawn"),
    "closed": _l("Closed"),
    "draft": _l("Draft"),
}


@blueprint.get("/")
@public
def home() -> ResponseReturnValue:
    """The door's front page is the desk."""
    return redirect(url_for("intranet_desk.index"), 303)


@blueprint.get("/desk")
@staff(*ANY_STAFF)
def index() -> ResponseReturnValue:
    """The queue, nearest deadline first."""
    tab = request.args.get("tab", "todo")
    tab = tab if tab in TABS else "todo"
    person, number = current_user.person, requested_page()
    found, total = queue(db, person, tab, PER_PAGE, (number - 1) * PER_PAGE)
    if not found and total:  # past the end: the last page
        number = -(-total // PER_PAGE)
        found, total = queue(db, person, tab, PER_PAGE, (number - 1) * PER_PAGE)
    return render_template(
        "intranet/desk.html", page=Page(found, total, number), tab=tab, tabs=TABS, counts=counts(db, person), tasks=TASKS,
        states=STATES, reports=reports_of(db, found), empty=EMPTY, now=now(), left=working_days_left, type_of=type_of,
    )  # fmt: skip


@blueprint.post("/desk/next")
@staff("examiner")
def claim_next() -> ResponseReturnValue:
    """Claim the waiting case with the nearest deadline."""
    case = operations.claim_next(db, current_user.person)
    if case is None:
        flash(gettext("Nothing is waiting. New cases appear here by themselves."), "info")
        return redirect(url_for("intranet_desk.index"), 303)
    return redirect(url_for("intranet_review.show", number=case.number), 303)
