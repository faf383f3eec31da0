"""Is this licence real, and is it in force? By the QR code, by a number, by the file; and who signed a paper."""

import re
from datetime import datetime

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.web import forms
from app.web.access import public
from app.web.database import db
from app.web.limits import limiter
from signing.errors import PaperRefused
from signing.validation import validate
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
    """A licence, notice or signed paper as a file."""

    file = forms.FileField(
        _l("Licence or signed paper as a PDF file"), accept="application/pdf", required=_l("Choose a file"),
        hint=_l("Its signatures are checked, and a licence is compared with what was issued. The file is not kept."),
    )  # fmt: skip


REASONS = {
    "content_changed": _l("The signed content was changed."),
    "signature_forged": _l("The signature was not made with the certificate's key."),
    "not_covering": _l("The signature does not cover the whole paper."),
    "changed_afterwards": _l("Something was changed after signing that a signature does not allow."),
    "time_stamp_missing": _l("No time stamp proves when it was signed."),
    "time_stamp_mismatch": _l("The time stamp belongs to another paper."),
    "time_stamp_untrusted": _l("The time stamp does not come from a trusted authority."),
    "untrusted_root": _l("The certificate was not issued here."),
    "not_valid_then": _l("The certificate was not valid when it was signed."),
    "revoked": _l("The certificate was revoked when it was signed."),
    "revocation_unknown": _l("Nothing in the file proves that the certificate was in force."),
    "certificate_unfit": _l("The certificate is not made for signatures."),
}


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
        try:
            reports = (
                validate(data, [current_app.extensions["authority"].root]) if len(data) <= MOST_BYTES else []
            )
        except PaperRefused:
            reports = []
        if reports:
            return render_template(
                "public/verify/report.html", reports=reports, reasons=REASONS, when=datetime.fromisoformat,
                holds=all(r.valid for r in reports), name=form.file.data.filename,
            )  # fmt: skip
        form.file.errors = [
            gettext("This is no PDF with a signature, or it was printed anew since it was signed.")
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
