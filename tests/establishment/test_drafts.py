"""The applicant's buffer: encrypted people, versions, what a return for correction opens."""

import uuid

import pytest
from sqlalchemy import text

from tests import factories
from workflow.case import Actor
from workflow.db import now
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.establishment import drafts
from workflow.establishment.data import Application, Contribution, Officer, Organisation, Person
from workflow.establishment.difference import covers
from workflow.review.models import Correction, Decision


@pytest.fixture
def owner(db):
    return factories.account(db)


@pytest.fixture
def case(db, owner):
    case = factories.case(db, owner, state="name_reserved")
    drafts.create_draft(db, case, owner)
    return case


@pytest.fixture
def actor(owner):
    return Actor.applicant(owner.id, owner.name)


def put_capital(amount):
    def change(application):
        application.capital = amount

    return change


def test_the_owner_is_known_already(db, case, owner):
    application, version = drafts.draft_of(db, case.id)
    assert version == 1
    assert (application.people[0].name, application.people[0].id_number) == (owner.name, owner.id_number)
    assert application.liaison.person == application.submitter.person == "p1"
    with pytest.raises(NotFound):
        drafts.draft_of(db, uuid.uuid4())


def test_people_are_encrypted_at_rest(db, case, owner):
    db.flush()
    row = db.execute(text("SELECT data::text, people FROM drafts WHERE case_id = :id"), {"id": case.id}).one()
    secret = bytes(row.people) if not isinstance(row.people, str) else row.people.encode()
    assert owner.id_number not in row.data and owner.id_number.encode() not in secret


def test_each_change_raises_the_version_and_none_does_not(db, case, actor):
    application, version = drafts.save(db, case.id, actor, 1, put_capital(100))
    assert (application.capital, version) == (100, 2)
    assert drafts.save(db, case.id, actor, 2, put_capital(100))[1] == 2
    assert drafts.save(db, case.id, actor, None, put_capital(200))[1] == 3


def test_a_stale_version_changes_nothing(db, case, actor):
    drafts.save(db, case.id, actor, 1, put_capital(100))
    with pytest.raises(Conflict) as conflict:
        drafts.save(db, case.id, actor, 1, put_capital(300))
    assert conflict.value.code == "changed_elsewhere"
    assert drafts.draft_of(db, case.id)[0].capital == 100


@pytest.mark.parametrize("state", ["signing", "signed", "submitted", "approved", "withdrawn"])
def test_a_closed_case_is_not_changed(db, case, actor, state):
    case.state = state
    db.flush()
    with pytest.raises(Conflict) as conflict:
        drafts.save(db, case.id, actor, 1, put_capital(100))
    assert conflict.value.code == "moved_on"


def test_the_authority_of_the_address_becomes_the_authority_of_the_case(db, case, actor):
    def change(application):
        application.address.authority_code = "HB-420106"

    drafts.save(db, case.id, actor, 1, change)
    assert case.authority_code == "HB-420106"


def test_what_was_handed_in_stays_as_it_was(db, case, actor):
    drafts.save(db, case.id, actor, 1, put_capital(100))
    row = drafts.submit_copy(db, case, {"articles": "0" * 64})
    drafts.save(db, case.id, actor, 2, put_capital(200))
    drafts.submit_copy(db, case, {})
    kept = drafts.submissions_of(db, case.id)
    assert [(r.seq, a.capital) for r, a in kept] == [(1, 100), (2, 200)]
    assert kept[0][0].id == row.id and kept[0][0].paper_hashes == {"articles": "0" * 64}


# --- returned for correction (PRO-05) ---------------------------------------------------------------


