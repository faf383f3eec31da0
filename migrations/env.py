"""Alembic: one history for the platform's tables and those of the certificate authority."""

import importlib
import pkgutil

from alembic import context
from sqlalchemy import create_engine, text

import signing
import workflow
from signing.tables import Base as SigningBase
from workflow.db import Base, driver_url
from workflow.settings import settings

for package in (workflow, signing):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.rsplit(".", 1)[-1] in ("models", "case", "tables", "declaration"):
            importlib.import_module(module.name)

METADATA = [Base.metadata, SigningBase.metadata]


def _ours(name, kind, parents):
    """Only our own schemas: the worker's tables look after themselves."""
    if kind == "schema":
        return name in (None, "signing")
    return kind != "table" or name != "alembic_version"


def run() -> None:
    url = context.config.attributes.get("url") or driver_url(settings().database_url)
    engine = create_engine(url, connect_args={"options": "-c lock_timeout=5s"})
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('qibu migrations'))"))
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS signing"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            include_schemas=True,
            include_name=_ours,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
