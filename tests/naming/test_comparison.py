"""CMP-S1 to CMP-N6 and the comparison sets, each official example under its rule."""

from datetime import date, timedelta

import pytest

from tests.naming.conftest import NOW
from workflow.naming import facts

# (rule, existing name, proposed name); 北京 registers under 110101.
OFFICIAL = [
    ("CMP-S1", "北京红光酒业发展有限公司", "北京红光酒业发展有限公司"),
    ("CMP-S2", "北京红光酒业发展有限公司", "红光（北京）酒业发展有限公司"),
    ("CMP-S3", "北京红光酒业有限公司", "红光酒业有限公司"),
    ("CMP-S3", "北京红光酒业有限公司", "北京红光酒业股份有限公司"),
    ("CMP-S3", "北京红光酒业有限公司", "北京红光酒厂"),
    ("CMP-N1", "万青地产有限公司", "万青房地产有限公司"),
    ("CMP-N1", "万青地产有限公司", "万青置业有限公司"),
    ("CMP-N2", "北京牛栏山酒业有限公司", "北京牛兰山酒业有限公司"),
    ("CMP-N2", "北京牛栏山酒业有限公司", "北京牛蓝山白酒有限公司"),
    ("CMP-N3", "北京阿里巴巴网络科技有限公司", "北京阿里巴巴巴巴网络科技有限公司"),
    ("CMP-N3", "北京阿里巴巴网络科技有限公司", "北京阿里巴巴在线网络科技有限公司"),
    ("CMP-N4", "北京阿里巴巴科技有限公司", "北京马云阿理巴巴科技有限公司"),
    ("CMP-N4", "北京阿里巴巴科技有限公司", "北京阿理巴巴金控技术有限公司"),
    ("CMP-N5", "北京牛兰山有限公司", "北京金牛栏山有限公司"),
    ("CMP-N5", "北京全聚德有限公司", "北京荃巨得有限公司"),
    ("CMP-N5", "北京全聚德有限公司", "北京宏荃聚德实业有限公司"),
    ("CMP-N6", "北京泰山商贸有限公司", "北京秦山商贸有限公司"),
]
BLOCKING = {"CMP-S1", "CMP-S2", "CMP-S3", "CMP-N1", "CMP-B4"}


@pytest.mark.parametrize(("rule", "existing", "proposed"), OFFICIAL)
def test_official_example(registered, ask, rule, existing, proposed):
    registered(existing, "110101")
    found = [f for f in ask(proposed, "110105").findings if f.match]
    assert [(f.rule, f.match.name) for f in found] == [(rule, existing)]
    assert found[0].effect == ("block" if rule in BLOCKING else "review")


@pytest.mark.parametrize(("rule", "existing", "proposed"), OFFICIAL)
def test_the_relation_holds_both_ways(registered, ask, rule, existing, proposed):
    registered(proposed, "110101")
    found = [f.rule for f in ask(existing, "110105").findings if f.match]
    assert found == [rule]


def test_cmp_n6_the_guide_counts_equal_sound_as_well(registered, ask):
    registered("北京马栏山酒业有限公司", "110101")
    finding = next(f for f in ask("北京马兰山白酒有限公司", "110101").findings if f.match)
    assert finding.rule == "CMP-N2" and "CMP-N6" in finding.also


def test_nothing_collides_with_another_trade_or_place(registered, ask):
    registered("武汉小张餐饮管理有限公司")
    registered("宜昌小张软件有限公司", "420502")
    assert ask("武汉小张软件有限公司").verdict == "clear"


@pytest.mark.parametrize("authority", ["420102", "420100", "HB-420115", "HB-Z-wuhan-donghu"])
def test_cmp_b5_the_whole_prefecture_is_one_set(registered, ask, authority):
    registered("武汉小张软件有限公司", authority)
    assert ask("武汉市小张软件有限公司").verdict == "blocked"


def test_cmp_b9_province_administered_units_are_their_own_sets(registered, ask):
    registered("仙桃小张软件有限公司", "429004")
    assert ask("仙桃小张软件有限责任公司", "429004").verdict == "blocked"
    assert not [f for f in ask("天门小张软件有限公司", "429006").findings if f.match]


