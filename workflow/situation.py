"""Where cases stand, read across the steps: for the one next action, the list of cases and the progress page."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from workflow.accounts.models import Account
from workflow.case import Case
from workflow.errors import NotFound
from workflow.handoff.models import Handoff
from workflow.machine import STEP_OF_STATE
from workflow.naming.declaration import NameDeclaration
from workflow.review.models import Correction
from workflow.signatures.models import Invitation


@dataclass(frozen=True)
class Situation:
    """What is known of a case at a glance. Times are UTC."""

    number: str
    state: str
    due_at: datetime | None = None  # until when the authority decides
    reserved_until: datetime | None = None
    name_refused: bool = False  # the last name declared was refused
    signers: int = 0
    signed: int = 0
    declined: int = 0
    corrections: int = 0
    bank_state: str = ""  # of the newest handoff; empty when no bank was chosen
    branch_name: str = ""

    @property
    def step(self) -> int:
        """The step of the seven that it is at; 8 when all is done."""
        if self.state == "closed":
            return 8
        if self.state == "withdrawn":
            return 5 if self.signers else 4 if self.reserved_until else 3
        return STEP_OF_STATE[self.state]

    @property
    def stopped(self) -> bool:
        """Whether it ended without a licence."""
        return self.state in ("refused", "withdrawn")


def cases_of(owner_id: uuid.UUID) -> Select[Case]:
    """Somebody's cases: those under way first, then the newest change."""
    ended = Case.state.in_(("refused", "withdrawn", "closed"))
    return select(Case).where(Case.owner_id == owner_id).order_by(ended, Case.changed_at.desc(), Case.id)


def situations(db: Session, cases: Sequence[Case]) -> dict[uuid.UUID, Situation]:
    """Where each case stands; four queries whatever their number."""
    ids = [case.id for case in cases]
    names: dict[uuid.UUID, NameDeclaration] = {}
    for row in db.scalars(
        select(NameDeclaration).where(NameDeclaration.case_id.in_(ids)).order_by(NameDeclaration.declared_at)
    ):
        names[row.case_id] = row
    banks: dict[uuid.UUID, Handoff] = {}
    for handoff in db.scalars(select(Handoff).where(Handoff.case_id.in_(ids)).order_by(Handoff.consented_at)):
        banks[handoff.case_id] = handoff
    signers = {
        case_id: (total, signed, declined)
        for case_id, total, signed, declined in db.execute(
            select(
                Invitation.case_id,
                func.count().filter(Invitation.state != "fallen"),
                func.count().filter(Invitation.state == "signed"),
                func.count().filter(Invitation.state == "declined"),
            )
            .where(Invitation.case_id.in_(ids))
            .group_by(Invitation.case_id)
        )
    }
    open_points = select(Correction.case_id).where(
        Correction.case_id.in_(ids), Correction.resolved_at.is_(None)
    )
    corrections = Counter(db.scalars(open_points))
    found = {}
    for case in cases:
        name, bank = names.get(case.id), banks.get(case.id)
        total, signed, declined = signers.get(case.id, (0, 0, 0))
        found[case.id] = Situation(
            number=case.number,
            state=case.state,
            due_at=case.due_at,
            reserved_until=name.reserved_until if name else None,
            name_refused=name is not None and name.state == "refused",
            signers=total,
            signed=signed,
            declined=declined,
            corrections=corrections[case.id],
            bank_state=bank.state if bank else "",
            branch_name=bank.branch_name if bank else "",
        )
    return found


def case_by_tail(db: Session, number: str, phone_tail: str) -> Case:
    """A case for whoever knows its number and the last four digits of its owner's phone. Raises NotFound."""
    found = db.execute(
        select(Case, Account).join(Account, Account.id == Case.owner_id).where(Case.number == number.upper())
    ).first()
    if found is None or len(phone_tail) != 4 or not found[1].phone.endswith(phone_tail):
        raise NotFound("case and phone")
    return found[0]
