"""Real processes for tests: sandbox, bank door and worker, on free ports, with this test's database and folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.house import _ground, house
from workflow.db import engine
from workflow.settings import settings

__all__ = ["_ground", "house"]
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition: Callable[[], object], seconds: float = 40.0, what: str = "") -> object:
    """Wait until `condition` is true; fail the test when it has not become so in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what or condition}")


class World:
    """The processes around the platform's database."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.running: dict[str, subprocess.Popen] = {}

    def start(self, name: str, *command: str) -> subprocess.Popen:
        log = (self.folder / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        return self.running[name]

    def start_worker(self) -> None:
        self.start("worker", "-m", "app.cli", "worker")

    def kill_worker(self) -> None:
        """SIGKILL: no chance to tidy up."""
        process = self.running.pop("worker")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def switch(self, **values: object) -> None:
        names = {key.replace("__", "."): value for key, value in values.items()}
        httpx.post(f"{settings().sandbox_url}/switches", json=names, trust_env=False).raise_for_status()

    def sms(self, phone: str) -> list[dict]:
        answer = httpx.get(f"{settings().sandbox_url}/sms/messages", params={"phone": phone}, trust_env=False)
        return answer.json()["messages"]

    def stop(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@pytest.fixture
def world(house, tmp_path, monkeypatch):
    """Sandbox and bank door are up; the worker is started by the test."""
    ports = {name: free_port() for name in ("sandbox", "smtp", "bank")}
    monkeypatch.setenv("QIBU_SANDBOX_URL", f"http://127.0.0.1:{ports['sandbox']}")
    monkeypatch.setenv("QIBU_BANK_URL", f"http://127.0.0.1:{ports['bank']}")
    monkeypatch.setenv("QIBU_SMTP_PORT", str(ports["smtp"]))
    settings.cache_clear()
    engine.cache_clear()
    found = World(tmp_path)
    found.start(
        "sandbox", "-m", "sandbox", "--port", str(ports["sandbox"]), "--smtp-port", str(ports["smtp"]),
        "--state", str(tmp_path / "sandbox"),
    )  # fmt: skip
    found.start(
        "bank", "-m", "gunicorn", "--no-control-socket", "--log-level", "warning", "--threads", "4",
        "--bind", f"127.0.0.1:{ports['bank']}", "wsgi:bank",
    )  # fmt: skip
    until(
        lambda: httpx.get(f"{settings().sandbox_url}/switches.json", trust_env=False).is_success,
        what="sandbox",
    )
    until(lambda: httpx.get(f"{settings().bank_url}/healthz", trust_env=False).is_success, what="bank door")
    yield found
    found.stop()
