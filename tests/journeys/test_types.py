"""Every kind of entity from its choice to papers that wait for signatures, with a mistake on each of its pages.

Two applicants sign in once, since nobody may hold more than five names; each type is opened by one of them, on a desk
or a phone, with or without scripts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.journeys import applicant, office
from tests.journeys.platform import Platform
from tests.journeys.visitor import Visitor
from workflow.establishment import types
from workflow.licensing.uscc import new_uscc

pytestmark = pytest.mark.journey
SIGNED_IN: dict[str, Any] = {}
COMPANY = "武汉虚构河畔软件有限公司"


@dataclass
class Way:
    """One journey: the visitor, the type, the people who take part, and what the pages call things."""

    platform: Platform
    desk: Visitor
    kind: types.EntityKind
    owner: dict
    people: dict[str, dict] = field(default_factory=dict)


@pytest.fixture
def ways(platform: Platform) -> Callable[..., Way]:
    """Open a case of a type for an applicant who is signed in already; the name is accepted at the desk."""

    def begin(code: str, label: str, **how: bool) -> Way:
        owner = platform.person(label)
        if label not in SIGNED_IN:
            first = platform.visitor(f"first-{label}")
            applicant.sign_up(first, owner)
            applicant.sign_in(platform, first, owner)
            SIGNED_IN[label] = first.page.context.storage_state()
        desk = platform.visitor(f"type-{code}", signed_in=SIGNED_IN[label], **how)
        people = {name: platform.person(name) for name in ("小李", "小王", "小赵", "小郑")}
        way = Way(platform, desk, types.get(code), owner, people)
        desk.open("portal:/cases/new")
        name = way.kind.name.en if desk.english else way.kind.name.zh
        desk.press("Open a case", f"main tr:has(.q-kind:text-is('{name}'))")
        return way

    return begin


def registrar(platform: Platform) -> Visitor:
    """A registrar who signs in once."""
    if "registrar" not in SIGNED_IN:
        visitor = platform.visitor("registrar-types")
        office.staff_sign_in(visitor, "0417")
        SIGNED_IN["registrar"] = visitor.page.context.storage_state()
        return visitor
    return platform.visitor("registrar-types", signed_in=SIGNED_IN["registrar"])


# --- the pages, each with a mistake -----------------------------------------------------------------------


def declare(way: Way, trade_name: str, industry: str, form: str = "") -> None:
    """Step 3, then the registrar's acceptance."""
    desk = way.desk
    desk.press("Choose a name", ".q-next")
    desk.mistake("Declare this name", "area", "trade_name", "industry")
    desk.fill(area="420106")
    if desk.scripts:
        desk.page.wait_for_function("document.querySelector('[name=division]').options.length > 2")
    else:
        desk.fill(trade_name=trade_name, industry=industry).press("Check this name")
    if form:
        desk.fill(form=form)
    desk.fill(division="武汉", trade_name=trade_name, industry=industry, committed=True)
    desk.press("Declare this name").sees(trade_name)
    accept(way)


def accept(way: Way) -> None:
    """The registrar looks while the applicant goes on already."""
    number = applicant.case_number(way.desk)
    way.desk.open(f"portal:/cases/{number}/application")
    office.accept_name(registrar(way.platform), number)


def fill_address(way: Way) -> None:
    way.desk.press("Address and authority")
    way.desk.fill(text="", use="commercial").mistake("Save and continue", "text")
    way.desk.fill(text="武汉市武昌区东湖路105号", commitment=True).press("Save and continue")
    way.desk.sees("武昌区").press("Yes, this is right")


def fill_scope(way: Way, wanted: str = "软件开发") -> None:
    applicant.choose_scope(way.desk, wanted, wanted)


def fill_capital(way: Way, wan: int, **more: object) -> None:
    way.desk.fill(capital="五十", **more).mistake("Save and continue", "capital")
    way.desk.fill(capital=wan).press("Save and continue")


