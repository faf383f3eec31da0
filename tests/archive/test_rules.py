"""When stamps are renewed and with which digest; a pure rule over policy data."""

from datetime import UTC, datetime, timedelta

from workflow.archive.rules import SHORTEST, digest_for, renew_at

STAMPED = datetime(2026, 11, 24, tzinfo=UTC)
YEAR = timedelta(days=365)
SUNSETS = {"sha256": "2030-01-01", "sha384": "2040-01-01"}


def test_renewed_a_year_before_the_first_end():
    until = STAMPED + 5 * YEAR
    assert renew_at(STAMPED, until, "sha512", SUNSETS, YEAR) == until - YEAR  # no sunset known
    assert renew_at(STAMPED, until, "sha384", SUNSETS, YEAR) == until - YEAR  # far away
    assert renew_at(STAMPED, until, "sha256", SUNSETS, YEAR) == datetime(2030, 1, 1, tzinfo=UTC) - YEAR


def test_an_end_that_is_near_does_not_make_us_stamp_all_day():
    assert renew_at(STAMPED, STAMPED + timedelta(days=9), "sha512", {}, YEAR) == STAMPED + SHORTEST


def test_the_digest_is_one_that_outlives_the_next_renewal():
    assert digest_for(SUNSETS, STAMPED, YEAR) == "sha256"
    assert digest_for(SUNSETS, datetime(2029, 6, 1, tzinfo=UTC), YEAR) == "sha384"
    assert digest_for(SUNSETS, datetime(2041, 1, 1, tzinfo=UTC), YEAR) == "sha512"
    assert digest_for(dict.fromkeys(("sha256", "sha384", "sha512"), "2020-01-01"), STAMPED, YEAR) == "sha512"
