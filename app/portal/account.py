"""Steps 1 and 2: signing up by bank card, one element a page; signing in by phone and code; one's account."""

import base64
import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web import forms
from app.web.access import public, signed_in
from app.web.database import db
from app.web.errors import REFUSALS
from app.web.gateways import gateways
from app.web.i18n import CHINESE, ENGLISH, YEAR, is_chinese, large_type
from app.web.limits import SENSITIVE, limiter
from app.web.session import safe_next
from app.web.session import sign_in as open_session
from app.web.session import sign_out as close_session
from workflow.accounts import operations
from workflow.accounts.models import Account, SignUp
from workflow.accounts.rules import REQUIRED
from workflow.errors import Conflict, NotFound, OutsideFailure, RuleViolation
from workflow.gateways.card import ELEMENTS
from workflow.personal import decrypt, encrypt
from workflow.settings import settings

blueprint = Blueprint("account", __name__)


# --- step 1: signing up -------------------------------------------------------------------------------


class NameForm(forms.Form):
    """The first of the four elements (RN-06)."""

    name = forms.TextField(
        _l("Your name"), max_length=50, required=REQUIRED["name"], hint=_l("As on your ID card"), autocomplete="name"
    )  # fmt: skip


class IdNumberForm(forms.Form):
    """The second."""

    id_number = forms.IdNumberField(
        _l("Your ID number"), required=REQUIRED["id_number"], hint=_l("18 characters; the last may be X")
    )


class CardForm(forms.Form):
    """The third."""

    card_number = forms.CardField(
        _l("Your bank card number"), required=REQUIRED["card_number"],
        hint=_l("A card held in your own name, of any bank. Nothing is charged."),
    )  # fmt: skip


class PhoneForm(forms.Form):
    """The fourth."""

    phone = forms.PhoneField(
        _l("The phone number your bank has on file"), required=REQUIRED["phone"],
        hint=_l("You will sign in with this number."),
    )  # fmt: skip


FORMS: dict[str, type[forms.Form]] = {
    "name": NameForm, "id_number": IdNumberForm, "card_number": CardForm, "phone": PhoneForm,
}  # fmt: skip


def _sign_up() -> SignUp | None:
    """The sign-up of this browser, if one is open or was stopped within the hour."""
    try:
        return operations.open_sign_up(db, uuid.UUID(session["sign_up"]))
    except (KeyError, ValueError, NotFound):
        return None


@blueprint.get("/sign-up")
@public
def sign_up() -> ResponseReturnValue:
    """Choose how to prove who one is."""
    if current_user.is_authenticated:
        return redirect(url_for("cases.index"), 303)
    return render_template("portal/account/sign_up.html", people_url=_sandbox("/people"))


def _sandbox(path: str) -> str:
    return settings().sandbox_url + path if settings().simulated else ""


@blueprint.get("/sign-up/desk")
@public
def desk() -> ResponseReturnValue:
    """What somebody does who can use neither a card nor Alipay (RN-02)."""
    return render_template("portal/account/desk.html")


