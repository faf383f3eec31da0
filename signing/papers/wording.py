"""From facts to the words and tags that the text templates ask for."""

from signing.papers.amounts import capitals, day, numeral, wan
from signing.papers.data import Officer, PaperFacts, Party, Person, Signer
from signing.papers.kinds import WORDS

COMPANIES = ("llc", "jsc")
PARTNERSHIPS = ("gp", "sgp", "lp")
WITH_OFFICERS = (*COMPANIES, "cooperative")  # whose forms list officers in a table of their own


def _names(officers: tuple[Officer, ...]) -> str:
    return "、".join(o.person.name for o in officers)


def executing_partners(facts: PaperFacts) -> list[Party]:
    """The partners who execute the business: those in that office (by themselves or by delegate), else all
    general partners (IMPL52 Art. 11)."""
    general = [c.party for c in facts.contributions if c.role != "有限合伙人"]
    if facts.executing:
        return [p for p in general if p.key in facts.executing]
    chosen = {o.person.key for o in facts.holding("executing_partner")}
    if facts.legal_representative and not chosen:
        chosen = {facts.legal_representative.key}
    named = [p for p in general if p.key in chosen or (p.representative and p.representative.key in chosen)]
    return named or general


def delegate_of(party: Party) -> Person | None:
    """Who acts for an executing partner that is an organisation."""
    return None if party.natural else party.delegate or party.representative


def head_word(facts: PaperFacts) -> str:
    """How the person at the head is called: for an organisation that executes a partnership, its delegate."""
    words, head = WORDS[facts.entity_type], facts.legal_representative
    delegates = (
        [delegate_of(p) for p in executing_partners(facts)] if facts.entity_type in PARTNERSHIPS else []
    )
    if (
        head
        and any(d and d.key == head.key for d in delegates)
        and head.key not in {p.key for p in facts.parties}
    ):
        return f"{words.head}委派代表"
    return words.head


def named_with_delegate(party: Party) -> str:
    """An executing partner; an organisation with the person whom it delegates (4.1)."""
    delegate = delegate_of(party)
    return f"{party.name}（委派代表：{delegate.name}）" if delegate else party.name


def tags(facts: PaperFacts) -> frozenset[str]:
    """What holds for this application, as the templates' `when` names it."""
    found = {facts.entity_type, "one" if len(facts.contributions) == 1 else "several"}
    if facts.board == "board":
        found.add("board")
    found.add(
        {"none": "no_supervisor", "supervisor": "supervisor", "board": "supervisory_board"}.get(
            facts.supervision, "audit_committee"
        )
    )
    found.add("chosen_board" if facts.representative_chosen_by == "board" else "chosen_shareholders")
    for office in ("manager", "chair", "finance_chief"):
        if facts.holding(office):
            found.add(office)
    if facts.finance_chief:
        found.add("finance_chief")
    if facts.representative_office == "chair" and facts.representative_chosen_by != "board":
        found.add("chair_by_shareholders")
    if facts.address.use == "住宅":
        found.add("residential")
    if any(c.form != "货币" for c in facts.contributions):
        found.add("non_money")
    if any(c.family_property for c in facts.contributions):
        found.add("family_property")
    if facts.officers:
        found.add("officers")
    if facts.holding("supervisor", "supervisory_chair"):
        found.add("watched")
    executing = executing_partners(facts)
    if any(not p.natural for p in executing):
        found.add("delegate")
    if len(executing) == len(facts.contributions):
        found.add("all_execute")
    if facts.entity_type in COMPANIES:
        found.add("company")
    if facts.entity_type in PARTNERSHIPS:
        found.add("partnership")
    if "chair" in found and "chair_by_shareholders" not in found:
        found.add("chair_by_board")
    if facts.representative_office == "manager" and "manager" in found and "chosen_shareholders" in found:
        found.add("manager_by_shareholders")
    found |= {
        name
        for name, there in (
            ("listed", facts.contributions and facts.entity_type not in ("sole", "household")),
            ("head", facts.legal_representative), ("offices", facts.officers and facts.entity_type in WITH_OFFICERS),
            ("contacts", facts.liaison or facts.finance_chief), ("submitter", facts.submitter),
        )
        if there
    }  # fmt: skip
    return frozenset(found)


def _yuan(capital: int | None, shares: int) -> str:
    """Par value of a share in yuan with needless zeros dropped."""
    if not capital or not shares:
        return "—"
    return f"{capital / shares / 100:.4f}".rstrip("0").rstrip(".")


