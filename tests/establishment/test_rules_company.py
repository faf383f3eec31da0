"""Rules of companies: shareholders, boards, supervision, dates (LLC-01 to LLC-16)."""

from datetime import date

import pytest

from tests.establishment.applications import application, id_number, llc, person
from tests.establishment.checking import FACTS, codes, spoiled
from workflow.establishment import rules


def board(*offices: str, **governance: str) -> dict:
    """Changes of an LLC to a board of these officers: `office:person`."""
    officers = []
    for text in offices:
        office, who, *marks = text.split(":")
        officers.append(
            {
                "office": office,
                "person": who,
                "term_years": 3,
                "employee_representative": "staff" in marks,
                "audit_committee": "audit" in marks,
            }
        )
    lead = {**llc(FACTS)["governance"], "board": "board", **governance}
    people = [person(f"p{i}", f"人员{'甲乙丙丁戊己庚'[i - 1]}", i) for i in range(1, 8)]
    return {"officers": officers, "governance": lead, "people": people}


BOARD = ("chair:p1", "director:p2", "director:p3", "finance_chief:p4")


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        ("contributions", [], "LLC-01", "contributions"),
        ("capital", 400_000_00, "LLC-02", "capital"),
        ("capital", 0, "REG-03", "capital"),
        ("capital", -1, "REG-03", "capital"),
        ("capital", None, "required", "capital"),
        ("contributions.0.subscribed", 0, "LLC-02", "contributions.0.subscribed"),
        ("contributions.0.subscribed", None, "required", "contributions.0.subscribed"),
        ("contributions.0.paid", 600_000_00, "LLC-02", "contributions.0.paid"),
        ("contributions.0.party", "", "required", "contributions.0.party"),
        ("contributions.0.party", "nobody", "unknown_party", "contributions"),
        ("contributions.0.due", "2031-11-25", "LLC-03", "contributions.0.due"),
        ("contributions.0.due", "2026-11-23", "LLC-03", "contributions.0.due"),
        ("contributions.0.due", None, "required", "contributions.0.due"),
        ("contributions.0.form", "labour", "REG-04", "contributions.0.form"),
        ("governance.legal_representative", "p2", "LLC-07", "governance.legal_representative"),
        ("governance.legal_representative", "", "required", "governance.legal_representative"),
        ("governance.legal_representative_office", "manager", "LLC-07", "governance.legal_representative_office"),
        ("governance.legal_representative_chosen_by", "", "LLC-05", "governance.legal_representative_chosen_by"),
        ("governance.legal_representative_chosen_by", "board", "LLC-05", "governance.legal_representative_chosen_by"),
        ("governance.board", "", "required", "governance.board"),
        ("governance.board", "board", "LLC-08", "officers"),
        ("governance.supervision", "", "required", "governance.supervision"),
        ("governance.supervision", "supervisor", "LLC-14", "officers"),
        ("governance.supervision", "board", "LLC-12", "officers"),
        ("governance.supervision", "audit_committee", "LLC-15", "governance.supervision"),
        ("officers.0.term_years", 4, "LLC-11", "officers.0.term_years"),
        ("officers.0.audit_committee", True, "LLC-15", "officers.0.audit_committee"),
        ("officers.1.office", "supervisor", "LLC-13", "officers.1.person"),
        ("officers.1.office", "chair", "LLC-09", "officers"),
        ("people.0.id_number", id_number(1)[:-1] + "?", "RN-01", "people.0.id_number"),
        ("people.0.id_number", id_number(1, birth="20990101"), "RN-01", "people.0.id_number"),
        ("people.0.id_number", id_number(1, birth="19900230"), "RN-01", "people.0.id_number"),
        ("people.0.id_number", id_number(1, birth="20150101"), "CL-178", "officers.0.person"),
        ("people.0.id_number", "", "required", "people.0.id_number"),
        ("people.0.name", "", "required", "people.0.name"),
        ("people.0.name", "<b>张</b>", "RN-01", "people.0.name"),
        ("people.0.phone", "12345", "phone", "people.0.phone"),
        ("people.0.phone", "", "required", "people.0.phone"),
        ("people.0.email", "no mail", "email", "people.0.email"),
        ("people.0.email", "", "required", "people.0.email"),
        ("phone", "99", "phone", "phone"),
        ("name", "", "required", "name"),
        ("address.text", "", "ADR-01", "address.detail"),
        ("address.division_code", "", "AUT-02", "address.division_code"),
        ("address.division_code", "110101", "AUT-02", "address.division_code"),
        ("address.division_code", "420102", "AUT-02", "address.division_code"),
        ("address.authority_code", "", "required", "address.authority_code"),
        ("address.authority_code", "HB-999999", "AUT-01", "address.authority_code"),
        ("address.authority_code", "HB-420111", "AUT-02", "address.authority_code"),
        ("address.use", "hosted", "ADR-03", "address.commitment"),
        ("address.postcode", "43007", "postcode", "address.postcode"),
        ("scope", [], "required", "scope"),
        ("scope.0.licensed", True, "SC-01", "scope.0.text"),
        ("scope.0.text", "写软件", "SC-01", "scope.0.text"),
        ("liaison.person", "", "required", "liaison.person"),
        ("liaison.landline", "1", "phone", "liaison.landline"),
        ("submitter.person", "p2", "AG-03", "submitter.person"),
        ("submitter.role", "", "required", "submitter.role"),
        ("submitter.role", "agent", "AG-07", "submitter.agent_declared"),
        ("capital", 20_000_000_00, "BO-02", "beneficial.exempt"),
        ("beneficial.exempt", False, "required", "beneficial.owners"),
        ("long_term", False, "required", "term_years"),
        ("term_years", 0, "term", "term_years"),
    ],
)  # fmt: skip
def test_llc_one_mistake(path, value, code, field):
    app = spoiled("llc", path, value)
    if path == "address.text":
        app.address.detail = "东湖"
    assert (code, field) in codes(app)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (board("chair:p1", "director:p2"), "LLC-08"),  # two directors
        (board("director:p1", "director:p2", "director:p3"), "LLC-08"),  # no chair
        (board(*BOARD, "manager:p5", "manager:p6"), "LLC-10"),
        (board(*BOARD, "supervisor:p2", supervision="supervisor"), "LLC-13"),
        (board(*BOARD, "supervisor:p4", supervision="supervisor"), "LLC-16"),  # the finance chief
        (board(*BOARD, "supervisor:p5", supervision="none"), "LLC-14"),
        (board(*BOARD, "supervisory_chair:p5", "supervisor:p6", supervision="board"), "LLC-12"),
        (
            board(*BOARD, "supervisory_chair:p5", "supervisor:p6", "supervisor:p7", supervision="board"),
            "LLC-12",
        ),
        (board(*BOARD, supervision="audit_committee"), "LLC-15"),  # nobody marked
        (board(*BOARD, employees=300), "LLC-08"),
    ],
)
def test_governance_mistakes(changes, code):
    assert code in {c for c, _ in codes(application("llc", FACTS, **_chaired(changes)))}


