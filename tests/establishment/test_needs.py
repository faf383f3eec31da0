"""Which documents are needed, and why."""

import pytest

from tests import factories
from tests.establishment.files import photo
from workflow.case import Actor
from workflow.catalogues import editing
from workflow.catalogues.queries import from_files
from workflow.clock import today
from workflow.establishment import attachments as files
from workflow.establishment import needs, problems
from workflow.establishment.data import Application, Contribution, Officer, Organisation, Person, ScopeEntry
from workflow.policies.models import Policy

WUCHANG = {"text": "武汉市武昌区东湖路105号", "division_code": "420106"}


@pytest.fixture
def facts():
    return from_files()


def wanted(application, facts, allowed=True, exceptions=()):
    return needs.reasons(application, facts, allowed, exceptions)


def address(**values):
    return Application(address=WUCHANG | values)


def test_a_commitment_suffices_with_its_exceptions(facts):
    assert wanted(address(commitment=True), facts) == []  # ADR-03
    cases = {
        needs.NO_COMMITMENT: (address(), True, ()),
        needs.HOSTED: (address(commitment=True, use="hosted"), True, ()),
        needs.NOT_ALLOWED: (address(commitment=True), False, ()),
        needs.EXCEPTIONS["disputed"]: (address(commitment=True), True, ("disputed",)),
        needs.EXCEPTIONS["false_commitment"]: (address(commitment=True), True, ("false_commitment",)),
    }
    for why, (application, allowed, exceptions) in cases.items():
        found = wanted(application, facts, allowed, exceptions)
        assert [(n.kind, n.why) for n in found] == [("address_proof", why)]
        assert "武汉市市场主体住所" in found[0].basis
    assert "备案" in needs.NO_COMMITMENT.zh  # ADR-04: with a lease on file no title
    elsewhere = Application(address={"text": "宜昌市伍家岗区沿江大道8号", "division_code": "420503"})
    assert "《市场主体登记管理条例》" in wanted(elsewhere, facts)[0].basis


def before(facts):
    entry = next(e for e in facts.scope_entries.values() if e.timing == "before")
    return entry, ScopeEntry(code=entry.code, text=entry.text, licensed=entry.licensed)


def test_an_item_with_prior_approval_needs_it_and_it_can_stand_for_the_address(db, facts):
    entry, chosen = before(facts)
    case = factories.case(db)
    application = address()
    application.scope = [chosen]
    proof, approval = needs.needed(db, case, application, facts)
    assert (
        entry.text in approval.why.zh and entry.approval in approval.why.zh and not approval.present
    )  # SC-06
    assert "批准文件" in proof.why.zh and not proof.present  # ADR-05
    files.attach(db, case.id, Actor.system(), "approval", "a.jpg", photo(), "desk")
    assert [n.present for n in needs.needed(db, case, application, facts)] == [True, True]
    application.address.use = "hosted"  # ADR-04: the contract in any case
    assert [n.present for n in needs.needed(db, case, application, facts)] == [False, True]


def test_people_and_organisations_that_no_register_knows(facts):
    people = [Person(key=f"p{n}", name=f"人{n}", id_type="passport") for n in (1, 2)]
    application = Application(
        people=people, organisations=[Organisation(key="o1", name="样例学会", kind="social_organisation")]
    )
    assert wanted(application, facts) == []  # nobody has a part in it yet
    application.officers = [
        Officer(person="p1", office="director", employee_representative=True),
        Officer(person="p2", office="director"),
    ]
    application.contributions = [Contribution(party="o1")]
    assert [(n.kind, n.why.zh[:2]) for n in wanted(application, facts)] == [
        ("identity", "人1"), ("identity", "人2"), ("qualification", "样例"), ("election", "人1"),
    ]  # fmt: skip
    assert [n.kind for n in wanted(Application(entity_type="sgp"), facts)] == ["qualification"]


def test_two_documents_need_two_pages(db, facts):
    case = factories.case(db)
    people = [Person(key=f"p{n}", name=f"人{n}", id_type="passport") for n in (1, 2)]
    application = Application(
        people=people, officers=[Officer(person=p.key, office="director") for p in people]
    )
    files.attach(db, case.id, Actor.system(), "identity", "a.jpg", photo(), "desk")
    assert [n.present for n in needs.needed(db, case, application, facts)] == [True, False]
    files.attach(db, case.id, Actor.system(), "identity", "b.jpg", photo(colour="red"), "desk")
    assert [n.present for n in needs.needed(db, case, application, facts)] == [True, True]


def test_a_list_and_a_policy_say_where_a_commitment_does_not_suffice(db, facts):
    case = factories.case(db, authority_code="HB-420106")
    application = address(commitment=True)
    application.address.text = "武汉市武昌区东湖路１０５号 3 楼"
    assert needs.needed(db, case, application, facts) == []
    listed = {"address": "东湖路105号", "why": "disputed", "authority_code": "HB-420106"}
    with_it = editing.with_row(facts, "address_exceptions", listed)
    assert [n.why for n in needs.needed(db, case, application, with_it)] == [needs.EXCEPTIONS["disputed"]]
    elsewhere = editing.with_row(facts, "address_exceptions", listed | {"authority_code": "HB-420111"})
    assert needs.needed(db, case, application, elsewhere) == []
    ended = editing.with_row(facts, "address_exceptions", listed | {"valid_to": today()})
    assert needs.needed(db, case, application, ended) == []
    db.add(Policy(key="address_proof", authority_code="", value="proof", valid_from=today(), reason="t"))
    db.flush()
    assert [n.why for n in needs.needed(db, case, application, facts)] == [needs.NOT_ALLOWED]


def test_what_is_missing_stops_the_application_with_its_basis(db, facts, monkeypatch):
    monkeypatch.setattr(problems, "catalogue", lambda db: facts)
    case = factories.case(db)
    found = [p for p in problems.problems_of(db, case, address()) if p.code == "document"]
    assert [(p.field, p.severity) for p in found] == [("address.commitment", "error")] and found[0].basis
