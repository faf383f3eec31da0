"""The rules on words in a name: the restricted words (LIM-05 to LIM-29, WORD-01 to 04), 中国 and 国际 (NM-20, NM-21).

Pure: a name's parts and the lists in force in, findings out.
"""

from collections.abc import Iterator
from datetime import date

from workflow.errors import Words
from workflow.naming import facts
from workflow.naming.catalogue import Catalogue, RestrictedWord
from workflow.naming.parts import Parts
from workflow.naming.proposal import Effect, Finding, Proposal
from workflow.naming.text import normalise

REG = "企业名称登记管理规定第{}条"
LIM = "企业名称禁限用规则第{}条"
M82 = "企业名称登记管理规定实施办法第{}条"
PREFIXES = ("中国", "中华", "中央", "全国", "国家")


def finding(
    rule: str,
    effect: Effect,
    zh: str,
    en: str,
    basis: str,
    clears: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    word: str = "",
) -> Finding:
    """A finding of a rule that concerns the name alone, or one word of it."""
    return Finding(rule, effect, Words(zh, en), basis, None, clears, also, word)


def national_words(proposal: Proposal, parts: Parts) -> Iterator[Finding]:
    """中国、中华、中央、全国、国家 (NM-20, LIM-19) and 国际 (NM-21)."""
    name = parts.name
    special: Effect = "review" if "state_council" in proposal.exemptions else "block"
    household = proposal.entity_type == "household"
    prefix = next(
        (p for p in (*PREFIXES, "国际") if name.startswith(p) and not parts.division.startswith(p)), ""
    )
    if prefix:
        yield finding(
            "NM-20", special,
            f"以“{prefix}”开头的名称须从严审核，并报国务院批准。",
            f"A name that begins with “{prefix}” needs the approval of the State Council.",
            REG.format("十二") + "；" + LIM.format("十九"), ("state_council",), ("LIM-19",), prefix,
        )  # fmt: skip
    if parts.china_bracket:
        yield finding(
            "NM-20", "review",
            "“（中国）”只限使用外国（地区）投资者字号的外商独资或者控股企业。",
            "（中国） is only for firms owned or controlled by a foreign investor whose trade name they use.",
            REG.format("十二"), also=("LIM-19",),
        )  # fmt: skip
    for word in (*PREFIXES, "国际"):
        if word in parts.trade_name and word != prefix and not _inside_other_word(parts.trade_name, word):
            rule = "NM-21" if word == "国际" else "NM-20"
            yield finding(
                rule, special,
                f"“{word}”只能作行业的限定语（如国际贸易），不能用在字号中，也不能单独作行业用语。",
                f"“{word}” may only qualify the trade (as in 国际贸易), not be part of the trade name or the whole term.",
                REG.format("十二") + "；" + LIM.format("十九"), ("state_council",), ("LIM-19",), word,
            )  # fmt: skip
        elif word in parts.industry and household:
            yield finding(
                "GT-NAME", "block", f"个体工商户名称不能使用“{word}”。", f"A household's name may not contain “{word}”.",
                "个体工商户登记管理规定", word=word,
            )  # fmt: skip
        elif parts.industry == word:
            yield finding(
                "NM-21" if word == "国际" else "NM-20", special,
                f"“{word}”不能单独作行业用语。", f"“{word}” cannot be the whole industry term.",
                LIM.format("十九"), also=("LIM-19",), word=word,
            )  # fmt: skip


def _inside_other_word(trade_name: str, word: str) -> bool:
    """Whether the word only arises across two others: 汉中|国际 does not contain 中国."""
    at = trade_name.find(word)
    left = trade_name[max(0, at - 1) : at + 1]
    return at > 0 and left in facts.division_names()


_MESSAGES: dict[str, tuple[str, str]] = {
    "block": ("名称中的“{word}”不得使用：{category}。", "“{word}” may not be used in a name: {category}."),
    "review": (
        "名称中的“{word}”需要人工审查：{category}。",
        "“{word}” is looked at by a registrar: {category}.",
    ),
    "warn": ("请注意名称中的“{word}”：{category}。", "Note “{word}” in the name: {category}."),
}
# Categories of the list in English; one that staff add stands as they wrote it.
CATEGORIES = {
    "知名商标（示例，非官方名录）": "well-known brand (examples, no official list)",
    "外国国家（地区）名称": "name of a foreign state or region",
    "外国国家（地区）简称": "short name of a foreign state or region",
    "外国地名": "foreign place",
    "国际组织": "international organisation",
    "金融及类金融": "financial business",
    "党政军机关": "organ of party, state or army",
    "群团组织": "mass organisation",
    "政党": "political party",
    "涉军": "word of the army",
    "需许可/主体限制": "needs a licence or a certain kind of enterprise",
    "职务、学位、军警衔": "post, degree or rank",
    "领导人、革命家、烈士、模范": "leader, revolutionary, martyr or model",
    "非法组织、反面人物": "illegal organisation or infamous person",
    "有害内容": "harmful content",
    "毒品、淫秽、赌博": "drugs, obscenity or gambling",
    "夸大/误解": "exaggerates or misleads",
    "国家战略": "strategy of the state",
    "违背公序良俗": "against public order and good morals",
    "封建糟粕、违背公序良俗": "feudal dross, against good morals",
    "殖民色彩": "colonial",
    "歧视": "discriminates",
    "恐怖、分裂、极端": "terror, separatism or extremism",
    "政治影响": "political harm",
    "宗教": "religion",
    "虚拟货币": "virtual currency",
    "暗示非营利组织": "suggests a non-profit organisation",
    "其他法人的名称": "name of another legal person",
}
_CLEARS = {
    "LIM-27": ("authorisation",),
    "LIM-16": ("investment", "authorisation"),
    "LIM-24": ("authorisation",),
}


def restricted_words(proposal: Proposal, parts: Parts, catalogue: Catalogue, on: date) -> Iterator[Finding]:
    """The restricted words; each word once. Division and form are not searched.

    One that runs from within the trade name into the trade may be chance: a registrar looks at it.
    """
    text = parts.trade_name + parts.industry
    boundary = len(parts.trade_name)
    seen: set[str] = set()
    for word, start in catalogue.restricted(text, on, boundary):
        end = start + len(word.word)
        if word.word in seen:
            continue
        if word.match == "whole" and word.word != parts.trade_name:
            continue
        if end > boundary and word.rule in ("LIM-26", "LIM-24", "LIM-27", "LIM-16"):
            continue  # these concern the trade name
        seen.add(word.word)
        yield _word_finding(word, parts, proposal, chance=0 < start < boundary < end)


def _word_finding(word: RestrictedWord, parts: Parts, proposal: Proposal, chance: bool = False) -> Finding:
    effect: Effect = "review" if chance and word.effect == "block" else word.effect
    if word.rule == "LIM-26" and word.word == parts.trade_name:
        effect = "block"
    clears = _CLEARS.get(word.rule, ())
    if effect == "block" and proposal.exemptions & set(clears):
        effect = "review"
    zh, en = _MESSAGES[effect]
    category = CATEGORIES.get(word.category, word.category)
    return Finding(
        word.rule, effect,
        Words(zh.format(word=word.word, category=word.category), en.format(word=word.word, category=category)),
        word.basis, None, clears, word=word.word,
    )  # fmt: skip


def scope_findings(text: str, catalogue: Catalogue, on: date) -> list[Finding]:
    """Words that a business scope may not contain either (WORD-01)."""
    found = []
    for word, _ in catalogue.restricted(normalise(text), on):
        if word.rule == "WORD-01":
            found.append(_word_finding(word, Parts(), Proposal("")))
    return found
