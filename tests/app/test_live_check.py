"""Rules as one types: every field of every section of every type is checked as it is left, by the rules that submitting
uses, and says so at the field."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from lxml import html

from tests import factories
from tests.establishment.applications import WHOLE
from tests.page_laws import check_fragment
from workflow.catalogues.queries import from_files
from workflow.establishment import drafts, types
from workflow.establishment.data import Application, ScopeEntry

# Pages beside that of the section itself: lists of founders, people, the two ways to an address.
BESIDE = {
    "address": ("address/choose", "address/confirm"),
    "shareholders": ("shareholders/add?who=person", "shareholders/add?who=organisation", "shareholders/add?who=p1",
                     "shareholders/p1", "shareholders/o1"),
    "officers": ("people/add", "people/p1"),
}  # fmt: skip

FOLLOWS = {"town"}  # a list that follows the one before it: a value that is not of it is dropped, not refused


@dataclass
class Window:
    """The pages of one case in its owner's browser."""

    house: Any
    case: Any
    client: Any

    def forms(self, page: str) -> list[Any]:
        """The forms of a page that a person fills in: not the search, not single buttons."""
        answer = self.client.get(f"/cases/{self.case.number}/application/{page}")
        if answer.status_code in (303, 404):  # a page that this type or state does not have
            return []
        assert answer.status_code == 200, page
        return [f for f in html.fromstring(answer.text).xpath("//main//form[@method='post']") if controls(f)]

    def check(self, form: Any, changed: str, /, **values: Any) -> Any:
        """What the live check answers when fields are left, everything else being as the page shows it."""
        held = {name: value for name, value in form.form_values() if name}
        answer = self.client.post(
            form.get("hx-post"), data=held | {"changed": changed, "touched": changed} | values
        )
        check_fragment(answer, typed=[*map(str, values.values())])
        return html.fragment_fromstring(answer.text, create_parent="div")


def controls(form: Any) -> dict[str, str]:
    """Name of each control that a person fills in -> its kind; a tick that stands alone is a `tick`."""
    found: dict[str, str] = {}
    for control in form.iter("input", "textarea", "select"):
        kind = control.get("type", "text") if control.tag == "input" else control.tag
        if control.get("name") and kind not in ("hidden", "submit", "button", "file"):
            found[control.get("name")] = "tick" if (kind, control.get("value")) == ("checkbox", "y") else kind
    return found


def said(answer: Any) -> dict[str, str]:
    """Field -> what the live check says of it."""
    return {
        i.get("data-field"): " ".join(i.text_content().split()) for i in answer.xpath(".//li[@data-field]")
    }


def field_of(control: str) -> str:
    """Three boxes are one date."""
    return re.sub(r"-(year|month|day)$", "", control)


def opened(house: Any, kind: str, full: bool) -> Window:
    """A case of a type, empty or with a whole application whose scope has an item that needs its approval."""
    owner = factories.account(house.db, "钱小六")
    case = drafts.start_case(house.db, owner, kind)

    def fill(application: Application) -> None:
        facts = from_files()
        whole = Application.model_validate(WHOLE[kind](facts))
        for name in type(whole).model_fields.keys() - {"name"}:
            setattr(application, name, getattr(whole, name))
        needs = next(e for e in facts.scope_entries.values() if e.timing == "before")
        application.scope.append(ScopeEntry(code=needs.code, text=needs.text, licensed=needs.licensed))

    if full:
        drafts.save(house.db, case.id, house.owner(case), None, fill)
    house.db.commit()
    return Window(house, case, house.sign_in(house.client("portal"), owner))


EMPTY = (
    "llc",
    "household",
    "branch",
)  # one of each way to enter founders; the other pages differ when filled in


