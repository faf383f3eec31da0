"""The facts that names are read by: divisions, organisational forms, industry words, readings, look-alikes.

Files of `workflow/catalogues/data`, read once a process. What staff may edit (restricted words, synonyms,
look-alikes) is the base only: `catalogue.py` lays the approved changes over it.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "catalogues" / "data"

# A word that GB/T 4754 does not know: it says nothing about the trade (CMP-N5).
GENERIC_WORDS = frozenset(
    [
        "实业",
        "发展",
        "实业发展",
        "经济发展",
        "开发",
        "企业",
        "企业发展",
        "实业开发",
        "产业",
        "产业发展",
        "经营",
        "控股",
        "管理",
        "经济开发",
        "综合开发",
        "集团",
        "中心",
    ]
)

NATIONALITIES = [
    "壮族",
    "回族",
    "满族",
    "苗族",
    "彝族",
    "藏族",
    "土家族",
    "蒙古族",
    "布依族",
    "侗族",
    "瑶族",
    "白族",
    "哈尼族",
    "傣族",
    "黎族",
    "羌族",
    "畲族",
    "水族",
    "仫佬族",
    "毛南族",
    "各族",
    "哈萨克族",
    "柯尔克孜族",
    "锡伯族",
    "塔吉克族",
    "朝鲜族",
    "仡佬族",
    "拉祜族",
    "佤族",
    "景颇族",
    "傈僳族",
    "独龙族",
    "怒族",
    "普米族",
    "裕固族",
    "东乡族",
    "保安族",
    "撒拉族",
    "土族",
    "达斡尔族",
    "鄂伦春族",
    "鄂温克族",
]
SPECIAL_SHORT = {
    "内蒙古自治区": "内蒙古", "广西壮族自治区": "广西", "西藏自治区": "西藏", "宁夏回族自治区": "宁夏",
    "新疆维吾尔自治区": "新疆", "神农架林区": "神农架", "香港特别行政区": "香港", "澳门特别行政区": "澳门",
}  # fmt: skip

# Short names of a district that mean a wider region (江汉平原, 江汉油田).
REGIONS = {"江汉"}

FORMS = {
    "llc": ("有限责任公司", "有限公司"),
    "jsc": ("股份有限公司", "股份公司"),
    "sole": ("厂", "店", "部", "中心", "事务所", "工作室", "商行", "经营部", "门市部", "商店", "超市", "药店", "家庭农场",
             "行", "馆", "社", "坊", "场", "吧", "队", "屋", "院", "铺", "房", "农场", "酒店", "商务部", "服务部", "所"),
    "household": ("厂", "店", "部", "中心", "工作室", "商行", "经营部", "门市部", "商店", "超市", "药店", "家庭农场", "行",
                  "馆", "社", "坊", "场", "吧", "队", "铺", "房", "亭", "处", "厅", "俱乐部", "酒店", "酒吧", "旅店", "农家院",
                  "农场", "影楼", "网店", "大药房", "药房", "网咖", "咖啡厅", "咖啡店", "饭店", "饭堂", "浴池", "诊所", "门诊部",
                  "屋", "苑", "园", "摊", "服务部", "小吃店", "理发店", "餐馆", "茶馆", "面馆", "所"),
    "cooperative": ("农民专业合作社联合社", "专业合作社联合社", "农民专业合作社", "专业合作社", "合作社联合社", "合作社"),
    "branch": ("分公司", "分店", "分厂", "营业部", "办事处", "分部", "分社", "分所"),
}  # fmt: skip
PARTNERSHIP_BRACKETS = {"gp": "普通合伙", "sgp": "特殊普通合伙", "lp": "有限合伙", "sole": "个人独资"}
# Other forms met in the register: old state and collective enterprises.
OLD_FORMS = ("集团公司", "总公司", "公司", "总厂", "工厂", "信用合作联社", "供销合作社", "供销社", "研究院", "研究所", "设计院",
             "商场", "大厦", "宾馆", "林场", "总社", "总店", "总站", "门市", "站", "矿", "处", "联社")  # fmt: skip
# What a form says about the trade when no industry word stands before it.
FORM_INDUSTRY = {"合作社": "A", "专业合作社": "A", "农民专业合作社": "A"}


@dataclass(frozen=True, slots=True)
class DivisionFact:
    """A division of county level or above; `level` is 1 province, 2 prefecture, 3 county."""

    code: str
    name: str
    short: str
    level: int
    kind: str
    parent: str


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry word of names: GB/T 4754 code (may be empty) and synonym group (may be empty)."""

    word: str
    code: str
    group: str
    rank: int


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a data file; lines that begin with # are comments."""
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(line for line in file if not line.startswith("#"))
        header = next(lines)
        return [dict(zip(header, line, strict=True)) for line in lines if line]


