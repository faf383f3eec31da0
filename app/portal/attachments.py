"""Files for a case: from this device, or from a phone by a short-lived link that needs no sign-in."""

import uuid
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web import forms
from app.web.access import by_link, signed_in
from app.web.database import db
from app.web.i18n import say
from app.web.limits import limiter
from workflow import objects
from workflow.accounts.models import Account
from workflow.case import Actor, Case, case_of
from workflow.catalogues.queries import catalogue
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment import attachments as files
from workflow.establishment.drafts import EDITABLE, draft_of

blueprint = Blueprint("attachments", __name__)
ACCEPT = "image/*,application/pdf"
STOP_POLLING = 286  # htmx's answer for "ask no more"
CHOOSE = Words("请选择要上传的文件。", "Choose the files to upload.")


class UploadForm(forms.Form):
    """Files from this device."""

    kind = forms.Select(
        _l("What is it?"), required=_l("Choose what it is"), choices=[(k, w) for k, w in files.KINDS.items()]
    )
    files = forms.FilesField(
        _l("Files"),
        accept=ACCEPT,
        mark_optional=False,
        hint=_l("Photos (JPEG, PNG, HEIC) or PDF, up to 15 MB each"),
    )


class PhoneForm(forms.Form):
    """Photos from the phone's camera, or files."""

    files = forms.FilesField(
        _l("Take photos or choose files"), accept=ACCEPT, camera=True, mark_optional=False,
        hint=_l("Lay the paper flat, with all four corners in the picture. Several at once are fine."),
    )  # fmt: skip


def _store(form: Any, case: Case, actor: Actor, kind: str, source: str) -> list[str]:
    """Attach what was sent; the good files stay even when one is refused. The names of those stored."""
    stored: list[str] = []
    sent = [upload for upload in form.files.data or [] if getattr(upload, "filename", "")]
    if not sent:
        form.add_problems([Problem("file", "files", CHOOSE)])
    for upload in sent:
        try:
            with db.begin_nested():
                row = files.attach(db, case.id, actor, kind, upload.filename, upload.read(), source)
            stored.append(row.filename)
        except RuleViolation as violation:
            form.add_problems(
                [
                    Problem(
                        p.code,
                        "files",
                        Words(f"{upload.filename}：{p.words.zh}", f"{upload.filename}: {p.words.en}"),
                    )
                    for p in violation.problems
                ]
            )
    if stored:
        db.commit()
    return stored


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
    needed = files.needed(db, case, application, catalogue(db))
    if not form.is_submitted():
        form.kind.data = next((n.kind for n in needed if not n.present), "other")
    if form.validate_on_submit():
        stored = _store(form, case, current_user.actor, form.kind.data or "other", "desk")
        if not form.errors:
            flash(gettext("Uploaded: %(names)s", names="、".join(stored)), "success")
            return redirect(url_for("attachments.index", number=number), 303)
        needed = files.needed(db, case, application, catalogue(db))
    removed = session.pop("removed_file", None)
    page = render_template(
        "portal/attachments/index.html", case=case, form=form, needed=needed, editable=editable,
        link=_link(number) if editable else None, kinds=files.KINDS,
        removed=removed if removed and removed["case"] == number else None, **_listed(case),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _listed(case: Case) -> dict[str, Any]:
    rows = files.attachments_of(db, case.id)
    return {"rows": rows, "seen": "-".join([str(len(rows)), *(str(r.id)[:8] for r in rows[-3:])])}


@blueprint.get("/cases/<number>/attachments/arrived")
@limiter.limit("120 per minute")
@signed_in
def arrived(number: str) -> ResponseReturnValue:
    """The list of files, asked for every two seconds while the phone's link works: a fragment."""
    case = case_of(db, number, current_user.id)
    listed = _listed(case)
    ended = _link(number) is None
    if request.args.get("seen") == listed["seen"] and not ended:
        return "", 204
    page = render_template(
        "portal/attachments/files.html",
        case=case,
        kinds=files.KINDS,
        editable=case.state in EDITABLE,
        **listed,
    )
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


@blueprint.get("/cases/<number>/attachments/<uuid:attachment_id>")
@signed_in
def show(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """One file."""
    case = case_of(db, number, current_user.id)
    row = files.attachment_of(db, case.id, attachment_id)
    answer = Response(objects.get(row.key), mimetype=row.content_type)
    answer.headers.set("Content-Disposition", "inline", filename=row.filename)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.post("/cases/<number>/attachments/<uuid:attachment_id>/remove")
@signed_in
def remove(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Take a file out; can be undone on the next page."""
    case = case_of(db, number, current_user.id)
    row = files.attachment_of(db, case.id, attachment_id)
    files.remove(db, case.id, current_user.actor, attachment_id)
    session["removed_file"] = {"case": number, "id": str(attachment_id), "name": row.filename}
    return redirect(url_for("attachments.index", number=number), 303)


@blueprint.post("/cases/<number>/attachments/<uuid:attachment_id>/restore")
@signed_in
def restore(number: str, attachment_id: uuid.UUID) -> ResponseReturnValue:
    """Undo a removal."""
    case = case_of(db, number, current_user.id)
    files.restore(db, case.id, current_user.actor, attachment_id)
    flash(gettext("The file is back."), "success")
    return redirect(url_for("attachments.index", number=number), 303)


@blueprint.route("/u/<token>", methods=["GET", "POST"])
@limiter.limit("60 per minute")
@by_link
def phone(token: str) -> ResponseReturnValue:
    """The phone's page: no sign-in beyond the link; photos go up one by one and say how far they are."""
    try:
        link, case = files.link_of(db, token)
    except Conflict as conflict:
        if request.accept_mimetypes.best == "application/json":
            return jsonify(errors=[say(conflict.words)]), 410
        return render_template("portal/attachments/ended.html", words=conflict.words), 410
    form = PhoneForm()
    stored: list[str] = []
    if form.is_submitted() and form.validate():
        owner = db.get_one(Account, case.owner_id)
        stored = _store(form, case, Actor.applicant(owner.id, owner.name), link.kind, "phone")
    if form.is_submitted() and request.accept_mimetypes.best == "application/json":
        answer = jsonify(stored=stored, errors=[item.text for item in form.error_list()])
        return answer, 422 if form.errors else 201
    if stored and not form.errors:
        flash(gettext("Uploaded: %(names)s", names="、".join(stored)), "success")
        return redirect(url_for("attachments.phone", token=token), 303)
    page = render_template(
        "portal/attachments/phone.html", form=form, case=case, link=link, kind=files.KINDS[link.kind], token=token,
        count=len(files.attachments_of(db, case.id)),
    )  # fmt: skip
    return page, 422 if form.errors else 200
