"""Staff keep authorities, jurisdiction, names of places, scope entries and everyday words: a reason, a second person, a
look at the effect first, and in force for everybody at once (AUT-01, AUT-09, AUT-10, SC-01, SC-08)."""

from datetime import timedelta

import pytest

from tests.app.test_intranet_names import LANGUAGES, at, text_of
from tests.page_laws import check_page
from workflow.catalogues.queries import catalogue
from workflow.clock import today
from workflow.establishment import drafts, scope
from workflow.establishment.jurisdiction import match
from workflow.establishment.problems import problems_of
from workflow.naming.queries import current_catalogue

RULE = {
    "code": "W-guanggu", "kind": "words", "division_code": "420100", "place": "虚构软件园", "authority_code": "HB-Z-wuhan-donghu",
    "basis": "测试依据", "reason": "园区由开发区登记。",
}  # fmt: skip
ENTRY = {
    "code": "X9001", "text": "虚构飞行器租赁服务", "category": "licensed", "timing": "after", "approval": "虚构许可证",
    "approved_by": "虚构部门", "industry_codes": "L7111", "description": "测试用", "reason": "新业态。",
}  # fmt: skip


def facts(house):
    house.db.rollback()
    return catalogue(house.db)


def propose(house, name, values, english=False):
    """Look at the effect, propose; returns the effect's text and the change's address."""
    editor = at(house, "0534", english)
    check_page(editor.get(f"/catalogues/{name}/add"), 200)
    seen = check_page(
        editor.post(f"/catalogues/{name}/add", data=values | {"action": "preview"}),
        200,
        typed=values.values(),
    )
    answer = editor.post(f"/catalogues/{name}/add", data=values)
    assert answer.status_code == 303, text_of(check_page(answer, 422, typed=values.values()))
    check_page(editor.get(answer.location), 200, typed=values.values())
    check_page(editor.post(answer.location, data={}), 403)  # a second person
    return text_of(seen), answer.location


def approve(house, change, typed=(), english=False):
    second = at(house, "0601", english)
    check_page(second.get(change), 200, typed=typed)
    assert second.post(change, data={}).status_code == 303
    check_page(second.get(change), 200, typed=typed)
    check_page(second.get("/catalogues/changes"), 200, typed=typed)


@LANGUAGES
@pytest.mark.parametrize(
    "name", ["authorities", "jurisdiction", "places", "exceptions", "scope", "everyday", "forbidden"]
)
def test_every_list_is_read_and_searched(house, name, english):
    client = at(house, "0417", english)
    tree = check_page(client.get(f"/catalogues/{name}"), 200)
    assert not tree.xpath("//*[contains(@href, '/add')]"), "an examiner only reads"
    check_page(client.get(f"/catalogues/{name}?q=武昌"), 200, typed=["武昌"])
    check_page(client.get(f"/catalogues/{name}/add"), 403)
    editor = at(house, "0534", english)
    check_page(editor.get(f"/catalogues/{name}?page=2"), 200)
    answer = editor.post(f"/catalogues/{name}/add", data={})
    check_page(answer, 422)


@LANGUAGES
def test_a_rule_of_jurisdiction_is_previewed_approved_and_decides_at_once(house, english):
    text = "武汉市武昌区虚构软件园1号"
    assert match(text, catalogue=facts(house)).authority.code == "HB-420106"
    names = current_catalogue(house.db)
    seen, change = propose(house, "jurisdiction", RULE, english)
    assert "武汉市虚构软件园1号" in seen
    assert match(text, catalogue=facts(house)).authority.code == "HB-420106"  # not before the second person
    approve(house, change, RULE.values(), english)
    assert match(text, catalogue=facts(house)).authority.code == "HB-Z-wuhan-donghu"
    assert current_catalogue(house.db) is names  # the name lists are not read anew for it
    editor = at(house, "0534", english)
    check_page(editor.get(f"/catalogues/jurisdiction/add?code={RULE['code']}"), 200, typed=RULE.values())
    check_page(editor.get(f"/catalogues/jurisdiction/withdraw?code={RULE['code']}"), 200)
    gone = editor.post(
        "/catalogues/jurisdiction/withdraw", data={"code": RULE["code"], "reason": "撤回。"}
    ).location
    approve(house, gone, ["撤回。", *RULE.values()], english)
    assert match(text, catalogue=facts(house)).authority.code == "HB-420106"
    check_page(editor.get(f"/catalogues/jurisdiction/withdraw?code={RULE['code']}"), 404)


