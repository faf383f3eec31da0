"""Step 4: the application for establishment, a task list whose sections the entity type declares."""

from app.portal.establishment import (
    address,
    autosave,
    beneficial,
    capital,
    closing,
    leadership,
    liaison,
    papers,
    people,
    reuse,
    scope,
    shareholders,
    tasks,
)
from app.portal.establishment.common import blueprint

__all__ = [
    "address",
    "autosave",
    "beneficial",
    "blueprint",
    "capital",
    "closing",
    "leadership",
    "liaison",
    "papers",
    "people",
    "reuse",
    "scope",
    "shareholders",
    "tasks",
]
