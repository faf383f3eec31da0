"""`python -m sandbox`: the outside world on one machine, for one person."""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox import clamd
from sandbox.app import create_app
from sandbox.config import Config
from sandbox.mail import server


class QuietHandler(WSGIRequestHandler):
    """No line a request: addresses may hold case numbers."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="模拟环境: the outside world of Qibu, nothing in it is real"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8004)
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument(
        "--clamd-port",
        type=int,
        default=int(os.environ.get("QIBU_SANDBOX_CLAMD_PORT", "0")),
        help="play a virus scanner here (default: none)",
    )
    parser.add_argument(
        "--state", type=Path, default=None, help="folder of the state (default: instance/sandbox)"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app = create_app(Config.from_environment(options.state))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    world = app.extensions["sandbox"]
    mail = server(world.store, options.host, options.smtp_port)
    try:
        mail.start()
    except OSError:
        print(
            f"Port {options.smtp_port} is taken: choose another with --smtp-port (QIBU_SMTP_PORT).",
            file=sys.stderr,
        )
        return 1
    scanner = None
    if options.clamd_port:
        scanner = clamd.server(world.store, options.host, options.clamd_port)
        threading.Thread(target=scanner.serve_forever, daemon=True).start()
    http = make_server(options.host, options.port, app, threaded=True, request_handler=QuietHandler)
    signal.signal(signal.SIGTERM, _stop)
    if not world.runner.start():
        print("Another sandbox does the banks' work on this state; this one only answers.", file=sys.stderr)
    print(
        f"模拟环境 http://{options.host}:{options.port}  SMTP {options.host}:{options.smtp_port}", flush=True
    )
    try:
        http.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        http.server_close()
        world.runner.stop()
        if scanner:
            scanner.shutdown()
            scanner.server_close()
        mail.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
