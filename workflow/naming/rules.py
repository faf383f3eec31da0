"""The rules of a name's structure: NM-01 to NM-32 as they apply at establishment, and those of LIM on its parts.

Pure: a name's parts in, findings out. Words are in `word_rules.py`, what compares with other names in `comparison.py`.
"""

import re
from collections.abc import Iterator
from datetime import date

from workflow.errors import Words
from workflow.naming import facts
from workflow.naming.catalogue import Catalogue
from workflow.naming.parts import Parts
from workflow.naming.proposal import Finding, Proposal
from workflow.naming.text import standard_characters, unfolded
from workflow.naming.word_rules import LIM, M82, PREFIXES, REG, finding, national_words, restricted_words

LONG_TRADE_NAME = 8  # characters from which a trade name may be a sentence (LIM-22)
_SENTENCE = re.compile("[的了吗呢吧啊谁么]")
# Short names of divisions that are everyday words or landmarks: fine as trade names (NM-10, LIM-25).
_EVERYDAY = (
    "泰山 朝阳 和平 长安 东方 永安 宝山 南山 新华 华山 黄山 金山 龙山 明山 青山 平安 万安 长乐 吉安 金华 "
    "嘉兴 长寿 兴隆 集美 思明 大同 吉利 昌盛 广安 安顺 泰和 新兴 永兴 大兴 顺义 安康 延安 福安 瑞安 惠安 "
    "同安 金湖 金牛 金水 铁山 红旗 新城 开平 太平 普安 兴安 永定 永康 永和 丰泽 天心 天山 天河 长城 太和 "
    "凤凰 龙华 福田 盐田 鼓楼 钟楼 海港 中原 秀山 大祥 双清 云龙 古城 高明 三水 白云 越秀 光明 开福 雨花 "
    "岳麓 珠山 昌江 浪卡 建华 富裕 龙江 华南 东风 向阳 前进 爱民 阳明 建安 文峰 北关 解放 山阳 平原 红河 "
    "宜良 安宁 盘龙 官渡 泰安 天长 明光 黄岩 海曙 江北 江南 西湖 东湖 南湖"
)
_OTHER_MEANING = frozenset(_EVERYDAY.split())
_DIVISION_SUFFIX = re.compile(r".{2,}(省|市|区|县|自治州|自治县|自治区)$")
_FORM_NAMES = {
    "llc": Words("有限责任公司或者有限公司", "有限责任公司 or 有限公司"),
    "jsc": Words("股份有限公司或者股份公司", "股份有限公司 or 股份公司"),
    "gp": Words("含“（普通合伙）”的名称", "a name with （普通合伙）"),
    "sgp": Words("含“（特殊普通合伙）”的名称", "a name with （特殊普通合伙）"),
    "lp": Words("含“（有限合伙）”的名称", "a name with （有限合伙）"),
    "sole": Words(
        "厂、店、部、中心、工作室等，不得使用“有限”“公司”",
        "厂, 店, 部, 中心, 工作室 and the like, never 有限 or 公司",
    ),
    "household": Words(
        "厂、店、馆、部、行、中心等，不得使用“企业”“公司”“合作社”",
        "厂, 店, 馆, 部, 行, 中心 and the like, never 企业, 公司 or 合作社",
    ),
    "branch": Words(
        "总公司全称加分公司、分厂、分店等", "the parent's full name and 分公司, 分厂, 分店 and the like"
    ),
    "cooperative": Words("专业合作社", "专业合作社"),
}


def local_findings(proposal: Proposal, parts: Parts, catalogue: Catalogue, on: date) -> list[Finding]:
    """Every finding that needs no register, most serious first, in a stable order."""
    found = [
        *_written(proposal, parts),
        *_structure(proposal, parts),
        *restricted_words(proposal, parts, catalogue, on),
    ]
    return sorted(found, key=lambda f: {"block": 0, "review": 1, "warn": 2}[f.effect])