def short_name(name: str) -> str:
    """The division's name without its kind: 武汉市 -> 武汉, 长阳土家族自治县 -> 长阳. Two characters at least."""
    if name in SPECIAL_SHORT:
        return SPECIAL_SHORT[name]
    for kind in ("自治州", "自治县", "自治旗"):
        if name.endswith(kind):
            stem = name.removesuffix(kind)
            changed = True
            while changed:
                changed = False
                for people in NATIONALITIES:
                    if stem.endswith(people) and len(stem) - len(people) >= 2:
                        stem, changed = stem.removesuffix(people), True
            return stem if len(stem) >= 2 else name
    for kind in ("地区", "林区", "新区", "矿区", "省", "市", "区", "县", "旗", "盟"):
        if name.endswith(kind) and len(name) - len(kind) >= 2:
            return name.removesuffix(kind)
    return name


@lru_cache(maxsize=1)
def divisions() -> dict[str, DivisionFact]:
    """All divisions by code."""
    found = {}
    for row in rows("divisions.csv"):
        fact = DivisionFact(
            row["code"],
            row["name"],
            short_name(row["name"]),
            int(row["level"]),
            row["kind"],
            row["parent_code"],
        )
        found[fact.code] = fact
    return found


@lru_cache(maxsize=1)
def division_names() -> dict[str, tuple[DivisionFact, ...]]:
    """Divisions by full and short name; one name may belong to several."""
    names: dict[str, list[DivisionFact]] = {}
    for fact in divisions().values():
        for name in {fact.name, fact.short} - REGIONS:
            names.setdefault(name, []).append(fact)
    for row in rows("divisions.csv"):  # former names and those of daily use: 襄樊, 恩施州
        fact = divisions()[row["code"]]
        for name in filter(None, row["aliases"].split(";")):
            for word in {name, short_name(name) if fact.level == 2 else name}:
                if word not in names:
                    names[word] = [fact]
        if row["name"].endswith("自治州") and fact.short + "州" not in names:
            names[fact.short + "州"] = [fact]
    return {name: tuple(facts) for name, facts in names.items()}


@lru_cache(maxsize=1)
def zones() -> dict[str, str]:
    """Development zones as they stand in names, with the division in which they lie."""
    found = {}
    for row in rows("registration_authorities.csv"):
        if "-Z-" in row["code"]:
            found[row["name"].removesuffix("市场监督管理局")] = row["host_division"]
    return found


@lru_cache(maxsize=1)
def industry_words() -> dict[str, Industry]:
    """Industry words by word, as carried; synonyms may be overlaid by the catalogue."""
    return {
        row["word"]: Industry(row["word"], row["industry_code"], row["synonym_group"], int(row["rank"]))
        for row in rows("names_industry_words.csv")
    }


@lru_cache(maxsize=1)
def readings_of_characters() -> dict[str, tuple[str, ...]]:
    """Toneless pinyin readings in use of each character."""
    return {row["character"]: tuple(row["readings"].split()) for row in rows("names_readings.csv")}


@lru_cache(maxsize=1)
def form_suffixes() -> dict[str, tuple[str, ...]]:
    """Form words at the end of a name with the entity types that may carry them."""
    owners: dict[str, list[str]] = {}
    for kind, words in FORMS.items():
        for word in words:
            owners.setdefault(word, []).append(kind)
    for word in OLD_FORMS:
        owners.setdefault(word, [])
    for word in FORMS["sole"]:  # partnerships take the same words before their bracket
        owners[word] += ["gp", "sgp", "lp"]
    for word in ("合伙企业", "企业"):
        owners[word] = ["gp", "sgp", "lp", "sole"]
    return {word: tuple(kinds) for word, kinds in owners.items()}


def prefecture_of(code: str) -> str:
    """The comparison area of a division or authority: the prefecture-level city (CMP-B5).

    Each province-administered unit is its own (CMP-B9), a municipality is one, and a province is itself.
    """
    if code[:2] in ("11", "12", "31", "50"):
        return code[:2] + "0000"
    if code[2:4] == "90":
        return code
    return code[:4] + "00"


@lru_cache(maxsize=4096)
def division_of_authority(code: str) -> str:
    """The division under whose code an authority registers: `HB-420106` and `420106` -> 420106, zones by table."""
    if "-Z-" in code:
        for row in rows("registration_authorities.csv"):
            if row["code"] == code:
                return row["host_division"]
        return ""
    digits = code.rpartition("-")[2]
    digits = former_codes().get(digits, digits)  # codes of the past live on in registers (420821 is 京山)
    return digits if len(digits) == 6 and digits.isdigit() else ""


@lru_cache(maxsize=1)
def former_codes() -> dict[str, str]:
    """Division codes of the past and the division of today."""
    return {
        old: row["code"]
        for row in rows("divisions.csv")
        for old in filter(None, row["former_codes"].split(";"))
    }
