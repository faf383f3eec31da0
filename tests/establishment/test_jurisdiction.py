"""Addresses as people write them, and the authority that follows (AUT-01 to AUT-11)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.catalogues.models import Authority, AuthorityRule
from workflow.catalogues.queries import Catalogue, from_files
from workflow.establishment.address import normalise, short_name
from workflow.establishment.jurisdiction import match, match_division

FACTS = from_files()
HUBEI = [d for d in FACTS.divisions.values() if d.code.startswith("42") and d.level == 3]
OWN = {"420304", "420506", "420607", "420902", "421202"}  # districts that register themselves by the evidence


def expected(division) -> str:
    """Wuhan's districts, counties and county-level cities themselves; other urban districts at their city."""
    if division.kind == "市辖区" and division.parent_code != "420100" and division.code not in OWN:
        return f"HB-{division.parent_code}"
    return f"HB-{division.code}"


@pytest.mark.parametrize("division", HUBEI, ids=lambda d: d.name)
def test_every_county_of_hubei(division):
    """Section 8.2: written in full, without province, without city, with spaces, in full-width digits."""
    assert len(HUBEI) == 103
    city = FACTS.divisions[division.city_code].name
    forms = [
        division.full_name,
        division.full_name.removeprefix("湖北省"),
        division.name,
        f"湖北 {city} {division.name}",
    ]
    for form in forms:
        for street in ("人民路1号", "建设大道８８号"):
            found = match(form + street)
            assert (found.division.code, found.rest) == (division.code, normalise(street)), form
            assert found.authority.code == expected(division), form
            assert found.part(2) == ("" if division.city_code == division.code else city)


@pytest.mark.parametrize("division", [d for d in HUBEI if d.kind == "市辖区"], ids=lambda d: d.name)
def test_kinds_of_subject(division):
    """AUT-04: joint-stock companies at the city; AUT-07: households at the district."""
    address = division.full_name + "人民路1号"
    assert match(address, "jsc").authority.code == f"HB-{division.parent_code}"
    assert match(address, "household").authority.code == f"HB-{division.code}"
    assert match(address, "llc", provincial_state=True).authority.code == "HB-420000"  # AUT-03
    foreign = match(address, foreign=True)  # AUT-06: who is authorised is not known
    assert foreign.authority is None
    assert {c.authority.code for c in foreign.candidates} == {"HB-420000", f"HB-{division.parent_code}"}


@pytest.mark.parametrize(
    "zone", [a for a in FACTS.authorities.values() if a.level == "zone"], ids=lambda a: a.code
)
def test_every_zone(zone):
    """AUT-10: zones before counties; each under its full name and its short names, with and without the city."""
    name = zone.name.removesuffix("市场监督管理局").removeprefix("武汉市")
    found = match(name + "虚构路1号")
    assert found.authority == zone
    assert found.rest == "虚构路1号"
    rules = [
        r for r in FACTS.authority_rules if r.authority_code == zone.code and r.kind == "words" and not r.ask
    ]
    for rule in rules:
        city = FACTS.divisions[rule.division_code]
        assert match(f"湖北省{city.name}{rule.place}虚构路1号").authority == zone, rule.place
        if not rule.within:
            assert match(f"{rule.place}虚构路1号").authority == zone, rule.place


@pytest.mark.parametrize(
    ("address", "division", "town", "rest", "authority"),
    [
        ("武汉市武昌区东湖路105号", "420106", None, "东湖路105号", "HB-420106"),
        ("武昌区中南路街道中南路99号", "420106", "中南路街道", "中南路99号", "HB-420106"),
        ("东湖高新区关山大道1号", "420100", None, "关山大道1号", "HB-Z-wuhan-donghu"),
        ("武汉市洪山区花山街道花城大道1号", "420111", "花山街道", "花城大道1号", "HB-Z-wuhan-donghu"),
        ("武汉市江夏区佛祖岭街办1号", "420115", "佛祖岭街道", "1号", "HB-Z-wuhan-donghu"),
        ("武汉市关东街道1号", "420115", "关东街道", "1号", "HB-Z-wuhan-donghu"),
        ("宜昌伍家岗区沿江大道１０５号", "420503", None, "沿江大道105号", "HB-420500"),
        ("襄樊市樊城区人民路1号", "420606", None, "人民路1号", "HB-420600"),
        ("襄阳市高新区紫贞街道1号", "420606", "紫贞街道", "1号", "HB-Z-xiangyang-gx"),
        ("京山县石龙镇石龙街", "420882", "石龙镇", "石龙街", "HB-420882"),
        ("监利县朱河镇永兴路258号", "421088", "朱河镇", "永兴路258号", "HB-421088"),
        ("恩施小渡船街道施州大道1号", "422801", "小渡船街道", "施州大道1号", "HB-422801"),
        ("恩施州利川市都亭街道1号", "422802", "都亭街道", "1号", "HB-422802"),
        ("长阳龙舟坪镇1号", "420528", "龙舟坪镇", "1号", "HB-420528"),
        ("湖北省省直辖县级行政区划仙桃市彭场镇1号", "429004", "彭场镇", "1号", "HB-429004"),
        ("住所：湖北省武汉市青山区冶金大道1号", "420107", None, "冶金大道1号", "HB-420107"),
        ("枣阳市经济开发区1号", "420683", None, "经济开发区1号", "HB-420683"),
        ("桥口区解放大道1号", "420104", None, "解放大道1号", "HB-420104"),
        ("武汉武昌东湖路1号", "420106", None, "东湖路1号", "HB-420106"),
        ("江岸区花桥街惠济路25号", "420102", "花桥街道", "惠济路25号", "HB-420102"),
    ],
)  # fmt: skip
def test_addresses_as_written(address, division, town, rest, authority):
    found = match(address)
    assert (found.division.code, found.town and found.town.name, found.rest) == (division, town, rest)
    assert found.authority.code == authority
    assert found.status == "matched"


