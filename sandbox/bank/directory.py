"""Banks and branches. The banks' names and codes are public; the branches are made up and say so."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bank:
    """A bank; city commercial banks share the class code 313 and therefore have a short name as their code here."""

    code: str
    name: str
    english: str
    digits: str  # begins its account numbers


BANKS = {
    bank.code: bank
    for bank in (
        Bank("102", "中国工商银行", "Industrial and Commercial Bank of China", "102"),
        Bank("103", "中国农业银行", "Agricultural Bank of China", "103"),
        Bank("104", "中国银行", "Bank of China", "104"),
        Bank("105", "中国建设银行", "China Construction Bank", "105"),
        Bank("301", "交通银行", "Bank of Communications", "301"),
        Bank("308", "招商银行", "China Merchants Bank", "308"),
        Bank("403", "中国邮政储蓄银行", "Postal Savings Bank of China", "403"),
        Bank("HBB", "湖北银行", "Hubei Bank", "313"),
        Bank("HKB", "汉口银行", "Hankou Bank", "313"),
    )
}
SHORT = {"102": "工商银行", "103": "农业银行", "105": "建设银行", "403": "邮储银行"}
PLACES = (
    ("01", "武汉", "东湖", "武汉市武昌区虚构路1号（虚构）", "420106"),
    ("02", "武汉", "江汉", "武汉市江汉区虚构大道2号（虚构）", "420103"),
    ("03", "武汉", "光谷", "武汉市东湖新技术开发区虚构三路3号（虚构）", "420111"),
    ("04", "宜昌", "伍家岗", "宜昌市伍家岗区虚构路4号（虚构）", "420503"),
)


@dataclass(frozen=True)
class Branch:
    """A made-up branch; the provincial one receives, the others open accounts."""

    code: str
    bank_code: str
    name: str
    city: str
    address: str
    division_code: str
    kind: str  # provincial | opening
    fictitious: bool = True


def branches(bank_code: str) -> list[Branch]:
    """The provincial branch first. Empty for an unknown bank."""
    if bank_code not in BANKS:
        return []
    short = SHORT.get(bank_code, BANKS[bank_code].name)
    provincial = Branch(
        f"{bank_code}-00", bank_code, f"{short}湖北省分行（虚构）", "武汉", "武汉市武昌区虚构路100号（虚构）", "420106", "provincial"
    )  # fmt: skip
    return [
        provincial,
        *(
            Branch(f"{bank_code}-{number}", bank_code, f"{short}{city}{place}演示支行（虚构）", city, address, division, "opening")
            for number, city, place, address, division in PLACES
        ),
    ]  # fmt: skip


def branch(bank_code: str, code: str) -> Branch | None:
    """A branch of this bank."""
    return next((b for b in branches(bank_code) if b.code == code), None)


def opening_branch(bank_code: str, wanted: str) -> Branch:
    """Where the provincial branch sends a file: the branch that was asked for, otherwise the first that opens accounts."""
    chosen = branch(bank_code, wanted)
    return chosen if chosen and chosen.kind == "opening" else branches(bank_code)[1]
