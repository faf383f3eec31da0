"""Makes the tables of a test database."""

import importlib
import pkgutil

from dbos import DBOS
from sqlalchemy import Engine, text

import signing
import workflow
from workflow.db import Base


def prepare(engine: Engine) -> None:
    """Create every table of the platform in an empty database."""
    for package in (workflow, signing):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.rsplit(".", 1)[-1] in ("models", "case", "tables", "declaration") and "papers" not in module.name:
                importlib.import_module(module.name)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS signing"))
    Base.metadata.create_all(engine)
    importlib.import_module("signing.tables").Base.metadata.create_all(engine)
    DBOS.migrate(engine.url.render_as_string(hide_password=False))
