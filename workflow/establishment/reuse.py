"""One form, filled in once: an earlier case of the same account serves as a template, and people and organisations known
from its cases are offered. What is secret of a person is taken over here and never shown again (`Person.known`)."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.accounts.models import Account
from workflow.case import Actor, Case, case_of
from workflow.errors import NotFound
from workflow.establishment import types
from workflow.establishment.data import Application, Contribution, Organisation, Person
from workflow.establishment.drafts import create_draft, join, save
from workflow.establishment.models import Draft
from workflow.personal import mask_id_number, mask_phone

REMEMBERED = 30  # cases back


@dataclass(frozen=True)
class Known:
    """A person or organisation of another case of this account, as it may be shown. `handle` is `case:key`."""

    handle: str
    name: str
    number: str
    phone: str
    cases: tuple[str, ...]
    organisation: bool = False


def start_from(db: Session, account: Account, number: str) -> Case:
    """Open a case of the same type with what an earlier one of this account says.

    The company's name is not taken over, nor approvals, commitments, payments and dates of the earlier company, nor
    anything signed. Raises NotFound for a case of somebody else, or of a type that is registered no more.
    """
    from workflow.case import open_case

    earlier = case_of(db, number, account.id)
    types.get(earlier.entity_type)
    actor = Actor.applicant(account.id, account.name)
    case = open_case(db, actor, account.id, earlier.entity_type)
    create_draft(db, case, account)
    source = _draft(db, earlier.id)

    def change(application: Application) -> None:
        owner = application.people[0]
        for name in Application.model_fields:
            setattr(application, name, getattr(source, name))
        application.name = ""
        application.people = [_person(p, p.key, owner) for p in source.people]
        if all(p.account_id != owner.account_id for p in application.people):
            application.people.insert(0, owner.model_copy(update={"key": free_key(source.people, "p")}))
        application.address.commitment = False
        application.beneficial.exempt = False
        application.submitter.agent_declared = False
        for entry in application.scope:
            entry.approval = ""
        for row in application.contributions:
            row.due = row.paid = None

    save(db, case.id, actor, None, change)
    return case


def known_parties(db: Session, account_id: uuid.UUID, besides: Application) -> list[Known]:
    """People and organisations of the account's cases that this application does not have yet, the newest first."""
    here = {p.id_number for p in besides.people} | {o.uscc for o in besides.organisations}
    found: dict[str, Known] = {}
    for case, application in _cases(db, account_id):
        parties: list[Person | Organisation] = [*application.people, *application.organisations]
        for party in parties:
            number = party.id_number if isinstance(party, Person) else party.uscc
            if not number or not party.name or number in here:
                continue
            if number in found:
                first = found[number]
                cases = tuple(dict.fromkeys([*first.cases, case.name or case.number]))
                found[number] = Known(
                    first.handle, first.name, first.number, first.phone, cases, first.organisation
                )
                continue
            person = isinstance(party, Person)
            found[number] = Known(
                f"{case.number}:{party.key}", party.name, mask_id_number(number) if person else number,
                mask_phone(party.phone) if isinstance(party, Person) else "", (case.name or case.number,), not person,
            )  # fmt: skip
    return list(found.values())


def take_over(
    db: Session, account_id: uuid.UUID, case: Case, actor: Actor, handle: str, as_party: bool
) -> str:
    """Add a known person or organisation (with who represents it) to the buffer; with `as_party` as one who contributes.

    Returns its key here; somebody who is here already is not added twice. Raises NotFound for what is not this
    account's, Conflict (`moved_on`), RuleViolation (`locked`).
    """
    number, _, key = handle.partition(":")
    source = _draft(db, case_of(db, number, account_id).id)
    person, company = source.person(key), source.organisation(key)
    if person is None and company is None:
        raise NotFound("known party")
    keys: list[str] = []

    def change(application: Application) -> None:
        if person is not None:
            keys.append(_add_person(application, person))
        elif company is not None:
            keys.append(_add_organisation(application, company, source))
        if as_party and company and all(r.party != keys[-1] for r in application.contributions):
            application.contributions.append(Contribution(party=keys[-1]))

    save(db, case.id, actor, None, change)
    return keys[-1]


def free_key(taken: list[Person] | list[Organisation], letter: str) -> str:
    """A key that nobody has yet: p2, o1."""
    numbers = [int(t.key[1:]) for t in taken if t.key[:1] == letter and t.key[1:].isdigit()]
    return f"{letter}{max(numbers, default=0) + 1}"


def _person(person: Person, key: str, owner: Person | None = None) -> Person:
    """A copy; its secrets stay closed unless it is the account's own, whose identity was checked."""
    if owner and (person.account_id == owner.account_id or person.id_number == owner.id_number):
        return owner.model_copy(update={"key": key, "email": person.email, "address": person.address})
    return person.model_copy(update={"key": key, "account_id": "", "known": bool(person.id_number)})


def _add_person(application: Application, person: Person) -> str:
    here = next((p for p in application.people if p.id_number and p.id_number == person.id_number), None)
    if here is None:
        here = _person(person, free_key(application.people, "p"))
        application.people.append(here)
    return here.key


def _add_organisation(application: Application, company: Organisation, source: Application) -> str:
    here = next((o for o in application.organisations if o.uscc and o.uscc == company.uscc), None)
    if here is None:
        head = source.person(company.representative)
        key = _add_person(application, head) if head else ""
        here = company.model_copy(
            update={"key": free_key(application.organisations, "o"), "representative": key}
        )
        application.organisations.append(here)
    return here.key


def _draft(db: Session, case_id: uuid.UUID) -> Application:
    draft = db.get(Draft, case_id)
    if draft is None:
        raise NotFound("draft")
    return join(draft.data, draft.people)


def _cases(db: Session, account_id: uuid.UUID) -> Iterator[tuple[Case, Application]]:
    rows = db.execute(
        select(Case, Draft)
        .join(Draft, Draft.case_id == Case.id)
        .where(Case.owner_id == account_id)
        .order_by(Case.created_at.desc())
        .limit(REMEMBERED)
    )
    for case, draft in rows:
        yield case, join(draft.data, draft.people)
