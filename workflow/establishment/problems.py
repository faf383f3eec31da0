"""The rules of an application, applied to a case: what the pure rules cannot know is looked up here."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.catalogues.queries import catalogue
from workflow.errors import Problem
from workflow.establishment import rules, types, wishes
from workflow.establishment.data import Application
from workflow.establishment.needs import address_exceptions, needed
from workflow.establishment.rules import by_section, check
from workflow.establishment.rules.common import Context, Registered
from workflow.licensing.models import RegisterEntry
from workflow.policies.queries import policy

FIELD_OF_KIND = {
    "address_proof": "address.commitment", "approval": "scope", "identity": "people", "qualification": "organisations",
    "election": "officers", "parent_licence": "parent",
}  # fmt: skip


def problems_of(db: Session, case: Case, application: Application) -> list[Problem]:
    """Every problem, errors and warnings, in the order of the form."""
    context = context_of(db, case, application)
    named = application.model_copy(update={"name": context.reserved_name})
    missing = [
        Problem("document", FIELD_OF_KIND[n.kind], n.why, n.basis)
        for n in needed(db, case, application, context.catalogue, context.commitment_allowed)
        if not n.present
    ]
    return check(named, context) + missing


def check_person(application: Application, key: str, case: Case, db: Session) -> list[Problem]:
    """The problems of one person of the application, whatever part the person will have."""
    return rules.check_person(application, key, context_of(db, case, application))


def context_of(db: Session, case: Case, application: Application) -> Context:
    """What the rules know beside the application: lists, policies, the register, the reserved name."""
    unnamed = types.is_unnamed(case.entity_type, case.name)
    facts = catalogue(db)
    return Context(
        catalogue=facts,
        registered=_registered(db, application),
        reserved_name="" if unnamed else case.name,
        commitment_allowed=policy(db, "address_proof", case.authority_code) == "commitment",
        address_exceptions=address_exceptions(facts, application.address.text, case.authority_code),
        wishes=wishes.decided(db, [e.text for e in application.scope if not e.code]),
    )


def _registered(db: Session, application: Application) -> dict[str, Registered]:
    """The application's organisations that stand in the register (PRO-12: what is known is not asked again)."""
    codes = [o.uscc for o in application.organisations if o.uscc]
    if not codes:
        return {}
    rows = db.scalars(select(RegisterEntry).where(RegisterEntry.uscc.in_(codes)))
    return {r.uscc: Registered(r.name, r.status == "existing", r.scope) for r in rows}


def problems_by_section(db: Session, case: Case, application: Application) -> dict[str, list[Problem]]:
    """The same by section of the form; a section without problems has an empty list.

    That the contributions do not add up to the capital is put right where the contributions are, and the liaison
    officer's mail address where the liaison officer is named.
    """
    sections = by_section(problems_of(db, case, application), application)
    if "capital" in sections and application.capital and application.capital > 0:
        sums = [p for p in sections["capital"] if p.field == "capital" and p.severity == "error"]
        sections["capital"] = [p for p in sections["capital"] if p not in sums]
        sections["shareholders"] += sums
    for name in [n for n in sections if n != "liaison"] if "liaison" in sections else []:
        mail = [p for p in sections[name] if p.code == "required" and p.field.endswith(".email")]
        sections[name] = [p for p in sections[name] if p not in mail]
        sections["liaison"] += mail
    return sections
