"""What a paper says: plain facts, already resolved by the caller. No cases, no database, no form here.

Sums are integer fen, dates are dates in China, words are Chinese as they shall be printed. Every natural person
and organisation has a `key` of the caller's choosing; signers and signature boxes are named by it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

NO_NAME = (
    "***"  # how licence and register show that an individual household does without a name (IMPL52 Art. 6)
)


@dataclass(frozen=True)
class Person:
    """A natural person. `id_type` in words; sensitive: `id_number`, `phone`, `landline`, `email`, `address`."""

    key: str
    name: str
    id_type: str = "居民身份证"
    id_number: str = ""
    nationality: str = "中国"
    sex: str = ""
    birth: date | None = None
    phone: str = ""
    landline: str = ""
    email: str = ""
    address: str = ""


@dataclass(frozen=True)
class Party:
    """A shareholder, promoter, partner, investor or member: a person or an organisation.

    An organisation has its `representative`, who signs beside its seal; its `id_number` is its credit code. As
    executing partner it acts through its `delegate`.
    """

    key: str
    name: str
    natural: bool = True
    id_type: str = "居民身份证"
    id_number: str = ""
    nationality: str = "中国"
    address: str = ""
    phone: str = ""
    representative: Person | None = None
    delegate: Person | None = None


@dataclass(frozen=True)
class Contribution:
    """What a party puts in. `form` in words (货币, 知识产权 …); `role` 普通合伙人 or 有限合伙人 in partnerships."""

    party: Party
    subscribed: int = 0  # fen
    paid: int = 0  # fen
    form: str = "货币"
    due: date | None = None
    shares: int | None = None
    role: str = ""
    family_property: bool = False
    farmer: bool = False  # members of cooperatives


@dataclass(frozen=True)
class Officer:
    """A person in an office. `office` is the code of the application's data, `title` and `how` are words."""

    person: Person
    office: str
    title: str
    how: str = "选举"
    term_years: int | None = 3
    employee_representative: bool = False
    audit_committee: bool = False


@dataclass(frozen=True)
class Address:
    """An address in its official parts (5.1 A); `text` is the whole in one line."""

    text: str
    province: str = ""
    city: str = ""
    county: str = ""
    town: str = ""
    detail: str = ""
    postcode: str = ""
    use: str = ""  # 商业, 住宅, 托管 …
    hosted: bool = False


@dataclass(frozen=True)
class Submitter:
    """Who hands the application in: 登记联络员 or 登记代理人 (AG-03), and the powers agreed (5.1 H)."""

    person: Person
    role: str = "登记联络员"
    agency: str = ""
    may_correct: bool = True
    may_receive: bool = True


@dataclass(frozen=True)
class BeneficialOwner:
    """One beneficial owner (BO-04, BO-05); `kind` and `share` in words."""

    person: Person
    kind: str
    share: str = ""
    since: date | None = None


@dataclass(frozen=True)
class Scope:
    """The scope: the composed text (SC-03) and its entries in order; the first is the main business."""

    text: str
    entries: tuple[str, ...] = ()
    licensed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parent:
    """The company of a branch."""

    name: str
    uscc: str
    representative: Person
    address: str = ""
    key: str = "parent"


@dataclass(frozen=True)
class PaperFacts:
    """All facts of one application for establishment, for every kind of entity.

    `number` is the case number; `papers_date` the day the papers speak of. `supervision`: none, supervisor, board
    or audit_committee; `board`: director or board (LLC-08 to LLC-15). `representative_office`: chair, director,
    manager, executing_partner or other; `representative_chosen_by`: shareholders or board (LLC-05, LLC-07).
    `name` of an `unnamed` household says whose it is, for the sentences of its papers.
    """

    entity_type: str
    number: str
    name: str
    type_name: str
    address: Address
    scope: Scope
    authority: str
    papers_date: date | None = None
    reservation_number: str = ""
    reservation_until: date | None = None
    uscc: str = ""
    business_place: Address | None = None
    phone: str = ""
    employees: int | None = None
    capital: int | None = None  # fen
    term: str = "长期"
    contributions: tuple[Contribution, ...] = ()
    officers: tuple[Officer, ...] = ()
    legal_representative: Person | None = None
    representative_office: str = "director"
    representative_title: str = "董事"
    representative_chosen_by: str = "shareholders"
    board: str = "director"
    supervision: str = "none"
    liaison: Person | None = None
    finance_chief: Person | None = None
    submitter: Submitter | None = None
    beneficial_exempt: bool = False
    beneficial_owners: tuple[BeneficialOwner, ...] = ()
    paper_licence: bool = False
    duplicates: int = 0
    parent: Parent | None = None
    accounting: str = ""  # 独立核算 or 非独立核算, branches
    executing: tuple[str, ...] = ()  # keys of the executing partners
    family: tuple[Person, ...] = ()
    household_form: str = ""  # 个人经营 or 家庭经营
    unnamed: bool = False
    choices: tuple[tuple[str, str], ...] = ()  # further choices of the articles
    texts: Mapping[str, Any] = field(
        default_factory=dict
    )  # name -> Template, where another than the shipped one holds

    def digest(self) -> str:
        """SHA-256 of the facts, hex; the same facts always give the same papers."""
        text = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def name_item(self) -> str:
        """What stands in a form under 名称."""
        return "不使用名称" if self.unnamed else self.name

    @property
    def parties(self) -> tuple[Party, ...]:
        return tuple(c.party for c in self.contributions)

    def holding(self, *offices: str) -> tuple[Officer, ...]:
        """The officers in these offices, in order."""
        return tuple(o for o in self.officers if o.office in offices)

    def office(self, *offices: str) -> str:
        """The names of those in these offices, joined by 、; empty when there are none."""
        return "、".join(o.person.name for o in self.holding(*offices))


