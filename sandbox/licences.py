"""The electronic business licence (电子营业执照): who holds which organisation's, and what a holder confirms or refuses.

The platform opens a session for an organisation and leads the signer to its page. There a holder confirms or refuses;
either way the page shows a code of eight digits, for once and for ten minutes, by which the platform fetches the
answer. No organisation here exists; credit codes lie in the range of the demonstration (QB).
"""

import hmac
import re
import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for

from sandbox import people
from sandbox.pages import Answer, paged, wants_json
from sandbox.signed import Refused, body, once, service, store, text
from sandbox.store import Store, utc

blueprint = Blueprint("licences", __name__)
MINUTES = 10
TRIES = 5
CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
ROLES = ("legal_representative", "person_in_charge", "authorised")


@dataclass(frozen=True)
class Seed:
    """A licence of the first day."""

    uscc: str
    name: str
    holder: str
    role: str = "legal_representative"
    state: str = "existing"


SEEDS = (
    Seed("91420100QB00PFCM3L", "武汉虚构投资有限公司", "xiaoli"),
    Seed("91420100QB00PFCN1F", "武汉虚构科技有限公司", "xiaozhao"),
    Seed("91420100QB00PFCP86", "武汉虚构旧业有限公司", "xiaowang", state="revoked"),
)


def settle(store: Store) -> None:
    """Bring in the licences of the first day, once."""
    with store.write() as db:
        for seed in SEEDS:
            if db.execute("SELECT 1 FROM licences WHERE uscc = ?", (seed.uscc,)).fetchone() is None:
                _insert(db, seed)


def _insert(db: sqlite3.Connection, seed: Seed) -> None:
    number = f"{seed.uscc[2:8]}S{secrets.randbelow(10**9):09d}"
    db.execute(
        "INSERT INTO licences (uscc, name, number, state) VALUES (?, ?, ?, ?)",
        (seed.uscc, seed.name, number, seed.state),
    )
    db.execute("INSERT INTO licence_holders VALUES (?, ?, ?)", (seed.uscc, seed.holder, seed.role))


# -- what the platform calls -----------------------------------------------------------------------------------------


@blueprint.post("/licence/sessions")
@service("licence")
def open_session() -> dict[str, Any]:
    """Ask that a holder of this organisation's licence confirms something; the answer says where to lead the person."""
    values = body()

    def answer() -> dict[str, Any]:
        name, uscc = text(values, "organisation", 200), text(values, "uscc", 18)
        purpose, back = text(values, "purpose", 300), text(values, "return_url", 300)
        if urlsplit(back).scheme not in ("http", "https"):
            raise Refused(400, "bad_field", "return_url: an http address.")
        session = secrets.token_urlsafe(18)
        with store().write() as db:
            db.execute(
                "INSERT INTO licence_sessions (id, uscc, name, purpose, return_url, expires) VALUES (?, ?, ?, ?, ?, ?)",
                (session, uscc, name, purpose, back, time.time() + 60 * MINUTES),
            )
        page = url_for(".session_page", session_id=session, _external=True)
        return {"request_id": values["request_id"], "session": session, "page": page, "seconds": 60 * MINUTES}

    return once("licence", values, answer)


@blueprint.post("/licence/sessions/<session_id>/answer")
@service("licence")
def session_answer(session_id: str) -> dict[str, Any]:
    """What the holder said, for the code that the page showed; `name` and `id_number` are held against the holder's."""
    values = body()
    return once("licence", values, lambda: _answer(session_id, values))


def _answer(session_id: str, values: dict[str, Any]) -> dict[str, Any]:
    name, number = text(values, "name", 60), text(values, "id_number", 30).upper()
    code, request_id = text(values, "code", 20), values["request_id"]
    said: dict[str, Any] = {"request_id": request_id, "provider_reference": f"sim-{secrets.token_hex(10)}"}
    with store().write() as db:
        row = db.execute("SELECT * FROM licence_sessions WHERE id = ?", (session_id,)).fetchone()
        if row is None:
            raise Refused(404, "no_such_session")
        if row["expires"] < time.time() or row["tries"] >= TRIES:
            return said | {"result": "expired"}
        if not row["code"] or not hmac.compare_digest(row["code"].encode(), code.encode()):
            db.execute("UPDATE licence_sessions SET tries = tries + 1 WHERE id = ?", (session_id,))
            return said | {"result": "wrong_code"}
        if row["used_by"] not in ("", request_id):
            return said | {"result": "used"}
        db.execute("UPDATE licence_sessions SET used_by = ? WHERE id = ?", (request_id, session_id))
        if row["state"] == "refused":
            return said | {"result": "refused"}
        licence = db.execute("SELECT * FROM licences WHERE uscc = ?", (row["chosen"],)).fetchone()
        role = db.execute(
            "SELECT role FROM licence_holders WHERE uscc = ? AND person_id = ?",
            (row["chosen"], row["holder"]),
        ).fetchone()
    holder = people.find(store(), row["holder"])
    assert holder is not None
    return said | {
        "result": "confirmed",
        "confirmed_at": row["at"],
        "licence": {key: licence[key] for key in ("name", "uscc", "number", "state")},
        "holder": {
            "name": holder.name, "role": role["role"], "same_person": (holder.name, holder.id_number) == (name, number),
        },
    }  # fmt: skip


# -- pages ---------------------------------------------------------------------------------------------------------------


@blueprint.get("/licence")
def index() -> Answer:
    """Every licence and who holds it."""
    if wants_json():
        return {
            "fictitious": True,
            "licences": [_as_json(row) for row in store().rows("SELECT * FROM licences ORDER BY id")],
        }
    typed = {name: request.args.get(name, "")[:200] for name in ("name", "uscc")}
    return _index(typed, "")


