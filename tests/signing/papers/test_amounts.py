"""Sums and dates as printed (LIC-08)."""

from datetime import date

import pytest

from signing.papers.amounts import capitals, day, numeral, percents, shares, short_day, wan


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (50_000_000, "伍拾万元整"),
        (100_000_000, "壹佰万元整"),
        (10_000_000, "壹拾万元整"),
        (300_000, "叁仟元整"),
        (100_500_000, "壹佰万伍仟元整"),
        (1_000_000_000_000, "壹佰亿元整"),
        (10_000_000_000, "壹亿元整"),
        (10_001_000_000, "壹亿零壹万元整"),
        (1_234_567_890, "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元玖角整"),
        (10_001, "壹佰元零壹分"),
        (10_010, "壹佰元壹角整"),
        (123, "壹元贰角叁分"),
        (5, "伍分"),
        (50, "伍角整"),
        (0, "零元整"),
    ],
)
def test_capitals(fen, words):
    assert capitals(fen) == words


def test_negative_sums_are_refused():
    with pytest.raises(ValueError, match="negative"):
        capitals(-1)


def test_small_forms():
    assert [wan(f) for f in (50_000_000, 1_234_560_000, 500_000, 1, None)] == [
        "50",
        "1234.56",
        "0.5",
        "0.000001",
        "",
    ]
    assert day(date(2026, 11, 4)) == "2026年11月4日" and short_day(None) == "—"
    assert [numeral(n) for n in (1, 10, 12, 20, 35)] == ["一", "十", "十二", "二十", "三十五"]


@pytest.mark.parametrize("parts", [(1, 1, 1), (1,), (1, 2, 4, 7, 11), tuple(range(1, 51)), (2, 1, 0)])
def test_shares_add_up_to_a_hundred(parts):
    """What a table prints adds up: 33.34, 33.33, 33.33."""
    assert sum(shares(parts)) == 100
    assert all(abs(float(s) - 100 * p / sum(parts)) < 0.02 for s, p in zip(shares(parts), parts, strict=True))


def test_shares_as_printed():
    assert percents([1, 1, 1]) == ["33.34%", "33.33%", "33.33%"] and percents([5]) == ["100%"]
    assert percents([0, 0]) == ["", ""] and percents([]) == []
