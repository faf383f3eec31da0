"""The rules of an application, applied to a case: what the pure rules cannot know is looked up here."""

from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.catalogues.queries import catalogue
from workflow.errors import Problem
from workflow.establishment.data import Application
from workflow.establishment.rules import by_section, check
from workflow.establishment.rules.common import Context
from workflow.policies.queries import policy


def problems_of(db: Session, case: Case, application: Application) -> list[Problem]:
    """Every problem, errors and warnings, in the order of the form."""
    context = Context(
        catalogue=catalogue(db),
        reserved_name=case.name,
        commitment_allowed=policy(db, "address_proof", case.authority_code) == "commitment",
    )
    named = application.model_copy(update={"name": case.name})
    return check(named, context)


def problems_by_section(db: Session, case: Case, application: Application) -> dict[str, list[Problem]]:
    """The same by section of the form; a section without problems has an empty list."""
    return by_section(problems_of(db, case, application), application)
