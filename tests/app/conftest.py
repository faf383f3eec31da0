"""The doors under test: `house` is a whole installation; see tests/house.py."""

import pytest

from tests.app.filing import Pages
from tests.house import _ground, house

__all__ = ["_ground", "house"]


@pytest.fixture
def blank(house):
    """A case with a name under review and an empty application."""
    return Pages(house, house.named())


@pytest.fixture
def full(house):
    """A case with a reserved name and a complete application."""
    return Pages(house, house.reserved())
