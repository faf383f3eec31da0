"""The whole platform on free ports with a fresh database, as people at a real browser meet it."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from honcho.environ import parse_procfile
from playwright.sync_api import Browser

from app.seed import authenticators
from tests.journeys.visitor import Visitor
from tests.processes import ROOT, Processes, free_port, until

DOORS = ("portal", "intranet", "bank", "sandbox")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PICTURED = bool(os.environ.get("QIBU_PICTURES"))
DESKTOP = {"viewport": {"width": 1280, "height": 800}}


@dataclass
class Platform:
    """The running platform as people meet it: its doors, and the outside world around it."""

    urls: dict[str, str]
    folder: Path
    browser: Browser
    processes: Processes
    open_doors: ExitStack = field(default_factory=ExitStack)
    visitors: list[Visitor] = field(default_factory=list)

    def visitor(
        self,
        name: str,
        *,
        phone: bool = False,
        english: bool = False,
        scripts: bool = True,
        signed_in: Any = None,
    ) -> Visitor:
        """Somebody at a browser of their own, who sees nobody else's cookies; `signed_in` with those of another one
        of theirs (a context's storage state). QIBU_PICTURES=1 keeps a picture of every page."""
        context = self.browser.new_context(
            **(PHONE if phone else DESKTOP), locale="en-GB" if english else "zh-CN", java_script_enabled=scripts,
            permissions=["camera", "clipboard-read", "clipboard-write"], storage_state=signed_in,
        )  # fmt: skip
        self.open_doors.callback(context.close)
        context.set_default_timeout(30_000)
        if english:
            for url in self.urls.values():
                context.add_cookies([{"name": "qibu_lang", "value": "en", "url": url}])
        visitor = Visitor(
            context, name, self.folder / "pictures", self.urls, phone, english, scripts, PICTURED
        )
        self.visitors.append(visitor)
        self.open_doors.callback(self.visitors.remove, visitor)
        return visitor

    def person(self, label: str) -> dict:
        """One of the sandbox's people: name, numbers, cards, the notary's code."""
        people = httpx.get(f"{self.urls['sandbox']}/people.json", trust_env=False).json()["people"]
        return next(p for p in people if p["label"] == label)

    def face(self, person: dict) -> bytes:
        """The picture of a person's face."""
        return httpx.get(self.urls["sandbox"] + person["face"], trust_env=False).content

    def sms(self, phone: str) -> list[str]:
        """The texts that a phone has received, newest first."""
        answer = httpx.get(f"{self.urls['sandbox']}/sms/messages", params={"phone": phone}, trust_env=False)
        return [m["text"] for m in answer.json()["messages"]]

    def wait_for_sms(self, phone: str, words: str, seen: int = 0) -> str:
        """The newest text with these words, once more than `seen` of them have come."""
        found = until(
            lambda: (texts := [t for t in self.sms(phone) if words in t])[seen:] and texts,
            what=f"SMS {words!r} to {phone}: {self.sms(phone)}",
        )
        return found[0]

    def switch(self, **values: object) -> None:
        """Set the sandbox's switches: `bank__auto=True`."""
        names = {key.replace("__", "."): value for key, value in values.items()}
        httpx.post(f"{self.urls['sandbox']}/switches", json=names, trust_env=False).raise_for_status()


def address(door: str, ports: dict[str, int]) -> str:
    """Where a door is; the portal under a host name, because a passkey belongs to a name, not to a number."""
    return f"http://{'localhost' if door == 'portal' else '127.0.0.1'}:{ports[door]}"


def _environment(folder: Path, database: str, ports: dict[str, int]) -> dict[str, str]:
    return {
        **os.environ,
        **{f"QIBU_{door.upper()}_PORT": str(ports[door]) for door in DOORS},
        **{f"QIBU_{door.upper()}_URL": address(door, ports) for door in DOORS},
        "QIBU_SMTP_PORT": str(ports["smtp"]),
        "QIBU_INSTANCE": str(folder),
        "QIBU_RATE_LIMITS": "false",
        "QIBU_LOG_LEVEL": "WARNING",
        "QIBU_SANDBOX_AUTHENTICATORS": authenticators(),
        "DATABASE_URL": database,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def running(folder: Path, database: str, browser: Browser) -> Iterator[Platform]:
    """Prepare the database, start what the Procfile names, stop it at the end, whatever happens."""
    ports = {name: free_port() for name in (*DOORS, "smtp")}
    environment = _environment(folder, database, ports)
    processes = Processes(folder)
    try:
        processes.start("prepare", "qibu up --once", environment)
        assert processes.running["prepare"].wait(180) == 0, processes.tails()
        for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
            processes.start(name, command, environment)
        urls = {door: address(door, ports) for door in DOORS}
        for url in urls.values():
            until(lambda url=url: httpx.get(f"{url}/healthz", trust_env=False).is_success, 60, url)
        until(lambda: "worker ready" in (folder / "worker.log").read_text(), 60, "the worker")
        yield Platform(urls, folder, browser, processes)
    except AssertionError:
        print(processes.tails())
        raise
    finally:
        processes.stop()
