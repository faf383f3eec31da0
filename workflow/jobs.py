"""The durable workflows: what follows a transition, and what happens on a schedule.

Each step is idempotent and carries the id of what it does; a worker that dies is replaced by one that goes on
from the last finished step. Nothing here waits for an answer from outside: reports come in as transitions.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from dbos import DBOS, DBOSConfig

from signing.errors import PaperRefused
from workflow import upkeep as upkeep_jobs
from workflow.archive import operations as archive
from workflow.archive import waiting
from workflow.db import driver_url, engine, transaction
from workflow.errors import OutsideFailure
from workflow.establishment import notices
from workflow.gateways import HttpBankGateway, HttpSmsGateway, SmtpMailGateway
from workflow.handoff import operations as handoff
from workflow.licensing import operations as licensing
from workflow.messages import operations as messages
from workflow.queue import APPLICATION, DELIVERIES, MESSAGES, WORK
from workflow.settings import settings
from workflow.tidying import sweep_objects

TRIES = int(os.environ.get("QIBU_PUSH_TRIES", "7"))  # with doubling pauses from one second: about two minutes
VERSION = "1"  # raise when a workflow's steps change, so that half-done work is not replayed by other code


# --- one licence, its papers -------------------------------------------------------------------------------


@contextmanager
def _noting(case_id: str, work: str) -> Iterator[None]:
    """What an outside party holds up is written down at once, so that people see what is waited for."""
    try:
        yield
    except OutsideFailure as error:
        with transaction() as db:
            waiting.note(db, uuid.UUID(case_id), work, str(error))
        raise


@DBOS.step(name="prepare_licence")
def _prepare_licence(case_id: str) -> str:
    with transaction() as db:
        return str(licensing.prepare(db, uuid.UUID(case_id)).id)


@DBOS.step(name="make_licence_files", retries_allowed=True, max_attempts=TRIES)
def _make_licence_files(case_id: str, licence_id: str) -> dict[str, str]:
    with _noting(case_id, "issue_licence"), transaction() as db:
        return licensing.make_files(db, uuid.UUID(licence_id))


@DBOS.step(name="activate_licence")
def _activate_licence(case_id: str, licence_id: str, files: dict[str, str]) -> None:
    with transaction() as db:
        licensing.activate(db, uuid.UUID(licence_id), files)
        waiting.done(db, uuid.UUID(case_id), "issue_licence")


@DBOS.workflow(name="issue_licence")
def issue_licence(case_id: str) -> None:
    """Approved case -> credit code, sealed licence, register entry, message."""
    licence_id = _prepare_licence(case_id)
    files = _make_licence_files(case_id, licence_id)
    _activate_licence(case_id, licence_id, files)


@DBOS.step(name="issue_notices", retries_allowed=True, max_attempts=TRIES)
def _issue_notices(case_id: str) -> None:
    with _noting(case_id, "issue_notices"), transaction() as db:
        notices.issue(db, uuid.UUID(case_id))
        waiting.done(db, uuid.UUID(case_id), "issue_notices")


@DBOS.workflow(name="issue_notices")
def issue_notices(case_id: str) -> None:
    """Handed in, or the time to decide extended -> the sealed receipt or notice for the applicant (PRO-04)."""
    _issue_notices(case_id)


@DBOS.step(name="seal_papers", retries_allowed=True, max_attempts=TRIES)
def _seal_papers(case_id: str, work: str) -> None:
    with _noting(case_id, work), transaction() as db:
        archive.seal_papers(db, uuid.UUID(case_id))
        if work == "seal_papers":
            waiting.done(db, uuid.UUID(case_id), work)


@DBOS.workflow(name="seal_papers")
def seal_papers(case_id: str) -> None:
    """Approved case -> the authority's acceptance seal on each of its papers."""
    _seal_papers(case_id, "seal_papers")


@DBOS.step(name="enlist_files")
def _enlist_files(case_id: str) -> list[str]:
    with transaction() as db:
        return [str(file_id) for file_id in archive.enlist(db, uuid.UUID(case_id))]


@DBOS.step(name="stamp_file", retries_allowed=True, max_attempts=TRIES)
def _stamp_file(case_id: str, file_id: str) -> None:
    try:
        with _noting(case_id, "archive_papers"), transaction() as db:
            archive.stamp(db, uuid.UUID(file_id))
    except (
        PaperRefused
    ) as error:  # trying again at once would not help; the schedule and the registrar know of it
        with transaction() as db:
            archive.note_failure(db, uuid.UUID(file_id), str(error))


@DBOS.step(name="note_archived")
def _note_archived(case_id: str) -> None:
    with transaction() as db:
        waiting.done(db, uuid.UUID(case_id), "archive_papers")


@DBOS.workflow(name="archive_papers")
def archive_papers(case_id: str) -> None:
    """Closed case -> an archive time stamp on each of its papers and on the licence; sealed first if they are not."""
    _seal_papers(case_id, "archive_papers")
    for file_id in _enlist_files(case_id):
        _stamp_file(case_id, file_id)
    _note_archived(case_id)


