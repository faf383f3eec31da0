"""The SMS provider: takes messages once by their id, shows them, reports delivery."""

import json
import secrets
import sqlite3
import time
from typing import Any

import httpx

from sandbox.config import Config
from sandbox.signed import signed_headers
from sandbox.store import Store, utc


def accept(store: Store, message_id: str, phone: str, text: str, receipt_url: str) -> sqlite3.Row:
    """Store a message once; asking again only counts. Raises KeyError when the id belongs to another message."""
    with store.write() as db:
        db.execute(
            "INSERT INTO sms (message_id, provider_id, phone, text, at, requests, receipt_url, next_try)"
            " VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (message_id) DO NOTHING",
            (
                message_id, f"sim-{secrets.token_hex(8)}", phone, text, utc(), receipt_url,
                time.time() if receipt_url else None,
            ),
        )  # fmt: skip
        db.execute("UPDATE sms SET requests = requests + 1 WHERE message_id = ?", (message_id,))
        row = db.execute("SELECT * FROM sms WHERE message_id = ?", (message_id,)).fetchone()
        if (row["phone"], row["text"]) != (phone, text):
            raise KeyError(message_id)
        return row


def segments(text: str) -> int:
    """How many parts a provider bills: 70 characters in one, 67 each in several."""
    return 1 if len(text) <= 70 else -(-len(text) // 67)


def as_json(row: sqlite3.Row) -> dict[str, Any]:
    """A message as the inbox shows it."""
    names = ("message_id", "provider_id", "phone", "text", "at", "requests", "receipts")
    return {name: row[name] for name in names}


def send_receipts(store: Store, config: Config, now: dict[str, Any]) -> int:
    """Tell the senders that asked for it that their messages were delivered; twice when the switch says so."""
    due = store.rows("SELECT * FROM sms WHERE next_try <= ? ORDER BY id LIMIT 50", (time.time(),))
    for row in due:
        receipt = {
            "message_id": row["message_id"],
            "provider_id": row["provider_id"],
            "status": "delivered",
            "at": utc(),
        }
        body = json.dumps(receipt).encode()
        sent = 0
        try:
            for _ in range(2 if now["sms.answer_twice"] else 1):
                headers = signed_headers(config.service_key, "POST", row["receipt_url"], body)
                httpx.post(
                    row["receipt_url"],
                    content=body,
                    headers=headers,
                    timeout=config.timeout_seconds,
                    trust_env=False,
                ).raise_for_status()
                sent += 1
        except (httpx.HTTPError, httpx.InvalidURL):
            pass
        tries = row["tries"] + 1
        later = None if sent or tries >= 10 else time.time() + 0.5 * 2**tries
        with store.write() as db:
            db.execute(
                "UPDATE sms SET receipts = receipts + ?, tries = ?, next_try = ? WHERE id = ?",
                (sent, tries, later, row["id"]),
            )
    return len(due)
