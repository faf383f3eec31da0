"""The tables that several papers share."""

from collections.abc import Sequence

from reportlab.platypus import Table

from signing.papers.amounts import capitals, percents, short_day, wan
from signing.papers.blocks import Content, grid, pairs, runs
from signing.papers.data import Contribution, PaperFacts, Party, Person
from signing.papers.kinds import WORDS
from signing.papers.styles import CELL, CONTENT
from signing.papers.wording import delegate_of, executing_partners, head_word

SMALL = CELL.but(size=8.5, leading=13.0)
NONE = "—"  # where there is nothing to say, so that nobody thinks that something was forgotten


def scaled(*millimetres: float) -> list[float]:
    """Column widths in these proportions, filling the text width."""
    total = sum(millimetres)
    return [m * CONTENT / total for m in millimetres]


def contributions(facts: PaperFacts, *, short: bool = False) -> Table:
    """Who puts in what (5.1 C): without identity numbers of persons, which stand on the sensitive pages.

    `short` is the form for articles and agreements: no nationality and identity columns, no credit codes.
    """
    words = WORDS[facts.entity_type]
    rows = facts.contributions
    shares = percents([c.subscribed for c in rows])
    columns: list[tuple[str, float, str, list[Content], str]] = [  # head, points, alignment, cells, total
        ("序号", 30, "center", [str(n) for n in range(1, len(rows) + 1)], "合计"),
        (f"{words.party}\n名称或姓名", 0, "left", [_party(c.party, short) for c in rows], ""),
    ]
    nations, papers = [c.party.nationality for c in rows], [c.party.id_type for c in rows]
    if not short and facts.entity_type in ("llc", "cooperative"):
        columns.append(("国别\n（地区）", 48, "center", list(nations), ""))
        columns.append(("证件类型", 54, "center", list(papers), ""))
    elif not short:  # one column for both, where others need the room
        both: list[Content] = [f"{nation}\n{paper}" for nation, paper in zip(nations, papers, strict=True)]
        columns.append(("国别（地区）\n证件类型", 68, "center", both, ""))
    if facts.entity_type in ("gp", "sgp", "lp"):
        columns.append(("合伙人\n类型", 54, "center", [c.role or "普通合伙人" for c in rows], ""))
    if facts.entity_type == "cooperative":
        columns.append(("成员类型", 54, "center", [member_type(c) for c in rows], ""))
    if facts.entity_type == "jsc":
        held = [c.shares or 0 for c in rows]
        columns.append(("认购股份\n（股）", 60, "right", [f"{n:,}" for n in held], f"{sum(held):,}"))
    for label, sums in (("认缴", [c.subscribed for c in rows]), ("实缴", [c.paid for c in rows])):
        head, points = (f"{label}出资额\n（万元）", 60) if short else (f"{label}\n出资额", 48)
        columns.append((head, points, "right", [wan(n) for n in sums], wan(sum(sums))))
    columns.append(("出资\n方式", 46, "center", [c.form for c in rows], ""))
    if any(c.due for c in rows) or facts.entity_type != "cooperative":
        columns.append(("出资日期", 58, "center", [short_day(c.due) for c in rows], ""))
    columns.append(("出资\n比例", 46, "right", list(shares), "100%" if any(shares) else ""))
    data: list[list[Content]] = [[c[0] for c in columns]]
    data += map(list, zip(*([cell or NONE for cell in c[3]] for c in columns), strict=True))
    data.append([columns[0][4], "", *(c[4] or NONE for c in columns[2:])])
    widths = [c[1] for c in columns]
    widths[1] = CONTENT - sum(widths)
    return grid(
        data, widths, heads=1, cell=SMALL, aligns=[c[2] for c in columns], spans=[(len(data) - 1, 0, 1)],
    )  # fmt: skip


def _party(party: Party, short: bool) -> Content:
    """A party by name; an organisation with its credit code, which is public, in the form."""
    if short or party.natural or not party.id_number:
        return party.name
    return [*runs(party.name, SMALL), *runs(f"\n{party.id_number}", SMALL.but(size=7.0))]


