"""Companies: limited liability (LLC-01 to LLC-16) and joint-stock by promotion (CL2023 Arts. 92-133)."""

from collections import Counter

from workflow.establishment.data import Application, Officer
from workflow.establishment.rules.common import Context, Findings, check_adult, five_years_after
from workflow.establishment.rules.shared import check_contributions

DIRECTORS = {"chair", "vice_chair", "director"}
SUPERVISORS = {"supervisor", "supervisory_chair"}
MANAGERS = {"manager", "vice_manager", "finance_chief", "board_secretary"}  # senior managers, LLC-16
LARGE_STAFF = 300


def check_llc(application: Application, context: Context, found: Findings) -> None:
    """Shareholders, capital and dates of a limited liability company."""
    count = len(application.contributions)
    if not 1 <= count <= 50:
        found.error(
            "LLC-01",
            "contributions",
            f"有限责任公司由1至50名股东出资设立，现有{count}名。",
            f"A limited liability company has 1 to 50 shareholders, not {count}.",
            "CL2023 Art. 42",
        )
    check_contributions(application, context, found)
    _check_forms(application, found)
    limit = five_years_after(context.today)
    for index, row in enumerate(application.contributions):
        path = f"contributions.{index}.due"
        outstanding = (row.subscribed or 0) - (row.paid or 0)
        if row.due is None:
            if outstanding > 0:
                found.required(path, "出资期限", "the date by which it is paid")
        elif row.due > limit:
            found.error(
                "LLC-03",
                path,
                f"出资应在公司成立之日起5年内缴足，不晚于{limit:%Y年%-m月%-d日}。",
                f"Contributions are paid within five years: by {limit:%Y-%m-%d}.",
                "CL2023 Art. 47",
            )
        elif row.due < context.today and outstanding > 0:
            found.error(
                "LLC-03",
                path,
                "出资期限已过而尚未缴足，请修改日期或者实缴数额。",
                "This date has passed and the amount is not paid.",
                "CL2023 Art. 47",
            )


def _check_forms(application: Application, found: Findings) -> None:
    """REG-04, LLC-04: forms of contribution."""
    for index, row in enumerate(application.contributions):
        path = f"contributions.{index}.form"
        if row.form == "labour":
            found.error(
                "REG-04",
                path,
                "公司股东不得以劳务、信用、自然人姓名、商誉、特许经营权或者设定担保的财产等作价出资。",
                "Shareholders may not contribute labour, credit, names, goodwill, franchise or encumbered property.",
                "MER746 Art. 13",
            )
        elif row.form != "money":
            found.warn(
                "LLC-04",
                path,
                "非货币财产出资应当评估作价，核实财产。",
                "Non-money property must be valued.",
                "CL2023 Art. 48",
            )


def check_jsc(application: Application, context: Context, found: Findings) -> None:
    """Promoters of a joint-stock company: 1-200, half of them domiciled in China, paid in full (Arts. 92, 98)."""
    rows = application.contributions
    if not 1 <= len(rows) <= 200:
        found.error(
            "JSC-92",
            "contributions",
            f"股份有限公司应有1至200名发起人，现有{len(rows)}名。",
            f"A joint-stock company has 1 to 200 promoters, not {len(rows)}.",
            "CL2023 Art. 92",
        )
    abroad = [
        r
        for r in rows
        if (p := application.person(r.party)) and p.nationality != "CHN" and p.id_type != "foreign_residence"
    ]
    if rows and 2 * len(abroad) > len(rows):
        found.error(
            "JSC-92",
            "contributions",
            "半数以上的发起人应在中国境内有住所。",
            "Half or more of the promoters must have their domicile in China.",
            "CL2023 Art. 92",
        )
    check_contributions(application, context, found, total="JSC-96")
    _check_forms(application, found)
    if application.par_value is not None and application.par_value <= 0:
        found.error(
            "JSC-142",
            "par_value",
            "每股金额应大于零。",
            "The par value is more than zero.",
            "CL2023 Art. 142",
        )
    par_value = application.par_value or 0
    for index, row in enumerate(rows):
        if row.subscribed and (row.paid or 0) < row.subscribed:
            found.error(
                "JSC-98",
                f"contributions.{index}.paid",
                "发起人应在公司成立前按认购的股份全额缴纳股款。",
                "Promoters pay in full before establishment.",
                "CL2023 Art. 98",
            )
        if par_value > 0 and (row.subscribed or 0) % par_value:
            found.error(
                "JSC-142",
                f"contributions.{index}.subscribed",
                f"认购金额应为每股金额{par_value / 100:g}元的整数倍。",
                f"The amount is a multiple of the par value of {par_value / 100:g} yuan.",
                "CL2023 Art. 142",
            )
        elif row.shares is None:
            found.required(f"contributions.{index}.shares", "认购股份数", "the number of shares")
        elif row.shares <= 0:
            found.error(
                "JSC-95",
                f"contributions.{index}.shares",
                "股份数应大于零。",
                "The number of shares must be more than zero.",
                "CL2023 Art. 95",
            )
    _check_par_value(application, found)
    committee = [o for o in application.officers if o.audit_committee]
    if application.governance.supervision == "audit_committee" and len({o.person for o in committee}) < 3:
        found.error(
            "JSC-121",
            "officers",
            "股份有限公司审计委员会成员为3名以上。",
            "The audit committee of a joint-stock company has three or more members.",
            "CL2023 Art. 121",
        )