@pytest.mark.parametrize(
    ("kind", "full"), [(k.code, True) for k in types.BUILT_IN] + [(code, False) for code in EMPTY]
)
def test_every_control_of_every_section_is_checked_as_it_is_left(house, kind, full):
    """Whatever section the registry declares: its page asks at each field, and a wrong value is told at the field."""
    window, seen = opened(house, kind, full), set()
    sections = [s for s in types.get(kind).sections if s != "check"]
    for page in [p for s in sections for p in (s, *BESIDE.get(s, ()))]:
        for form in window.forms(page):
            where, asked = f"{kind} {page}", controls(form)
            assert form.get("hx-post") and "change" in form.get("hx-trigger", ""), f"{where}: {[*asked]}"
            assert form.get("hx-target") == "#autosave" and form.xpath("//*[@id='autosave']"), where
            seen.add(page)
            wrong = {n: "no-such-choice" if k in ("radio", "select", "checkbox") else "长" * 300 for n, k in asked.items() if k != "tick"}  # fmt: skip
            if wrong:
                told = said(window.check(form, " ".join(wrong), **wrong))
                assert {field_of(n) for n in wrong} - FOLLOWS <= told.keys(), f"{where}: {told}"
            for name in [n for n, k in asked.items() if k == "tick"]:  # right either way, yet looked at
                state = window.check(form, name).xpath(".//p/@data-state")
                assert state and state[0] in ("saved", "checked"), f"{where}: {name}: {state}"
    listed = "shareholders" if types.get(kind).founders == "list" else ""  # the section's own page is a list
    assert seen >= {*sections} - {listed}


FORGED = "990000199003070990"  # its last digit does not fit


@pytest.mark.parametrize(
    ("kind", "page", "field", "values", "words"),
    [
        ("llc", "address", "text", {"text": "武汉市武昌区东湖路"}, "门牌号"),  # ADR-01
        ("llc", "address", "text", {"text": "北京市海淀区中关村大街1号"}, "不在湖北省内"),  # AUT-02
        ("gp", "address", "commitment", {"use": "hosted", "commitment": "y"}, "托管合同"),  # ADR-03
        ("gp", "address/choose", "detail", {"city": "420100", "county": "420106", "detail": "东湖路"}, "门牌号"),
        ("llc", "scope", "custom", {"custom": "虚拟货币交易"}, "不得含有“虚拟货币”"),  # SC-12
        ("gp", "scope", "custom", {"custom": "软件开发"}, "重复"),  # SC-01
        ("llc", "capital", "capital", {"capital": "0"}, "大于零"),  # REG-03
        ("jsc", "capital", "par_value", {"par_value": "0"}, "大于零"),  # JSC-142
        ("llc", "shareholders/add?who=person", "due", {"due-year": "2099", "due-month": "1", "due-day": "1"}, "5年内缴足"),
        ("llc", "shareholders/add?who=person", "id_number", {"id_number": FORGED}, "校验码"),  # RN-01
        ("gp", "shareholders/add?who=organisation", "uscc", {"uscc": "911100000000000000"}, "校验码"),  # USCC-03
        ("gp", "shareholders/add?who=organisation", "representative_id_number",
         {"representative": "new", "representative_name": "小赵", "representative_id_number": FORGED}, "校验码"),
        ("lp", "shareholders/p2", "form", {"form": "labour"}, "不得以劳务出资"),  # PEL-64
        ("jsc", "shareholders/p2", "paid", {"paid": "1"}, "全额缴纳"),  # JSC-98
        ("sole", "shareholders", "family", {"means": "family"}, "家庭成员"),  # SPL-18
        ("household", "shareholders", "family", {"composition": "family"}, "家庭成员"),  # IMPL-06
        ("branch", "shareholders", "uscc", {"uscc": "911100000000000000"}, "校验码"),
        ("llc", "officers", "supervisor", {"supervision": "supervisor", "supervisor": "p1"}, "不得兼任监事"),  # LLC-13
        ("lp", "officers", "executing", {"executing": "p2"}, "不是普通合伙人"),  # PEL-68
        ("cooperative", "officers", "office_supervisor", {"office_supervisor": "p1"}, "不得兼任监事"),  # COOP-33
        ("branch", "people/add", "id_number", {"id_number": FORGED, "name": "小赵"}, "校验码"),
        ("household", "liaison", "landline", {"landline": "1"}, "格式不正确"),  # AG-09
        ("llc", "beneficial", "share_p1", {"exempt": "no", "owners": "p1", "share_p1": "10"}, "25%"),  # BO-04
        ("cooperative", "submitter", "agent_declared", {"role": "agent"}, "登记代理人应先"),  # AG-07
    ],
)  # fmt: skip
def test_the_rules_speak_at_the_field_as_it_is_left(house, kind, page, field, values, words):
    window = opened(house, kind, True)
    form = next(f for f in window.forms(page) if {field_of(n) for n in controls(f)} >= {field})
    assert words in said(window.check(form, " ".join({field, *values}), **values)).get(field, "")
