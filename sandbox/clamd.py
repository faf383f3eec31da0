"""The virus scanner: clamd's protocol over a real socket. It knows one virus, the EICAR test file, and can misbehave."""

import socketserver
import struct
import time
from typing import cast

from sandbox import switches
from sandbox.store import Store

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!" + b"$H+H*"
FOUND = b"stream: Eicar-Test-Signature FOUND\0"
LARGEST = 25 * 1024 * 1024  # as StreamMaxLength


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    store: Store


class _Talk(socketserver.StreamRequestHandler):
    """One connection; the switches of `clamd` apply."""

    timeout = 30

    def handle(self) -> None:
        """PING, VERSION or INSTREAM in the z form; whatever else is UNKNOWN COMMAND, as clamd says."""
        store = cast(_Server, self.server).store
        command = self._command()
        now = switches.read(store)
        if switches.strikes(store, "clamd", "fail"):
            return  # hangs up
        if command == b"zPING":
            answer = b"PONG\0"
        elif command == b"zVERSION":
            answer = b"ClamAV 0.0 sandbox\0"
        elif command == b"zINSTREAM":
            answer = self._look()
        else:
            answer = b"UNKNOWN COMMAND\0"
        time.sleep(now["clamd.slow"])
        if now["clamd.garbage"]:
            answer = b"\xff\xfestream: perhaps\0"
        if switches.strikes(store, "clamd", "lose"):
            answer = answer[: len(answer) // 2]
        self.wfile.write(answer)

    def _command(self) -> bytes:
        command = b""
        while len(command) < 64 and (byte := self.rfile.read(1)) not in (b"", b"\0"):
            command += byte
        return command

    def _look(self) -> bytes:
        data = b""
        while True:
            head = self.rfile.read(4)
            if len(head) < 4:
                return b""
            (length,) = struct.unpack("!L", head)
            if length == 0:
                return FOUND if EICAR in data else b"stream: OK\0"
            if len(data) + length > LARGEST:
                return b"INSTREAM size limit exceeded. ERROR\0"
            data += self.rfile.read(length)


def server(store: Store, host: str, port: int) -> socketserver.ThreadingTCPServer:
    """The scanner, not serving yet. Raises OSError when the port is taken."""
    made = _Server((host, port), _Talk)
    made.store = store
    return made