@blueprint.route("/sign-up/card/<any(name,id_number,card_number,phone):element>", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@public
def card(element: str) -> ResponseReturnValue:
    """One element, checked at once; the first that does not match stops the way on."""
    row = _sign_up()
    step = row.step if row else 0
    if ELEMENTS.index(element) > step:
        return redirect(url_for("account.card", element=ELEMENTS[step]), 303)
    form = FORMS[element](data=operations.verified_elements(row) if row else None)
    if row is not None and row.state == "stopped":
        return _stopped()
    if form.validate_on_submit():
        try:
            return _verified(element, form, row)
        except RuleViolation as violation:
            row = _sign_up()
            if row is not None and row.state == "stopped":
                return _stopped()
            form.add_problems(violation.problems)
        except Conflict as conflict:
            if conflict.code != "has_account":
                raise
            db.rollback()
            session.pop("sign_up", None)
            return render_template("portal/account/has_account.html", words=conflict.words), 409
        except OutsideFailure:
            db.rollback()
            form.add_outage(REFUSALS[503].title, REFUSALS[503].advice)
    return _element_page(element, form), form.answer_status


def _stopped() -> ResponseReturnValue:
    page = render_template("portal/account/stopped.html", words=operations.STOPPED)
    return page, 422 if request.method == "POST" else 200


def _verified(element: str, form: forms.Form, row: SignUp | None) -> ResponseReturnValue:
    """Check, then on to the next page or to the end. Raises as `verify_element`."""
    if row is None:
        row = operations.start_sign_up(db)
        db.commit()
        session["sign_up"] = str(row.id)
    row = operations.verify_element(db, row.id, element, form[element].data, gateways().card)
    if row.state != "done":
        return redirect(url_for("account.card", element=ELEMENTS[row.step]), 303)
    account = db.get_one(Account, row.account_id)
    account.language = CHINESE if is_chinese() else ENGLISH
    session.pop("sign_up", None)
    session["signed_up"] = _seal(account.phone)
    return redirect(url_for("account.done"), 303)


def _element_page(element: str, form: forms.Form) -> str:
    position = ELEMENTS.index(element)
    back = url_for("account.card", element=ELEMENTS[position - 1]) if position else url_for("account.sign_up")
    return render_template(
        "portal/account/card.html", form=form, element=element, position=position + 1, back=back,
        people_url=_sandbox("/people"),
    )  # fmt: skip


@blueprint.get("/sign-up/done")
@public
def done() -> ResponseReturnValue:
    """All four match: the account exists; the way on is to sign in."""
    phone = _unseal("signed_up")
    if not phone:
        return redirect(url_for("account.sign_in"), 303)
    return render_template("portal/account/done.html", phone=phone)


# --- step 2: signing in -------------------------------------------------------------------------------


class SignInForm(forms.Form):
    """The phone that the code goes to."""

    phone = forms.PhoneField(
        _l("Mobile phone"), required=_l("Enter the mobile number"), hint=_l("The number you signed up with")
    )


class CodeForm(forms.Form):
    """The code."""

    code = forms.CodeField(_l("Code from the text message"), required=_l("Enter the 6 digits of the code"))


def _seal(phone: str) -> str:
    """A phone number as it travels in the cookie, which is signed but not secret."""
    return base64.b64encode(encrypt(phone.encode(), b"cookie")).decode()


def _unseal(key: str) -> str:
    sealed = session.get(key)
    return decrypt(base64.b64decode(sealed), b"cookie").decode() if sealed else ""


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Ask for a code."""
    following = safe_next("")
    if current_user.is_authenticated:
        return redirect(following or url_for("cases.index"), 303)
    form = SignInForm(data={"phone": _unseal("signed_up") or _unseal("phone")})
    if form.validate_on_submit():
        try:
            operations.send_login_code(db, form.phone.data, CHINESE if is_chinese() else ENGLISH)
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            session["phone"] = _seal(form.phone.data)
            return redirect(url_for("account.code", next=following or None), 303)
    page = render_template("portal/account/sign_in.html", form=form, following=following or None)
    return page, 422 if form.errors else 200


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@public
def code() -> ResponseReturnValue:
    """Enter the code."""
    following = safe_next("")
    phone = _unseal("phone")
    if not phone:
        return redirect(url_for("account.sign_in", next=following or None), 303)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            person = operations.check_login_code(db, phone, form.code.data)
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            open_session(person)
            answer = redirect(following or url_for("cases.index"), 303)
            if "qibu_lang" not in request.cookies and person.language == ENGLISH:
                _keep(answer, "lang", "en")
            return answer
    page = render_template(
        "portal/account/code.html", form=form, phone=phone, following=following or None,
        minutes=operations.CODE_MINUTES, sms_url=_sandbox("/sms"),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.post("/sign-in/again")
@limiter.limit(SENSITIVE)
@public
def again() -> ResponseReturnValue:
    """Send another code to the same phone."""
    following = safe_next("") or None
    phone = _unseal("phone")
    if phone:
        try:
            operations.send_login_code(db, phone, CHINESE if is_chinese() else ENGLISH)
        except RuleViolation as violation:
            form = CodeForm(formdata=None)
            form.add_problems(violation.problems, {"phone": "code"})
            page = render_template(
                "portal/account/code.html", form=form, phone=phone, following=following,
                minutes=operations.CODE_MINUTES, sms_url=_sandbox("/sms"),
            )  # fmt: skip
            return page, 422
        flash(gettext("Another code is on its way. Only the newest one works."), "info")
    return redirect(url_for("account.code", next=following), 303)


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End the session; harmless when there is none."""
    close_session()
    session.clear()
    flash(gettext("You have signed out."), "success")
    return redirect(url_for("home.index"), 303)


# --- the account --------------------------------------------------------------------------------------


class PreferencesForm(forms.Form):
    """What the platform remembers of how somebody reads."""

    language = forms.Radios(
        _l("Language of pages and messages"), required=_l("Choose a language"), inline=True,
        choices=[(CHINESE, "中文"), (ENGLISH, "English")],
    )  # fmt: skip
    large = forms.Checkbox(_l("Large type"))


@blueprint.route("/account", methods=["GET", "POST"])
@signed_in
def index() -> ResponseReturnValue:
    """Who one is here, where one is signed in, how one reads."""
    account = current_user.person
    form = PreferencesForm(data={"language": CHINESE if is_chinese() else ENGLISH, "large": large_type()})
    if form.validate_on_submit():
        operations.set_language(db, account.id, form.language.data)
        answer = redirect(url_for("account.index"), 303)
        _keep(answer, "lang", "en" if form.language.data == ENGLISH else "zh")
        _keep(answer, "font", "large" if form.large.data else "normal")
        return answer
    sessions = operations.sessions_of(db, "portal", account.id)
    page = render_template(
        "portal/account/index.html", form=form, account=account, sessions=sessions, device_of=device_of
    )
    return page, 422 if form.errors else 200


def _keep(answer: Response, key: str, value: str) -> None:
    """Set a preference, in the same cookie as the switches of the header."""
    answer.set_cookie(
        f"qibu_{key}", value, max_age=YEAR, samesite="Lax", httponly=True, secure=settings().production
    )


DEVICES = {
    "MicroMessenger": "微信", "Edg": "Edge", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = ("HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")


def device_of(agent: str) -> str:
    """A browser and its system, as people know them: `Chrome · Windows`; empty when neither is known."""
    browser = next((name for mark, name in DEVICES.items() if mark in agent), "")
    system = next((name for name in SYSTEMS if name in agent), "")
    return " · ".join(part for part in (browser, system) if part)


@blueprint.post("/account/sessions/<uuid:session_id>/revoke")
@signed_in
def revoke(session_id: uuid.UUID) -> ResponseReturnValue:
    """End one of one's own sessions."""
    if session_id == current_user.session.id:
        return sign_out()
    operations.revoke_session(db, current_user.id, session_id)
    flash(gettext("That device is signed out."), "success")
    return redirect(url_for("account.index") + "#devices", 303)


@blueprint.post("/account/sessions/revoke-others")
@signed_in
def revoke_others() -> ResponseReturnValue:
    """End every other session."""
    for row in operations.sessions_of(db, "portal", current_user.id):
        if row.id != current_user.session.id:
            operations.revoke_session(db, current_user.id, row.id)
    flash(gettext("All other devices are signed out."), "success")
    return redirect(url_for("account.index") + "#devices", 303)
