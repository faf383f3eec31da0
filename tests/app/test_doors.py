"""The doors as an attacker walks them: every route of each, what it lets in, what it says, where it sends people."""

import gc
import json
import logging
import re
import uuid
from http.cookies import SimpleCookie

import pytest
from flask import Flask
from sqlalchemy import text

import wsgi
from app import DOORS, create_app
from app.web.limits import limiter
from app.web.logs import JsonLines
from tests import factories
from tests.signatures.people import portrait
from workflow.accounts.models import Account
from workflow.case import Case
from workflow.establishment import attachments as files
from workflow.establishment import drafts
from workflow.personal import scrub
from workflow.settings import settings

# Routes that one person sees and nobody else: they begin with a case.
OF_ONE_CASE = "/cases/<number>"
SHARED = {"static", "healthz", "readyz"}
# By purpose open to anyone, door by door; a new one must be named here.
PUBLIC = {
    "portal": r"/|/guide.*|/progress|/register.*|/v/.*|/verify.*|/evidence/roots.*|/pki/.*|/sign-(up|in|out).*",
    "intranet": r"/|/sign-in",
    "bank": r"/|/sign-in|/v1/(keys|token|openapi\.json)",
}
LINKS = r"/sign/<token>.*|/sign-licence/<uuid:check_id>|/u/<token>.*"


def routes(app: Flask):
    """Every route but what all doors share and the style guide: (rule, method, the view's declaration)."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in SHARED and not rule.endpoint.startswith("styleguide"):
            access = getattr(app.view_functions[rule.endpoint], "_access", None)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule, method, access


def address(app: Flask, rule, **known: str) -> str:
    """An address of a route, its parts filled with `known` or with what fits and does not exist."""
    parts = {}
    for name in rule.arguments:
        kind = type(rule._converters[name]).__name__
        filler = {"UUIDConverter": uuid.UUID(int=7), "IntegerConverter": 1}.get(kind, "none")
        if kind == "AnyConverter":
            filler = sorted(rule._converters[name].items)[0]
        parts[name] = known.get(name, filler)
    _domain, path = rule.build(parts)
    return path


@pytest.fixture(params=DOORS)
def door(request, house):
    client = house.client(request.param)
    client.application.config["PROPAGATE_EXCEPTIONS"] = False  # errors as people get them
    return client


def test_every_view_says_who_may_call_it(door):
    app, name = door.application, door.application.config["DOOR"]
    found = list(routes(app))
    assert len(found) > 5
    for rule, _, access in found:
        assert access, f"{rule} declares no access"
        if access == "public":
            assert re.fullmatch(PUBLIC[name], rule.rule), f"{rule} is open to anyone: is it meant to be?"
        if access == "link":
            assert name == "portal" and re.fullmatch(LINKS, rule.rule), rule


def test_a_view_that_does_not_say_is_refused(house):
    app = create_app("portal")
    app.add_url_rule("/forgotten", view_func=lambda: "open", endpoint="forgotten")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/forgotten").status_code == 500


def test_no_door_has_the_rooms_of_another(house):
    """The intranet and the banks' API do not exist on the internet, nor the portal's pages inside."""
    rooms = {
        name: {
            app.view_functions[rule.endpoint].__module__
            for app in [create_app(name)]
            for rule, _, _ in routes(app)
            if app.view_functions[rule.endpoint].__module__.startswith("app.")
        }
        for name in DOORS
    }
    own = {"portal": ("app.portal", "app.public"), "intranet": ("app.intranet",), "bank": ("app.bank",)}
    for name, modules in rooms.items():
        assert modules and all(module.startswith(own[name]) for module in modules), modules
    portal = create_app("portal").test_client()
    for path in ("/desk", "/desk/next", "/v1/keys", "/v1/token", "/v1/handoffs", "/v1/openapi.json"):
        assert portal.get(path).status_code == 404, path


def test_nobody_passes_without_signing_in(door):
    app = door.application
    for rule, method, access in routes(app):
        if access == "public":
            continue
        path = address(app, rule)
        answer = door.get(path) if method == "GET" else door.post(path)
        if access == "token":
            assert answer.status_code == 401, rule
        elif access == "link":
            assert answer.status_code == 404, rule
        else:
            assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/sign-in"), rule


def test_no_form_is_taken_from_elsewhere(door):
    """Without the page's token every POST is refused, whoever is asked; programs have keys of their own instead."""
    app = door.application
    door.forging = True
    for rule, method, access in routes(app):
        if method != "GET" and access != "token" and not rule.rule.startswith(("/v1/", "/pki/")):
            assert door.post(address(app, rule)).status_code == 400, rule