@pytest.mark.parametrize(
    ("address", "status", "authorities"),
    [
        ("", "empty", set()),
        ("　 ", "empty", set()),
        ("东湖路105号", "missing_place", set()),
        ("湖北省", "missing_place", set()),
        ("黄石大道99号", "missing_place", set()),  # a road, not the city
        ("武汉市东湖路105号", "missing_county", {"HB-420106", "HB-420111"}),
        ("武汉市洪山区关山大道1号", "ambiguous", {"HB-420111", "HB-Z-wuhan-donghu"}),
        ("汉口解放大道1号", "ambiguous", {"HB-420102", "HB-420103", "HB-420104"}),
        ("城关镇解放路1号", "ambiguous", {"HB-420325", "HB-420922"}),
        ("武汉市伍家岗区1号", "ambiguous", {"HB-420500"}),
        ("北京市朝阳区建国路1号", "outside", set()),
        ("湖南省长沙市岳麓区1号", "outside", set()),
    ],
)
def test_what_is_not_certain_is_asked(address, status, authorities):
    found = match(address)
    assert (found.status, found.authority) == (status, None)
    assert authorities <= {c.authority.code for c in found.candidates if c.authority}
    assert found.reason.zh and found.reason.en
    assert all(c.reason.zh for c in found.candidates)


def test_the_missing_part_is_named():
    assert "武汉市" in match("武汉市东湖路105号").reason.zh
    assert "伍家岗区不属于武汉市" in match("武汉市伍家岗区1号").reason.zh
    assert "朝阳区" in match("北京市朝阳区建国路1号").reason.zh


def test_a_doubtful_alternative_is_shown_beside_a_sure_answer():
    """AUT-10 for Hannan: its own authority, the joint zone as alternative."""
    found = match("武汉市汉南区纱帽街道1号")
    assert found.authority.code == "HB-420113"
    assert [c.authority.code for c in found.candidates] == ["HB-Z-wuhan-whdz"]


def test_the_other_way_in():
    """Cascading selects decide as the text does."""
    assert match_division("420106", "", "东湖路105号").authority.code == "HB-420106"
    assert match_division("420111", "420111014", "1号").authority.code == "HB-Z-wuhan-donghu"
    assert match_division("420111", "", "关山大道1号").status == "ambiguous"
    with pytest.raises(KeyError):
        match_division("429999")


def _with(**changes: list) -> Catalogue:
    return Catalogue({**FACTS.tables, **{k: FACTS.tables[k] + v for k, v in changes.items()}})


def test_rules_hold_from_day_to_day():
    """AUT-09: a new authority takes over on its day, and nobody needs to restart."""
    bureau = Authority(
        code="HB-NEW", name="虚构审批局", level="county", host_division="420106", uscc_authority_code="420106"
    )
    rule = AuthorityRule(
        code="NEW", kind="division", division_code="420106", place="420106", authority_code="HB-NEW", entity_types=[],
        within=[], priority=11, ask=False, basis="虚构", valid_from=date(2027, 1, 1), valid_to=date(2028, 1, 1),
    )  # fmt: skip
    facts = _with(registration_authorities=[bureau], authority_rules=[rule])
    answers = [
        match("武汉市武昌区东湖路105号", catalogue=facts, day=day).authority.code
        for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31), date(2028, 1, 1))
    ]
    assert answers == ["HB-420106", "HB-NEW", "HB-NEW", "HB-420106"]


def test_answer_of_the_command():
    found = match("武汉市武昌区东湖路105号").as_json()
    assert [*found] == [
        "address", "division_code", "division", "town", "rest", "authority", "candidates", "reason",
    ]  # fmt: skip
    assert found["authority"] == {"code": "HB-420106", "name": "武汉市武昌区市场监督管理局"}
    assert replace(match("x"), address="y").as_json()["authority"] is None


def test_short_names():
    assert short_name("恩施土家族苗族自治州") == "恩施"
    assert short_name("武昌区") == "武昌"
    assert short_name("房县") == ""


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "湖北省",
                    "武汉市",
                    "武汉",
                    "武昌区",
                    "东湖高新区",
                    "城关镇",
                    "恩施",
                    "汉口",
                    "高新区",
                    "北京市",
                    "1号",
                ]
            ),
            st.text(max_size=5),
        ),
        max_size=8,
    ).map("".join)
)
def test_any_text_gets_an_answer(text):
    found = match(text)
    assert (found.authority is not None) == (found.status == "matched")
    assert found.authority is None or found.authority.code in FACTS.authorities
