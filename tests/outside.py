"""The sandbox over real HTTP inside the test's process, as the owner of an outside time stamping authority and more."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from werkzeug.serving import make_server

from sandbox import switches
from sandbox.__main__ import QuietHandler
from sandbox.app import create_app
from sandbox.config import DEMO_SECRET, Config
from sandbox.store import Store
from sandbox.tsa import POLICY
from signing.outside import Member
from workflow.settings import settings

NAME = "other"


@dataclass
class OutsideWorld:
    """A sandbox that serves."""

    url: str
    state: Path
    store: Store

    @property
    def root_file(self) -> Path:
        """The root certificate of its time stamping authority."""
        return self.state / "tsa" / "root.pem"

    @property
    def root(self) -> x509.Certificate:
        """The same, read."""
        return x509.load_pem_x509_certificate(self.root_file.read_bytes())

    def member(self, name: str = NAME, **other: object) -> Member:
        """Its time stamping authority as a member of a pool."""
        said = {"url": f"{self.url}/tsa", "policy": POLICY, "seconds": 2.0} | other
        return Member(name=name, roots=(self.root,), **said)

    def switch(self, **values: object) -> None:
        """Set switches: `tsa__slow=1`."""
        switches.change(self.store, {name.replace("__", "."): value for name, value in values.items()})

    def behave(self) -> None:
        """Everything as it should be, nothing noted."""
        switches.reset(self.store)
        with self.store.write() as db:
            db.execute("DELETE FROM calls")

    def calls(self, service: str) -> list[str]:
        """The fault of each call that a service has answered, oldest first; empty for a good answer."""
        rows = self.store.rows("SELECT fault FROM calls WHERE service = ? ORDER BY id", (service,))
        return [row["fault"] for row in rows]


@contextmanager
def outside_world(state: Path) -> Iterator[OutsideWorld]:
    """A sandbox in this folder, as long as the block lasts."""
    app = create_app(Config(state=state, service_key=DEMO_SECRET))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert app.test_client().get("/tsa/root.pem", base_url=url).status_code == 200  # founds it
        yield OutsideWorld(url, state, app.extensions["sandbox"].store)
    finally:
        server.shutdown()
        server.server_close()


def use_for_time(world: OutsideWorld, monkeypatch, own: str = "never", **other: object) -> None:
    """Settings by which the installation has its times stamped by this world's authority."""
    said = {"name": NAME, "url": f"{world.url}/tsa", "root": str(world.root_file), "policy": POLICY} | other
    monkeypatch.setenv("QIBU_TSA_POOL", json.dumps([said]))
    monkeypatch.setenv("QIBU_TSA_OWN", own)
    settings.cache_clear()
