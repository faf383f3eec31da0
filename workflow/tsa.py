"""`qibu tsa`: the outside time stamping authorities of the settings, and how they are doing."""

import sys
import time
from datetime import datetime

import click
from sqlalchemy import select

from signing import outside
from signing.errors import TimeStampFailure
from signing.outside import Member
from signing.sources import OWN, Pool
from signing.tables import TimeAuthority
from workflow.clock import BEIJING
from workflow.db import now, transaction
from workflow.signer import authority


@click.group()
def tsa() -> None:
    """Outside time stamping authorities (RFC 3161)."""


@tsa.command()
@click.option(
    "--ask", is_flag=True, help="Ask each for a time stamp and for the state of its certificate now."
)
def status(ask: bool) -> None:
    """Who stamps times, in the order of asking, and how each is doing. Exit code 1 if nobody can stamp now."""
    pool = authority().pool
    if pool is None:
        click.echo("Our own authority stamps; no other is configured (QIBU_TSA_POOL).")
        return
    with transaction() as db:
        rows = {row.name: row for row in db.scalars(select(TimeAuthority))}
    members = {member.name: member for member in pool.members}
    usable = False
    for name in _order(pool):
        row, words, works = rows.get(name), "", _state(rows.get(name)) != "rests"
        if name in members:
            member = members[name]
            words, works = _asked(member, pool.seconds) if ask else ("", works)
            ends = min(root.not_valid_after_utc for root in member.roots)
            words = f"\n    {member.url}  root until {ends.date()}  {words}"
        usable |= works
        click.echo(f"{name:20} {_state(row):8} {_history(row)}{words}".rstrip())
    for member in pool.members:
        if member.retired:
            click.echo(f"{member.name:20} retired  stamps no more; its root is still believed")
    if not usable:
        click.echo("Nobody can stamp now: nothing is signed until one can.", err=True)
    sys.exit(0 if usable else 1)


def _asked(member: Member, seconds: float) -> tuple[str, bool]:
    """What comes of asking now."""
    began = time.monotonic()
    try:
        outside.learn(member, began + seconds)
    except TimeStampFailure as failure:
        return f"asked now: {failure}", False
    return f"asked now: a good token in {time.monotonic() - began:.2f} s", True


def _order(pool: Pool) -> list[str]:
    members = [member.name for member in pool.at_work()]
    return [*([OWN] if pool.own == "first" else ()), *members, *([OWN] if pool.own == "last" else ())]


def _state(row: TimeAuthority | None) -> str:
    if row is None:
        return "new"
    return "rests" if row.rests_until and row.rests_until > now() else "failing" if row.failures else "well"


def _history(row: TimeAuthority | None) -> str:
    if row is None:
        return "never asked"
    words = [f"worked {_said(row.worked_at)}"] if row.worked_at else []
    if row.failures:
        words.append(f"{row.failures} failure(s), the last {_said(row.failed_at)}: {row.reason}")
    if row.rests_until and row.rests_until > now():
        words.append(f"asked again after {_said(row.rests_until)}")
    return "; ".join(words)


def _said(moment: datetime | None) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if moment else "never"
