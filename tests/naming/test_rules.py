"""Structure and word rules, each under its ID: NM-, LIM-, WORD-."""

from datetime import date

import pytest

from workflow.naming.catalogue import compiled
from workflow.naming.facts import FORMS
from workflow.naming.proposal import Proposal
from workflow.naming.rules import local_findings
from workflow.naming.text import standard_characters
from workflow.naming.word_rules import CATEGORIES, scope_findings

TODAY = date(2026, 11, 24)
WUCHANG = "420106"


def findings(name, kind="llc", authority=WUCHANG, exemptions=(), on=TODAY, **more):
    proposal = Proposal(authority, text=name, entity_type=kind, exemptions=frozenset(exemptions), **more)
    return local_findings(proposal, proposal.parts(), compiled(), on)


def rules(name, kind="llc", **more):
    found = findings(name, kind, **more)
    return {(r, f.effect) for f in found for r in (f.rule, *f.also)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("武汉小张软件有限公司", "llc"),
        ("小张（武汉）软件有限公司", "llc"),
        ("小张软件（武汉）有限责任公司", "llc"),
        ("武汉市武昌区小张软件有限公司", "llc"),
        ("湖北省武汉市小张软件有限公司", "llc"),
        ("湖北小张软件股份有限公司", "jsc"),
        ("武汉小张企业管理咨询中心（普通合伙）", "gp"),
        ("武汉小张会计师事务所（特殊普通合伙）", "sgp"),
        ("武汉市武昌区小张餐饮店", "household"),
        ("武汉小张食品厂（个人独资）", "sole"),
        ("武汉小张软件有限公司武昌分公司", "branch"),
        ("武汉泰山商贸有限公司", "llc"),
        ("武汉小张货币经纪有限公司", "llc"),
        ("武汉小张虚拟现实科技有限公司", "llc"),
        ("武汉小张国际贸易有限公司", "llc"),
        ("武汉东湖新技术开发区小张软件有限公司", "llc"),
    ],
)
def test_nothing_stops_a_name_that_keeps_the_rules(name, kind):
    assert [f for f in findings(name, kind) if f.effect == "block"] == []


@pytest.mark.parametrize("name", ["武汉小张软件有限公司", "武汉泰山商贸有限公司", "武汉沃动机械有限公司"])
def test_and_nothing_is_said_about_a_plain_one(name):
    """NM-11's own example of an acceptable name among them, and 泰山: a place, and a fine trade name."""
    assert findings(name) == []


@pytest.mark.parametrize(
    ("character", "standard"), [("昇", True), ("𬭎", True), ("堃", True), ("堀", False), ("彐", False)]
)
def test_the_national_list_of_characters_decides(character, standard):
    """NM-04: 8,105 characters, among them rare ones of people's names, some beyond the basic plane."""
    assert len(standard_characters()) == 8105
    assert (("NM-04", "review") in rules(f"武汉{character}林软件有限公司")) is not standard


