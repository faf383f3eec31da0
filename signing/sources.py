"""Where the time in a signature comes from: our own authority, or a pool of outside ones tried in order.

Without a pool our own authority stamps. With one, whoever gives a usable token does; nobody giving one means that
nothing is signed. An authority that failed rests, longer each time, and every process of the installation knows it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from asn1crypto import cms
from cryptography import x509
from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from signing import outside
from signing.authority import Authority
from signing.errors import CertificateUnusable, TimeStampFailure
from signing.outside import CertificateChanged, Member, OutsideTimeStamper, Standing
from signing.proofs import NO_PROOFS, Proofs, gather, parsed
from signing.rotation import Sessions
from signing.tables import TimeAuthority
from signing.timestamp import OwnTimeStamper, tokens

log = logging.getLogger(__name__)
T = TypeVar("T")
Failure = TimeStampFailure | CertificateUnusable
OWN = "own"
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=2)
ACT_SECONDS = (
    45.0  # of one act, whatever it stamps: the database ends a transaction that is idle for a minute
)
ROUNDS = 2  # so often each is asked for one stamp, while there is time
AT_ONCE = 8  # so many stamps of one act are asked for at a time
NOTED_EVERY = 60.0  # seconds


class Source(Protocol):
    """Who gives time stamps for one act."""

    name: str

    def stamper(self, whole_chain: bool = False) -> TimeStamper:
        """For pyHanko. `whole_chain`: the token must hold its issuing certificates, because it stands alone."""

    def proofs(self) -> Proofs:
        """What proves that its certificate is in force."""

    def room(self) -> int:
        """The octets that its tokens need at most, besides what every token has."""

    def tokens(self, digests: Sequence[bytes]) -> "list[bytes | Failure]":
        """Tokens (DER) over SHA-256 digests, asked for together; a failure in the place of one that was not given."""


class Prepared(Protocol):
    """A paper that lacks nothing but its time stamp."""

    @property
    def imprint(self) -> bytes:
        """The SHA-256 digest to be stamped."""

    def finished(self, token: bytes) -> bytes:
        """The paper with the stamp."""


@dataclass
class Pool:
    """The outside authorities of an installation, and whether our own is asked before them, after them or not at all.

    `seconds`: for one time stamp, whoever is asked for it. `sessions`: where the health of each is kept for all
    processes; without it nobody rests.
    """

    members: tuple[Member, ...]
    own: str = "never"  # never | first | last
    seconds: float = 8.0
    sessions: Sessions | None = None
    known: dict[str, Standing] = field(default_factory=dict)
    noted: dict[str, float] = field(default_factory=dict)

    @property
    def roots(self) -> list[x509.Certificate]:
        """What time stamps may rest on besides our own root, of retired members too."""
        return list(dict.fromkeys(root for member in self.members for root in member.roots))

    def at_work(self) -> list[Member]:
        """Those that are asked, in order."""
        return [member for member in self.members if not member.retired]

    def resting(self, db: Session) -> set[str]:
        """The names of those that failed and are not asked now."""
        query = select(TimeAuthority.name).where(TimeAuthority.rests_until > func.clock_timestamp())
        return set(db.scalars(query))

    def failed(self, name: str, reason: str) -> None:
        """Let it rest; failures of others while it rests already count once. In a transaction of its own."""
        log.warning("the time stamping authority %s failed: %s", name, reason)
        now = func.clock_timestamp()
        resting = TimeAuthority.rests_until > now
        longer = FIRST_REST.total_seconds() * func.power(2, func.least(TimeAuthority.failures, 10))
        values = {"reason": reason[:300], "failed_at": now}
        first = {"failures": 1, "rests_until": now + _seconds(FIRST_REST.total_seconds())}
        again = {
            "failures": TimeAuthority.failures + case((resting, 0), else_=1),
            "rests_until": case(
                (resting, TimeAuthority.rests_until),
                else_=now + _seconds(func.least(longer, LONGEST_REST.total_seconds())),
            ),
        }
        row = insert(TimeAuthority).values(name=name, **values, **first)
        self._write(row.on_conflict_do_update(index_elements=["name"], set_=values | again))
        self.noted.pop(name, None)

    def worked(self, name: str) -> None:
        """It gave a usable token: it is well. Written down at most once a minute."""
        if time.monotonic() - self.noted.get(name, -NOTED_EVERY) < NOTED_EVERY:
            return
        values = {"failures": 0, "rests_until": None, "worked_at": func.clock_timestamp()}
        row = insert(TimeAuthority).values(name=name, reason="", **values)
        self._write(row.on_conflict_do_update(index_elements=["name"], set_=values))
        self.noted[name] = time.monotonic()

    def _write(self, statement: object) -> None:
        if self.sessions is None:
            return
        try:
            with self.sessions() as db:
                db.execute(statement)  # type: ignore[call-overload]
        except SQLAlchemyError:  # health is a help; whether a stamp is good is decided without it
            log.exception("the health of a time stamping authority was not written down")


def _seconds(count: float | ColumnElement[float]) -> ColumnElement[timedelta]:
    return func.make_interval(0, 0, 0, 0, 0, 0, count)


class Own:
    """Our own authority, in this process and in the caller's transaction."""

    name = OWN

    def __init__(self, db: Session, authority: Authority) -> None:
        self._db, self._authority = db, authority
        self._signer, self._proofs = authority.tsa(), NO_PROOFS

    def stamper(self, whole_chain: bool = False) -> TimeStamper:
        """See Source."""
        return OwnTimeStamper(self._db, self._authority, whole_chain, self._signer)

    def proofs(self) -> Proofs:
        """See Source. Raises CertificateUnusable."""
        if self._proofs is NO_PROOFS:
            self._proofs = gather(self._db, self._authority, [self._signer])
        return self._proofs

    def room(self) -> int:
        """See Source."""
        return len(parsed(self._signer.certificate).dump())

    def tokens(self, digests: Sequence[bytes]) -> list[bytes | Failure]:
        """See Source. Raises TimeStampFailure: it stamps all or nothing."""
        return [*tokens(self._db, self._signer, digests)]