# --- one push to a bank ---------------------------------------------------------------------------------


@DBOS.step(name="notify_bank", retries_allowed=True, max_attempts=TRIES)
def _notify_bank(handoff_id: str) -> bool:
    try:
        with transaction() as db:
            return handoff.push(db, uuid.UUID(handoff_id), HttpBankGateway())
    except OutsideFailure as error:
        with transaction() as db:
            handoff.note_try(db, uuid.UUID(handoff_id), str(error))
        raise


@DBOS.step(name="note_delivered")
def _note_delivered(handoff_id: str) -> None:
    with transaction() as db:
        handoff.note_delivered(db, uuid.UUID(handoff_id))


@DBOS.step(name="note_undeliverable")
def _note_undeliverable(handoff_id: str, error: str) -> None:
    with transaction() as db:
        handoff.note_undeliverable(db, uuid.UUID(handoff_id), error)


@DBOS.workflow(name="push_to_bank")
def push_to_bank(handoff_id: str) -> None:
    """Consent -> the bank knows that there is a file to fetch, or the person knows that it could not be told."""
    try:
        if _notify_bank(handoff_id):
            _note_delivered(handoff_id)
    except Exception as error:  # the retries are used up
        _note_undeliverable(handoff_id, str(error))


@DBOS.step(name="tell_bank_withdrawn", retries_allowed=True, max_attempts=TRIES)
def _tell_bank_withdrawn(handoff_id: str) -> None:
    with transaction() as db:
        handoff.tell_withdrawn(db, uuid.UUID(handoff_id), HttpBankGateway())


@DBOS.workflow(name="tell_bank_withdrawn")
def tell_bank_withdrawn(handoff_id: str) -> None:
    """The consent was taken back -> the bank knows."""
    _tell_bank_withdrawn(handoff_id)


# --- one message ----------------------------------------------------------------------------------------


@DBOS.step(name="deliver_message", retries_allowed=True, max_attempts=TRIES)
def _deliver_message(message_id: str) -> None:
    try:
        with transaction() as db:
            messages.deliver(db, uuid.UUID(message_id), HttpSmsGateway(), SmtpMailGateway())
    except OutsideFailure as error:
        with transaction() as db:
            messages.note_failure(db, uuid.UUID(message_id), str(error), final=False)
        raise


@DBOS.step(name="give_up_message")
def _give_up_message(message_id: str, error: str) -> None:
    with transaction() as db:
        messages.note_failure(db, uuid.UUID(message_id), error, final=True)


@DBOS.workflow(name="deliver_message")
def deliver_message(message_id: str) -> None:
    """A message row -> an SMS or mail, once."""
    try:
        _deliver_message(message_id)
    except Exception as error:
        _give_up_message(message_id, str(error))


# --- schedules ------------------------------------------------------------------------------------------


@DBOS.step(name="upkeep")
def _upkeep() -> dict[str, str]:
    return upkeep_jobs.run()[1]


@DBOS.step(name="renew_archives")
def _renew_archives() -> int:
    with transaction() as db:
        return archive.renew_due(db)[0]


@DBOS.workflow(name="upkeep")
def upkeep(at: datetime, context: Any) -> None:
    """Every five minutes: what has run out or ages, and what outside parties have not told us.

    One job that fails keeps no other from its turn; the run then counts as failed. Raises UpkeepFailed.
    """
    failed = _upkeep()
    while _renew_archives():
        pass
    if failed:
        raise upkeep_jobs.UpkeepFailed(failed)


@DBOS.step(name="tidy")
def _tidy() -> int:
    with transaction() as db:
        return sweep_objects(db)


@DBOS.workflow(name="tidy")
def tidy(at: datetime, context: Any) -> None:
    """Every night: objects that nothing names any more."""
    _tidy()


SCHEDULES: dict[str, tuple[Any, str]] = {"upkeep": (upkeep, "*/5 * * * *"), "tidy": (tidy, "17 19 * * *")}


def configure(name: str = "worker") -> None:
    """Make this process a worker: it can run every workflow of this file once launched."""
    config = settings()
    DBOS(
        config=DBOSConfig(
            name=APPLICATION,
            system_database_url=driver_url(config.database_url),
            application_version=VERSION,
            executor_id=name,
            log_level="WARNING",
        )
    )


def launch(concurrency: int = 8) -> None:
    """Start taking work: new, and what a dead predecessor left half done."""
    DBOS.launch()
    for queue in (WORK, DELIVERIES, MESSAGES):
        DBOS.register_queue(
            queue, worker_concurrency=concurrency, partition_concurrency=1 if queue == DELIVERIES else None,
            polling_interval_sec=0.4, on_conflict="always_update",
        )  # fmt: skip
    known = {schedule["schedule_name"] for schedule in DBOS.list_schedules()}
    for name, (function, cron) in SCHEDULES.items():
        if name not in known:
            DBOS.create_schedule(schedule_name=name, workflow_fn=function, schedule=cron)


def stop() -> None:
    """Stop taking work; what is running goes on elsewhere or at the next start."""
    DBOS.destroy()
    engine().dispose()
