"""Which kind of entity suits whom: what tells the types apart, and a suggestion from two questions."""

from dataclasses import dataclass

from workflow.errors import Words

NO_SUCH_TYPE = Words(
    "没有这类主体，请从下面的表中选择。", "There is no such type. Choose one from the table below."
)

LIMITED = Words("以认缴的出资额为限", "Limited to the contribution promised")
UNLIMITED = Words("以个人财产承担无限责任", "Unlimited, with all personal property")
FREE_AMOUNT = Words("不设最低限额", "No minimum")


@dataclass(frozen=True)
class Traits:
    """What tells a type apart: how many contribute, what they answer with, what capital is asked for, and why."""

    code: str
    who: Words
    liability: Words
    capital: Words
    basis: str


TRAITS: dict[str, Traits] = {
    traits.code: traits
    for traits in (
        Traits(  # LLC-01, LLC-03
            "llc", Words("1 至 50 名股东", "1 to 50 shareholders"), LIMITED,
            Words("不设最低限额，成立后五年内缴足", "No minimum; paid in full within five years"),
            "《中华人民共和国公司法》第四条、第四十二条、第四十七条",
        ),
        Traits(
            "jsc", Words("1 至 200 名发起人", "1 to 200 promoters"), Words("以认购的股份为限", "Limited to the shares taken"),
            Words("发起人在成立前缴足", "Promoters pay in full before establishment"),
            "《中华人民共和国公司法》第四条、第九十二条、第九十八条",
        ),
        Traits(
            "sole", Words("1 名自然人", "One natural person"), UNLIMITED, FREE_AMOUNT, "《中华人民共和国个人独资企业法》第二条、第八条",
        ),
        Traits(
            "gp", Words("2 名以上合伙人", "2 or more partners"),
            Words("合伙人承担无限连带责任", "All partners: unlimited, jointly"), FREE_AMOUNT,
            "《中华人民共和国合伙企业法》第二条、第十四条",
        ),
        Traits(
            "sgp", Words("2 名以上合伙人，限专业服务机构", "2 or more partners; professional services only"),
            Words("有过错的合伙人承担无限责任", "The partner at fault: unlimited"), FREE_AMOUNT,
            "《中华人民共和国合伙企业法》第五十五条、第五十七条",
        ),
        Traits(
            "lp", Words("2 至 50 名合伙人，至少 1 名普通合伙人", "2 to 50 partners, at least one general"),
            Words("普通合伙人无限，有限合伙人以出资额为限", "General partners unlimited, limited partners their contribution"),
            FREE_AMOUNT, "《中华人民共和国合伙企业法》第二条、第六十一条",
        ),
        Traits(
            "household", Words("1 名自然人或者一个家庭", "One person or one family"), UNLIMITED,
            Words("不登记注册资本", "No registered capital"), "《中华人民共和国民法典》第五十四条、第五十六条",
        ),
        Traits(
            "branch", Words("已成立的公司", "An existing company"),
            Words("由所属公司承担", "Borne by the parent company"), Words("不登记注册资本", "No registered capital"),
            "《中华人民共和国公司法》第十三条",
        ),
        Traits(
            "cooperative", Words("5 名以上成员，农民占多数", "5 or more members, mostly farmers"),
            Words("以账户内的出资额和公积金份额为限", "Limited to the member's account"), FREE_AMOUNT,
            "《中华人民共和国农民专业合作社法》第六条、第十二条、第二十条",
        ),
    )
}  # fmt: skip

SUITS: dict[tuple[str, str], tuple[str, ...]] = {
    ("alone", "limited"): ("llc",),
    ("alone", "unlimited"): ("household", "sole"),
    ("family", "limited"): ("llc",),
    ("family", "unlimited"): ("household", "sole"),
    ("others", "limited"): ("llc", "jsc"),
    ("others", "some"): ("lp", "sgp"),
    ("others", "unlimited"): ("gp",),
    ("farmers", "limited"): ("cooperative", "llc"),
    ("farmers", "unlimited"): ("gp",),
    ("company", "limited"): ("llc", "jsc"),
    ("company", "some"): ("lp",),
    ("company", "unlimited"): ("branch", "gp"),
}


def recommend(who: str, liability: str) -> tuple[str, ...]:
    """The types that suit, best first. `who`: alone, family, others, farmers, company; `liability`: limited, some
    (of the owners without limit), unlimited. Who is alone cannot share liability: that counts as without limit.

    Empty for answers that are none of these.
    """
    return SUITS.get((who, liability)) or (SUITS.get((who, "unlimited"), ()) if liability == "some" else ())
