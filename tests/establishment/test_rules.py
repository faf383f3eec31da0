"""Every rule is broken once, alone, and found with its fact, its field and both languages."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.establishment.applications import TODAY, WHOLE, application, id_number, llc, person
from workflow.catalogues.queries import from_files
from workflow.errors import NotFound, Words
from workflow.establishment import rules, types
from workflow.establishment.data import Application
from workflow.establishment.drafts import opened_fields
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


@pytest.mark.parametrize("entity_type", WHOLE)
def test_a_whole_application_has_no_error(entity_type):
    assert codes(application(entity_type, FACTS)) == set()


@pytest.mark.parametrize("entity_type", WHOLE)
def test_an_empty_application_says_what_is_missing_everywhere(entity_type):
    problems = check(Application(entity_type=entity_type))
    kinds = rules.by_section(problems, Application(entity_type=entity_type))
    assert {"address", "scope", "liaison", "submitter"} <= {s for s, found in kinds.items() if found}
    assert all(p.words.zh and p.words.en and p.words.zh != p.words.en for p in problems)


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


def test_one_person_is_entered_once():
    twice = llc(FACTS)
    twice["contributions"] = [
        {"party": p, "subscribed": 250_000_00, "due": "2030-01-01"} for p in ("p1", "p2")
    ]
    twice["people"][1]["id_number"] = twice["people"][0]["id_number"]
    assert ("RN-01", "people.1.id_number") in codes(Application.model_validate(twice))


def test_pre_registration_items_need_their_approval():
    """SC-06: an item to be approved before registration stops without the number, a later one does not."""
    for timing, stops in (("before", True), ("after", False)):
        entry = next(e for e in FACTS.scope_entries.values() if e.licensed and e.timing == timing)
        chosen = {"code": entry.code, "text": entry.text, "licensed": True}
        assert (("SC-06", "scope.0.approval") in codes(application("llc", FACTS, scope=[chosen]))) is stops
        chosen["approval"] = "虚构批字〔2026〕1号"
        assert codes(application("llc", FACTS, scope=[chosen])) == set()


def test_wordings_outside_the_catalogue_are_reviewed_not_refused():
    """SC-09; but SC-12 stops the words of WORD-01."""
    free = application("llc", FACTS, scope=[{"code": "", "text": "虚拟现实内容设计"}])
    assert codes(free) == set()
    assert ("SC-09", "scope.0.text") in codes(free, "warning")
    for text in ("稳定币咨询", "rwa发行服务", "虚拟货币交易"):
        assert ("SC-12", "scope.0.text") in codes(
            application("llc", FACTS, scope=[{"code": "", "text": text}])
        )
    for text in ("货币经纪", "虚拟现实设备制造", "harwar服务"):
        assert "SC-12" not in {
            c for c, _ in codes(application("llc", FACTS, scope=[{"code": "", "text": text}]))
        }


def test_blocked_people():
    """CL2023 Art. 178, PRO-14."""
    why = {id_number(1): Words("失信被执行人", "listed as dishonest")}
    found = codes(application("llc", FACTS), blocked=why)
    assert {("CL-178", "officers.0.person"), ("PRO-14", "governance.legal_representative")} <= found


def test_address_policy():
    """ADR-03: where a commitment does not suffice."""
    assert ("ADR-03", "address.commitment") in codes(application("llc", FACTS), commitment_allowed=False)
    assert ("ADR-03", "address.commitment") in codes(
        application("llc", FACTS), address_exceptions=["disputed"]
    )


def test_reserved_name_stays():
    assert ("NM-45", "name") in codes(application("llc", FACTS), reserved_name="武汉别的名称有限公司")


def test_agents_and_liaison():
    """AG-05: not the same person, except for an entity set up with one's own money alone."""
    agent = {"person": "p1", "role": "agent", "agent_declared": True}
    assert codes(application("llc", FACTS, submitter=agent)) == set()
    two = [{"party": p, "subscribed": 250_000_00, "due": "2030-01-01"} for p in ("p2", "p3")]
    assert ("AG-05", "submitter.person") in codes(
        application("llc", FACTS, submitter=agent, contributions=two)
    )


def test_beneficial_owners():
    """BO-04: each natural person with 25 percent or more is listed; a share is at least 25 percent."""
    two = [{"party": p, "subscribed": 250_000_00, "due": "2030-01-01"} for p in ("p1", "p2")]
    listed = {"owners": [{"person": "p1", "share": 50}]}
    assert ("BO-04", "beneficial.owners") in codes(
        application("llc", FACTS, contributions=two, beneficial=listed)
    )
    listed["owners"].append({"person": "p2", "share": 20})
    assert codes(application("llc", FACTS, contributions=two, beneficial=listed)) == {
        ("BO-04", "beneficial.owners.1.share")
    }


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


def company(kind: str = "company", **changes: object) -> dict:
    return {
        "key": "o1", "name": "武汉虚构河畔有限公司", "kind": kind, "uscc": new_uscc(8, "420100"), "representative": "p3",
    } | changes  # fmt: skip


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


def test_what_the_register_knows_is_held_against_the_application():
    """RN-03: name and existence of an organisation; a branch works within its company's scope."""
    values = WHOLE["branch"](FACTS)
    parent = values["organisations"][0]
    app = Application.model_validate(values)

    def found(name: str, existing: bool, scope: str) -> set[tuple[str, str]]:
        entry = rules.Registered(name, existing, scope)
        return {(p.code, p.field) for p in check(app, registered={parent["uscc"]: entry})}

    assert found(parent["name"], True, "一般项目：软件开发") == set()
    assert found("武汉别的有限公司", True, "软件开发") == {("RN-03", "organisations.0.name")}
    assert found(parent["name"], False, "软件开发") == {("RN-03", "organisations.0.uscc")}
    assert found(parent["name"], True, "餐饮服务") == {("BR-SCOPE", "scope.0.text")}