def member_type(contribution: Contribution) -> str:
    """What a member of a cooperative is: at least four fifths are farmers (COOP-20)."""
    if not contribution.party.natural:
        return "单位成员"
    return "农民成员" if contribution.farmer else "非农民成员"


def officers(facts: PaperFacts, *, identity: bool = True) -> Table:
    """Directors, supervisors, managers (5.1 E); members of the audit committee are marked (LLC-15)."""
    notes = [
        "、".join(
            text for text, holds in (("职工代表", o.employee_representative), ("审计委员会", o.audit_committee)) if holds
        )
        for o in facts.officers
    ]  # fmt: skip
    columns: list[tuple[str, float, list[str]]] = [
        ("序号", 12, [str(n) for n in range(1, len(facts.officers) + 1)]),
        ("姓名", 34, [o.person.name for o in facts.officers]),
        ("职务", 30, [o.title for o in facts.officers]),
        ("产生方式", 27, [o.how for o in facts.officers]),
        ("任期", 15, [f"{o.term_years} 年" if o.term_years else "" for o in facts.officers]),
    ]
    if identity:
        columns.append(("国别\n（地区）", 18, [o.person.nationality for o in facts.officers]))
        columns.append(("证件类型", 26, [o.person.id_type for o in facts.officers]))
    if any(notes):
        columns.append(("备注", 28, notes))
    rows = [[name for name, _, _ in columns]]
    rows += [[cell or NONE for cell in row] for row in zip(*(cells for _, _, cells in columns), strict=True)]
    return grid(rows, scaled(*(c[1] for c in columns)), heads=1, aligns=["center"] * len(columns))


def address(facts: PaperFacts) -> Table:
    """The address in its official parts (5.1 A)."""
    a = facts.address
    return pairs(
        [
            [("名称", facts.name_item)],
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

    note(facts.legal_representative, head_word(facts))
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
            note(c.party.representative, f"{c.party.name}的代表人")
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
        rows.append(
            [
                str(place),
                p.name,
                roles,
                f"{p.id_type}\n{p.id_number or NONE}",
                p.address or NONE,
                contact or NONE,
            ]
        )
    aligns = ["center", "left", "left", "left", "left", "left"]
    return grid(rows, [30, 62, 86, 98, CONTENT - 384, 108], heads=1, cell=SMALL, aligns=aligns)


def domiciles(facts: PaperFacts) -> Table:
    """The partners with their domiciles, which the agreement has to name (PEL Art. 18); only on its sensitive pages."""
    rows = [["序号", "合伙人姓名或者名称", "住所"]]
    rows += [[str(n), p.name, p.address or NONE] for n, p in enumerate(facts.parties, 1)]
    return grid(rows, scaled(12, 58, 100), heads=1, aligns=["center", "left", "left"])


def executing(facts: PaperFacts) -> Table:
    """The executing partners, an organisation with its delegate (4.1)."""
    rows: list[list[Content]] = [
        ["序号", "执行事务合伙人", "国别\n（地区）", "证件类型", "委派代表", "委派代表\n证件类型"]
    ]
    for n, p in enumerate(executing_partners(facts), 1):
        delegate = delegate_of(p)
        rows.append(
            [str(n), _party(p, False), p.nationality, p.id_type, delegate.name if delegate else NONE,
             delegate.id_type if delegate else NONE]
        )  # fmt: skip
    aligns = ["center", "left", "center", "center", "center", "center"]
    return grid(rows, scaled(12, 52, 20, 28, 30, 28), heads=1, aligns=aligns)


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
        rows.append([str(place), p.name, p.sex or NONE, p.nationality, short_day(p.birth), o.kind,
                     o.share or NONE, short_day(o.since)])  # fmt: skip
    return grid(rows, scaled(11, 28, 12, 16, 27, 38, 18, 27), heads=1, aligns=["center"] * 8)


def capital_words(facts: PaperFacts) -> str:
    """The capital in 万元 and in capitals."""
    if facts.capital is None:
        return ""
    return f"{wan(facts.capital)} 万元（人民币）　大写：{capitals(facts.capital)}"
