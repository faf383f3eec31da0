"""Step 4: the application for establishment, a task list whose sections the entity type declares."""

from app.portal.establishment import (
    address,
    autosave,
    capital,
    closing,
    leadership,
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
    "blueprint",
    "capital",
    "closing",
    "leadership",
    "papers",
    "people",
    "reuse",
    "scope",
    "shareholders",
    "tasks",
]