@pytest.fixture
def two(house):
    """A submitted case of somebody, and the browser of somebody else."""
    case = house.submitted()
    stranger = factories.account(house.db, "李小八")
    house.db.commit()
    return case, house.sign_in(house.client("portal"), stranger)


def test_somebody_elses_case_is_no_case(house, two):
    case, client = two
    own = house.sign_in(house.client("portal"), house.db.get_one(Account, case.owner_id))
    assert own.get(f"/cases/{case.number}").status_code == 200
    tried = 0
    for rule, method, access in routes(client.application):
        if not rule.rule.startswith(OF_ONE_CASE):
            continue
        assert access == "signed_in", rule
        path = address(client.application, rule, number=case.number)
        if path == "/cases/new":
            continue
        answer = client.get(path) if method == "GET" else client.post(path)
        assert answer.status_code == 404, (rule, method)
        assert case.name not in answer.text
        tried += 1
    assert tried > 30
    house.db.expire_all()
    assert house.db.get_one(Case, case.id).state == "submitted"


def test_a_file_of_another_case_does_not_open_through_ones_own(house):
    mine = house.named("云海测", owner=factories.account(house.db, "赵小一"))
    theirs = house.reserved("云山测", owner=factories.account(house.db, "钱小二"))
    row = files.attach(house.db, theirs.id, house.owner(theirs), "other", "a.png", portrait("PNG"), "desk")
    house.db.commit()
    me = house.sign_in(house.client("portal"), house.db.get_one(Account, mine.owner_id))
    at = f"/cases/{mine.number}/attachments/{row.id}"
    assert [
        me.get(at).status_code,
        *(me.post(f"{at}/{act}").status_code for act in ("remove", "restore")),
    ] == [404] * 3
    owner = house.sign_in(house.client("portal"), house.db.get_one(Account, theirs.owner_id))
    answer = owner.get(
        f"/cases/{theirs.number}/attachments/{row.id}/file.pdf"
    )  # made anew: no polyglot survives
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "/\t/evil.example", "\t//evil.example", "/\r/evil.example", "/\n/evil.example",
     "https://evil.example", "javascript:alert(1)", "/\x00/evil.example"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(house, target):
    client = house.sign_in(house.client("portal"), factories.account(house.db, "张小七"))
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/sign-in", query_string={"next": target}).location == "/cases"
    if target.startswith("/"):
        switched = client.get(target.replace("\\", "%5C").replace("\t", "%09").replace("\r", "%0D").replace("\n", "%0A")
                              .replace("\x00", "%00") + "?lang=en")  # fmt: skip
        assert switched.status_code in (303, 308, 404)
        if switched.location:
            assert re.match(r"(http://localhost)?/(?![/\\\s])", switched.location), switched.location


def test_a_way_of_ours_is_kept(house):
    client = house.sign_in(house.client("portal"), factories.account(house.db, "张小七"))
    assert client.get("/sign-in?next=/cases/new%3Fwho%3Done").location == "/cases/new?who=one"
    assert client.get("/register?q=云&lang=en").location.startswith("/register?q=")


def test_signs_that_no_column_takes_are_not_our_fault(house):
    client = house.sign_in(house.client("portal"), factories.account(house.db, "张小七"))
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    for rule, method, _ in routes(client.application):
        if method == "GET":
            path = (
                address(client.application, rule, **dict.fromkeys(rule.arguments, "a\x00b"))
                if not (
                    {"UUIDConverter", "IntegerConverter", "AnyConverter"}
                    & {type(c).__name__ for c in rule._converters.values()}
                )
                else address(client.application, rule, number="a\x00b", token="a\x00b")
            )
            query = "q=%00&name=%00&code=%00&number=%00&tab=%00&seen=%00&page=99999999999999999999"
            for asked in (path, f"{path}?{query}"):
                assert client.get(asked).status_code < 500, asked
    answer = house.client("bank").post(
        "/v1/token",
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJcdTAwMDAifQ.",  # {"sub": "\u0000"}
        },
    )
    assert answer.status_code in (400, 401)


def test_cookies_are_for_one_door_and_not_for_scripts(house, monkeypatch):
    monkeypatch.setenv("QIBU_PORTAL_URL", "https://portal.example.org")
    settings.cache_clear()
    client = house.client("portal")
    answer = client.get("/sign-in", base_url="https://localhost")
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["__Host-qibu_portal"]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]


