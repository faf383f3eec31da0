"""Applications spoiled in one place, and what the rules say of them."""

from tests.establishment.applications import TODAY, WHOLE
from workflow.catalogues.queries import from_files
from workflow.establishment import rules
from workflow.establishment.data import Application
from workflow.licensing.uscc import new_uscc

FACTS = from_files()


def check(app: Application, **context: object):
    return rules.check(app, rules.Context(today=TODAY, catalogue=FACTS, **context))


def codes(app: Application, severity: str = "error", **context: object) -> set[tuple[str, str]]:
    return {(p.code, p.field) for p in check(app, **context) if p.severity == severity}


def spoiled(entity_type: str, path: str, value: object) -> Application:
    """A whole application with one value changed, e.g. `contributions.0.due`."""
    values = WHOLE[entity_type](FACTS)
    *way, last = path.split(".")
    here = values
    for step in way:
        here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
    if isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value
    return Application.model_validate(values)


def company(kind: str = "company", **changes: object) -> dict:
    return {
        "key": "o1", "name": "武汉虚构河畔有限公司", "kind": kind, "uscc": new_uscc(8, "420100"), "representative": "p3",
    } | changes  # fmt: skip
