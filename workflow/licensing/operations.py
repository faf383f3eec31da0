"""Issuing a licence: code, files, entry. Three steps, each safe to repeat."""

import secrets
import uuid

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from signing import pdf as sealing
from signing.papers.data import NO_NAME, LicenceFacts, NoticeFacts, PaperFacts
from signing.papers.licences import duplicate, items, licence
from signing.papers.notices import notice
from signing.papers.wording import executing_partners, named_with_delegate
from workflow import objects
from workflow.accounts.models import Account
from workflow.case import Actor, Case, advance, lock_case
from workflow.catalogues.queries import catalogue
from workflow.clock import local_date
from workflow.db import now
from workflow.errors import Conflict
from workflow.establishment import texts, types
from workflow.establishment.data import Application
from workflow.establishment.drafts import submissions_of
from workflow.establishment.facts import paper_facts, published_facts
from workflow.licensing.models import Licence, RegisterEntry
from workflow.licensing.uscc import new_uscc
from workflow.machine import MOVED_ON
from workflow.messages.operations import send
from workflow.naming import declaration
from workflow.naming import operations as naming
from workflow.settings import settings
from workflow.signer import authority, may_fail, seal_of


def prepare(db: Session, case_id: uuid.UUID) -> Licence:
    """Give an approved case its credit code, number and date; a repeat returns what was given.

    The date of the licence is the date of establishment (PRO-10). Raises Conflict when the case is not approved.
    """
    case = lock_case(db, case_id)
    known = db.scalar(select(Licence).where(Licence.case_id == case_id, Licence.state != "revoked"))
    if known is not None:
        return known
    if case.state != "approved":
        raise Conflict(MOVED_ON, "moved_on")
    sequence = db.execute(text("SELECT nextval('credit_codes')")).scalar_one()
    office = catalogue(db).authorities[case.authority_code]
    uscc = new_uscc(sequence, office.uscc_authority_code, types.get(case.entity_type).uscc_kind)
    row = Licence(
        case_id=case_id,
        uscc=uscc,
        number=f"{case.number}-L1",
        verification_code=secrets.token_urlsafe(12),
        established_on=local_date(now()),
    )
    db.add(row)
    db.flush()
    return row


def make_files(db: Session, licence_id: uuid.UUID) -> dict[str, str]:
    """Render and seal the licence, its duplicate and the registration notice; return their object keys.

    Raises OutsideFailure when nothing can be sealed now.
    """
    row = db.get_one(Licence, licence_id)
    if row.state == "active":
        return {"licence": row.key, "duplicate": row.duplicate_key, "notice": row.notice_key}
    case = db.get_one(Case, row.case_id)
    application = _submitted(db, case)
    facts = licence_facts(db, case, application, row)
    name = paper_facts(db, case, application).name
    office = catalogue(db).authorities[case.authority_code]
    papers = {
        "licence": licence(facts),
        "duplicate": duplicate(facts, 1, max(1, application.licence.duplicates)),
        "notice": notice(
            "registration",
            NoticeFacts(
                number=f"{case.number}-T1", case_number=case.number, authority=office.name,
                addressee=db.get_one(Account, case.owner_id).name, entity_name=name, matter="设立登记",
                issued=row.established_on, acted_on=local_date(case.submitted_at) if case.submitted_at else None,
                uscc=row.uscc, verification_url=facts.verification_url, simulated=settings().simulated,
                entries=tuple(items(facts)),
            ),
            texts.in_force(db),
        ),
    }  # fmt: skip
    with may_fail():
        seal = seal_of(db, office.code, office.name)
        sealed = {kind: sealing.seal(db, authority(), paper, seal) for kind, paper in papers.items()}
    return {kind: objects.put(file) for kind, file in sealed.items()}


def licence_facts(db: Session, case: Case, application: Application, row: Licence) -> LicenceFacts:
    """What the licence says (LIC-06)."""
    facts = paper_facts(db, case, application)
    kind = types.get(application.entity_type)
    return LicenceFacts(
        uscc=row.uscc, name=NO_NAME if facts.unnamed else case.name, type_name=facts.type_name, subject=kind.head_words.zh,
        representative=head_of(facts),
        place_label=kind.address_words.zh, place=facts.address.text, scope=facts.scope.text, authority=facts.authority,
        established=row.established_on, issued=row.established_on,
        verification_url=f"{settings().portal_url}/v/{row.verification_code}",
        publicity_url=f"{settings().portal_url}/register", capital_label=kind.capital_words.zh if kind.capital_registered else "",
        capital=application.capital if kind.capital_registered else None, composition=facts.household_form,
        simulated=settings().simulated,
    )  # fmt: skip


def head_of(facts: PaperFacts) -> str:
    """Who stands at the head on the licence: of a partnership all executing partners, with their delegates."""
    if facts.executing:
        return "、".join(named_with_delegate(p) for p in executing_partners(facts))
    return facts.legal_representative.name if facts.legal_representative else ""


def activate(db: Session, licence_id: uuid.UUID, files: dict[str, str]) -> None:
    """Make the licence count: register entry, name, case and message, all in one transaction. Once."""
    case_id = db.scalar(select(Licence.case_id).where(Licence.id == licence_id))
    assert case_id is not None
    case = lock_case(db, case_id)
    row = db.get_one(Licence, licence_id, with_for_update=True, populate_existing=True)
    if row.state == "active":
        return
    application = _submitted(db, case)
    facts = licence_facts(db, case, application, row)
    row.key, row.duplicate_key, row.notice_key = files["licence"], files["duplicate"], files["notice"]
    row.state, row.issued_at = "active", now()
    db.add(
        RegisterEntry(
            uscc=row.uscc, case_id=case.id, name=_registered_name(case, facts), entity_type=case.entity_type,
            type_code=types.get(application.entity_type).type_code(application)[0], type_text=facts.type_name,
            representative=facts.representative, capital=facts.capital, address=facts.place, scope=facts.scope,
            authority_code=case.authority_code, authority_name=facts.authority, established_on=row.established_on,
            facts=published_facts(application),
        )
    )  # fmt: skip
    declaration.end(db, case.id, "used")
    if not types.is_unnamed(case.entity_type, case.name):
        naming.consume(db, case_id=case.id, uscc=row.uscc, now=now())
    advance(db, case.id, "issue_licence", Actor.system(), {"uscc": row.uscc, "licence": files["licence"]})
    owner = db.get_one(Account, case.owner_id)
    send(
        db, "sms", owner.phone, "licence_issued", f"licence_issued:{row.id}", case_id=case.id,
        language=owner.language, company=case.name, uscc=row.uscc,
    )  # fmt: skip


def _registered_name(case: Case, facts: LicenceFacts) -> str:
    """Who does without a name stands in the register under the name of its head (IMPL52 Art. 6)."""
    return facts.representative if types.is_unnamed(case.entity_type, case.name) else case.name


def revoke(db: Session, licence_id: uuid.UUID, actor: Actor, reason: str) -> None:
    """Mark a licence as revoked; the verification page says so at once (EL-07)."""
    row = db.get_one(Licence, licence_id, with_for_update=True)
    row.state, row.revoked_at, row.revoked_reason = "revoked", now(), reason


def _submitted(db: Session, case: Case) -> Application:
    return submissions_of(db, case.id)[-1][1]
