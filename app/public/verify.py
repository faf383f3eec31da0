"""Is this licence real, and is it in force? By the QR code, by a number, by the file."""

import re

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.web import forms
from app.web.access import public
from app.web.database import db
from app.web.limits import limiter
from workflow.db import now
from workflow.licensing import queries

blueprint = Blueprint("verify", __name__)
MOST_BYTES = 10 * 1024 * 1024


class CodeForm(forms.Form):
    """What stands on the licence."""

    code = forms.TextField(
        _l("Credit code or verification code"), max_length=300, required=_l("Enter a code"),
        hint=_l("The 18 characters of the credit code, or what the QR code says"),
    )  # fmt: skip


class FileForm(forms.Form):
    """The licence as a file."""

    file = forms.FileField(
        _l("Licence as a PDF file"), accept="application/pdf", required=_l("Choose a file"),
        hint=_l("It is compared with what the authority issued, byte for byte, and is not kept."),
    )  # fmt: skip


@blueprint.route("/verify", methods=["GET", "POST"])
@limiter.limit("60 per minute", methods=["POST"])
@public
def index() -> ResponseReturnValue:
    """Enter a code."""
    form = CodeForm()
    if form.validate_on_submit():
        text = re.sub(r"\s+", "", form.code.data).rstrip("/")
        code = text.rpartition("/v/")[2]
        if queries.licence_by_code(db, code):
            return redirect(url_for("verify.show", code=code), 303)
        if (row := queries.entry(db, code)) is not None:
            return redirect(url_for("register.company", uscc=row.uscc), 303)
        form.code.errors = [
            gettext("No licence has this code. Check each character; it may also be a forgery.")
        ]
    return _page(form, FileForm(formdata=None), 422 if form.errors else 200)


@blueprint.post("/verify/file")
@limiter.limit("20 per minute")
@public
def file() -> ResponseReturnValue:
    """Hand in the file."""
    form = FileForm()
    if form.validate_on_submit():
        data = form.file.data.read(MOST_BYTES + 1)
        found = queries.licence_by_file(db, data) if data.startswith(b"%PDF") else None
        if found is not None:
            return redirect(url_for("verify.show", code=found.verification_code), 303)
        form.file.errors = [
            gettext("This file is no licence that was issued here, or it was changed or printed anew since.")
        ]
    return _page(CodeForm(formdata=None), form, 422)


def _page(code_form: CodeForm, file_form: FileForm, status: int) -> ResponseReturnValue:
    faulty = file_form if file_form.errors else code_form
    page = render_template("public/verify/index.html", form=faulty, code_form=code_form, file_form=file_form)
    return page, status


@blueprint.get("/v/<code>")
@limiter.limit("120 per minute")
@public
def show(code: str) -> ResponseReturnValue:
    """Where the QR code of a licence leads: what is registered at this moment (EL-06, EL-07)."""
    found = queries.licence_by_code(db, code)
    if found is None:
        return render_template("public/verify/unknown.html"), 404
    licence, entry = found
    return render_template("public/verify/show.html", licence=licence, row=entry, checked_at=now())
