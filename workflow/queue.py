"""Hands follow-up work to the worker, inside the caller's transaction.

If the transaction commits, the work will be done; if it fails, it was never asked for. The key names what is
to be done: asking twice with one key is asking once.
"""

import functools
from typing import Any

from dbos import DBOSClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

# Apart, so that a silent SMS gateway holds up no licence; in `deliveries` what goes to one recipient keeps its order.
WORK, DELIVERIES = "work", "deliveries"
MESSAGES = "messages"  # nothing new comes into it; installations may have something in it from before
APPLICATION = "qibu"


@functools.lru_cache(maxsize=16)
def client(engine: Engine) -> DBOSClient:
    """The DBOS client of a database."""
    return DBOSClient(system_database_engine=engine, application_name=APPLICATION, lazy=True)


def enqueue(
    db: Session, job: str, *arguments: Any, key: str, queue: str = WORK, in_line: str | None = None
) -> None:
    """Ask the worker to run `job(*arguments)`; `key` makes it happen once however often it is asked for.

    `in_line`: of a queue that keeps an order, the line in which this waits for what was asked for before.
    """
    known = text("SELECT 1 FROM dbos.workflow_status WHERE workflow_uuid = :key")
    db.flush()
    if db.execute(known, {"key": key}).first():
        return
    options: Any = {"workflow_name": job, "queue_name": queue, "workflow_id": key}
    if in_line is not None:
        options["queue_partition_key"] = in_line
    bind = db.get_bind()
    client(bind if isinstance(bind, Engine) else bind.engine).enqueue_in_transaction(db, options, *arguments)
