"""The mail server: takes everything over SMTP and shows it; a second delivery of a Message-ID is counted, not shown twice."""

import asyncio
import email
import email.policy
import hashlib
import html
import json
import re
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox import switches
from sandbox.store import Store, utc

LARGEST = 10_000_000


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, ValueError):
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if part.get_content_type() == "text/html":
        content = html.unescape(re.sub(r"<[^>]*>", "", content))
    return content


def accept(store: Store, sender: str, recipients: list[str], raw: bytes, times: int = 1) -> None:
    """Store one delivery; without a Message-ID the content's digest stands in for it."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    message_id = (
        str(message.get("Message-ID", "")).strip() or f"<{hashlib.sha256(raw).hexdigest()[:32]}@none>"
    )
    names = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    with store.write() as db:
        db.execute(
            "INSERT INTO mails (message_id, recipients, sender, subject, text, attachments, raw, at, count)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (message_id, recipients) DO UPDATE SET count = count + excluded.count",
            (
                message_id, json.dumps(sorted(address.lower() for address in recipients)), sender,
                str(message.get("Subject", "")), _text(message), json.dumps(names, ensure_ascii=False), raw, utc(), times,
            ),
        )  # fmt: skip


class Inbox:
    """What aiosmtpd calls; the switches of `mail` apply: 451 asks the sender to try again."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take one message."""
        now = await asyncio.to_thread(switches.read, self.store)
        if now["mail.slow"]:
            await asyncio.sleep(now["mail.slow"])
        turn = await asyncio.to_thread(switches.in_turn, self.store, "mail")
        if turn == "fail" or await asyncio.to_thread(switches.strikes, self.store, "mail", "fail"):
            return "451 4.3.0 the switch makes this service fail, try again"
        raw = envelope.original_content or b""
        times = 2 if now["mail.answer_twice"] else 1
        await asyncio.to_thread(accept, self.store, envelope.mail_from or "", envelope.rcpt_tos, raw, times)
        if turn == "lose" or await asyncio.to_thread(switches.strikes, self.store, "mail", "lose"):
            return "451 4.4.2 the message is in, but the switch loses the answer"
        return "250 2.0.0 accepted by the sandbox (模拟环境)".encode("ascii", "ignore").decode()


def server(store: Store, host: str, port: int) -> Controller:
    """The SMTP server, not started yet."""
    return Controller(
        Inbox(store),
        hostname=host,
        port=port,
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
        ident="Qibu sandbox",
    )


def as_json(row: Any) -> dict[str, Any]:
    """A mail as the inbox shows it."""
    return {
        "message_id": row["message_id"],
        "from": row["sender"],
        "to": json.loads(row["recipients"]),
        "subject": row["subject"],
        "text": row["text"],
        "attachments": json.loads(row["attachments"]),
        "at": row["at"],
        "count": row["count"],
    }
