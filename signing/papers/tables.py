"""The tables that several papers share."""

from collections.abc import Sequence

from reportlab.platypus import Table

from signing.papers.amounts import capitals, percent, short_day, wan
from signing.papers.blocks import grid, pairs
from signing.papers.data import PaperFacts, Person
from signing.papers.kinds import WORDS
from signing.papers.styles import CELL, CONTENT


def scaled(*millimetres: float) -> list[float]:
    """Column widths in these proportions, filling the text width."""
    total = sum(millimetres)
    return [m * CONTENT / total for m in millimetres]


def contributions(facts: PaperFacts, *, short: bool = False) -> Table:
    """Who puts in what (5.1 C): without identity numbers of persons, which stand on the sensitive pages.

    `short` is the form for articles and agreements: no nationality and identity columns.
    """
    words = WORDS[facts.entity_type]
    total = facts.capital or sum(c.subscribed for c in facts.contributions)
    partners = facts.entity_type in ("gp", "sgp", "lp")
    stock = facts.entity_type == "jsc"
    head = ["序号", f"{words.party}名称或姓名"]
    extra = partners or stock
    widths: list[float] = [11, 34 if extra else 48 if short else 40]
    aligns = ["center", "left"]
    if not short:
        head += ["国别（地区）", "证件类型"]
        widths += [14, 22] if extra else [16, 27]
        aligns += ["center", "center"]
    if partners:
        head.append("合伙人类型")
        widths.append(22)
        aligns.append("center")
    if stock:
        head.append("认购股份数（股）")
        widths.append(23)
        aligns.append("right")
    head += ["认缴出资额（万元）", "实缴出资额（万元）", "出资方式", "出资日期", "出资比例"]
    widths += [23, 23, 22, 24, 21] if short else [18, 18, 15, 24, 18] if extra else [20, 20, 17, 24, 21]
    aligns += ["right", "right", "center", "center", "right"]
    rows: list[list[str]] = [head]
    for place, c in enumerate(facts.contributions, 1):
        row = [str(place), c.party.name]
        if not short:
            row += [c.party.nationality, c.party.id_type]
        if partners:
            row.append(c.role or "普通合伙人")
        if stock:
            row.append(f"{c.shares or 0:,}")
        row += [
            wan(c.subscribed),
            wan(c.paid),
            c.form,
            short_day(c.due),
            percent(c.subscribed, total),
        ]
        rows.append(row)
    blank = [""] * (len(head) - 7)
    rows.append(["合计", "", *blank, wan(sum(c.subscribed for c in facts.contributions)),
                 wan(sum(c.paid for c in facts.contributions)), "", "", "100%"])  # fmt: skip
    if stock:
        rows[-1][len(head) - 6] = f"{sum(c.shares or 0 for c in facts.contributions):,}"
    cell = CELL.but(size=8.5, leading=13.0) if partners or stock else CELL
    return grid(rows, scaled(*widths), heads=1, cell=cell, aligns=aligns, spans=[(len(rows) - 1, 0, 1)])


def officers(facts: PaperFacts, *, identity: bool = True) -> Table:
    """Directors, supervisors, managers (5.1 E); members of the audit committee are marked (LLC-15)."""
    head = (
        ["序号", "姓名", "职务", "产生方式", "任期"]
        + (["国别（地区）", "证件类型"] if identity else [])
        + ["备注"]
    )
    widths: list[float] = [11, 34, 27, 22, 17, *([18, 29] if identity else []), 30]
    rows: list[list[str]] = [head]
    for place, officer in enumerate(facts.officers, 1):
        notes = [
            text
            for text, holds in (
                ("职工代表", officer.employee_representative),
                ("审计委员会成员", officer.audit_committee),
            )
            if holds
        ]
        term = f"{officer.term_years} 年" if officer.term_years else "—"
        identity_cells = [officer.person.nationality, officer.person.id_type] if identity else []
        rows.append(
            [
                str(place),
                officer.person.name,
                officer.title,
                officer.how,
                term,
                *identity_cells,
                "、".join(notes),
            ]
        )
    return grid(rows, scaled(*widths), heads=1, aligns=["center"] * len(head))


