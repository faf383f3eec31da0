"""A case that two people signed, with its roots: what the tests of the evidence package start from."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from tests.signatures.conftest import Signing
from workflow.db import now
from workflow.evidence import anchoring
from workflow.messages import operations as messages
from workflow.messages.models import Message
from workflow.signatures import invitations
from workflow.signatures import signing as act


class Gateway:
    """Takes every message."""

    def send(self, *arguments: str) -> str:
        return f"provider-{arguments[0][:8]}"


def deliver_all(db) -> None:
    """What the worker does with the messages."""
    for row in db.scalars(select(Message).where(Message.state == "waiting")).all():
        messages.deliver(db, row.id, Gateway(), Gateway())
    db.commit()


def sign_all(signing: Signing) -> None:
    """Everybody is invited, checked, and signs."""
    deliver_all(signing.db)
    for row in invitations.current_of(signing.db, signing.case.id).values():
        token, secret, read = signing.ready(row)
        act.sign(signing.db, token, secret, replace(read, network="192.0.2.7", device="Testphone 1.0"))
    signing.db.commit()
    deliver_all(signing.db)


def anchored(signing: Signing, monkeypatch, days: int = 1) -> None:
    """Let days pass, so that there are roots."""
    moment = now() + timedelta(days=days, minutes=20)
    monkeypatch.setattr(anchoring, "now", lambda: moment)
    anchoring.anchor_due(signing.db)
    signing.db.commit()
