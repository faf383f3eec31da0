"""The lists that staff keep: reading, proposing, the second person, in force at once, and who may not."""

import re

import pytest

from tests.page_laws import check_page
from workflow.clock import today
from workflow.naming import listings
from workflow.naming.queries import check_text

HOSTILE = '"><script>alert(1)</script>'
WORD = {
    "word": "星链", "category": "测试类别", "rule": "LIM-10", "effect": "forbid", "match": "part", "valid_from": "2026-01-01",
    "reason": "主管机关要求。",
}  # fmt: skip
LANGUAGES = pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])


def text_of(tree):
    return re.sub(r"\s+", " ", "".join(tree.itertext()))


def at(house, number, english=False):
    return house.sign_in(house.client("intranet", english), house.staff(number))


@LANGUAGES
def test_every_list_is_read_searched_and_paged(house, english):
    client = at(house, "0417", english)
    assert client.get("/catalogues").location == "/catalogues/words"
    for name in ("words", "synonyms", "lookalikes"):
        tree = check_page(client.get(f"/catalogues/{name}?page=2"), 200)
        assert not tree.xpath("//*[contains(@href, '/add')]"), "an examiner only reads"
        for search in (
            {"q": HOSTILE},
            {"q": "科"},
            {"category": HOSTILE, "group": HOSTILE, "effect": HOSTILE},
            {"page": "9999"},
        ):
            check_page(client.get(f"/catalogues/{name}", query_string=search), 200, typed=[HOSTILE])
    tree = check_page(client.get("/catalogues/words?q=区块链&effect=block"), 200)
    assert "WORD-01" not in text_of(tree) or "区块链" in text_of(tree)
    check_page(client.get("/catalogues/nothing"), 404)


def test_a_search_finds_words_by_category_and_effect(house):
    client = at(house, "0417")
    tree = check_page(client.get("/catalogues/words?q=中央&effect=review"), 200)
    assert "中央空调；中央厨房" in text_of(tree)
    assert "国务院" not in text_of(tree)
    tree = check_page(client.get("/catalogues/words?category=宗教"), 200)
    assert set(tree.xpath("//*[local-name()='td'][2]//text()[normalize-space()]")) == {"宗教"}


@LANGUAGES
def test_proposed_previewed_approved_by_another_and_in_force_at_once(house, english):
    house.named("星链")
    editor, second = at(house, "0534", english), at(house, "0601", english)
    check_page(editor.get("/catalogues/words/add"), 200)
    tree = check_page(
        editor.post("/catalogues/words/add", data=WORD | {"action": "preview"}), 200, typed=WORD.values()
    )
    assert "武汉星链软件有限公司" in text_of(tree)
    assert listings.pending(house.db) == []
    answer = editor.post("/catalogues/words/add", data=WORD)
    assert answer.status_code == 303
    change = answer.location
    tree = check_page(editor.get(change), 200, typed=WORD.values())
    assert "武汉星链软件有限公司" in text_of(tree)
    assert not tree.xpath("//main//*[@name='action'][@value='approve']")
    check_page(editor.post(change, data={}), 403)
    house.db.rollback()
    assert check_text(house.db, "武汉星链贸易有限公司", "420106").verdict == "clear"
    check_page(second.get("/catalogues/changes"), 200, typed=WORD.values())
    assert second.post(change, data={}).status_code == 303
    house.db.rollback()
    found = check_text(house.db, "武汉星链贸易有限公司", "420106")
    assert [f.rule for f in found.findings] == ["LIM-10"]
    check_page(second.post(change, data={}), 409)
    check_page(second.get(change), 200, typed=WORD.values())
    for page in ("/catalogues/changes", "/catalogues/changes?q=星链&kind=word"):
        tree = check_page(second.get(page), 200, typed=WORD.values())
        assert {"0534", "0601"} <= set(re.findall(r"\d{4}", text_of(tree)))
    assert "星链" not in text_of(
        check_page(second.get("/catalogues/changes?kind=synonym"), 200).find(".//main")
    )
    tree = check_page(second.get("/catalogues/words?q=星链"), 200, typed=WORD.values())
    assert "测试类别" in text_of(tree)


