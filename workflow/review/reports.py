"""What a registrar sees of a case before opening it: findings of the rules, and what changed since the last time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.establishment.difference import Change, differences
from workflow.establishment.drafts import join
from workflow.establishment.models import Submission
from workflow.establishment.problems import problems_of
from workflow.naming.declaration import NameDeclaration
from workflow.review.queries import QueueRow


@dataclass(frozen=True)
class Report:
    """How many findings stop a case, how many are hints, how many values changed (None: handed in once)."""

    errors: int
    hints: int
    changed: int | None = None


def reports_of(db: Session, rows: Sequence[QueueRow]) -> dict[uuid.UUID, Report]:
    """The report of each waiting case on a page of the desk; two queries, whatever the page's length."""
    return _names(db, rows) | _applications(db, [row.case for row in rows if row.task == "establishment"])


def _names(db: Session, rows: Sequence[QueueRow]) -> dict[uuid.UUID, Report]:
    wanted = [row.case.id for row in rows if row.task == "name"]
    query = select(NameDeclaration.case_id, NameDeclaration.answer).where(
        NameDeclaration.case_id.in_(wanted), NameDeclaration.state == "pending"
    )
    found = {}
    for case_id, answer in db.execute(query) if wanted else ():
        effects = [finding["effect"] for finding in answer["findings"]]
        blocks = effects.count("block")
        found[case_id] = Report(blocks, len(effects) - blocks)
    return found


def _applications(db: Session, cases: list[Case]) -> dict[uuid.UUID, Report]:
    by_case: dict[uuid.UUID, list[Submission]] = {case.id: [] for case in cases}
    query = select(Submission).where(Submission.case_id.in_(by_case)).order_by(Submission.seq)
    for row in db.scalars(query) if cases else ():
        by_case[row.case_id].append(row)
    found = {}
    for case in cases:
        versions = [join(row.data, row.people) for row in by_case[case.id][-2:]]
        if versions:
            problems = problems_of(db, case, versions[-1])
            errors = sum(p.severity == "error" for p in problems)
            changed = len(differences(versions[0], versions[1])) if len(versions) == 2 else None
            found[case.id] = Report(errors, len(problems) - errors, changed)
    return found


def change_at(changes: Sequence[Change], path: str) -> Change | None:
    """The first change at a path or under it."""
    return next((c for c in changes if c.path == path or c.path.startswith(path + ".")), None)