def test_a_session_of_one_door_opens_no_other(house):
    portal = house.sign_in(house.client("portal"), factories.account(house.db, "张小七"))
    with portal.session_transaction() as cookie:
        token = cookie["_user_id"]
    for name in ("intranet", "bank"):
        other = house.client(name)
        with other.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        assert other.get("/desk").status_code == 303


def test_every_answer_has_its_headers(door):
    answer = door.get("/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"


# --- what is written down -----------------------------------------------------------------------------

PERSON = {"name": "张小七", "id": "42010619900101123X", "phone": "19900001234", "card": "6222020200001234567",
          "mail": "zhang@example.com", "spaced": "6222 0202 0000 1234 567"}  # fmt: skip


def line_of(error: Exception) -> dict[str, str]:
    try:
        raise error
    except Exception as caught:
        record = logging.getLogger("t").makeRecord(
            "t",
            logging.ERROR,
            "",
            0,
            "failed for %s",
            (PERSON,),
            (type(caught), caught, caught.__traceback__),
        )
    return json.loads(JsonLines().format(record))


def test_no_number_of_a_person_is_written_to_the_log():
    line = line_of(ValueError(f"bad {PERSON}"))
    for kind, value in PERSON.items():
        assert kind == "name" or value not in json.dumps(line, ensure_ascii=False), kind
    assert scrub("QB2026-0000-0017 took 1530 ms") == "QB2026-0000-0017 took 1530 ms"


def test_the_databases_errors_do_not_quote_people(house):
    """Neither the values that were sent nor the row that was refused."""
    with pytest.raises(Exception) as refused:
        house.db.execute(
            text(
                "INSERT INTO cases (id, number, entity_type, state, name) VALUES (:i, 'x', 'llc', 'draft', :n)"
            ),
            {"i": uuid.uuid4(), "n": PERSON["name"]},
        )
    house.db.rollback()
    assert PERSON["name"] not in json.dumps(line_of(refused.value)["exception"], ensure_ascii=False)


def test_history_and_the_workers_inputs_hold_no_numbers_of_people(house):
    """case_events.detail and the jobs' arguments of a case from name to submission."""
    case = house.submitted()
    application, _ = drafts.draft_of(house.db, case.id)
    numbers = (
        {p.id_number for p in application.people}
        | {p.phone for p in application.people}
        | {application.phone}
    )
    numbers |= {p.address for p in application.people} | {p.email for p in application.people}
    written = " ".join(house.db.scalars(text("SELECT detail::text FROM case_events")))
    jobs = [
        " ".join(map(str, house.db.execute(text(f'SELECT * FROM {schema}."{table}"')).all()))
        for schema, table in house.db.execute(
            text(
                "SELECT table_schema, table_name FROM information_schema.tables"
                " WHERE table_schema = 'dbos' OR table_name IN ('jobs', 'outbox', 'queue')"
            )
        )
    ]
    for value in numbers - {""}:
        assert value not in written, value
        assert not any(value in rows for rows in jobs), value


def test_the_four_digits_of_a_case_cannot_be_tried_out(house, monkeypatch):
    """Twenty wrong guesses a day for one case, from however many addresses; other cases are not affected."""
    case, other = house.named("云海测"), house.named("云山测", owner=factories.account(house.db, "钱小二"))
    house.db.commit()
    tail = house.db.get_one(Account, case.owner_id).phone[-4:]
    wrong = "0000" if tail != "0000" else "1111"
    monkeypatch.setenv("QIBU_RATE_LIMITS", "true")
    settings.cache_clear()
    client = house.client("portal")

    def ask(number: str, digits: str, guess: int) -> int:
        data = {"number": number, "tail": digits}
        return client.post(
            "/progress", data=data, environ_base={"REMOTE_ADDR": f"192.0.2.{guess}"}
        ).status_code

    try:
        assert ask(case.number, tail, 1) == 200
        assert {ask(case.number, wrong, guess) for guess in range(20)} == {422}
        assert ask(case.number.lower(), tail, 99) == 429
        assert ask(other.number, wrong, 99) == 422
    finally:
        limiter.reset()


def test_what_stands_when_a_door_opens_is_not_walked_through_again(monkeypatch):
    """The collector of rubbish would look at a quarter of a million lasting objects in the midst of a request."""
    monkeypatch.setattr(wsgi, "configure_logging", lambda: None)
    monkeypatch.setattr(wsgi, "create_app", Flask)
    frozen = gc.get_freeze_count()
    try:
        assert isinstance(wsgi.bank, Flask)
        assert gc.get_freeze_count() > frozen + 10_000
    finally:
        gc.unfreeze()
        vars(wsgi).pop("bank", None)
