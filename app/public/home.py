"""Where everybody begins: what this is, how it goes, how long it takes; and where a case stands."""

import re
import time
from datetime import timedelta

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta, gettext
from flask_babel import lazy_gettext as _l

from app.portal.next_action import STATES
from app.web import forms
from app.web.access import public
from app.web.database import db
from app.web.limits import SENSITIVE, limiter
from workflow.errors import NotFound
from workflow.figures import Pace, pace
from workflow.policies.queries import policy
from workflow.situation import case_by_tail, situations

blueprint = Blueprint("home", __name__)


KEEP_SECONDS = 300


def _pace() -> Pace | None:
    """The pace, counted at most every five minutes."""
    kept: tuple[float, Pace | None] = current_app.extensions.get("pace", (0.0, None))
    if kept[0] < time.monotonic():
        kept = (time.monotonic() + KEEP_SECONDS, pace(db))
        current_app.extensions["pace"] = kept
    return kept[1]


def lasting(span: timedelta) -> str:
    """A duration in the language of the page: `2 hours`."""
    return format_timedelta(span, threshold=1)


@blueprint.get("/")
@public
def index() -> ResponseReturnValue:
    """The first page."""
    return render_template(
        "public/home/index.html", pace=_pace(), days=policy(db, "decision_days"), lasting=lasting
    )


@blueprint.get("/guide")
@public
def guide() -> ResponseReturnValue:
    """Each step: what to do, what to have at hand, how long, on what basis."""
    return render_template(
        "public/home/guide.html", days=policy(db, "decision_days"), months=policy(db, "reservation_months")
    )


class ProgressForm(forms.Form):
    """What the receipt says, and something only its owner knows."""

    number = forms.TextField(
        _l("Case number"), max_length=24, required=_l("Enter the case number"), hint=_l("Such as QB2026-0001-0387"),
        classes="govuk-input--width-20",
    )  # fmt: skip
    tail = forms.TextField(
        _l("Last four digits of the applicant's phone"), max_length=4, required=_l("Enter the last four digits"),
        classes="govuk-input--width-4",
    )  # fmt: skip


def _asked() -> str:
    return "progress:" + re.sub(r"\W", "", request.form.get("number", "")).upper()


@blueprint.route("/progress", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
# Four digits are soon tried from many addresses: wrong guesses are counted for each case too.
@limiter.limit(
    "20 per day", key_func=_asked, methods=["POST"], deduct_when=lambda answer: answer.status_code == 422
)
@public
def progress() -> ResponseReturnValue:
    """Where a case stands, without signing in: the state and the time limit, nothing about people."""
    form = ProgressForm()
    if form.validate_on_submit():
        try:
            case = case_by_tail(db, form.number.data, form.tail.data)
        except NotFound:
            form.number.errors = [gettext("No case has this number and these four digits. Check both.")]
        else:
            situation = situations(db, [case])[case.id]
            return render_template(
                "public/home/standing.html", situation=situation, changed_at=case.changed_at,
                state=STATES[case.state],
            )  # fmt: skip
    return render_template("public/home/progress.html", form=form), 422 if form.errors else 200
