"""The pages of 模拟环境, and the same as JSON for programs."""

import base64
import hashlib
import json
import re
import time
from typing import Any

import pyotp
from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox import faces, mail, people, sms, switches
from sandbox.bank import core
from sandbox.bank.directory import BANKS, branch, branches
from sandbox.signed import Refused, body, config, store

blueprint = Blueprint("pages", __name__)
PER_PAGE = 20
Answer = str | BaseResponse | dict[str, Any] | tuple[Any, int]


def wants_json() -> bool:
    """Whether a program asks: it sends JSON or does not ask for a page."""
    return request.is_json or "text/html" not in request.headers.get("Accept", "")


def _number(name: str, default: int, most: int) -> int:
    value = request.args.get(name, "")
    return min(int(value), most) if value.isascii() and value.isdigit() and len(value) < 10 else default


def paged(table_and_where: str, values: tuple[Any, ...]) -> dict[str, Any]:
    """One page of rows, newest first, with the count and the number of pages."""
    total = store().count(table_and_where, values)
    pages = max(1, -(-total // PER_PAGE))
    page = max(1, min(_number("page", 1, 10**6), pages))
    rows = store().rows(
        f"SELECT * FROM {table_and_where} ORDER BY id DESC LIMIT ? OFFSET ?",  # noqa: S608 - text of this module
        (*values, PER_PAGE, (page - 1) * PER_PAGE),
    )
    return {"rows": rows, "total": total, "page": page, "pages": pages}


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "ok", "simulated": "模拟环境"}


@blueprint.get("/")
def home() -> Answer:
    """What there is."""
    now = switches.read(store())
    counts = {
        "people": store().count("people"),
        "licences": store().count("licences"),
        "sms": store().count("sms"),
        "mail": store().count("mails"),
        "bank": store().count("files"),
    }
    changed = {name: value for name, value in now.items() if value != switches.DEFAULTS[name]}
    calls = store().rows("SELECT * FROM calls ORDER BY id DESC LIMIT 20")
    return render_template("home.html", counts=counts, changed=changed, calls=calls)


# People


@blueprint.get("/people")
def people_page() -> Answer:
    """Everybody."""
    return _people({}, "")


@blueprint.get("/people.json")
def people_json() -> dict[str, Any]:
    """Everybody, for tests and demonstrations."""
    return {"fictitious": True, "people": [person.as_json() for person in people.page(store())]}


def _people(typed: dict[str, str], problem: str) -> Answer:
    total = store().count("people")
    pages = -(-total // PER_PAGE)
    page = max(1, min(_number("page", 1, 10**6), pages))
    found = people.page(store(), PER_PAGE, (page - 1) * PER_PAGE)
    answer = render_template(
        "people.html",
        people=found,
        total=total,
        page=page,
        pages=pages,
        banks=BANKS,
        typed=typed,
        problem=problem,
    )
    return (answer, 400) if problem else answer


@blueprint.post("/people")
def add_person() -> Answer:
    """Make somebody up."""
    typed = body() if request.is_json else request.form.to_dict()
    names = ("name", "sex", "birth", "bank_code", "face_mode")
    values = {name: str(typed.get(name) or "").strip() for name in names}
    values["face_mode"] = values["face_mode"] or "picture"
    try:
        if values["bank_code"] not in BANKS:
            raise ValueError("bank_code")
        person_id = people.add(store(), **values)
    except ValueError as error:
        if wants_json():
            raise Refused(400, "bad_field", str(error)) from error
        return _people(values, str(error))
    if wants_json():
        found = people.find(store(), person_id)
        assert found
        return found.as_json(), 201
    return redirect(url_for(".person", person_id=person_id), 303)


def _found(person_id: str) -> people.Person:
    return people.find(store(), person_id) or abort(404)


@blueprint.get("/people/<person_id>")
def person(person_id: str) -> Answer:
    """One person with ID card, bank cards, face and code."""
    return render_template("person.html", person=_found(person_id), banks=BANKS, modes=people.FACE_MODES)


@blueprint.get("/people/<person_id>/face.png")
def face(person_id: str) -> Response:
    """The drawn face."""
    found = _found(person_id)
    return Response(faces.portrait(found.number, found.sex), mimetype="image/png")


@blueprint.post("/people/<person_id>/face-mode")
def face_mode(person_id: str) -> Answer:
    """How the face check treats this person."""
    _found(person_id)
    mode = body().get("face_mode") if request.is_json else request.form.get("face_mode")
    try:
        people.set_face_mode(store(), person_id, str(mode))
    except ValueError as error:
        raise Refused(400, "bad_field", str(error)) from error
    if wants_json():
        return _found(person_id).as_json()
    return redirect(url_for(".person", person_id=person_id), 303)


# SMS and mail


def _phone() -> str:
    return re.sub(r"[ +-]", "", request.args.get("phone", ""))[-11:]


@blueprint.get("/sms")
def sms_page() -> Answer:
    """The inbox of every phone."""
    phone = _phone()
    found = paged("sms WHERE (? = '' OR phone = ?)", (phone, phone))
    return render_template("sms.html", phone=phone, owners=_owners("phone"), **found)


def _owners(column: str) -> dict[str, people.Person]:
    return {getattr(person, column): person for person in people.page(store())}


@blueprint.get("/sms/messages")
def sms_messages() -> dict[str, Any]:
    """Messages, newest first, `limit` of them (100)."""
    phone, limit = _phone(), _number("limit", 100, 1000)
    where = "sms WHERE (? = '' OR phone = ?)"
    rows = store().rows(f"SELECT * FROM {where} ORDER BY id DESC LIMIT ?", (phone, phone, limit))  # noqa: S608
    return {"count": store().count(where, (phone, phone)), "messages": [sms.as_json(row) for row in rows]}


MAIL_OF = "mails WHERE (? = '' OR EXISTS (SELECT 1 FROM json_each(recipients) WHERE value = ?))"


@blueprint.get("/mail")
def mail_page() -> Answer:
    """The inbox of every address."""
    to = request.args.get("to", "").strip().lower()
    found = paged(MAIL_OF, (to, to))
    return render_template("mail.html", to=to, as_json=mail.as_json, **found)


@blueprint.get("/mail/<int:mail_id>")
def mail_message(mail_id: int) -> Answer:
    """One mail."""
    row = store().row("SELECT * FROM mails WHERE id = ?", (mail_id,)) or abort(404)
    return render_template("mail_message.html", row=row, mail=mail.as_json(row))


@blueprint.get("/mail/<int:mail_id>/raw.eml")
def mail_raw(mail_id: int) -> Response:
    """One mail as it came."""
    row = store().row("SELECT * FROM mails WHERE id = ?", (mail_id,)) or abort(404)
    headers = {"Content-Disposition": f'attachment; filename="{mail_id}.eml"'}
    return Response(row["raw"], mimetype="message/rfc822", headers=headers)


@blueprint.get("/mail/messages")
def mail_messages() -> dict[str, Any]:
    """Mails, newest first, `limit` of them (100)."""
    to, limit = request.args.get("to", "").strip().lower(), _number("limit", 100, 1000)
    rows = store().rows(f"SELECT * FROM {MAIL_OF} ORDER BY id DESC LIMIT ?", (to, to, limit))  # noqa: S608
    return {"count": store().count(MAIL_OF, (to, to)), "messages": [mail.as_json(row) for row in rows]}


# Banks


@blueprint.get("/bank")
def banks() -> Answer:
    """All banks."""
    counts = {
        row["bank_code"]: row["n"]
        for row in store().rows("SELECT bank_code, count(*) AS n FROM files GROUP BY 1")
    }
    open_ = {
        row["bank_code"]: row["n"]
        for row in store().rows(
            "SELECT bank_code, count(*) AS n FROM files"
            " WHERE status NOT IN ('opened', 'declined', 'withdrawn') GROUP BY 1"
        )
    }
    if wants_json():
        return {"banks": [{"code": b.code, "name": b.name, "name_en": b.english} for b in BANKS.values()]}
    return render_template("banks.html", banks=BANKS, counts=counts, open=open_)


@blueprint.get("/bank/<bank_code>")
def bank(bank_code: str) -> Answer:
    """One bank's files."""
    chosen = BANKS.get(bank_code) or abort(404)
    found = paged("files WHERE bank_code = ?", (bank_code,))
    if wants_json():
        with store().open() as db:
            return {"count": found["total"], "files": [core.as_status(db, row) for row in found["rows"]]}
    return render_template("bank.html", bank=chosen, branches=branches(bank_code), branch=branch, **found)


def _status(bank_code: str, business_number: str) -> dict[str, Any]:
    with store().open() as db:
        file = core.find(db, bank_code, business_number) or abort(404)
        return core.as_status(db, file) | {
            "company": {"name": file["company"], "uscc": file["uscc"]},
            "document": json.loads(file["document"] or "null"),
            "last_error": file["last_error"],
        }


def _file_page(bank_code: str, business_number: str, typed: dict[str, Any], moved: bool) -> Answer:
    file = _status(bank_code, business_number)
    rows = store().rows(
        "SELECT r.* FROM reports r JOIN files f ON f.id = r.file_id WHERE f.business_number = ? ORDER BY r.id",
        (business_number,),
    )
    page = render_template(
        "file.html", bank=BANKS[bank_code], file=file, reports=rows, branches=branches(bank_code), branch=branch,
        final=core.FINAL, typed=typed, moved=moved,
    )  # fmt: skip
    return (page, 409) if moved else page


@blueprint.get("/bank/<bank_code>/files/<business_number>")
def bank_file(bank_code: str, business_number: str) -> Answer:
    """One file: where it is, what was reported, what the platform sent."""
    if wants_json():
        return _status(bank_code, business_number)
    return _file_page(bank_code, business_number, {}, False)


@blueprint.get("/bank/<bank_code>/files/<business_number>/<name>.pdf")
def bank_paper(bank_code: str, business_number: str, name: str) -> Response:
    """A paper of the file (`{"sha256", "pdf"}`), its digest checked."""
    paper = (_status(bank_code, business_number)["document"] or {}).get(name)
    if not isinstance(paper, dict) or not isinstance(paper.get("pdf"), str):
        abort(404)
    data = base64.b64decode(paper["pdf"])
    if hashlib.sha256(data).hexdigest() != paper.get("sha256"):
        raise Refused(502, "digest", "The paper is not the one that was announced.")
    headers = {"Content-Disposition": f'attachment; filename="{business_number}-{name}.pdf"'}
    return Response(data, mimetype="application/pdf", headers=headers)


@blueprint.post("/bank/<bank_code>/files/<business_number>/advance")
def bank_advance(bank_code: str, business_number: str) -> Answer:
    """The clerk's next step: `status` (the natural next one when empty), `text`, `branch_code`, `seen`."""
    as_json = wants_json()
    typed = body() if request.is_json and request.get_data() else request.form.to_dict()
    step = {name: str(typed.get(name) or "").strip() for name in ("status", "text", "branch_code", "seen")}
    try:
        with store().write() as db:
            file = core.find(db, bank_code, business_number) or abort(404)
            core.advance(db, file, **step)
    except core.Moved as moved:
        if as_json:
            raise Refused(409, "not_possible_now", f"The file is at {moved}.") from moved
        return _file_page(bank_code, business_number, step, True)
    except ValueError as error:
        raise Refused(400, "bad_field", str(error)) from error
    if as_json:
        return _status(bank_code, business_number)
    return redirect(url_for(".bank_file", bank_code=bank_code, business_number=business_number), 303)


@blueprint.post("/bank/<bank_code>/files/<business_number>/send-again")
def bank_send_again(bank_code: str, business_number: str) -> Answer:
    """Send what was refused or waits, at once."""
    with store().write() as db:
        file = core.find(db, bank_code, business_number) or abort(404)
        if file["status"] != "withdrawn":
            db.execute(
                "UPDATE reports SET state = 'pending', next_try = 0 WHERE file_id = ? AND state <> 'sent'",
                (file["id"],),
            )
            db.execute("UPDATE files SET next_step = 0 WHERE id = ? AND status = 'notified'", (file["id"],))
    if wants_json():
        return _status(bank_code, business_number)
    return redirect(url_for(".bank_file", bank_code=bank_code, business_number=business_number), 303)


# Authenticator


def _codes() -> list[dict[str, Any]]:
    now = int(time.time())
    return [
        {"number": number, "code": pyotp.TOTP(secret).at(now), "seconds": 30 - now % 30}
        for number, secret in config().authenticators
    ]


@blueprint.get("/authenticator")
def authenticator() -> Answer:
    """The second factors of the demo's staff, as their phones would show them."""
    if wants_json():
        return {"codes": _codes()}
    return render_template("authenticator.html", codes=_codes())


# Switches


@blueprint.get("/switches.json")
def switches_json() -> dict[str, Any]:
    """Every switch."""
    return switches.read(store())


@blueprint.get("/switches")
def switches_page() -> Answer:
    """How each service misbehaves."""
    if wants_json():
        return switches.read(store())
    return _switches({}, "")


def _switches(typed: dict[str, str], problem: str) -> Answer:
    now = switches.read(store()) | typed
    page = render_template(
        "switches.html",
        services=switches.SERVICES,
        now=now,
        defaults=switches.DEFAULTS,
        choices=switches.CHOICES,
        problem=problem,
    )
    return (page, 400) if problem else page


@blueprint.post("/switches")
def set_switches() -> Answer:
    """Set some; `{"reset": true}` makes everybody behave."""
    values = body() if request.is_json else request.form.to_dict()
    if values.pop("reset", None):
        switches.reset(store())
    if not request.is_json and (
        name := values.pop("service", "")
    ):  # a form leaves out the boxes that are not ticked
        ticks = (
            key
            for key, value in switches.DEFAULTS.items()
            if key.startswith(f"{name}.") and isinstance(value, bool)
        )
        values = dict.fromkeys(ticks, "off") | values
    try:
        switches.change(store(), values)
    except ValueError as error:
        if wants_json():
            raise Refused(400, "bad_switch", str(error)) from error
        return _switches(values, str(error))
    if wants_json():
        return switches.read(store())
    return redirect(url_for(".switches_page"), 303)
