"""Step 4 over HTTP for every type of entity, one registered at run time among them."""

import pytest

from app.web.summary import application_sections
from tests import factories
from tests.app.filing import Pages
from tests.establishment.applications import WHOLE
from tests.establishment.test_types import garden
from tests.house import WUCHANG
from workflow.catalogues.queries import from_files
from workflow.establishment import derive, drafts, submission, types
from workflow.establishment.data import Application, Contribution, Officer
from workflow.licensing import operations as licensing
from workflow.licensing.queries import entry as licence_entry
from workflow.naming import declaration
from workflow.naming.proposal import Proposal
from workflow.review import operations as review
from workflow.signatures.invitations import invitations_of, live_papers


@pytest.mark.parametrize("kind", [k.code for k in types.BUILT_IN])
def test_every_type_has_its_own_pages(house, kind):
    """The list follows the registry: each section of the type, empty, keeps the page laws in both languages."""
    owner = factories.account(house.db, "钱小六")
    case = drafts.start_case(house.db, owner, kind)
    house.db.commit()
    pages = Pages(house, case)
    listed = pages.look("/application")
    for section in types.get(kind).sections:
        pages.look(f"/application/{section}")
        assert f"/application/{section}" in listed or section == "check"
    pages.look("/name")
    if types.get(kind).founders == "list":
        pages.look("/application/shareholders/add?who=p1")
        pages.look("/application/shareholders/add?who=organisation")


def test_another_kind_of_application_has_no_list_of_founders(house):
    owner = factories.account(house.db, "钱小七")
    case = drafts.start_case(house.db, owner, "household")
    house.db.commit()
    assert Pages(house, case).send("/application/shareholders/add?who=p1").location.endswith("/shareholders")


def test_a_type_registered_at_run_time_is_taken_through(house):
    """REG-06's list is open: choice, name, pages, rules, papers, signers, licence, from one declaration."""
    with types.registered(garden()):
        owner = factories.account(house.db, "钱小八")
        shown = house.sign_in(house.client("portal"), owner).get("/cases/new").text
        assert "花园" in shown
        case = drafts.start_case(house.db, owner, "garden")
        proposal = Proposal(authority_code=WUCHANG, text="武汉晨园种植园", entity_type="garden")
        declaration.declare(house.db, case.id, house.owner(case), proposal, committed=True)
        if case.state == "name_submitted":
            review.claim(house.db, house.staff(), case.id)
            declaration.approve_name(house.db, house.staff(), case.id)
        house.db.commit()
        pages = Pages(house, case)
        for section in types.get("garden").sections:
            pages.look(f"/application/{section}")
        assert {p.code for p in pages.errors} >= {"GARDEN-1"}

        def fill(application):
            whole = WHOLE["sole"](from_files())
            people = [p.model_copy(update={"key": k}) for k, p in zip(("p1", "p2"), Application.model_validate(whole).people[:2], strict=True)]  # fmt: skip
            people[0] = application.people[0].model_copy(update={"email": "g@example.com"})
            application.people = people
            application.contributions = [Contribution(party=k, subscribed=1_00) for k in ("p1", "p2")]
            application.capital = 2_00
            application.officers = [Officer(person="p1", office="operator")]
            application.governance.legal_representative = "p1"
            for part in ("address", "scope", "liaison", "submitter"):
                setattr(application, part, getattr(Application.model_validate(whole), part))

        drafts.save(house.db, case.id, house.owner(case), None, fill)
        house.db.commit()
        assert pages.errors == []
        assert "园丁" in pages.look("/application/check")
        house.hand_in(case)
        assert next(p.title for p in live_papers(house.db, case.id)) == "花园登记申请书"
        assert {i.person_key for i in invitations_of(house.db, case.id)} == {"p1", "p2"}
        review.claim(house.db, house.staff(), case.id)
        submission.approve(house.db, house.staff(), case.id)
        row = licensing.prepare(house.db, case.id)
        licensing.activate(house.db, row.id, licensing.make_files(house.db, row.id))
        assert licence_entry(house.db, row.uscc).type_code == "9999"


@pytest.mark.parametrize("kind", [k.code for k in types.BUILT_IN])
def test_what_a_registrar_sees_of_every_type(house, kind):
    """The registrar's values: each with a label, none empty where something was entered, numbers masked."""
    application = Application.model_validate(WHOLE[kind](from_files()))
    derive.settle(application)
    with house.client("portal").application.test_request_context():
        sections = application_sections(application, from_files())
    assert [name for name, *_ in sections] == [s for s in types.get(kind).sections if s != "check"]
    shown = {v.label: v.value for _, _, values in sections for v in values}
    founders = {name: values for name, _, values in sections}["shareholders"]
    assert len(founders) >= 2 and all(v.label for v in founders)
    assert "小张" in shown.values() or "社员甲" in shown.values()
    assert not any(p.id_number in v for p in application.people for v in shown.values())
