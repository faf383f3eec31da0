"""A wording outside the catalogue goes to review with its case and to a list that staff answer (SC-09)."""

from tests.app.test_intranet_facts import approve, facts
from tests.app.test_intranet_names import LANGUAGES, at, text_of
from tests.page_laws import check_page
from workflow.establishment import drafts, submission, wishes
from workflow.establishment.data import ScopeEntry
from workflow.establishment.models import ScopeWish
from workflow.establishment.problems import problems_of
from workflow.review import operations as review
from workflow.review.operations import Wanted

WISH = "虚构星球勘测服务"


def handed_in(house, trade_name, text=WISH):
    """A case that asks for a wording and is submitted."""
    case = house.reserved(trade_name)

    def ask(application):
        application.scope.append(ScopeEntry(code="", text=text))

    drafts.save(house.db, case.id, house.owner(case), None, ask)
    house.hand_in(case)
    return case


def said(house, case):
    """What the rules tell an applicant who asks for the wording."""
    house.db.rollback()
    application = drafts.draft_of(house.db, case.id)[0]
    return next(p.words.zh for p in problems_of(house.db, case, application) if WISH in p.words.zh)


def row(client, english=False):
    """The list's row of the wish."""
    tree = check_page(client.get(f"/scope-wishes?q={WISH}"), 200, typed=[WISH])
    return tree, " ".join(text_of(r) for r in tree.iter("tr") if WISH in text_of(r))


@LANGUAGES
def test_the_list_tells_what_was_asked_for_how_often_and_by_whom(house, english):
    client = at(house, "0534", english)
    tree = check_page(client.get("/scope-wishes"), 200)
    assert not tree.findall(".//table"), "nobody has asked yet"
    first, second = handed_in(house, "云栖测"), handed_in(house, "澜坊测")
    for _ in range(2):  # handed in again after a correction: the same case counts once
        review.claim(house.db, house.staff(), first.id)
        submission.return_for_correction(house.db, house.staff(), first.id, [Wanted(field="phone", reason_code="", text="请核对。")])  # fmt: skip
        house.hand_in(first)
    tree, shown = row(client)
    assert " 2 " in shown and "计算机系统服务" not in shown
    link = tree.xpath(f"//a[contains(., '{WISH}')]/@href")[0]
    page = text_of(check_page(client.get(link), 200, typed=[WISH]))
    assert first.number in page and second.number in page
    check_page(client.get("/scope-wishes?state=refused&page=7"), 200)
    check_page(client.get("/scope-wishes/00000000-0000-0000-0000-000000000000"), 404)
    reader = at(house, "0417", english)
    assert not row(reader)[0].xpath("//a[contains(@href, '/add')]"), "an examiner only reads"
    check_page(reader.post(link, data={"verdict": "refused", "reason": "x"}), 403)


def test_adding_the_entry_by_two_people_settles_the_wish(house):
    case = handed_in(house, "云栖测")
    editor = at(house, "0534")
    tree, _ = row(editor)
    add = tree.xpath("//a[contains(@href, '/catalogues/scope/add')]/@href")[0]
    form = check_page(editor.get(add), 200, typed=[WISH])
    values = {name: form.xpath(f"//input[@name='{name}']/@value")[0] for name in ("code", "text")}
    assert values["text"] == WISH
    values |= {"category": "general", "industry_codes": "M7499", "reason": "申请人提出。"}
    change = editor.post("/catalogues/scope/add", data=values).location
    assert house.db.query(ScopeWish).filter_by(text=WISH).one() and "待处理" in row(editor)[1]
    approve(house, change, values.values())
    assert "已增补到目录" in row(editor)[1]
    assert facts(house).scope_entries[values["code"]].text == WISH
    link = row(editor)[0].xpath(f"//a[contains(., '{WISH}')]/@href")[0]
    check_page(editor.get(link), 200, typed=[WISH])
    check_page(editor.post(link, data={"verdict": "refused", "reason": "不采用"}), 409)
    assert case.number in text_of(check_page(editor.get(link), 200, typed=[WISH]))


@LANGUAGES
def test_an_answer_reaches_whoever_asks_for_the_wording(house, english):
    case = handed_in(house, "云栖测")
    editor = at(house, "0534", english)
    link = row(editor)[0].xpath(f"//a[contains(., '{WISH}')]/@href")[0]
    assert "人工审核" in said(house, case)
    for wrong in (
        {},
        {"verdict": "answered"},
        {"verdict": "answered", "entry": "没有的表述"},
        {"verdict": "refused"},
    ):
        check_page(editor.post(link, data=wrong), 422, typed=[WISH, *wrong.values()])
    assert "人工审核" in said(house, case)
    editor.post(link, data={"verdict": "answered", "entry": "工程技术服务（规划管理、勘察、设计、监理除外）"})
    assert "建议改用规范表述“工程技术服务" in said(house, case)
    check_page(editor.get(link), 200, typed=[WISH])
    assert editor.post(link, data={"verdict": "refused", "reason": "不属于经营项目。"}).status_code == 303
    assert "未采用这一表述：不属于经营项目。" in said(house, case)
    _tree, shown = row(editor)
    assert "不属于经营项目。" in shown
    assert wishes.decided(house.db, ["别的表述"]) == {} == wishes.decided(house.db, [])
