"""The words that differ from one kind of entity to another, and who its head is: one table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EntityWords:
    """How the papers of a kind of entity speak of its people and things.

    `head` is the person who answers for it; `founders_title` the heading of the table of contributions.
    """

    noun: str  # 公司, 合伙企业 …
    form: str  # title of the application form
    party: str  # 股东, 合伙人 …
    head: str  # 法定代表人, 执行事务合伙人 …
    place: str  # 住所, 主要经营场所, 经营场所, 营业场所
    capital: str  # 注册资本, 出资额, 成员出资总额; empty where none is registered
    articles: str  # 公司章程, 合伙协议 …; empty where there are none
    founders_title: str = ""
    licence_format: str = "A"  # LIC-07


COMPANY = "公司登记（备案）申请书"
PARTNERSHIP = EntityWords(
    "合伙企业", "合伙企业登记（备案）申请书", "合伙人", "执行事务合伙人", "主要经营场所", "出资额", "合伙协议",
    "全体合伙人名录及出资情况", "C",
)  # fmt: skip

WORDS: dict[str, EntityWords] = {
    "llc": EntityWords("公司", COMPANY, "股东", "法定代表人", "住所", "注册资本", "公司章程", "股东出资情况"),
    "jsc": EntityWords("公司", COMPANY, "发起人", "法定代表人", "住所", "注册资本", "公司章程", "发起人出资情况"),
    "gp": PARTNERSHIP,
    "sgp": PARTNERSHIP,
    "lp": PARTNERSHIP,
    "sole": EntityWords(
        "个人独资企业", "个人独资企业登记（备案）申请书", "投资人", "投资人", "住所", "出资额", "", "投资人出资情况", "E"
    ),
    "household": EntityWords(
        "个体工商户", "个体工商户登记（备案）申请书", "经营者", "经营者", "经营场所", "", "", "", "F"
    ),
    "branch": EntityWords("分公司", "分公司登记（备案）申请书", "公司", "负责人", "营业场所", "", "", "", "G"),
    "cooperative": EntityWords(
        "农民专业合作社", "农民专业合作社登记（备案）申请书", "成员", "法定代表人", "住所", "成员出资总额", "农民专业合作社章程",
        "成员出资情况", "D",
    ),
}  # fmt: skip
