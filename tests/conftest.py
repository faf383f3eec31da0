"""Shared fixtures: one embedded PostgreSQL a test run, one database a worker, one rolled-back transaction a test."""

import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from workflow.db import driver_url
from workflow.postgres import EmbeddedPostgres

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def postgres(tmp_path_factory, worker_id="master"):
    """The server of this run; `TEST_DATABASE_SERVER` names a running one's folder (set by the first worker)."""
    folder = Path(tempfile.mkdtemp(prefix="qibu-test-"))
    server = EmbeddedPostgres(folder)
    server.start(FAST)
    yield server
    server.stop("immediate")
    subprocess.Popen(
        ["rm", "-rf", folder], start_new_session=True
    )  # hundreds of databases: nobody waits for it


@pytest.fixture(scope="session")
def template_database(postgres):
    """A migrated, empty database that others are copied from."""
    url = postgres.create_database("qibu_template")
    engine = create_engine(driver_url(url))
    from tests.schema import prepare

    prepare(engine)
    engine.dispose()
    return "qibu_template"


@pytest.fixture
def fresh_database(postgres, template_database):
    """The address of a new database of this test's own, for tests with several connections or processes."""
    return postgres.create_database("t_" + uuid.uuid4().hex[:12], template_database)


@pytest.fixture(scope="session")
def shared_engine(postgres, template_database):
    engine = create_engine(driver_url(postgres.create_database("qibu_shared", template_database)))
    yield engine
    engine.dispose()


@pytest.fixture
def db(shared_engine):
    """A session whose commits are undone after the test."""
    connection = shared_engine.connect()
    outer = connection.begin()
    session = Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    outer.rollback()
    connection.close()
