"""What the pages call things in a partnership, and that they ask only what its answers make necessary."""

import pytest

from tests import factories
from tests.app.browser import browser
from tests.establishment import applications
from tests.house import WUCHANG
from workflow.catalogues.queries import catalogue
from workflow.establishment import drafts, types
from workflow.establishment.data import Application
from workflow.establishment.facts import paper_facts
from workflow.naming import declaration
from workflow.naming.proposal import Proposal
from workflow.review import operations as review

NAMES = {
    "gp": "武汉汀兰设计中心（普通合伙）",
    "sgp": "武汉砚衡会计师事务所（特殊普通合伙）",
    "lp": "武汉沐川投资管理中心（有限合伙）",
}


@pytest.mark.parametrize("code", list(NAMES))
def test_pages_of_a_partnership_speak_of_a_partnership(house, code):
    """No registered capital, no shares, no shareholders; whoever is not ticked is not asked for a share."""
    db, owner = house.db, factories.account(house.db, "张小七")
    case = drafts.start_case(db, owner, code)
    proposal = Proposal(authority_code=WUCHANG, text=NAMES[code], entity_type=code)
    declaration.declare(db, case.id, house.owner(case), proposal, committed=True)
    if case.state == "name_submitted":
        review.claim(db, house.staff(), case.id)
        declaration.approve_name(db, house.staff(), case.id)
    values = applications.WHOLE[code](catalogue(db))
    values["beneficial"] = {"exempt": False, "owners": [{"person": "p1", "kind": "equity", "share": 50}]}
    whole = Application.model_validate(values | {"name": ""})

    def put(application):
        for name in Application.model_fields:
            setattr(application, name, getattr(whole, name))

    drafts.save(db, case.id, house.owner(case), None, put)
    db.commit()
    window = browser(house, person=owner)
    window.typed = [
        NAMES[code],
        *(p.name for p in whole.people),
        "武汉市武昌区虚构路1号",
        "武汉市武昌区东湖路105号",
    ]
    root = f"/cases/{case.number}/application"
    pages = {}
    for section in ("", *(f"/{name}" for name in types.get(code).sections)):
        window.get(root + section)
        pages[section] = window.text()
        if section == "/beneficial":
            hidden = window.page.xpath(
                "//*[contains(@class, 'govuk-checkboxes__conditional--hidden')]//select/@name"
            )
            shown = set(window.page.xpath("//select[starts-with(@name, 'kind_')]/@name")) - set(hidden)
            assert (sorted(hidden), shown) == (["kind_p2", "kind_p3"], {"kind_p1"})
        if section == "/shareholders":
            links = window.page.xpath("//main//a[contains(., '上传所缺材料')]/@href")
            assert links == ([f"/cases/{case.number}/attachments"] if code == "sgp" else [])
    for word in ("注册资本", "营业期限", "股东", "持有股权", "法定代表人"):
        assert [section for section, text in pages.items() if word in text] == [], word
    assert "出资额" in pages[""] and "出资额和期限" in pages["/capital"] and "合伙期限" in pages["/check"]
    assert "小张、小李" in pages[""], "the task list names all who put money in"
    assert "姓名或者名称" in pages["/shareholders"]
    assert paper_facts(db, case, whole).beneficial_owners[0].kind == "合伙权益"
