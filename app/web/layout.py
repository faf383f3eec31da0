"""The frame of every page: where templates live, what they may call, who stands in the header."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import segno
from flask import Flask, Response, current_app, g, has_request_context, request, url_for
from flask_babel import LazyString, gettext, lazy_gettext, ngettext
from flask_login import current_user
from jinja2 import BytecodeCache, ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from app.web.assets import ROOT, read_manifest
from app.web.i18n import han, is_chinese, language_tag, large_type, say, switch_url
from workflow.errors import Words
from workflow.personal import mask_card, mask_id_number, mask_phone
from workflow.settings import settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
THIN = "\u2009"
DOOR_NAMES = {
    "portal": lazy_gettext("Start a business"),
    "intranet": lazy_gettext("Registration desk"),
    "bank": lazy_gettext("Bank connection"),
}
STEP_NAMES = (
    lazy_gettext("Sign up"),
    lazy_gettext("Sign in"),
    lazy_gettext("Company name"),
    lazy_gettext("Establishment"),
    lazy_gettext("Signatures"),
    lazy_gettext("Business licence"),
    lazy_gettext("Bank account"),
)


@dataclass(frozen=True)
class NavItem:
    """A link in the header. Left out where the door has no such endpoint or `shown` says no."""

    endpoint: str
    label: LazyString
    section: str | tuple[str, ...] = (
        ""  # endpoints that begin with this mark the item as current; default: its blueprint
    )
    shown: Callable[[], bool] = lambda: True

    @property
    def current(self) -> bool:
        """Whether the page of this request belongs to the item."""
        section = self.section or self.endpoint.rpartition(".")[0] + "."
        return bool(request.endpoint and request.endpoint.startswith(section))


def _signed_in() -> bool:
    return bool(current_user and current_user.is_authenticated)


def _signed_out() -> bool:
    return not _signed_in()


NAV: dict[str, tuple[NavItem, ...]] = {
    "portal": (
        NavItem("cases.index", lazy_gettext("My cases"), shown=_signed_in),
        NavItem("register.index", lazy_gettext("Find a company")),
        NavItem("verify.index", lazy_gettext("Verify a licence")),
        NavItem("home.guide", lazy_gettext("Guide"), section="home.guide"),
        NavItem("account.sign_in", lazy_gettext("Sign in"), section="account.sign_in", shown=_signed_out),
    ),
    "intranet": (
        NavItem(
            "intranet_desk.index",
            lazy_gettext("Cases"),
            section=("intranet_desk.", "intranet_review."),
            shown=_signed_in,
        ),
        NavItem(
            "intranet_names.index",
            lazy_gettext("Lists and catalogues"),
            section=("intranet_names.", "intranet_wishes."),
            shown=_signed_in,
        ),
        NavItem("intranet_texts.index", lazy_gettext("Texts of papers"), shown=_signed_in),
    ),
    "bank": (
        NavItem("desk.index", lazy_gettext("Appointments"), section="desk.index", shown=_signed_in),
        NavItem("desk.deliveries", lazy_gettext("Deliveries"), section="desk.deliver", shown=_signed_in),
        NavItem("desk.keys", lazy_gettext("Keys and addresses"), section="desk.keys", shown=_signed_in),
    ),
}
ACCOUNT_PAGE = "account.index"  # where the door has one, the person's name in the header leads there
SIGN_OUT = {"portal": "account.sign_out", "intranet": "intranet_account.sign_out", "bank": "desk.sign_out"}


# --- text ---------------------------------------------------------------------------------------------

_HAN_LATIN = re.compile(r"([\u3400-\u9fff])([A-Za-z0-9@#$%&+])")
_LATIN_HAN = re.compile(r"([A-Za-z0-9%&+.])([\u3400-\u9fff])")


def pangu(text: object) -> str | Markup:
    """A thin space between Chinese and Latin letters or digits. For headings and sentences, not for data
    that people copy (names, numbers): the style sheet spaces those without changing them."""
    spaced = _LATIN_HAN.sub(rf"\1{THIN}\2", _HAN_LATIN.sub(rf"\1{THIN}\2", str(say_any(text))))
    return Markup(spaced) if isinstance(text, Markup) else spaced  # noqa: S704 - was safe before


def say_any(text: object) -> object:
    """`say`, but leaves other things alone."""
    return say(text) if isinstance(text, (Words, LazyString)) else text


# --- dates --------------------------------------------------------------------------------------------


def local(when: datetime) -> datetime:
    """A time of the database (UTC) on the clock of the pages (Asia/Shanghai)."""
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(SHANGHAI)


def _day(when: date | datetime) -> date:
    return local(when).date() if isinstance(when, datetime) else when


def day(when: date | datetime | None) -> str:
    """`2026年11月24日` or `24 November 2026`; empty for None."""
    if when is None:
        return ""
    it = _day(when)
    return f"{it.year}年{it.month}月{it.day}日" if is_chinese() else f"{it.day} {it:%B %Y}"


def moment(when: datetime | None) -> str:
    """Date and time of day: `2026年11月24日 09:14`, `24 November 2026, 09:14`."""
    if when is None:
        return ""
    return f"{day(when)} {local(when):%H:%M}" if is_chinese() else f"{day(when)}, {local(when):%H:%M}"


def short_moment(when: datetime | None) -> str:
    """For dense tables: `11-24 09:14`, with the year if it is another one."""
    if when is None:
        return ""
    it = local(when)
    return f"{it:%m-%d %H:%M}" if it.year == datetime.now(SHANGHAI).year else f"{it:%Y-%m-%d %H:%M}"


def time_tag(when: date | datetime | None, form: str = "moment") -> Markup:
    """<time> with the machine's date; `form` is day, moment or short."""
    if when is None:
        return Markup("")
    whole = isinstance(when, datetime)
    machine = local(when).isoformat(timespec="minutes") if isinstance(when, datetime) else when.isoformat()
    words = {"day": day, "moment": moment, "short": short_moment}[form if whole else "day"]
    return Markup('<time class="q-time" datetime="{}">{}</time>').format(machine, words(when))  # type: ignore[operator]


