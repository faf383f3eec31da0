"""Rules of partnerships, sole proprietorships, households, branches, cooperatives; organisations that take part."""

import pytest

from tests.establishment.applications import WHOLE, application, llc
from tests.establishment.checking import FACTS, codes, company, spoiled
from workflow.establishment.data import Application
from workflow.licensing.uscc import new_uscc


def test_organisations_as_shareholders():
    """RN-03, USCC-03, BO-02."""
    values = llc(
        FACTS,
        organisations=[
            {
                "key": "o1",
                "name": "武汉虚构投资有限公司",
                "uscc": new_uscc(7, "420100"),
                "representative": "p3",
            }
        ],
    )
    values["contributions"][0]["party"] = "o1"
    assert codes(Application.model_validate(values)) == {("BO-02", "beneficial.exempt")}
    values["organisations"][0] |= {"uscc": "91420100QB0000071X", "representative": ""}
    found = codes(Application.model_validate(values))
    assert {("USCC-03", "organisations.0.uscc"), ("required", "organisations.0.representative")} <= found


@pytest.mark.parametrize(
    ("entity_type", "path", "value", "code"),
    [
        ("jsc", "contributions.0.paid", 100, "JSC-98"),
        ("jsc", "contributions.0.shares", None, "required"),
        ("jsc", "contributions.0.shares", 100_000, "JSC-142"),
        ("jsc", "capital", 400_000_00, "JSC-96"),
        ("jsc", "address.authority_code", "HB-420106", "AUT-04"),
        ("jsc", "governance.supervision", "none", "JSC-133"),
        ("jsc", "contributions", [], "JSC-92"),
        ("gp", "contributions", [{"party": "p1", "subscribed": 100_000_00, "due": "2030-01-01"}], "PEL-14"),
        ("gp", "contributions.1.role", "limited_partner", "PEL-02"),
        ("gp", "contributions.1.due", None, "required"),
        ("gp", "capital", 1, "PEL-18"),
        ("gp", "governance.legal_representative", "p3", "PEL-26"),
        ("lp", "contributions.0.role", "limited_partner", "PEL-61"),
        ("lp", "contributions.1.role", "general_partner", "PEL-75"),
        ("lp", "contributions.1.form", "labour", "PEL-64"),
        ("lp", "contributions.1.role", "", "required"),
        ("lp", "officers.0.person", "p2", "PEL-68"),
        ("sole", "contributions", [], "SPL-08"),
        ("sole", "contributions.0.family_property", True, "required"),
        ("sole", "people.0.address", "", "required"),
        ("sole", "family", ["p1"], "SPL-18"),
        ("household", "household_form", "", "required"),
        ("household", "household_form", "family", "required"),
        ("household", "family", ["p2"], "IMPL-06"),
        ("branch", "name", "武汉别的公司江岸分公司", "NM-16"),
        ("branch", "name", "武汉云虚构软件有限公司江岸店", "NM-16"),
        ("branch", "parent.accounting", "", "required"),
        ("branch", "parent.organisation", "", "required"),
        ("branch", "organisations.0.kind", "partnership", "NM-16"),
        ("branch", "contributions", [{"party": "p1"}], "IMPL-06"),
        ("cooperative", "contributions", [{"party": "p1", "subscribed": 50_000_00}], "COOP-12"),
        ("cooperative", "contributions.4.party", "p9", "unknown_party"),
        ("cooperative", "officers", [], "COOP-33"),
        ("cooperative", "officers", [{"person": "p1", "office": o} for o in ("cooperative_chair", "supervisor")], "COOP-33"),
        ("jsc", "par_value", 0, "JSC-142"),
        ("jsc", "par_value", 7, "JSC-142"),
        ("llc", "address.detail", "东湖路", "ADR-01"),
        ("llc", "scope", [], "required"),
        ("llc", "liaison.person", "", "required"),
        ("llc", "people.0.email", "", "required"),
        ("cooperative", "governance.legal_representative", "p2", "COOP-33"),
    ],
)  # fmt: skip
def test_other_types_one_mistake(entity_type, path, value, code):
    assert code in {c for c, _ in codes(spoiled(entity_type, path, value))}


@pytest.mark.parametrize("kind", ["state_enterprise", "listed_company", "institution", "social_organisation"])
def test_who_cannot_be_a_general_partner(kind):
    """PEL Art. 3; as limited partner the same organisation is welcome."""
    organisation = {
        "key": "o1",
        "name": "虚构单位",
        "kind": kind,
        "uscc": new_uscc(8, "420100"),
        "representative": "p3",
    }
    for role, wrong in (("general_partner", True), ("limited_partner", False)):
        values = WHOLE["lp"](FACTS, organisations=[organisation])
        values["contributions"].append({"party": "o1", "subscribed": 100, "due": "2030-01-01", "role": role})
        assert ("PEL-03" in {c for c, _ in codes(Application.model_validate(values))}) is wrong


@pytest.mark.parametrize(("farmers", "fits"), [(5, True), (4, True), (3, False), (0, False)])
def test_four_fifths_of_a_cooperative_are_farmers(farmers, fits):
    """Law on farmers' cooperatives, Art. 20."""
    app = application("cooperative", FACTS)
    for index, row in enumerate(app.contributions):
        row.farmer = index < farmers
    assert (codes(app) == set()) is fits
    assert fits or ("COOP-20", "contributions") in codes(app)


def test_an_organisation_executes_through_its_delegate():
    """PEL Art. 26, IMPL52 Art. 11: the delegate, who need not be its representative, stands at the head."""
    values = WHOLE["gp"](FACTS, organisations=[company()])
    values["contributions"][0]["party"] = "o1"
    values["officers"] = [{"person": "o1", "office": "executing_partner", "delegate": "p2"}]
    values["governance"]["legal_representative"] = "p2"
    values["beneficial"] = {"owners": [{"person": "p2", "share": 50}]}
    assert codes(Application.model_validate(values)) == set()
    values["governance"]["legal_representative"] = "p1"
    assert ("PEL-26", "governance.legal_representative") in codes(Application.model_validate(values))
    values["organisations"][0]["representative"] = values["officers"][0]["delegate"] = ""
    assert ("required", "officers.0.delegate") in codes(Application.model_validate(values))


def test_labour_is_welcome_from_general_partners():
    """PEL Art. 16."""
    assert codes(spoiled("gp", "contributions.0.form", "labour")) == set()