def test_cmp_b7_names_with_the_provinces_name_meet_throughout_the_province(registered, ask):
    registered("湖北小张软件有限公司", "420502")
    assert ask("湖北小张软件有限公司").verdict == "blocked"
    assert ask("武汉小张软件有限公司").verdict == "clear"


def test_cmp_b4_a_name_without_industry_meets_every_trade(registered, ask):
    registered("武汉小张实业有限公司")
    finding = next(f for f in ask("武汉小张软件有限公司").findings if f.match)
    assert (finding.rule, finding.effect) == ("CMP-B4", "block")


@pytest.mark.parametrize(
    ("status", "age", "blocks"),
    [
        ("registered", 4000, True),
        ("pending", 10, True),
        ("licence_revoked", 2000, True),  # CMP-B6(4): revoked but not de-registered
        ("deregistered", 364, True),  # CMP-B2
        ("deregistered", 366, False),
        ("renamed", 364, True),  # CMP-B2, CMP-B6(3)
        ("renamed", 366, False),
        ("establishment_revoked", 364, True),  # CMP-B3
        ("establishment_revoked", 366, False),
        ("released", 1, False),
        ("expired", 1, False),
    ],
)
def test_cmp_b1_b2_b3_b6_states(registered, ask, status, age, blocks):
    registered("武汉小张软件有限公司", status=status, on=NOW.date() - timedelta(days=age))
    assert (ask("武汉小张软件有限公司").verdict == "blocked") is blocks


def test_cmp_b1_a_reservation_counts_until_it_ends_and_says_when(registered, ask):
    row = registered("武汉小张软件有限公司", status="reserved", reserved_until=NOW + timedelta(days=3))
    finding = next(f for f in ask("武汉小张软件有限公司").findings if f.match)
    assert "2026-11-27" in finding.words.zh and finding.match.reserved_until == row.reserved_until
    row.reserved_until = NOW
    assert ask("武汉小张软件有限公司").verdict == "clear"


@pytest.mark.parametrize(
    ("status", "exemption", "verdict"),
    [
        ("registered", "investment", "review"),
        ("registered", "transferee", "blocked"),
        ("deregistered", "transferee", "review"),
        ("renamed", "transferee", "review"),
        ("establishment_revoked", "transferee", "blocked"),
    ],
)
def test_exemptions_turn_a_block_into_a_review(registered, ask, status, exemption, verdict):
    registered("武汉小张软件有限公司", status=status, on=date(2026, 11, 1))
    assert ask("武汉小张软件有限公司", exemptions=frozenset({exemption})).verdict == verdict


def test_every_reading_of_a_polyphone_counts(registered, ask):
    registered("武汉乐达软件有限公司")  # le, yue
    for name in ("武汉勒达软件有限公司", "武汉月达软件有限公司"):
        assert [f.rule for f in ask(name).findings if f.match] == ["CMP-N2"]
    assert not [f for f in ask("武汉罗达软件有限公司").findings if f.match]


def test_fifty_are_listed_with_the_true_count(registered, ask):
    for i in range(60):
        registered(f"武汉小张{chr(0x4E00 + 7 * i)}{chr(0x5E00 + 11 * i)}软件有限公司")
    answer = ask("武汉小张软件有限公司")
    assert answer.total == 60 and len([f for f in answer.findings if f.match]) == 50


def test_most_serious_first_and_stable(registered, ask):
    for name in ("武汉小张软件有限公司", "武汉小章软件有限公司", "武汉新小张软件有限公司"):
        registered(name)
    answer = ask("武汉小张软件有限责任公司")
    assert [f.rule for f in answer.findings] == ["CMP-S3", "CMP-N2", "CMP-N3"]
    assert answer.findings == ask("武汉小张软件有限责任公司").findings


# --- the set of names that are compared, fact by fact ------------------------------------------------------