def add_owner(way: Way, wan: int, **more: object) -> None:
    """The applicant as partner, promoter or member: no amount is a mistake."""
    way.desk.press(way.owner["name"])
    way.desk.fill(subscribed="").mistake("Save", "subscribed")
    way.desk.fill(subscribed=wan, address=way.owner["address"], **more).press("Save")


def add_person(way: Way, label: str, wan: int, **more: object) -> None:
    person = way.people[label]
    way.desk.press("Another person")
    way.desk.fill(**details(person), subscribed=wan, **more).press("Save").sees(person["name"])


def details(person: dict) -> dict[str, str]:
    return {key: person[key] for key in ("name", "id_number", "phone", "email", "address")}


def add_known(way: Way, label: str, back: str) -> None:
    """Somebody who holds no share, entered from a page that offers people: a wrong number is a mistake."""
    person = way.people[label]
    way.desk.press("Add a person")
    way.desk.fill(**details(person) | {"phone": "123"}).mistake("Save", "phone")
    way.desk.fill(phone=person["phone"]).press("Save")
    assert back in way.desk.page.url


def organisation(way: Way, serial: int, name: str = COMPANY) -> dict[str, str]:
    """The fields of an organisation; its credit code is the mistake: one digit is wrong."""
    code = new_uscc(serial, "420106")
    return {
        "uscc": code, "name": name, "kind": "company", "representative": "new",
        "representative_name": way.people["小郑"]["name"], "representative_phone": way.people["小郑"]["phone"],
        "representative_id_number": way.people["小郑"]["id_number"],
    }  # fmt: skip


def spoiled(code: str) -> str:
    return code[:-1] + ("1" if code[-1] != "1" else "2")


def add_organisation(way: Way, wan: int, **more: object) -> None:
    desk, fields = way.desk, organisation(way, 777001)
    desk.press("A company or another organisation")
    desk.fill(**fields | {"uscc": spoiled(fields["uscc"])}, subscribed=wan, **more)
    desk.mistake("Save", "uscc")
    desk.fill(uscc=fields["uscc"]).press("Save").sees(COMPANY)


def fill_liaison(way: Way) -> None:
    applicant.fill_liaison(way.desk, way.owner)


def fill_submitter(way: Way) -> None:
    applicant.fill_submitter(way.desk, way.owner)


