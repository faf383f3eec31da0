"""Files for a case, from this device; and the short-lived link by which a phone adds to them (`uploads.py`)."""

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.i18n import is_chinese, say
from app.web.limits import limiter
from workflow.case import Actor, Case, case_of
from workflow.catalogues.queries import catalogue
from workflow.errors import Conflict, NotFound, OutsideFailure, Problem, RuleViolation, Words
from workflow.establishment import attachments as files
from workflow.establishment import intake, needs, uploading
from workflow.establishment.drafts import EDITABLE, draft_of
from workflow.establishment.models import Attachment

blueprint = Blueprint("attachments", __name__)
ACCEPT = "image/*,application/pdf"
STOP_POLLING = 286  # htmx's answer for "ask no more"
THUMBNAIL, PAGE = 320, 1240  # pixels
CHOOSE = Words("请选择要上传的文件。", "Choose the files to upload.")
SCANNER_SILENT = Words(
    "暂时无法检查该文件是否含有恶意程序，没有保存。请过几分钟再上传一次。",
    "This file could not be checked for malware just now and was not kept. Upload it again in a few minutes.",
)


class UploadForm(forms.Form):
    """Files from this device."""

    kind = forms.Select(
        _l("What is it?"), required=_l("Choose what it is"), choices=[(k, w) for k, w in files.KINDS.items()]
    )
    files = forms.FilesField(
        _l("Files"),
        accept=ACCEPT,
        mark_optional=False,
        hint=_l("JPEG, PNG, HEIC or PDF; each up to %(mb)s MB, a PDF up to %(pages)s pages and without a password", mb=intake.MEGABYTES, pages=intake.MAX_PAGES),
    )  # fmt: skip


def store(form: Any, uploads: list[Any], case: Case, actor: Actor, way: uploading.Way) -> list[str]:
    """Attach what was sent; the good files stay even when one is refused. The names of those stored."""
    stored: list[str] = []
    sent = [upload for upload in uploads if getattr(upload, "filename", "")]
    if not sent:
        form.add_problems([Problem("file", "files", CHOOSE)])
    for upload in sent:
        try:
            with db.begin_nested():
                row = files.attach(
                    db, case.id, actor, way.kind, upload.filename, upload.read(), way.source, way.link_id
                )
            stored.append(row.filename)
        except RuleViolation as violation:
            form.add_problems([_of(upload.filename, p.code, p.words) for p in violation.problems])
        except OutsideFailure:
            form.add_problems([_of(upload.filename, "scanner", SCANNER_SILENT)])
    if stored:
        db.commit()
    return stored


def _of(filename: str, code: str, words: Words) -> Problem:
    return Problem(code, "files", Words(f"{filename}：{words.zh}", f"{filename}: {words.en}"))


def _link(number: str) -> dict[str, Any] | None:
    """The upload link that this browser made for the case, while it works."""
    made = session.get("upload_link")
    if not made or made["case"] != number:
        return None
    try:
        row, _case = files.link_of(db, made["url"].rpartition("/")[2])
    except (Conflict, NotFound):
        session.pop("upload_link")
        return None
    return {"url": made["url"], "expires_at": row.expires_at, "opened": row.opened_at, "kind": row.kind}


