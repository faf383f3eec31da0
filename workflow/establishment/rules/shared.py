"""Rules for every entity type: name, address, scope, contributions in general, liaison officer, beneficial owners,
submitter (REG-, ADR-, SC-, AG-, BO-)."""

import re

from workflow.errors import Words
from workflow.establishment import jurisdiction
from workflow.establishment.data import Address, Application
from workflow.establishment.rules.common import Context, Findings, check_adult
from workflow.establishment.scope import compose, forbidden_words
from workflow.identity import valid_phone

EXEMPT_CAPITAL = 10_000_000_00  # fen, BO-02
OWNER_SHARE = 25.0  # percent, BO-04
LONG_SCOPE = 1500  # characters that a licence still prints well, SC-13
DOOR = re.compile(r"\d|[一二三四五六七八九十]+(?:号|组|栋|楼|单元)|[村组场站]$|附属|号")


def check_name(application: Application, context: Context, found: Findings) -> None:
    """There is a name, and it is the one that was reserved (REG-01)."""
    if not application.name:
        found.required("name", "名称", "the name")
    check_reserved_name(application, context, found)


def check_reserved_name(application: Application, context: Context, found: Findings) -> None:
    """A name is the one that was reserved; telephone of the entity."""
    if application.name and context.reserved_name and application.name != context.reserved_name:
        found.error(
            "NM-45",
            "name",
            f"名称与已保留的名称“{context.reserved_name}”不一致。",
            "This is not the reserved name.",
            "REG734 Art. 18",
        )
    if application.phone and not valid_phone(application.phone):
        found.error("phone", "phone", "联系电话格式不正确。", "This is not a telephone number.")


def check_address(application: Application, context: Context, found: Findings) -> None:
    """REG-02, ADR-01 to ADR-04, AUT-02: one domicile down to the door, inside the authority's area."""
    address = application.address
    if not address.text.strip() and not address.division_code:
        found.required("address.text", "住所", "the address")
        return
    _check_one(address, "address", context, found)
    _check_authority(address, application.entity_type, context, found)
    if address.commitment and address.use == "hosted":
        found.error("ADR-03", "address.commitment", "托管地址不适用住所承诺，请上传托管合同或者租赁合同。",
                    "A hosted address needs the hosting contract; a commitment does not suffice.", "WH-ADDR Arts. 5-6")  # fmt: skip
    if address.commitment and (context.address_exceptions or not context.commitment_allowed):
        found.error("ADR-03", "address.commitment", "该住所不能只凭承诺登记，请上传住所使用证明。",
                    "A commitment does not suffice for this address. Upload a proof.", "WH-ADDR Art. 5")  # fmt: skip
    if address.use == "residential":
        found.warn("ADR-01", "address.use", "将住宅改为经营性用房的，应当经有利害关系的业主同意。",
                   "Neighbours with an interest must agree to business use of a home.", "民法典第二百七十九条")  # fmt: skip
    if application.business_place is not None:
        _check_one(application.business_place, "business_place", context, found)


def _check_one(address: Address, path: str, context: Context, found: Findings) -> None:
    division = context.catalogue.divisions.get(address.division_code)
    if division is None or (
        division.level < 3
        and context.catalogue.divisions_in.get(division.code)
        and not address.authority_code
    ):
        found.error(
            "AUT-02",
            f"{path}.division_code",
            "请选择所在市和区（县）。",
            "Choose the city and the district or county.",
            "IMPL52 Art. 10",
        )
    elif not division.code.startswith("42"):
        found.error(
            "AUT-02",
            f"{path}.division_code",
            "住所应在湖北省内。",
            "The address must be in Hubei.",
            "IMPL52 Art. 10",
        )
    detail = address.detail or address.text
    if not DOOR.search(detail):
        found.error(
            "ADR-01",
            f"{path}.detail",
            "地址应写明到门牌号、房间号。",
            "The address goes down to the door or room number.",
            "鄂工商规〔2014〕38号",
        )
    if len(address.text) > 200:
        found.error("ADR-01", f"{path}.text", "地址不超过200字。", "An address has at most 200 characters.")
    if address.postcode and not re.fullmatch(r"\d{6}", address.postcode):
        found.error("postcode", f"{path}.postcode", "邮政编码为6位数字。", "A postcode has six digits.")


