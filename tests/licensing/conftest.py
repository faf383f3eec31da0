"""`house` is a whole installation; see tests/house.py."""

from tests.house import _ground, house

__all__ = ["_ground", "house"]