BLOCKED = [
    ("NM-03", "武汉ABC软件有限公司", "llc"),
    ("LIM-09", "武汉小张3软件有限公司", "llc"),
    ("NM-04", "武汉小张、小李软件有限公司", "llc"),
    ("NM-04", "武汉小张（软件有限公司", "llc"),
    ("NM-03", "武漢小張軟件有限公司", "llc"),
    ("NM-01", "小张软件有限公司", "llc"),
    ("NM-31", "小张软件有限公司", "llc"),
    ("LIM-20", "小张软件有限公司", "llc"),
    ("NM-05", "宜昌小张软件有限公司", "llc"),
    ("LIM-11", "武汉市洪山区小张软件有限公司", "llc"),
    ("NM-06", "武昌小张软件有限公司", "llc"),
    ("NM-06", "武昌区小张软件有限公司", "llc"),
    ("LIM-21", "武昌区小张软件有限公司", "llc"),
    ("NM-07", "东湖新技术开发区小张软件有限公司", "llc"),
    ("NM-09", "武汉张软件有限公司", "llc"),
    ("LIM-12", "武汉张软件有限公司", "llc"),
    ("NM-11", "武汉动力机械有限公司", "llc"),
    ("NM-10", "武汉动力机械有限公司", "llc"),
    ("NM-15", "武汉小张软件股份有限公司", "llc"),
    ("NM-15", "武汉小张软件有限公司", "jsc"),
    ("LIM-14", "武汉小张软件中心", "gp"),
    ("NM-15", "武汉小张投资中心（普通合伙）", "lp"),
    ("NM-15", "武汉小张软件有限公司", "sole"),
    ("NM-15", "武汉市武昌区小张软件公司", "household"),
    ("NM-15", "武汉小张软件有限公司", "cooperative"),
    ("NM-16", "武汉小张软件分公司", "branch"),
    ("NM-19", "武汉小张集团有限公司", "llc"),
    ("NM-18", "武汉小张软件（集团）有限公司", "llc"),
    ("NM-20", "中国小张软件有限公司", "llc"),
    ("NM-20", "中华小张软件有限公司", "llc"),
    ("LIM-19", "国际小张软件有限公司", "llc"),
    ("NM-21", "武汉小张国际有限公司", "llc"),
    ("NM-20", "武汉小张中国软件有限公司", "llc"),
    ("LIM-05-1", "武汉支那商贸有限公司", "llc"),
    ("LIM-05-1", "武汉黑太阳商贸有限公司", "llc"),
    ("LIM-05-1", "武汉大地主商贸有限公司", "llc"),
    ("LIM-05-2", "武汉九一一商贸有限公司", "llc"),
    ("LIM-05-2", "武汉东突商贸有限公司", "llc"),
    ("LIM-05-2", "武汉占中商贸有限公司", "llc"),
    ("LIM-05-3", "武汉大东亚商贸有限公司", "llc"),
    ("LIM-05-3", "武汉大和商贸有限公司", "llc"),
    ("LIM-05-3", "武汉福尔摩萨商贸有限公司", "llc"),
    ("LIM-05-4", "武汉黑鬼商贸有限公司", "llc"),
    ("LIM-05-5", "武汉鬼都商贸有限公司", "llc"),
    ("LIM-05-5", "武汉妻妾成群商贸有限公司", "llc"),
    ("LIM-05-6", "武汉海洛因商贸有限公司", "llc"),
    ("LIM-05-6", "武汉推牌九商贸有限公司", "llc"),
    ("LIM-06-1", "武汉董存瑞商贸有限公司", "llc"),
    ("LIM-06-1", "武汉雷锋商贸有限公司", "llc"),
    ("LIM-06-2", "武汉法轮功商贸有限公司", "llc"),
    ("LIM-06-2", "武汉汪精卫商贸有限公司", "llc"),
    ("LIM-06-2", "武汉秦桧商贸有限公司", "llc"),
    ("LIM-06-3", "武汉基督教商贸有限公司", "llc"),
    ("LIM-06-3", "武汉佛教商贸有限公司", "llc"),
    ("LIM-06-3", "武汉伊斯兰教商贸有限公司", "llc"),
    ("LIM-07", "武汉俄罗斯商贸有限公司", "llc"),
    ("LIM-07", "武汉联合国商贸有限公司", "llc"),
    ("LIM-08", "武汉共产党商贸有限公司", "llc"),
    ("LIM-08", "武汉国务院商贸有限公司", "llc"),
    ("LIM-08", "武汉人民银行食品有限公司", "llc"),  # 人民 | 银行食品, as the parser cuts it
    ("WORD-04", "武汉解放军商贸有限公司", "llc"),
    ("LIM-23", "武汉国家级商贸有限公司", "llc"),
    ("LIM-23", "武汉最高级商贸有限公司", "llc"),
    ("LIM-23", "武汉最佳商贸有限公司", "llc"),
    ("LIM-26", "武汉教授商贸有限公司", "llc"),
    ("WORD-01", "武汉小张虚拟货币有限公司", "llc"),
    ("WORD-01", "武汉稳定币科技有限公司", "llc"),
    ("WORD-01", "武汉小张RWA科技有限公司", "llc"),
    ("WORD-01", "武汉市武昌区加密资产店", "household"),
]


@pytest.mark.parametrize(("rule", "name", "kind"), BLOCKED)
def test_blocked(rule, name, kind):
    assert (rule, "block") in rules(name, kind)


