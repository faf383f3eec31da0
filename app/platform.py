"""`make run`: everything on one machine, prepared in order and started together."""

import os
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import click
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from workflow.db import driver_url, engine, forget_engines, transaction
from workflow.postgres import EmbeddedPostgres, wait_until_ready
from workflow.settings import settings

ROOT = Path(__file__).resolve().parent.parent
DOOR_LINES = (
    ("portal", "企业开办 / portal", "portal_url"),
    ("intranet", "登记工作台 / intranet", "intranet_url"),
    ("bank", "银行对接 / bank", "bank_url"),
    ("sandbox", "模拟环境 / sandbox", "sandbox_url"),
)


def start_database() -> EmbeddedPostgres | None:
    """Start the embedded server unless `DATABASE_URL` names another; point this process at it.

    Raises PostgresUnavailable.
    """
    config = settings()
    if config.database_url:
        wait_until_ready(config.database_url)
        return None
    server = EmbeddedPostgres(config.instance / "postgres")
    server.start()
    os.environ["DATABASE_URL"] = server.create_database("qibu")
    settings.cache_clear()
    return server


def prepare_database() -> None:
    """Migrate, make the worker's tables, load the catalogues, found the certificate authority."""
    from alembic import command
    from alembic.config import Config
    from dbos import DBOS

    from workflow.catalogues.loaders import load_all
    from workflow.signer import found

    config = settings()
    url = driver_url(config.database_url)
    alembic = Config(str(ROOT / "alembic.ini"))
    alembic.attributes["url"] = url
    command.upgrade(alembic, "head")
    DBOS.migrate(url)
    forget_engines()
    with transaction() as db:
        load_all(db)
    authority = found()
    with transaction() as db:
        authority.register(db)


def taken_ports() -> list[tuple[str, int]]:
    """The ports of the doors that somebody else is listening on."""
    config = settings()
    addresses = [(name, urlsplit(getattr(config, attribute)).port or 80) for name, _, attribute in DOOR_LINES]
    taken = []
    for name, port in [*addresses, ("sandbox mail", config.smtp_port)]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                taken.append((name, port))
    return taken


def child_environment() -> dict[str, str]:
    """What the platform's processes are given."""
    from app.seed import authenticators

    config = settings()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ports = {f"QIBU_{name.upper()}_PORT": str(urlsplit(getattr(config, a)).port) for name, _, a in DOOR_LINES}
    addresses = {a.upper(): getattr(config, a) for _, _, a in DOOR_LINES}
    return {
        "QIBU_LOG_LEVEL": "WARNING",  # `make run` shows what needs attention; QIBU_LOG_LEVEL=INFO shows every request
        **os.environ,
        **ports,
        **{f"QIBU_{key}": value for key, value in addresses.items()},
        "QIBU_SMTP_PORT": str(config.smtp_port),
        "QIBU_INSTANCE": str(config.instance),
        "DATABASE_URL": config.database_url,
        "PATH": path,
        "QIBU_SANDBOX_AUTHENTICATORS": authenticators() if config.simulated else "",
        "PYTHONUNBUFFERED": "1",
    }


def _meet_the_banks() -> None:
    """Take the simulated banks' public keys once the sandbox answers."""
    from app.seed import fetch_bank_keys
    from workflow.handoff.access import RETRY_SECONDS

    for _ in range(30):
        time.sleep(RETRY_SECONDS)
        with transaction() as db:
            if fetch_bank_keys(db):
                return


def run(once: bool = False) -> int:
    """Prepare and start everything; return the exit code when it is stopped."""
    from app.seed import demo_accounts, sign_in_table

    os.chdir(ROOT)
    if not once and (taken := taken_ports()):
        listed = ", ".join(f"{port} ({name})" for name, port in taken)
        variables = "QIBU_PORTAL_URL, QIBU_INTRANET_URL, QIBU_BANK_URL, QIBU_SANDBOX_URL, QIBU_SMTP_PORT"
        raise click.ClickException(
            f"Something is already listening on {listed}: stop it, or choose others with {variables}."
        )
    server = start_database()
    try:
        prepare_database()
        if settings().simulated:
            demo_accounts()
        if once:
            return 0
        click.echo(sign_in_table())
        manager = Manager(Printer(sys.stdout))
        environment = child_environment()
        for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
            manager.add_process(name, command, env=environment)
        engine().dispose()
        if settings().simulated:
            threading.Thread(target=_meet_the_banks, daemon=True).start()
        manager.loop()
        return 0 if manager.returncode in (None, 0, 130, -2) else int(manager.returncode)
    finally:
        if server is not None:
            server.stop()
            click.echo("Stopped.")
