"""Inviting people to sign: one invitation a person, a short-lived link, reminders, replacement."""

import secrets
import uuid
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, object_session

from workflow.accounts.models import Account
from workflow.case import Actor, Case, lock_case, record
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment.data import Application
from workflow.establishment.models import Paper
from workflow.machine import MOVED_ON, InvitationMachine, next_state
from workflow.messages.models import Message
from workflow.messages.operations import send
from workflow.settings import settings
from workflow.signatures.models import Control, Invitation, LicenceCheck

LINK_DAYS = 7
MAX_SENT = 6
LIVE = ("invited", "identified", "admitted", "lapsed")

TOO_OFTEN = Words(
    "提醒次数已达上限，请复制链接后用其他方式发送。",
    "The limit of reminders is reached. Copy the link and send it another way.",
)
LINK_ENDED = Words(
    "此签署链接已失效，请联系经办人重新发送。",
    "This signing link is no longer valid. Ask the person who sent it to send a new one.",
)
NOT_SIGNING = Words(
    "申请人正在修改材料，或者这次签署已经结束。如需重新签署，您会收到新的邀请。",
    "The applicant is changing the papers, or this signing is over. If you need to sign again, you will be invited anew.",
)


class NoSuchLink(NotFound):
    """No invitation has this link: it was never one, or a newer one has ended it; only the newest is known."""


def token_hash(token: str) -> bytes:
    """What is kept of a link's token."""
    return sha256(token.encode()).digest()


def invite(db: Session, case: Case, application: Application, person_key: str, inviter: str) -> Invitation:
    """Invite one person by SMS, and by mail where an address is known; the person may have signed before.

    Raises NotFound for a person whom the application does not name.
    """
    person = application.person(person_key)
    if person is None:
        raise NotFound(f"person {person_key}")
    row = Invitation(
        case_id=case.id, person_key=person_key, name=person.name, id_number=person.id_number, phone=person.phone,
        email=person.email, expires_at=now() + timedelta(days=LINK_DAYS),
    )  # fmt: skip
    db.add(row)
    db.flush()
    _send(db, case, row, new_link(row), inviter)
    return row


def new_link(row: Invitation) -> str:
    """A new link; the old one ends, and the checks start again. Only its hash is kept."""
    if db := object_session(row):
        end_checks(db, row.id)
    token = secrets.token_urlsafe(24)
    row.token_hash = token_hash(token)
    row.expires_at = now() + timedelta(days=LINK_DAYS)
    row.browser_hash, row.tries = None, 0
    return f"{settings().portal_url}/sign/{token}"


def end_checks(db: Session, invitation_id: uuid.UUID) -> None:
    """Destroy what a signer's checks had led to: the signing key or the passkey's registration, and checked licences."""
    db.execute(delete(Control).where(Control.invitation_id == invitation_id))
    db.execute(delete(LicenceCheck).where(LicenceCheck.invitation_id == invitation_id))


def delivery_of(db: Session, rows: Iterable[Invitation]) -> dict[uuid.UUID, Message]:
    """The newest text message of each invitation."""
    keys = {_key(row, "sms"): row.id for row in rows}
    found = db.scalars(select(Message).where(Message.key.in_(keys)))
    return {keys[message.key]: message for message in found}


def _key(row: Invitation, channel: str) -> str:
    return f"sign_invitation:{row.id}:{row.sent_count}:{channel}"


def _send(db: Session, case: Case, row: Invitation, link: str, inviter: str) -> None:
    row.sent_count += 1
    channels = [("sms", row.phone)] + ([("mail", row.email)] if row.email else [])
    for channel, recipient in channels:
        send(
            db, channel, recipient, "sign_invitation", _key(row, channel),
            case_id=case.id, language=row.language, inviter=inviter, company=case.name, link=link, days=LINK_DAYS,
        )  # fmt: skip


