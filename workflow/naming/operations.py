"""Holding a name: reserve, extend, release, expire, take into the register. Callers own the transaction.

Everything that can block a name is ordered by one advisory lock per comparison area and trade name, taken before
the check; the exclusion constraint on `register_names.guard` holds whatever else may happen.
"""

import calendar
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.clock import local_date
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.naming import comparison
from workflow.naming.models import RegisterName
from workflow.naming.proposal import Answer, Finding, Proposal
from workflow.naming.queries import areas_of, catalogue_of_check, check, with_own_case
from workflow.naming.register import row_values

RESERVATION_MONTHS = (2, 12)  # NM-44: 2 months, one year where approvals are needed first
LIVE_PER_PERSON = 5  # NM-48: names one person may hold at a time
PACE_PER_DAY = 20  # NM-48: reservations one person may make in 24 hours
_UNCOMMITTED = Words(
    "请先承诺：名称与他人近似造成侵权的，由您依法承担责任。",
    "Commit first: you bear the liability if the name infringes a similar one.",
)
_TOO_MANY = Words(
    "您保留的名称已达到上限（{limit}个），请先放弃不用的名称。",
    "You already hold {limit} reserved names. Give one up first.",
)
_TOO_FAST = Words("今天保留名称的次数过多，请明天再试。", "Too many reservations today. Try again tomorrow.")
_NO_REGISTER = Words(
    "暂时无法与登记名称比对，名称没有保留。", "The register could not be asked; nothing was reserved."
)