def _check_par_value(application: Application, found: Findings) -> None:
    """Art. 142: shares of one par value cost the same; with unequal prices the promoters must see it."""
    prices = {
        round((r.subscribed or 0) / r.shares, 4)
        for r in application.contributions
        if r.shares and r.subscribed
    }
    if len(prices) > 1:
        found.error(
            "JSC-142",
            "contributions",
            "同次发行的同类别股份，每股的价格应当相同。",
            "Shares of one class cost the same in one issue.",
            "CL2023 Arts. 142-143",
        )


def check_governance(application: Application, context: Context, found: Findings) -> None:
    """Board or director, supervision, offices and legal representative (LLC-07 to LLC-16; JSC 128, 133)."""
    officers = application.officers
    for index, officer in enumerate(officers):
        if not officer.person:
            found.choose(f"officers.{index}.person", "任职人员", "the person")
        check_adult(officer.person, f"officers.{index}.person", "CL-178", "CL2023 Art. 178", found)
    if officers and len({(o.person, o.office) for o in officers}) < len(officers):
        found.error("LLC-08", "officers", "同一人同一职务重复。", "A person has one office twice.")
    count: Counter[str] = Counter(o.office for o in officers)
    _check_board(application, count, found)
    _check_supervision(application, count, found)
    _check_terms(officers, found)
    _check_conflicts(application, found)
    _check_representative(application, found)
    for office, zh, en in (("manager", "经理", "manager"), ("finance_chief", "财务负责人", "finance chief")):
        if count[office] > 1:
            found.error(
                "LLC-10", "officers", f"{zh}只能有一名。", f"There is one {en} only.", "CL2023 Art. 74"
            )
    if not count["finance_chief"]:
        found.warn(
            "LLC-16",
            "officers",
            "尚未填写财务负责人；办理税务事项时需要。",
            "No finance chief is named; the tax office will ask.",
            "CL2023 Art. 265",
        )


def _check_board(application: Application, count: Counter[str], found: Findings) -> None:
    directors = {o.person for o in application.officers if o.office in DIRECTORS}
    if application.governance.board == "board":
        if len(directors) < 3:
            found.error(
                "LLC-08",
                "officers",
                f"董事会成员为3人以上，现有{len(directors)}人。",
                f"A board has three or more directors, not {len(directors)}.",
                "CL2023 Art. 68",
            )
        if count["chair"] != 1:
            found.error(
                "LLC-08", "officers", "董事会设董事长一人。", "A board has one chair.", "CL2023 Art. 68"
            )
        staff_director = any(
            o.employee_representative and o.office in DIRECTORS for o in application.officers
        )
        staff_supervisor = application.governance.supervision == "board" and any(
            o.employee_representative and o.office in SUPERVISORS for o in application.officers
        )
        if (application.governance.employees or 0) >= LARGE_STAFF and not (
            staff_director or staff_supervisor
        ):
            found.error(
                "LLC-08",
                "officers",
                "职工300人以上的公司，董事会成员中应有职工代表，但监事会中有职工代表的除外。",
                "With 300 or more employees, the board needs an employee director unless the supervisory board has one.",
                "CL2023 Art. 68",
            )
    elif application.governance.board == "director":
        if len(directors) != 1 or count["chair"] or count["vice_chair"]:
            found.error(
                "LLC-09",
                "officers",
                "不设董事会的公司设一名董事，不设董事长。",
                "A company without a board has one director and no chair.",
                "CL2023 Art. 75",
            )
    else:
        found.choose("governance.board", "董事会或者董事", "a board or one director")


