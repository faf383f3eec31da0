"""Sole proprietorship, individual household, branch, farmers' cooperative (SPL; section 5.2; 4.1)."""

from workflow.establishment.data import Application
from workflow.establishment.rules.common import Context, Findings, check_adult
from workflow.establishment.rules.shared import check_contributions


def _one_natural(application: Application, code: str, basis: str, zh: str, en: str, found: Findings) -> str:
    """The key of the single natural person behind the entity."""
    rows = application.contributions
    if len(rows) != 1 or application.person(rows[0].party) is None:
        found.error(
            code, "contributions", f"{zh}由一名自然人设立。", f"{en} has exactly one natural person.", basis
        )
        return ""
    person = application.person(rows[0].party)
    if person and person.id_type in ("passport", "foreign_residence"):
        found.error(
            code,
            "contributions.0.party",
            f"{zh}不能由外国人设立。",
            f"{en} cannot be set up by a foreigner.",
            basis,
        )
    check_adult(rows[0].party, "contributions.0.party", code, basis, found)
    return rows[0].party


def check_sole(application: Application, context: Context, found: Findings) -> None:
    """Sole proprietorship: one natural person, a declared contribution, family property stated (SPL 8, 18)."""
    investor = _one_natural(
        application, "SPL-08", "SPL Art. 8", "个人独资企业", "A sole proprietorship", found
    )
    check_contributions(application, context, found, total="SPL-08")
    if application.contributions and application.contributions[0].family_property and not application.family:
        found.choose("family", "共同签字的家庭成员", "the family members who sign")
    if investor in application.family:
        found.error(
            "SPL-18",
            "family",
            "投资人本人不必列为家庭成员。",
            "The investor is not listed as a family member.",
            "SPL Art. 18",
        )
    person = application.person(investor)
    if person and not person.address:
        found.required(
            f"people.{application.people.index(person)}.address", "投资人居所", "the investor's residence"
        )


def check_household(application: Application, context: Context, found: Findings) -> None:
    """Individual household: operator, form of composition; capital is not registered (IMPL52 Art. 6)."""
    operator = _one_natural(
        application, "IMPL-06", "IMPL52 Art. 6", "个体工商户", "An individual household", found
    )
    if not application.household_form:
        found.choose("household_form", "组成形式", "the form of composition")
    if application.household_form == "family" and not application.family:
        found.choose("family", "参加经营的家庭成员", "the family members taking part")
    if application.household_form == "person" and application.family:
        found.error(
            "IMPL-06",
            "household_form",
            "个人经营的不填写家庭成员。",
            "A household of one person has no family members.",
            "IMPL52 Art. 6",
        )
    if operator and operator in application.family:
        found.error(
            "IMPL-06",
            "family",
            "经营者本人不必列为家庭成员。",
            "The operator is not listed as a family member.",
            "IMPL52 Art. 7",
        )
    if application.capital is not None and application.capital < 0:
        found.error("REG-03", "capital", "资金数额不得为负。", "The amount cannot be negative.")


def check_branch(application: Application, context: Context, found: Findings) -> None:
    """Branch of a company: its parent, its name, the person in charge (NM-16, section 5.2)."""
    parent = application.organisation(application.parent.organisation)
    if parent is None:
        found.choose("parent.organisation", "所属公司", "the parent company")
    else:
        if parent.kind not in ("company", "listed_company", "state_enterprise"):
            found.error(
                "NM-16",
                "parent.organisation",
                "分公司的隶属企业应为公司。",
                "The parent of a company branch is a company.",
                "CL2023 Art. 13",
            )
        entry = context.registered.get(parent.uscc)
        for index, item in enumerate(application.scope if entry else ()):
            if entry and item.text and item.text not in entry.scope:
                found.warn(
                    "BR-SCOPE",
                    f"scope.{index}.text",
                    f"“{item.text}”不在所属公司登记的经营范围内，分公司在公司授权的范围内经营，请核对。",
                    f"{item.text} is not in the company's registered scope; a branch works within it.",
                    "CL2023 Art. 13",
                )
        if application.name and parent.name and not application.name.startswith(parent.name):
            found.error(
                "NM-16",
                "name",
                f"分公司名称应以“{parent.name}”开头。",
                "A branch's name begins with the full name of its company.",
                "REG734 Art. 13",
            )
    if application.name and not application.name.endswith("分公司"):
        found.error(
            "NM-16",
            "name",
            "公司的分支机构名称应以“分公司”结尾。",
            "The name of a company branch ends with 分公司.",
            "REG734 Art. 13",
        )
    if not application.parent.accounting:
        found.choose("parent.accounting", "核算方式", "the way of accounting")
    if application.contributions:
        found.error(
            "IMPL-06",
            "contributions",
            "分支机构不登记出资。",
            "A branch has no contributions.",
            "IMPL52 Art. 6",
        )
    check_head(application, found, "负责人", "the person in charge")


