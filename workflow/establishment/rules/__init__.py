"""The rules of an application for establishment: the same while one types and again on submission. Pure."""

from workflow.errors import Problem
from workflow.establishment import types
from workflow.establishment.data import Application
from workflow.establishment.rules.common import Context, Findings, Registered, check_people, uses

__all__ = [
    "SECTIONS",
    "Context",
    "Findings",
    "Registered",
    "by_section",
    "check",
    "check_person",
    "section_of",
]

SECTIONS = (
    "address", "scope", "capital", "shareholders", "officers", "liaison", "beneficial", "submitter", "check",
)  # fmt: skip
_SECTION = {
    "address": "address", "business_place": "address", "scope": "scope", "capital": "capital", "par_value": "capital",
    "term_years": "capital", "long_term": "capital", "contributions": "shareholders", "organisations": "shareholders",
    "parent": "shareholders", "family": "shareholders", "household_form": "shareholders", "people": "shareholders",
    "officers": "officers", "governance": "officers", "liaison": "liaison", "beneficial": "beneficial",
    "submitter": "submitter",
}  # fmt: skip


def check(application: Application, context: Context | None = None) -> list[Problem]:
    """Every problem of an application, errors and warnings, in the order of the form.

    Raises NotFound for an entity type that is not registered. Nothing is changed.
    """
    context = context or Context()
    kind = types.get(application.entity_type)
    found = Findings(application, context)
    check_people(application, context, found)
    for rule in kind.rules:
        rule(application, context, found)
    ranks = {name: rank for rank, name in enumerate(SECTIONS)}
    unique = dict.fromkeys(found.problems)
    return sorted(unique, key=lambda p: ranks[section_of(p, application)])


def check_person(application: Application, key: str, context: Context) -> list[Problem]:
    """The problems of one person, whatever part the person will have. Raises StopIteration for an unknown key."""
    found = Findings(application, context)
    check_people(application, context, found, {key})
    place = next(i for i, p in enumerate(application.people) if p.key == key)
    return [p for p in found.problems if p.field.startswith(f"people.{place}.")]


def section_of(problem: Problem, application: Application | None = None) -> str:
    """The section of the form where a problem is put right, one of SECTIONS.

    With the application given, a problem of a person goes where that person first appears.
    """
    parts = problem.field.split(".")
    if (
        application is not None
        and parts[0] in ("people", "organisations")
        and len(parts) > 1
        and parts[1].isdigit()
    ):
        listed: list[str] = [p.key for p in getattr(application, parts[0])]
        key = listed[int(parts[1])] if int(parts[1]) < len(listed) else ""
        return next((section for section, used in uses(application) if used == key), "shareholders")
    return _SECTION.get(parts[0], "check")


def by_section(problems: list[Problem], application: Application) -> dict[str, list[Problem]]:
    """The problems of each section of this type's form; a section without problems has an empty list."""
    sections: dict[str, list[Problem]] = {name: [] for name in types.get(application.entity_type).sections}
    for problem in problems:
        sections.setdefault(section_of(problem, application), []).append(problem)
    return sections
