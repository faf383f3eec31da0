"""The database: declarative base, engine and sessions. One transaction a request or job step."""

import functools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, Engine, MetaData, create_engine, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

from workflow.settings import settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table of the platform (the certificate authority keeps its own)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {dict[str, Any]: JSONB, list[Any]: JSONB, datetime: DateTime(timezone=True)}


Id = Annotated[uuid.UUID, mapped_column(primary_key=True, default=uuid.uuid4)]
Now = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def driver_url(url: str) -> str:
    """A `postgresql://` address with the psycopg 3 driver named."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def engine(url: str = "") -> Engine:
    """The engine of this process; with `url` empty, of the configured database."""
    config = settings()
    return _engine(driver_url(url or config.database_url), config.database_pool)


@functools.lru_cache(maxsize=8)
def _engine(url: str, pool: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool,
        max_overflow=10,
        pool_pre_ping=True,
        hide_parameters=True,  # values of people stay out of tracebacks
        connect_args={
            # Statements here take milliseconds; to compile one (jit) takes longer than to run it.
            "options": "-c timezone=UTC -c jit=off -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
        },
    )


def forget_engines() -> None:
    """Close the pools of this process and make new ones when next asked; after the settings have changed."""
    _engine.cache_clear()


def session_factory(url: str = "") -> sessionmaker[Session]:
    """Sessions on the configured database, or on `url`."""
    return sessionmaker(engine(url), expire_on_commit=False)


@contextmanager
def transaction(url: str = "") -> Iterator[Session]:
    """One session; commits at the end, rolls back on any exception.

    The work may commit in between: before an outside party is called, so that no transaction waits for it.
    """
    with session_factory(url)() as session:
        yield session
        session.commit()
