"""Tables of facts. Every row says where it comes from, when it holds, and whether staff have changed it.

The same classes serve as the read model: `queries.catalogue()` hands out rows that belong to no session.
"""

from datetime import date, datetime
from typing import Annotated

from sqlalchemy import CheckConstraint, DateTime, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base

Texts = Annotated[list[str], mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))]
Words = Annotated[str, mapped_column(default="", server_default="")]  # may be empty


class Fact:
    """What every catalogue row has. A row holds on a day when `valid_from <= day < valid_to`."""

    source: Mapped[Words]
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_to: Mapped[date | None] = mapped_column(default=None)
    edited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    edited_by: Mapped[Words]

    def holds(self, day: date) -> bool:
        """Whether the fact is in force on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


class Division(Fact, Base):
    """An administrative division at county level or above (GB/T 2260). Level 1 province, 2 city, 3 county."""

    __tablename__ = "divisions"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 3", name="level"),)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    level: Mapped[int]
    parent_code: Mapped[str] = mapped_column(default="", server_default="", index=True)
    full_name: Mapped[str]
    aliases: Mapped[Texts]
    former_codes: Mapped[Texts]

    @property
    def province_code(self) -> str:
        """The province it lies in (itself for a province)."""
        return self.code[:2] + "0000"

    @property
    def city_code(self) -> str:
        """The prefecture-level unit; province-administered counties are their own (CMP-B9)."""
        if self.level == 3 and self.parent_code[2:] == "0000":
            return self.code
        return self.parent_code if self.level == 3 else self.code


class Town(Fact, Base):
    """A town, street or township; `kind` is 开发区 for the development zones of the statistics office."""

    __tablename__ = "towns"
    code: Mapped[str] = mapped_column(primary_key=True)  # nine digits
    name: Mapped[str]
    kind: Mapped[str]
    division_code: Mapped[str] = mapped_column(index=True)


class Industry(Fact, Base):
    """A section, class, group or sub-group of GB/T 4754-2017. Level 1 门类, 2 大类, 3 中类, 4 小类."""

    __tablename__ = "industries"
    code: Mapped[str] = mapped_column(primary_key=True)  # letter and digits: I, I65, I651, I6511
    name: Mapped[str]
    level: Mapped[int]
    parent_code: Mapped[str] = mapped_column(default="", server_default="", index=True)


class Authority(Fact, Base):
    """A registration authority (登记机关), AUT-01, AUT-09. Its name on old licences is never rewritten (AUT-11)."""

    __tablename__ = "registration_authorities"
    code: Mapped[str] = mapped_column(primary_key=True)  # HB-420106
    name: Mapped[str]
    level: Mapped[str]  # province, city, county, zone
    host_division: Mapped[str]
    uscc_authority_code: Mapped[str]  # positions 3-8 of the credit codes it issues
    aliases: Mapped[Texts]
    note: Mapped[Words]


class AuthorityRule(Fact, Base):
    """Which authority registers what lies where (section 8.1). The most specific rule in force wins.

    `place` is a division code, a town code, or words of an address (a zone or street name) inside `division_code`
    (and, where `within` names counties, only in those). `entity_types` empty means all. `ask` marks a rule that only proposes: the person decides.
    """

    __tablename__ = "authority_rules"
    __table_args__ = (
        CheckConstraint("kind IN ('division', 'town', 'words')", name="kind"),
        Index("ix_authority_rules_division_code", "division_code"),
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    division_code: Mapped[str]
    place: Mapped[str]
    authority_code: Mapped[str]
    entity_types: Mapped[Texts]
    within: Mapped[Texts]
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    ask: Mapped[bool] = mapped_column(default=False, server_default="false")
    basis: Mapped[Words]


class ScopeEntry(Fact, Base):
    """A standard wording of a business scope (SC-01, SC-08).

    `category`: general, filing (general, to be filed) or licensed. `timing` of the approval: before or after
    registration, empty when none is needed or not known (SC-06). `attested`: official, register, class_name, no.
    """

    __tablename__ = "scope_entries"
    __table_args__ = (
        CheckConstraint("category IN ('general', 'filing', 'licensed')", name="category"),
        CheckConstraint("timing IN ('', 'before', 'after')", name="timing"),
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    timing: Mapped[Words]
    approval: Mapped[Words]  # the document
    approved_by: Mapped[Words]  # the department
    industry_codes: Mapped[Texts]
    attested: Mapped[Words]
    description: Mapped[Words]
    proposed_word: Mapped[Words]  # industry word of a name for this main business

    @property
    def licensed(self) -> bool:
        """Whether it belongs under 许可项目 (SC-03)."""
        return self.category == "licensed"

    @property
    def explanation(self) -> str:
        """The description; empty where it only repeats the class of GB/T 4754."""
        return "" if self.description.startswith("《国民经济行业分类》") else self.description

    @property
    def industry_code(self) -> str:
        """The first GB/T 4754 code, or empty."""
        return self.industry_codes[0] if self.industry_codes else ""


class ScopeSynonym(Fact, Base):
    """A colloquial word and the standard wordings it stands for."""

    __tablename__ = "scope_synonyms"
    word: Mapped[str] = mapped_column(primary_key=True)
    texts: Mapped[Texts]


class ScopeForbiddenWord(Fact, Base):
    """A word that may not stand in a business scope (SC-12, WORD-01)."""

    __tablename__ = "scope_forbidden_words"
    word: Mapped[str] = mapped_column(primary_key=True)


class AddressException(Fact, Base):
    """An address where the commitment does not suffice (ADR-03), of one authority or, with an empty code, of all.

    It concerns every address that contains the text. `why`: disputed, or a false commitment was proven.
    """

    __tablename__ = "address_exceptions"
    __table_args__ = (CheckConstraint("why IN ('disputed', 'false_commitment')", name="why"),)
    address: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[str]
    authority_code: Mapped[Words]
    basis: Mapped[Words]


class Bank(Fact, Base):
    """A bank by its three-digit code, with the payment-system number of its head office."""

    __tablename__ = "banks"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    head_cnaps: Mapped[Words]
    offers_accounts: Mapped[bool] = mapped_column(
        default=False, server_default="false"
    )  # can be chosen in step 7


class BankBranch(Fact, Base):
    """A branch that opens accounts."""

    __tablename__ = "bank_branches"
    code: Mapped[str] = mapped_column(primary_key=True)
    bank_code: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    address: Mapped[Words]
    division_code: Mapped[Words]
    phone: Mapped[Words]
    fictitious: Mapped[bool] = mapped_column(default=False, server_default="false")


class CnapsArea(Fact, Base):
    """An area code of the payment system (2018)."""

    __tablename__ = "cnaps_areas"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class CardBin(Fact, Base):
    """The first digits of bank cards of one bank and kind."""

    __tablename__ = "card_bins"
    code: Mapped[str] = mapped_column(primary_key=True)
    bank: Mapped[str]
    kind: Mapped[Words]
    length: Mapped[int | None] = mapped_column(default=None)  # digits of the card number


class OrgForm(Fact, Base):
    """An organisational form word of names and the entity types that may use it (table 2.2)."""

    __tablename__ = "org_forms"
    code: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str]
    entity: Mapped[str]
    legal_form: Mapped[Words]
    note: Mapped[Words]


class CatalogueVersion(Base):
    """Which file a table was loaded from, and a token that changes with every change of the table."""

    __tablename__ = "catalogue_versions"
    name: Mapped[str] = mapped_column(primary_key=True)
    file_hash: Mapped[Words]
    token: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


TABLES: dict[str, type] = {
    "divisions": Division,
    "towns": Town,
    "industries": Industry,
    "registration_authorities": Authority,
    "authority_rules": AuthorityRule,
    "scope_entries": ScopeEntry,
    "scope_synonyms": ScopeSynonym,
    "scope_forbidden_words": ScopeForbiddenWord,
    "address_exceptions": AddressException,
    "banks": Bank,
    "bank_branches": BankBranch,
    "cnaps_areas": CnapsArea,
    "card_bins": CardBin,
    "org_forms": OrgForm,
}
