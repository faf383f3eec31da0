"""The signer's side, on the phone: who asks, who are you, is it you, read, sign, keep a copy. No account is needed.

The link lets somebody begin; from the identity check on, only the browser that passed it goes on (`SECRET` cookie).
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from app.portal.account import device_of
from app.portal.signatures.common import blueprint
from app.portal.signatures.forms import (
    CodeForm,
    ControlForm,
    DeclineForm,
    FaceForm,
    IdentityForm,
    PasskeyForm,
    SignForm,
)
from app.web import forms
from app.web.access import by_link
from app.web.database import db
from app.web.downloads import zipped
from app.web.errors import refuse
from app.web.forms import half_width
from app.web.gateways import gateways
from app.web.i18n import say
from app.web.limits import SENSITIVE, limiter
from workflow import pictures
from workflow.case import Case
from workflow.errors import Conflict, NotAllowed, OutsideFailure, RuleViolation, Words
from workflow.evidence.package import Holder, package
from workflow.personal import person_hash
from workflow.policies.queries import policy
from workflow.settings import settings
from workflow.signatures import checks, control, licences, opening, signing
from workflow.signatures.invitations import NoSuchLink, by_token, nothing_signed, owner_label
from workflow.signatures.models import Invitation
from workflow.signatures.rules import passkey_origin

SECRET = "qibu_signer"  # noqa: S105 - the name of a cookie
DAYS = 7
NO_ANSWER = Words(
    "核验服务刚才没有应答，不算一次失败。您填写的内容仍在本页，请过一分钟再按一次。",
    "The checking service did not answer just now; that is no failed try. What you entered is still here: press again in "
    "a minute.",
)
NO_ANSWER_FACE = Words(
    "核验服务刚才没有应答，不算一次失败。照片没有留存：请过一分钟重新拍摄，或改用核验码。",
    "The checking service did not answer just now; that is no failed try. The photo was not kept: take it again in a "
    "minute, or use a verification code.",
)
NOT_SIGNED = Words(
    "签名或时间戳服务刚才没有应答，没有签署任何材料，您的密钥和材料都没有变化。请过一分钟再按“全部签署”，也可以在链接有效期内用本设备再来。",
    "The signing or time stamp service did not answer just now. Nothing was signed; your key and the papers are as they "
    "were. Press “Sign all” again in a minute, or come back on this device while the link works.",
)
REPLACED = Words(
    "这个签署链接不存在或已被新的链接取代。如果您收到过更新的短信或邮件，请使用其中的链接；否则请联系邀请您的人重新发送，并核对链接是否完整。",
    "This link does not exist, or a newer one has taken its place. If you have received a newer message, use the link in "
    "it; otherwise ask the person who invited you for a new one, and check that the link is whole.",
)
OTHERS_FIRST = Words(
    "同一套材料正由其他签名人签署，需要排队，比平时久。您这边什么都没有签，也没有丢失；请过一分钟再按一次。",
    "Other signers are signing the same papers just now, and it takes longer than usual. On your side nothing was signed "
    "and nothing is lost: press again in a minute.",
)


PROMPTS = {
    "left": _l("Turn your head to the left"),
    "right": _l("Turn your head to the right"),
    "blink": _l("Close your eyes for a moment"),
    "mouth": _l("Open your mouth"),
}
STARTED_OVER = Words(
    "签署密钥已销毁，请重新核验身份。", "The signing key was destroyed. Begin with the identity check again."
)


def browser_secret() -> str:
    """What binds this browser to the invitation; empty before the identity check."""
    return request.cookies.get(SECRET, "")


def invitation_for(token: str) -> tuple[Invitation, Case]:
    """The invitation of a link with its case. Raises NotFound, Conflict (`link_expired`)."""
    row = by_token(db, token)
    return row, db.get_one(Case, row.case_id)


def _is_bound(row: Invitation) -> bool:
    try:
        checks.bound(row, browser_secret())
    except NotAllowed:
        return False
    return True


def _where(row: Invitation, token: str) -> str:
    """The page of a signer in this state."""
    steps = {
        "invited": "identity",
        "identified": "face",
        "admitted": "papers" if control.control_of(db, row) else "control_page",
        "signed": "done",
        "declined": "declined",
    }
    return url_for(f"signatures.{steps[row.state]}", token=token)


def at_step(token: str, *states: str) -> tuple[Invitation, Case]:
    """The invitation, if its signer is at one of these states and in the right browser; else off to the right page.

    Raises NotAllowed in another browser than the one that passed the identity check.
    """
    row, case = invitation_for(token)
    if row.state != "invited":
        checks.bound(row, browser_secret())
    if row.state not in states:
        abort(redirect(_where(row, token), 303))
    return row, case


def page_for(
    name: str, token: str, case: Case, row: Invitation, *, form: forms.Form | None = None, **values: Any
) -> ResponseReturnValue:
    """A page of the signer; with a form that has problems it answers 422, or 503 when a service did not answer."""
    page = render_template(
        f"portal/signatures/{name}.html", token=token, case=case, row=row, form=form, **values
    )
    return page, form.answer_status if form is not None else 200


@contextmanager
def problems_on(form: forms.Form, no_answer: Words = NO_ANSWER) -> Iterator[None]:
    """What an act refuses, or that a service did not answer, is said on the form; nothing of the act stays."""
    try:
        yield
    except RuleViolation as violation:
        db.rollback()
        form.add_problems(violation.problems)
    except OutsideFailure:
        db.rollback()
        form.add_outage(no_answer)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        db.rollback()
        form.add_outage(OTHERS_FIRST)


@blueprint.errorhandler(Conflict)
def _ended(error: Conflict) -> ResponseReturnValue:
    """A link that has ended, papers that were taken back: a page that says what to do."""
    if "token" not in (request.view_args or {}):
        return refuse(409, error.code, title=error.words)
    db.rollback()
    page = render_template(
        "portal/signatures/ended.html",
        words=error.words,
        unsigned=nothing_signed(db, (request.view_args or {})["token"]),
    )
    return page, 410 if error.code == "link_expired" else 409


@blueprint.errorhandler(NoSuchLink)
def _replaced(error: NoSuchLink) -> ResponseReturnValue:
    """A link that a newer one has ended, or that was cut short on its way."""
    db.rollback()
    return render_template("portal/signatures/ended.html", words=REPLACED), 404


@blueprint.errorhandler(NotAllowed)
def _elsewhere(error: NotAllowed) -> ResponseReturnValue:
    """Another browser than the one that passed the identity check."""
    if "token" not in (request.view_args or {}):
        return refuse(403, "not_allowed")
    return render_template("portal/signatures/elsewhere.html"), 403


@blueprint.get("/sign/<token>")
@limiter.limit("60 per minute")
@by_link
def start(token: str) -> ResponseReturnValue:
    """Who asks, for which company; nothing of the papers."""
    row, case = invitation_for(token)
    if row.state != "invited" and _is_bound(row):
        return redirect(_where(row, token), 303)
    if row.state in ("identified", "admitted"):
        return render_template("portal/signatures/elsewhere.html"), 403
    return page_for("start", token, case, row, inviter=owner_label(db, case))


@blueprint.route("/sign/<token>/identity", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def identity(token: str) -> ResponseReturnValue:
    """Is this the person invited? The browser that passes goes on, no other."""
    row, case = at_step(token, "invited")
    form = IdentityForm()
    if form.validate_on_submit():
        network, device = request.remote_addr or "", request.user_agent.string
        name, id_number = form.name.data or "", form.id_number.data or ""
        with problems_on(form):
            secret = checks.identify(db, token, name, id_number, gateways().identity, network, device)
            answer = redirect(url_for("signatures.face", token=token), 303)
            answer.set_cookie(
                SECRET, secret, max_age=DAYS * 24 * 3600, path=url_for("signatures.start", token=token), httponly=True,
                secure=current_app.config["SESSION_COOKIE_SECURE"], samesite="Lax",
            )  # fmt: skip
            return answer
        row, case = invitation_for(token)
    return page_for("identity", token, case, row, form=form)


@blueprint.route("/sign/<token>/face", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def face(token: str) -> ResponseReturnValue:
    """Is it really this person? By face, with a consent of its own; the page offers the other ways (0.6)."""
    at_step(token, "identified")
    form = FaceForm()
    if form.validate_on_submit():
        frame = form.frame.data.read() if hasattr(form.frame.data, "read") else b""
        with problems_on(form, NO_ANSWER_FACE):
            moves = [move.read() for move in request.files.getlist("live")[:4] if move.filename]
            checks.check_face(
                db, token, browser_secret(), frame, bool(form.consent.data), gateways().identity, moves
            )
            return redirect(url_for("signatures.control_page", token=token), 303)
    return face_page(token, form)


def face_page(token: str, form: forms.Form) -> ResponseReturnValue:
    """The page with all the ways to show that it is this person."""
    row, case = invitation_for(token)
    kept = policy(db, "keep_face_frame", case.authority_code)
    days = policy(db, "face_frame_days", case.authority_code)
    prompts = [PROMPTS[prompt] for prompt in checks.prompts_of(row)]
    return page_for(
        "face", token, case, row, form=form, kept=kept, days=days, prompts=prompts, wanted=licences.wanted(db, row),
        proven=licences.proven(db, row), bare=licences.without_licence(db, row), own=opening.fitting(db, row, request.host_url), own_form=PasskeyForm(formdata=None),
    )  # fmt: skip


@blueprint.route("/sign/<token>/code", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def code(token: str) -> ResponseReturnValue:
    """The other way: a code from a registration desk or notary (RN-02)."""
    row, case = at_step(token, "identified")
    form = CodeForm()
    if form.validate_on_submit():
        with problems_on(form):
            checks.check_code(db, token, browser_secret(), form.code.data or "", gateways().identity)
            return redirect(url_for("signatures.control_page", token=token), 303)
        row, case = invitation_for(token)
    return page_for("code", token, case, row, form=form, wanted=licences.wanted(db, row))


@blueprint.route("/sign/<token>/papers", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def papers(token: str) -> ResponseReturnValue:
    """The papers, each with its SHA-256; signed all at once, with the passkey or the PIN."""
    row, case = at_step(token, "admitted")
    held = control.control_of(db, row)
    if held is None:
        return redirect(url_for("signatures.control_page", token=token), 303)
    method = held.method
    form = SignForm()
    if form.validate_on_submit():
        act = signing.Act(
            bool(form.consent.data), form.papers(), digits(form.pin.data), form.answer.data or "", say(signing.CONSENT),
            request.remote_addr or "", request.user_agent.string,
        )  # fmt: skip
        with problems_on(form, NOT_SIGNED):
            signing.sign(db, token, browser_secret(), act)
            return redirect(url_for("signatures.done", token=token), 303)
        row, case = invitation_for(token)
        if row.state == "invited":  # the PIN was wrong too often
            flash(say(control.PIN_GONE), "error")
            return redirect(url_for("signatures.identity", token=token), 303)
    mine = signing.papers_to_sign(db, row)
    form.shown.data = ",".join(f"{kind}:{digest}" for kind, digest in signing.shown_to(db, row))
    form.answer.data = ""
    behalf = signing.on_behalf_of(db, row)
    return page_for("papers", token, case, row, form=form, papers=mine, method=method, behalf=behalf)


@blueprint.post("/sign/<token>/papers/ask")
@limiter.limit(SENSITIVE)
@by_link
def ask_passkey(token: str) -> ResponseReturnValue:
    """What the phone is asked to confirm: these very papers."""
    form = SignForm()
    with problems_on(form):
        return signing.ask_passkey(
            db, token, browser_secret(), form.papers(), say(signing.CONSENT), request.host_url
        )
    return said(form)


def said(form: forms.Form) -> ResponseReturnValue:
    """A form's problem as a script reads it."""
    return {"problem": say(form.form_errors[0])}, 422


