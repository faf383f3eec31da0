"""The doors: three WSGI applications from one factory, each with its own routes and its own cookie."""

from flask import Flask
from flask_wtf import CSRFProtect

from app.web.access import init_access
from app.web.access import public as anyone
from app.web.database import init_database
from app.web.errors import init_errors
from app.web.events import init_events
from app.web.health import init_health
from app.web.i18n import init_i18n
from app.web.layout import init_layout
from app.web.limits import init_limits
from app.web.logs import init_logs
from app.web.security import init_security
from app.web.session import init_session
from workflow.settings import Settings, settings
from workflow.signer import authority

DOORS = ("portal", "intranet", "bank")


def create_app(door: str, config: Settings | None = None) -> Flask:
    """The application behind one door: portal (internet), intranet (registrars), bank (API and desk).

    A route of one door does not exist at another. Raises ValueError for an unknown door, and when a production
    installation still has the demo's secrets (see Settings).
    """
    if door not in DOORS:
        raise ValueError(f"unknown door {door!r}")
    config = config or settings()
    address = {"portal": config.portal_url, "intranet": config.intranet_url, "bank": config.bank_url}[door]
    secure = address.startswith("https://")
    app = _application(door)
    app.config.update(
        DOOR=door,
        SECRET_KEY=f"{config.secret_key}:{door}",
        SESSION_COOKIE_NAME=("__Host-" if secure else "") + f"qibu_{door}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        MAX_CONTENT_LENGTH=25 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        RATELIMIT_ENABLED=config.rate_limits,
        RATELIMIT_STORAGE_URI=config.rate_storage,
    )
    app.extensions["authority"] = authority()
    csrf = CSRFProtect(app)
    for init in (init_logs, init_database, init_session, init_security, init_limits, init_i18n, init_layout):
        init(app)
    init_errors(app)
    init_health(app)
    init_events(app)
    init_access(app)
    _mount(app, door, csrf)
    if not config.production:
        from app.web import styleguide

        app.register_blueprint(styleguide.blueprint)
    return app


def _application(door: str) -> Flask:
    """The bank door describes its API (OpenAPI 3.1 at /v1/openapi.json); the others have none."""
    if door != "bank":
        return Flask("app", template_folder="../templates", static_folder="static")
    from apiflask import APIFlask  # the other doors' processes stay 30 MB smaller

    app = APIFlask(
        "app", title="Qibu: account opening", version="1", template_folder="../templates", static_folder="static",
        docs_path=None, spec_path="/v1/openapi.json", json_errors=False,
    )  # fmt: skip
    app.config["OPENAPI_VERSION"] = "3.1.0"
    anyone(app.view_functions["openapi.spec"])  # the plain name `public` becomes the package app.public
    return app


def _mount(app: Flask, door: str, csrf: CSRFProtect) -> None:
    """Register the blueprints of a door."""
    if door == "portal":
        from app.portal import (
            account,
            attachments,
            banking,
            cases,
            establishment,
            licence,
            naming,
            passkeys,
            signatures,
            timeline,
            uploads,
        )
        from app.public import evidence, home, pki, register, verify

        rooms = (
            home,
            register,
            verify,
            evidence,
            account,
            passkeys,
            cases,
            naming,
            establishment,
            attachments,
            uploads,
            signatures,
            licence,
            banking,
            timeline,
        )
        for module in rooms:
            app.register_blueprint(module.blueprint)
        app.register_blueprint(pki.blueprint)
        csrf.exempt(pki.blueprint)
    elif door == "intranet":
        from app.intranet import account, desk, names, papertexts, review, viewer, wishes

        for module in (account, desk, review, viewer, names, wishes, papertexts):
            app.register_blueprint(module.blueprint)
    else:
        from app.bank import api, desk

        app.register_blueprint(desk.blueprint)
        app.register_blueprint(api.blueprint)
        csrf.exempt(api.blueprint)