class Outside:
    """A member of the pool; `end` is the monotonic moment when the time for the stamp at hand is up."""

    def __init__(self, pool: Pool, member: Member) -> None:
        self.name, self.end = member.name, 0.0
        self._pool, self._member = pool, member

    def standing(self) -> Standing:
        """Its certificate and proofs, from memory while they are fresh."""
        known = self._pool.known.get(self.name)
        if known is None or known.until <= datetime.now(known.until.tzinfo):
            known = self._pool.known[self.name] = outside.learn(self._member, self.end)
        return known

    def forget(self) -> None:
        """What is known of it is not true any more."""
        self._pool.known.pop(self.name, None)

    def stamper(self, whole_chain: bool = False) -> TimeStamper:
        """See Source. A token without its chain is refused anyway."""
        return OutsideTimeStamper(self._member, self.standing(), self.end)

    def proofs(self) -> Proofs:
        """See Source."""
        return self.standing().proofs

    def room(self) -> int:
        """See Source."""
        return self.standing().room

    def tokens(self, digests: Sequence[bytes]) -> list[bytes | Failure]:
        """See Source. Raises TimeStampFailure when its own standing is not to be had."""
        stamper, free = self.stamper(), asyncio.Semaphore(AT_ONCE)

        async def one(digest: bytes) -> bytes | Failure:
            async with free:
                try:
                    return bytes((await stamper.async_timestamp(digest, "sha256")).dump())
                except (TimeStampFailure, CertificateUnusable) as failure:
                    return failure

        async def every() -> list[bytes | Failure]:
            return await asyncio.gather(*map(one, digests))

        return asyncio.run(every())


