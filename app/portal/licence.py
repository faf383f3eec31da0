"""Step 6: the licence, seen, downloaded, shown."""

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from app.portal.cases import following
from app.web.access import signed_in
from app.web.database import db
from workflow import objects, pictures
from workflow.archive import waiting as waiting_work
from workflow.case import Case, case_of
from workflow.errors import NotFound
from workflow.licensing.models import Licence, RegisterEntry
from workflow.machine import STEP_OF_STATE
from workflow.settings import settings

blueprint = Blueprint("licence", __name__, url_prefix="/cases/<number>/licence")
FILES = {"original": "key", "duplicate": "duplicate_key", "notice": "notice_key"}


def licence_of(case: Case) -> Licence | None:
    """The case's licence, while it is made or once it counts."""
    query = select(Licence).where(Licence.case_id == case.id).order_by(Licence.created_at.desc())
    return db.scalars(query).first()


@blueprint.get("")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """The licence; while it is being made, a page that looks again by itself."""
    case = case_of(db, number, current_user.id)
    row = licence_of(case)
    entry = db.scalar(select(RegisterEntry).where(RegisterEntry.case_id == case.id))
    ready = row is not None and row.state != "making" and entry is not None
    if not ready and case.state not in ("approved", "licensed", "closed"):
        return render_template("portal/licence/not_yet.html", case=case)
    waits = waiting_work.of(db, case.id)
    url = f"{settings().portal_url}/v/{row.verification_code}" if row is not None and ready else ""
    return render_template(
        "portal/licence/show.html",
        case=case,
        row=row if ready else None,
        entry=entry,
        url=url,
        step=STEP_OF_STATE[case.state],
        waits=waits,
        follow=following(case, waits) if ready else "",
    )


@blueprint.get("/waiting")
@signed_in
def waiting(number: str) -> ResponseReturnValue:
    """For the page that waits: reload when the licence is there."""
    case = case_of(db, number, current_user.id)
    row = licence_of(case)
    if row is not None and row.state != "making":
        return Response(status=200, headers={"HX-Refresh": "true"})
    return render_template("portal/licence/waiting.html", case=case, waits=waiting_work.of(db, case.id))


@blueprint.get("/<any(original,duplicate,notice):kind>.pdf")
@signed_in
def file(number: str, kind: str) -> ResponseReturnValue:
    """The sealed original, its duplicate, or the registration notice."""
    case = case_of(db, number, current_user.id)
    row = licence_of(case)
    key = getattr(row, FILES[kind]) if row is not None and row.state != "making" else ""
    if not key:
        raise NotFound(kind)
    answer = Response(objects.get(key), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{number}-{kind}.pdf"'
    return answer


@blueprint.get("/original.png")
@signed_in
def picture(number: str) -> ResponseReturnValue:
    """The original as a picture: phones show it at once."""
    case = case_of(db, number, current_user.id)
    row = licence_of(case)
    if row is None or row.state == "making":
        raise NotFound("licence")
    return Response(pictures.page(objects.get(row.key), 1, width=1600), mimetype="image/png")