def _check_supervision(application: Application, count: Counter[str], found: Findings) -> None:
    kind = application.governance.supervision
    supervisors = [o for o in application.officers if o.office in SUPERVISORS]
    committee = [o for o in application.officers if o.audit_committee]
    if not kind:
        found.choose("governance.supervision", "监督机构", "how the company is supervised")
    if kind == "supervisor" and (count["supervisor"] != 1 or count["supervisory_chair"]):
        found.error(
            "LLC-14",
            "officers",
            "不设监事会的，设一名监事。",
            "Without a supervisory board there is one supervisor.",
            "CL2023 Art. 83",
        )
    if kind in ("none", "audit_committee") and supervisors:
        found.error(
            "LLC-14",
            "governance.supervision",
            "已选择不设监事，但仍填写了监事。",
            "You chose no supervisor but named one.",
            "CL2023 Art. 83",
        )
    if kind == "none" and application.entity_type == "jsc":
        found.error(
            "JSC-133",
            "governance.supervision",
            "股份有限公司应设监事、监事会或者审计委员会。",
            "A joint-stock company has a supervisor, a supervisory board or an audit committee.",
            "CL2023 Arts. 121, 130, 133",
        )
    if kind == "board":
        if len(supervisors) < 3:
            found.error(
                "LLC-12",
                "officers",
                f"监事会成员为3人以上，现有{len(supervisors)}人。",
                f"A supervisory board has three or more members, not {len(supervisors)}.",
                "CL2023 Art. 76",
            )
        if 3 * sum(o.employee_representative for o in supervisors) < len(supervisors):
            found.error(
                "LLC-12",
                "officers",
                "监事会中职工代表的比例不得低于三分之一。",
                "A third of the supervisory board represents the employees.",
                "CL2023 Art. 76",
            )
        if count["supervisory_chair"] != 1:
            found.error(
                "LLC-12",
                "officers",
                "监事会设主席一人。",
                "A supervisory board has one chair.",
                "CL2023 Art. 76",
            )
    if kind == "audit_committee":
        if application.governance.board != "board":
            found.error(
                "LLC-15",
                "governance.supervision",
                "审计委员会由董事会成员组成，须设董事会。",
                "An audit committee consists of board members; a board is needed.",
                "CL2023 Art. 69",
            )
        if not committee:
            found.error(
                "LLC-15",
                "officers",
                "请标明审计委员会成员。",
                "Mark the members of the audit committee.",
                "CL2023 Art. 69",
            )
    for index, officer in enumerate(application.officers):
        if officer.audit_committee and (kind != "audit_committee" or officer.office not in DIRECTORS):
            found.error(
                "LLC-15",
                f"officers.{index}.audit_committee",
                "只有董事可以担任审计委员会成员。",
                "Only directors sit on the audit committee.",
                "CL2023 Art. 69",
            )


def _check_terms(officers: list[Officer], found: Findings) -> None:
    for index, officer in enumerate(officers):
        years, path = officer.term_years, f"officers.{index}.term_years"
        if officer.office in DIRECTORS and (years is None or not 1 <= years <= 3):
            found.error(
                "LLC-11",
                path,
                "董事每届任期不得超过3年。",
                "A director's term is at most three years.",
                "CL2023 Art. 70",
            )
        if officer.office in SUPERVISORS and years != 3:
            found.error(
                "LLC-11",
                path,
                "监事的任期每届为3年。",
                "A supervisor's term is three years.",
                "CL2023 Art. 77",
            )


def _check_conflicts(application: Application, found: Findings) -> None:
    """LLC-13, LLC-16: directors and senior managers, the finance chief too, may not be supervisors."""
    leading = {
        o.person: o.office for o in application.officers if o.office in DIRECTORS | MANAGERS and o.person
    }
    for index, officer in enumerate(application.officers):
        if officer.office in SUPERVISORS and officer.person in leading:
            code = "LLC-13" if leading[officer.person] in DIRECTORS | {"manager"} else "LLC-16"
            name = application.party_name(officer.person)
            found.error(
                code,
                f"officers.{index}.person",
                f"{name}是董事或者高级管理人员，不得兼任监事。",
                f"{name} is a director or senior manager and may not be a supervisor.",
                "CL2023 Arts. 76, 265",
            )


def _check_representative(application: Application, found: Findings) -> None:
    """LLC-05, LLC-07: a director who executes company affairs, or the manager, as the articles say."""
    lead = application.governance
    if not lead.legal_representative:
        found.choose("governance.legal_representative", "法定代表人", "the legal representative")
        return
    offices = {o.office for o in application.officers if o.person == lead.legal_representative}
    if not offices & (DIRECTORS | {"manager"}):
        found.error(
            "LLC-07",
            "governance.legal_representative",
            "法定代表人由代表公司执行公司事务的董事或者经理担任。",
            "The legal representative is a director who executes company affairs, or the manager.",
            "CL2023 Art. 10",
        )
    elif lead.legal_representative_office not in offices:
        found.error(
            "LLC-07",
            "governance.legal_representative_office",
            "法定代表人的职务与任职信息不一致。",
            "This is not an office that the legal representative holds.",
            "CL2023 Art. 10",
        )
    if not lead.legal_representative_chosen_by:
        found.error(
            "LLC-05",
            "governance.legal_representative_chosen_by",
            "章程应载明法定代表人的产生、变更办法，请选择由谁产生。",
            "The articles say how the legal representative is appointed. Choose by whom.",
            "CL2023 Art. 46",
        )
    elif lead.legal_representative_chosen_by == "board" and lead.board != "board":
        found.error(
            "LLC-05",
            "governance.legal_representative_chosen_by",
            "不设董事会的公司，法定代表人由股东产生。",
            "Without a board the shareholders choose.",
            "CL2023 Art. 46",
        )
