"""The application forms, with the tables of the official ones (5.1, 5.2): public pages first, then sensitive ones."""

from collections.abc import Sequence

from signing.papers import styles, tables
from signing.papers.amounts import day
from signing.papers.blocks import pairs
from signing.papers.data import PaperFacts, RenderedPaper, Signer
from signing.papers.documents import parent_signer
from signing.papers.kinds import WORDS
from signing.papers.layout import Paper
from signing.papers.wording import executing_partners, named_with_delegate, number_of, party_signer

Row = Sequence[tuple[str, str]]
SENSITIVE = "（见敏感信息页）"
COMPANIES = ("llc", "jsc")


def application(facts: PaperFacts, *, final: bool = False) -> RenderedPaper:
    """The application form of the entity's kind."""
    words = WORDS[facts.entity_type]
    paper = Paper(
        "application",
        words.form,
        number_of(facts, "application"),
        final=final,
        entity=facts.name,
    )
    paper.headline("设立登记")
    paper.heading("一、基本信息")
    paper.add(pairs(_basic(facts)))
    paper.heading("二、设立")
    paper.add(pairs(_founding(facts)))
    part = 3
    if facts.contributions and facts.entity_type not in ("sole", "household"):
        paper.heading(f"三、{words.founders_title}")
        paper.text(
            "金额单位：万元（人民币）", styles.NOTE.but(before=0, after=3, align="right", keep_with_next=True)
        )
        paper.add(tables.contributions(facts))
        part += 1
    part = _people(paper, facts, part)
    paper.heading(f"{_numeral(part)}、申请人承诺")
    for text in _commitments(facts):
        paper.text(text, styles.BODY)
    paper.text(
        "申请人签署（日期以电子签名的时间戳为准）：",
        styles.PLAIN.but(before=12, after=6, keep_with_next=True),
    )
    paper.signatures(application_signers(facts))
    paper.sensitive("敏感信息页")
    paper.text(
        "本页记载身份证件号码、住址和联系方式，供登记机关审查使用；向社会提供的档案查询副本不含本页。",
        styles.NOTE.but(after=8, align="center"),
    )
    paper.add(tables.sensitive(tables.people(facts)))
    return paper.render()


def application_signers(facts: PaperFacts) -> list[Signer]:
    """Who signs the form (5.2, 5.3): the head, all partners or family members where the kind asks, the submitter."""
    words = WORDS[facts.entity_type]
    signers: list[Signer] = []
    if facts.entity_type in ("gp", "sgp", "lp"):
        signers += [party_signer(c.party, c.role or "合伙人") for c in facts.contributions]
    elif facts.entity_type == "branch" and facts.parent:
        signers.append(parent_signer(facts.parent))
    elif facts.legal_representative:
        role = "拟任法定代表人" if words.head == "法定代表人" else words.head
        signers.append(Signer(facts.legal_representative.key, facts.legal_representative.name, role))
    shared = facts.entity_type == "household" or any(c.family_property for c in facts.contributions)
    if shared:
        signers += [Signer(p.key, p.name, "家庭成员") for p in facts.family]
    if facts.submitter:
        signers.append(Signer(facts.submitter.person.key, facts.submitter.person.name, facts.submitter.role))
    return signers


def _basic(facts: PaperFacts) -> list[Row]:
    words, a = WORDS[facts.entity_type], facts.address
    rows: list[Row] = [[("名称", facts.name)]]
    if facts.entity_type == "branch" and facts.parent:
        rows += [[("隶属公司名称", facts.parent.name)], [("隶属公司统一社会信用代码", facts.parent.uscc)]]
        rows.append([("隶属公司住所", facts.parent.address)])
    rows += [
        [("名称保留编号", facts.reservation_number or "—"), ("登记机关", facts.authority)],
        [(words.place, a.text)],
        [("省（市、自治区）", a.province), ("市（地区、州）", a.city)],
        [("县（市、区）", a.county), ("乡（镇、街道）", a.town)],
        [("路、村、门牌、室", a.detail)],
    ]
    if facts.business_place:
        rows.append([("生产经营地", facts.business_place.text)])
    staff = "" if facts.employees is None else f"{facts.employees} 人"
    rows.append([("联系电话", facts.phone), ("邮政编码", a.postcode)])
    rows.append([("从业人数", staff), ("申请日期", day(facts.papers_date))])
    return rows


