"""A fictitious application of each kind, for samples, guides and tests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from signing.papers.data import (
    Address,
    BeneficialOwner,
    Contribution,
    NoticeFacts,
    Officer,
    PaperFacts,
    Parent,
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
        ADDRESS, SCOPE, AUTHORITY, DAY, "QB20261124000001-N1", date(2027, 1, 24), phone="027-00000000", employees=3,
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


def jsc() -> PaperFacts:
    """A joint-stock company with a board of three and a supervisory board of three."""
    people = [
        ZHANG,
        LI,
        WANG,
        person(4, "赵样例"),
        person(5, "钱样例"),
        person(6, "孙样例"),
        person(7, "周样例"),
    ]
    return replace(
        llc(3), entity_type="jsc", name="武汉样例七步科技股份有限公司", type_name="股份有限公司（非上市、自然人投资或控股）",
        authority="武汉市市场监督管理局", capital=500_000_000,
        contributions=tuple(
            Contribution(party(p), s * 100, s * 100, "货币", DAY, s)
            for p, s in zip(people[:3], (3_000_000, 1_000_000, 1_000_000), strict=True)
        ),
        officers=(
            Officer(ZHANG, "chair", "董事长"), Officer(LI, "director", "董事"), Officer(WANG, "director", "董事"),
            Officer(LI, "manager", "经理", "聘任"), Officer(people[3], "supervisory_chair", "监事会主席"),
            Officer(people[4], "supervisor", "监事"),
            Officer(people[5], "supervisor", "监事", "职工民主选举", employee_representative=True),
            Officer(people[6], "finance_chief", "财务负责人", "聘任"),
        ),
        representative_office="chair", representative_title="董事长", representative_chosen_by="board", board="board",
        supervision="board", finance_chief=people[6],
    )  # fmt: skip


def partnership(entity_type: str) -> PaperFacts:
    """A general, special general or limited partnership; in the last a company is the general partner."""
    kind = {"gp": "普通合伙", "sgp": "特殊普通合伙", "lp": "有限合伙"}[entity_type]
    company = Party(
        "o1", "武汉样例七步管理有限公司", False, "营业执照", "91000000MA0000002X", "中国", ADDRESS.text,
        representative=ZHANG,
    )  # fmt: skip
    first = company if entity_type == "lp" else party(ZHANG)
    roles = ("普通合伙人", "有限合伙人", "有限合伙人") if entity_type == "lp" else ("普通合伙人",) * 3
    return replace(
        llc(3), entity_type=entity_type, name=f"武汉样例七步咨询中心（{kind}）", type_name=f"{kind}企业",
        contributions=tuple(
            Contribution(p, a, 0, "货币", date(2031, 11, 20), role=r)
            for p, a, r in zip((first, party(LI), party(WANG)), (10_000_000, 20_000_000, 20_000_000), roles, strict=True)
        ),
        officers=(Officer(ZHANG, "executing_partner", "执行事务合伙人委派代表" if entity_type == "lp" else "执行事务合伙人", "委托", None),),
        beneficial_exempt=entity_type != "lp",
        beneficial_owners=(BeneficialOwner(ZHANG, "通过普通合伙人实际控制", "20%", DAY),) if entity_type == "lp" else (),
        legal_representative=ZHANG, representative_office="other", representative_title="执行事务合伙人", term="20年",
        finance_chief=None, executing=("o1",) if entity_type == "lp" else (ZHANG.key,),
    )  # fmt: skip


def sole() -> PaperFacts:
    """A sole proprietorship founded with family property."""
    return replace(
        llc(1), entity_type="sole", name="武汉样例七步设计工作室（个人独资）", type_name="个人独资企业", capital=10_000_000,
        contributions=(Contribution(party(ZHANG), 10_000_000, 0, "货币", None, family_property=True),), officers=(),
        family=(LI,), beneficial_exempt=False, finance_chief=None,
    )  # fmt: skip


def household() -> PaperFacts:
    """An individual household run by a family."""
    return replace(
        llc(1), entity_type="household", name="武昌区样例七步奶茶店", type_name="个体工商户", capital=None, contributions=(),
        officers=(), family=(LI,), household_form="家庭经营", beneficial_exempt=False, finance_chief=None,
        scope=Scope(
            "许可项目：餐饮服务（依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以相关部门批准文件或许可证件为准）",
            ("餐饮服务",), ("餐饮服务",),
        ),
    )  # fmt: skip


def branch() -> PaperFacts:
    """A branch of a company."""
    return replace(
        llc(1), entity_type="branch", name="武汉样例七步软件有限公司东湖分公司", type_name="有限责任公司分公司", capital=None,
        contributions=(), officers=(), legal_representative=LI, representative_title="负责人", accounting="非独立核算",
        finance_chief=None,
        parent=Parent("武汉样例七步软件有限公司", "91000000MA0000001X", ZHANG, ADDRESS.text), beneficial_exempt=False,
    )  # fmt: skip


def cooperative() -> PaperFacts:
    """A farmers' cooperative of five members."""
    people = [ZHANG, LI, WANG, person(4, "赵样例"), person(5, "钱样例")]
    return replace(
        llc(1), entity_type="cooperative", name="武汉样例七步蔬菜种植农民专业合作社", type_name="农民专业合作社",
        contributions=tuple(Contribution(party(p), 10_000_000, 10_000_000, farmer=True) for p in people),
        officers=(
            Officer(ZHANG, "cooperative_chair", "理事长"), Officer(LI, "supervisor", "执行监事"),
        ),
        representative_office="other", representative_title="理事长", supervision="supervisor", beneficial_exempt=False, finance_chief=None,
        scope=Scope("一般项目：蔬菜种植；农产品的生产、销售、加工、运输、贮藏及其他相关服务（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）", ("蔬菜种植",)),
    )  # fmt: skip


