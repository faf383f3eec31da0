"""What time does: reservations and links run out, reports that stayed away are fetched, lists are renewed."""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from signing import revocation, rotation
from workflow.accounts.models import Account
from workflow.archive import operations as archive
from workflow.archive import waiting
from workflow.case import Actor, Case, advance
from workflow.db import now, transaction
from workflow.errors import Conflict, OutsideFailure
from workflow.establishment.uploading import forget_pieces
from workflow.evidence.anchoring import anchor_due
from workflow.gateways import HttpBankGateway
from workflow.handoff.models import BankClient, Handoff
from workflow.handoff.operations import EVENT_OF_STATUS, Report, take_report
from workflow.machine import HandoffMachine, is_final
from workflow.messages import operations as messages
from workflow.messages.operations import send
from workflow.naming import declaration
from workflow.naming import operations as naming
from workflow.settings import settings
from workflow.signatures.checks import forget_faces
from workflow.signatures.invitations import lapse
from workflow.signatures.models import Invitation
from workflow.signer import authority

log = logging.getLogger(__name__)
POLL_AFTER = timedelta(minutes=10)


def expire_reservations(db: Session) -> int:
    """End the reservations whose time is over (NM-44, NM-45) and the cases' hope with them; the applicant is told."""
    count = 0
    for case_id in naming.expire_due(db, now()):
        case = db.get(Case, case_id)
        if case is None:
            continue
        try:
            case = advance(db, case_id, "expire_reservation", Actor.system())
        except Conflict:
            continue  # already submitted: the application was made in time
        declaration.end(db, case_id, "expired")
        owner = db.get_one(Account, case.owner_id)
        send(
            db, "sms", owner.phone, "reservation_expired", f"reservation_expired:{case.id}:{case.changed_at}",
            case_id=case.id, language=owner.language, case=case.number, company=case.name,
        )  # fmt: skip
        count += 1
    return count


def lapse_invitations(db: Session) -> int:
    """End the links whose time is over; the applicants are told."""
    rows = db.scalars(
        select(Invitation)
        .where(Invitation.state.in_(("invited", "identified", "admitted")), Invitation.expires_at < now())
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        lapse(db, row)
    return len(rows)


def take_missing_reports(db: Session) -> int:
    """Ask banks that have been silent how far they are; what they say counts as if they had reported it."""
    silent = db.execute(
        select(Handoff.id, Handoff.business_number, BankClient.status_url)
        .join(BankClient, BankClient.bank_code == Handoff.bank_code)
        .where(Handoff.changed_at < now() - POLL_AFTER, BankClient.status_url != "")
        .where(Handoff.state.not_in([s.id for s in HandoffMachine.states if is_final(HandoffMachine, s.id)]))
    ).all()
    db.commit()
    count = 0
    for handoff_id, business_number, url in silent:
        try:
            answer = HttpBankGateway().status(url.format(business_number=business_number))
        except OutsideFailure:
            continue
        for entry in answer.get("reports", []):
            if entry.get("status") in EVENT_OF_STATUS:
                report = Report(
                    report_id=str(entry["report_id"]), status=entry["status"], at=now(), text=str(entry.get("text", "")),
                    branch_code=str(entry.get("branch_code", "")), account_number=str(entry.get("account_number", "")),
                )  # fmt: skip
                bank = Actor("bank", "poll", "bank", frozenset({"bank"}))
                count += take_report(db, handoff_id, report, bank, "poll").applied
        db.commit()
    return count


def resume_messages(db: Session) -> int:
    """Try again to deliver what an outage of the SMS or mail service has held up."""
    return messages.resume(db)


def renew_revocation_lists(db: Session) -> int:
    """Renew the certificate revocation lists before they run out, those of replaced issuing certificates too."""
    return revocation.renew_lists(db, authority())


def renew_authority(db: Session) -> int:
    """Replace the authority's own keys and certificates before they run out; warn of what only the root can do."""
    made, waiting = rotation.renew(authority(), transaction)
    if made:
        log.info("the certificate authority replaced %s", ", ".join(made))
    for item in waiting:
        log.warning(
            "the certificate authority needs its root's key: %s runs out on %s", item.label, item.until.date()
        )
        if settings().operator_mail:
            send(
                db, "mail", settings().operator_mail, "authority_waits",
                f"authority_waits:{item.label}:{item.profile}:{now():%G-%V}", label=item.label, until=item.until.date(),
            )  # fmt: skip
    return len(made)


JOBS: tuple[Callable[[Session], int], ...] = (
    expire_reservations, lapse_invitations, forget_faces, take_missing_reports, waiting.resume, resume_messages, archive.archive_forgotten,
    archive.remove_superseded, renew_authority, renew_revocation_lists, anchor_due, forget_pieces,
)  # fmt: skip


class UpkeepFailed(Exception):
    """Some jobs of an upkeep did not get through: the id in the log by the job's name. They are due again next time."""

    def __init__(self, failed: dict[str, str]) -> None:
        super().__init__(", ".join(f"{name} ({log_id})" for name, log_id in failed.items()))


def run() -> tuple[dict[str, int], dict[str, str]]:
    """Every job by itself, in a transaction of its own: how much each did, and of those that failed the id in the log."""
    done: dict[str, int] = {}
    failed: dict[str, str] = {}
    for job in JOBS:
        name = job.__name__
        try:
            with transaction() as db:
                done[name] = job(db)
        except Exception:  # whatever it is, the other jobs do not wait for it
            failed[name] = uuid.uuid4().hex[:16]
            log.exception("upkeep: %s failed (%s)", name, failed[name])
    return done, failed