def reserve(
    db: Session, *, case_id: uuid.UUID | None, holder: uuid.UUID, proposal: Proposal, months: int = 2,
    committed: bool, now: datetime, approved: bool = False,
    live_cap: int = LIVE_PER_PERSON, daily_cap: int = PACE_PER_DAY,
) -> RegisterName:  # fmt: skip
    """Reserve a name for `months` (2, or 12 where establishment needs approvals: NM-44), atomically with its check.

    A case's earlier reservation is given up in the same transaction. `approved`: a registrar has accepted the
    declared exemptions, under which the name may stand beside one that it would block (CMP-B1).
    Raises RuleViolation (no commitment, NM-43; rules of form; caps, NM-48) and Conflict `name_taken`.
    """
    if months not in RESERVATION_MONTHS:
        raise ValueError("months must be 2 or 12")
    if not committed:
        raise RuleViolation([Problem("NM-43", "committed", _UNCOMMITTED, "企业名称登记管理规定第十六条")])
    proposal = with_own_case(proposal, case_id)
    parts = proposal.parts()
    areas = areas_of(proposal, parts.division_code)
    _lock(
        db,
        [
            comparison.lock_numbers(str(holder), ["holder"])[0],
            *comparison.lock_numbers(parts.trade_name, areas),
        ],
    )
    _within_caps(db, holder, case_id, now, live_cap, daily_cap)
    _expire_same(db, parts.trade_name, areas, now)
    answer = check(db, proposal, now=now)
    _refuse_blocked(answer)
    exempt = any(f.match and f.rule in comparison.BLOCKING for f in answer.findings)
    if exempt and not approved:
        _needs_approval(answer)
    if case_id is not None:
        _close(db, RegisterName.case_id == case_id, "released", "replaced", now)
    seen = comparison.entry(parts, proposal.industry_code)
    row = RegisterName(
        **row_values(parts.name, proposal.authority_code, "reserved", local_date(now), parts=parts,
                     industry_code=proposal.industry_code),
        case_id=case_id, holder=holder, reserved_until=months_later(now, months), created_at=now,
        exemption=",".join(sorted(proposal.exemptions)) if exempt else "",
        guard=None if exempt or (parts.parent and proposal.entity_type == "branch") else [Range(a, b) for a, b in comparison.guard(seen, areas, catalogue_of_check(db))],
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError as error:
        if "ex_register_names_guard" in str(error):
            raise taken(()) from error
        raise
    return row


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and time some months on; the last day of a shorter month."""
    year, month = divmod(moment.month - 1 + months, 12)
    last = calendar.monthrange(moment.year + year, month + 1)[1]
    return moment.replace(year=moment.year + year, month=month + 1, day=min(moment.day, last))


def _lock(db: Session, numbers: Sequence[int]) -> None:
    """Take locks in ascending order, so that nobody waits in a circle."""
    db.execute(
        text("SELECT count(pg_advisory_xact_lock(n)) FROM unnest(CAST(:numbers AS bigint[])) AS n"),
        {"numbers": sorted(set(numbers))},
    )


def _within_caps(
    db: Session, holder: uuid.UUID, case_id: uuid.UUID | None, now: datetime, live_cap: int, daily_cap: int
) -> None:
    live, recent = db.execute(
        select(
            func.count().filter(RegisterName.status == "reserved", RegisterName.reserved_until > now,
                                RegisterName.case_id.is_distinct_from(case_id) | (case_id is None)),
            func.count().filter(RegisterName.created_at > now - timedelta(days=1)),
        ).where(RegisterName.holder == holder)
    ).one()  # fmt: skip
    basis = "企业名称登记管理规定实施办法第二十三条"
    if live >= live_cap:
        raise RuleViolation([Problem("NM-48", "", _TOO_MANY.format(limit=live_cap), basis)])
    if recent >= daily_cap:
        raise RuleViolation([Problem("NM-48", "", _TOO_FAST, basis)])


def _expire_same(db: Session, trade_name: str, areas: Sequence[str], now: datetime) -> None:
    """Reservations of the same trade name that have run out give way now; the schedule need not have come first."""
    _close(
        db,
        (RegisterName.trade_name == trade_name)
        & (RegisterName.status == "reserved")
        & (RegisterName.reserved_until <= now)
        & RegisterName.keys.overlap(comparison.reading_keys(trade_name, areas)),
        "expired", "", now,
    )  # fmt: skip


def _refuse_blocked(answer: Answer) -> None:
    if answer.verdict == "could_not_check":
        raise Conflict(_NO_REGISTER, "could_not_check")
    rules = [f for f in answer.blocks if f.match is None]
    if rules:
        raise RuleViolation([Problem(f.rule, "name", f.words, f.basis) for f in rules])
    held = [f for f in answer.blocks if f.match]
    if held:
        raise taken(held)


def taken(held: Sequence[Finding]) -> Conflict:
    """The Conflict that says the name is held, with the words of the first collision."""
    general = Words(
        "该名称刚刚被他人占用，请换一个。", "Someone else has just taken this name. Choose another."
    )
    return Conflict(held[0].words if held else general, "name_taken")


def _needs_approval(answer: Answer) -> None:
    words = Words(
        "您声明了豁免情形，须经登记机关审查后才能保留该名称。",
        "The exemption you declared is reviewed by the authority before the name can be reserved.",
    )
    first = next(f for f in answer.findings if f.match and f.rule in comparison.BLOCKING)
    raise RuleViolation([Problem(first.rule, "exemptions", words, first.basis)])


def _close(db: Session, which: Any, status: str, reason: str, now: datetime) -> list[uuid.UUID | None]:
    """End reservations: they keep their row, lose their keys, and count no more."""
    rows = db.execute(
        update(RegisterName)
        .where(which, RegisterName.status.in_(("reserved", "pending")))
        .values(status=status, status_date=local_date(now), keys=[], guard=None, reason=reason)
        .returning(RegisterName.case_id)
        .execution_options(synchronize_session="fetch")
    )
    return list(rows.scalars())


def _held_by(db: Session, case_id: uuid.UUID, *statuses: str) -> RegisterName:
    row = db.scalars(
        select(RegisterName)
        .where(RegisterName.case_id == case_id, RegisterName.status.in_(statuses))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("the case holds no name")
    return row


def extend(db: Session, *, case_id: uuid.UUID, now: datetime, months: int = 12) -> RegisterName:
    """Lengthen a running reservation to `months` from its beginning (NM-44: one year when approvals are needed).

    Raises NotFound without a reservation, Conflict `reservation_expired` when it has run out (NM-45).
    """
    row = _held_by(db, case_id, "reserved")
    assert row.reserved_until is not None
    if row.reserved_until <= now:
        words = Words(
            "名称保留期已过，请重新申报。", "The reservation has run out. Apply for the name again."
        )
        raise Conflict(words, "reservation_expired")
    row.reserved_until = max(row.reserved_until, months_later(row.created_at, months))
    db.flush()
    return row


def hold(db: Session, *, case_id: uuid.UUID, now: datetime) -> RegisterName:
    """The application is handed in before the reservation ends (NM-45): the name is held until it is decided.

    Raises NotFound without a reservation, Conflict `reservation_expired` when it has run out.
    """
    row = _held_by(db, case_id, "reserved", "pending")
    if row.status == "reserved" and row.reserved_until is not None and row.reserved_until <= now:
        words = Words(
            "名称保留期已过，请重新申报。", "The reservation has run out. Apply for the name again."
        )
        raise Conflict(words, "reservation_expired")
    row.status, row.status_date = "pending", local_date(now)
    db.flush()
    return row


def unhold(db: Session, *, case_id: uuid.UUID, now: datetime, days: int = 30) -> RegisterName:
    """The application went back to the applicant: the reservation runs on, for `days` at least.

    Raises NotFound when the case holds no name.
    """
    row = _held_by(db, case_id, "reserved", "pending")
    row.status, row.status_date = "reserved", local_date(now)
    row.reserved_until = max(row.reserved_until or now, now + timedelta(days=days))
    db.flush()
    return row


def release(db: Session, *, case_id: uuid.UUID, now: datetime, reason: str = "") -> bool:
    """Give a reserved name up; at once free for others. False when the case held none."""
    return bool(_close(db, RegisterName.case_id == case_id, "released", reason, now))


def refuse(db: Session, *, case_id: uuid.UUID, reason: str, now: datetime) -> bool:
    """End a reservation because the name was refused, with the written reasons (NM-47). False when there was none."""
    if not reason.strip():
        words = Words("请写明理由。", "Give the reasons in writing.")
        raise RuleViolation([Problem("NM-47", "reason", words, "企业名称登记管理规定第二十条")])
    return bool(_close(db, RegisterName.case_id == case_id, "refused", reason, now))


def expire_due(db: Session, now: datetime) -> list[uuid.UUID]:
    """End every reservation that has run out (NM-45); returns the cases that lost their name. Repeatable."""
    due = _close(
        db, (RegisterName.status == "reserved") & (RegisterName.reserved_until <= now), "expired", "", now
    )
    return [case_id for case_id in due if case_id is not None]


def consume(
    db: Session, *, case_id: uuid.UUID, uscc: str, now: datetime, industry_code: str = ""
) -> RegisterName:
    """The licence is issued: the case's name becomes a registered one, in the caller's transaction.

    Raises NotFound when the case holds no name, Conflict `reservation_expired` when its reservation had run out.
    """
    row = _held_by(db, case_id, "reserved", "pending")
    if row.status == "reserved" and row.reserved_until is not None and row.reserved_until <= now:
        words = Words(
            "名称保留期已过，请重新申报。", "The reservation has run out. Apply for the name again."
        )
        raise Conflict(words, "reservation_expired")
    row.status, row.status_date, row.uscc, row.reserved_until = "registered", local_date(now), uscc, None
    row.industry_code = industry_code or row.industry_code
    db.flush()
    return row


def change_status(db: Session, *, name_id: uuid.UUID, status: str, now: datetime) -> RegisterName:
    """A registered name is given up or lost: deregistered, renamed, establishment_revoked, licence_revoked (CMP-B6).

    Raises NotFound for an unknown name, ValueError for another status.
    """
    if status not in ("deregistered", "renamed", "establishment_revoked", "licence_revoked"):
        raise ValueError(status)
    row = db.get(RegisterName, name_id, with_for_update=True)
    if row is None:
        raise NotFound("no such name")
    row.status, row.status_date = status, local_date(now)
    db.flush()
    return row
