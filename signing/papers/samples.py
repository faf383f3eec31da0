"""A fictitious application of each kind, for samples, guides and tests."""

from datetime import date

from signing.papers.data import (
    Address,
    Contribution,
    Officer,
    PaperFacts,
    Party,
    Person,
    RenderedPaper,
    Scope,
    Submitter,
)
from signing.papers.registry import render_set


def person(number: int, name: str) -> Person:
    """A plainly fictitious person: the division 000000 of the identity number does not exist."""
    return Person(
        f"p{number}", name, id_number=f"000000199001{number % 28 + 1:02d}{number:03d}X", sex="男" if number % 2 else "女",
        birth=date(1990, 1, number % 28 + 1), phone=f"1990000{number:04d}", email=f"person{number}@example.com",
        address=f"湖北省武汉市武昌区样例路{number}号",
    )  # fmt: skip


def party(p: Person) -> Party:
    """The person as shareholder, partner or member."""
    return Party(p.key, p.name, id_number=p.id_number, address=p.address, phone=p.phone)


ADDRESS = Address(
    "湖北省武汉市武昌区东湖路105号",
    "湖北省",
    "武汉市",
    "武昌区",
    "水果湖街道",
    "东湖路105号",
    "430071",
    "商业",
)
SCOPE = Scope(
    "一般项目：计算机系统服务；软件开发；信息系统集成服务；技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广"
    "（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）",
    (
        "计算机系统服务",
        "软件开发",
        "信息系统集成服务",
        "技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广",
    ),
)
AUTHORITY = "武汉市武昌区市场监督管理局"
ZHANG, LI, WANG = person(1, "张样例"), person(2, "李样例"), person(3, "王样例")
DAY = date(2026, 11, 24)


def llc(shareholders: int = 3) -> PaperFacts:
    """A limited liability company of 1 to 50 natural shareholders with equal parts."""
    people = [ZHANG, LI, WANG, *(person(n, f"样例股东{n}") for n in range(4, 51))][:shareholders]
    each = 50_000_000 // shareholders // 100 * 100
    amounts = [50_000_000 - each * (shareholders - 1), *[each] * (shareholders - 1)]
    one = shareholders == 1
    return PaperFacts(
        "llc", "QB20261124000001", "武汉样例七步软件有限公司",
        "有限责任公司（自然人独资）" if one else "有限责任公司（自然人投资或控股）",
        ADDRESS, SCOPE, AUTHORITY, DAY, "（样例）名称保留〔2026〕000001号", date(2027, 1, 24), phone="027-00000000", employees=3,
        capital=50_000_000,
        contributions=tuple(
            Contribution(party(p), a, 0, "货币", date(2031, 11, 20)) for p, a in zip(people, amounts, strict=True)
        ),
        officers=(
            Officer(ZHANG, "director", "董事", "任命" if one else "选举"),
            *(() if one else (Officer(people[1], "supervisor", "监事", "选举"),)),
            Officer(ZHANG, "manager", "经理", "聘任"),
        ),
        legal_representative=ZHANG, supervision="none" if one else "supervisor", liaison=ZHANG, finance_chief=ZHANG,
        submitter=Submitter(ZHANG), beneficial_exempt=True, paper_licence=True, duplicates=1,
    )  # fmt: skip


SAMPLES = {"llc": llc}


def sample_set(entity_type: str) -> list[RenderedPaper]:
    """The full set of unsigned papers of a fictitious case. Raises `KeyError` for an unknown kind."""
    return render_set(SAMPLES[entity_type]())
