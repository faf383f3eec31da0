"""A whole sandbox over real HTTP in a temporary folder."""

import threading

import pytest
from werkzeug.serving import make_server

from sandbox.__main__ import QuietHandler
from sandbox.app import create_app
from sandbox.config import Config
from tests.sandbox.world import KEY, Caller, Gateway


@pytest.fixture
def serve():
    """Serves WSGI applications on free ports."""
    servers = []

    def start(app):
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def gateway(serve):
    """The platform's end of the bank's line."""
    gateway = Gateway()
    gateway.url = serve(gateway.app)
    return gateway


@pytest.fixture
def app(tmp_path, gateway):
    return create_app(Config(state=tmp_path / "state", service_key=KEY, bank_url=gateway.url))


@pytest.fixture
def world(app):
    """The sandbox's parts, without its background thread."""
    return app.extensions["sandbox"]


@pytest.fixture
def caller(app, gateway, serve):
    gateway.sandbox = serve(app)
    return Caller(gateway.sandbox)
