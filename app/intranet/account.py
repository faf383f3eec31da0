"""Signing in at the intranet: staff number, password, second factor."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web import forms
from app.web.access import public, signed_in
from app.web.database import db
from app.web.limits import SENSITIVE, limiter
from app.web.session import safe_next
from app.web.session import sign_in as open_session
from app.web.session import sign_out as close_session
from workflow.accounts.operations import sign_in_staff
from workflow.errors import RuleViolation

blueprint = Blueprint("intranet_account", __name__)


class SignInForm(forms.Form):
    """Number, password, one-time password."""

    number = forms.TextField(
        _l("Staff number"), max_length=12, required=_l("Enter your staff number"), autocomplete="username"
    )
    password = forms.PasswordField(_l("Password"), required=_l("Enter your password"))
    code = forms.CodeField(
        _l("One-time password"),
        hint=_l("6 digits from your authenticator"),
        required=_l("Enter the one-time password"),
    )


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Sign in as staff."""
    form = SignInForm()
    if form.validate_on_submit():
        try:
            person = sign_in_staff(db, form.number.data, form.password.data, form.code.data)
        except RuleViolation as violation:
            form.add_problems(violation.problems)
        else:
            open_session(person)
            return redirect(safe_next(url_for("intranet_desk.index")), 303)
    return render_template("intranet/sign_in.html", form=form), 422 if form.errors else 200


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End the session."""
    close_session()
    return redirect(url_for("intranet_account.sign_in"), 303)