@dataclass(frozen=True)
class LicenceFacts:
    """What a licence says (LIC-06). `subject` is the wording before the representative's name:

    法定代表人, 执行事务合伙人, 投资人, 负责人 or 经营者; `place_label` 住所, 主要经营场所 or 经营场所;
    `capital_label` 注册资本, 出资额 or 成员出资总额, empty where the law names none (household, branch).
    `verification_url` is what the QR code holds; `publicity_url` is printed at the foot.
    """

    uscc: str
    name: str
    type_name: str
    subject: str
    representative: str
    place_label: str
    place: str
    scope: str
    authority: str
    established: date
    issued: date
    verification_url: str
    publicity_url: str = ""
    capital_label: str = ""
    capital: int | None = None  # fen
    composition: str = ""  # household: 个人经营 or 家庭经营
    simulated: bool = True


@dataclass(frozen=True)
class NoticeFacts:
    """What a formal notice says. `addressee` is the applicant; `items` are points to correct or reasons, `materials`
    what was received, `entries` what is registered (label and value).

    `acted_on` is the day of the act the notice speaks of (receipt, decision), `until` a day that it sets.
    `review_body` and `court` are named in the legal remedies (PRO-08).
    """

    number: str
    case_number: str
    authority: str
    addressee: str
    entity_name: str
    matter: str
    issued: date
    acted_on: date | None = None
    until: date | None = None
    items: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    reason: str = ""
    basis: str = ""
    uscc: str = ""
    received_by: str = ""
    review_body: str = ""
    court: str = ""
    verification_url: str = ""
    simulated: bool = True
    entries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class EvidencePaper:
    """One paper of the package: its title, the SHA-256 of the file enclosed, and who signed or sealed it."""

    title: str
    file: str
    sha256: str
    signatures: tuple[str, ...]


@dataclass(frozen=True)
class EvidenceSigner:
    """One act of signing (ES-21), as label and value; `papers`: title, SHA-256 before, SHA-256 after."""

    name: str
    facts: tuple[tuple[str, str], ...]
    papers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class EvidenceEvent:
    """One event: `place` is chain and number in the evidence file, `day` that of its root (None: none yet)."""

    place: str
    at: datetime
    what: str
    who: str
    sha256: str
    day: date | None


@dataclass(frozen=True)
class EvidenceRootFacts:
    """A day's root and when it was time-stamped."""

    day: date
    root: str
    events: int
    stamped: datetime


@dataclass(frozen=True)
class EvidenceFacts:
    """What the evidence report of a case says. Times are timezone aware."""

    number: str
    case_number: str
    entity_name: str
    authority: str
    issued: datetime
    holder: str
    file_sha256: str  # of evidence.json
    papers: tuple[EvidencePaper, ...]
    signers: tuple[EvidenceSigner, ...]
    events: tuple[EvidenceEvent, ...]
    roots: tuple[EvidenceRootFacts, ...]
    consents: tuple[tuple[str, str], ...]  # SHA-256 and text
    verification_url: str = ""
    simulated: bool = True


@dataclass(frozen=True)
class RenderedPaper:
    """A finished PDF, unsigned.

    `signature_boxes`: key of the person who signs -> (page index from 0, x0, y0, x1, y1 in points from the lower left corner);
    nothing is printed inside a box. `sensitive_pages`: page indexes that a public archive copy leaves out.
    """

    kind: str
    title: str
    pdf: bytes
    sha256: str
    pages: int
    signature_boxes: dict[str, tuple[int, float, float, float, float]] = field(default_factory=dict)
    sensitive_pages: tuple[int, ...] = ()
    signer_names: dict[str, str] = field(default_factory=dict)
    text_version: str = ""  # of its text template
    number: str = ""  # as printed at the foot


@dataclass(frozen=True)
class Signer:
    """One who signs a paper: the key, the name as printed, and in which role (法定代表人、股东 …)."""

    key: str
    name: str
    role: str
    seal: bool = False  # an organisation: seal and its representative's signature
    by: str = ""  # the representative who signs for the organisation
    by_key: str = ""  # the key of that representative

    @property
    def hand(self) -> str:
        """The key of the natural person who signs: one box a hand, whatever the roles."""
        return self.by_key or self.key
