"""Schema changes are Alembic migrations: one head, and the models say nothing that the migrations do not."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from workflow.db import driver_url

ROOT = Path(__file__).parents[2]


def config(url: str) -> Config:
    found = Config(str(ROOT / "alembic.ini"))
    found.attributes["url"] = driver_url(url)
    return found


def test_one_head(postgres):
    assert len(ScriptDirectory.from_config(config("")).get_heads()) == 1


def test_models_and_migrations_agree(fresh_database):
    """Raises when autogenerate would find anything to do."""
    command.check(config(fresh_database))


def test_migrating_twice_changes_nothing(fresh_database):
    command.upgrade(config(fresh_database), "head")