def check_cooperative(application: Application, context: Context, found: Findings) -> None:
    """Farmers' cooperative: five members or more, four fifths of them farmers, a chair (IMPL52 Arts. 6-7).

    The numbers of members come from the law on cooperatives, Arts. 12, 19, 20, which the domain rules do not quote.
    """
    rows = application.contributions
    organisations = [r for r in rows if application.organisation(r.party)]
    if len(rows) < 5:
        found.error(
            "COOP-12",
            "contributions",
            f"农民专业合作社应有5名以上成员，现有{len(rows)}名。",
            f"A farmers' cooperative has five or more members, not {len(rows)}.",
            "农民专业合作社法第十二条",
        )
    farmers = sum(r.farmer for r in rows if application.person(r.party))
    if rows and 5 * farmers < 4 * len(rows):
        found.error(
            "COOP-20",
            "contributions",
            f"农民至少应当占成员总数的百分之八十，现有{len(rows)}名成员中农民{farmers}名。",
            f"Four fifths of the members are farmers at least; here {farmers} of {len(rows)}.",
            "农民专业合作社法第二十条",
        )
    allowed = 1 if len(rows) <= 20 else len(rows) // 20
    if rows and len(organisations) > allowed:
        found.error(
            "COOP-20",
            "contributions",
            f"单位成员不得超过{allowed}名。",
            f"At most {allowed} members may be organisations.",
            "农民专业合作社法第二十条",
        )
    check_contributions(application, context, found, total="COOP-12")
    chairs = [o for o in application.officers if o.office == "cooperative_chair"]
    if len(chairs) != 1:
        found.error(
            "COOP-33",
            "officers",
            "合作社设理事长一名。",
            "A cooperative has one chair.",
            "农民专业合作社法第三十三条",
        )
    elif chairs[0].person not in {r.party for r in rows}:
        found.error(
            "COOP-33",
            "officers",
            "理事长应为合作社成员。",
            "The chair is a member.",
            "农民专业合作社法第三十三条",
        )
    leading = {o.person for o in application.officers if o.office in ("cooperative_chair", "manager")}
    for index, officer in enumerate(application.officers):
        if officer.office == "supervisor" and officer.person in leading:
            name = application.party_name(officer.person)
            found.error(
                "COOP-33",
                f"officers.{index}.person",
                f"{name}是理事长或者经理，不得兼任监事。",
                f"{name} is the chair or the manager and may not be a supervisor.",
                "农民专业合作社法第三十三条",
            )
    head = application.governance.legal_representative
    if head and chairs and head != chairs[0].person:
        found.error(
            "COOP-33",
            "governance.legal_representative",
            "理事长为合作社的法定代表人。",
            "The chair is the legal representative.",
            "农民专业合作社法第三十三条",
        )
    check_head(application, found, "法定代表人（理事长）", "the legal representative")


def check_head(application: Application, found: Findings, zh: str, en: str) -> None:
    """The person at the head is named and grown up."""
    head = application.governance.legal_representative
    if not head:
        found.choose("governance.legal_representative", zh, en)
    check_adult(head, "governance.legal_representative", "CL-178", "MER746 Art. 12", found)
