"""The phone's page behind a short-lived link, and uploads in pieces from the phone and from the desk.

In pieces, as `upload.js` does it: POST to `uploads` begins (or takes up) one and says where it stands; POST to that
one adds the bytes from `Upload-Offset`; the last piece attaches the file. After a broken connection begin again with
the same key: nothing that arrived is lost. 409 says where the upload stands; 503, that everything has arrived and only the look for malware
is to be tried again.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.portal.attachments import (
    ACCEPT,
    SCANNER_SILENT,
    as_file,
    as_picture,
    said_together,
    seen,
    store,
    told,
)
from app.web import forms
from app.web.access import by_link, signed_in
from app.web.database import db
from app.web.i18n import say
from app.web.limits import limiter
from workflow.accounts.models import Account
from workflow.case import Actor, Case, case_of
from workflow.errors import Conflict, NotFound, OutsideFailure, Problem, RuleViolation, Words
from workflow.establishment import attachments as files
from workflow.establishment import intake, uploading
from workflow.establishment.drafts import EDITABLE
from workflow.establishment.models import Attachment, Upload, UploadLink

blueprint = Blueprint("uploads", __name__)
NO_KEY = Words("上传请求不完整。", "The request to upload is incomplete.")


class PhoneForm(forms.Form):
    """Photos from the phone's camera, or files."""

    photos = forms.FilesField(
        _l("Take a photo"), accept="image/*", camera=True, mark_optional=False,
        hint=_l("Lay the paper flat, with all four corners in the picture."),
    )  # fmt: skip
    files = forms.FilesField(
        _l("Or choose photos and PDF files"), accept=ACCEPT, mark_optional=False,
        hint=_l("JPEG, PNG, HEIC or PDF, up to %(mb)s MB each. Several at once are fine.", mb=intake.MEGABYTES),
    )  # fmt: skip


# --- the phone's page -------------------------------------------------------------------------------------


def _linked(token: str, grace: timedelta = timedelta()) -> tuple[UploadLink, Case, Actor, uploading.Way]:
    """Who uploads by this link, and where to. Raises NotFound, Conflict."""
    link, case = files.link_of(db, token, grace)
    owner = db.get_one(Account, case.owner_id)
    way = uploading.Way(case.id, link.kind, "phone", link.id)
    return link, case, Actor.applicant(owner.id, owner.name), way


def _through(link: UploadLink, case: Case) -> list[Attachment]:
    """The files that came through this link; nothing else is shown to whoever holds it."""
    return [row for row in files.attachments_of(db, case.id) if row.link_id == link.id]


def _of_link(token: str, attachment_id: uuid.UUID) -> tuple[Case, Actor, Attachment]:
    link, case, actor, _way = _linked(token)
    row = files.attachment_of(db, case.id, attachment_id)
    if row.link_id != link.id:
        raise NotFound("attachment")
    return case, actor, row


def _ended(conflict: Conflict) -> ResponseReturnValue:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(errors=[say(conflict.words)]), 410
    return render_template("portal/attachments/ended.html", words=conflict.words), 410


