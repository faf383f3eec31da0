"""Unified social credit codes (GB 32100-2015)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from workflow.licensing.uscc import (
    ALPHABET,
    INNER,
    MALFORMED,
    OUTER,
    is_fictitious,
    is_valid,
    new_uscc,
    problem_with,
)

REAL = (
    "91420100MA4KX8N35J", "9142010058181997XW", "91310104062598052B", "9136072733299905XA",
    "91360727332976210J", "913304007764843997", "91320111771281998N", "91360727MA38QC805G",
)  # fmt: skip


@pytest.mark.parametrize("code", REAL)
def test_codes_that_are_known_good(code):
    """USCC-06: both check characters hold; none lies in the fictitious range (USCC-07)."""
    assert problem_with(code) is None
    assert not is_fictitious(code)


@given(st.integers(0, 31**6 - 1), st.sampled_from(["420106", "420100", "420821"]), st.sampled_from("123"))
def test_new_codes(sequence, authority, kind):
    """USCC-04, USCC-05, USCC-08: valid, fictitious, and as the oracle says."""
    code = new_uscc(sequence, authority, kind)
    assert is_valid(code) and is_fictitious(code)
    assert code[:8] == f"9{kind}{authority}"
    assert oracle.is_valid(code)


@given(st.integers(0, 31**6 - 1), st.integers(0, 31**6 - 1))
def test_no_two_subjects_share_a_code(one, other):
    assume(one != other)
    assert new_uscc(one, "420106")[8:17] != new_uscc(other, "420106")[8:17]


@given(st.sampled_from(REAL), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_wrong_character_is_caught(code, place, character):
    """USCC-03: weights are powers of three modulo a prime."""
    assume(code[place] != character)
    assert not is_valid(code[:place] + character + code[place + 1 :])


@pytest.mark.parametrize(
    "code",
    ["", "91420100MA4KX8N35", REAL[0] + "1", REAL[0] + "\n", REAL[0].lower(), "I" + REAL[0][1:], "９" * 18],
)
def test_not_a_code(code):
    """USCC-02, USCC-09."""
    assert problem_with(code) == MALFORMED


def test_which_check_is_wrong_is_said():
    assert problem_with(REAL[0][:17] + "K") == OUTER
    assert problem_with(REAL[0][:16] + "6" + REAL[0][17]) == INNER


@pytest.mark.parametrize(
    ("sequence", "authority", "kind"),
    [(-1, "420106", "1"), (31**6, "420106", "1"), (1, "42010", "1"), (1, "420106", "7")],
)
def test_outside_the_range(sequence, authority, kind):
    with pytest.raises(ValueError):
        new_uscc(sequence, authority, kind)
