"""Finding standard wordings and putting them into licence text (SC-01 to SC-13)."""

import json
import subprocess
import sys
from datetime import date

import pytest

from workflow.catalogues.queries import from_files
from workflow.establishment.data import ScopeEntry
from workflow.establishment.scope import compose, forbidden_words, grouped, main_business, search
from workflow.establishment.sounds import spoken

FACTS = from_files()


def texts(term: str, limit: int = 10) -> list[str]:
    return [h.entry.text for h in search(term, limit)]


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        ("信息", ["软件开发", "计算机系统服务"]),  # SC-11, the example of 2018
        ("文化", ["文化艺术咨询", "组织文化艺术交流活动"]),
        ("奶茶店", ["餐饮服务"]),
        ("程序开发", ["软件开发"]),
        ("直播带货", ["互联网销售（除销售需要许可的商品）", "个人互联网直播服务"]),
        ("快递", ["快递服务"]),
        ("理发", ["理发服务"]),
        ("网店", ["互联网销售（除销售需要许可的商品）"]),
        ("ruanjiankaifa", ["软件开发"]),
        ("rjkf", ["软件开发"]),
        ("naicha", ["餐饮服务"]),
        ("软见开发", ["软件开发"]),  # same sound
        ("软件开法", ["软件开发"]),
        ("ruanjiankafa", ["软件开发"]),  # a letter left out
        ("开发软件", ["软件开发"]),
        ("直播代货", ["互联网销售（除销售需要许可的商品）"]),
        ("ＡＰＰ开发", ["软件开发"]),
        ("我想开一家奶茶店", ["餐饮服务"]),
        ("计算机系统服务", ["计算机系统服务"]),
    ],
)
def test_what_people_type(term, wanted):
    found = texts(term)
    assert set(wanted) <= set(found), found


@pytest.mark.parametrize("synonym", FACTS.scope_synonyms, ids=lambda s: s.word)
def test_every_everyday_word_finds_its_wordings_first(synonym):
    found = texts(synonym.word, 12)
    assert synonym.texts[0] in found[:3]
    assert set(synonym.texts) <= set(found)


def test_every_wording_is_found_by_itself():
    for entry in list(FACTS.scope_entries.values())[::37]:
        assert texts(entry.text, 1) == [entry.text]


def test_the_best_comes_first_and_nothing_is_made_up():
    scores = [h.score for h in search("软件", 50)]
    assert scores == sorted(scores, reverse=True)
    assert search("", 5) == [] and search("  ", 5) == [] and search("软件", 0) == []
    assert len(search("服务", 7)) == 7
    assert search("qqqqxxxx") == []


def test_entries_out_of_force_are_not_offered():
    entry = next(h.entry for h in search("软件开发", 1))
    entry.valid_to = date(2020, 1, 1)
    try:
        assert entry.text not in texts("软件开发")
        assert entry.text in [h.entry.text for h in search("软件开发", day=date(2019, 1, 1))]
    finally:
        entry.valid_to = None


def test_tree_with_counts():
    hits = search("信息", 40)
    tree = grouped(hits)
    assert sum(branch.count for branch in tree) == len(hits)
    software = next(b for b in tree if b.industry and b.industry.code == "I")
    assert software.industry.name.startswith("信息传输")
    assert software.count == len(software.hits) + sum(c.count for c in software.children)


def test_licence_text():
    """SC-03: licensed items first, then general ones, each with its note; SC-04 once at the end."""
    chosen = [
        ScopeEntry(code="1", text="软件开发"),
        ScopeEntry(code="2", text="餐饮服务", licensed=True),
        ScopeEntry(code="3", text="软件销售"),
    ]
    assert compose(chosen) == (
        "许可项目：餐饮服务（依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以相关部门批准文件或许可证件为准）"
        "一般项目：软件开发；软件销售（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）"
    )
    assert compose(chosen[:1]).startswith("一般项目：软件开发（除依法")
    assert (
        compose(chosen, "single")
        == "软件开发；餐饮服务；软件销售（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
    )
    assert compose([]) == compose([], "single") == ""


def test_forbidden_words():
    """SC-12, WORD-01: whole words, from their day."""
    assert forbidden_words("稳定币和 RWA 服务") == ["稳定币", "RWA"]
    assert forbidden_words("货币经纪、虚拟现实、harwar") == []
    assert forbidden_words("稳定币服务", day=date(2026, 2, 5)) == []


def test_main_business():
    """SC-07: the first item gives the industry class and proposes the word of the name."""
    code = next(e.code for e in FACTS.scope_entries.values() if e.text == "计算机系统服务")
    found = main_business(code)
    assert (found.industry.code, found.word) == ("I65", "信息技术")
    assert main_business("no such code") is None


def test_licensed_entries_say_what_is_needed_and_when():
    """SC-06: before registration or after, which document, by whom."""
    common = [e for e in FACTS.scope_entries.values() if e.licensed and e.attested != "class_name"]
    assert all(e.timing for e in common)
    named = [e for e in common if e.approval and e.approved_by]
    assert len(named) / len(common) > 0.9
    assert FACTS.scope_entries["H2002"].approval == "食品经营许可证"


def test_wordings_are_read_as_with_the_whole_table_of_phrases():
    """The small table of scope_readings.csv says as much about our wordings as the package's large one."""
    catalogue = from_files()
    texts = [e.text for e in catalogue.tables["scope_entries"]] + [
        s.word for s in catalogue.tables["scope_synonyms"]
    ]
    whole = subprocess.run(
        [sys.executable, "-c", "import json, pypinyin; print(json.dumps([pypinyin.lazy_pinyin(t) for t in json.loads(input())]))"],
        input=json.dumps(texts), capture_output=True, text=True, check=True, env={},
    )  # fmt: skip
    assert [spoken(t) for t in texts] == json.loads(whole.stdout)


def test_typical_entries_of_licences_are_in_the_catalogue():
    """SC-05: wordings seen on licences; selling packaged food is general, to be filed."""
    entries = {e.text: e for e in FACTS.scope_entries.values()}
    for text in ("软件开发", "信息系统集成服务", "技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广", "互联网销售（除销售需要许可的商品）"):  # fmt: skip
        assert entries[text].category == "general"
    assert entries["食品销售（仅销售预包装食品）"].category == "filing"


@pytest.mark.parametrize(
    ("called", "wanted"),
    [("设计工作室", "专业设计服务"), ("灯具店", "灯具"), ("家具公司", "家具制造"), ("卖茶叶", "茶叶")],
)
def test_what_people_call_a_business_is_found_by_what_it_deals_in(called, wanted):
    assert any(wanted in hit.entry.text for hit in search(called, 5))


def test_a_word_that_nothing_resembles_finds_nothing():
    assert search("魑魅魍魉铺") == []


def test_what_only_sounds_alike_is_left_out_when_the_words_are_found():
    """理发店 is no typing error for 火力发电."""
    assert not [hit for hit in search("理发店") if "发电" in hit.entry.text]
    assert [hit for hit in search("软剪开发") if hit.entry.text == "软件开发"]
