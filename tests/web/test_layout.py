"""Dates, money, paging and the words of a deadline."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.web import layout
from app.web.assets import build
from app.web.pagination import Page, paginate_list

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.fixture(params=["zh", "en"])
def language(request, web):
    with web.test_request_context("/", headers={"Cookie": f"qibu_lang={request.param}"}):
        yield request.param


def test_dates_are_those_of_shanghai(language):
    late = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    assert layout.day(late) == {"zh": "2026年11月25日", "en": "25 November 2026"}[language]
    assert layout.day(date(2026, 1, 2)) == {"zh": "2026年1月2日", "en": "2 January 2026"}[language]
    assert layout.moment(late).endswith("00:30")
    assert 'datetime="2026-11-25T00:30+08:00"' in layout.time_tag(late)
    assert layout.day(None) == layout.moment(None) == ""


@pytest.mark.parametrize(
    ("fen", "yuan", "wan"),
    [
        (50_000_000, ("500,000 元", "CNY 500,000"), ("50 万元", "CNY 500,000")),
        (1, ("0.01 元", "CNY 0.01"), ("0.000001 万元", "CNY 0.01")),
        (123_450, ("1,234.50 元", "CNY 1,234.50"), ("0.12345 万元", "CNY 1,234.5")),
        (0, ("0 元", "CNY 0"), ("0 万元", "CNY 0")),
    ],
)
def test_money_is_exact(language, fen, yuan, wan):
    which = ("zh", "en").index(language)
    assert layout.yuan(fen) == yuan[which]
    assert layout.wan(fen) == wan[which]


@pytest.mark.parametrize(
    ("after", "days", "zh", "kind"),
    [
        (timedelta(hours=-2, minutes=-5), None, "超 2 小时", "bad"),
        (timedelta(minutes=-5), None, "刚刚超时", "bad"),
        (timedelta(days=-3), None, "超 3 天", "bad"),
        (timedelta(hours=5), 0, "今日 17:00", "wait"),
        (timedelta(days=2), 2, "2 个工作日", "plain"),
        (timedelta(days=2), None, "2026年11月26日前", "plain"),
    ],
)
def test_a_deadline_says_how_long(web, after, days, zh, kind):
    with web.test_request_context("/"):
        assert layout.deadline_words(NOON + after, days, NOON) == (zh, kind)


def test_thin_spaces_between_scripts(web):
    with web.test_request_context("/"):
        assert layout.pangu("第4步，共7步ABC") == "第\u20094\u2009步，共\u20097\u2009步\u2009ABC"


@pytest.mark.parametrize(
    ("number", "pages", "shown"),
    [
        (1, 1, [1]),
        (1, 30, [1, 2, None, 30]),
        (15, 30, [1, None, 14, 15, 16, None, 30]),
        (3, 5, [1, 2, 3, 4, 5]),
    ],
)
def test_paging_links(number, pages, shown):
    assert Page([], pages * 10, number, 10).around() == shown


@pytest.mark.parametrize("asked", ["2", "99999999999999999999", "-1", "abc", "²", ""])
def test_any_page_number_gives_a_page(web, asked):
    with web.test_request_context(f"/?page={asked}&q=a"):
        page = paginate_list(list(range(50)), 25)
        assert 1 <= page.number <= 2 and len(page) == 25
        assert page.url(2) == "?q=a&page=2"


def test_an_empty_list_counts_from_nothing(web):
    with web.test_request_context("/"):
        page = paginate_list([], 25)
        assert (page.first, page.last, page.pages) == (0, 0, 1)


def test_nothing_is_built_twice(assets):
    assert build() is False