def _company_words(facts: PaperFacts, has: frozenset[str]) -> dict[str, str]:
    """Words of the company articles and resolutions (LLC-05 to LLC-19)."""
    one, board = "one" in has, "board" in has
    organ, elect = ("股东", "任命") if one else ("股东会", "选举产生")
    board_organ = "董事会" if board else "董事"
    watched = "supervisor" in has or "supervisory_board" in has
    audit = "audit_committee" in has
    watcher = "审计委员会" if audit else "监事会" if "supervisory_board" in has else "监事"
    directors = facts.holding("chair", "vice_chair", "director")
    employees = tuple(o for o in directors if o.employee_representative)
    supervisors = facts.holding("supervisor", "supervisory_chair")
    employee_supervisors = tuple(o for o in supervisors if o.employee_representative)
    manager = facts.office("manager")
    years = next((o.term_years for o in directors if o.term_years), None) or 3
    deputies = len(facts.holding("vice_chair"))
    chair_rule = (
        f"由{organ}{elect}" if "chair_by_shareholders" in has else "由董事会以全体董事的过半数选举产生"
    )
    rules = {
        "chair": chair_rule,
        "director": f"由{organ}{elect}",
        "manager": f"由{organ}决定聘任" if "chosen_shareholders" in has else f"由{board_organ}决定聘任",
    }
    if board and facts.representative_office == "director":
        rules["director"] = (
            "由董事会在董事中以全体董事的过半数选举产生"
            if "chosen_board" in has
            else f"由{organ}在董事中{'指定' if one else '选举产生'}"
        )
    return {
        "organ": organ,
        "elect": elect,
        "choose": "任命" if one else "选举",
        "decision": "决定" if one else "决议",
        "decide": "决定" if one else "决议",
        "unanimous": "股东" if one else "全体股东一致",
        "others": "他人" if one else "其他股东",
        "signing_shareholders": "股东" if one else "全体股东",
        "and_supervisors": "、监事" if watched else "",
        "board_report": board_organ + (f"和{watcher}" if watched else ""),
        "convener": "董事会召集、董事长主持" if board else "董事召集和主持",
        "or_watchers": _either(
            "三分之一以上的董事" if board else "董事", watcher if watched or audit else ""
        ),
        "and_notified": f"和{watcher}" if watched and board else "",
        "hires": "财务负责人" if "manager_by_shareholders" in has else "经理、财务负责人",
        "convene": "向股东报告工作" if one else "召集股东会会议，并向股东会报告工作",
        "watch_meeting": "向股东提出建议" if one else "提议召开临时股东会会议，并向股东会会议提出提案",
        "board_organ": board_organ,
        "daily": board_organ,
        "manager": manager,
        "manager_by": _manager_by(manager == _names(directors), has, organ, board_organ),
        "directors": _names(tuple(o for o in directors if o not in employees)),
        "employee_directors": f"职工代表董事{_names(employees)}由职工民主选举产生。" if employees else "",
        "directors_count": str(len(directors)),
        "director_years": numeral(years),
        "chair": facts.office("chair"),
        "vice_chair": f"，副董事长{numeral(deputies)}人" if deputies else "",
        "vice_chair_elected": f"，{facts.office('vice_chair')}为副董事长" if deputies else "",
        "chair_rule": chair_rule,
        "supervisors": _names(tuple(o for o in supervisors if o not in employee_supervisors)),
        "supervisors_count": str(len(supervisors)),
        "all_supervisors_count": str(len(supervisors)),
        "supervisory_chair": facts.office("supervisory_chair"),
        "employee_supervisors": (
            f"职工代表监事{_names(employee_supervisors)}由职工民主选举产生。" if employee_supervisors else ""
        ),
        "audit_members": _names(tuple(o for o in directors if o.audit_committee)),
        "audit_count": str(sum(o.audit_committee for o in directors)),
        "representative_rule": rules.get(facts.representative_office, f"由{organ}{elect}"),
        "report_to": "股东" if one else "各股东",
        "profit_rule": "归股东所有，由股东决定分配"
        if one
        else "按照股东实缴的出资比例分配，全体股东另有约定的除外",
    }


def _manager_by(is_director: bool, has: frozenset[str], organ: str, board_organ: str) -> str:
    """Who appoints the manager (Arts. 74, 75): as the legal representative, whoever chooses that one."""
    if "manager_by_shareholders" in has:
        return f"{organ}决定聘任或者解聘"
    return "董事兼任" if is_director and "board" not in has else f"{board_organ}决定聘任或者解聘"


def _either(*proposers: str) -> str:
    """What follows the shareholders in the list of those who may propose a meeting (Art. 62)."""
    named = [p for p in proposers if p]
    return "".join(f"、{p}" for p in named[:-1]) + f"或者{named[-1]}"


