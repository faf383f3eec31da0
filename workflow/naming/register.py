"""Rows of the register of names: built from a name with all keys, so that whoever writes one keeps it current."""

from datetime import date
from typing import Any

from workflow.naming import comparison, facts
from workflow.naming.models import GONE
from workflow.naming.parts import Parts, parse


def row_values(
    name: str, authority_code: str, status: str, status_date: date, *, uscc: str = "", industry_code: str = "",
    parts: Parts | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The values of a register row. Raises ValueError when the authority is unknown or there is no name."""
    parts = parts or parse(name)
    seat = facts.division_of_authority(authority_code)
    if not seat:
        raise ValueError(f"unknown authority {authority_code!r}")
    if not parts.name:
        raise ValueError("empty name")
    seen = comparison.entry(parts, industry_code)
    areas = comparison.areas(seat, parts.division_code)
    return {
        "name": parts.name, "division": seen.division, "division_code": parts.division_code,
        "trade_name": parts.trade_name, "industry": parts.industry, "industry_word": parts.industry_word,
        "industry_class": seen.industry_class, "form": seen.form, "prefecture": areas[0],
        "authority_code": authority_code, "status": status, "status_date": status_date, "uscc": uscc,
        "industry_code": industry_code, "keys": [] if status in GONE else comparison.stored_keys(seen, areas),
    }  # fmt: skip
