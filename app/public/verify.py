"""Is this licence real, and is it in force? By the QR code, by a number, by the file; and who signed a paper."""

import re
from datetime import datetime
from hashlib import sha256

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.web import forms
from app.web.access import public
from app.web.database import db
from app.web.limits import limiter
from signing.errors import PaperRefused
from signing.validation import SignatureReport, validate
from workflow.db import now
from workflow.evidence.documents import document
from workflow.licensing import queries

blueprint = Blueprint("verify", __name__)
MOST_BYTES = 10 * 1024 * 1024


class CodeForm(forms.Form):
    """What stands on the licence."""

    code = forms.TextField(
        _l("Credit code, verification code or document number"), max_length=300, required=_l("Enter a code"),
        hint=_l("The 18 characters of the credit code, what the QR code says, or the number at the foot of a paper"),
    )  # fmt: skip


class FileForm(forms.Form):
    """A licence, notice or signed paper as a file."""

    file = forms.FileField(
        _l("Licence or signed paper as a PDF file"), accept="application/pdf", required=_l("Choose a file"),
        hint=_l("Its signatures are checked, and a licence is compared with what was issued. The file is not kept."),
    )  # fmt: skip


class CompareForm(forms.Form):
    """A file to hold against what the platform has."""

    file = forms.FileField(
        _l("Your file"), required=_l("Choose a file"), mark_optional=False,
        hint=_l("Only its SHA-256 is computed; the file is not kept."),
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
    "control_invalid": _l("The proof that only the signer could sign does not hold for this paper."),
}
CONTROLS = {
    "passkey": _l("the signer alone: the phone confirmed these very papers (passkey)"),
    "pin": _l("the signer alone: with the key that only the signer's PIN opens"),
    "none": _l("not proven: the file does not show that only the signer could sign"),
    "invalid": _l("the proof in the file does not belong to this signature"),
}


PARTIES = {
    "person": _l("Signature of a person"),
    "seal": _l("Seal of a registration authority"),
    "platform": _l("Seal of the platform"),
    "time_authority": _l("Time stamp of the archive"),
}
LEVELS = {
    "B-B": _l("signed; the time is only claimed"),
    "B-T": _l("signed and time-stamped"),
    "B-LT": _l("with everything inside to check it later, without us"),
    "B-LTA": _l("also under an archive time stamp, for many years"),
}
CHANGES = {
    "none": _l("nothing"),
    "validation_data": _l("proofs and archive time stamps only; the content is as signed"),
    "signatures": _l("further signatures only; the content is as signed"),
    "forbidden": _l("something that a signature does not allow"),
}
REVOCATION = {
    "good": _l("in force when it was signed, as the proof in the file says"),
    "revoked": _l("revoked"),
    "unknown": _l("not proven"),
}
KINDS = {
    "paper": _l("Paper of an application"),
    "name_notice": _l("Name reservation notice"),
    "receipt": _l("Receipt for the materials"),
    "extension": _l("Notice of an extension"),
    "correction": _l("Correction notice"),
    "refusal": _l("Refusal notice"),
    "decision": _l("Notice of a decision"),
    "licence": _l("Business licence"),
    "registration": _l("Registration notice"),
    "evidence": _l("Evidence report"),
}
STATES = {
    "open": (_l("Not everybody has signed yet"), "wait"),
    "signed": (_l("Signed"), "good"),
    "replaced": (_l("Replaced, no longer counts"), "bad"),
    "in_force": (_l("In force"), "good"),
    "revoked": (_l("Revoked"), "bad"),
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
        if document(db, code) is not None:
            return redirect(url_for("verify.held", number=code.upper()), 303)
        form.code.errors = [
            gettext("No licence or paper has this code. Check each character; it may also be a forgery.")
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
        reports, problem = _examined(data)
        if reports:
            return render_template(
                "public/verify/report.html", reports=reports, reasons=REASONS, when=datetime.fromisoformat, levels=LEVELS,
                changes=CHANGES, revocation=REVOCATION, controls=CONTROLS, parties=PARTIES, holds=all(r.valid for r in reports),
                later=reports[-1].coverage != "whole_file", name=form.file.data.filename,
            )  # fmt: skip
        form.file.errors = [problem]
    return _page(CodeForm(formdata=None), form, 422)


def _examined(data: bytes) -> tuple[list[SignatureReport], str]:
    """The signatures of a file, or why there are none to tell of."""
    if len(data) > MOST_BYTES:
        return [], gettext("The file is larger than 10 MB. Papers and licences of this platform are smaller.")
    try:
        own = current_app.extensions["authority"]
        reports = validate(data, own.roots, time_roots=own.time_roots)
    except PaperRefused:
        return [], gettext("This is no PDF that can be read. It may be damaged, or another kind of file.")
    return reports, gettext("This is no PDF with a signature, or it was printed anew since it was signed.")


@blueprint.route("/verify/document/<number>", methods=["GET", "POST"])
@limiter.limit("60 per minute")
@public
def held(number: str) -> ResponseReturnValue:
    """What the platform holds under a document number, and whether a file is the same."""
    row = document(db, number)
    if row is None:
        return render_template("public/verify/no_document.html", number=number[:60]), 404
    form, digest = CompareForm(), ""
    if form.validate_on_submit():
        digest = sha256(form.file.data.read()).hexdigest()
    page = render_template(
        "public/verify/document.html", row=row, form=form, digest=digest, kinds=KINDS, states=STATES
    )
    return page, 422 if form.errors else 200


def _page(code_form: CodeForm, file_form: FileForm, status: int) -> ResponseReturnValue:
    faulty = file_form if file_form.errors else code_form
    page = render_template(
        "public/verify/index.html", form=faulty, code_form=code_form, file_form=file_form,
        outside_stamps=bool(current_app.extensions["authority"].time_roots),
    )  # fmt: skip
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