def _check_authority(address: Address, entity_type: str, context: Context, found: Findings) -> None:
    """AUT-02: the chosen authority is one that the address allows; AUT-04 for joint-stock companies."""
    path = "address.authority_code"
    if not address.authority_code:
        found.choose(path, "登记机关", "the registration authority")
        return
    if address.authority_code not in context.catalogue.authorities:
        found.error(
            "AUT-01", path, "没有这个登记机关，请重新选择。", "There is no such authority.", "MER746 Art. 6"
        )
        return
    facts, day = context.catalogue, context.today
    matches = (
        [jurisdiction.match(address.text, entity_type, catalogue=facts, day=day)] if address.text else []
    )
    if address.division_code in facts.divisions:
        detail = address.detail or address.text
        town = address.town_code if address.town_code in facts.towns else ""
        matches.append(
            jurisdiction.match_division(
                address.division_code, town, detail, entity_type, catalogue=facts, day=day
            )
        )
    possible = {m.authority.code for m in matches if m.authority}
    possible |= {c.authority.code for m in matches for c in m.candidates if c.authority}
    if possible and address.authority_code not in possible:
        names = "、".join(sorted(facts.authorities[code].name for code in possible)[:3])
        code = "AUT-04" if entity_type == "jsc" else "AUT-02"
        found.error(
            code,
            path,
            f"该住所应由{names}登记。",
            f"For this address the authority is {names}.",
            "IMPL52 Arts. 4, 10",
        )
    divisions = {m.division.code for m in matches if m.division and m.division.level == 3}
    if len(divisions) > 1:
        found.error(
            "AUT-02",
            "address.division_code",
            "所选区（县）与所填地址不一致。",
            "The chosen district is not the one in the address.",
            "IMPL52 Art. 10",
        )


def check_scope(application: Application, context: Context, found: Findings) -> None:
    """REG-05, SC-01, SC-06, SC-09, SC-12, SC-13."""
    if not application.scope:
        found.choose("scope", "经营范围", "the business scope")
        return
    seen: set[str] = set()
    for index, entry in enumerate(application.scope):
        path = f"scope.{index}"
        if not entry.text.strip():
            found.required(f"{path}.text", "经营项目", "the scope item")
            continue
        if entry.text in seen:
            found.error(
                "SC-01",
                f"{path}.text",
                f"“{entry.text}”重复。",
                f"{entry.text} appears twice.",
                "IMPL52 Art. 12",
            )
        seen.add(entry.text)
        for word in forbidden_words(entry.text, catalogue=context.catalogue, day=context.today):
            found.error("SC-12", f"{path}.text", f"经营范围不得含有“{word}”。", f"A scope may not contain {word}.",
                        "关于进一步防范和处置虚拟货币等相关风险的通知（2026-02-06）")  # fmt: skip
        standard = context.catalogue.scope_entries.get(entry.code) if entry.code else None
        if standard is None or not standard.holds(context.today):
            said = context.wishes.get(
                entry.text, Words("将由登记人员人工审核。", "a registrar will look at it.")
            )
            found.warn("SC-09", f"{path}.text", f"“{entry.text}”不在规范目录内，{said.zh}",
                       f"{entry.text} is not in the catalogue; {said.en}", "IMPL52 Art. 12")  # fmt: skip
            continue
        if entry.text != standard.text or entry.licensed != standard.licensed:
            found.error(
                "SC-01",
                f"{path}.text",
                f"请使用规范表述“{standard.text}”。",
                f"Use the standard wording {standard.text}.",
                "IMPL52 Art. 12",
            )
        if standard.timing == "before" and not entry.approval.strip():
            found.error("SC-06", f"{path}.approval", f"“{standard.text}”须先取得批准（{standard.approval}），请填写批准文件文号。",
                        f"{standard.text} needs its approval before registration. Enter its number.", "MER746 Art. 14")  # fmt: skip
    if len(compose(application.scope)) > LONG_SCOPE:
        found.warn(
            "SC-13",
            "scope",
            "经营范围过长，执照上将只印主要项目。",
            "The scope is long; the licence will print its main items.",
        )


def check_contributions(
    application: Application, context: Context, found: Findings, *, total: str = "LLC-02"
) -> None:
    """Each row is whole, nobody appears twice, and the rows add up to the capital (LLC-02, CL2023 Art. 47)."""
    parties: set[str] = set()
    for index, row in enumerate(application.contributions):
        path = f"contributions.{index}"
        if not row.party:
            found.choose(f"{path}.party", "出资人", "who contributes")
        elif row.party in parties:
            found.error("LLC-02", f"{path}.party", f"{application.party_name(row.party)}已填写，请合并为一行。",
                        f"{application.party_name(row.party)} appears twice. Use one row.", "CL2023 Art. 46")  # fmt: skip
        parties.add(row.party)
        if row.subscribed is None:
            found.required(f"{path}.subscribed", "认缴出资额", "the subscribed amount")
        elif row.subscribed <= 0:
            found.error(
                "LLC-02",
                f"{path}.subscribed",
                "认缴出资额应大于零。",
                "The amount must be more than zero.",
                "CL2023 Art. 47",
            )
        if row.paid is not None and (row.paid < 0 or row.paid > (row.subscribed or 0)):
            found.error(
                "LLC-02",
                f"{path}.paid",
                "实缴出资额不得为负，也不得超过认缴出资额。",
                "The paid amount lies between zero and the subscribed amount.",
            )
    if application.capital is None:
        found.required("capital", "出资总额", "the total amount")
    elif application.capital <= 0:
        found.error(
            "REG-03", "capital", "出资总额应大于零。", "The amount must be more than zero.", "MER746 Art. 13"
        )
    elif all(row.subscribed is not None for row in application.contributions):
        subscribed = sum(row.subscribed or 0 for row in application.contributions)
        if subscribed != application.capital:
            found.error(total, "capital",
                        f"各出资人出资额合计{subscribed / 100:.2f}元，与出资总额{application.capital / 100:.2f}元不一致。",
                        f"The contributions add up to {subscribed / 100:.2f} yuan, not {application.capital / 100:.2f}.",
                        "CL2023 Art. 47")  # fmt: skip
    if application.capital and application.capital >= context.unusual_capital:
        found.warn(
            "PRO-18",
            "capital",
            "出资数额明显偏高，请核实是否与经营需要和出资能力相符。",
            "This is an unusually high amount.",
            "SAMR95",
        )
    if not application.long_term and not application.term_years:
        found.required("term_years", "经营期限", "the term in years")
    if application.term_years is not None and not 1 <= application.term_years <= 999:
        found.error("term", "term_years", "经营期限应为1至999年。", "The term is 1 to 999 years.")


