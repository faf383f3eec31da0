"""A registration case, its append-only history, and how a transition is done."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import DDL, ForeignKey, Identity, Index, String, UniqueConstraint, event, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from signing import sealing
from workflow.db import Base, Id, Now, now
from workflow.errors import NotFound
from workflow.machine import CaseMachine, next_state
from workflow.queue import enqueue


class Case(Base):
    """One registration, from the wish to the bank account. The number is what people see and quote."""

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_queue", "authority_code", "state", "due_at"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(24), unique=True)
    entity_type: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(32), index=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    authority_code: Mapped[str] = mapped_column(String(16), default="", index=True)  # such as HB-420106
    returned_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]  # starts the clock of PRO-04
    due_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    changed_at: Mapped[Now]


class CaseEvent(Base):
    """One thing that happened to a case. Rows are never changed or deleted; each carries the hash of the last."""

    __tablename__ = "case_events"
    __table_args__ = (UniqueConstraint("case_id", "seq"), Index("ix_case_events_at", "at"))

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str] = mapped_column(String(32))
    to_state: Mapped[str] = mapped_column(String(32))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(64))
    actor_label: Mapped[str] = mapped_column(String(100))
    detail: Mapped[dict[str, Any]]
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(64), server_default="")  # empty in rows older than the seals

    @property
    def personal(self) -> dict[str, str]:
        """What of the row speaks of a person: hashed under seal."""
        return {"actor_id": self.actor_id, "actor_label": self.actor_label}

    def canonical(self) -> str:
        """The text that is hashed: the row's content, the person under seal, and the previous hash."""
        person = sealing.sealed(self.salt, self.personal) if self.salt else self.personal
        content = [
            str(self.case_id), self.seq, self.at.isoformat(), self.event, self.from_state, self.to_state,
            self.actor_kind, person["actor_id"], person["actor_label"], self.detail, self.prev_hash,
        ]  # fmt: skip
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def computed_hash(self) -> str:
        """SHA-256 over the row's content and the previous hash."""
        return sha256(self.canonical().encode()).hexdigest()


APPEND_ONLY = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of %% are never changed or deleted', TG_TABLE_NAME; END $$;
CREATE TRIGGER case_events_append_only BEFORE UPDATE OR DELETE ON case_events
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_events_no_truncate BEFORE TRUNCATE ON case_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
event.listen(CaseEvent.__table__, "after_create", DDL(APPEND_ONLY))
event.listen(Base.metadata, "after_create", DDL("CREATE SEQUENCE IF NOT EXISTS case_numbers"))


@dataclass(frozen=True)
class Actor:
    """Who acts: kind is applicant, signer, registrar, bank or system; `label` is what timelines show."""

    kind: str
    id: str
    label: str
    roles: frozenset[str]

    @classmethod
    def system(cls) -> "Actor":
        """The platform itself."""
        return cls("system", "system", "Qibu", frozenset({"system"}))

    @classmethod
    def applicant(cls, account_id: uuid.UUID, label: str) -> "Actor":
        """The owner of a case."""
        return cls("applicant", str(account_id), label, frozenset({"applicant"}))


def open_case(db: Session, actor: Actor, owner_id: uuid.UUID, entity_type: str) -> Case:
    """Start a case in `draft` and write its first event."""
    sequence = db.execute(text("SELECT nextval('case_numbers')")).scalar_one()
    number = f"QB{now():%Y}-{sequence // 10000:04d}-{sequence % 10000:04d}"
    case = Case(number=number, entity_type=entity_type, state="draft", owner_id=owner_id)
    db.add(case)
    db.flush()
    record(db, case, actor, "open", "", {"entity_type": entity_type})
    return case


def lock_case(db: Session, case_id: uuid.UUID) -> Case:
    """The case with its row locked until the transaction ends. Raises NotFound."""
    case = db.scalar(
        select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound(f"case {case_id}")
    return case


def advance(
    db: Session,
    case_id: uuid.UUID,
    event: str,
    actor: Actor,
    detail: dict[str, Any] | None = None,
    **guards: bool,
) -> Case:
    """Make one transition: lock the row, ask the machine, move, append the event, enqueue what follows.

    All of it belongs to the caller's transaction. Raises NotFound, NotAllowed, Conflict (`moved_on`).
    """
    case = lock_case(db, case_id)
    before = case.state
    guards.setdefault("was_returned", case.returned_at is not None)
    case.state = next_state(CaseMachine, before, event, actor.roles, **guards)
    case.changed_at = now()
    row = record(db, case, actor, event, before, detail or {})
    for job in CaseMachine.EFFECTS.get(event, ()):
        enqueue(db, job, str(case.id), key=f"{job}:{case.id}:{row.seq}")
    return case


def record(
    db: Session,
    case: Case,
    actor: Actor,
    event: str,
    before: str | None = None,
    detail: dict[str, Any] | None = None,
) -> CaseEvent:
    """Append an event to the case's chain; the case row must be locked or new. No personal data in `detail`."""
    last = db.execute(
        select(CaseEvent.seq, CaseEvent.hash)
        .where(CaseEvent.case_id == case.id)
        .order_by(CaseEvent.seq.desc())
        .limit(1)
    ).first()
    row = CaseEvent(
        case_id=case.id,
        seq=last.seq + 1 if last else 1,
        at=now(),
        event=event,
        from_state=case.state if before is None else before,
        to_state=case.state,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        detail=detail or {},
        prev_hash=last.hash if last else "0" * 64,
        salt=sealing.new_salt(),
    )
    row.hash = row.computed_hash()
    db.add(row)
    db.flush()
    return row


def case_of(db: Session, number: str, owner_id: uuid.UUID) -> Case:
    """The owner's case by its number. Raises NotFound for someone else's, as for none."""
    case = db.scalar(select(Case).where(Case.number == number, Case.owner_id == owner_id))
    if case is None:
        raise NotFound(f"case {number}")
    return case


def timeline(db: Session, case_id: uuid.UUID) -> list[CaseEvent]:
    """The events of a case, oldest first."""
    return list(db.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.seq)))


@dataclass(frozen=True)
class Break:
    """The first row of a case's chain that does not fit."""

    case_number: str
    event_id: int
    seq: int
    why: str


def verify_chains(db: Session) -> Iterator[Break]:
    """Walk every case's chain; yield the first broken row of each case that has one."""
    previous: CaseEvent | None = None
    broken: uuid.UUID | None = None
    rows = db.execute(
        select(CaseEvent, Case.number)
        .join(Case, Case.id == CaseEvent.case_id)
        .order_by(CaseEvent.case_id, CaseEvent.seq)
        .execution_options(yield_per=1000)
    )
    for row, number in rows:
        same = previous is not None and previous.case_id == row.case_id
        seq, prev_hash = (previous.seq + 1, previous.hash) if same and previous else (1, "0" * 64)
        previous = row
        if row.case_id == broken:
            continue
        why = (
            f"expected number {seq}" if row.seq != seq
            else "does not continue the row before it" if row.prev_hash != prev_hash
            else "its content does not match its hash" if row.hash != row.computed_hash()
            else ""
        )  # fmt: skip
        if why:
            broken = row.case_id
            yield Break(number, row.id, row.seq, why)


def event_count(db: Session) -> int:
    """How many events are on record."""
    return db.scalar(select(func.count(CaseEvent.id))) or 0
