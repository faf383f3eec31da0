"""Two windows, one application: what each of them changed is kept, and where both changed one value, both are shown.

A page carries a mark of each value that it showed. A value that is sent with its own mark was not touched in this
window; a stored value that no longer has the mark was changed in another one. Marks are keyed digests: a page never
holds more of a person than its fields show.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app
from wtforms import Field

from workflow.personal import mask_id_number

HIDDEN = frozenset({"csrf_token", "version", "changed", "base"})


def values(form: Any) -> Iterator[Field]:
    """The fields of a form that hold values of the application."""
    return (field for field in form if field.name not in HIDDEN)


def mark(form: Any, field: Field) -> str:
    """The mark of one value: eight characters, of no use outside this case and field."""
    value = field.data if field.data not in (None, False, []) else ""
    said = json.dumps([form.filing.case.number, field.name, value], default=str)
    digest = hmac.digest(str(current_app.secret_key).encode(), said.encode(), "sha256")
    return urlsafe_b64encode(digest[:6]).decode()


def marks(form: Any) -> dict[str, str]:
    """The marks of all values of a form."""
    return {field.name: mark(form, field) for field in values(form)}


def written(found: dict[str, str]) -> str:
    """Marks as the hidden field `base` carries them."""
    return " ".join(f"{name}:{value}" for name, value in found.items())


def read(text: str | None) -> dict[str, str]:
    """Marks from the hidden field; anything else in it is passed over."""
    pairs = (part.partition(":") for part in (text or "")[:20_000].split())
    return {name: value for name, colon, value in pairs if colon}


def merge(form: Any, only: Iterable[str] | None = None) -> list[str]:
    """Take over what another window changed and this one did not; return the names that both changed.

    With `only`, other names that both changed count as untouched here: they are not being saved.
    """
    base = read(form.base.data)
    if not base:
        return []
    stored, clashes, places = form.stored(), [], form.where()
    for field in values(form):
        name = field.name
        if (
            name not in places
            or name not in base
            or name not in stored
            or (now := mark(form, stored[name])) == base[name]
        ):
            continue
        mine = mark(form, field)
        if mine == now:
            continue
        if mine == base[name] or (only is not None and name not in only):
            take_over(field, stored[name])
        else:
            clashes.append(name)
    return clashes


def take_over(field: Field, stored: Field) -> None:
    """The field shows and holds what is stored."""
    field.raw_data, field.errors, field.process_errors = None, (), []
    field.data = stored.data
    if hasattr(field, "typed"):
        field.typed = {}


@dataclass(frozen=True)
class Clash:
    """A value that two windows changed: what it is, what is stored, what was typed here."""

    label: Any
    theirs: str
    mine: str
    name: str = ""

    @classmethod
    def of(cls, form: Any, name: str) -> "Clash":
        """Both values as people read them; a document number is masked."""
        from app.portal.establishment.common import shown

        theirs, mine = shown(form.stored()[name]), shown(form[name])
        if name.endswith("id_number"):
            theirs, mine = mask_id_number(theirs), mask_id_number(mine)
        return cls(form[name].label.text, theirs, mine, name)
