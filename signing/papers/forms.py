"""The application forms, with the tables of the official ones (5.1, 5.2): public pages first, then sensitive ones."""

from collections.abc import Callable, Sequence

from signing.papers import tables, templates
from signing.papers.blocks import pairs
from signing.papers.data import PaperFacts, RenderedPaper, Signer
from signing.papers.documents import append, future_head, parent_signer, text_of
from signing.papers.kinds import WORDS
from signing.papers.layout import Paper
from signing.papers.wording import (
    PARTNERSHIPS,
    WITH_OFFICERS,
    executing_partners,
    named_with_delegate,
    number_of,
    party_signer,
    tags,
    values,
)

Row = Sequence[tuple[str, str]]
SENSITIVE = "（见敏感信息页）"
SHORT = 18  # characters that half a row holds on one line


def application(facts: PaperFacts, *, final: bool = False) -> RenderedPaper:
    """The application form of the entity's kind: its sentences are the text `application`, its tables are here."""
    has, filled, source = tags(facts), values(facts), text_of(facts, "application")
    paper = Paper(
        "application", WORDS[facts.entity_type].form, number_of(facts, "application"), source.sha256, final=final,
        entity=facts.name, version=source.version,
    )  # fmt: skip
    paper.headline("设立登记")
    supplied: dict[str, Callable[[], None]] = {
        "basic": lambda: paper.add(pairs(_basic(facts))),
        "founding": lambda: paper.add(pairs(_founding(facts))),
        "contributions": lambda: paper.add(tables.contributions(facts)),
        "head": lambda: paper.add(
            tables.executing(facts) if facts.entity_type in PARTNERSHIPS else pairs(_head(facts))
        ),
        "officers": lambda: paper.add(tables.officers(facts)),
        "contacts": lambda: paper.add(pairs(_contacts(facts))),
        "submitter": lambda: _submitter(paper, facts),
    }
    templates.write(paper, source, filled, has, supplied)
    paper.signatures(application_signers(facts))
    append(paper, source.note(has, filled), tables.sensitive(tables.people(facts)))
    return paper.render()


def application_signers(facts: PaperFacts) -> list[Signer]:
    """Who signs the form (5.2, 5.3): the head, all partners or family members where the kind asks, the submitter."""
    signers: list[Signer] = []
    if facts.entity_type in PARTNERSHIPS:
        signers += [party_signer(c.party, c.role or "合伙人") for c in facts.contributions]
    elif facts.entity_type == "branch" and facts.parent:
        signers.append(parent_signer(facts.parent))
    else:
        signers += future_head(facts)
    shared = facts.entity_type == "household" or any(c.family_property for c in facts.contributions)
    if shared:
        signers += [Signer(p.key, p.name, "家庭成员") for p in facts.family]
    if facts.submitter:
        signers.append(Signer(facts.submitter.person.key, facts.submitter.person.name, facts.submitter.role))
    return signers


def _basic(facts: PaperFacts) -> list[Row]:
    words, a = WORDS[facts.entity_type], facts.address
    rows: list[Row] = [[("名称", facts.name_item)]]
    if facts.entity_type == "branch" and facts.parent:
        rows += [[("隶属公司名称", facts.parent.name)], [("隶属公司统一\n社会信用代码", facts.parent.uscc)]]
        rows.append([("隶属公司住所", facts.parent.address)])
    rows += [
        [("名称保留编号", facts.reservation_number or "—"), ("登记机关", facts.authority)],
        [(words.place, a.text)],
        [("省（市、自治区）", a.province), ("市（地区、州）", a.city)],
        [("县（市、区）", a.county), ("乡（镇、街道）", a.town)],
    ]
    detail, postcode = ("路、村、门牌、室", a.detail), ("邮政编码", a.postcode)
    rows += [[detail, postcode]] if len(a.detail) <= SHORT else [[detail], [postcode]]
    if facts.business_place:
        rows.append([("生产经营地", facts.business_place.text)])
    staff = "" if facts.employees is None else f"{facts.employees} 人"
    rows.append([("联系电话", facts.phone), ("从业人数", staff)])
    return rows


