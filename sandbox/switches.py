"""How each service misbehaves. Outside parties are slow, fail, answer twice, lose the answer, come out of order."""

import json
import random
import sqlite3
from typing import Any

from sandbox.store import Store

Value = float | int | bool | str
SERVICES = ("card", "identity", "licence", "sms", "mail", "bank", "tsa", "ocsp", "clamd")
OVER_HTTP = ("card", "identity", "licence", "sms", "bank", "tsa", "ocsp")
COMMON: dict[str, float | int | bool] = {
    "slow": 0.0,  # seconds before the answer
    "fail_next": 0,  # so many requests are refused with 503, nothing done
    "fail_rate": 0.0,  # this share of requests is refused
    "lose_next": 0,  # so many requests are done, but the answer is lost
    "lose_rate": 0.0,
}
HTTP_FAULTS: dict[str, int] = {
    "deny_next": 0,  # so many requests are refused with 403
    "garbage_next": 0,  # so many get nonsense for an answer, nothing done
    "replay_next": 0,  # so many get the answer to an earlier request once more, nothing done
}
# With `bad_every` 3 each third request meets the next of these, round and round: the same in every run.
ROUND = {
    **dict.fromkeys(OVER_HTTP, ("fail", "lose", "garbage", "replay", "deny")),
    "mail": ("fail", "lose"),
    "tsa": ("fail", "nonce", "lose", "garbage", "signer", "replay", "deny", "imprint", "refusal"),
    "ocsp": ("fail", "other", "garbage", "stale", "deny"),
}
CHOICES = {
    "tsa.wrong": (
        "", "nonce", "imprint", "signer", "signature", "policy", "purpose", "time", "accuracy", "refusal",
    ),
    "ocsp.wrong": ("", "other", "stale", "signer"),
}  # fmt: skip
DEFAULTS: dict[str, Value] = {
    **{f"{service}.{name}": value for service in SERVICES for name, value in COMMON.items()},
    **{f"{service}.{name}": value for service in OVER_HTTP for name, value in HTTP_FAULTS.items()},
    **{f"{service}.bad_every": 0 for service in ROUND},
    **dict.fromkeys(CHOICES, ""),  # in which way every answer is wrong
    "tsa.revoked": False,  # its certificate is revoked, as its list and its answers say
    "sms.answer_twice": False,  # every delivery receipt comes twice
    "mail.answer_twice": False,  # every mail arrives twice
    "clamd.garbage": False,  # the virus scanner answers nonsense
    "bank.answer_twice": False,  # every report is sent twice
    "bank.out_of_order": False,  # the later report comes first
    "bank.hold_seconds": 3.0,  # how long a report waits for a later one to overtake it
    "bank.routing_seconds": 1.0,  # from the provincial branch to the opening branch
    "bank.auto": False,  # the bank works without a clerk
    "bank.step_seconds": 3.0,  # between two steps of a bank that works without a clerk
}


def parse(name: str, value: Any) -> Value:
    """The value of a switch in its own type. Raises ValueError for an unknown switch or a value out of range."""
    if name not in DEFAULTS:
        raise ValueError(f"unknown switch {name!r}")
    default = DEFAULTS[name]
    if isinstance(default, str):
        if value not in CHOICES[name]:
            raise ValueError(f"{name}: one of {', '.join(filter(None, CHOICES[name]))}, or empty")
        return str(value)
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "true", "on", "0", "false", "off", ""):
            return str(value).lower() in ("1", "true", "on")
        raise ValueError(f"{name}: true or false")
    limit = 1 if name.endswith("_rate") else 1000 if isinstance(default, int) else 600
    try:
        if isinstance(value, bool):
            raise ValueError
        number = int(value) if isinstance(default, int) else float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name}: a number from 0 to {limit}") from error
    if not 0 <= number <= limit:
        raise ValueError(f"{name}: a number from 0 to {limit}")
    return number


def read(store: Store) -> dict[str, Any]:
    """Every switch."""
    return DEFAULTS | {row["name"]: json.loads(row["value"]) for row in store.rows("SELECT * FROM switches")}


def change(store: Store, values: dict[str, Any]) -> None:
    """Set switches, all or none. Raises ValueError."""
    parsed = {name: parse(name, value) for name, value in values.items()}
    with store.write() as db:
        for name, value in parsed.items():
            _put(db, name, value)


def reset(store: Store) -> None:
    """Everybody behaves again."""
    with store.write() as db:
        db.execute("DELETE FROM switches")
        db.execute("DELETE FROM counters")


def _put(db: sqlite3.Connection, name: str, value: Any) -> None:
    db.execute("INSERT OR REPLACE INTO switches VALUES (?, ?)", (name, json.dumps(value)))


def strikes(store: Store, service: str, fault: str) -> bool:
    """Whether `fail`, `lose` or another fault strikes this request; counts a planned one down."""
    now = read(store)
    name, rate = f"{service}.{fault}_next", now.get(f"{service}.{fault}_rate", 0)
    if not now[name]:
        return bool(rate) and random.random() < rate
    with store.write() as db:
        row = db.execute("SELECT value FROM switches WHERE name = ?", (name,)).fetchone()
        left = json.loads(row["value"]) if row else 0
        if left:
            _put(db, name, left - 1)
        return bool(left)


def in_turn(store: Store, service: str) -> str:
    """The fault that this request meets because of `bad_every`; empty when it is not its turn."""
    every = read(store)[f"{service}.bad_every"]
    if not every:
        return ""
    with store.write() as db:
        (count,) = db.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (service,),
        ).fetchone()
    turn, rest = divmod(count, every)
    return "" if rest else ROUND[service][(turn - 1) % len(ROUND[service])]
