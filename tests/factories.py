"""Things that tests need: plainly fictitious people and cases."""

import itertools

from workflow.accounts.models import Account
from workflow.case import Actor, Case, open_case
from workflow.db import now
from workflow.identity import check_digit
from workflow.personal import blind_index

_serial = itertools.count(1)


def begin(number: int = 1) -> None:
    """Count people from the first again, or from this one, in a new database."""
    global _serial
    _serial = itertools.count(number)


def id_number(serial: int, birth: str = "19900101") -> str:
    """A well-formed ID number of a division that does not exist."""
    body = f"990000{birth}{serial % 1000:03d}"
    return body + check_digit(body)


def account(db, name="小张", **values) -> Account:
    """A verified account."""
    serial = next(_serial)
    number = values.pop("id_number", id_number(serial))
    phone = values.pop("phone", f"1990001{serial:04d}")
    row = Account(
        name=name, id_number=number, id_number_index=blind_index(number), phone=phone, phone_index=blind_index(phone),
        verified_by="card", verified_at=now(), **values,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


def case(db, owner: Account | None = None, **values) -> Case:
    """A case in `draft`; other columns by name."""
    owner = owner or account(db)
    row = open_case(db, Actor.applicant(owner.id, owner.name), owner.id, "llc")
    for key, value in values.items():
        setattr(row, key, value)
    db.flush()
    return row
