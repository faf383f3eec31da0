"""Identity numbers (GB 11643), phones, mail addresses; what follows from them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import ric

from tests.establishment.applications import TODAY, application, id_number
from workflow import identity
from workflow.catalogues.queries import from_files
from workflow.establishment import derive, rules
from workflow.establishment.data import Application, Person

FACTS = from_files()


@given(
    st.dates(date(1990, 1, 1), TODAY), st.integers(0, 999), st.sampled_from(["420106", "110105", "310104"])
)
def test_agrees_with_the_oracle(birth, serial, region):
    """python-stdnum is the oracle for births in regions that it knows (its regions have years)."""
    number = id_number(serial, f"{birth:%Y%m%d}", region)
    assert identity.resident_id_problem(number, TODAY) is None
    assert ric.is_valid(number)
    assert identity.birth_date(number) == birth


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_caught(place, shift):
    number = id_number(7)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assume(wrong != number)
    assert identity.resident_id_problem(wrong, TODAY) is not None


def test_regions_of_the_past_and_of_nowhere_pass():
    """Codes of the past live on; demonstration numbers use none."""
    for region in ("990000", "420821", "810000"):
        assert identity.resident_id_problem(id_number(1, region=region), TODAY) is None


@pytest.mark.parametrize(
    "number",
    ["", "420106", "42010619900307001", id_number(1) + "1", id_number(1) + "\n", "４" * 18, "x" * 18],
)
def test_not_a_number(number):
    assert identity.resident_id_problem(number, TODAY) == identity.LENGTH


def test_birth_dates_must_be_possible():
    tomorrow = TODAY + timedelta(days=1)
    assert identity.resident_id_problem(id_number(1, f"{tomorrow:%Y%m%d}"), TODAY) == identity.BIRTH
    assert identity.resident_id_problem(id_number(1, "18991231"), TODAY) == identity.BIRTH
    assert identity.resident_id_problem(id_number(1, "20010229"), TODAY) == identity.BIRTH


@pytest.mark.parametrize(
    ("kind", "number", "good"),
    [
        ("passport", "E12345678", True), ("passport", "E1", False), ("hk_macao_permit", "H12345678", True),
        ("hk_macao_permit", "X12345678", False), ("taiwan_permit", "12345678", True), ("taiwan_permit", "1234", False),
        ("foreign_residence", "USA123456789012", True), ("foreign_residence", "12", False),
    ],
)  # fmt: skip
def test_other_documents(kind, number, good):
    assert (identity.document_problem(kind, number, TODAY) is None) is good


def test_phones_and_mail():
    assert identity.valid_mobile("13900000001") and identity.valid_mobile("+85291234567")
    assert not any(
        map(identity.valid_mobile, ["", "1390000000", "23900000001", "139000000011", "027-88888888"])
    )
    assert identity.valid_phone("027-87654321") and not identity.valid_phone("12")
    assert (
        identity.valid_email("a@example.com")
        and not identity.valid_email("a@")
        and not identity.valid_email("a b@c.cn")
    )


def test_age_turns_on_the_birthday():
    born = date(2008, 11, 25)
    assert [identity.age(born, d) for d in (date(2026, 11, 24), date(2026, 11, 25))] == [17, 18]


def test_derived_from_the_number():
    """Birth date and sex are shown, not asked."""
    man, woman = Person(key="a", id_number=id_number(1)), Person(key="b", id_number=id_number(2))
    assert (derive.sex(man), derive.sex(woman)) == ("male", "female")
    assert derive.born(man) == date(1990, 3, 7)
    assert derive.sex(Person(key="c", id_type="passport", id_number="E12345678")) == ""
    assert derive.born(Person(key="c", id_number="abc")) is None


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (1_000_000_00, "壹佰万元整"), (500_000_00, "伍拾万元整"), (10_000_00, "壹万元整"),
        (1_234_567_89, "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"), (100_000_000_00, "壹亿元整"), (10_500_000_00, "壹仟零伍拾万元整"),
    ],
)  # fmt: skip
def test_capital_in_capitals(fen, words):
    """LIC-08."""
    assert derive.capital_in_words(fen) == words


def test_no_negative_amount():
    with pytest.raises(ValueError, match="negative"):
        derive.capital_in_words(-1)
    assert (derive.in_wan(500_000_00), derive.in_wan(1_234_00)) == ("50", "0.1234")


@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=50))
def test_shares_add_up(amounts):
    """Share in percent with two places: never 99.99 in all, and each within a hundredth of the exact one."""
    assume(sum(amounts) > 0)
    app = Application(contributions=[{"party": f"p{i}", "subscribed": a} for i, a in enumerate(amounts)])
    shares = derive.shares(app)
    assert sum(shares.values()) == Decimal(100)
    for i, amount in enumerate(amounts):
        assert abs(shares[f"p{i}"] - Decimal(100 * amount) / sum(amounts)) <= Decimal("0.01")


def test_defaults_fit_the_lone_founder_and_change_nothing_entered():
    """小张 gives his shares; the rest is proposed and passes."""
    bare = application(
        "llc",
        FACTS,
        officers=[],
        governance={},
        liaison={},
        submitter={},
        beneficial={},
        contributions=[{"party": "p1", "subscribed": 500_000_00}],
    )
    filled = derive.with_defaults(bare, TODAY)
    found = rules.check(filled, rules.Context(today=TODAY, catalogue=FACTS))
    assert [p for p in found if p.severity == "error"] == []
    assert bare.officers == [] and filled.contributions[0].due == date(2031, 11, 24)
    chosen = application("llc", FACTS)
    assert derive.with_defaults(chosen, TODAY) == chosen


@pytest.mark.parametrize("entity_type", ["sole", "household", "gp", "jsc"])
def test_defaults_for_other_types_keep_them_whole(entity_type):
    filled = derive.with_defaults(application(entity_type, FACTS), TODAY)
    assert not [
        p for p in rules.check(filled, rules.Context(today=TODAY, catalogue=FACTS)) if p.severity == "error"
    ]
