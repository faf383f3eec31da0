"""From the application's data to what papers, licence and register say."""

from datetime import date
from typing import Any

from babel import Locale
from babel.core import get_global
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from signing.papers import data as papers
from workflow.case import Case
from workflow.catalogues.queries import Catalogue, catalogue
from workflow.clock import local_date, today
from workflow.establishment import derive, scope, texts, types
from workflow.establishment.data import Address, Application, Officer, Organisation, Person
from workflow.establishment.models import Paper
from workflow.naming.declaration import reservation_of
from workflow.policies.queries import policy

ID_TYPES = {
    "resident_id": "居民身份证",
    "passport": "护照",
    "hk_macao_permit": "港澳居民来往内地通行证",
    "taiwan_permit": "台湾居民来往大陆通行证",
    "foreign_residence": "外国人永久居留身份证",
}
FORMS = {
    "money": "货币", "goods": "实物", "ip": "知识产权", "land_use": "土地使用权", "equity": "股权", "claims": "债权",
    "data": "数据、网络虚拟财产", "labour": "劳务", "other": "其他",
}  # fmt: skip
OFFICES = {
    "chair": "董事长", "vice_chair": "副董事长", "director": "董事", "manager": "经理", "vice_manager": "副经理",
    "supervisor": "监事", "supervisory_chair": "监事会主席", "finance_chief": "财务负责人", "board_secretary": "董事会秘书",
    "executing_partner": "执行事务合伙人", "person_in_charge": "负责人", "operator": "经营者", "investor": "投资人",
    "cooperative_chair": "理事长", "other": "",
}  # fmt: skip
HOW = {"": "选举", "elected": "选举", "appointed": "任命", "hired": "聘任", "delegated": "委派"}
ROLES = {"general_partner": "普通合伙人", "limited_partner": "有限合伙人"}
USES = {"commercial": "商业", "residential": "住宅", "hosted": "托管"}
BENEFIT = {"equity": "股权", "income_or_votes": "收益权或表决权", "control": "实际控制"}
SEXES = {"male": "男", "female": "女", "": ""}


def paper_facts(db: Session, case: Case, application: Application) -> papers.PaperFacts:
    """Everything that the papers of this application say; the same application gives the same facts."""
    facts = catalogue(db)
    people = {p.key: _person(p, application) for p in application.people}
    kind = types.get(application.entity_type)
    name = reservation_of(db, case.id)
    lead = application.governance
    executing = [o for o in application.officers if o.office == "executing_partner"]
    delegates = {o.person: o.delegate for o in executing}
    head = lead.legal_representative
    if kind.founders == "one" and application.contributions:
        head = application.contributions[0].party
    title = (
        (lead.legal_representative_office or "director") if kind.leadership == "company" else kind.offices[0]
    )
    parties = {
        **{p.key: _natural(p) for p in application.people},
        **{o.key: _organisation(o, people, delegates.get(o.key, "")) for o in application.organisations},
    }
    finance = next((o.person for o in application.officers if o.office == "finance_chief"), "")
    office = facts.authorities.get(application.address.authority_code)
    shared = kind.leadership == "partners"
    return papers.PaperFacts(
        entity_type=application.entity_type,
        texts=texts.in_force(db),
        number=case.number,
        name=entity_name(case, people.get(head)),
        unnamed=types.is_unnamed(case.entity_type, case.name),
        type_name=kind.type_code(application)[1],
        address=_address(application.address, facts),
        scope=_scope(db, application),
        authority=office.name if office else "",
        papers_date=_day(db, case),
        reservation_number=name.number if name else "",
        reservation_until=local_date(name.reserved_until) if name and name.reserved_until else None,
        business_place=_address(application.business_place, facts) if application.business_place else None,
        phone=application.phone,
        employees=lead.employees,
        capital=application.capital,
        term="长期" if application.long_term else f"{application.term_years}年",
        contributions=tuple(
            papers.Contribution(
                party=parties[row.party], subscribed=row.subscribed or 0, paid=row.paid or 0, form=FORMS[row.form],
                due=row.due, shares=row.shares, role=ROLES.get(row.role, ""), family_property=row.family_property,
                farmer=row.farmer,
            )
            for row in application.contributions
            if row.party in parties
        ),
        officers=tuple(_officer(o, people, application) for o in application.officers if o.person in people),
        legal_representative=people.get(head),
        representative_office=title if kind.leadership == "company" else "other",
        representative_title=OFFICES.get(title, ""),
        executing=tuple(o.person for o in executing),
        representative_chosen_by=lead.legal_representative_chosen_by or "shareholders",
        board=lead.board or "director",
        supervision=lead.supervision or "none",
        liaison=_with_landline(people.get(application.liaison.person), application.liaison.landline),
        finance_chief=people.get(finance),
        submitter=_submitter(application, people),
        beneficial_exempt=application.beneficial.exempt,
        beneficial_owners=tuple(
            papers.BeneficialOwner(people[o.person], "合伙权益" if shared and o.kind == "equity" else BENEFIT[o.kind], f"{o.share:g}%" if o.share else "", o.since)
            for o in application.beneficial.owners
            if o.person in people
        ),
        paper_licence=application.licence.paper,
        duplicates=application.licence.duplicates,
        parent=_parent(application, people),
        accounting={"independent": "独立核算", "not_independent": "非独立核算"}.get(application.parent.accounting, ""),
        family=tuple(people[key] for key in application.family if key in people),
        household_form={"person": "个人经营", "family": "家庭经营"}.get(application.household_form, ""),
        choices=tuple(sorted(application.articles_choices.items())),
    )  # fmt: skip