def test_a_new_authority_takes_over_on_its_day(house):
    """AUT-09: dated; the rule that counts is that of the day."""
    soon = today() + timedelta(days=30)
    office = {
        "code": "HB-T-1", "name": "虚构审批局", "level": "county", "host_division": "420106", "uscc_authority_code": "420106",
        "reason": "机构改革。",
    }  # fmt: skip
    approve(house, propose(house, "authorities", office)[1], office.values())
    rule = {
        "code": "T-420106", "kind": "division", "division_code": "420106", "place": "420106", "authority_code": "HB-T-1",
        "valid_from": soon.isoformat(), "reason": "机构改革。",
    }  # fmt: skip
    seen, change = propose(house, "jurisdiction", rule)
    assert "武昌区1号" in seen and "虚构审批局" in seen
    approve(house, change, rule.values())
    found = [
        match("武汉市武昌区东湖路105号", catalogue=facts(house), day=d).authority.code
        for d in (today(), soon)
    ]
    assert found == ["HB-420106", "HB-T-1"]


def test_a_renamed_authority_keeps_its_old_name_among_the_others(house):
    known = facts(house).authorities["HB-420106"]
    values = {
        "code": known.code, "name": "武汉市武昌区行政审批局", "level": known.level, "host_division": known.host_division,
        "uscc_authority_code": known.uscc_authority_code, "reason": "更名。",
    }  # fmt: skip
    approve(house, propose(house, "authorities", values)[1], values.values())
    now = facts(house).authorities["HB-420106"]
    assert now.name == "武汉市武昌区行政审批局" and known.name in now.aliases


def test_another_name_of_a_place_is_understood(house):
    assert match("虚构老县城解放路1号", catalogue=facts(house)).status == "missing_place"
    values = {"code": "420683", "aliases": "枣阳县；虚构老县城", "reason": "群众习惯叫法。"}
    seen, change = propose(house, "places", values)
    assert "虚构老县城1号" in seen
    approve(house, change, values.values())
    found = match("虚构老县城解放路1号", catalogue=facts(house))
    assert (found.division.code, found.authority.code) == ("420683", "HB-420683")


@LANGUAGES
def test_a_scope_entry_and_its_everyday_word(house, english):
    seen, change = propose(house, "scope", ENTRY, english)
    assert "虚构飞行器租赁服务" in seen
    approve(house, change, ENTRY.values(), english)
    word = {"word": "租飞机玩", "texts": "虚构飞行器租赁服务", "reason": "常用说法。"}
    approve(house, propose(house, "everyday", word, english)[1], [*word.values(), *ENTRY.values()], english)
    hit = scope.search("租飞机玩", 1, catalogue=facts(house))[0]
    assert (hit.entry.code, hit.entry.licensed, hit.entry.approval) == ("X9001", True, "虚构许可证")
    editor = at(house, "0534", english)
    gone = editor.post(
        "/catalogues/everyday/withdraw", data={"word": "租飞机玩", "reason": "撤回。"}
    ).location
    approve(house, gone, ["撤回。", *word.values(), *ENTRY.values()], english)
    assert all(s.word != "租飞机玩" or s.valid_to == today() for s in facts(house).scope_synonyms)


