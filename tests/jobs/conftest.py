"""Real processes for tests: sandbox, bank door and worker, on free ports, with this test's database and folder."""

import sys

import httpx
import pytest

from tests.house import _ground, house
from tests.outside import outside_world, use_for_time
from tests.processes import Processes, free_port, until
from workflow.db import forget_engines
from workflow.settings import settings

__all__ = ["_ground", "house", "until"]


class World(Processes):
    """The processes around the platform's database."""

    def start_worker(self) -> None:
        self.start("worker", [sys.executable, "-m", "app.cli", "worker"])

    def kill_worker(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self.kill("worker")

    def switch(self, **values: object) -> None:
        names = {key.replace("__", "."): value for key, value in values.items()}
        httpx.post(f"{settings().sandbox_url}/switches", json=names, trust_env=False).raise_for_status()

    def sms(self, phone: str) -> list[dict]:
        answer = httpx.get(f"{settings().sandbox_url}/sms/messages", params={"phone": phone}, trust_env=False)
        return answer.json()["messages"]


@pytest.fixture
def world(house, tmp_path, monkeypatch):
    """Sandbox and bank door are up; the worker is started by the test."""
    ports = {name: free_port() for name in ("sandbox", "smtp", "bank")}
    monkeypatch.setenv("QIBU_SANDBOX_URL", f"http://127.0.0.1:{ports['sandbox']}")
    monkeypatch.setenv("QIBU_BANK_URL", f"http://127.0.0.1:{ports['bank']}")
    monkeypatch.setenv("QIBU_SMTP_PORT", str(ports["smtp"]))
    settings.cache_clear()
    forget_engines()
    found = World(tmp_path)
    found.start(
        "sandbox",
        [sys.executable, "-m", "sandbox", "--port", str(ports["sandbox"]), "--smtp-port", str(ports["smtp"]),
         "--state", str(tmp_path / "sandbox")],
    )  # fmt: skip
    found.start(
        "bank",
        [sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "warning", "--threads", "4",
         "--bind", f"127.0.0.1:{ports['bank']}", "wsgi:bank"],
    )  # fmt: skip
    until(
        lambda: httpx.get(f"{settings().sandbox_url}/switches.json", trust_env=False).is_success,
        what="sandbox",
    )
    until(lambda: httpx.get(f"{settings().bank_url}/healthz", trust_env=False).is_success, what="bank door")
    yield found
    found.stop()


@pytest.fixture
def outside(house, tmp_path, monkeypatch):
    """The outside world, whose authority stamps this house's times."""
    with outside_world(tmp_path / "sandbox") as world:
        monkeypatch.setenv("QIBU_SANDBOX_URL", world.url)
        use_for_time(world, monkeypatch)
        forget_engines()
        yield world


@pytest.fixture
def processes(tmp_path):
    found = Processes(tmp_path)
    yield found
    found.stop()
