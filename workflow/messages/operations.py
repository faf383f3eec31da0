"""Writing messages and delivering them."""

import uuid
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
    if message.state == "sent":
        return
    db.commit()
    if message.channel == "sms":
        provider_id = sms.send(str(message.id), message.recipient, message.body)
    else:
        provider_id = mail.send(str(message.id), message.recipient, message.subject, message.body)
    message.provider_id, message.state, message.sent_at = provider_id, "sent", now()
    message.tries += 1
    _note_invitation(db, message)


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
    invitation = db.get_one(Invitation, uuid.UUID(message.key.split(":")[1]))
    mask = mask_phone if message.channel == "sms" else mask_mail
    evidence.record(
        db, subject=db.get_one(Case, message.case_id).number, kind="invitation", person=person_hash(invitation.id_number),
        at=message.sent_at or now(),
        facts={
            "invitation": str(invitation.id), "signer": invitation.name, "message": str(message.id), "channel": message.channel,
            "recipient": mask(message.recipient), "state": message.state, "provider": message.provider_id,
        },
    )  # fmt: skip
