"""Objects that nothing names any more: an upload whose transaction failed, a paper whose later, signed bytes replaced it.

What any row of any table mentions stays, wherever it does so: the rows themselves are searched for the hashes.
"""

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow import objects

log = logging.getLogger(__name__)
OLD = timedelta(days=7)  # younger objects may belong to a transaction under way
_TABLES = text(
    "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
    "WHERE schemaname IN ('public', 'signing')"
)


def named_hashes(db: Session) -> set[str]:
    """Every run of 64 hexadecimal digits in any row of the platform's own tables."""
    found: set[str] = set()
    for table in db.scalars(_TABLES).all():
        hashes = "regexp_matches(to_jsonb(t)::text, '[0-9a-f]{64}', 'g')"
        rows = db.execute(text(f"SELECT DISTINCT ({hashes})[1] FROM {table} t"))  # noqa: S608 - names from the catalogue
        found.update(row[0] for row in rows)
    return found


def sweep_objects(db: Session, now: datetime | None = None) -> int:
    """Delete objects that no row names and that were not written for a week; how many."""
    limit = (now or datetime.now(UTC)) - OLD
    old = [key for key, at in objects.listing() if at < limit]  # listed first: what is named later stays
    if not old:
        return 0
    named = named_hashes(db)
    count = 0
    for key in old:
        written = objects.written_at(key)  # written again since the list was made: somebody needs it
        if key.removesuffix(".p") not in named and written is not None and written < limit:
            objects.delete(key)
            count += 1
    log.info("%s objects that nothing names were deleted", count)
    return count
