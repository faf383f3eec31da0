"""The entity types: each declares in one place what its form, rules, papers, signatures and licence are made of.

A new type is one `EntityKind` and one `register` call. Forms, rules, papers and the licence read the parts here; no
page asks for a type by its code.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from signing.papers.kinds import WORDS, EntityWords
from signing.papers.registry import PAPERS, PaperKind
from workflow.errors import NotFound, Words
from workflow.establishment.data import Application
from workflow.establishment.rules import company, others, partnership, shared
from workflow.establishment.rules.common import Context, Findings, check_blocked

Rule = Callable[[Application, Context, Findings], None]
TypeCode = tuple[str, str]  # code and name of section 6.3


@dataclass(frozen=True)
class EntityKind:
    """What an entity type is made of.

    `role` is how those who contribute are called, `head` how the person at the head is called on the licence.
    `founders` is the page where they are entered: a list, one natural person, or the parent company of a branch.
    `leadership` is the page of the offices: a company's, a partnership's, or one question an office. `asks` names what
    is asked of a contribution beyond the amount. `papers` and `words` are what `signing.papers` makes of it: the
    papers with their signers, and how they speak. `licence_format` is the letter of LIC-07.
    """

    code: str
    name: Words
    role: str
    role_words: Words
    head_words: Words
    capital_words: Words
    address_words: Words
    sections: tuple[str, ...]
    offices: tuple[str, ...]
    rules: tuple[Rule, ...]
    licence_format: str
    name_forms: tuple[str, ...]
    type_code: Callable[[Application], TypeCode]
    papers: tuple[PaperKind, ...]
    words: EntityWords
    founders: Literal["list", "one", "parent"] = "list"
    leadership: Literal["company", "partners", "offices"] = "offices"
    asks: frozenset[str] = frozenset({"paid", "form", "due"})
    capital_registered: bool = True
    term_asked: bool = True  # companies and partnerships have a term (4.1)
    name_optional: bool = False
    uscc_kind: str = "1"  # second character of the credit code, USCC-04


ALL_SECTIONS = (
    "address",
    "scope",
    "capital",
    "shareholders",
    "officers",
    "liaison",
    "beneficial",
    "submitter",
    "check",
)
COMMON: tuple[Rule, ...] = (
    shared.check_name,
    shared.check_address,
    shared.check_scope,
    shared.check_liaison,
    shared.check_submitter,
    check_blocked,
)


def _natural_share(application: Application) -> float:
    people = {p.key for p in application.people}
    total = sum(r.subscribed or 0 for r in application.contributions)
    natural = sum(r.subscribed or 0 for r in application.contributions if r.party in people)
    return natural / total if total else 1.0


def _state_share(application: Application) -> float:
    state = {o.key for o in application.organisations if o.kind == "state_enterprise"}
    total = sum(r.subscribed or 0 for r in application.contributions)
    return (
        sum(r.subscribed or 0 for r in application.contributions if r.party in state) / total
        if total
        else 0.0
    )


def llc_type_code(application: Application) -> TypeCode:
    """Section 6.3 by situation: one natural person, one legal person, state majority, natural majority, other.

    `articles_choices["sole_owner_held_by"]` = `others` says that the sole shareholder is not held by people.
    """
    rows = application.contributions
    if len(rows) == 1:
        owner = application.organisation(rows[0].party)
        if owner is None:
            return "1151", "有限责任公司（自然人独资）"
        held_by_people = application.articles_choices.get("sole_owner_held_by", "people") == "people"
        if owner.kind in ("company", "partnership") and held_by_people:
            return "1152", "有限责任公司（自然人投资或控股的法人独资）"
        return "1153", "有限责任公司（非自然人投资或控股的法人独资）"
    if _state_share(application) > 0.5:
        return "1140", "有限责任公司（国有控股）"
    if _natural_share(application) > 0.5:
        return "1130", "有限责任公司（自然人投资或控股）"
    return "1190", "其他有限责任公司"


def jsc_type_code(application: Application) -> TypeCode:
    """Not listed; held by natural persons or otherwise (section 6.3)."""
    if _natural_share(application) > 0.5:
        return "1222", "股份有限公司（非上市、自然人投资或控股）"
    return "1229", "其他股份有限公司（非上市）"


def branch_type_code(application: Application) -> TypeCode:
    """The branch of the corresponding company type (2xxx), as far as the parent's name tells."""
    if "股份" in application.party_name(application.parent.organisation):
        return "2229", "股份有限公司分公司"
    return "2190", "有限责任公司分公司"


def _always(code: str, name: str) -> Callable[[Application], TypeCode]:
    return lambda application: (code, name)


COMPANY_RULES = (*COMMON, company.check_governance, shared.check_beneficial)
COMPANY_OFFICES = (
    "chair", "vice_chair", "director", "manager", "vice_manager", "supervisor", "supervisory_chair", "finance_chief",
)  # fmt: skip
CAPITAL = Words("注册资本", "registered capital")
AMOUNT = Words("出资额", "contributions")
DOMICILE = Words("住所", "domicile")
LEGAL_REPRESENTATIVE = Words("法定代表人", "legal representative")


EXTRA_OF_PARTNERSHIP = {"lp": ("role",), "sgp": ("qualification",)}


def _papers(code: str) -> dict[str, Any]:
    return {"papers": PAPERS[code], "words": WORDS[code]}


def _partnership(code: str, name: Words, mark: str, type_code: TypeCode) -> EntityKind:
    return EntityKind(
        code, name, "partner", Words("合伙人", "partner"), Words("执行事务合伙人", "executing partner"), AMOUNT,
        Words("主要经营场所", "main place of business"), ALL_SECTIONS, ("executing_partner",),
        (*COMMON, partnership.check_partnership, shared.check_beneficial), "C",
        (mark,), _always(*type_code), **_papers(code), leadership="partners",
        asks=frozenset({"paid", "form", "due", "labour", *EXTRA_OF_PARTNERSHIP.get(code, ())}),
    )  # fmt: skip


