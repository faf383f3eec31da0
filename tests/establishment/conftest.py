"""An instance folder of the test's own."""

import pytest

from tests.house import _ground, house
from workflow.settings import settings

__all__ = ["_ground", "house"]


@pytest.fixture(autouse=True)
def instance(tmp_path, monkeypatch):
    """Objects and keys lie in the test's folder."""
    monkeypatch.setenv("QIBU_INSTANCE", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()