def notice() -> NoticeFacts:
    """What a notice about a fictitious application says; enough for every kind."""
    return NoticeFacts(
        "QB20261124000001-T1", "QB20261124000001", AUTHORITY, "张样例", "武汉样例七步软件有限公司", "设立登记", DAY, DAY,
        date(2026, 11, 27), ("住所：缺少门牌号。", "经营范围：用语不规范，请改用规范表述。"), ("公司登记（备案）申请书", "公司章程", "股东会决议"),
        "需要核对出资情况。", "《中华人民共和国市场主体登记管理条例》第二十条", "91000000MA0000001X", "0417",
        "武汉市武昌区人民政府", "武汉市武昌区人民法院", "https://example.com/v/sample",
        entries=(
            ("名称", "武汉样例七步软件有限公司"), ("类型", "有限责任公司（自然人独资）"), ("法定代表人", "张样例"),
            ("住所", ADDRESS.text), ("注册资本", "伍拾万元整"), ("成立日期", "2026年11月24日"), ("经营范围", SCOPE.text),
        ),
    )  # fmt: skip


SAMPLES: dict[str, Callable[[], PaperFacts]] = {
    "llc": llc, "jsc": jsc, "sole": sole, "gp": lambda: partnership("gp"), "sgp": lambda: partnership("sgp"),
    "lp": lambda: partnership("lp"), "household": household, "branch": branch, "cooperative": cooperative,
}  # fmt: skip


def long(facts: PaperFacts) -> PaperFacts:
    """The same with all that makes papers long: fifty founders, one of them an organisation with a long name, a scope
    of twenty items, a very long address, a long name."""
    address = replace(
        ADDRESS,
        detail="东湖路105号" + "样例科技产业园二期创新中心" * 4 + "第十二号楼第二单元二十三层2301至2318室",
    )
    address = replace(address, text="湖北省武汉市武昌区水果湖街道" + address.detail)
    items = tuple(f"样例{word}技术研发和技术服务" for word in (
        "人工智能", "信息安全", "物联网", "云计算", "大数据", "区块链", "机器人", "新材料", "新能源", "生物", "环境保护",
        "海洋工程", "智能制造", "轨道交通", "农业机械", "光电子", "集成电路", "地理信息", "数字文化", "体育健康",
    ))  # fmt: skip
    scope = Scope(
        f"一般项目：{'；'.join(items)}（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）", items
    )
    prefix = facts.name[:2]
    name = f"{prefix}{'样例七步长名称' * 4}{facts.name.removeprefix(prefix)}"
    facts = replace(facts, name=name, address=address, scope=scope)
    if len(facts.contributions) < 2:
        return facts
    last = facts.contributions[-1]
    organisation = Party(
        "o2", f"武汉{'样例非常长的名称' * 4}投资管理（集团）股份有限公司", False, "营业执照", "91000000MA0000009X", "中国",
        ADDRESS.text, representative=person(50, "样例代表人"),
    )  # fmt: skip
    more = [party(person(n, f"样例成员{n}")) for n in range(len(facts.contributions) + 1, 50)]
    more.append(organisation)
    contributions = (*facts.contributions, *(replace(last, party=p) for p in more))
    total = sum(c.subscribed for c in contributions)
    owners = facts.beneficial_owners
    if facts.beneficial_exempt:  # which companies of natural persons only may be (BO-02)
        owners = (BeneficialOwner(ZHANG, "负责日常经营管理", "", DAY),)
    return replace(
        facts, contributions=contributions, capital=total, beneficial_exempt=False, beneficial_owners=owners
    )


CASES: dict[str, Callable[[PaperFacts], PaperFacts]] = {"usual": lambda facts: facts, "long": long}


def sample_set(entity_type: str, case: str = "usual") -> list[RenderedPaper]:
    """The full set of unsigned papers of a fictitious case. Raises `KeyError` for an unknown kind or case."""
    return render_set(CASES[case](SAMPLES[entity_type]()))
