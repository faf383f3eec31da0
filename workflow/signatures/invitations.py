"""Inviting people to sign: one invitation a person, a short-lived link, reminders, replacement."""

import secrets
import uuid
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.accounts.models import Account
from workflow.case import Actor, Case, lock_case, record
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment.data import Application
from workflow.establishment.models import Paper
from workflow.machine import InvitationMachine, next_state
from workflow.messages.operations import send
from workflow.settings import settings
from workflow.signatures.models import Invitation

LINK_DAYS = 7
MAX_SENT = 6
LIVE = ("invited", "identified", "admitted", "lapsed")

TOO_OFTEN = Words(
    "提醒次数已达上限，请复制链接后用其他方式发送。",
    "The limit of reminders is reached. Copy the link and send it another way.",
)


def token_hash(token: str) -> bytes:
    """What is kept of a link's token."""
    return sha256(token.encode()).digest()


def invite(db: Session, case: Case, application: Application, person_key: str, inviter: str) -> Invitation:
    """Invite one person by SMS, and by mail where an address is known; the person may have signed before."""
    person = application.person(person_key)
    if person is None:
        raise NotFound(f"person {person_key}")
    row = Invitation(
        case_id=case.id,
        person_key=person_key,
        name=person.name,
        id_number=person.id_number,
        phone=person.phone,
        email=person.email,
        expires_at=now() + timedelta(days=LINK_DAYS),
    )
    db.add(row)
    db.flush()
    send_link(db, case, row, inviter)
    return row


def send_link(db: Session, case: Case, row: Invitation, inviter: str) -> str:
    """Make a new link and send it by SMS (and mail); the old link ends. Returns the link."""
    token = secrets.token_urlsafe(24)
    row.token_hash = token_hash(token)
    row.expires_at = now() + timedelta(days=LINK_DAYS)
    row.sent_count += 1
    link = f"{settings().portal_url}/sign/{token}"
    channels = [("sms", row.phone)] + ([("mail", row.email)] if row.email else [])
    for channel, recipient in channels:
        send(
            db, channel, recipient, "sign_invitation", f"sign_invitation:{row.id}:{row.sent_count}:{channel}",
            case_id=case.id, language=row.language, inviter=inviter, company=case.name, link=link, days=LINK_DAYS,
        )  # fmt: skip
    return link


def invite_again(db: Session, case_id: uuid.UUID, invitation_id: uuid.UUID, actor: Actor) -> str:
    """Remind: a new link, the old one ends, checks start again. Returns the link to copy.

    Raises NotFound, Conflict (`moved_on`), RuleViolation after too many.
    """
    case = lock_case(db, case_id)
    row = invitation_of(db, case_id, invitation_id)
    if row.sent_count >= MAX_SENT:
        raise RuleViolation([Problem("too_many", "", TOO_OFTEN)])
    row.state = next_state(InvitationMachine, row.state, "invite_again", actor.roles)
    row.browser_hash = None
    record(db, case, actor, "invite_again", detail={"person": row.person_key})
    return send_link(db, case, row, actor.label)


def invitation_of(db: Session, case_id: uuid.UUID, invitation_id: uuid.UUID) -> Invitation:
    """An invitation of this case, locked. Raises NotFound."""
    row = db.scalar(
        select(Invitation)
        .where(Invitation.id == invitation_id, Invitation.case_id == case_id)
        .with_for_update()
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
    row = db.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("link")
    if row.state in ("invited", "identified", "admitted") and row.expires_at < now():
        row.state = next_state(InvitationMachine, row.state, "lapse", frozenset({"system"}))
        db.commit()
    if row.state in ("lapsed", "fallen"):
        raise Conflict(
            Words(
                "此签署链接已失效，请联系经办人重新发送。",
                "This signing link is no longer valid. Ask the person who sent it to send a new one.",
            ),
            "link_expired",
        )
    return row


def whose_signatures_fall(
    db: Session, case_id: uuid.UUID, new_hashes: dict[str, str]
) -> dict[str, list[str]]:
    """Which signed papers would change, and whose signatures are on them: kind -> names."""
    names = {i.person_key: i.name for i in invitations_of(db, case_id)}
    signed = {i.person_key for i in invitations_of(db, case_id) if i.state == "signed"}
    falls: dict[str, list[str]] = {}
    for paper in live_papers(db, case_id):
        if new_hashes.get(paper.kind) != paper.render_hash:
            hit = [names[key] for key in paper.signers if key in signed]
            if hit:
                falls[paper.kind] = hit
    return falls


def live_papers(db: Session, case_id: uuid.UUID) -> list[Paper]:
    """The papers of a case that count, in order."""
    query = select(Paper).where(Paper.case_id == case_id, Paper.state != "fallen").order_by(Paper.position)
    return list(db.scalars(query))


def owner_label(db: Session, case: Case) -> str:
    """The name of a case's owner, as shown to the people invited."""
    return db.get_one(Account, case.owner_id).name
