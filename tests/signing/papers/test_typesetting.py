"""Chinese line rules: 避头尾, spacing, faces."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signing.papers import fonts
from signing.papers.typesetting import NO_END, NO_START, Run, set_lines

SIZE = 10.0
TEXT = st.lists(
    st.sampled_from(
        [
            *"公司章程股东会决议出资额一二三",
            "，",
            "。",
            "；",
            "：",
            "、",
            "）",
            "（",
            "《",
            "》",
            "“",
            "”",
            "Qibu",
            "50",
            "万元",
            "2026",
            "年",
            " ",
        ]
    ),
    min_size=1,
    max_size=120,
).map("".join)


def lines(text, width=90.0, indent=0.0):
    return set_lines([Run(text, fonts.SANS, SIZE)], width, indent)


@settings(max_examples=300, deadline=None)
@example("公公公公公公公公公公 ，", 90)
@example("公公公公公公公公公公 ", 90)
@example("公公公公公公公公公（ 公", 90)
@given(TEXT, st.integers(90, 300))
def test_no_line_starts_or_ends_with_a_forbidden_mark(text, width):
    """Any text: nothing is lost, no line is too wide, and marks stay where the rules want them.

    A run of marks as wide as a line must be cut somewhere, so such texts are left out."""
    found = lines(text, width)
    assert "".join(line.text for line in found).replace(" ", "") == text.replace(" ", "")
    assert all(line.width <= width + 0.02 for line in found)
    marks = max((len(m) for m in _mark_runs(text)), default=0)
    if marks <= 3:
        for line in found[1:]:
            assert line.text[0] not in NO_START, [x.text for x in found]
        for line in found[:-1]:
            assert line.text[-1] not in NO_END, [x.text for x in found]


def _mark_runs(text):
    run = ""
    for char in text + "公":
        if char in NO_START or char in NO_END:
            run += char
        else:
            yield run
            run = ""


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("公司章程股东会，决议", 70, ["公司章程股东", "会，决议"]),  # a comma does not begin a line
        ("公司章程股东，决议", 65, ["公司章程股东，", "决议"]),  # at the end it gives up its blank half
        ("公司章程股东（甲）", 70, ["公司章程股东", "（甲）"]),  # an opening bracket does not end a line
        ("公司章程股东Qibu", 75, ["公司章程股东", "Qibu"]),  # a word is not cut
        ("注册资本为50万元", 65, ["注册资本为", "50万元"]),  # a number stays with its unit
    ],
)
def test_where_lines_break(text, width, expected):
    assert [line.text for line in lines(text, width)] == expected


def test_a_word_wider_than_the_line_is_cut_and_not_lost():
    url = "https://example.com/" + "a" * 60
    found = lines(url, 80)
    assert "".join(line.text for line in found) == url
    assert all(line.width <= 80.02 for line in found)


def test_marks_share_their_blank_halves_and_latin_gets_a_gap():
    plain = lines("公司", 200)[0].width + lines("章程", 200)[0].width
    assert lines("公司）。章程", 200)[0].width == pytest.approx(plain + 1.5 * SIZE)
    word = lines("Qibu", 200)[0].width
    assert lines("公司Qibu章程", 200)[0].width == pytest.approx(plain + word + 2 * 0.22 * SIZE)


def test_rare_characters_fall_back_and_what_no_face_has_is_named():
    """Every character of a name is printed or named by its code point; none vanishes."""
    assert fonts.missing_characters("张三犇𬭊") == ""
    none = "\ue83a"  # a private use character, as old systems typed rare ones
    assert fonts.missing_characters("王" + none) == none
    assert lines("王" + none, 200)[0].text == "王〔U+E83A〕"


def test_fonts_are_named_when_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("QIBU_FONTS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="npm ci"):
        fonts.font_path("sans")
    with pytest.raises(KeyError):
        fonts.font_path("cursive")