def _founding(facts: PaperFacts) -> list[Row]:
    words = WORDS[facts.entity_type]
    head = facts.legal_representative
    name = head.name if head else ""
    title = facts.representative_title if facts.entity_type in (*COMPANIES, "cooperative") else words.head
    rows: list[Row] = []
    if facts.entity_type == "household":
        rows += [[("经营者姓名", name), ("组成形式", facts.household_form)]]
        if facts.family:
            rows.append([("参加经营的家庭成员", "、".join(p.name for p in facts.family))])
    elif facts.entity_type == "branch":
        rows += [[("负责人姓名", name), ("核算方式", facts.accounting)], [("类型", facts.type_name)]]
    elif facts.entity_type == "sole":
        family = any(c.family_property for c in facts.contributions)
        rows += [
            [("投资人姓名", name), ("类型", facts.type_name)],
            [("出资额", tables.capital_words(facts))],
            [
                (
                    "出资方式",
                    "□ 个人财产出资　■ 家庭共有财产作为个人出资"
                    if family
                    else "■ 个人财产出资　□ 家庭共有财产作为个人出资",
                )
            ],
        ]
    elif facts.entity_type in ("gp", "sgp", "lp"):
        limited = sum(c.role == "有限合伙人" for c in facts.contributions)
        rows += [
            [("执行事务合伙人", "、".join(named_with_delegate(p) for p in executing_partners(facts)))],
            [("合伙企业类型", facts.type_name), ("合伙期限", facts.term)],
            [("出资额", tables.capital_words(facts))],
            [("合伙人数", f"{len(facts.contributions)} 人"), ("其中有限合伙人", f"{limited} 人")],
        ]
    else:
        rows += [
            [("法定代表人姓名", name), ("职务", title)],
            [("类型", facts.type_name)],
            [(words.capital, tables.capital_words(facts))],
        ]
        how = "发起设立" if facts.entity_type == "jsc" else "—"
        rows.append([("营业期限", facts.term), ("设立方式", how)])
    rows.append([("经营范围", facts.scope.text)])
    copies = f"■ 申领纸质执照　副本 {facts.duplicates} 份" if facts.paper_licence else "□ 申领纸质执照"
    rows.append([("申领执照", f"■ 电子营业执照（自动发放）　{copies}")])
    return rows


def _people(paper: Paper, facts: PaperFacts, part: int) -> int:
    words = WORDS[facts.entity_type]
    head = facts.legal_representative
    if head:
        paper.heading(f"{_numeral(part)}、{words.head}信息")
        rows: list[Row] = [
            [("姓名", head.name), ("国别（地区）", head.nationality)],
            [("证件类型", head.id_type), ("证件号码", SENSITIVE)],
            [("住所", SENSITIVE), ("移动电话", SENSITIVE)],
        ]
        if facts.entity_type in (*COMPANIES, "cooperative"):
            held = next((o for o in facts.officers if o.person.key == head.key), None)
            rows.insert(1, [("职务", facts.representative_title), ("产生方式", held.how if held else "")])
        paper.add(pairs(rows))
        part += 1
    if facts.officers and facts.entity_type in (*COMPANIES, "cooperative"):
        heading = "董事、监事、高级管理人员信息" if facts.entity_type in COMPANIES else "理事、监事、经理信息"
        paper.heading(f"{_numeral(part)}、{heading}")
        paper.add(tables.officers(facts))
        part += 1
    contacts: list[Row] = []
    if facts.liaison:
        contacts.append([("登记联络员", facts.liaison.name), ("证件类型", facts.liaison.id_type)])
    if facts.finance_chief:
        contacts.append([("财务负责人", facts.finance_chief.name), ("证件类型", facts.finance_chief.id_type)])
    if contacts:
        paper.heading(f"{_numeral(part)}、联络员和财务负责人信息")
        paper.add(pairs(contacts))
        part += 1
    if facts.submitter:
        s = facts.submitter
        paper.heading(f"{_numeral(part)}、指定代表或者委托代理人")
        rows = [[("姓名", s.person.name), ("身份", s.role)]]
        if s.agency:
            rows.append([("代理机构", s.agency)])
        paper.add(pairs(rows))
        paper.add(tables.powers(facts))
        part += 1
    return part


def _commitments(facts: PaperFacts) -> list[str]:
    words = WORDS[facts.entity_type]
    texts = [
        f"一、本申请书和所附材料真实、合法、有效，电子材料与原件一致；通过登记系统确认的{words.noun}信息由申请人负责。",
        "二、经营范围中依法须经批准的项目，在取得批准前不从事相关经营活动。",
        f"三、{words.head}和其他任职人员符合法律、行政法规规定的任职条件，没有被人民法院列为失信被执行人等依法不得任职的情形。",
        "四、依法履行年度报告、信息公示、纳税、缴纳社会保险费和统计等义务。",
        "五、提交人已经取得全体申请人的授权，核对了申请人的身份，没有隐瞒真实情况或者提供虚假材料。",
    ]
    if facts.entity_type == "sole" and any(c.family_property for c in facts.contributions):
        texts.append(
            "六、投资人以家庭共有财产作为个人出资，知悉依法以家庭共有财产对企业债务承担无限责任；家庭成员同意并签名。"
        )
    if facts.entity_type == "branch" and facts.parent:
        texts.append(f"六、{facts.parent.name}知悉分公司不具有法人资格，其民事责任由公司承担。")
    return texts


def _numeral(number: int) -> str:
    return "〇一二三四五六七八九十"[number]
