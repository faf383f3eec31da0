"""The passkeys of an account: see, add (after a check of the person), name, remove. They sign later papers (ES-01)."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.portal.account import device_of
from app.portal.signatures.forms import CodeForm
from app.portal.signatures.signer import PROMPTS, problems_on
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.gateways import gateways
from app.web.i18n import say
from app.web.limits import SENSITIVE, limiter
from signing.control import rp_id
from workflow.accounts import passkeys
from workflow.errors import Problem, RuleViolation
from workflow.settings import settings
from workflow.signatures.rules import passkey_origin, prompts_from

blueprint = Blueprint("passkeys", __name__, url_prefix="/account/passkeys")


class FaceForm(forms.Form):
    """A picture of the face, with a consent of its own."""

    frame = forms.FileField(
        _l("A photo of your face"), accept="image/jpeg,image/png", camera="user", mark_optional=False
    )
    consent = forms.Checkbox(
        _l("I agree that my face is compared with the photo of my ID, to add a passkey.")
    )


class NewForm(forms.Form):
    """What the new passkey is called; `answer` is the device's."""

    answer = forms.HiddenField()
    name = forms.TextField(
        _l("Name of the passkey"), max_length=60, required=passkeys.NAME_IT, hint=_l("So that you know which device it is")
    )  # fmt: skip


class NameForm(forms.Form):
    """Another name."""

    name = forms.TextField(_l("Name of the passkey"), max_length=60, required=passkeys.NAME_IT)


def _origin() -> str:
    """Where this page's passkeys belong. Raises RuleViolation where the browser offers none."""
    origin, why = passkey_origin(request.host_url, settings().portal_url)
    if why is not None:
        raise RuleViolation([Problem("ES-01", "", why)])
    return origin


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Every passkey of the account."""
    return render_template("portal/passkeys/index.html", rows=passkeys.passkeys_of(db, current_user.id))


@blueprint.route("/face", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@signed_in
def face() -> ResponseReturnValue:
    """Is it really the account's person? By face; the page offers the other way."""
    form = FaceForm()
    prompts = prompts_from(passkeys.seed_of(passkeys.making(db, current_user.session.id)))
    if form.validate_on_submit():
        frame = form.frame.data.read() if hasattr(form.frame.data, "read") else b""
        with problems_on(form):
            moves = [move.read() for move in request.files.getlist("live")[:4] if move.filename]
            passkeys.check_face(
                db, current_user.person, current_user.session.id, frame, bool(form.consent.data), prompts, moves,
                gateways().identity,
            )  # fmt: skip
            return redirect(url_for("passkeys.new"), 303)
    shown = prompts_from(passkeys.seed_of(passkeys.making(db, current_user.session.id)))
    page = render_template("portal/passkeys/face.html", form=form, prompts=[PROMPTS[p] for p in shown])
    return page, form.answer_status


@blueprint.route("/code", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@signed_in
def code() -> ResponseReturnValue:
    """The other way: a code from a registration desk or notary (RN-02)."""
    form = CodeForm()
    if form.validate_on_submit():
        with problems_on(form):
            passkeys.check_code(
                db, current_user.person, current_user.session.id, form.code.data or "", gateways().identity
            )
            return redirect(url_for("passkeys.new"), 303)
    return render_template("portal/passkeys/code.html", form=form), form.answer_status


@blueprint.route("/new", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@signed_in
def new() -> ResponseReturnValue:
    """Make it on this device, after the check."""
    if not passkeys.is_checked(passkeys.making(db, current_user.session.id)):
        return redirect(url_for("passkeys.face"), 303)
    form = NewForm(data={"name": device_of(request.user_agent.string)})
    if form.validate_on_submit():
        with problems_on(form):
            origin = _origin()
            passkeys.add(
                db, current_user.person, current_user.session.id, form.answer.data or "", form.name.data or "", rp_id(origin), origin,
            )  # fmt: skip
            flash(
                gettext("The passkey was added. It signs from now on; a text message went to your phone."),
                "success",
            )
            return redirect(url_for("passkeys.index"), 303)
    form.answer.data = ""
    _, why = passkey_origin(request.host_url, settings().portal_url)
    return render_template("portal/passkeys/new.html", form=form, why=why), form.answer_status


@blueprint.post("/new/ask")
@limiter.limit(SENSITIVE)
@signed_in
def ask() -> ResponseReturnValue:
    """What the device needs to make a passkey."""
    form = NewForm()
    with problems_on(form):
        return passkeys.options(db, current_user.person, current_user.session.id, rp_id(_origin()))
    return {"problem": say(form.form_errors[0])}, 422


@blueprint.route("/<uuid:passkey_id>", methods=["GET", "POST"])
@signed_in
def name(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Call it something else."""
    row = passkeys.passkey_of(db, current_user.id, passkey_id)
    form = NameForm(data={"name": row.name})
    if form.validate_on_submit():
        with problems_on(form):
            passkeys.rename(db, current_user.id, passkey_id, form.name.data or "")
            return redirect(url_for("passkeys.index"), 303)
    return render_template("portal/passkeys/name.html", form=form, row=row), form.answer_status


@blueprint.route("/<uuid:passkey_id>/remove", methods=["GET", "POST"])
@signed_in
def remove(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Remove one: it signs nothing any more."""
    row = passkeys.passkey_of(db, current_user.id, passkey_id)
    if request.method == "POST":
        passkeys.remove(db, current_user.id, passkey_id)
        flash(gettext("The passkey was removed. It signs nothing any more."), "success")
        return redirect(url_for("passkeys.index"), 303)
    return render_template("portal/passkeys/remove.html", row=row)