REVIEWED = [
    ("NM-10", "武汉宜昌商贸有限公司"),
    ("LIM-25", "武汉宜昌商贸有限公司"),
    ("NM-32", "武汉小张烘烤有限公司"),
    ("LIM-28", "武汉小张烘烤有限公司"),
    ("NM-20", "武汉小张软件（中国）有限公司"),
    ("LIM-22", "武汉我们一起来做软件吧软件有限公司"),
    ("LIM-24", "武汉巴黎商贸有限公司"),
    ("LIM-26", "武汉张博士商贸有限公司"),
    ("LIM-27", "武汉茅台酒业有限公司"),
    ("LIM-16", "武汉清华教育科技有限公司"),
    ("LIM-18", "武汉小张慈善文化传播有限公司"),
    ("LIM-13", "武汉小张医院管理有限公司"),
    ("WORD-02", "武汉小张资产管理有限公司"),
    ("WORD-02", "武汉小张基金管理有限公司"),
    ("WORD-04", "武汉军供商贸有限公司"),
    ("LIM-08", "武汉义人民银行食品有限公司"),  # it may be chance that the word arises
    ("WORD-01", "武汉比特币信息技术有限公司"),
]


@pytest.mark.parametrize(("rule", "name"), REVIEWED)
def test_reviewed(rule, name):
    found = rules(name)
    assert (rule, "review") in found and not any(effect == "block" for _, effect in found)


@pytest.mark.parametrize(
    "name",
    [
        "武汉小张货币经纪有限公司",
        "武汉小张虚拟现实科技有限公司",
        "武汉小张中央空调有限公司",
        "武汉小三峡旅游有限公司",
        "武汉今日本色商贸有限公司",
        "武汉大和谐商贸有限公司",
        "武汉汉中国际贸易有限公司",
        "武汉体操文化传播有限公司",
        "武汉天美国际贸易有限公司",  # 天美 | 国际, not 美国
    ],
)
def test_a_word_of_another_meaning_passes(name):
    """A bare substring of a restricted word says nothing: whole words, with exceptions."""
    assert not [f for f in findings(name) if f.effect == "block"]


def test_word_01_is_in_force_from_its_day():
    assert "WORD-01" not in {r for r, _ in rules("武汉虚拟资产科技有限公司", on=date(2026, 2, 5))}
    assert "WORD-01" in {r for r, _ in rules("武汉虚拟资产科技有限公司", on=date(2026, 2, 6))}


def test_word_01_counts_in_the_scope_too():
    assert [f.rule for f in scope_findings("软件开发；稳定币发行", compiled(), TODAY)] == ["WORD-01"]
    assert scope_findings("虚拟现实设备制造；货币经纪", compiled(), TODAY) == []


@pytest.mark.parametrize(
    ("exemption", "name"),
    [
        ("no_division", "小张软件有限公司"),
        ("state_council", "中国小张软件有限公司"),
        ("group", "武汉小张软件集团有限公司"),
    ],
)
def test_a_special_case_goes_to_a_person(exemption, name):
    """NM-30, NM-34: authorised special cases are routed to a manual queue."""
    assert any(f.effect == "block" for f in findings(name))
    assert not any(f.effect == "block" for f in findings(name, exemptions=[exemption]))


def test_nm_12_the_investors_name_may_be_the_trade_name():
    assert findings("武汉张小红软件有限公司") == []


@pytest.mark.parametrize("form", FORMS["branch"])
def test_nm_16_every_branch_form(form):
    assert not [f for f in findings(f"武汉小张软件有限公司汉口{form}", "branch") if f.effect == "block"]


def test_every_finding_speaks_both_languages_and_names_its_basis():
    for _, name, kind in BLOCKED:
        for finding in findings(name, kind):
            assert finding.words.zh and finding.words.en and finding.basis


def test_lists_behind_places_and_words():
    """WORD-03: divisions are found through NM-10, states, parties, leaders and marks in the word list."""
    assert ("WORD-03", "review") in rules("武汉宜昌商贸有限公司")
    known = {word.rule for word in compiled().words.values()}
    assert {"LIM-06-1", "LIM-07", "LIM-08", "LIM-27", "WORD-04"} <= known


def test_every_category_of_the_list_has_an_english_name():
    assert {w.category for w in compiled().words.values()} <= set(CATEGORIES)


def test_letters_are_quoted_in_the_order_in_which_they_were_typed():
    assert "“a1”" in next(f for f in findings("武汉a1软件有限公司") if f.rule == "NM-03").words.zh