def test_what_follows_opens_with_what_it_follows_from():
    """PRO-05: a corrected amount changes the shares, a corrected founder the head; nothing else opens."""
    shares = opened_fields(application("jsc", FACTS), ["contributions.1.subscribed"])
    assert set(shares) == {
        "contributions.1.subscribed",
        "capital",
        "contributions.0.shares",
        "contributions.1.shares",
    }
    head = opened_fields(application("sole", FACTS), ["contributions.0.party"])
    assert "governance.legal_representative" in head and "capital" not in head


def test_foreign_documents_are_pointed_at():
    """RN-05: nationality and document are held against each other; both pass."""
    app = application("llc", FACTS)
    app.people[0].id_type, app.people[0].id_number, app.people[0].nationality = "passport", "E00000000", "CHN"
    assert ("RN-05", "people.0.nationality") in codes(app, "warning")


def test_a_minor_neither_submits_nor_leads():
    """AG-04, CL2023 Art. 178."""
    app = application("llc", FACTS)
    app.people[0].id_number = id_number(1, "20150307")
    found = codes(app)
    assert ("AG-04", "submitter.person") in found and ("CL-178", "officers.0.person") in found


def test_one_domicile_and_perhaps_another_place_of_business():
    """REG-02, ADR-01; REG-05: general and licensed items stand apart in the scope."""
    place = {"text": "汉口", "division_code": "420102", "detail": "某处"}
    app = application("llc", FACTS, business_place=place)
    assert ("ADR-01", "business_place.detail") in codes(app)


def test_the_liaison_officer_can_be_reached():
    """AG-01, AG-09: a mail address and a valid telephone; BO-05: an owner's share is stated."""
    app = application("llc", FACTS, liaison={"person": "p1", "landline": "12"})
    assert ("phone", "liaison.landline") in codes(app)
    app = application("llc", FACTS, beneficial={"owners": [{"person": "p1"}]})
    assert ("required", "beneficial.owners.0.share") in codes(app)


def test_labour_is_welcome_from_general_partners():
    """PEL Art. 16."""
    assert codes(spoiled("gp", "contributions.0.form", "labour")) == set()


def test_a_mistake_lands_where_it_is_put_right():
    app = spoiled("llc", "people.0.phone", "1")
    problem = next(p for p in check(app) if p.code == "phone")
    assert rules.section_of(problem, app) == "shareholders"
    liaison = llc(FACTS, liaison={"person": "p2"}, submitter={"person": "p2", "role": "liaison"})
    liaison["people"][1]["phone"] = "1"
    app = Application.model_validate(liaison)
    assert {rules.section_of(p, app) for p in check(app) if p.severity == "error"} == {"liaison"}
    assert set(rules.by_section([], app)) == set(rules.SECTIONS)


def test_unknown_type_and_unknown_fields():
    with pytest.raises(NotFound):
        check(Application(entity_type="llp"))
    with pytest.raises(ValidationError):
        Application.model_validate({"entity_type": "llc", "bribe": 1})


@settings(max_examples=80, deadline=None)
@given(
    amounts=st.lists(st.integers(1, 10**12), min_size=1, max_size=50),
    off=st.integers(-5, 5),
    data=st.data(),
)
def test_sums_are_exact(amounts, off, data):
    """LLC-02 to the fen, whatever the amounts."""
    people = [person(f"s{i}", "股东甲", i, id_number=id_number(i)) for i in range(len(amounts))]
    app = application(
        "llc", FACTS, people=[*people, person("p1", "小张", 99, id_number=id_number(999))], capital=sum(amounts) + off,
        contributions=[{"party": f"s{i}", "subscribed": a, "due": "2030-01-01"} for i, a in enumerate(amounts)],
    )  # fmt: skip
    assert (("LLC-02", "capital") in codes(app)) is (off != 0 and sum(amounts) + off > 0)


@settings(max_examples=150, deadline=None)
@given(
    entity_type=st.sampled_from(sorted(WHOLE)),
    text=st.text(max_size=60),
    number=st.one_of(st.none(), st.integers(-(10**15), 10**15)),
    key=st.sampled_from(["", "p1", "nobody"]),
    day=st.one_of(st.none(), st.dates()),
)
def test_rules_never_fall_over(entity_type, text, number, key, day):
    """Whatever was typed, the rules answer with problems."""
    values = WHOLE[entity_type](FACTS)
    values |= {"capital": number, "name": text, "phone": text}
    values["people"][0] |= {"name": text, "id_number": text, "phone": text, "email": text}
    values["address"] |= {
        "text": text,
        "detail": text,
        "division_code": text,
        "authority_code": text,
        "town_code": text,
    }
    values["scope"] = [{"code": text, "text": text}]
    values["contributions"] = [
        {"party": key, "subscribed": number, "paid": number, "due": day, "shares": number}
    ]
    values["liaison"] = {"person": key, "landline": text}
    values["submitter"] = {"person": key}
    found = check(Application.model_validate(values))
    assert any(p.severity == "error" for p in found)
    assert all(p.words.zh and p.words.en for p in found)
    assert len(types.get(entity_type).sections) >= 6
