"""The rules of an application, applied to a case: what the pure rules cannot know is looked up here."""

from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.catalogues.queries import catalogue
from workflow.errors import Problem
from workflow.establishment.data import Application
from workflow.establishment.needs import address_exceptions, needed
from workflow.establishment.rules import by_section, check
from workflow.establishment.rules.common import Context
from workflow.policies.queries import policy

FIELD_OF_KIND = {
    "address_proof": "address.commitment", "approval": "scope", "identity": "people", "qualification": "organisations",
    "election": "officers",
}  # fmt: skip
SUMS = ("LLC-02", "JSC-96")


def problems_of(db: Session, case: Case, application: Application) -> list[Problem]:
    """Every problem, errors and warnings, in the order of the form."""
    context = Context(
        catalogue=catalogue(db),
        reserved_name=case.name,
        commitment_allowed=policy(db, "address_proof", case.authority_code) == "commitment",
        address_exceptions=address_exceptions(db, case, application),
    )
    named = application.model_copy(update={"name": case.name})
    missing = [
        Problem("document", FIELD_OF_KIND[n.kind], n.why, n.basis)
        for n in needed(db, case, application, context.catalogue)
        if not n.present
    ]
    return check(named, context) + missing


def problems_by_section(db: Session, case: Case, application: Application) -> dict[str, list[Problem]]:
    """The same by section of the form; a section without problems has an empty list.

    That the contributions do not add up to the capital is put right where the contributions are, and the liaison
    officer's mail address where the liaison officer is named.
    """
    sections = by_section(problems_of(db, case, application), application)
    if "capital" in sections and application.capital and application.capital > 0:
        sums = [p for p in sections["capital"] if p.code in SUMS and p.field == "capital"]
        sections["capital"] = [p for p in sections["capital"] if p not in sums]
        sections["shareholders"] += sums
    for name in [n for n in sections if n != "liaison"] if "liaison" in sections else []:
        mail = [p for p in sections[name] if p.code == "required" and p.field.endswith(".email")]
        sections[name] = [p for p in sections[name] if p not in mail]
        sections["liaison"] += mail
    return sections