@pytest.fixture
def reopen(db, case, actor):
    """Return the case with corrections of these fields."""

    def opened(*fields):
        from workflow.accounts.models import Staff

        def fill(application):
            application.capital = 300
            application.people.append(Person(key="p2", name="李小四"))
            application.contributions = [
                Contribution(party="p1", subscribed=100),
                Contribution(party="p2", subscribed=200),
            ]
            application.officers = [Officer(person="p1", office="director")]

        drafts.save(db, case.id, actor, None, fill)
        staff = Staff(
            number=f"9{uuid.uuid4().hex[:3]}",
            name="审查员",
            password_hash="",
            totp_secret="",
            roles=[],
            authority_codes=[],
        )
        db.add(staff)
        db.flush()
        decision = Decision(
            case_id=case.id,
            task="establishment",
            staff_id=staff.id,
            verdict="return",
            findings={},
            decided_at=now(),
        )
        db.add(decision)
        db.flush()
        db.add_all(Correction(case_id=case.id, decision_id=decision.id, field=f, text="x") for f in fields)
        case.state = "returned"
        db.flush()

    return opened


def test_only_what_is_named_opens(db, case, actor, reopen):
    reopen("liaison.landline")

    def landline(application):
        application.liaison.landline = "027-12345678"

    assert drafts.save(db, case.id, actor, None, landline)[0].liaison.landline
    with pytest.raises(RuleViolation) as refused:
        drafts.save(db, case.id, actor, None, put_capital(1))
    assert [(p.code, p.field) for p in refused.value.problems] == [("locked", "capital")]
    assert drafts.draft_of(db, case.id)[0].capital == 300


def test_a_resolved_correction_closes_its_field(db, case, actor, reopen):
    reopen("capital")
    drafts.save(db, case.id, actor, None, put_capital(301))
    for row in db.query(Correction).all():
        row.resolved_at = now()
    db.flush()
    with pytest.raises(RuleViolation):
        drafts.save(db, case.id, actor, None, put_capital(302))


def test_an_amount_opens_with_the_sum_it_belongs_to(db, case, actor, reopen):
    reopen("contributions.1.subscribed")

    def change(application):
        application.contributions[1].subscribed = 250
        application.capital = 350

    assert drafts.save(db, case.id, actor, None, change)[0].capital == 350

    def other(application):
        application.contributions[0].subscribed = 1

    with pytest.raises(RuleViolation):
        drafts.save(db, case.id, actor, None, other)


def test_an_office_may_be_given_to_somebody_new_but_nobody_known_is_changed(db, case, actor, reopen):
    reopen("officers.0")

    def change(application):
        application.people.append(Person(key="p3", name="王小五"))
        application.officers[0].person = application.governance.legal_representative = "p3"

    assert drafts.save(db, case.id, actor, None, change)[0].officers[0].person == "p3"

    def rename(application):
        application.people[0].name = "别人"

    with pytest.raises(RuleViolation) as refused:
        drafts.save(db, case.id, actor, None, rename)
    assert refused.value.problems[0].field == "people.0.name"


@pytest.mark.parametrize(
    ("asked", "opens", "stays"),
    [
        ("address.detail", "address.authority_code", "capital"),
        ("term_years", "long_term", "capital"),
        ("capital", "contributions.0.subscribed", "contributions.0.due"),
        ("governance.legal_representative", "officers.0.person", "people.0.name"),
        ("governance.employees", "governance.employees", "officers.0.person"),
        ("scope.0.text", "scope.1.code", "address.text"),
        ("beneficial.owners.0.share", "beneficial.exempt", "submitter.role"),
        ("liaison.email", "people.0.email", "people.0.phone"),
        ("people.0.phone", "people.0.phone", "people.0.name"),
        ("household_form", "family", "contributions.0.party"),
        ("family", "household_form", "contributions.0.party"),
        ("contributions.0.family_property", "family", "contributions.0.party"),
    ],
)
def test_what_opens_with_what(asked, opens, stays):
    application = Application(
        people=[Person(key="p1")],
        contributions=[Contribution(party="p1")],
        organisations=[Organisation(key="o1")],
    )
    application.liaison.person = "p1"
    opened = drafts.opened_fields(application, [asked])
    assert covers(opened, opens) and not covers(opened, stays)