BUILT_IN = (
    EntityKind(
        "llc", Words("有限责任公司", "limited liability company"), "shareholder", Words("股东", "shareholder"),
        LEGAL_REPRESENTATIVE, CAPITAL, DOMICILE, ALL_SECTIONS, COMPANY_OFFICES, (company.check_llc, *COMPANY_RULES),
        "A", ("有限公司", "有限责任公司"), llc_type_code, **_papers("llc"), leadership="company",
        asks=frozenset({"paid", "form", "due", "held_by"}),
    ),
    EntityKind(
        "jsc", Words("股份有限公司", "joint-stock company"), "promoter", Words("发起人", "promoter"),
        LEGAL_REPRESENTATIVE, CAPITAL, DOMICILE, ALL_SECTIONS, (*COMPANY_OFFICES, "board_secretary"),
        (company.check_jsc, *COMPANY_RULES), "A", ("股份有限公司", "股份公司"), jsc_type_code, **_papers("jsc"),
        leadership="company", asks=frozenset({"paid", "form", "due", "shares"}),
    ),
    EntityKind(
        "sole", Words("个人独资企业", "sole proprietorship"), "investor", Words("投资人", "investor"),
        Words("投资人", "investor"), AMOUNT, DOMICILE,
        ("address", "scope", "capital", "shareholders", "liaison", "submitter", "check"), ("investor",),
        (*COMMON, others.check_sole), "E",
        ("（个人独资）", "厂", "店", "部", "中心", "工作室", "商行", "事务所"),
        _always("4540", "个人独资企业"), **_papers("sole"), founders="one",
        asks=frozenset({"means", "employees"}), term_asked=False,
    ),
    _partnership("gp", Words("普通合伙企业", "general partnership"), "（普通合伙）", ("4531", "普通合伙企业")),
    _partnership("sgp", Words("特殊普通合伙企业", "special general partnership"), "（特殊普通合伙）", ("4532", "特殊普通合伙企业")),
    _partnership("lp", Words("有限合伙企业", "limited partnership"), "（有限合伙）", ("4533", "有限合伙企业")),
    EntityKind(
        "household", Words("个体工商户", "individual household"), "operator", Words("经营者", "operator"),
        Words("经营者", "operator"), Words("资金数额", "funds"), Words("经营场所", "place of business"),
        ("address", "scope", "shareholders", "liaison", "submitter", "check"), ("operator",),
        (shared.check_reserved_name, *COMMON[1:], others.check_household), "F",
        ("店", "厂", "馆", "部", "行", "中心", "工作室", "超市", "铺", "坊", "经营部"), _always("9500", "个体工商户"),
        **_papers("household"), founders="one", asks=frozenset({"composition", "employees", "funds"}),
        capital_registered=False, term_asked=False, name_optional=True, uscc_kind="2",
    ),
    EntityKind(
        "branch", Words("分公司", "branch of a company"), "parent", Words("所属公司", "parent company"),
        Words("负责人", "person in charge"), AMOUNT, Words("营业场所", "place of business"),
        ("address", "shareholders", "scope", "officers", "liaison", "submitter", "check"), ("person_in_charge",),
        (*COMMON, others.check_branch),
        "G", ("分公司",), branch_type_code, **_papers("branch"), founders="parent", asks=frozenset({"parent"}),
        capital_registered=False, term_asked=False,
    ),
    EntityKind(
        "cooperative", Words("农民专业合作社", "farmers' cooperative"), "member", Words("成员", "member"),
        LEGAL_REPRESENTATIVE, Words("成员出资总额", "members' contributions"), DOMICILE,
        ("address", "scope", "capital", "shareholders", "officers", "liaison", "submitter", "check"),
        ("cooperative_chair", "manager", "supervisor"), (*COMMON, others.check_cooperative),
        "D", ("专业合作社",), _always("9100", "农民专业合作社"), **_papers("cooperative"),
        asks=frozenset({"paid", "form", "farmer"}), term_asked=False, uscc_kind="3",
    ),
)  # fmt: skip
_registry: dict[str, EntityKind] = {kind.code: kind for kind in BUILT_IN}


def get(code: str) -> EntityKind:
    """The entity type of this code. Raises NotFound."""
    if code not in _registry:
        raise NotFound(f"no such entity type: {code}")
    return _registry[code]


def every() -> tuple[EntityKind, ...]:
    """All registered types, the built-in ones first."""
    return tuple(_registry.values())


def unnamed(kind: EntityKind) -> str:
    """What stands in the place of the name of an entity that does without one (IMPL52 Art. 6)."""
    return f"{kind.name.zh}（不使用名称）"


def is_unnamed(code: str, name: str) -> bool:
    """Whether an entity of this type has chosen to do without a name. Raises NotFound for an unknown type."""
    kind = get(code)
    return kind.name_optional and name == unnamed(kind)


def register(kind: EntityKind) -> None:
    """Add a type, its papers and its words. Raises ValueError when its code is taken."""
    if kind.code in _registry:
        raise ValueError(f"entity type {kind.code} is registered already")
    _registry[kind.code], PAPERS[kind.code], WORDS[kind.code] = kind, kind.papers, kind.words


@contextmanager
def registered(kind: EntityKind) -> Iterator[EntityKind]:
    """A type that exists inside the block only."""
    register(kind)
    try:
        yield kind
    finally:
        del _registry[kind.code], PAPERS[kind.code], WORDS[kind.code]
