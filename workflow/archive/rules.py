"""When an archive stamp is renewed: before its authority's certificate runs out and before its digest ages."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

SHORTEST = timedelta(
    days=30
)  # never renewed sooner: a certificate near its end must not make us stamp all day
DIGESTS = ("sha256", "sha384", "sha512")


def digest_for(sunsets: Mapping[str, str], at: datetime, ahead: timedelta) -> str:
    """The first digest that stays trustworthy for `ahead` from now; the strongest when none does."""
    return next((d for d in DIGESTS if _end(sunsets, d, at + ahead) > at + ahead), DIGESTS[-1])


def renew_at(
    stamped: datetime, authority_until: datetime, digest: str, sunsets: Mapping[str, str], ahead: timedelta
) -> datetime:
    """When the next stamp is due: `ahead` of the first of both ends, at least 30 days after this stamp."""
    end = min(authority_until, _end(sunsets, digest, authority_until))
    return max(end - ahead, stamped + SHORTEST)


def _end(sunsets: Mapping[str, str], digest: str, otherwise: datetime) -> datetime:
    if digest not in sunsets:
        return otherwise + timedelta(days=1)
    return datetime.combine(date.fromisoformat(sunsets[digest]), time(), UTC)