def address(facts: PaperFacts) -> Table:
    """The address in its official parts (5.1 A)."""
    a = facts.address
    return pairs(
        [
            [("名称", facts.name)],
            [(WORDS[facts.entity_type].place, a.text)],
            [("省（市、自治区）", a.province), ("市（地区、州）", a.city)],
            [("县（市、区）", a.county), ("乡（镇、街道）", a.town)],
            [("路、村、门牌、室", a.detail)],
            [("用途", a.use or "商业"), ("邮政编码", a.postcode)],
        ]
    )


def people(facts: PaperFacts) -> list[tuple[Person, str]]:
    """Every natural person of the application with all roles, each once (RN-01), in the order of the form."""
    words = WORDS[facts.entity_type]
    found: dict[str, tuple[Person, list[str]]] = {}

    def note(person: Person | None, role: str) -> None:
        if person is None:
            return
        known = found.setdefault(person.key, (person, []))[1]
        if role not in known:
            known.append(role)

    note(facts.legal_representative, words.head)
    for c in facts.contributions:
        if c.party.natural:
            p = c.party
            note(
                Person(
                    p.key, p.name, p.id_type, p.id_number, p.nationality, phone=p.phone, address=p.address
                ),
                c.role or words.party,
            )
        else:
            note(c.party.representative, f"{c.party.name}代表人")
    for officer in facts.officers:
        note(officer.person, officer.title)
    note(facts.finance_chief, "财务负责人")
    note(facts.liaison, "登记联络员")
    if facts.submitter:
        note(facts.submitter.person, facts.submitter.role)
    for person in facts.family:
        note(person, "家庭成员")
    if facts.parent:
        note(facts.parent.representative, "隶属公司法定代表人")
    for owner in facts.beneficial_owners:
        note(owner.person, "受益所有人")
    return [(_fullest(person, facts), "、".join(roles)) for person, roles in found.values()]


def _fullest(person: Person, facts: PaperFacts) -> Person:
    """The same person with the contact data of whichever place has them."""
    others = [
        facts.legal_representative, facts.finance_chief, facts.liaison,
        facts.submitter.person if facts.submitter else None, *(o.person for o in facts.officers),
    ]  # fmt: skip
    return next((o for o in others if o and o.key == person.key and o.phone), person)


def sensitive(entries: Sequence[tuple[Person, str]]) -> Table:
    """Identity numbers, addresses, telephones: only ever on the sensitive pages (5.1 L)."""
    rows: list[list[str]] = [["序号", "姓名", "身份", "证件类型和号码", "住址", "联系方式"]]
    for place, (p, roles) in enumerate(entries, 1):
        contact = "\n".join(part for part in (p.phone, p.landline, p.email) if part)
        rows.append([str(place), p.name, roles, f"{p.id_type}\n{p.id_number}", p.address, contact])
    return grid(
        rows,
        scaled(10, 22, 28, 42, 38, 48),
        heads=1,
        aligns=["center", "left", "left", "left", "left", "left"],
    )


def powers(facts: PaperFacts) -> Table:
    """What the submitter may do (5.1 H)."""
    s = facts.submitter
    tick = {True: "■ 同意　□ 不同意", False: "□ 同意　■ 不同意"}
    rows = [
        ["权限", "授权意见"],
        ["核对登记材料中的复制件并签署核对意见", tick[True]],
        ["修改自备材料的错误", tick[bool(s and s.may_correct)]],
        ["修改有关表格的填写错误", tick[bool(s and s.may_correct)]],
        ["领取营业执照和有关文书", tick[bool(s and s.may_receive)]],
    ]
    return grid(rows, scaled(110, 60), heads=1, aligns=["left", "center"])


def beneficial(facts: PaperFacts) -> Table:
    """Beneficial owners (BO-05) without their sensitive data."""
    rows: list[list[str]] = [
        ["序号", "姓名", "性别", "国籍", "出生日期", "受益所有权关系类型", "份额", "形成日期"]
    ]
    for place, o in enumerate(facts.beneficial_owners, 1):
        p = o.person
        rows.append([str(place), p.name, p.sex or "—", p.nationality, short_day(p.birth), o.kind,
                     o.share or "—", short_day(o.since)])  # fmt: skip
    return grid(rows, scaled(11, 28, 12, 16, 27, 38, 18, 27), heads=1, aligns=["center"] * 8)


def capital_words(facts: PaperFacts) -> str:
    """The capital in 万元 and in capitals."""
    if facts.capital is None:
        return ""
    return f"{wan(facts.capital)} 万元（人民币）　大写：{capitals(facts.capital)}"