def values(facts: PaperFacts) -> dict[str, str]:
    """All words that the templates may ask for."""
    has = tags(facts)
    words = WORDS[facts.entity_type]
    head = facts.legal_representative
    general = [c.party.name for c in facts.contributions if c.role == "普通合伙人"]
    shares = sum(c.shares or 0 for c in facts.contributions)
    watchers = facts.holding("supervisory_chair", "supervisor")
    watcher_title = "监事会成员" if len(watchers) > 1 else "执行监事"
    limited = [c.party.name for c in facts.contributions if c.role == "有限合伙人"]
    found = {
        "name": facts.name,
        "address": facts.address.text,
        "scope": facts.scope.text.rstrip("。") + "。",
        "capital": wan(facts.capital),
        "capital_capitals": capitals(facts.capital) if facts.capital is not None else "",
        "term": "长期" if facts.term == "长期" else facts.term,
        "authority": facts.authority,
        "date": day(facts.papers_date),
        "noun": words.noun,
        "party_word": words.party,
        "parties_count": str(len(facts.contributions)),
        "shareholders": "、".join(p.name for p in facts.parties),
        "general_partners": "、".join(general),
        "limited_partners": "、".join(limited),
        "articles_name": words.articles,
        "articles_number": number_of(facts, "articles"),
        "capital_word": words.capital,
        "interest_word": "合伙权益" if facts.entity_type in PARTNERSHIPS else "股权",
        "founders_title": words.founders_title,
        "head_word": words.head if facts.entity_type in PARTNERSHIPS else head_word(facts),
        "officers_title": "理事长、监事、经理信息"
        if facts.entity_type == "cooperative"
        else "董事、监事、高级管理人员信息",
        "contacts_title": "、".join(
            title
            for title, person in (("登记联络员", facts.liaison), ("财务负责人", facts.finance_chief))
            if person
        )
        + "信息",
        "place_word": words.place,
        "representative": head.name if head else "",
        "representative_title": facts.representative_title,
        "reservation_number": facts.reservation_number or "—",
        "reservation_until": day(facts.reservation_until) if facts.reservation_until else "—",
        "submitter": facts.submitter.person.name if facts.submitter else "",
        "submitter_role": facts.submitter.role if facts.submitter else "",
        "finance_chief": facts.finance_chief.name if facts.finance_chief else facts.office("finance_chief"),
        "type_name": facts.type_name,
        "parent": facts.parent.name if facts.parent else "",
        "shares": f"{shares:,}",
        "par_value": _yuan(facts.capital, shares),
        "executing": "、".join(p.name for p in executing_partners(facts)),
        "delegations": "；".join(
            f"{p.name}委派**{d.name}**" for p in executing_partners(facts) if (d := delegate_of(p))
        ),
        "labour_rule": (
            "普通合伙人以劳务出资的，评估办法由全体合伙人协商确定；有限合伙人不得以劳务出资。"
            if facts.entity_type == "lp"
            else "以劳务出资的，评估办法由全体合伙人协商确定。"
        ),
        "cooperative_watchers": _names(watchers),
        "watcher_title": watcher_title,
        "watchers": (
            f"本社设{'监事会' if len(watchers) > 1 else '执行监事一名'}，由成员大会选举产生，任期三年，监督本社的财务和业务执行。"
            if watchers
            else "本社不设执行监事和监事会，由成员大会监督本社的财务和业务执行。"
        ),
        "and_watchers": ("、监事会成员" if len(watchers) > 1 else "、执行监事") if watchers else "",
        "or_cooperative_watchers": ("或者监事会" if len(watchers) > 1 else "或者执行监事")
        if watchers
        else "",
    }
    return found | _company_words(facts, has)


NUMBERS = {
    "application": "01", "articles": "02", "appointment": "03", "board_resolution": "04", "supervisory_resolution": "05",
    "confirmation": "06", "address_commitment": "07", "name_commitment": "08", "beneficial_exemption": "09",
    "beneficial_filing": "10", "realname": "11", "partner_delegation": "12", "contribution_confirmation": "13",
    "branch_appointment": "14", "founding_minutes": "15", "promoters_agreement": "16", "family_consent": "17",
}  # fmt: skip


def number_of(facts: PaperFacts, kind: str) -> str:
    """The document number of a paper: the case number and the paper's place in the file."""
    return f"{facts.number}-{NUMBERS[kind]}"


def party_signer(party: Party, role: str) -> Signer:
    """A party as signer; an organisation seals and its representative signs (5.3)."""
    by = party.representative
    return Signer(party.key, party.name, role, not party.natural, by.name if by else "", by.key if by else "")