def _founding(facts: PaperFacts) -> list[Row]:
    words, kind = WORDS[facts.entity_type], facts.entity_type
    name = facts.legal_representative.name if facts.legal_representative else ""
    capital = (words.capital, tables.capital_words(facts))
    rows: list[Row] = []
    if kind == "household":
        rows.append([("经营者姓名", name), ("组成形式", facts.household_form)])
        if facts.family:
            rows.append([("参加经营的\n家庭成员", "、".join(p.name for p in facts.family))])
        if facts.capital:  # stated in the form, not registered (IMPL52 Art. 6)
            rows.append([("资金数额", tables.capital_words(facts))])
    elif kind == "branch":
        rows += [[("负责人姓名", name), ("核算方式", facts.accounting)], [("类型", facts.type_name)]]
    elif kind == "sole":
        family = any(c.family_property for c in facts.contributions)
        means = [("个人财产出资", not family), ("家庭共有财产作为个人出资", family)]
        ticked = "　".join(f"{'■' if chosen else '□'} {text}" for text, chosen in means)
        rows += [[("投资人姓名", name), ("类型", facts.type_name)], [capital], [("出资方式", ticked)]]
    elif kind in PARTNERSHIPS:
        limited = sum(c.role == "有限合伙人" for c in facts.contributions)
        rows += [
            [("执行事务合伙人", "、".join(named_with_delegate(p) for p in executing_partners(facts)))],
            [("合伙企业类型", facts.type_name), ("合伙期限", facts.term)],
            [capital],
            [("合伙人数", f"{len(facts.contributions)} 人"), ("其中有限合伙人", f"{limited} 人")],
        ]
    else:
        rows += [
            [("法定代表人姓名", name), ("职务", facts.representative_title)],
            [("类型", facts.type_name)],
            [capital],
        ]
        if kind == "cooperative":
            farmers = sum(c.farmer and c.party.natural for c in facts.contributions)
            total = len(facts.contributions)
            share = f"{farmers * 100 / total:.4g}%" if total else ""
            rows.append([("成员总数", f"{total}"), ("其中农民成员", f"{farmers}，占 {share}")])
        elif kind == "jsc":
            rows.append([("营业期限", facts.term), ("设立方式", "发起设立")])
        else:
            rows.append([("营业期限", facts.term)])
    rows.append([("经营范围", facts.scope.text)])
    copies = f"■ 申领纸质执照　副本 {facts.duplicates} 份" if facts.paper_licence else "□ 申领纸质执照"
    rows.append([("申领执照", f"■ 电子营业执照（自动发放）　{copies}")])
    return rows


def _head(facts: PaperFacts) -> list[Row]:
    head = facts.legal_representative
    assert head is not None, "the text asks for the head only where there is one"
    rows: list[Row] = [
        [("姓名", head.name), ("国别（地区）", head.nationality)],
        [("证件类型", head.id_type), ("证件号码", SENSITIVE)],
        [("住所", SENSITIVE), ("移动电话", SENSITIVE)],
    ]
    if facts.entity_type in WITH_OFFICERS:
        own = [o for o in facts.officers if o.person.key == head.key]
        held = next((o for o in own if o.office == facts.representative_office), own[0] if own else None)
        rows.insert(1, [("职务", facts.representative_title), ("产生方式", held.how if held else "")])
    return rows


def _contacts(facts: PaperFacts) -> list[Row]:
    named = (("登记联络员", facts.liaison), ("财务负责人", facts.finance_chief))
    return [[(title, person.name), ("证件类型", person.id_type)] for title, person in named if person]


def _submitter(paper: Paper, facts: PaperFacts) -> None:
    s = facts.submitter
    assert s is not None, "the text asks for the submitter only where there is one"
    rows: list[Row] = [[("姓名", s.person.name), ("身份", s.role)]]
    if s.agency:
        rows.append([("代理机构", s.agency)])
    paper.add(pairs(rows), leads=True)
    paper.add(tables.powers(facts))