class Turn:
    """Those who may be asked in one act of signing, the best first."""

    def __init__(self, db: Session, authority: Authority) -> None:
        own, self._pool = Own(db, authority), authority.pool
        self._sources: list[Own | Outside] = [own]
        self._end = time.monotonic() + ACT_SECONDS
        self._resting = ""
        if self._pool is not None:
            members = self._pool.at_work()
            resting = self._pool.resting(db)
            self._resting = ", ".join(member.name for member in members if member.name in resting)
            outsiders = [Outside(self._pool, member) for member in members if member.name not in resting]
            before, after = (self._pool.own == "first", self._pool.own == "last")
            self._sources = [*([own] if before else ()), *outsiders, *([own] if after else ())]

    def use(self, work: Callable[[Source], T]) -> T:
        """What `work` makes with the first source that gives a usable token.

        Each is asked twice at most, and no longer than the pool allows. `work` begins anew each time, so nothing of
        a failed try stays. Raises TimeStampFailure with everybody's failure, CertificateUnusable.
        """
        if self._pool is None:
            return work(self._sources[0])
        end = min(time.monotonic() + self._pool.seconds, self._end)
        said: dict[str, str] = {}
        for _ in range(ROUNDS):
            for source in list(self._sources):
                if time.monotonic() >= end:
                    break
                if isinstance(source, Outside):
                    source.end = end
                try:
                    done = _tried(source, work)
                except (TimeStampFailure, CertificateUnusable) as failure:
                    said[source.name] = str(failure)
                    self._pool.failed(source.name, str(failure))
                    self._sources.remove(source)
                    self._sources.append(source)
                    continue
                self._pool.worked(source.name)
                return done
        if self._resting:
            said["resting"] = self._resting
        found = "; ".join(f"{name}: {words}" for name, words in said.items())
        raise TimeStampFailure(
            f"no time stamping authority answered usably: {found or 'there was no time left'}"
        )

    def use_each(self, works: Sequence[Callable[[Source], Prepared]]) -> list[bytes]:
        """What becomes of papers that are prepared with a source and want one stamp each.

        All that is wanted is asked for together, of one source after the other; what is still wanted then begins anew
        on its own, as in `use`. Raises TimeStampFailure, CertificateUnusable; then nothing is finished.
        """
        done: dict[int, bytes] = {}
        if self._pool is None or len(works) > 1:
            end = min(time.monotonic() + self._pool.seconds, self._end) if self._pool else self._end
            for source in list(self._sources):
                wanted = {number: work for number, work in enumerate(works) if number not in done}
                if not wanted or time.monotonic() >= end:
                    break
                if isinstance(source, Outside):
                    source.end = end
                done |= self._together(source, wanted)
        return [
            done[number] if number in done else self.use(partial(_alone, work))
            for number, work in enumerate(works)
        ]

    def _together(
        self, source: Own | Outside, works: dict[int, Callable[[Source], Prepared]]
    ) -> dict[int, bytes]:
        """Those for which the source gave a token."""
        given: Sequence[bytes | Failure]
        prepared: list[Prepared] = []
        try:
            prepared = [work(source) for work in works.values()]
            given = source.tokens([paper.imprint for paper in prepared])
        except (TimeStampFailure, CertificateUnusable) as failure:
            if self._pool is None:
                raise
            given = [failure]
        failures = [found for found in given if not isinstance(found, bytes)]
        if isinstance(source, Outside) and any(isinstance(f, CertificateChanged) for f in failures):
            source.forget()
            failures = [f for f in failures if not isinstance(f, CertificateChanged)]
        if self._pool is not None and failures:
            self._pool.failed(source.name, str(failures[0]))
            self._sources.remove(source)
            self._sources.append(source)
        elif self._pool is not None and prepared:
            self._pool.worked(source.name)
        return {
            number: paper.finished(token)
            for number, paper, token in zip(works, prepared, given, strict=False)
            if isinstance(token, bytes)
        }


def _alone(work: Callable[[Source], Prepared], source: Source) -> bytes:
    """One paper with the one stamp that it wants. Raises the failure."""
    paper = work(source)
    (given,) = source.tokens([paper.imprint])
    if not isinstance(given, bytes):
        raise given
    return paper.finished(given)


def _tried(source: Own | Outside, work: Callable[[Source], T]) -> T:
    """Once more when a member has another certificate than before: then with that one's proofs."""
    try:
        return work(source)
    except CertificateChanged:
        assert isinstance(source, Outside)
        source.forget()
        return work(source)


def stamp(db: Session, authority: Authority, digest: bytes) -> bytes:
    """A token (DER) over a SHA-256 digest, to stand alone. Raises TimeStampFailure, CertificateUnusable."""

    def made(source: Source) -> bytes:
        source.proofs()  # one that is revoked by now stamps nothing
        return bytes(asyncio.run(source.stamper(True).async_timestamp(digest, "sha256")).dump())

    return Turn(db, authority).use(made)


def fresh_proofs(authority: Authority, tokens: list[cms.SignedData]) -> Proofs:
    """The proofs, as of now, of the outside certificates behind earlier tokens.

    What cannot be had is left out: the file holds those of then, and a member that is gone must not keep it from
    being renewed.
    """
    found = NO_PROOFS
    for token in tokens:
        failures = []
        end = time.monotonic() + (authority.pool.seconds if authority.pool else 0.0)
        for member in authority.pool.members if authority.pool else ():
            try:
                found += outside.fresh_proofs(member, token, end)
                break
            except TimeStampFailure as failure:
                failures.append(f"{member.name}: {failure}")
        else:
            log.warning(
                "no fresh proofs of an outside time stamp: %s", "; ".join(failures) or "nobody to ask"
            )
    return found
