"""Personal values inside evidence: what is hashed and shown to all is a salted digest; the value is opened to those entitled.

Whoever sees a digest learns nothing: each field has its own salt of 256 bits, derived from the event's.
"""

import json
import secrets
from collections.abc import Mapping
from hashlib import sha256


def new_salt() -> str:
    """The salt of one event, hexadecimal."""
    return secrets.token_hex(32)


def opening(salt: str, field: str, value: str) -> dict[str, str]:
    """What opens one sealed field: its name, its own salt and the value."""
    return {"field": field, "salt": sha256(f"{salt}:{field}".encode()).hexdigest(), "value": value}


def seal(opened: Mapping[str, str]) -> str:
    """The digest that stands for an opening, hexadecimal."""
    content = [opened["field"], opened["salt"], opened["value"]]
    return sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def sealed(salt: str, values: Mapping[str, str]) -> dict[str, str]:
    """The digests of an event's personal values, by field."""
    return {field: seal(opening(salt, field, value)) for field, value in values.items()}