@LANGUAGES
def test_what_is_wrong_is_said_and_what_was_typed_stays(house, english):
    client = at(house, "0534", english)
    for form in ({}, WORD | {"reason": " "}, WORD | {"word": "abc"}, WORD | {"word": HOSTILE}, WORD | {"rule": HOSTILE, "effect": "x"},
                 WORD | {"valid_to": "2025-01-01"}, WORD | {"valid_from": "2026-02-30"}, WORD | {"category": "类" * 41}):  # fmt: skip
        tree = check_page(
            client.post("/catalogues/words/add", data=form), 422, typed=[HOSTILE, *WORD.values()]
        )
        assert tree.xpath("//*[local-name()='input'][@name='word']/@value") == (
            [form["word"]] if form else [""]
        )
    check_page(
        client.post("/catalogues/synonyms/add", data={"word": "不存在的词", "group": "x", "reason": "x"}),
        422,
        typed=["x"],
    )
    for pair in (("a", "字"), ("字", "字"), ("", "字")):
        form = {"a": pair[0], "b": pair[1], "reason": "理由"}
        check_page(client.post("/catalogues/lookalikes/add", data=form), 422, typed=["理由"])
    assert listings.pending(house.db) == []


@LANGUAGES
def test_entries_leave_and_change(house, english):
    client, second = at(house, "0534", english), at(house, "0601", english)
    for name, key in (
        ("words", {"word": "中央"}),
        ("synonyms", {"word": listings.synonyms(listings_of(house))[0][0].word}),
        ("lookalikes", dict(zip("ab", listings.lookalikes(listings_of(house))[0], strict=True))),
    ):
        check_page(client.get(f"/catalogues/{name}/add", query_string=key), 200)
        check_page(client.get(f"/catalogues/{name}/withdraw", query_string=key), 200)
        check_page(client.post(f"/catalogues/{name}/withdraw", data=key), 422)
        check_page(
            client.post(f"/catalogues/{name}/withdraw", data=key | {"reason": "过时。", "action": "preview"}),
            200,
            typed=["过时。"],
        )
        change = client.post(f"/catalogues/{name}/withdraw", data=key | {"reason": "过时。"}).location
        check_page(second.get(change), 200)
        assert second.post(change, data={}).status_code == 303
        check_page(client.get(f"/catalogues/{name}/withdraw", query_string=key), 404)
    tree = check_page(client.get("/catalogues/words/add?word=国务院"), 200)
    assert tree.xpath("//*[@id='category']/@value") == ["党政军机关"]


def listings_of(house):
    from workflow.naming.queries import current_catalogue

    return current_catalogue(house.db)


@LANGUAGES
def test_turned_down_with_a_note_and_taken_back_by_the_proposer(house, english):
    client, second = at(house, "0534", english), at(house, "0601", english)
    for who in (second, client):
        change = client.post("/catalogues/words/add", data=WORD).location
        check_page(who.post(change, data={"action": "reject"}), 422, typed=WORD.values())
        assert who.post(change, data={"action": "reject", "note": "依据不足。"}).status_code == 303
        tree = check_page(who.get(change), 200, typed=WORD.values())
        assert "依据不足。" in text_of(tree)
        check_page(second.post(change, data={}), 409)
    house.db.rollback()
    assert check_text(house.db, "武汉星链贸易有限公司", "420106").verdict == "clear"


def test_who_may_not(house):
    examiner, editor = at(house, "0417"), at(house, "0534")
    change = editor.post("/catalogues/words/add", data=WORD).location
    check_page(examiner.get(change), 200, typed=WORD.values())
    check_page(examiner.post(change, data={}), 403)
    for name in ("words", "synonyms", "lookalikes"):
        check_page(examiner.get(f"/catalogues/{name}/add"), 403)
        check_page(examiner.post(f"/catalogues/{name}/add", data=WORD), 403)
        check_page(examiner.post(f"/catalogues/{name}/withdraw", data={"word": "中央", "reason": "x"}), 403)
    stranger = house.client("intranet")
    assert stranger.get("/catalogues/words").location.startswith("/sign-in")
    assert stranger.post(change).location.startswith("/sign-in")
    editor.forging = True
    check_page(editor.post("/catalogues/words/add", data=WORD), 400)
    check_page(editor.get("/catalogues/changes/999"), 404)
    check_page(editor.get(f"/catalogues/changes/{10**30}"), 404)


def test_the_first_day_is_today_unless_told(house):
    tree = check_page(at(house, "0534").get("/catalogues/words/add"), 200)
    parts = [tree.xpath(f"//*[@name='valid_from-{part}']/@value")[0] for part in ("year", "month", "day")]
    assert [int(p) for p in parts] == [today().year, today().month, today().day]
