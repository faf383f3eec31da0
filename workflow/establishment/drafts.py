"""The applicant's buffer: read it, save it, never overwrite silently."""

import json
import uuid
from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.accounts.models import Account
from workflow.case import Actor, Case, lock_case, open_case
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment import choice, types, wishes
from workflow.establishment.data import Application, Person
from workflow.establishment.difference import covers, differences
from workflow.establishment.models import Draft, Submission
from workflow.machine import MOVED_ON
from workflow.review.queries import open_corrections

EDITABLE = ("draft", "name_submitted", "name_reserved", "returned")

CHANGED_ELSEWHERE = Words(
    "您在别的窗口或设备上改过这份申请。请核对最新内容后再保存，您刚填的内容仍在本页。",
    "This application was changed in another window or device. Check the latest values and save again; what you typed is still on this page.",
)
LOCKED_FIELD = Words(
    "退回补正时只能修改通知书列出的内容，这一项不在其中。",
    "After a return only the listed items can be changed; this is not one of them.",
)


def start_case(db: Session, account: Account, entity_type: str) -> Case:
    """Open a case with an empty application of a registered entity type. Raises RuleViolation for any other."""
    if entity_type not in {kind.code for kind in types.every()}:
        raise RuleViolation([Problem("no_such_type", "entity_type", choice.NO_SUCH_TYPE)])
    case = open_case(db, Actor.applicant(account.id, account.name), account.id, entity_type)
    create_draft(db, case, account)
    return case


def create_draft(db: Session, case: Case, account: Account) -> Draft:
    """An empty application for a case, with its owner already known as a person (nothing is asked twice)."""
    owner = Person(
        key="p1",
        name=account.name,
        id_number=account.id_number,
        phone=account.phone,
        account_id=str(account.id),
    )
    application = Application(entity_type=case.entity_type, people=[owner])  # type: ignore[arg-type]
    application.submitter.person = application.liaison.person = "p1"
    application.submitter.role = "liaison"
    data, people = split(application)
    draft = Draft(case_id=case.id, data=data, people=people)
    db.add(draft)
    db.flush()
    return draft


def split(application: Application) -> tuple[dict[str, object], str]:
    """The application as stored: the plain part, and people and organisations as JSON to be encrypted."""
    data = application.model_dump(mode="json")
    people = {"people": data.pop("people"), "organisations": data.pop("organisations")}
    return data, json.dumps(people, ensure_ascii=False)


def join(data: dict[str, object], people: str) -> Application:
    """The application from its two stored parts."""
    return Application.model_validate(data | json.loads(people))


def draft_of(db: Session, case_id: uuid.UUID) -> tuple[Application, int]:
    """The applicant's buffer and its version. Raises NotFound."""
    draft = db.get(Draft, case_id)
    if draft is None:
        raise NotFound(f"draft of {case_id}")
    return join(draft.data, draft.people), draft.version


def submissions_of(db: Session, case_id: uuid.UUID) -> list[tuple[Submission, Application]]:
    """What was handed in, oldest first."""
    rows = db.scalars(select(Submission).where(Submission.case_id == case_id).order_by(Submission.seq))
    return [(row, join(row.data, row.people)) for row in rows]


def save(
    db: Session, case_id: uuid.UUID, actor: Actor, version: int | None, change: Callable[[Application], None]
) -> tuple[Application, int]:
    """Apply `change` to the buffer and store it; return the application and its new version.

    `version` is what the page was made from; None saves whatever is there (single-field autosave).
    Raises Conflict (`changed_elsewhere`, `moved_on`), RuleViolation (`locked`) for a field that a return for
    correction has not opened.
    """
    case = lock_case(db, case_id)
    if case.state not in EDITABLE:
        raise Conflict(MOVED_ON, "moved_on")
    draft = db.get_one(Draft, case_id, populate_existing=True)
    if version is not None and version != draft.version:
        raise Conflict(CHANGED_ELSEWHERE, "changed_elsewhere")
    before = join(draft.data, draft.people)
    after = before.model_copy(deep=True)
    change(after)
    after = Application.model_validate(after.model_dump())
    changes = differences(before, after)
    if not changes:
        return before, draft.version
    if case.state == "returned":
        opened = opened_fields(before, [c.field for c in open_corrections(db, case_id)])
        # Somebody new stands at the end of the list, and matters only where an open field names them.
        new = [f"people.{i}" for i in range(len(before.people), len(after.people))]
        new += [f"organisations.{i}" for i in range(len(before.organisations), len(after.organisations))]
        locked = [c.path for c in changes if not covers([*opened, *new], c.path)]
        if locked:
            raise RuleViolation([Problem("locked", path, LOCKED_FIELD) for path in locked])
    draft.data, draft.people = split(after)
    draft.version += 1
    draft.changed_at = now()
    if after.address.authority_code:
        case.authority_code = after.address.authority_code
    return after, draft.version


def opened_fields(application: Application, fields: Iterable[str]) -> list[str]:
    """The paths that a notice of correction opens: those it names (PRO-05), and what can only change with them.

    An amount cannot be corrected without the sum, an office without the legal representative who holds it, an
    address without its authority, whose property or business it is without the family.
    """
    opened: dict[str, None] = {}
    kind, rows = types.get(application.entity_type), range(len(application.contributions))
    for field in fields:
        root, *rest = field.split(".")
        opened[field] = None
        if "shares" in kind.asks and root in ("capital", "par_value", "contributions"):
            opened |= {f"contributions.{i}.shares": None for i in rows}  # they follow (`derive.settle`)
        if kind.founders == "one" and root in ("contributions", "capital"):
            opened |= {"governance.legal_representative": None, "contributions.0.subscribed": None}
        if root in ("address", "business_place", "scope", "beneficial", "submitter", "licence"):
            opened[root] = None
        elif root in ("term_years", "long_term"):
            opened |= {"term_years": None, "long_term": None}
        elif root == "capital":
            opened |= {f"contributions.{i}.subscribed": None for i in range(len(application.contributions))}
        elif root == "contributions" and rest[1:] in ([], ["subscribed"]):
            opened["capital"] = None
        elif root in ("household_form", "family") or rest[1:] == ["family_property"]:
            opened |= {"household_form": None, "family": None, "contributions.0.family_property": None}
        elif root in ("officers", "governance") and field != "governance.employees":
            opened |= {"officers": None, "governance": None}
        elif root == "liaison":
            for index, person in enumerate(application.people):
                if person.key == application.liaison.person:
                    opened |= {"liaison": None, f"people.{index}.email": None}
    return list(opened)


def submit_copy(db: Session, case: Case, paper_hashes: dict[str, str]) -> Submission:
    """Keep a copy of the buffer as handed in."""
    draft = db.get_one(Draft, case.id)
    count = len(submissions_of(db, case.id))
    row = Submission(
        case_id=case.id, seq=count + 1, data=draft.data, people=draft.people, paper_hashes=dict(paper_hashes)
    )
    db.add(row)
    db.flush()
    wishes.note(db, case.id, [e["text"] for e in draft.data["scope"] if not e["code"]])
    return row
