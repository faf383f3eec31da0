"""Two windows or devices at once: different values are merged, one value changed in both is shown with both."""

import pytest

from tests import factories
from tests.app.browser import _filled, browser
from tests.establishment.applications import WHOLE
from tests.page_laws import check_fragment
from workflow.accounts.models import Account
from workflow.catalogues.queries import from_files
from workflow.establishment import drafts
from workflow.establishment.data import Application


@pytest.fixture
def windows(house):
    """A case with a complete application, and two windows of its owner."""
    case = house.reserved()
    owner = house.db.get(Account, case.owner_id)
    address = ["武汉市武昌区东湖路105号"]
    first, second = browser(house, person=owner), browser(house, person=owner)
    first.typed, second.typed = [*address], [*address]
    return case, first, second


def application(house, case):
    house.db.rollback()
    house.db.expire_all()
    return drafts.draft_of(house.db, case.id)[0]


def autosave(window, case, form, changed, **values):
    """What the page sends as a field is left, with what the page holds; the page takes over the new marks."""
    held = next(f for f in window.page.iter("form") if f.get("hx-post"))
    answer = window.client.post(
        f"/cases/{case.number}/application/autosave?form={form}",
        data=_filled(held) | {"changed": changed} | values,
    )
    part = check_fragment(answer, typed=window.typed)
    for name in ("version", "base"):
        for new in part.iter("input"):
            if new.get("name") == name:
                next(i for i in held.iter("input") if i.get("name") == name).set("value", new.get("value"))
    return answer.text


def test_two_windows_that_change_different_values_are_merged(house, windows):
    case, one, two = windows
    url = f"/cases/{case.number}/application/capital"
    one.get(url)
    two.get(url)
    one.send("/capital", capital="80")
    two.send("/capital", term="years", term_years="20")  # its page still says 50
    found = application(house, case)
    assert (found.capital, found.long_term, found.term_years) == (80_000_000, False, 20)


def test_one_value_changed_in_two_windows_is_shown_twice_and_not_overwritten(house, windows):
    case, one, two = windows
    url = f"/cases/{case.number}/application/capital"
    one.get(url)
    two.get(url)
    one.send("/capital", capital="80", term="years", term_years="20")
    two.send("/capital", 422, capital="90")
    assert "80 万元" in two.text() and "90 万元" in two.text() and "另一窗口" in two.text()
    assert application(house, case).capital == 80_000_000
    two.send("/capital", capital="90")  # decided with both in view
    found = application(house, case)
    assert found.capital == 90_000_000
    assert (found.long_term, found.term_years) == (False, 20)  # changed in the other window only: kept


def test_autosave_merges_and_warns_field_by_field(house, windows):
    case, one, two = windows
    one.get(f"/cases/{case.number}/application/address")
    two.get(f"/cases/{case.number}/application/address")
    assert "已保存" in autosave(one, case, "AddressForm", "postcode", postcode="430071")
    assert "已保存" in autosave(two, case, "AddressForm", "use", use="residential")
    assert "已保存" in autosave(
        one, case, "AddressForm", "postcode", postcode="430072"
    )  # its own value again
    said = autosave(two, case, "AddressForm", "postcode", postcode="430079")
    assert "另一窗口也改过" in said and "430072" in said and "430079" in said
    found = application(house, case).address
    assert (found.postcode, found.use) == ("430072", "residential")
    assert "另一窗口也改过" in autosave(
        two, case, "AddressForm", "postcode", postcode="430079"
    )  # not by asking again
    assert "已保存" in autosave(two, case, "AddressForm", "postcode", postcode="430079", keep="postcode")
    assert application(house, case).address.postcode == "430079"


def test_several_fields_left_while_the_line_was_cut_are_saved_together(house, windows):
    case, one, _ = windows
    one.get(f"/cases/{case.number}/application/address")
    said = autosave(one, case, "AddressForm", "postcode use", postcode="430071", use="residential")
    assert "已保存" in said and 'data-done="postcode use"' in said
    one.get(f"/cases/{case.number}/application/capital")
    said = autosave(
        one, case, "CapitalForm", "capital term_years", capital="八十", term="years", term_years="9"
    )
    assert 'data-done="term_years"' in said and "尚未保存" in said  # the good one is kept, the other is told
    assert application(house, case).term_years == 9


def test_a_new_person_and_a_change_elsewhere_do_not_hinder_each_other(house, windows):
    case, one, two = windows
    one.get(f"/cases/{case.number}/application/people/add")
    two.get(f"/cases/{case.number}/application/capital")
    two.send("/capital", capital="60")
    one.typed += ["王小八"]
    one.send("/people/add", name="王小八", id_number="420106199001010028", phone="19900000008")
    found = application(house, case)
    assert [p.name for p in found.people] == ["张小七", "王小八"] and found.capital == 60_000_000


def test_the_marks_of_a_page_tell_nothing_of_its_values(house, windows):
    case, one, _ = windows
    page = one.client.get(f"/cases/{case.number}/application/people/p1").text
    person = application(house, case).person("p1")
    assert person.id_number not in page
    assert 'name="base" value="' in page


def test_what_was_emptied_stays_empty_though_the_page_would_propose_something(house):
    """PEL-26: nobody executes the business any more; the button does not bring back the proposal of all partners."""
    owner = factories.account(house.db, "钱小六")
    case = drafts.start_case(house.db, owner, "gp")

    def fill(found):
        whole = Application.model_validate(WHOLE["gp"](from_files()))
        found.people, found.contributions, found.capital = whole.people, whole.contributions, whole.capital
        found.officers = whole.officers

    drafts.save(house.db, case.id, house.owner(case), None, fill)
    house.db.commit()
    window = browser(house, person=owner)
    window.typed = ["小张", "小李", "小王"]
    window.get(f"/cases/{case.number}/application/officers")
    assert "已保存" in autosave(window, case, "PartnersForm", "executing", executing=[])
    assert application(house, case).officers == []
    window.send("/officers", 422, executing=[])
    assert application(house, case).officers == [] and "执行事务合伙人" in window.text()
