"""The signer's own passkey instead of the face, before the papers open: asked, then confirmed by the device (0.6)."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.portal.signatures.common import blueprint
from app.portal.signatures.forms import FaceForm, PasskeyForm
from app.portal.signatures.signer import (
    at_step,
    browser_secret,
    face_page,
    problems_on,
    said,
)
from app.web.access import by_link
from app.web.database import db
from app.web.limits import SENSITIVE, limiter
from workflow.signatures import opening


@blueprint.route("/sign/<token>/passkey", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def passkey(token: str) -> ResponseReturnValue:
    """What the device has confirmed; a problem is said on the page that offers all the ways."""
    at_step(token, "identified")
    if request.method == "GET":  # the address of a page with a problem, opened again
        return redirect(url_for("signatures.face", token=token), 303)
    form, page = PasskeyForm(), FaceForm(formdata=None)
    with problems_on(page):
        opening.check_passkey(db, token, browser_secret(), form.answer.data or "", request.host_url)
        return redirect(url_for("signatures.control_page", token=token), 303)
    return face_page(token, page)


@blueprint.post("/sign/<token>/passkey/ask")
@limiter.limit(SENSITIVE)
@by_link
def ask_own_passkey(token: str) -> ResponseReturnValue:
    """What the device is asked to confirm."""
    form = PasskeyForm()
    with problems_on(form):
        return opening.ask(db, token, browser_secret(), request.host_url)
    return said(form)
