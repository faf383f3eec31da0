"""The data of an application for establishment: one shape for every entity type.

Every natural person and organisation is entered once, in `people` and `organisations`, and referred to by its
key everywhere else, so that nothing is asked twice (experience.md). All values may be missing: a draft is an
application with holes; `rules.py` says what is missing. Money is integer fen.

At rest, `people` and `organisations` are kept apart from the rest and encrypted (ID number, phone, address).
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EntityType = str  # a key of the registry in types.py, such as llc; checked there, so that types can be added
ContributionForm = Literal["money", "goods", "ip", "land_use", "equity", "claims", "data", "labour", "other"]
Office = Literal[
    "chair", "vice_chair", "director", "manager", "vice_manager", "supervisor", "supervisory_chair",
    "finance_chief", "board_secretary", "executing_partner", "person_in_charge", "operator", "investor",
    "cooperative_chair",
]  # fmt: skip


class Part(BaseModel):
    """A part of the application; unknown fields are refused, assignments are checked."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Address(Part):
    """An address as typed and as understood. `division_code` is GB/T 2260; `detail` is street and number."""

    text: str = ""
    division_code: str = ""
    town_code: str = ""
    detail: str = ""
    authority_code: str = ""  # id in the table of registration authorities, such as HB-420106
    postcode: str = ""
    use: Literal["", "commercial", "residential", "hosted"] = ""
    commitment: bool = False  # address commitment instead of proof (ADR-03)


class Person(Part):
    """A natural person. Sex and birth date are derived from a resident ID number, not asked."""

    key: str
    name: str = ""
    id_type: Literal["resident_id", "passport", "hk_macao_permit", "taiwan_permit", "foreign_residence"] = (
        "resident_id"
    )
    id_number: str = ""
    nationality: str = "CHN"
    phone: str = ""
    email: str = ""
    address: str = ""
    account_id: str = ""  # when the person has an account on the platform
    known: bool = False  # taken over from an earlier case: number and phone are not shown again


class Organisation(Part):
    """A legal person or other organisation as shareholder, partner, parent company."""

    key: str
    name: str = ""
    kind: Literal[
        "company",
        "partnership",
        "institution",
        "social_organisation",
        "state_enterprise",
        "listed_company",
        "other",
    ] = "company"
    uscc: str = ""
    address: str = ""
    representative: str = ""  # key of a person


class Contribution(Part):
    """What a shareholder, promoter, partner, investor or member puts in."""

    party: str  # key of a person or an organisation
    subscribed: int | None = None  # fen
    paid: int | None = None  # fen
    form: ContributionForm = "money"
    due: date | None = None
    shares: int | None = None  # joint-stock companies
    role: Literal["", "general_partner", "limited_partner"] = ""  # partnerships
    family_property: bool = False  # sole proprietorship, SPL Art. 8, 18
    farmer: bool = False  # members of cooperatives: four fifths are farmers


class Officer(Part):
    """A person in an office; an executing partner may be an organisation, which acts through its `delegate`."""

    person: str
    office: Office
    delegate: str = ""  # key of a person
    term_years: int | None = 3
    how: Literal["", "elected", "appointed", "hired", "delegated"] = ""
    employee_representative: bool = False
    audit_committee: bool = False


class ScopeEntry(Part):
    """A chosen entry of the scope catalogue, in the applicant's order; the first is the main business (SC-07)."""

    code: str  # id in the scope catalogue; empty for a wording outside the catalogue (SC-09)
    text: str
    licensed: bool = False
    approval: str = ""  # number of the approval held, for pre-registration items (SC-06)


class Governance(Part):
    """How a company is led and watched (LLC-08 to LLC-15)."""

    board: Literal["", "director", "board"] = ""
    supervision: Literal["", "none", "supervisor", "board", "audit_committee"] = ""
    legal_representative: str = ""  # key of a person
    legal_representative_office: Literal["", "chair", "director", "manager", "executing_partner", "other"] = (
        ""
    )
    legal_representative_chosen_by: Literal["", "shareholders", "board"] = ""
    employees: int | None = None


class Liaison(Part):
    """The liaison officer (AG-01, AG-09)."""

    person: str = ""
    landline: str = ""


class BeneficialOwner(Part):
    """One beneficial owner (BO-04, BO-05)."""

    person: str
    kind: Literal["equity", "income_or_votes", "control"] = "equity"
    share: float | None = None  # percent
    since: date | None = None


class Beneficial(Part):
    """Beneficial owners, or the commitment that exempts (BO-02)."""

    exempt: bool = False
    owners: list[BeneficialOwner] = Field(default_factory=list)


class Submitter(Part):
    """Who hands the application in, and in which role (AG-03 to AG-06)."""

    person: str = ""
    role: Literal["", "liaison", "agent"] = ""
    agent_declared: bool = False
    may_correct: bool = True
    may_receive: bool = True


class LicenceWishes(Part):
    """What is wanted besides the electronic licence."""

    paper: bool = False
    duplicates: int = 0


class Parent(Part):
    """The company of which a branch is a branch."""

    organisation: str = ""
    accounting: Literal["", "independent", "not_independent"] = ""


class Application(Part):
    """A whole application."""

    entity_type: EntityType = "llc"
    name: str = ""
    people: list[Person] = Field(default_factory=list)
    organisations: list[Organisation] = Field(default_factory=list)
    address: Address = Field(default_factory=Address)
    business_place: Address | None = None
    phone: str = ""
    scope: list[ScopeEntry] = Field(default_factory=list)
    capital: int | None = None  # fen; the funds of a household, which are not registered
    par_value: int | None = None  # fen a share, joint-stock companies
    term_years: int | None = None  # None with long_term
    long_term: bool = True
    contributions: list[Contribution] = Field(default_factory=list)
    governance: Governance = Field(default_factory=Governance)
    officers: list[Officer] = Field(default_factory=list)
    liaison: Liaison = Field(default_factory=Liaison)
    beneficial: Beneficial = Field(default_factory=Beneficial)
    submitter: Submitter = Field(default_factory=Submitter)
    licence: LicenceWishes = Field(default_factory=LicenceWishes)
    parent: Parent = Field(default_factory=Parent)
    family: list[str] = Field(default_factory=list)  # keys of family members (household, sole proprietorship)
    household_form: Literal["", "person", "family"] = ""
    articles_choices: dict[str, str] = Field(default_factory=dict)

    def person(self, key: str) -> Person | None:
        """The person with this key, or None."""
        return next((p for p in self.people if p.key == key), None)

    def organisation(self, key: str) -> Organisation | None:
        """The organisation with this key, or None."""
        return next((o for o in self.organisations if o.key == key), None)

    def party_name(self, key: str) -> str:
        """The name of a person or organisation, empty when the key is unknown."""
        found = self.person(key) or self.organisation(key)
        return found.name if found else ""
