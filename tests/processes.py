"""Real processes for tests: started in groups of their own, stopped surely, their logs kept beside them."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import httpx

ROOT = Path(__file__).parents[1]
T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition: Callable[[], T], seconds: float = 40.0, what: str = "") -> T:
    """Wait until `condition` is true and return it; fail the test when it has not become so in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what or condition}")


class Processes:
    """Processes by name; their output goes to NAME.log in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.running: dict[str, subprocess.Popen] = {}

    def start(self, name: str, command: Sequence[str] | str, env: Mapping[str, str] | None = None) -> None:
        """Start a command, a line for the shell when it is one text."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True, shell=isinstance(command, str)
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """SIGKILL to the whole group: no chance to tidy up."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """End all of them."""
        for name in list(self.running):
            self.kill(name)

    def tails(self, lines: int = 25) -> str:
        """The last lines of every log that has any."""
        found = {
            log.stem: log.read_text(errors="replace").splitlines()
            for log in sorted(self.folder.glob("*.log"))
        }
        return "\n".join(f"--- {name}\n" + "\n".join(rows[-lines:]) for name, rows in found.items() if rows)