def _as_json(row: sqlite3.Row) -> dict[str, Any]:
    holders = store().rows(
        "SELECT person_id, role FROM licence_holders WHERE uscc = ? ORDER BY rowid", (row["uscc"],)
    )
    return {
        **{key: row[key] for key in ("name", "uscc", "number", "state")},
        "holders": [dict(holder) for holder in holders],
    }


def _index(typed: dict[str, str], problem: str) -> Answer:
    found = paged("licences", ())
    page = render_template(
        "licences.html", typed=typed, problem=problem, everybody=people.page(store()), roles=ROLES, holders=_holders(), **found
    )  # fmt: skip
    return (page, 400) if problem else page


def _holders() -> dict[str, list[tuple[people.Person, str]]]:
    """Who holds the licence of each credit code."""
    known = {person.id: person for person in people.page(store())}
    found: dict[str, list[tuple[people.Person, str]]] = {}
    for row in store().rows("SELECT * FROM licence_holders ORDER BY rowid"):
        found.setdefault(row["uscc"], []).append((known[row["person_id"]], row["role"]))
    return found


@blueprint.post("/licence")
def add() -> Answer:
    """Make up an organisation's licence, or give an existing one another holder."""
    typed = body() if request.is_json else request.form.to_dict()
    values = {key: str(typed.get(key) or "").strip() for key in ("name", "uscc", "holder", "role")}
    values["uscc"] = values["uscc"].upper()
    wrong = (
        "name" if not 2 <= len(values["name"]) <= 100
        else "uscc" if not CODE.fullmatch(values["uscc"])
        else "holder" if people.find(store(), values["holder"]) is None
        else "role" if values["role"] not in ROLES
        else ""
    )  # fmt: skip
    if wrong and wants_json():
        raise Refused(400, "bad_field", wrong)
    if wrong:
        return _index(values, wrong)
    with store().write() as db:
        if db.execute("SELECT 1 FROM licences WHERE uscc = ?", (values["uscc"],)).fetchone() is None:
            _insert(db, Seed(**values))
        else:
            db.execute("UPDATE licences SET name = ? WHERE uscc = ?", (values["name"], values["uscc"]))
            row = (values["uscc"], values["holder"], values["role"])
            db.execute("INSERT OR REPLACE INTO licence_holders VALUES (?, ?, ?)", row)
    if wants_json():
        return {"uscc": values["uscc"]}, 201
    return redirect(url_for(".index"), 303)


@blueprint.post("/licence/<uscc>/state")
def set_state(uscc: str) -> Answer:
    """Revoke a licence, or bring it back."""
    state = str((body() if request.is_json else request.form).get("state") or "")
    if state not in ("existing", "revoked"):
        raise Refused(400, "bad_field", "state")
    with store().write() as db:
        if not db.execute("UPDATE licences SET state = ? WHERE uscc = ?", (state, uscc)).rowcount:
            abort(404)
    if wants_json():
        return {"uscc": uscc, "state": state}
    return redirect(url_for(".index"), 303)


@blueprint.get("/licence/<session_id>")
def session_page(session_id: str) -> Answer:
    """What the holder sees on the phone: who asks for what, for which organisation; after the answer, the code."""
    return _session_page(session_id, "")


def _session_page(session_id: str, problem: str) -> Answer:
    row = store().row("SELECT * FROM licence_sessions WHERE id = ?", (session_id,)) or abort(404)
    known = {licence["uscc"]: licence for licence in store().rows("SELECT * FROM licences ORDER BY id")}
    cards = [(known[uscc], person, role) for uscc, holders in _holders().items() for person, role in holders]
    cards.sort(key=lambda card: card[0]["uscc"] != row["uscc"])
    page = render_template(
        "licence.html", row=row, cards=cards, known=row["uscc"] in known, over=row["expires"] < time.time(), minutes=MINUTES,
        back=f"{row['return_url']}{'&' if '?' in row['return_url'] else '?'}code={row['code']}", problem=problem,
    )  # fmt: skip
    return (page, 400) if problem else page


@blueprint.post("/licence/<session_id>")
def decide(session_id: str) -> Answer:
    """The holder confirms (`decision` confirm, `card` as `credit code:person`) or refuses; the first answer stands."""
    values = body() if request.is_json else request.form.to_dict()
    decision, (uscc, _, holder) = values.get("decision"), str(values.get("card") or "").partition(":")
    with store().write() as db:
        row = db.execute("SELECT * FROM licence_sessions WHERE id = ?", (session_id,)).fetchone() or abort(
            404
        )
        if row["state"] == "open" and row["expires"] >= time.time():
            held = db.execute(
                "SELECT 1 FROM licence_holders WHERE uscc = ? AND person_id = ?", (uscc, holder)
            ).fetchone()
            if decision not in ("confirm", "refuse") or (decision == "confirm" and held is None):
                problem = "card"
            else:
                problem = ""
                db.execute(
                    "UPDATE licence_sessions SET state = ?, chosen = ?, holder = ?, code = ?, at = ? WHERE id = ?",
                    (
                        "confirmed" if decision == "confirm" else "refused", uscc, holder, f"{secrets.randbelow(10**8):08d}",
                        utc(), session_id,
                    ),
                )  # fmt: skip
        else:
            problem = ""
    if wants_json():
        if problem:
            raise Refused(400, "bad_field", problem)
        row = store().row("SELECT * FROM licence_sessions WHERE id = ?", (session_id,))
        assert row is not None
        return {"state": row["state"], "code": row["code"]}
    if problem:
        return _session_page(session_id, problem)
    return redirect(url_for(".session_page", session_id=session_id), 303)
