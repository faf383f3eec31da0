"""The catalogues as read-only values in memory.

`from_files()` reads the files of this installation (commands, benchmarks, pure tests). `catalogue(db)` reads the
database, where staff edit; it asks for the versions (one small statement) and reads anew only what changed.
Rows handed out belong to no session and must not be changed.
"""

import weakref
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.catalogues.loaders import FOLDER, read_file
from workflow.catalogues.models import (
    TABLES,
    AddressException,
    Authority,
    AuthorityRule,
    Bank,
    BankBranch,
    CardBin,
    CatalogueVersion,
    Division,
    Industry,
    OrgForm,
    ScopeEntry,
    ScopeForbiddenWord,
    ScopeSynonym,
    Town,
)

T = TypeVar("T")
Versions = tuple[tuple[str, str], ...]


@dataclass(eq=False)
class Catalogue:
    """All facts of one moment. `versions` tells one moment from another."""

    tables: dict[str, list[Any]]
    versions: Versions = ()

    @cached_property
    def divisions(self) -> dict[str, Division]:
        """Divisions by code."""
        return {d.code: d for d in self.tables["divisions"]}

    @cached_property
    def former_division_codes(self) -> dict[str, str]:
        """Codes of the past to today's; they live on in issued credit codes and ID numbers."""
        return {old: d.code for d in self.tables["divisions"] for old in d.former_codes}

    @cached_property
    def towns(self) -> dict[str, Town]:
        """Towns, streets and zones of the statistics office by nine-digit code."""
        return {t.code: t for t in self.tables["towns"]}

    @cached_property
    def towns_in(self) -> dict[str, list[Town]]:
        """Towns by division code, in order of their codes."""
        return _grouped(self.tables["towns"], "division_code")

    @cached_property
    def divisions_in(self) -> dict[str, list[Division]]:
        """Divisions by parent code; the provinces under an empty code."""
        return _grouped(self.tables["divisions"], "parent_code")

    @cached_property
    def industries(self) -> dict[str, Industry]:
        """GB/T 4754 by code such as `I65`."""
        return {i.code: i for i in self.tables["industries"]}

    @cached_property
    def industries_in(self) -> dict[str, list[Industry]]:
        """GB/T 4754 by parent code; the sections under an empty code."""
        return _grouped(self.tables["industries"], "parent_code")

    @cached_property
    def authorities(self) -> dict[str, Authority]:
        """Registration authorities by code such as `HB-420106`."""
        return {a.code: a for a in self.tables["registration_authorities"]}

    @property
    def authority_rules(self) -> list[AuthorityRule]:
        """All rules of jurisdiction, also those not in force."""
        return self.tables["authority_rules"]

    @cached_property
    def scope_entries(self) -> dict[str, ScopeEntry]:
        """Standard wordings by code."""
        return {e.code: e for e in self.tables["scope_entries"]}

    @property
    def scope_synonyms(self) -> list[ScopeSynonym]:
        """Colloquial words."""
        return self.tables["scope_synonyms"]

    @property
    def scope_forbidden_words(self) -> list[ScopeForbiddenWord]:
        """Words that a business scope may not contain, also those not yet or no longer in force."""
        return self.tables["scope_forbidden_words"]

    @property
    def address_exceptions(self) -> list[AddressException]:
        """Addresses where a commitment does not suffice, also those not yet or no longer in force."""
        return self.tables["address_exceptions"]

    @cached_property
    def banks(self) -> dict[str, Bank]:
        """Banks by code."""
        return {b.code: b for b in self.tables["banks"]}

    @cached_property
    def branches_of(self) -> dict[str, list[BankBranch]]:
        """Branches by bank code."""
        return _grouped(self.tables["bank_branches"], "bank_code")

    @cached_property
    def card_bins(self) -> dict[str, CardBin]:
        """Card prefixes by digits."""
        return {b.code: b for b in self.tables["card_bins"]}

    @property
    def org_forms(self) -> list[OrgForm]:
        """Organisational form words."""
        return self.tables["org_forms"]

    def division_path(self, code: str) -> list[Division]:
        """Province, city and county of a division, as far as they exist; empty for an unknown code."""
        found: list[Division] = []
        while code and (division := self.divisions.get(code)):
            found.insert(0, division)
            code = division.parent_code
        return found

    def industry_path(self, code: str) -> list[Industry]:
        """Section, class, group and sub-group above and at a code; empty for an unknown code."""
        found: list[Industry] = []
        while code and (industry := self.industries.get(code)):
            found.insert(0, industry)
            code = industry.parent_code
        return found

    def card_bin(self, number: str) -> CardBin | None:
        """The bank and kind of a card by its longest known prefix, or None."""
        return next((b for n in range(10, 2, -1) if (b := self.card_bins.get(number[:n]))), None)


def _grouped(rows: list[T], attribute: str) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for row in rows:
        groups.setdefault(getattr(row, attribute), []).append(row)
    return groups


@lru_cache(maxsize=1)
def from_files() -> Catalogue:
    """The catalogues as shipped, read once a process."""
    tables = {n: [m(**row) for row in read_file(FOLDER / f"{n}.csv", m)] for n, m in TABLES.items()}
    return Catalogue(tables, (("files", "shipped"),))


@dataclass(frozen=True)
class _Reader:
    """Carries a session past the cache's key: what counts is the version, not who reads it."""

    session: weakref.ref[Session] = field(compare=False)

    def read(self, model: Any) -> list[Any]:
        db = self.session()
        assert db is not None
        rows = db.execute(select(model.__table__).order_by(*model.__table__.primary_key.columns))
        return [model(**row) for row in rows.mappings()]


@lru_cache(maxsize=32)
def _table(name: str, token: str, reader: _Reader) -> list[Any]:
    return reader.read(TABLES[name])


@lru_cache(maxsize=4)
def _catalogue(versions: Versions, reader: _Reader) -> Catalogue:
    return Catalogue({name: _table(name, token, reader) for name, token in versions}, versions)


def catalogue(db: Session) -> Catalogue:
    """The catalogues as they stand in the database now: one statement when nothing changed.

    Raises LookupError when they were never loaded.
    """
    rows = db.execute(select(CatalogueVersion.name, CatalogueVersion.token)).all()
    known = {row.name: row.token for row in rows}
    if missing := TABLES.keys() - known:
        raise LookupError(f"catalogues not loaded: {', '.join(sorted(missing))}")
    return _catalogue(tuple(sorted((n, known[n]) for n in TABLES)), _Reader(weakref.ref(db)))


def in_force(rows: list[T], day: date) -> list[T]:
    """Those rows that hold on a day."""
    return [row for row in rows if row.holds(day)]  # type: ignore[attr-defined]