def upload(way: Way, kind: str) -> None:
    """A document that the answers make necessary; no file is a mistake."""
    desk = way.desk
    number = applicant.case_number(desk)
    desk.open(f"portal:/cases/{number}/attachments").mistake("Upload", "files")
    picture = BytesIO()
    Image.new("RGB", (800, 1000), (240, 240, 235)).save(picture, "JPEG")
    desk.page.locator("#kind").select_option(kind)
    desk.page.locator("main input[type=file][name=files]").set_input_files(
        {"name": "证明.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    )
    if desk.scripts:  # sent in pieces: the page stays, what has arrived is shown
        desk.button("Upload").click()
        desk.page.locator("#file-list").get_by_text("证明.pdf", exact=True).wait_for()
        said = desk.page.locator(".q-uploads[aria-live]").inner_text()
        assert desk.say("%(name)s has arrived. It stands in the list.", name="证明.jpg") in said
        assert "证明" not in desk.page.locator(".govuk-file-upload-button").inner_text(), (
            "the chooser is empty again"
        )
        desk.check_quiet()
    else:
        desk.press("Upload").sees("证明.pdf")
    assert not desk.page.locator(".govuk-error-summary, .govuk-form-group--error").count()
    told = desk.page.locator("#needed").inner_text()
    assert desk.say("There") in told and desk.say("Missing") not in told
    desk.picture("uploaded")


def finish(way: Way, *seen: str, signers: int) -> None:
    """Papers made, signers invited: ready for signatures."""
    applicant.make_papers(way.desk, *seen)
    assert way.desk.page.url.endswith("/signatures")
    rows = way.desk.page.locator("main").inner_text()
    invited = [p["name"] for p in (way.owner, *way.people.values()) if p["name"] in rows]
    assert len(invited) == signers, rows


# --- the types --------------------------------------------------------------------------------------------


def test_llc_of_one_organisation(ways):
    way = ways("llc", "小陈")
    declare(way, "河映", "软件", "有限公司")
    fill_address(way)
    fill_scope(way)
    fill_capital(way, 100, term="long")
    add_organisation(way, 100, held_by="others")
    way.desk.press("Continue")
    way.desk.fill(board="director", director=way.owner["name"], legal_representative="", supervision="none")
    way.desk.mistake("Save and continue", "legal_representative")
    way.desk.fill(legal_representative=way.owner["name"], finance_chief=way.owner["name"])
    way.desk.press("Save and continue")
    fill_liaison(way)
    name = way.people["小郑"]["name"]
    way.desk.fill(exempt="yes").mistake("Save and continue", "exempt")
    way.desk.fill(exempt="no", owners=["p2"], kind_p2="control", share_p2="")
    way.desk.press("Save and continue")
    fill_submitter(way)
    finish(way, COMPANY, name, signers=2)


def test_joint_stock_company(ways):
    way = ways("jsc", "小陈")
    declare(way, "岚屿", "科技", "股份有限公司")
    fill_address(way)
    fill_scope(way)
    way.desk.fill(capital=500, par_value="0", term="long").mistake("Save and continue", "par_value")
    way.desk.fill(par_value="1").press("Save and continue")
    add_owner(way, 300, paid=300)
    way.desk.press("Another person")
    way.desk.fill(**details(way.people["小李"]), subscribed=200, paid=100).mistake("Save", "paid")
    way.desk.fill(paid=200).press("Save").sees("3,000,000", "2,000,000").press("Continue")
    for label in ("小王", "小赵"):
        add_known(way, label, "officers")
    way.desk.fill(board="board", chair=way.owner["name"], directors=["p2"], supervision="supervisor")
    way.desk.fill(supervisor=way.people["小赵"]["name"], legal_representative=way.owner["name"])
    way.desk.fill(finance_chief=way.people["小李"]["name"], chosen_by="shareholders")
    way.desk.mistake("Save and continue", "chair")
    way.desk.fill(directors=["p2", "p3"]).press("Save and continue")
    fill_liaison(way)
    applicant.fill_beneficial(way.desk)
    fill_submitter(way)
    finish(way, "伍佰万元整", "3,000,000", signers=4)


def test_sole_proprietorship(ways):
    way = ways("sole", "小陈", phone=True)
    declare(way, "澜坊", "设计", "工作室")
    fill_address(way)
    fill_scope(way)
    fill_capital(way, 10)
    add_known(way, "小李", "shareholders")
    way.desk.fill(party=way.owner["name"], address="", means="family")
    way.desk.mistake("Save and continue", "address")
    way.desk.fill(address=way.owner["address"], means="family").mistake("Save and continue", "family")
    way.desk.fill(family=["p2"], employees=2).press("Save and continue")
    fill_liaison(way)
    fill_submitter(way)
    finish(way, "壹拾万元整", way.people["小李"]["name"], signers=2)


@pytest.mark.parametrize("code", ["gp", "sgp", "lp"])
def test_partnership(ways, code):
    """In the limited partnership a company is the general partner and acts through its delegate."""
    how = {"gp": {"english": True}, "sgp": {"scripts": False}, "lp": {"phone": True}}[code]
    way = ways(code, "欧阳", **how)
    trade_name, industry = {
        "gp": ("汀兰", "设计"),
        "sgp": ("砚衡", "会计师事务所"),
        "lp": ("沐川", "投资管理"),
    }[code]
    declare(way, trade_name, industry)
    fill_address(way)
    fill_scope(way)
    fill_capital(way, 50, term="long")
    if code == "lp":
        add_owner(way, 30, form="labour", role="general_partner")
        way.desk.sees(way.desk.say("General partner")).press("Change")
        way.desk.fill(role="limited_partner").mistake("Save", "form")
        way.desk.fill(form="money").press("Save")
        add_organisation(way, 20, role="general_partner")
    else:
        add_owner(way, 30)
        add_person(way, "小李", 20, form="labour")
    way.desk.press("Continue")
    if code == "lp":
        way.desk.fill(executing=["p1"]).mistake("Save and continue", "executing")
        add_known(way, "小王", "officers")
        way.desk.fill(executing=["o1"], delegate_o1=way.people["小王"]["name"])
    else:
        way.desk.fill(executing=[], employees="many").mistake("Save and continue", "employees")
        way.desk.fill(executing=[], employees=3).mistake("Save and continue", "executing")
        way.desk.fill(executing=["p1"])
    way.desk.press("Save and continue")
    fill_liaison(way)
    if code == "lp":
        way.desk.fill(exempt="yes").mistake("Save and continue", "exempt")
        way.desk.fill(exempt="no", owners=["p1"], share_p1="60").press("Save and continue")
    else:
        applicant.fill_beneficial(way.desk)
    fill_submitter(way)
    if code == "sgp":
        upload(way, "qualification")
    finish(way, "伍拾万元整", signers=3 if code == "lp" else 2)


def test_individual_household_without_a_name(ways):
    way = ways("household", "欧阳", scripts=False)
    way.desk.press("Choose a name", ".q-next").press("Go on without a name")
    fill_address(way)
    fill_scope(way)
    add_known(way, "小李", "shareholders")
    way.desk.fill(address=way.owner["address"], composition="family").mistake("Save and continue", "family")
    way.desk.fill(family=["p2"], funds=5, employees=2).press("Save and continue")
    fill_liaison(way)
    fill_submitter(way)
    finish(way, way.people["小李"]["name"], signers=2)


def test_branch_of_a_company_outside_the_register(ways):
    """Its company does not stand in the register, so that its licence is a document to upload."""
    way = ways("branch", "欧阳")
    desk, company = way.desk, organisation(way, 777002)
    desk.press("Choose a name", ".q-next").mistake("Declare this name", "area", "parent")
    desk.fill(area="420106", parent="河畔软件", trade_name="汉口", form="分公司", committed=True)
    desk.mistake("Declare this name", "parent")
    desk.fill(parent=COMPANY, committed=True).press("Declare this name").sees(f"{COMPANY}汉口分公司")
    accept(way)
    fill_address(way)
    assert desk.page.locator("[name=name]").input_value() == COMPANY, "its name stands in the branch's"
    desk.fill(**company | {"uscc": spoiled(company["uscc"])}, accounting="independent")
    desk.mistake("Save and continue", "uscc")
    desk.fill(uscc=company["uscc"]).press("Save and continue")
    fill_scope(way)
    desk.mistake("Save and continue", "office_person_in_charge")
    desk.fill(office_person_in_charge=way.owner["name"]).press("Save and continue")
    fill_liaison(way)
    fill_submitter(way)
    upload(way, "parent_licence")
    finish(way, COMPANY, way.people["小郑"]["name"], signers=2)


def test_farmers_cooperative(ways):
    way = ways("cooperative", "小陈", phone=True)
    declare(way, "禾畔", "蔬菜种植", "专业合作社")
    fill_address(way)
    fill_scope(way, "蔬菜种植")
    fill_capital(way, 50)
    add_owner(way, 10, farmer=False)
    for label in ("小李", "小王", "小赵"):
        add_person(way, label, 10)
    add_person(way, "小郑", 10, farmer=False)
    assert way.desk.page.locator(".govuk-error-summary").count(), "three farmers of five pass"
    way.desk.press("Change").fill(farmer=True).press("Save")
    assert not way.desk.page.locator(".govuk-error-summary").count()
    way.desk.press("Continue")
    way.desk.mistake("Save and continue", "office_cooperative_chair")
    way.desk.fill(office_cooperative_chair=way.owner["name"], office_supervisor=way.owner["name"])
    way.desk.mistake("Save and continue", "office_supervisor")
    way.desk.fill(office_supervisor=way.people["小李"]["name"]).press("Save and continue")
    fill_liaison(way)
    fill_submitter(way)
    finish(way, "伍拾万元整", signers=5)
