"""One form filled in once: an earlier case as a template, known people offered; nobody else's, and never their secrets."""

import re

import pytest

from tests import factories
from tests.app.browser import browser
from workflow.accounts.models import Account
from workflow.case import Case
from workflow.establishment import drafts
from workflow.establishment.data import Contribution, Organisation, Person

ID, PHONE = "420106199001010028", "19900000008"
TYPED = ["武汉市武昌区东湖路105号", "王小八", "虚构投资有限公司", "湖北省武汉市武昌区虚构路1号"]


@pytest.fixture
def earlier(house):
    """A case with a partner and an investing company, and its owner's browser."""
    case = house.reserved()

    def change(application):
        application.people.append(Person(key="p2", name="王小八", id_number=ID, phone=PHONE))
        application.organisations.append(
            Organisation(key="o1", name="虚构投资有限公司", uscc="91420100MA00000010", representative="p2")
        )
        application.contributions[0].subscribed = 30_000_000
        application.contributions.append(Contribution(party="p2", subscribed=20_000_000))
        application.scope[0].approval = "批准2020-1"

    drafts.save(house.db, case.id, house.owner(case), None, change)
    house.db.commit()
    window = browser(house, person=house.db.get(Account, case.owner_id))
    window.typed += TYPED
    return case, window


def newest(house):
    house.db.rollback()
    house.db.expire_all()
    case = house.db.query(Case).order_by(Case.created_at.desc()).first()
    return case, drafts.draft_of(house.db, case.id)[0]


def test_an_earlier_case_is_a_template(house, earlier):
    case, window = earlier
    before = drafts.draft_of(house.db, case.id)[0]
    window.get(f"/cases/{case.number}")
    window.send(f"/cases/{case.number}/copy")
    copy, found = newest(house)
    assert copy.id != case.id and (copy.state, copy.name, found.name) == ("draft", "", "")
    assert found.address.text == before.address.text and found.capital == before.capital
    assert [c.party for c in found.contributions] == ["p1", "p2"] and len(found.officers) == 2
    assert (found.contributions[0].due, found.scope[0].approval) == (None, "")  # of the earlier company
    assert not (
        found.address.commitment or found.beneficial.exempt or found.submitter.agent_declared
    )  # promised anew
    assert [(p.name, p.known, bool(p.account_id)) for p in found.people] == [
        ("张小七", False, True), ("王小八", True, False),
    ]  # fmt: skip
    assert drafts.draft_of(house.db, case.id)[0] == before


def test_what_is_secret_of_a_known_person_is_on_no_page(house, earlier):
    case, window = earlier
    window.get(f"/cases/{case.number}")
    window.send(f"/cases/{case.number}/copy")
    copy, _ = newest(house)
    root = f"/cases/{copy.number}/application"
    for page in ("", "/people/p2", "/shareholders", "/shareholders/p2", "/officers", "/liaison", "/beneficial",
                 "/submitter", "/check", "/people/add"):  # fmt: skip
        text = window.client.get(root + page).text
        assert ID not in text and PHONE not in text, page
    window.get(f"{root}/people/p2")
    assert "420106********0028" in window.text() and "199****0008" in window.text()
    window.send("/people/p2", email="wang@example.com")  # number and phone stay as they are
    person = newest(house)[1].person("p2")
    assert (person.id_number, person.phone, person.email) == (ID, PHONE, "wang@example.com")
    window.get(f"{root}/people/p2")
    window.send("/people/p2/anew")
    person = newest(house)[1].person("p2")
    assert (person.id_number, person.phone, person.known) == ("", "", False)


def test_known_people_and_organisations_are_offered_and_taken_over(house, earlier):
    case, window = earlier
    owner = house.db.get(Account, case.owner_id)
    other = house.named("云栖另", owner)
    root = f"/cases/{other.number}/application"
    window.get(f"{root}/people/add")
    assert "王小八" in window.text() and "420106********0028" in window.text()
    assert "虚构投资" not in window.text()
    window.send("/application/people/known", handle=f"{case.number}:p2", back="officers")
    window.get(f"{root}/people/add")
    assert "王小八" not in window.text()  # is here now
    window.get(f"{root}/shareholders/add?who=organisation")
    assert "虚构投资有限公司" in window.text()
    window.send("/application/people/known", handle=f"{case.number}:o1")
    house.db.expire_all()
    found = drafts.draft_of(house.db, other.id)[0]
    assert [(p.key, p.id_number, p.phone, p.known) for p in found.people[1:]] == [("p2", ID, PHONE, True)]
    assert (found.organisations[0].representative, found.contributions[0].party) == ("p2", "o1")
    window.get(f"{root}/people/p2")
    assert ID not in window.client.get(f"{root}/people/p2").text


def test_another_account_never_sees_them(house, earlier):
    case, _ = earlier
    stranger = factories.account(house.db, "李小九")
    other = house.named("云栖别", stranger)
    window = browser(house, person=stranger)
    root = f"/cases/{other.number}/application"
    for page in ("/people/add", "/shareholders/add", "/shareholders/add?who=organisation"):
        text = window.client.get(root + page).text
        assert "王小八" not in text and "虚构投资" not in text and "0028" not in text
    window.typed += ["李小九"]
    window.get(f"{root}/people/add")
    token = re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', window.client.get(f"{root}/people/add").text
    ).group(1)
    for handle in (f"{case.number}:p2", f"{case.number}:o1", f"{other.number}:p9", "x", ""):
        answer = window.client.post(
            f"{root}/people/known", data={"csrf_token": token, "handle": handle, "back": "officers"}
        )
        assert answer.status_code == 404, handle
    answer = window.client.post(f"/cases/{case.number}/copy", data={"csrf_token": token})
    assert answer.status_code == 404
    house.db.expire_all()
    assert len(drafts.draft_of(house.db, other.id)[0].people) == 1


def test_a_verified_identity_is_not_changed_by_saving_a_single_field(house, earlier):
    """Whoever was checked at sign-up keeps name and number, whatever a page sends."""
    case, window = earlier
    window.get(f"/cases/{case.number}/application/people/p1")
    before = drafts.draft_of(house.db, case.id)[0].person("p1")
    token = re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"',
        window.client.get(f"/cases/{case.number}/application/people/p1").text,
    ).group(1)
    for form in ("PersonForm", "PersonPartyForm"):
        window.client.post(
            f"/cases/{case.number}/application/autosave?form={form}&key=p1",
            data={"csrf_token": token, "changed": "id_number name", "id_number": ID, "name": "王小八"},
        )
    house.db.rollback()
    house.db.expire_all()
    assert drafts.draft_of(house.db, case.id)[0].person("p1") == before
