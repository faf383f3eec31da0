"""`house` is a whole installation (tests/house.py); `signing` has a case whose papers wait for signatures."""

from tests.house import _ground, house
from tests.signatures.conftest import signing

__all__ = ["_ground", "house", "signing"]
