"""Several at one moment, and how often something is done."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.db import session_factory


def at_once(*works: Callable[[Session], Any]) -> Sequence[Any]:
    """Run all at one moment, each in a transaction of its own; results and errors, in their order."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int) -> None:
        with session_factory()() as db:
            db.execute(text("SELECT 1"))  # connected before the start
            barrier.wait()
            try:
                results[number] = works[number](db)
                db.commit()
            except Exception as error:
                db.rollback()
                results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def counting(done: dict[str, int], name: str, act: Callable[..., Any]) -> Callable[..., Any]:
    """The act, which now counts under a name how often it is done."""

    def counted(*arguments: Any, **asked: Any) -> Any:
        done[name] += 1
        return act(*arguments, **asked)

    return counted