def deadline_words(
    due: datetime | None, working_days: int | None = None, now: datetime | None = None
) -> tuple[str, str]:
    """What a deadline badge says and its kind (bad, wait, plain).

    `working_days` left are counted by the domain (holidays!); without them the date is shown.
    """
    if due is None:
        return gettext("no time limit"), "plain"
    now = now or datetime.now(UTC)
    left = local(due) - local(now)
    if left < timedelta(0):
        hours = int(-left.total_seconds() // 3600)
        if hours < 1:
            return gettext("just overdue"), "bad"
        if hours < 48:
            return ngettext("overdue by %(num)s hour", "overdue by %(num)s hours", hours), "bad"
        return ngettext("overdue by %(num)s day", "overdue by %(num)s days", hours // 24), "bad"
    if _day(due) == _day(now):
        return gettext("today %(time)s", time=f"{local(due):%H:%M}"), "wait"
    if working_days is not None:
        return ngettext("%(num)s working day", "%(num)s working days", working_days), "plain"
    return gettext("by %(day)s", day=day(due)), "plain"


# --- money --------------------------------------------------------------------------------------------


def _plain(number: int, scale: int) -> str:
    whole, rest = divmod(abs(number), scale)
    digits = f"{rest:0{len(str(scale)) - 1}d}".rstrip("0")
    return ("-" if number < 0 else "") + f"{whole:,}" + (f".{digits}" if digits else "")


def yuan(fen: int | None) -> str:
    """Fen as 元 with two decimals where there are fen: `1,234.50 元`, `CNY 1,234.50`."""
    if fen is None:
        return ""
    amount = _plain(fen, 100) if fen % 100 == 0 else f"{fen // 100:,}.{fen % 100:02d}"
    return f"{amount} 元" if is_chinese() else f"CNY {amount}"


def wan(fen: int | None) -> str:
    """Fen as 万元, exact: `50 万元`, `CNY 500,000`."""
    if fen is None:
        return ""
    return f"{_plain(fen, 1_000_000)} 万元" if is_chinese() else f"CNY {_plain(fen, 100)}"


def count(number: int | None) -> str:
    """`1,504,220`."""
    return "" if number is None else f"{number:,}"


# --- parts --------------------------------------------------------------------------------------------


class Macros:
    """All macros of `templates/macros` under one name, `q`; no import line needed in a page."""

    FILES = ("case", "lists", "parts")

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        for file in self.FILES:
            macro = getattr(self._app.jinja_env.get_template(f"macros/{file}.html").module, name, None)
            if macro is not None:
                return macro
        raise AttributeError(f"no macro {name!r} in templates/macros")


def qr(text: str, label: str) -> Markup:
    """A QR code as inline SVG, with a name for those who cannot see it."""
    code = segno.make(text, error="m", micro=False)
    drawing = code.svg_inline(scale=4, border=2, omitsize=True, svgclass="q-qr", lineclass=None)
    described = f'<svg role="img" aria-label="{escape(label)}" shape-rendering="crispEdges"'
    return Markup(drawing.replace("<svg", described, 1))  # noqa: S704 - digits drawn by segno, label escaped


def asset(name: str) -> str:
    """The address of a built file, such as `asset('qibu.css')`."""
    manifest = current_app.extensions["qibu_assets"]
    if current_app.debug or current_app.testing:
        manifest = read_manifest()
    return url_for("static", filename=f"dist/{manifest[name]}")


def _context() -> dict[str, object]:
    door = current_app.config["DOOR"]
    items = [
        item
        for item in current_app.extensions["qibu_nav"]
        if item.endpoint in current_app.view_functions and item.shown()
    ]
    sign_out = SIGN_OUT[door]
    number = getattr(current_user, "number", "") if _signed_in() else ""
    name = (
        (gettext("Staff %(number)s", number=number) if number else current_user.name)
        if _signed_in()
        else None
    )
    return {
        "door": door,
        "door_name": DOOR_NAMES[door],
        "authority": g.get("authority_name") or current_app.config.get("AUTHORITY_NAME"),
        "nav_items": items,
        "person_name": name,
        "person_url": url_for(ACCOUNT_PAGE) if ACCOUNT_PAGE in current_app.view_functions else None,
        "sign_out_url": url_for(sign_out) if sign_out in current_app.view_functions else None,
        "home_url": current_app.config.get("HOME_URL", "/"),
        "language": language_tag(),
        "large_type": large_type(),
        "simulated": settings().simulated,
    }


def _keep_for_ever(response: Response) -> Response:
    if has_request_context() and request.endpoint == "static" and request.path.startswith("/static/dist/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


class _Compiled(BytecodeCache):
    """Templates compiled once a process, however many doors it opens."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """See BytecodeCache."""
        if known := self._known.get(bucket.key + bucket.checksum):
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See BytecodeCache."""
        self._known[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


@lru_cache(maxsize=1)
def _compiled() -> _Compiled:
    return _Compiled()


def init_layout(
    app: Flask, nav: Sequence[NavItem] | None = None, authority: Words | str | None = None
) -> None:
    """Templates, filters, macros and the header of the door in `app.config["DOOR"]`; after `init_i18n`.

    `authority` stands beside the door's name; a view or hook may set `g.authority_name` for its request.
    Raises AssetsMissing before the first build.
    """
    app.config["AUTHORITY_NAME"] = authority
    app.jinja_loader = ChoiceLoader(  # type: ignore[misc]
        [
            FileSystemLoader(ROOT / "templates"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    app.static_folder = str(ROOT / "app" / "static")
    app.extensions["qibu_assets"] = read_manifest()
    app.extensions["qibu_nav"] = list(NAV[app.config["DOOR"]] if nav is None else nav)
    env = app.jinja_env
    env.bytecode_cache = _compiled()
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(
        say=say, han=han, pangu=pangu, day=day, moment=moment, short_moment=short_moment, yuan=yuan, wan=wan
    )
    env.filters.update(
        time=time_tag, count=count, mask_phone=mask_phone, mask_id=mask_id_number, mask_card=mask_card
    )
    env.globals.update(
        q=Macros(app), asset=asset, qr=qr, switch_url=switch_url, is_chinese=is_chinese, STEP_NAMES=STEP_NAMES
    )
    env.globals.update(deadline_words=deadline_words)
    app.context_processor(_context)
    app.after_request(_keep_for_ever)
