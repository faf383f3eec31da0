"""Who is signed in: Flask-Login over sessions that live in the database and can be revoked."""

import re
import uuid
from dataclasses import dataclass

from flask import Flask, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from app.web.database import db
from workflow.accounts.models import Account, BankUser, Staff, WebSession
from workflow.accounts.operations import open_session, revoke_session, session_of
from workflow.case import Actor
from workflow.review.operations import actor_of

# A path of ours: browsers drop control characters and read `//` or `/\\` in front as the name of another host.
_PATH = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f]*")
SUBJECTS = {"portal": Account, "intranet": Staff, "bank": BankUser}
SIGN_IN = {"portal": "account.sign_in", "intranet": "intranet_account.sign_in", "bank": "desk.sign_in"}


@dataclass
class SignedIn(UserMixin):
    """The person of this request: an Account, Staff or BankUser by door, and the session that says so."""

    person: Account | Staff | BankUser
    session: WebSession
    token: str

    def get_id(self) -> str:
        """What the cookie carries."""
        return self.token

    @property
    def id(self) -> uuid.UUID:
        """The id of the account, member of staff or bank user."""
        return self.person.id

    @property
    def name(self) -> str:
        """The person's name."""
        return self.person.name

    @property
    def number(self) -> str:
        """The staff number, at the intranet door."""
        return getattr(self.person, "number", "")

    @property
    def actor(self) -> Actor:
        """The person as the domain sees them."""
        person = self.person
        if isinstance(person, Staff):
            return actor_of(person)
        if isinstance(person, BankUser):
            return Actor("bank", str(person.id), person.bank_code, frozenset({"bank"}))
        return Actor.applicant(person.id, person.name)


def sign_in(person: Account | Staff | BankUser) -> None:
    """Open a session for a person at this door and put its token into the cookie."""
    from flask import session as cookie

    kept = {key: cookie[key] for key in ("_flashes",) if key in cookie}
    cookie.clear()  # a new session after signing in: nothing planted before survives
    cookie.update(kept)
    token = open_session(db, current_app.config["DOOR"], person.id, request.user_agent.string)
    live = session_of(db, current_app.config["DOOR"], token)
    assert live is not None
    cookie.permanent = True
    login_user(SignedIn(person, live, token))


def sign_out() -> None:
    """End the session, in the database too."""
    if current_user.is_authenticated:
        revoke_session(db, current_user.id, current_user.session.id)
    logout_user()


def init_session(app: Flask) -> None:
    """Load the person of the cookie's token; send those who are not signed in to the door's sign-in page."""
    manager = LoginManager(app)
    manager.session_protection = None  # bound to a database row instead of to the address

    @manager.user_loader
    def load(token: str) -> SignedIn | None:
        live = session_of(db, app.config["DOOR"], token)
        if live is None:
            return None
        person = db.get(SUBJECTS[app.config["DOOR"]], live.subject_id)
        if person is None or not getattr(person, "active", True):
            return None
        return SignedIn(person, live, token)

    @manager.unauthorized_handler
    def ask() -> ResponseReturnValue:
        flash(gettext("Please sign in to go on."), "info")
        following = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for(SIGN_IN[app.config["DOOR"]], next=following), 303)


def safe_next(fallback: str) -> str:
    """Where to go after signing in: a path of this door only."""
    target = request.args.get("next", "")
    return target if _PATH.fullmatch(target) else fallback
