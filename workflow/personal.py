"""Personal data at rest: AES-256-GCM with the key's id stored, and a keyed blind index for look-ups.

What identifies people (ID number, phone, bank card, face frames) goes through here before it is stored.
"""

import base64
import hmac
import os
import re
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from workflow.settings import settings


def _keys() -> dict[str, bytes]:
    pairs = (entry.split(":", 1) for entry in settings().personal_keys.split(","))
    return {key_id.strip(): base64.b64decode(value) for key_id, value in pairs}


def encrypt(plain: bytes, context: bytes = b"") -> bytes:
    """Encrypt with the first configured key. Layout: length of key id (1), key id, nonce (12), ciphertext."""
    key_id, key = next(iter(_keys().items()))
    nonce = os.urandom(12)
    name = key_id.encode()
    return bytes([len(name)]) + name + nonce + AESGCM(key).encrypt(nonce, plain, name + context)


def decrypt(sealed: bytes, context: bytes = b"") -> bytes:
    """The bytes that were encrypted. Raises KeyError for an unknown key id, InvalidTag for changed bytes."""
    name = sealed[1 : 1 + sealed[0]]
    rest = sealed[1 + len(name) :]
    return AESGCM(_keys()[name.decode()]).decrypt(rest[:12], rest[12:], name + context)


def blind_index(value: str) -> bytes:
    """A keyed digest by which an encrypted value can be found but not read (HMAC-SHA-256)."""
    return hmac.digest(settings().index_key.encode(), value.strip().upper().encode(), sha256)


def person_hash(id_number: str) -> str:
    """A keyed hash of an ID number that certificates and evidence may show (32 hexadecimal digits)."""
    return hmac.digest(settings().index_key.encode(), id_number.encode(), sha256).hex()[:32]


class Encrypted(TypeDecorator[str]):
    """A text column that is encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else encrypt(value.encode())

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else decrypt(bytes(value)).decode()


def mask_id_number(value: str) -> str:
    """`420106********1234`: the division and the last four characters stay."""
    return value[:6] + "*" * max(0, len(value) - 10) + value[-4:] if len(value) > 10 else "*" * len(value)


def mask_phone(value: str) -> str:
    """`138****5678`."""
    return value[:3] + "****" + value[-4:] if len(value) >= 8 else "*" * len(value)


def mask_mail(value: str) -> str:
    """`z****@example.com`."""
    name, at, domain = value.partition("@")
    return f"{name[:1]}****{at}{domain}"


def mask_name(value: str) -> str:
    """`张**`: the first character stays."""
    return value[:1] + "*" * max(1, len(value) - 1)


def mask_card(value: str) -> str:
    """`6222 **** **** 1234`."""
    return f"{value[:4]} **** **** {value[-4:]}" if len(value) >= 12 else "*" * len(value)


_LONG_DIGITS = re.compile(
    r"(?<![\dA-Za-z])(?:\d{17}[\dXx]|1[3-9]\d{9}|\d{15,19}|\d{4}(?:[ -]\d{4}){2,3}[ -]\d{1,4})(?![\dA-Za-z])"
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ROW = re.compile(r"DETAIL:.*?(?=\n\[|\n\n|\Z)", re.DOTALL)  # PostgreSQL quotes the row that it refused


def scrub(text: str) -> str:
    """Text for a log: what looks like an ID, card or phone number or a mail address is masked, rows are left out."""
    text = _ADDRESS.sub("****@****", _ROW.sub("DETAIL: ****", text))
    return _LONG_DIGITS.sub(lambda m: m.group()[:3] + "****" + m.group()[-2:], text)
