"""What the sandbox does on its own: banks fetch files, work and report, the SMS network sends receipts.

All that is due stands in the state file, so a restart loses nothing and a failed try is tried again later.
"""

import fcntl
import logging
import random
import sqlite3
import threading
import time
from typing import Any, TextIO

from sandbox import sms, switches
from sandbox.bank import core
from sandbox.bank.gateway import GatewayFailure, PlatformClient
from sandbox.config import Config
from sandbox.store import Store

log = logging.getLogger(__name__)
IDLE_SECONDS = 0.2
LONGEST_WAIT = 60.0
# One waiting report a file: the first or the last; SQLite takes the other columns from the row of min() or max().
WAITING = """
SELECT r.*, f.bank_code, f.handoff_id, count(*) AS waiting, {}(r.id) AS chosen
FROM reports r JOIN files f ON f.id = r.file_id WHERE r.state = 'pending' GROUP BY r.file_id
"""


def wait_after(tries: int) -> float:
    """Seconds until the next try: doubling from half a second, a minute at most, with some chance in it."""
    return min(LONGEST_WAIT, 0.5 * 2 ** min(tries, 8)) * random.uniform(0.8, 1.2)


class Runner:
    """The thread; `run_due` is one round of it."""

    def __init__(self, config: Config, store: Store, platform: PlatformClient) -> None:
        self.config = config
        self.store = store
        self.platform = platform
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock: TextIO | None = None

    def start(self) -> bool:
        """Begin, unless another process already does this work on the same state."""
        self._lock = open(self.store.path.with_suffix(".lock"), "w")  # noqa: SIM115 - held while we run
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            return False
        self._thread = threading.Thread(target=self._loop, name="sandbox-runner", daemon=True)
        self._thread.start()
        return True

    def stop(self) -> None:
        """End after the round that is under way."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        if self._lock:
            self._lock.close()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.run_due()
            except Exception:  # the outside world must not end because of one bad round
                log.exception("sandbox round failed")
            self._stop.wait(IDLE_SECONDS)

    def run_due(self) -> int:
        """Do all that is due now; return how many things were done or tried."""
        now = switches.read(self.store)
        return (
            self._fetch()
            + self._work(now)
            + self._report(now)
            + sms.send_receipts(self.store, self.config, now)
        )

    def _fetch(self) -> int:
        due = self.store.rows(
            "SELECT * FROM files WHERE status = 'notified' AND next_step <= ? ORDER BY id", (time.time(),)
        )
        for file in due:
            try:
                document = self.platform.pull(file["bank_code"], file["handoff_id"])
            except GatewayFailure as failure:
                with self.store.write() as db:
                    if failure.status in (403, 410):  # the consent has ended
                        core.close_withdrawn(db, file)
                    else:
                        self._later(db, "files", "next_step", file, failure)
                continue
            with self.store.write() as db:
                core.take_document(db, file, document)
        return len(due)

    @staticmethod
    def _later(
        db: sqlite3.Connection, table: str, column: str, row: sqlite3.Row, failure: GatewayFailure
    ) -> None:
        db.execute(
            f"UPDATE {table} SET tries = tries + 1, last_error = ?, {column} = ? WHERE id = ?",  # noqa: S608
            (str(failure)[:300], time.time() + wait_after(row["tries"]), row["id"]),
        )

    def _work(self, now: dict[str, Any]) -> int:
        """The provincial branch passes files on by itself; in automatic mode the branch works by itself, too."""
        done = 0
        waits = {"received": now["bank.routing_seconds"]}
        if now["bank.auto"]:
            waits |= dict.fromkeys(
                ("branch_assigned", "appointment", "intention_verified"), now["bank.step_seconds"]
            )
        for status, wait in waits.items():
            for row in self.store.rows(
                "SELECT id FROM files WHERE status = ? AND next_step <= ? ORDER BY id",
                (status, time.time() - wait),
            ):
                with self.store.write() as db:
                    file = db.execute("SELECT * FROM files WHERE id = ?", (row["id"],)).fetchone()
                    if file["status"] == status:
                        core.advance(db, file)
                        done += 1
        return done

    def _report(self, now: dict[str, Any]) -> int:
        """One report a file and round, in order; or, when order is off, the later one first."""
        newest = now["bank.out_of_order"]
        due = self.store.rows(WAITING.format("max" if newest else "min"))
        done = 0
        for row in due:
            early = newest and row["waiting"] == 1 and time.time() < row["made"] + now["bank.hold_seconds"]
            if row["next_try"] <= time.time() and not early:
                self._send(row, now)
                done += 1
        return done

    def _send(self, row: sqlite3.Row, now: dict[str, Any]) -> None:
        if now["bank.slow"]:
            self._stop.wait(now["bank.slow"])
        failure: GatewayFailure | None = None
        sends = 0
        try:
            for _ in range(2 if now["bank.answer_twice"] else 1):
                self.platform.report(row["bank_code"], row["handoff_id"], core.as_report(row))
                sends += 1
        except GatewayFailure as caught:
            failure = caught
        with self.store.write() as db:
            if sends:
                db.execute(
                    "UPDATE reports SET state = 'sent', sends = sends + ?, last_error = '' WHERE id = ?",
                    (sends, row["id"]),
                )
            elif failure and failure.final:
                db.execute(
                    "UPDATE reports SET state = 'rejected', tries = tries + 1, last_error = ? WHERE id = ?",
                    (str(failure)[:300], row["id"]),
                )
            elif failure:
                self._later(db, "reports", "next_try", row, failure)