def entity_name(case: Case, head: papers.Person | None) -> str:
    """The name; of who does without one, whose business it is, so that a paper names somebody (IMPL52 Art. 6)."""
    if not types.is_unnamed(case.entity_type, case.name):
        return case.name
    kind = types.get(case.entity_type)
    return f"{kind.name.zh}（{kind.head_words.zh}：{head.name}）" if head else kind.name.zh


def _day(db: Session, case: Case) -> date:
    """The day the papers speak of: when they were first made, so that papers made anew keep it; before that, today."""
    first = db.scalar(select(func.min(Paper.created_at)).where(Paper.case_id == case.id))
    return local_date(first) if first else today()


def published_facts(application: Application) -> dict[str, Any]:
    """What the public register shows of people: names, offices and sums; never numbers, phones or addresses."""
    return {
        "contributors": [
            {"name": application.party_name(row.party), "subscribed": row.subscribed}
            for row in application.contributions
        ],
        "officers": [
            {"name": application.party_name(o.person), "office": o.office} for o in application.officers
        ],
    }


def _person(person: Person, application: Application) -> papers.Person:
    return papers.Person(
        key=person.key, name=person.name, id_type=ID_TYPES[person.id_type], id_number=person.id_number,
        nationality=country(person.nationality), sex=SEXES[derive.sex(person)],
        birth=derive.born(person), phone=person.phone, email=person.email, address=person.address,
    )  # fmt: skip


def country(code: str) -> str:
    """A country or region in Chinese from its code of three letters (ISO 3166); as typed when there is none such."""
    short = next(iter(get_global("territory_aliases").get(code.strip().upper(), [])), "")
    name: str = Locale.parse("zh_Hans").territories.get(short, code)
    return {"台湾": "中国台湾"}.get(name, name.removesuffix("特别行政区"))


def _with_landline(person: papers.Person | None, landline: str) -> papers.Person | None:
    if person is None or not landline:
        return person
    return papers.Person(**{**person.__dict__, "landline": landline})


def _natural(person: Person) -> papers.Party:
    return papers.Party(
        key=person.key, name=person.name, id_type=ID_TYPES[person.id_type], id_number=person.id_number,
        nationality=country(person.nationality), address=person.address,
        phone=person.phone,
    )  # fmt: skip


def _organisation(
    organisation: Organisation, people: dict[str, papers.Person], delegate: str
) -> papers.Party:
    return papers.Party(
        key=organisation.key, name=organisation.name, natural=False, id_type="营业执照", id_number=organisation.uscc,
        address=organisation.address, representative=people.get(organisation.representative),
        delegate=people.get(delegate),
    )  # fmt: skip


def _officer(officer: Officer, people: dict[str, papers.Person], application: Application) -> papers.Officer:
    """An officer as papers name them: chosen by one shareholder means appointed, employees choose their own."""
    kind, how = types.get(application.entity_type), HOW[officer.how]
    if officer.employee_representative:
        how = "职工民主选举"
    elif how == "选举" and kind.leadership == "company" and len(application.contributions) == 1:
        how = "任命"
    title = OFFICES[officer.office]
    if kind.code == "cooperative" and officer.office == "supervisor":
        title = "执行监事"
    return papers.Officer(
        people[officer.person], officer.office, title, how, officer.term_years, officer.employee_representative,
        officer.audit_committee,
    )  # fmt: skip


def _submitter(application: Application, people: dict[str, papers.Person]) -> papers.Submitter | None:
    row = application.submitter
    if row.person not in people:
        return None
    role = "登记代理人" if row.role == "agent" else "登记联络员"
    return papers.Submitter(
        people[row.person], role, may_correct=row.may_correct, may_receive=row.may_receive
    )


def _parent(application: Application, people: dict[str, papers.Person]) -> papers.Parent | None:
    company = application.organisation(application.parent.organisation)
    if company is None or company.representative not in people:
        return None
    return papers.Parent(
        company.name, company.uscc, people[company.representative], company.address, company.key
    )


def _scope(db: Session, application: Application) -> papers.Scope:
    style = policy(db, "scope_style", application.address.authority_code)
    return papers.Scope(
        scope.compose(application.scope, style),
        tuple(e.text for e in application.scope),
        tuple(e.text for e in application.scope if e.licensed),
    )


def _address(address: Address, facts: Catalogue) -> papers.Address:
    """The five official parts (5.1 A) and the whole, province included once."""
    path = facts.division_path(address.division_code) if address.division_code else []
    names = {d.level: d.name for d in path}
    town = facts.towns.get(address.town_code)
    return papers.Address(
        text=full_address(address, facts), province=names.get(1, ""), city=names.get(2, ""), county=names.get(3, ""),
        town=town.name if town else "", detail=address.detail or address.text, postcode=address.postcode,
        use=USES.get(address.use, ""), hosted=address.use == "hosted",
    )  # fmt: skip


def full_address(address: Address, facts: Catalogue) -> str:
    """The address as licences print it, from city or county on; as typed while it is not understood."""
    if not address.division_code or not address.detail:
        return address.text
    path = facts.division_path(address.division_code)
    town = facts.towns.get(address.town_code)
    return "".join(d.name for d in path if d.level > 1) + (town.name if town else "") + address.detail