def check_liaison(application: Application, context: Context, found: Findings) -> None:
    """AG-01, AG-09: a liaison officer who can be reached by phone and mail."""
    person = application.person(application.liaison.person)
    if not application.liaison.person:
        found.choose("liaison.person", "登记联络员", "the liaison officer")
    elif person and not person.email:
        found.required(
            f"people.{application.people.index(person)}.email",
            "登记联络员的电子邮箱",
            "the liaison officer's mail address",
        )
    if application.liaison.landline and not valid_phone(application.liaison.landline):
        found.error(
            "phone",
            "liaison.landline",
            "固定电话格式不正确，请写明区号。",
            "This is not a telephone number; add the area code.",
        )


def check_submitter(application: Application, context: Context, found: Findings) -> None:
    """AG-03 to AG-07: who submits, in which role."""
    submitter, liaison = application.submitter, application.liaison.person
    if not submitter.person:
        found.choose("submitter.person", "提交人", "who submits")
    if not submitter.role:
        found.choose("submitter.role", "提交人身份", "the submitter's role")
    check_adult(submitter.person, "submitter.person", "AG-04", "AGENT2025 Art. 5", found)
    if submitter.role == "liaison" and submitter.person != liaison:
        found.error(
            "AG-03",
            "submitter.person",
            "以登记联络员身份提交的，应由联络员本人提交。",
            "As liaison officer, the liaison officer must submit.",
            "AGENT2025 Art. 4",
        )
    if submitter.role == "agent":
        own_money = (
            len(application.contributions) == 1 and application.contributions[0].party == submitter.person
        )
        if submitter.person and submitter.person == liaison and not own_money:
            found.error(
                "AG-05",
                "submitter.person",
                "登记代理人不得担任委托人的登记联络员。",
                "An agent may not be the client's liaison officer.",
                "AGENT2025 Art. 5",
            )
        if not submitter.agent_declared:
            found.error("AG-07", "submitter.agent_declared", "登记代理人应先在全国经营主体登记注册服务网表明代理人身份。",
                        "An agent must have declared the role in the national system.", "AGENT2025 Art. 7")  # fmt: skip


def check_beneficial(application: Application, context: Context, found: Findings) -> None:
    """BO-02 to BO-05."""
    people = {p.key for p in application.people}
    beneficial = application.beneficial
    may_be_exempt = (application.capital or 0) <= EXEMPT_CAPITAL and all(
        row.party in people for row in application.contributions
    )
    if beneficial.exempt:
        if not may_be_exempt:
            found.error("BO-02", "beneficial.exempt", "出资总额超过1000万元或者有非自然人出资的，不适用承诺免报。",
                        "The exemption holds up to 10 million yuan with natural persons only.", "受益所有人信息管理办法")  # fmt: skip
        return
    if not beneficial.owners:
        found.choose("beneficial.owners", "受益所有人", "the beneficial owners")
        return
    listed = {owner.person for owner in beneficial.owners}
    for index, owner in enumerate(beneficial.owners):
        path = f"beneficial.owners.{index}"
        if owner.kind != "control" and owner.share is None:
            found.required(f"{path}.share", "比例", "the share")
        elif owner.kind != "control" and not OWNER_SHARE <= (owner.share or 0) <= 100:
            found.error(
                "BO-04",
                f"{path}.share",
                "按比例认定的受益所有人，比例应在25%至100%之间。",
                "A share is 25 to 100 percent.",
                "受益所有人信息管理办法",
            )
        if owner.person and owner.person not in people:
            found.error(
                "BO-04",
                f"{path}.person",
                "受益所有人应为自然人。",
                "A beneficial owner is a natural person.",
                "受益所有人信息管理办法",
            )
    for row in application.contributions if application.capital else ():
        share = 100 * (row.subscribed or 0) / (application.capital or 1)
        if row.party in people and share >= OWNER_SHARE and row.party not in listed:
            name = application.party_name(row.party)
            found.error(
                "BO-04",
                "beneficial.owners",
                f"{name}持有{share:.2f}%，应列为受益所有人。",
                f"{name} holds {share:.2f} percent and must be listed.",
                "受益所有人信息管理办法",
            )
