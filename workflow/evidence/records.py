"""Writes what signatures rest on: what speaks of a person goes under seal, its values encrypted (ES-21)."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from signing import evidence, sealing
from signing.tables import Evidence
from workflow.personal import decrypt, encrypt

SEALED = (
    "signer",
    "recipient",
    "network",
    "device",
    "identity_reference",
    "admission_reference",
    "licence_reference",
    "passkey_reference",
    "face_hash",
    "statement",
    "assertion",
)


def record(
    db: Session, *, subject: str, kind: str, person: str, at: datetime, facts: dict[str, Any]
) -> Evidence:
    """Append one event to a case's evidence; does not commit. Facts named in SEALED go under seal.

    `subject`: the case's number. `person`: `personal.person_hash` of the ID number.
    """
    return evidence.record(
        db, subject=subject, kind=kind, person=person, at=at,
        facts={name: value for name, value in facts.items() if name not in SEALED},
        personal={name: str(facts[name]) for name in SEALED if facts.get(name)}, encrypt=encrypt,
    )  # fmt: skip


def personal_of(row: Evidence) -> dict[str, str]:
    """The values under an event's seals."""
    if row.private is None:
        return {}
    values: dict[str, str] = json.loads(decrypt(row.private))
    return values


def openings_of(row: Evidence, fields: set[str] | None = None) -> list[dict[str, str]]:
    """What opens an event's seals, or only those of some fields."""
    return [
        sealing.opening(row.salt, name, value)
        for name, value in personal_of(row).items()
        if fields is None or name in fields
    ]