@blueprint.route("/u/<token>", methods=["GET", "POST"])
@limiter.limit("60 per minute")
@by_link
def phone(token: str) -> ResponseReturnValue:
    """The phone's page: no sign-in beyond the link; photos go up one by one and say how far they are."""
    try:
        link, case, actor, way = _linked(token)
    except Conflict as conflict:
        return _ended(conflict)
    form = PhoneForm()
    stored: list[str] = []
    if form.is_submitted() and form.validate():
        stored = store(form, [*(form.photos.data or []), *(form.files.data or [])], case, actor, way)
    if form.is_submitted() and request.accept_mimetypes.best == "application/json":
        answer = jsonify(stored=stored, errors=[item.text for item in form.error_list()])
        return answer, 422 if form.errors else 201
    if stored and not form.errors:
        flash(gettext("Uploaded: %(names)s", names=said_together(stored)), "success")
        return redirect(url_for("uploads.phone", token=token), 303)
    removed = session.pop("removed_file", None)
    page = render_template(
        "portal/attachments/phone.html", form=form, case=case, link=link, kind=files.KINDS[link.kind], token=token,
        marked=link.kind in files.MARKED, limits=intake, piece=uploading.PIECE, removed=removed if removed and removed["case"] == token else None,
        **_listed(token, link, case),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _listed(token: str, link: UploadLink, case: Case) -> dict[str, Any]:
    rows = _through(link, case)

    def act(name: str, row: Attachment, **values: Any) -> str:
        return url_for(f"uploads.{name}", token=token, attachment_id=row.id, **values)

    return {
        "rows": rows,
        "seen": seen(rows),
        "act": act,
        "whole": False,
        "editable": True,
        "kinds": files.KINDS,
    }


@blueprint.get("/u/<token>/arrived")
@limiter.limit("120 per minute")
@by_link
def arrived(token: str) -> ResponseReturnValue:
    """The list of files that came through the link, as a fragment."""
    try:
        link, case, _actor, _way = _linked(token)
    except Conflict as conflict:
        return _ended(conflict)
    return render_template("portal/attachments/files.html", case=case, **_listed(token, link, case))


@blueprint.get("/u/<token>/<uuid:attachment_id>.pdf")
@by_link
def show(token: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """A file that came through the link."""
    return as_file(_of_link(token, attachment_id)[2])


@blueprint.get("/u/<token>/<uuid:attachment_id>/<int:page>.jpg")
@limiter.limit("300 per minute")
@by_link
def picture(token: str, attachment_id: uuid.UUID, page: int) -> ResponseReturnValue:
    """A page of it as a picture."""
    return as_picture(_of_link(token, attachment_id)[2], page)


@blueprint.post("/u/<token>/<uuid:attachment_id>/turn")
@by_link
def turn(token: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Show the file turned by `to` quarters."""
    case, _actor, row = _of_link(token, attachment_id)
    files.turn(db, case.id, row.id, request.form.get("to", 0, int))
    return redirect(url_for("uploads.phone", token=token) + f"#file-{row.id}", 303)


@blueprint.post("/u/<token>/<uuid:attachment_id>/place")
@by_link
def place(token: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Put the file at the place of the one before or behind it in the phone's list, `to`."""
    case, _actor, row = _of_link(token, attachment_id)
    link, case, _actor, _way = _linked(token)
    shown = _through(link, case)
    kind = [a for a in files.attachments_of(db, case.id) if a.kind == row.kind]
    target = shown[min(max(request.form.get("to", 0, int), 0), len(shown) - 1)]
    files.place(db, case.id, row.id, kind.index(target))
    return redirect(url_for("uploads.phone", token=token) + f"#file-{row.id}", 303)


@blueprint.post("/u/<token>/<uuid:attachment_id>/remove")
@by_link
def remove(token: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Take a file out; can be undone on the next page."""
    case, actor, row = _of_link(token, attachment_id)
    files.remove(db, case.id, actor, row.id)
    session["removed_file"] = {"case": token, "id": str(row.id), "name": row.filename}
    return redirect(url_for("uploads.phone", token=token), 303)


@blueprint.post("/u/<token>/<uuid:attachment_id>/restore")
@by_link
def restore(token: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Undo a removal of what came through the link."""
    link, case, actor, _way = _linked(token)
    row = db.get(Attachment, attachment_id)
    if row is None or row.link_id != link.id:
        raise NotFound("attachment")
    files.restore(db, case.id, actor, row.id)
    return redirect(url_for("uploads.phone", token=token), 303)


# --- in pieces --------------------------------------------------------------------------------------------


@contextmanager
def _said() -> Iterator[list[ResponseReturnValue]]:
    """What goes wrong with an upload, as JSON for the script."""
    answers: list[ResponseReturnValue] = []
    try:
        yield answers
    except uploading.Elsewhere as elsewhere:
        db.rollback()
        answers.append((jsonify(received=elsewhere.received), 409))
    except Conflict as conflict:
        db.rollback()
        answers.append((jsonify(errors=[say(conflict.words)]), 410))
    except RuleViolation as violation:
        db.rollback()
        answers.append((jsonify(errors=told(violation)), 422))


def _begin(way: uploading.Way) -> ResponseReturnValue:
    key, size = request.form.get("key", ""), request.form.get("size", -1, int)
    if not key or size < 0:
        raise RuleViolation([Problem("file", "key", NO_KEY)])
    row = uploading.begin(db, way, key, request.form.get("name", ""), size)
    db.commit()
    done = row.attachment_id is not None
    return jsonify(id=str(row.id), received=row.received, done=done), 200


def _append(way: uploading.Way, actor: Actor, upload_id: uuid.UUID) -> ResponseReturnValue:
    piece = request.get_data(cache=False)  # less than announced when the connection broke: that much is kept
    row = uploading.upload_of(db, way, upload_id)
    if row.attachment_id is None:
        uploading.append(db, row, request.headers.get("Upload-Offset", -1, int), piece)
        db.commit()  # what has arrived stays, whatever comes next
    if row.received < row.size:
        return jsonify(received=row.received), 200
    return _finish(way, actor, row)


def _finish(way: uploading.Way, actor: Actor, row: Upload) -> ResponseReturnValue:
    try:
        file = uploading.finish(db, uploading.upload_of(db, way, row.id), way, actor)
    except OutsideFailure:
        db.rollback()
        answer = jsonify(errors=[say(SCANNER_SILENT)], received=row.received)
        answer.headers["Retry-After"] = "30"
        return answer, 503
    db.commit()
    return jsonify(stored=file.filename, received=row.size, done=True), 201


@blueprint.post("/u/<token>/uploads")
@limiter.limit("120 per minute")
@by_link
def phone_begin(token: str) -> ResponseReturnValue:
    """Begin or take up an upload by the phone's link."""
    with _said() as answers:
        return _begin(_linked(token)[3])
    return answers[0]


@blueprint.post("/u/<token>/uploads/<uuid:upload_id>")
@limiter.limit("600 per minute")
@by_link
def phone_append(token: str, upload_id: uuid.UUID) -> ResponseReturnValue:
    """Add a piece by the phone's link."""
    with _said() as answers:
        _link, _case, actor, way = _linked(token, files.GRACE)
        return _append(way, actor, upload_id)
    return answers[0]


def _desk_way(number: str, kind: str) -> uploading.Way:
    case = case_of(db, number, current_user.id)
    if case.state not in EDITABLE:
        raise Conflict(code="moved_on")
    return uploading.Way(case.id, kind, "desk")


@blueprint.post("/cases/<number>/uploads")
@limiter.limit("120 per minute")
@signed_in
def desk_begin(number: str) -> ResponseReturnValue:
    """Begin or take up an upload from the desk."""
    with _said() as answers:
        return _begin(_desk_way(number, request.form.get("kind", "other")))
    return answers[0]


@blueprint.post("/cases/<number>/uploads/<uuid:upload_id>")
@limiter.limit("600 per minute")
@signed_in
def desk_append(number: str, upload_id: uuid.UUID) -> ResponseReturnValue:
    """Add a piece from the desk."""
    with _said() as answers:
        return _append(_desk_way(number, "other"), current_user.actor, upload_id)
    return answers[0]