@LANGUAGES
def test_an_address_that_needs_a_proof(house, english):
    """ADR-03: listed with a reason, shown on recent cases first, in force with the second person, until its last day."""
    case = house.submitted()
    application = drafts.draft_of(house.db, case.id)[0]
    last = today() + timedelta(days=9)
    values = {
        "address": "东湖路105号", "why": "disputed", "authority_code": "HB-420106", "basis": "法院通知", "reason": "产权争议。",
        "valid_to": last.isoformat(),
    }  # fmt: skip

    def missing():
        house.db.rollback()
        return [p.code for p in problems_of(house.db, case, application) if p.severity == "error"]

    seen, change = propose(house, "exceptions", values, english)
    assert case.number in seen and missing() == []
    approve(house, change, values.values(), english)
    assert missing() == ["ADR-03", "document"]
    held = facts(house).address_exceptions[0]
    assert held.holds(last) and not held.holds(last + timedelta(days=1)) and held.edited_by == "0601"
    editor = at(house, "0534", english)
    form = check_page(
        editor.get("/catalogues/exceptions/add?address=东湖路105号"), 200, typed=values.values()
    )
    assert form.xpath("//input[@name='valid_to-day']/@value") == [str(last.day)], (
        "the last day, not the one after"
    )
    listed = text_of(check_page(editor.get("/catalogues/exceptions"), 200, typed=values.values()))
    assert f"{last.day}日（含当日）" in listed or f"{last.day} " in listed
    for wrong in (
        {"address": "湖路"},
        {"why": "x"},
        {"authority_code": "HB-0"},
        {"valid_to": "2020-01-01", "valid_from": "2020-01-02"},
    ):
        check_page(
            editor.post("/catalogues/exceptions/add", data=values | wrong),
            422,
            typed=[*values.values(), *wrong.values()],
        )
    gone = {"address": "东湖路105号", "reason": "争议已解决。"}
    change = editor.post("/catalogues/exceptions/withdraw", data=gone).location
    approve(house, change, [*values.values(), *gone.values()], english)
    assert missing() == []


def test_a_word_that_a_scope_may_not_contain(house):
    """SC-12: what the catalogue and recent cases would lose is shown before."""
    values = {"word": "计算机", "source": "虚构通知", "reason": "试。"}
    case = house.reserved()
    seen, change = propose(house, "forbidden", values)
    assert case.number in seen and "计算机系统服务" in seen
    approve(house, change, values.values())
    assert scope.forbidden_words("计算机系统服务", catalogue=facts(house)) == ["计算机"]
    row = next(r for r in facts(house).scope_forbidden_words if r.word == "计算机")
    assert (row.source, row.edited_by) == ("虚构通知", "0601")


@LANGUAGES
def test_what_is_wrong_is_said(house, english):
    editor = at(house, "0534", english)
    for name, good, wrong in (
        ("jurisdiction", RULE, {"authority_code": "HB-0"}),
        ("jurisdiction", RULE, {"division_code": "999999"}),
        ("jurisdiction", RULE, {"kind": "town", "place": "1"}),
        ("jurisdiction", RULE, {"entity_types": "llp"}),
        ("jurisdiction", RULE, {"valid_from": "2027-01-01", "valid_to": "2026-12-31"}),
        ("scope", ENTRY, {"text": "软件开发"}),
        ("scope", ENTRY, {"text": "虚拟货币交易服务"}),  # SC-12
        ("scope", ENTRY, {"approval": ""}),
        ("scope", ENTRY, {"industry_codes": "Z99"}),
        ("scope", ENTRY, {"reason": ""}),
        ("everyday", {"word": "奶茶", "texts": "没有的表述", "reason": "试"}, {}),
        ("places", {"code": "420683", "aliases": "枣", "reason": "试"}, {}),
        ("authorities", {"code": "HB-T", "name": "虚构局", "level": "city", "host_division": "1", "uscc_authority_code": "x", "reason": "试"}, {}),
    ):  # fmt: skip
        values = good | wrong
        check_page(
            editor.post(f"/catalogues/{name}/add", data=values), 422, typed=[v for v in values.values() if v]
        )
    assert facts(house).scope_entries.get("X9001") is None
