"""What a bank sees of its handoffs."""

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.errors import NotFound
from workflow.handoff.models import Handoff
from workflow.handoff.operations import BANK, EVENT_OF_STATUS
from workflow.machine import HandoffMachine, is_final, possible_events

ENDS = tuple(s.id for s in HandoffMachine.states if is_final(HandoffMachine, s.id))


@dataclass(frozen=True)
class Step:
    """A status that the bank may report next."""

    status: str
    event: str


def handoffs_of_bank(bank_code: str, tab: str = "open") -> Select[tuple[Handoff, Case]]:
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