@blueprint.route("/sign/<token>/control", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def control_page(token: str) -> ResponseReturnValue:
    """How the signer keeps the signing key: in the phone, or behind a PIN."""
    row, case = at_step(token, "admitted")
    if control.control_of(db, row):
        return redirect(url_for("signatures.papers", token=token), 303)
    form = ControlForm()
    if form.validate_on_submit():
        with problems_on(form):
            if form.answer.data:
                name = device_of(request.user_agent.string) or gettext("Unknown device")
                control.keep_by_passkey(
                    db,
                    token,
                    browser_secret(),
                    form.answer.data,
                    request.host_url,
                    name if form.keep.data else "",
                )
            else:
                control.keep_by_pin(
                    db, token, browser_secret(), digits(form.pin.data), digits(form.again.data)
                )
            return redirect(url_for("signatures.papers", token=token), 303)
        row, case = invitation_for(token)
    form.answer.data = ""
    _, why = passkey_origin(request.host_url, settings().portal_url)
    return page_for(
        "control", token, case, row, form=form, why=why, kept=control.passkeys_for(db, row, request.host_url),
        may_keep=control.may_keep(db, row),
    )  # fmt: skip


@blueprint.post("/sign/<token>/control/<uuid:passkey_id>")
@limiter.limit(SENSITIVE)
@by_link
def use_passkey(token: str, passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Sign with a passkey that the signer's account keeps."""
    at_step(token, "admitted")
    control.use_passkey(db, token, browser_secret(), passkey_id, request.host_url)
    return redirect(url_for("signatures.papers", token=token), 303)


def digits(value: str | None) -> str:
    """Digits as typed, in half width."""
    return half_width(value or "").strip()


@blueprint.post("/sign/<token>/control/ask")
@limiter.limit(SENSITIVE)
@by_link
def make_passkey(token: str) -> ResponseReturnValue:
    """What the phone needs to make a passkey."""
    form = ControlForm()
    with problems_on(form):
        return control.passkey_options(db, token, browser_secret(), request.host_url)
    return said(form)


@blueprint.post("/sign/<token>/again")
@limiter.limit(SENSITIVE)
@by_link
def again(token: str) -> ResponseReturnValue:
    """PIN forgotten, passkey gone: from the identity check on, under the same link."""
    control.start_over(db, token, browser_secret())
    flash(say(STARTED_OVER), "info")
    return redirect(url_for("signatures.identity", token=token), 303)


@blueprint.get("/sign/<token>/papers/<kind>")
@limiter.limit("60 per minute")
@by_link
def paper(token: str, kind: str) -> ResponseReturnValue:
    """One paper to read on the phone, page by page, without a PDF reader."""
    row, case = at_step(token, "admitted", "signed")
    pdf = signing.paper_for(db, token, browser_secret(), kind)
    mine = next(p for p in signing.papers_of(db, row) if p.kind == kind)
    large = "large" in request.args
    return page_for("paper", token, case, row, paper=mine, texts=pictures.texts(pdf), large=large)


@blueprint.get("/sign/<token>/papers/<kind>.pdf")
@limiter.limit("60 per minute")
@by_link
def paper_file(token: str, kind: str) -> ResponseReturnValue:
    """The file itself, before signing and after."""
    row, case = invitation_for(token)
    answer = Response(signing.paper_for(db, token, browser_secret(), kind), mimetype="application/pdf")
    answer.headers.set(
        "Content-Disposition", "attachment" if "download" in request.args else "inline",
        filename=f"{case.number}-{kind}{'-signed' if row.state == 'signed' else ''}.pdf",
    )  # fmt: skip
    return answer


@blueprint.get("/sign/<token>/papers/<kind>/<int:page>.png")
@limiter.limit("240 per minute")
@by_link
def paper_page(token: str, kind: str, page: int) -> ResponseReturnValue:
    """One page of a paper as a picture."""
    pdf = signing.paper_for(db, token, browser_secret(), kind)
    return Response(pictures.page(pdf, page), mimetype="image/png")


@blueprint.route("/sign/<token>/decline", methods=["GET", "POST"])
@limiter.limit(SENSITIVE, methods=["POST"])
@by_link
def decline(token: str) -> ResponseReturnValue:
    """Decline, with a reason that the applicant reads."""
    row, case = at_step(token, "identified", "admitted")
    form = DeclineForm()
    if form.validate_on_submit():
        with problems_on(form):
            signing.decline(db, token, browser_secret(), form.reason.data or "")
            return redirect(url_for("signatures.declined", token=token), 303)
    return page_for("decline", token, case, row, form=form)


@blueprint.get("/sign/<token>/declined")
@by_link
def declined(token: str) -> ResponseReturnValue:
    """What happens after a refusal."""
    row, case = at_step(token, "declined")
    return page_for("declined", token, case, row)


@blueprint.get("/sign/<token>/done")
@by_link
def done(token: str) -> ResponseReturnValue:
    """Signed: what, when, under which certificate; copies to keep."""
    row, case = at_step(token, "signed")
    return page_for("done", token, case, row, papers=signing.papers_of(db, row))


@blueprint.get("/sign/<token>/evidence.zip")
@limiter.limit("10 per hour")
@by_link
def proof(token: str) -> ResponseReturnValue:
    """The evidence package, as far as this signer may see it."""
    row, case = at_step(token, "signed")
    holder = Holder("signer", str(row.id), person_hash(row.id_number), row.person_key)
    return zipped(package(db, case, holder), f"{case.number}-evidence.zip")