def invite_again(
    db: Session, case_id: uuid.UUID, invitation_id: uuid.UUID, actor: Actor, by_message: bool = True
) -> str:
    """Remind, or make a link to hand over in another way (`by_message` False): the old link ends, the checks start
    again. Who has declined gets a new invitation. Returns the link to copy.

    Raises NotFound, Conflict (`moved_on`), RuleViolation after too many messages.
    """
    case = lock_case(db, case_id)
    row = invitation_of(db, case_id, invitation_id)
    require_signing(case)
    if by_message and row.sent_count >= MAX_SENT:
        raise RuleViolation([Problem("too_many", "", TOO_OFTEN)])
    if row.state == "declined":
        row = _after_refusal(db, case, row)
    row.state = next_state(InvitationMachine, row.state, "invite_again", actor.roles)
    link = new_link(row)
    record(db, case, actor, "invite_again", detail={"person": row.person_key, "by_message": by_message})
    if by_message:
        _send(db, case, row, link, actor.label)
    db.flush()
    return link


def _after_refusal(db: Session, case: Case, old: Invitation) -> Invitation:
    """A new invitation to somebody who declined; the refusal stays as it was."""
    if old.id != current_of(db, case.id)[old.person_key].id:
        raise Conflict(MOVED_ON, "moved_on")
    row = Invitation(
        case_id=case.id, person_key=old.person_key, name=old.name, id_number=old.id_number, phone=old.phone,
        email=old.email, language=old.language, expires_at=now(), sent_count=old.sent_count, state="invited",
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


def require_signing(case: Case) -> None:
    """Papers are out for signature. Raises Conflict (`not_signing`): the applicant took them back, or it is over."""
    if case.state != "signing":
        raise Conflict(NOT_SIGNING, "not_signing")


def invitation_of(db: Session, case_id: uuid.UUID, invitation_id: uuid.UUID) -> Invitation:
    """An invitation of this case, locked. Raises NotFound."""
    row = db.scalar(
        select(Invitation)
        .where(Invitation.id == invitation_id, Invitation.case_id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("invitation")
    return row


def invitations_of(db: Session, case_id: uuid.UUID) -> list[Invitation]:
    """Every invitation of a case, oldest first."""
    return list(
        db.scalars(select(Invitation).where(Invitation.case_id == case_id).order_by(Invitation.created_at))
    )


def by_token(db: Session, token: str, lock: bool = False) -> Invitation:
    """The invitation of a link. An expired link lapses. Raises NotFound, Conflict (`link_expired`)."""
    query = select(Invitation).where(Invitation.token_hash == token_hash(token))
    if lock:  # what another request has just written counts, not what this one read before it waited
        query = query.with_for_update().execution_options(populate_existing=True)
    row = db.scalar(query)
    if row is None:
        raise NoSuchLink("link")
    if row.state in ("invited", "identified", "admitted") and row.expires_at < now():
        lapse(db, row)
        db.commit()
    if row.state in ("lapsed", "fallen"):
        raise Conflict(LINK_ENDED, "link_expired")
    return row


def nothing_signed(db: Session, token: str) -> bool:
    """Whether a link never led to a signature, also when it has ended since."""
    query = select(Invitation.id).where(
        Invitation.token_hash == token_hash(token), Invitation.signed_at.is_not(None)
    )
    return db.scalar(query) is None


def lapse(db: Session, row: Invitation) -> None:
    """End a link whose time is over: the key made under it goes, and the applicant is told."""
    row.state = next_state(InvitationMachine, row.state, "lapse", frozenset({"system"}))
    end_checks(db, row.id)
    case = db.get_one(Case, row.case_id)
    if case.state != "signing":
        return
    owner = db.get_one(Account, case.owner_id)
    send(
        db, "sms", owner.phone, "sign_lapsed", f"sign_lapsed:{row.id}:{row.expires_at.isoformat()}", case_id=case.id,
        language=owner.language, case=case.number, signer=row.name,
    )  # fmt: skip


def current_of(db: Session, case_id: uuid.UUID) -> dict[str, Invitation]:
    """The invitation that counts for each person who signs: the newest that has not fallen."""
    return {row.person_key: row for row in invitations_of(db, case_id) if row.state != "fallen"}


def live_papers(db: Session, case_id: uuid.UUID) -> list[Paper]:
    """The papers of a case that count, in order."""
    query = select(Paper).where(Paper.case_id == case_id, Paper.state != "fallen").order_by(Paper.position)
    return list(db.scalars(query))


def owner_label(db: Session, case: Case) -> str:
    """The name of a case's owner, as shown to the people invited."""
    return db.get_one(Account, case.owner_id).name
