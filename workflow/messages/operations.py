"""Writing messages and delivering them."""

import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.db import now
from workflow.evidence import records as evidence
from workflow.gateways import MailGateway, SmsGateway
from workflow.messages.models import Message
from workflow.messages.templates import SUBJECT, TEMPLATES
from workflow.personal import blind_index, mask_mail, mask_phone, person_hash
from workflow.queue import DELIVERIES, enqueue
from workflow.signatures.models import Invitation

PRIVATE = frozenset({"login_code", "sign_invitation"})
AGAIN = timedelta(
    minutes=5
)  # after the first round of tries that failed; each further round later than the one before
A_DAY = timedelta(days=1)
ROUND = 7  # tries of the worker
BATCH = 500


def send(
    db: Session,
    channel: str,
    recipient: str,
    template: str,
    key: str,
    *,
    case_id: uuid.UUID | None = None,
    language: str = "zh_Hans_CN",
    **values: Any,
) -> Message:
    """Write a message and have it delivered after the transaction commits.

    `channel` is `sms` or `mail`. A second call with the same `key` returns the first message.
    """
    known = db.scalar(select(Message).where(Message.key == key))
    if known is not None:
        return known
    subject = SUBJECT.get(template)
    message = Message(
        key=key,
        channel=channel,
        recipient=recipient,
        recipient_index=blind_index(recipient),
        template=template,
        subject=subject.format(**values).in_language(language) if subject and channel == "mail" else "",
        body=TEMPLATES[template].format(**values).in_language(language),
        private=template in PRIVATE,
        case_id=case_id,
    )
    db.add(message)
    db.flush()
    line = message.recipient_index.hex()  # an SMS does not overtake an earlier one to the same phone
    enqueue(
        db, "deliver_message", str(message.id), key=f"message:{message.id}", queue=DELIVERIES, in_line=line
    )
    return message


def deliver(db: Session, message_id: uuid.UUID, sms: SmsGateway, mail: MailGateway) -> None:
    """Deliver a message unless it is delivered. The gateway knows the message's id: a second try is no second SMS.

    The transaction ends before the gateway is called. Raises OutsideFailure for the worker to try again.
    """
    message = db.get_one(Message, message_id)
    if message.state in ("sent", "dropped"):
        return
    if _leads_nowhere(db, message):
        message.state, message.last_error = "dropped", "its link has ended"
        return
    db.commit()
    if message.channel == "sms":
        provider_id = sms.send(str(message.id), message.recipient, message.body)
    else:
        provider_id = mail.send(str(message.id), message.recipient, message.subject, message.body)
    message.provider_id, message.state, message.sent_at = provider_id, "sent", now()
    message.tries += 1
    _note_invitation(db, message)


def _leads_nowhere(db: Session, message: Message) -> bool:
    """An invitation whose link a newer one has ended meanwhile: nobody is sent there."""
    if message.template != "sign_invitation":
        return False
    token = message.body.partition("/sign/")[2].split(" ")[0]
    return db.get_one(Invitation, _invitation_of(message)).token_hash != sha256(token.encode()).digest()


def _invitation_of(message: Message) -> uuid.UUID:
    return uuid.UUID(message.key.split(":")[1])


def resume(db: Session) -> int:
    """Hand to the worker once more what could not be delivered, for a day, at longer and longer intervals; codes to sign
    in are stale by then."""
    query = select(Message).where(
        Message.state == "failed", Message.created_at > now() - A_DAY, Message.template != "login_code"
    )
    rows = db.scalars(query.order_by(Message.created_at).limit(BATCH).with_for_update(skip_locked=True)).all()
    due = [row for row in rows if row.created_at < now() - AGAIN * max(1, row.tries // ROUND) ** 2]
    for row in due:
        row.state = "waiting"
        key = f"message:{row.id}:again:{row.tries}"
        enqueue(
            db, "deliver_message", str(row.id), key=key, queue=DELIVERIES, in_line=row.recipient_index.hex()
        )
    return len(due)


def note_failure(db: Session, message_id: uuid.UUID, error: str, final: bool) -> None:
    """Write down that a delivery failed."""
    message = db.get_one(Message, message_id)
    message.tries += 1
    message.last_error = error
    if final:
        message.state = "failed"
        _note_invitation(db, message)


def _note_invitation(db: Session, message: Message) -> None:
    """That an invitation was accepted for delivery, or could not be delivered, is evidence (ES-12, ES-21)."""
    if message.template != "sign_invitation" or message.case_id is None:
        return
    invitation = db.get_one(Invitation, _invitation_of(message))
    mask = mask_phone if message.channel == "sms" else mask_mail
    evidence.record(
        db, subject=db.get_one(Case, message.case_id).number, kind="invitation", person=person_hash(invitation.id_number),
        at=message.sent_at or now(),
        facts={
            "invitation": str(invitation.id), "signer": invitation.name, "message": str(message.id), "channel": message.channel,
            "recipient": mask(message.recipient), "state": message.state, "provider": message.provider_id,
        },
    )  # fmt: skip
