"""Makes the tables of a test database, the way an installation does: migrations, then the worker's own tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from dbos import DBOS
from sqlalchemy import Engine

ROOT = Path(__file__).parent.parent


def prepare(engine: Engine) -> None:
    """Migrate an empty database to the newest schema."""
    url = engine.url.render_as_string(hide_password=False)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = url
    command.upgrade(config, "head")
    DBOS.migrate(url)
