"""Every way of saying no says what to do next, in both languages, as a page or as JSON."""

import pytest
from flask import abort, render_template_string
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from tests.page_laws import check_page
from tests.web.conftest import make_app
from workflow.errors import Conflict, NotAllowed, NotFound, OutsideFailure, Problem, RuleViolation, Words

PROBLEM = Problem(
    "LLC-02",
    "shareholders.0.amount",
    Words("出资额应大于零。", "Must be above zero."),
    "《公司法》第四十七条",
)
RAISED = {
    "rule": (RuleViolation([PROBLEM]), 422, "rule_violation"),
    "forbidden": (NotAllowed("no"), 403, "not_allowed"),
    "missing": (NotFound("no"), 404, "not_found"),
    "moved": (Conflict(Words("名称已被他人保留。", "The name is held."), "name_held"), 409, "name_held"),
    "outside": (OutsideFailure("card"), 503, "outside_failure"),
    "busy": (OperationalError("x", {}, LockNotAvailable("secret detail")), 503, "busy"),
    "down": (OperationalError("x", {}, ValueError("secret detail")), 500, "internal_error"),
    "bug": (ZeroDivisionError("secret detail"), 500, "internal_error"),
}


@pytest.fixture
def app(assets):
    app = make_app()
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.route("/raise/<name>", methods=["GET", "POST"], endpoint="page")
    @app.route("/v1/raise/<name>", endpoint="api")
    def fail(name):
        if name.isdigit():
            abort(int(name))
        raise RAISED[name][0]

    return app


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", [*RAISED, "400", "405", "413", "429", "410", "418", "502"])
def test_pages(app, name, language):
    client = app.test_client()
    client.set_cookie("qibu_lang", language)
    status = RAISED[name][1] if name in RAISED else int(name)
    tree = check_page(client.get(f"/raise/{name}"), status)
    assert tree.xpath("//main//a[@href='/']")
    assert "secret detail" not in "".join(tree.itertext())


@pytest.mark.parametrize("name", RAISED)
def test_json_for_programs(app, name):
    _error, status, code = RAISED[name]
    response = app.test_client().get(f"/v1/raise/{name}")
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.json["code"] == code and response.json["request_id"]
    assert set(response.json["message"]) == {"zh", "en"}
    assert "secret" not in response.text


def test_problems_come_field_by_field(app):
    errors = app.test_client().get("/v1/raise/rule").json["errors"]
    assert [(e["code"], e["path"], e["message"]["en"]) for e in errors] == [
        ("LLC-02", "shareholders.0.amount", "Must be above zero.")
    ]


def test_a_failure_outside_says_when_to_try_again(app):
    assert app.test_client().get("/raise/outside").headers["Retry-After"] == "120"


def test_an_internal_error_gives_its_number(app):
    response = app.test_client().get("/raise/bug")
    assert "错误编号" in response.text


def test_a_form_without_its_token_is_refused_kindly(assets):
    response = make_app(csrf=True).test_client().post("/styleguide", data={})
    check_page(response, 400)
    assert "已经过期" in response.text


def test_a_page_of_the_guide_for_page_builders(app):
    """The example of docs/pages.md: heading, caption and back are set by the page."""
    source = """{% extends "page.html" %}{% set heading = _("Name") %}{% set caption = _("Sign up") %}
    {% set back = "/before" %}{% set desk = true %}{% block body %}<p>{{ _("Continue") }}</p>{% endblock %}"""
    app.add_url_rule("/example", "example", lambda: render_template_string(source))
    tree = check_page(app.test_client().get("/example"), 200)
    assert tree.xpath("//h1")[0].text == "姓名"
    assert tree.xpath("//title")[0].text == "姓名 - 企业开办"
    assert "desk" in tree.xpath("//body")[0].get("class")
    assert tree.xpath("//a[@class='govuk-back-link']/@href") == ["/before"]