@blueprint.route("/cases/<number>/attachments", methods=["GET", "POST"])
@limiter.limit("60 per minute", methods=["POST"])
@signed_in
def index(number: str) -> ResponseReturnValue:
    """What is needed and why; the files; upload from here or from the phone."""
    case = case_of(db, number, current_user.id)
    application, _ = draft_of(db, case.id)
    editable = case.state in EDITABLE
    form = UploadForm()
    needed = needs.needed(db, case, application, catalogue(db))
    if not form.is_submitted():
        form.kind.data = next((n.kind for n in needed if not n.present), "other")
    if form.validate_on_submit():
        way = uploading.Way(case.id, form.kind.data or "other", "desk")
        stored = store(form, form.files.data or [], case, current_user.actor, way)
        if not form.errors:
            flash(gettext("Uploaded: %(names)s", names=said_together(stored)), "success")
            return redirect(url_for("attachments.index", number=number), 303)
        needed = needs.needed(db, case, application, catalogue(db))
    removed = session.pop("removed_file", None)
    page = render_template(
        "portal/attachments/index.html", case=case, form=form, needed=needed, editable=editable,
        link=_link(number) if editable else None, kinds=files.KINDS, marked=files.MARKED, limits=intake,
        piece=uploading.PIECE, link_minutes=files.LINK_MINUTES,
        removed=removed if removed and removed["case"] == number else None, **_listed(case),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def seen(rows: list[Attachment]) -> str:
    """What tells one list of files from another."""
    return "-".join([str(len(rows)), *(f"{str(r.id)[:8]}{r.turn}" for r in rows)])


def _listed(case: Case) -> dict[str, Any]:
    rows = files.attachments_of(db, case.id)
    number = case.number

    def act(name: str, row: Attachment, **values: Any) -> str:
        return url_for(f"attachments.{name}", number=number, attachment_id=row.id, **values)

    return {"rows": rows, "seen": seen(rows), "act": act, "whole": True}


@blueprint.get("/cases/<number>/attachments/arrived")
@limiter.limit("120 per minute")
@signed_in
def arrived(number: str) -> ResponseReturnValue:
    """The files and what they make of the needs, asked for every two seconds while the phone's link works: a fragment."""
    case = case_of(db, number, current_user.id)
    listed = _listed(case)
    ended = _link(number) is None
    if request.args.get("seen") == listed["seen"] and not ended:
        return "", 204
    needed = needs.needed(db, case, draft_of(db, case.id)[0], catalogue(db))
    page = render_template(
        "portal/attachments/arrived.html", case=case, kinds=files.KINDS, editable=case.state in EDITABLE,
        needed=needed, **listed,
    )  # fmt: skip
    return page, STOP_POLLING if ended else 200


@blueprint.post("/cases/<number>/attachments/link")
@limiter.limit("20 per minute")
@signed_in
def make_link(number: str) -> ResponseReturnValue:
    """A link for the phone, valid for half an hour."""
    case = case_of(db, number, current_user.id)
    if case.state not in EDITABLE:
        raise Conflict(code="moved_on")
    session["upload_link"] = {
        "case": number,
        "url": files.upload_link(db, case, request.form.get("kind", "other")),
    }
    return redirect(url_for("attachments.index", number=number) + "#phone", 303)


def _mine(number: str, attachment_id: uuid.UUID) -> tuple[Case, Attachment]:
    case = case_of(db, number, current_user.id)
    return case, files.attachment_of(db, case.id, attachment_id)


@blueprint.get("/cases/<number>/attachments/<uuid:attachment_id>")
@signed_in
def show(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """One file, page by page."""
    case, row = _mine(number, attachment_id)
    return render_template(
        "portal/attachments/show.html", case=case, row=row, pages=files.page_count(row), kinds=files.KINDS,
        editable=case.state in EDITABLE, **_listed(case),
    )  # fmt: skip


@blueprint.get("/cases/<number>/attachments/<uuid:attachment_id>/file.pdf")
@signed_in
def file(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """One file as it is kept."""
    _case, row = _mine(number, attachment_id)
    return as_file(row)


def as_file(row: Attachment) -> Response:
    """The answer that holds a file."""
    answer = Response(files.pdf_of(row), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=row.filename)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.get("/cases/<number>/attachments/<uuid:attachment_id>/<int:page>.jpg")
@limiter.limit("300 per minute")
@signed_in
def picture(number: str, attachment_id: uuid.UUID, page: int) -> ResponseReturnValue:
    """A page of a file as a picture; small for lists with `?small=1`."""
    _case, row = _mine(number, attachment_id)
    return as_picture(row, page)


def as_picture(row: Attachment, page: int) -> Response:
    """The answer that holds a page of a file as a picture."""
    small = request.args.get("small") == "1"
    return Response(files.page_of(row, page, THUMBNAIL if small else PAGE), mimetype="image/jpeg")


@blueprint.post("/cases/<number>/attachments/<uuid:attachment_id>/turn")
@signed_in
def turn(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Show the file turned by `to` quarters."""
    case, row = _mine(number, attachment_id)
    files.turn(db, case.id, row.id, request.form.get("to", 0, int))
    if request.form.get("back") == "file":
        return redirect(url_for("attachments.show", number=number, attachment_id=row.id), 303)
    return _back(number, row)


@blueprint.post("/cases/<number>/attachments/<uuid:attachment_id>/place")
@signed_in
def place(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Put the file at place `to` among those of its kind."""
    case, row = _mine(number, attachment_id)
    files.place(db, case.id, row.id, request.form.get("to", 0, int))
    return _back(number, row)


def _back(number: str, row: Attachment) -> ResponseReturnValue:
    return redirect(url_for("attachments.index", number=number) + f"#file-{row.id}", 303)


@blueprint.post("/cases/<number>/attachments/<uuid:attachment_id>/remove")
@signed_in
def remove(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Take a file out; can be undone on the next page."""
    case, row = _mine(number, attachment_id)
    files.remove(db, case.id, current_user.actor, attachment_id)
    session["removed_file"] = {"case": number, "id": str(attachment_id), "name": row.filename}
    return redirect(url_for("attachments.index", number=number) + "#file-list-title", 303)


@blueprint.post("/cases/<number>/attachments/<uuid:attachment_id>/restore")
@signed_in
def restore(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Undo a removal."""
    case = case_of(db, number, current_user.id)
    files.restore(db, case.id, current_user.actor, attachment_id)
    flash(gettext("The file is back."), "success")
    return redirect(url_for("attachments.index", number=number), 303)


def said_together(names: list[str]) -> str:
    """Names one after the other."""
    return ("、" if is_chinese() else ", ").join(names)


def told(violation: RuleViolation) -> list[str]:
    """What is wrong with a file, in the person's language."""
    return [say(p.words) for p in violation.problems]