def _written(proposal: Proposal, parts: Parts) -> Iterator[Finding]:
    """Characters (NM-03, NM-04, LIM-09)."""
    name = parts.name
    foreign = "".join(
        dict.fromkeys(c for c in name if (c < "\u2e80" or "\uff00" < c < "\uffef") and c not in "（）")
    )
    if foreign:
        yield finding(
            "NM-03", "block",
            f"名称只能使用规范汉字，不能使用“{foreign}”这样的字母、数字或符号。",
            f"A name is written in standard Chinese characters only; “{foreign}” is not allowed.",
            REG.format("五") + "；" + LIM.format("九"), also=("LIM-09", "NM-04"),
        )  # fmt: skip
    if proposal.text and (written := unfolded(proposal.text)) != name:
        old = "".join(sorted({a for a, b in zip(written, name, strict=False) if a != b}))
        yield finding(
            "NM-03", "block",
            f"“{old}”不是规范汉字，应写作“{name}”。",
            f"“{old}” is not written in standard characters; write “{name}”.",
            REG.format("五"), also=("NM-04",),
        )  # fmt: skip
    rare = "".join(
        sorted(
            {
                c
                for c in name
                if c >= "\u2e80"
                and c not in standard_characters()
                and c not in "（）"
                and not "\uff00" < c < "\uffef"
                and not "\u3000" <= c <= "\u303f"
            }
        )
    )
    if rare:
        yield finding(
            "NM-04", "review",
            f"“{rare}”没有收入《通用规范汉字表》，需要人工核对。",
            f"“{rare}” is not in the List of Commonly Used Standard Chinese Characters; a registrar looks at it.",
            REG.format("五"),
        )  # fmt: skip
    if any("\u3001" <= c <= "\u303f" for c in name):
        yield finding(
            "NM-04", "block", "名称中不能有标点符号。", "A name has no punctuation.", REG.format("五")
        )
    if name.count("（") != name.count("）"):
        yield finding("NM-04", "block", "括号不成对。", "A bracket is not closed.", REG.format("五"))


def _structure(proposal: Proposal, parts: Parts) -> Iterator[Finding]:
    """Parts, order, division, trade name, industry, form."""
    kind = proposal.entity_type
    if kind == "branch":
        yield from _branch(parts)
        if parts.parent:
            return
    yield from _division(proposal, parts)
    yield from _trade_name(parts)
    if (
        "no_industry" in parts.notes
        and kind not in ("household", "branch", "cooperative")
        and parts.trade_name
    ):
        allowed = "no_industry" in proposal.exemptions or bool(proposal.text)
        zh, en = (
            ("没有识别出行业或者经营特点用语，由登记人员确认。",
             "No industry term was recognised; a registrar confirms the name.")
            if allowed else
            ("请填写行业用语：新设企业的名称应当写明行业或者经营特点。",
             "Enter an industry term: the name of a new enterprise states its trade.")
        )  # fmt: skip
        yield finding(
            "NM-32", "review" if allowed else "block", zh, en,
            REG.format("六") + "；" + M82.format("二十"), ("no_industry",), ("LIM-28", "NM-30"),
        )  # fmt: skip
    yield from _form(kind, parts)
    yield from national_words(proposal, parts)
    if parts.group and kind != "branch":
        yield finding(
            "NM-19", "review" if "group" in proposal.exemptions else "block",
            "“集团”须由已经登记的企业法人在其控股三家以上企业法人后，通过变更登记使用，设立时不能使用。",
            "集团 is for a registered legal person that controls three or more others, by a change of its "
            "registration; it cannot be used at establishment.",
            REG.format("十四") + "；" + M82.format("十七"), ("group",), ("NM-18",),
        )  # fmt: skip


def _branch(parts: Parts) -> Iterator[Finding]:
    if not parts.parent:
        yield finding(
            "NM-16", "block",
            "分支机构名称应当冠以其所从属企业的全称，例如“武汉小张软件有限公司汉口分公司”。",
            "A branch's name begins with the full name of its enterprise, such as 武汉小张软件有限公司汉口分公司.",
            REG.format("十三"), also=("NM-17",),
        )  # fmt: skip
    elif not parts.form.endswith(facts.FORMS["branch"]):
        yield finding(
            "NM-16", "block",
            "分支机构名称应当以“分公司”“分厂”“分店”等字词结尾。",
            "A branch's name ends with 分公司, 分厂, 分店 or the like.",
            REG.format("十三"), also=("NM-15",),
        )  # fmt: skip


def _division(proposal: Proposal, parts: Parts) -> Iterator[Finding]:
    seat = facts.division_of_authority(proposal.authority_code)
    if "zone_alone" in parts.notes:
        yield finding(
            "NM-07", "block",
            f"开发区、垦区等区域名称（“{parts.zone}”）应当与行政区划名称连用，不能单独使用。",
            f"A development zone (“{parts.zone}”) stands together with a division, never alone.",
            REG.format("七"), also=("LIM-11",),
        )  # fmt: skip
    elif "no_division" in parts.notes:
        if parts.name.startswith(PREFIXES):
            return  # NM-20 says it better
        yield finding(
            "NM-31", "review" if "no_division" in proposal.exemptions else "block",
            "名称应当含有企业所在地的县级以上行政区划名称。不含行政区划的名称只适用于已经登记、跨省经营的企业法人。",
            "A name contains the division (county or above) of the enterprise's seat. A name without one is for "
            "registered legal persons that work across provinces.",
            REG.format("六、七") + "；" + M82.format("十九"), ("no_division",), ("NM-01", "NM-30", "LIM-20"),
        )  # fmt: skip
        return
    code = parts.division_code
    if "district_alone" in parts.notes:
        yield finding(
            "NM-06", "block",
            f"市辖区名称（“{parts.division}”）应当与市的名称连用，不能单独使用。",
            f"The city district “{parts.division}” stands together with its city, never alone.",
            REG.format("七"), also=("LIM-11", "LIM-21"),
        )  # fmt: skip
    if code and seat and not _contains(code, seat):
        yield finding(
            "NM-05", "block",
            f"行政区划“{parts.division}”不是企业所在地（{_full(seat)}）的行政区划。",
            f"“{parts.division}” is not a division of the enterprise's seat ({_full(seat)}).",
            REG.format("七"), also=("LIM-11",),
        )  # fmt: skip
    if proposal.entity_type == "household" and code and facts.divisions()[code].level < 2:
        yield finding(
            "GT-NAME", "review",
            "个体工商户名称中的行政区划一般为所在县（市、区）。",
            "A household's name usually bears the county or district in which it is.",
            "个体工商户登记管理规定",
        )  # fmt: skip