def test_reserved_by_others_and_cleared_by_an_investment_relation(registered, ask):
    """CMP-B1, CMP-B6(2), REG734 Art. 17: a live name blocks; a declared relation turns the block into a review."""
    registered("武汉小张软件有限公司", status="reserved", reserved_until=NOW + timedelta(days=1))
    assert ask("武汉小张软件有限责任公司").verdict == "blocked"
    assert ask("武汉小张软件有限责任公司", exemptions=frozenset({"investment"})).verdict == "review"


def test_the_city_is_the_area_whatever_the_district(registered, ask):
    """CMP-B5: two districts of one city meet, two cities do not."""
    registered("武汉小张软件有限公司", authority="420102")
    assert [f.rule for f in ask("武汉市小张软件有限公司", "420106").findings] == ["CMP-S3"]
    assert ask("宜昌小张软件有限公司", "420502").verdict == "clear"


def test_names_with_the_provinces_name_meet_throughout_it(registered, ask):
    """CMP-B7."""
    registered("湖北小张软件有限公司", authority="420502")
    assert [f.rule for f in ask("湖北省小张软件有限公司", "420106").findings] == ["CMP-S3"]


def test_a_province_administered_city_is_an_area_of_its_own(registered, ask):
    """CMP-B9: 仙桃 and 潜江 do not meet."""
    registered("仙桃小张软件有限公司", authority="429004")
    assert ask("潜江小张软件有限公司", "429005").verdict == "clear"
    assert ask("仙桃市小张软件有限公司", "429004").verdict == "blocked"


def test_one_trade_is_one_class(registered, ask):
    """CMP-B8 as we cut it: two words of one class are one trade, words of two classes are not."""
    words = facts.industry_words()
    first = words["软件"]
    other = next(
        w
        for w in words.values()
        if w.code[:3] == first.code[:3] and not w.group and w.word != "软件" and len(w.word) == 2
    )
    registered("武汉小张软件有限公司")
    assert [f.rule for f in ask(f"武汉小张{other.word}有限公司").findings] == ["CMP-N1"]
    assert ask("武汉小张茶叶有限公司").verdict == "clear"


def test_blocks_and_reviews_of_comparison_name_their_list_rule(registered, ask):
    """LIM-04 stands behind every block of the comparison, LIM-15 behind what is only alike."""
    registered("武汉小张软件有限公司")
    assert [f.also for f in ask("武汉市小张软件有限公司").findings] == [("LIM-04",)]
    assert {f.also for f in ask("武汉小章软件有限公司").findings} <= {("CMP-N6",), ("LIM-15",)}
    assert [f.also for f in ask("武汉小张星软件有限公司").findings] == [("LIM-15",)]


def test_another_enterprises_full_name_inside_a_name(registered, ask):
    """NM-22, LIM-17: only with an investment relation or an authorisation; a branch bears its parent's name (NM-16)."""
    registered("武汉小张软件有限公司")
    wish = "武汉小张软件有限公司咨询有限公司"
    found = [f for f in ask(wish).findings if f.rule == "NM-22"]
    assert [(f.effect, f.match.name, f.also) for f in found] == [
        ("block", "武汉小张软件有限公司", ("LIM-17",))
    ]
    allowed = [f for f in ask(wish, exemptions=frozenset({"authorisation"})).findings if f.rule == "NM-22"]
    assert [f.effect for f in allowed] == ["review"]
    branch = ask("武汉小张软件有限公司汉口分公司", entity_type="branch")
    assert "NM-22" not in [f.rule for f in branch.findings]
    assert "NM-22" not in [f.rule for f in ask("武汉小李软件有限公司咨询有限公司").findings]


def test_an_investors_own_name_is_a_trade_name(ask):
    """NM-12."""
    assert ask("武汉张小七软件有限公司").verdict == "clear"


def test_a_branch_may_leave_the_place_out(ask):
    """NM-17: what equals the parent's is not repeated."""
    for name in ("武汉小张软件有限公司分公司", "武汉小张软件有限公司汉口分公司"):
        assert "NM-16" not in [f.rule for f in ask(name, entity_type="branch").findings]


def test_a_foreign_language_name_is_not_registered(ask):
    """NM-23, NM-03: the register takes Chinese characters only."""
    assert "NM-03" in [f.rule for f in ask("Wuhan Xiaozhang Software Co., Ltd.").findings]
