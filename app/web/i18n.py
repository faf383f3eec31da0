"""Languages, large type and the way a person's choice of either is kept (a cookie; the page stays)."""

from urllib.parse import quote, urlencode

from flask import Blueprint, Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, LazyString, get_locale
from markupsafe import Markup, escape

from app.web.assets import COMPILED, ROOT
from workflow.errors import Words
from workflow.settings import settings

CHINESE, ENGLISH = "zh_Hans_CN", "en"
CHOICES = {"lang": ("zh", "en"), "font": ("large", "normal")}
YEAR = 365 * 24 * 3600

blueprint = Blueprint("preferences", __name__)


def choose_locale() -> str:
    """English if the person asked for it; Chinese otherwise, whatever the browser prefers."""
    return ENGLISH if request.cookies.get("qibu_lang") == "en" else CHINESE


def is_chinese() -> bool:
    """Whether the page of this request is in Chinese (also true outside a request)."""
    locale = get_locale()
    return locale is None or locale.language == "zh"


def language_tag() -> str:
    """The value of `lang` on <html>."""
    return "zh-CN" if is_chinese() else "en"


def say(text: Words | LazyString | str | None) -> str:
    """A text in the language of the page: `Words` of a rule, a lazy message, or a plain string."""
    if text is None:
        return ""
    if isinstance(text, Words):
        return text.zh if is_chinese() else text.en
    return text if isinstance(text, str) else str(text)


def has_chinese(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def han(text: object) -> Markup:
    """Data that may be Chinese (names, addresses), marked so on an English page."""
    safe = escape(say(text) if isinstance(text, (Words, LazyString)) or text is None else text)
    if not is_chinese() and has_chinese(safe) and "lang=" not in safe:
        return Markup('<span lang="zh-CN">{}</span>').format(safe)
    return safe


def switch_url(**choice: str) -> str:
    """The address of this page with a choice (`lang`, `font`); `_switch` stores it and comes back here."""
    query = [
        (key, value) for key, value in request.args.items(multi=True) if value not in CHOICES.get(key, ())
    ]
    return "?" + urlencode([*query, *choice.items()])


@blueprint.before_app_request
def _switch() -> ResponseReturnValue | None:
    chosen = {key: request.args[key] for key in CHOICES if request.args.get(key) in CHOICES[key]}
    if request.method != "GET" or not chosen or request.endpoint == "static":
        return None
    query = urlencode([(k, v) for k, v in request.args.items(multi=True) if k not in chosen])
    # The path comes from the request itself; a second slash in front would point to another host.
    path = quote("/" + request.path.lstrip("/"), safe="/:@!$&'()*+,;=~")
    response = redirect(path + ("?" + query if query else ""), 303)
    for key, value in chosen.items():
        response.set_cookie(
            f"qibu_{key}", value, max_age=YEAR, samesite="Lax", httponly=True, secure=settings().production
        )
    return response


@blueprint.after_app_request
def _headers(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", language_tag())
        response.vary.add("Cookie")
    return response


def large_type() -> bool:
    """Whether the person chose large type (适老)."""
    return request.cookies.get("qibu_font") == "large"


def init_i18n(app: Flask) -> None:
    """Flask-Babel with Chinese as the default, the catalogue's place, and the switches."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "translations")
    Babel(
        app,
        default_locale=CHINESE,
        default_timezone="Asia/Shanghai",
        locale_selector=choose_locale,
        timezone_selector=lambda: "Asia/Shanghai",
    )
    if not COMPILED.exists():
        raise RuntimeError("the Chinese texts are not built: run `python -m app.web.assets`")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.register_blueprint(blueprint)