def _contains(code: str, seat: str) -> bool:
    """Whether a division is, contains, or lies within the prefecture of, the seat's division."""
    if code == seat or (code[:2] + "0000" == code and seat[:2] == code[:2]):
        return True
    if facts.divisions()[code].level == 2:
        return facts.prefecture_of(seat) == code
    # A zone registers under its city's code: a district of that city is then possible.
    return seat.endswith("00") and facts.prefecture_of(code) == seat


def _full(code: str) -> str:
    fact = facts.divisions().get(code)
    return fact.name if fact else code


def _trade_name(parts: Parts) -> Iterator[Finding]:
    trade_name = parts.trade_name
    if len(trade_name) < 2:
        yield finding(
            "NM-09", "block",
            "字号应当由两个以上汉字组成。" if trade_name else "没有识别出字号：名称里应当有两个以上汉字的字号。",
            "A trade name has two or more Chinese characters." + ("" if trade_name else " None was recognised here."),
            REG.format("八"), also=("LIM-12",),
        )  # fmt: skip
        return
    if _DIVISION_SUFFIX.match(trade_name) and trade_name in facts.division_names():
        yield finding(
            "NM-10", "block",
            f"“{trade_name}”是行政区划名称，不能作字号。",
            f"“{trade_name}” is the name of a division and cannot be the trade name.",
            REG.format("八"), also=("LIM-25", "LIM-12", "WORD-03"),
        )  # fmt: skip
    elif "trade_name_like_place" in parts.notes and trade_name not in _OTHER_MEANING:
        yield finding(
            "NM-10", "review",
            f"“{trade_name}”是县级以上地名；作字号须另有含义，由登记机关判断。",
            f"“{trade_name}” is a place of county level or above; as a trade name it needs another meaning, "
            "which the registrar judges.",
            REG.format("八"), also=("LIM-25", "WORD-03"),
        )  # fmt: skip
    if "trade_name_like_industry" in parts.notes:
        yield finding(
            "NM-11", "block",
            f"“{trade_name}”是行业或者经营特点用语，不能作字号，例如“动力机械”中的“动力”。请换一个有显著性的字号。",
            f"“{trade_name}” describes a trade and is not distinctive, like 动力 in 动力机械. Choose another trade name.",
            REG.format("八") + "；企业名称申报指引（2025年版）", also=("NM-09", "NM-10", "LIM-12"),
        )  # fmt: skip
    if len(trade_name) > LONG_TRADE_NAME or (len(trade_name) > 4 and _SENTENCE.search(trade_name)):
        yield finding(
            "LIM-22", "review",
            "字号应当是字、词或者其组合，不能是句子或者段落。",
            "A trade name is a character, a word or a combination, not a sentence.",
            LIM.format("二十二"),
        )  # fmt: skip


def _form(kind: str, parts: Parts) -> Iterator[Finding]:
    form, bracket = parts.form, parts.bracket
    wanted = facts.PARTNERSHIP_BRACKETS.get(kind, "")
    if kind in ("gp", "sgp", "lp"):
        fits = bracket == wanted
    elif kind in ("llc", "jsc", "cooperative"):
        fits = form in facts.FORMS[kind] and not bracket
    elif kind == "sole":
        fits = (
            bool(form)
            and "公司" not in form
            and "有限" not in form
            and bracket in ("", wanted)
            and "合作社" not in form
        )
    elif kind == "household":
        fits = bool(form) and not bracket and not any(w in form for w in ("公司", "企业", "合作社"))
    elif kind == "branch":
        return
    else:
        fits = True
    if not fits:
        words = _FORM_NAMES[kind]
        shown = form + (f"（{bracket}）" if bracket else "")
        yield finding(
            "NM-15", "block",
            f"组织形式“{shown}”与企业类型不符，应为{words.zh}。",
            f"The form “{shown}” does not fit the entity type; it should be {words.en}.",
            REG.format("十"), also=("LIM-14",),
        )  # fmt: skip
