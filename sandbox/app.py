"""`create_app()`: the services and pages of 模拟环境 on one port."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from sandbox import licences, pages, people, services, tsa
from sandbox.bank.gateway import PlatformClient
from sandbox.bank.keys import BankKeys
from sandbox.config import Config
from sandbox.runner import Runner
from sandbox.signed import Refused
from sandbox.store import Store
from sandbox.words import CHINESE, ENGLISH, linked
from sandbox.words import field as field_name

LANGUAGE = "sandbox_language"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers send our own forms without their origin
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@dataclass
class World:
    """What belongs to one sandbox."""

    config: Config
    store: Store
    keys: BankKeys
    platform: PlatformClient
    runner: Runner
    answers: dict[str, tuple[bytes, str]] = field(
        default_factory=dict
    )  # the last one of each service, to be replayed


def translate(message: str, **values: object) -> str:
    """The message in the language of the request; `{names}` are filled in."""
    catalogue = ENGLISH if g.get("language") == "en" else CHINESE
    return catalogue.get(message, message).format(**values)


def shanghai(text: str) -> str:
    """A stored time as it is read in China."""
    return datetime.fromisoformat(text).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")


def here(**changes: object) -> str:
    """The address of this page with other query values."""
    query = {**request.args.to_dict(), **changes}
    return f"{request.path}?{urlencode({k: v for k, v in query.items() if v not in ('', None)})}"


def _refused(error: Refused) -> tuple[dict[str, str], int]:
    return {"error": error.code, "message": error.message}, error.status


def _http_error(error: HTTPException) -> BaseResponse | tuple[dict[str, str], int] | tuple[str, int]:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect
    if g.get("as_json") or pages.wants_json():
        return {"error": error.name.lower().replace(" ", "_"), "message": error.description or ""}, error.code
    return render_template("error.html", status=error.code), error.code


def create_app(config: Config | None = None) -> Flask:
    """The application; nothing runs in the background until `app.extensions["sandbox"].runner.start()`."""
    config = config or Config.from_environment()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 16_000_000
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    store = Store(Path(config.state) / "sandbox.db")
    people.settle(store)
    licences.settle(store)
    keys = BankKeys(Path(config.state) / "bank-keys")
    platform = PlatformClient(config, keys)
    app.extensions["sandbox"] = World(config, store, keys, platform, Runner(config, store, platform))
    app.register_blueprint(services.blueprint)
    app.register_blueprint(licences.blueprint)
    app.register_blueprint(tsa.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.jinja_env.globals.update(_=translate, here=here, field=field_name)
    app.jinja_env.filters.update(shanghai=shanghai, linked=lambda text: Markup(linked(text)))  # noqa: S704 - escaped there
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.before_request
    def _language_and_origin() -> tuple[dict[str, str], int] | None:
        asked = request.args.get("lang") or request.cookies.get(LANGUAGE)
        g.language = "en" if asked == "en" else "zh"
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
            return {"error": "other_origin", "message": "Forms of other sites are not taken."}, 403
        return None

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint == "static":
            response.headers["Cache-Control"] = "max-age=60"
        if request.args.get("lang") in ("zh", "en"):
            response.set_cookie(
                LANGUAGE, request.args["lang"], max_age=31_536_000, samesite="Lax", httponly=True
            )
        return response

    return app
