"""Partnerships: general, special general, limited (PEL; IMPL52 Art. 11)."""

from workflow.establishment.data import Application
from workflow.establishment.rules.common import Context, Findings, check_adult
from workflow.establishment.rules.shared import check_contributions

NO_GENERAL_PARTNER = {
    "state_enterprise": ("国有企业", "a state enterprise"),
    "listed_company": ("上市公司", "a listed company"),
    "institution": ("公益性事业单位", "a public-interest institution"),
    "social_organisation": ("社会团体", "a social organisation"),
}


def check_partnership(application: Application, context: Context, found: Findings) -> None:
    """Partners, their roles, contributions and the executing partners."""
    rows, limited_form = application.contributions, application.entity_type == "lp"
    if limited_form and not 2 <= len(rows) <= 50:
        found.error(
            "PEL-61",
            "contributions",
            f"有限合伙企业由2至50名合伙人设立，现有{len(rows)}名。",
            f"A limited partnership has 2 to 50 partners, not {len(rows)}.",
            "PEL Art. 61",
        )
    elif not limited_form and len(rows) < 2:
        found.error(
            "PEL-14",
            "contributions",
            "合伙企业应有2名以上合伙人。",
            "A partnership has two or more partners.",
            "PEL Art. 14",
        )
    check_contributions(application, context, found, total="PEL-18")
    general = {r.party for r in rows if not limited_form or r.role == "general_partner"}
    for index, row in enumerate(rows):
        path = f"contributions.{index}"
        check_adult(row.party, f"{path}.party", "PEL-14", "PEL Art. 14", found)
        if row.due is None and (row.paid or 0) < (row.subscribed or 0):
            found.required(f"{path}.due", "缴付期限", "the date by which it is paid")
        if not limited_form and row.role == "limited_partner":
            found.error(
                "PEL-02",
                f"{path}.role",
                "普通合伙企业由普通合伙人组成。",
                "A general partnership consists of general partners.",
                "PEL Art. 2",
            )
        if limited_form and not row.role:
            found.choose(f"{path}.role", "普通合伙人或者有限合伙人", "general or limited partner")
        if row.form == "labour" and row.party not in general:
            found.error(
                "PEL-64",
                f"{path}.form",
                "有限合伙人不得以劳务出资。",
                "Limited partners may not contribute labour.",
                "PEL Art. 64",
            )
        organisation = application.organisation(row.party)
        if organisation and row.party in general and organisation.kind in NO_GENERAL_PARTNER:
            zh, en = NO_GENERAL_PARTNER[organisation.kind]
            found.error(
                "PEL-03",
                f"{path}.party",
                f"{zh}不得成为普通合伙人。",
                f"{en} cannot be a general partner.",
                "PEL Art. 3",
            )
    if limited_form and rows:
        if not general:
            found.error(
                "PEL-61",
                "contributions",
                "有限合伙企业至少应有一个普通合伙人。",
                "A limited partnership has at least one general partner.",
                "PEL Art. 61",
            )
        if len(general) == len(rows):
            found.error(
                "PEL-75",
                "contributions",
                "有限合伙企业应有有限合伙人。",
                "A limited partnership has limited partners.",
                "PEL Art. 75",
            )
    _check_executing(application, general, found)
    if application.entity_type == "sgp":
        found.warn(
            "PEL-55",
            "entity_type",
            "特殊普通合伙适用于以专业知识和专门技能提供有偿服务的专业服务机构，请准备执业资格证明。",
            "A special general partnership is for professional firms; have the professional licences ready.",
            "PEL Art. 55",
        )


def _check_executing(application: Application, general: set[str], found: Findings) -> None:
    """PEL Arts. 26, 68; without a choice all general partners are registered as executing (IMPL52 Art. 11)."""
    executing = [(i, o) for i, o in enumerate(application.officers) if o.office == "executing_partner"]
    if not executing:
        found.warn(
            "PEL-26",
            "officers",
            "未约定执行事务合伙人的，全体普通合伙人均登记为执行事务合伙人。",
            "No executing partner is chosen: all general partners will be registered as executing.",
            "IMPL52 Art. 11",
        )
    for index, officer in executing:
        if officer.person not in general:
            name = application.party_name(officer.person)
            found.error(
                "PEL-68",
                f"officers.{index}.person",
                f"{name}不是普通合伙人，不得执行合伙事务。",
                f"{name} is no general partner and may not execute business.",
                "PEL Art. 68",
            )
        company = application.organisation(officer.person)
        if company and application.person(officer.delegate or company.representative) is None:
            found.choose(
                f"officers.{index}.delegate", f"{company.name}的委派代表", f"the delegate of {company.name}"
            )
        check_adult(officer.delegate, f"officers.{index}.delegate", "PEL-26", "PEL Art. 26", found)
    acting = application.governance.legal_representative
    partners = {o.person for _, o in executing} or general
    delegates = {o.representative for o in application.organisations if o.key in partners}
    delegates |= {o.delegate for _, o in executing if o.delegate}
    if not acting:
        found.choose(
            "governance.legal_representative",
            "执行事务合伙人（或者委派代表）",
            "the executing partner or delegate",
        )
    elif acting not in partners | delegates:
        found.error(
            "PEL-26",
            "governance.legal_representative",
            "应由执行事务合伙人本人或者其委派的代表担任。",
            "This must be an executing partner or its delegate.",
            "PEL Art. 26; IMPL52 Art. 11",
        )
