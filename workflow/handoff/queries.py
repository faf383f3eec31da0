"""What a bank sees of its handoffs."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.errors import NotFound
from workflow.handoff.models import BankReport, Handoff
from workflow.handoff.operations import BANK, EVENT_OF_STATUS
from workflow.licensing.models import RegisterEntry
from workflow.machine import HandoffMachine, is_final, possible_events

ENDS = tuple(s.id for s in HandoffMachine.states if is_final(HandoffMachine, s.id))


@dataclass(frozen=True)
class Step:
    """A status that the bank may report next."""

    status: str
    event: str


def handoffs_of_bank(bank_code: str, tab: str = "open") -> Select[Handoff, Case]:
    """The bank's handoffs with their cases: `open`, `done` or `all`; newest change first."""
    query = select(Handoff, Case).join(Case, Case.id == Handoff.case_id).where(Handoff.bank_code == bank_code)
    if tab == "open":
        query = query.where(Handoff.state.not_in(ENDS))
    elif tab == "done":
        query = query.where(Handoff.state.in_(ENDS))
    return query.order_by(Handoff.changed_at.desc(), Handoff.id)


def handoff_of_bank(db: Session, bank_code: str, business_number: str) -> tuple[Handoff, Case]:
    """One handoff of a bank. Raises NotFound for any other bank's."""
    row = db.execute(
        handoffs_of_bank(bank_code, "all").where(Handoff.business_number == business_number)
    ).first()
    if row is None:
        raise NotFound(f"handoff {business_number}")
    return row[0], row[1]


def next_steps(row: Handoff) -> list[Step]:
    """What the bank may report next, in the usual order."""
    possible = possible_events(HandoffMachine, row.state, BANK)
    return [Step(status, event) for status, event in EVENT_OF_STATUS.items() if event in possible]


def counts(db: Session, bank_code: str) -> dict[str, int]:
    """How many handoffs are open, done, and all. One query."""
    query = select(
        func.count().filter(Handoff.state.not_in(ENDS)).label("open"),
        func.count().filter(Handoff.state.in_(ENDS)).label("done"),
        func.count().label("all"),
    ).where(Handoff.bank_code == bank_code)
    return dict(db.execute(query).mappings().one())


def deliveries_of_bank(bank_code: str) -> Select[Handoff, Case]:
    """The bank's handoffs as deliveries: what could not be delivered first, then the newest."""
    failed = Handoff.state == "undeliverable"
    return handoffs_of_bank(bank_code, "all").order_by(None).order_by(
        failed.desc(), Handoff.consented_at.desc(), Handoff.id
    )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of the reconciliation report."""

    handoff: Handoff
    case: Case
    uscc: str
    last: BankReport | None


def reconciliation(db: Session, bank_code: str) -> Iterator[Line]:
    """Every handoff of a bank, oldest first, with the newest report that counted."""
    newest = (
        select(BankReport.handoff_id, func.max(BankReport.received_at).label("at"))
        .where(BankReport.applied)
        .group_by(BankReport.handoff_id)
        .subquery()
    )
    query = (
        select(Handoff, Case, RegisterEntry.uscc, BankReport)
        .join(Case, Case.id == Handoff.case_id)
        .outerjoin(RegisterEntry, RegisterEntry.case_id == Case.id)
        .outerjoin(newest, newest.c.handoff_id == Handoff.id)
        .outerjoin(
            BankReport,
            and_(
                BankReport.handoff_id == Handoff.id, BankReport.received_at == newest.c.at, BankReport.applied
            ),
        )
        .where(Handoff.bank_code == bank_code)
        .order_by(Handoff.consented_at, Handoff.id)
    )
    seen = set()
    for handoff, case, uscc, last in db.execute(query):
        if handoff.id not in seen:  # two reports of one moment
            seen.add(handoff.id)
            yield Line(handoff, case, uscc or "", last)
