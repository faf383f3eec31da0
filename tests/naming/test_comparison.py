"""CMP-S1 to CMP-N6 and the comparison sets, each official example under its rule."""

from datetime import date, timedelta

import pytest

from tests.naming.conftest import NOW

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