def _chaired(changes: dict) -> dict:
    changes["governance"] = {**changes["governance"], "legal_representative_office": "chair"}
    return changes


@pytest.mark.parametrize(
    "changes",
    [
        board(*BOARD),
        board(*BOARD, "manager:p2"),
        board(*BOARD, "supervisor:p5", supervision="supervisor"),
        board(
            *BOARD,
            "supervisory_chair:p5",
            "supervisor:p6",
            "supervisor:p7:staff",
            supervision="board",
            employees=300,
        ),
        board("chair:p1", "director:p2:audit", "director:p3", supervision="audit_committee"),
        board("chair:p1", "director:p2", "director:p3:staff", employees=500),
    ],
)
def test_lawful_boards(changes):
    """LLC-08, LLC-10, LLC-12, LLC-15: what the law allows passes."""
    changes = _chaired(changes)
    if "director:p1" in str(changes):
        changes["governance"]["legal_representative_office"] = "director"
    assert codes(application("llc", FACTS, **changes)) == set()


@pytest.mark.parametrize(
    ("today", "last", "too_late"),
    [
        (date(2026, 11, 24), date(2031, 11, 24), date(2031, 11, 25)),
        (date(2028, 2, 29), date(2033, 2, 28), date(2033, 3, 1)),
    ],
)
def test_five_years_to_pay(today, last, too_late):
    """LLC-03 counted from the day of application."""
    for due, wrong in ((last, False), (too_late, True)):
        app = application("llc", FACTS, contributions=[{"party": "p1", "subscribed": 500_000_00, "due": due}])
        found = rules.check(app, rules.Context(today=today, catalogue=FACTS))
        assert ("LLC-03" in {p.code for p in found}) is wrong


def test_fifty_shareholders_pass_and_fifty_one_do_not():
    """LLC-01."""
    for count in (50, 51):
        people = [person(f"s{i}", "股东甲", i % 100, id_number=id_number(i)) for i in range(count)]
        app = application(
            "llc", FACTS, people=[person("p1", "小张", 99, id_number=id_number(999)), *people], capital=count * 100,
            contributions=[{"party": f"s{i}", "subscribed": 100, "due": "2030-01-01"} for i in range(count)],
        )  # fmt: skip
        assert ("LLC-01" in {c for c, _ in codes(app)}) is (count == 51)
