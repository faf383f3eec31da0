"""Whole applications of every type, without a problem, for tests to spoil one thing at a time."""

from datetime import date

from workflow import identity
from workflow.establishment.data import Application

TODAY = date(2026, 11, 24)


def id_number(serial: int, birth: str = "19900307", region: str = "990000") -> str:
    """A fictitious resident ID number: the region does not exist."""
    first = f"{region}{birth}{serial:03d}"
    return first + identity.check_digit(first)


def person(key: str, name: str, serial: int, **changes: object) -> dict:
    values = {
        "key": key,
        "name": name,
        "id_number": id_number(serial),
        "phone": f"139000000{serial:02d}",
        "email": f"{key}@example.com",
        "address": "武汉市武昌区虚构路1号",
    }
    return {**values, **changes}


def base(entity_type: str, catalogue, **changes: object) -> dict:
    software = next(e for e in catalogue.scope_entries.values() if e.text == "软件开发")
    values = {
        "entity_type": entity_type,
        "name": "武汉云虚构软件有限公司",
        "people": [person("p1", "小张", 1), person("p2", "小李", 2), person("p3", "小王", 3)],
        "address": {
            "text": "武汉市武昌区东湖路105号",
            "division_code": "420106",
            "detail": "东湖路105号",
            "authority_code": "HB-420106",
            "commitment": True,
        },
        "scope": [{"code": software.code, "text": software.text, "licensed": False}],
        "liaison": {"person": "p1"},
        "submitter": {"person": "p1", "role": "liaison"},
        "beneficial": {"exempt": True},
    }
    return {**values, **changes}


def llc(catalogue, **changes: object) -> dict:
    """小张 alone, 500 000 yuan, one director, no supervisor."""
    values = base(
        "llc",
        catalogue,
        capital=500_000_00,
        contributions=[{"party": "p1", "subscribed": 500_000_00, "due": "2031-11-24"}],
        officers=[
            {"person": "p1", "office": "director", "term_years": 3},
            {"person": "p1", "office": "finance_chief"},
        ],
        governance={
            "board": "director",
            "supervision": "none",
            "legal_representative": "p1",
            "legal_representative_office": "director",
            "legal_representative_chosen_by": "shareholders",
        },
    )
    return {**values, **changes}


def jsc(catalogue, **changes: object) -> dict:
    values = llc(catalogue)
    values["address"]["authority_code"] = "HB-420100"
    values |= {
        "entity_type": "jsc",
        "name": "武汉云虚构软件股份有限公司",
        "contributions": [
            {"party": "p1", "subscribed": 300_000_00, "paid": 300_000_00, "shares": 300_000},
            {"party": "p2", "subscribed": 200_000_00, "paid": 200_000_00, "shares": 200_000},
        ],
        "officers": [*values["officers"], {"person": "p3", "office": "supervisor", "term_years": 3}],
        "governance": {**values["governance"], "supervision": "supervisor"},
    }
    return {**values, **changes}


def partnership(catalogue, entity_type: str = "gp", **changes: object) -> dict:
    roles = ["general_partner", "limited_partner"] if entity_type == "lp" else ["", ""]
    values = base(
        entity_type,
        catalogue,
        name="武汉云虚构软件中心（普通合伙）",
        capital=100_000_00,
        contributions=[
            {"party": p, "subscribed": 50_000_00, "due": "2040-01-01", "role": role}
            for p, role in zip(["p1", "p2"], roles, strict=True)
        ],
        officers=[{"person": "p1", "office": "executing_partner"}],
        governance={"legal_representative": "p1", "legal_representative_office": "executing_partner"},
    )
    return {**values, **changes}


def sole(catalogue, **changes: object) -> dict:
    values = base(
        "sole", catalogue, capital=50_000_00, name="武汉云虚构软件工作室",
        contributions=[{"party": "p1", "subscribed": 50_000_00}], governance={"legal_representative": "p1"},
    )  # fmt: skip
    return {**values, **changes}


def household(catalogue, **changes: object) -> dict:
    values = base(
        "household", catalogue, name="", household_form="person",
        contributions=[{"party": "p1"}], governance={"legal_representative": "p1"},
    )  # fmt: skip
    return {**values, **changes}


def branch(catalogue, **changes: object) -> dict:
    parent = {
        "key": "o1", "name": "武汉云虚构软件有限公司", "kind": "company", "representative": "p1",
    }  # fmt: skip
    from workflow.licensing.uscc import new_uscc

    parent["uscc"] = new_uscc(1, "420106")
    values = base(
        "branch", catalogue, name="武汉云虚构软件有限公司江岸分公司", organisations=[parent],
        parent={"organisation": "o1", "accounting": "not_independent"}, governance={"legal_representative": "p2"},
    )  # fmt: skip
    return {**values, **changes}


def cooperative(catalogue, **changes: object) -> dict:
    people = [person(f"p{i}", f"社员{'甲乙丙丁戊'[i - 1]}", i) for i in range(1, 6)]
    values = base(
        "cooperative", catalogue, name="武汉云虚构种植专业合作社", capital=50_000_00, people=people,
        contributions=[{"party": f"p{i}", "subscribed": 10_000_00, "farmer": True} for i in range(1, 6)],
        officers=[{"person": "p1", "office": "cooperative_chair"}], governance={"legal_representative": "p1"},
    )  # fmt: skip
    return {**values, **changes}


WHOLE = {
    "llc": llc,
    "jsc": jsc,
    "gp": partnership,
    "sgp": lambda c, **k: partnership(c, "sgp", **k),
    "lp": lambda c, **k: partnership(c, "lp", **k),
    "sole": sole,
    "household": household,
    "branch": branch,
    "cooperative": cooperative,
}


def application(entity_type: str, catalogue, **changes: object) -> Application:
    return Application.model_validate(WHOLE[entity_type](catalogue, **changes))
