"""Which PINs are too easy to guess, and under which address a passkey can be made: pure rules."""

import ipaddress
from itertools import pairwise
from urllib.parse import urlsplit

from workflow.errors import Words

PROMPTS = ("left", "right", "blink", "mouth")  # what a living face is asked to do before the camera
LEAST, MOST = 6, 12
PIN_SHAPE = Words("PIN 码为 6 至 12 位数字。", "The PIN is 6 to 12 digits.")
PIN_PLAIN = Words(
    "这个 PIN 码太容易猜到（重复或连续的数字），请换一个。",
    "This PIN is too easy to guess (repeated or running digits). Choose another.",
)
PIN_KNOWN = Words(
    "请不要使用生日、身份证号码或手机号中的数字，别人也知道它们。",
    "Do not use digits of your birthday, ID number or phone: others know them too.",
)
ON_A_NUMBER = Words(
    "本页以数字地址（IP）打开，浏览器在这样的地址上不提供通行密钥，因此这里使用 PIN 码。",
    "This page is open under a numeric (IP) address, where browsers offer no passkeys; so a PIN is used here.",
)
NOT_SECURE = Words(
    "本页不是加密连接（HTTPS），浏览器不提供通行密钥，因此这里使用 PIN 码。",
    "This page has no encrypted connection (HTTPS), so the browser offers no passkeys; a PIN is used here.",
)
STRANGE = Words(
    "本页不是从平台的正式网址打开的，因此这里使用 PIN 码。",
    "This page was not opened at the platform's own address, so a PIN is used here.",
)


def prompts_from(seed: bytes) -> tuple[str, str]:
    """Two different movements in an order that nobody knows who does not know the seed (at least 16 bytes)."""
    first = seed[0] % len(PROMPTS)
    rest = [prompt for prompt in PROMPTS if prompt != PROMPTS[first]]
    return PROMPTS[first], rest[seed[1] % len(rest)]


def weak_pin(pin: str, id_number: str, phone: str) -> Words | None:
    """Why a PIN is refused; None when it may be used."""
    if not (pin.isascii() and pin.isdigit() and LEAST <= len(pin) <= MOST):
        return PIN_SHAPE
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    repeated = any(pin == (pin[:n] * len(pin))[: len(pin)] for n in (1, 2, 3))
    if repeated or steps in ({1}, {9}):
        return PIN_PLAIN
    year, month, day = id_number[6:10], id_number[10:12], id_number[12:14]
    birthdays = {d + y for d in (day + month, month + day) for y in (year, year[2:])}
    if pin in id_number or pin in phone or pin in birthdays:
        return PIN_KNOWN
    return None


def passkey_origin(address: str, portal: str) -> tuple[str, Words | None]:
    """The origin under which a passkey works for a page at this address, or why none does there.

    A passkey belongs to a host name with HTTPS; browsers also take `localhost` for safe. Only the platform's own
    address counts (`portal`), so that nobody puts another page in between.
    """
    page, own = urlsplit(address), urlsplit(portal)
    host = (page.hostname or "").lower()
    if _is_number(host):
        return "", ON_A_NUMBER
    if page.netloc.lower() == own.netloc.lower():
        page = own  # its scheme is known, whatever stands between browser and us
    elif not (host == "localhost" and own.hostname in ("127.0.0.1", "::1", "localhost")):
        return "", STRANGE
    if page.scheme != "https" and host != "localhost":
        return "", NOT_SECURE
    return f"{page.scheme}://{page.netloc.lower()}", None


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
