"""Which documents the answers make necessary, and why: by type, by the policy on addresses, by scope and people."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.catalogues.queries import Catalogue
from workflow.clock import today
from workflow.errors import Words
from workflow.establishment import types
from workflow.establishment.attachments import attachments_of
from workflow.establishment.data import Application
from workflow.establishment.rules.common import uses
from workflow.licensing.models import RegisterEntry
from workflow.policies.queries import policy

WUHAN = "4201"
WUHAN_RULES = "《武汉市市场主体住所（经营场所）登记管理办法》"
REGULATION = "《市场主体登记管理条例》"
DETAILED = "《市场主体登记管理条例实施细则》"
# Enterprises are in the register already, so their licence is not asked for again; these are not (5.3).
OUTSIDE_THE_REGISTER = frozenset({"institution", "social_organisation", "other"})

HOSTED = Words(
    "住所为托管地址，须提交托管合同或者租赁合同。",
    "The address is a hosted one: the hosting contract or the lease is needed.",
)
NO_COMMITMENT = Words(
    "没有作出住所承诺，须提交住所使用证明：产权证明、租赁合同或者无偿使用证明；租赁合同已备案的，不必提交产权证明。",
    "Without the address commitment a proof of use is needed: the title, a lease, or a loan contract. "
    "With a lease that is on file the title is not needed.",
)
NOT_ALLOWED = Words(
    "当地不适用住所承诺，须提交住所使用证明：产权证明、租赁合同或者无偿使用证明。",
    "A commitment does not suffice in this area. A proof of use is needed: the title, a lease, or a loan contract.",
)
EXCEPTIONS = {
    "disputed": Words(
        "该住所存在争议，不能只凭承诺登记，须提交住所使用证明。",
        "This address is disputed, so a commitment does not suffice. A proof of use is needed.",
    ),
    "false_commitment": Words(
        "该住所曾被查实作出虚假承诺，不能只凭承诺登记，须提交住所使用证明。",
        "A false commitment was proven for this address before, so a proof of use is needed.",
    ),
}
OR_APPROVAL = Words(
    "前置审批部门已经核实该住所的，可以只提交批准文件。",
    "Where the approving department has checked the address, its approval alone is enough.",
)
APPROVAL = Words(
    "“{entry}”须在登记前取得批准，请提交批准文件{document}。",
    "{entry} needs an approval before registration: its document is needed{document}.",
)
FOREIGN = Words(
    "{name}使用的不是居民身份证，须提交证件照片；境外文件依法须公证、认证的，一并提交。",
    "{name} has no resident ID card: a picture of the document is needed, with its notarisation where the law asks for it.",
)
ORGANISATION = Words(
    "{name}不是企业，须提交事业单位法人证书、社会团体法人登记证书等主体资格证明。",
    "{name} is not an enterprise: its certificate as an institution or association is needed.",
)
PARENT = Words(
    "所属公司不在本登记库中，须提交其营业执照。",
    "The parent company does not stand in the register here: its licence is needed.",
)
PROFESSION = Words(
    "特殊的普通合伙企业以专业知识提供服务，须提交合伙人的执业资格证明。",
    "A special general partnership serves with professional knowledge: the partners' licences to practise are needed.",
)
ELECTION = Words(
    "{name}是职工代表，须提交职工代表大会、职工大会等民主选举的文件。",
    "{name} represents the employees: the record of their election is needed.",
)


@dataclass(frozen=True)
class Needed:
    """A document that the answers make necessary; `present` when a file of it is there.

    A file of a kind in `instead` serves as well.
    """

    kind: str
    why: Words
    basis: str
    present: bool = False
    instead: tuple[str, ...] = ()


def address_exceptions(
    facts: Catalogue, text: str, authority_code: str, day: date | None = None
) -> list[str]:
    """Why a commitment does not suffice for this address (ADR-03): keys of EXCEPTIONS, as the list of addresses says."""
    when, address = day or today(), plain(text)
    return [
        row.why
        for row in facts.address_exceptions
        if row.authority_code in ("", authority_code) and row.holds(when) and plain(row.address) in address
    ]


def plain(text: str) -> str:
    """An address without spaces and in half width, to be compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def needed(
    db: Session, case: Case, application: Application, facts: Catalogue, allowed: bool | None = None
) -> list[Needed]:
    """What is needed, in the order of the form, and whether it is there.

    Several documents of one kind need as many pages at least; one file may hold them all. `allowed`: whether the policy
    lets a commitment replace the proof of an address, when that is known already.
    """
    pages: dict[str, int] = {}
    for row in attachments_of(db, case.id):
        pages[row.kind] = pages.get(row.kind, 0) + max(1, row.pages)
    if allowed is None:
        allowed = policy(db, "address_proof", case.authority_code) == "commitment"
    codes = [o.uscc for o in application.organisations if o.uscc]
    here = (
        set(db.scalars(select(RegisterEntry.uscc).where(RegisterEntry.uscc.in_(codes)))) if codes else set()
    )
    exceptions = address_exceptions(facts, application.address.text, case.authority_code)
    wanted = reasons(application, facts, allowed, exceptions, here)
    return list(_with_presence(wanted, pages))


def _with_presence(wanted: list[Needed], pages: Mapping[str, int]) -> Iterator[Needed]:
    asked: dict[str, int] = {}
    for item in wanted:
        asked[item.kind] = asked.get(item.kind, 0) + 1
        there = pages.get(item.kind, 0) >= asked[item.kind] or any(pages.get(k) for k in item.instead)
        yield replace(item, present=there)


def reasons(
    application: Application,
    facts: Catalogue,
    commitment_allowed: bool,
    exceptions: Collection[str],
    registered: Collection[str] = (),
) -> list[Needed]:
    """The documents that these answers need (ADR-03 to ADR-05, SC-06, RN-05, section 5.3); pure.

    `registered`: credit codes that the register here knows, whose licence is not asked for again (PRO-12).
    """
    found: list[Needed] = []
    approvals = [
        entry
        for chosen in application.scope
        if (entry := facts.scope_entries.get(chosen.code)) is not None and entry.timing == "before"
    ]
    if why := _address_reason(application, commitment_allowed, exceptions):
        wuhan = application.address.division_code.startswith(WUHAN)
        basis = f"{WUHAN_RULES}第五条、第六条" if wuhan else f"{REGULATION}第十六条"
        hosted = application.address.use == "hosted"
        instead = ("approval",) if approvals and not hosted else ()  # ADR-05
        if instead:
            why = Words(why.zh + OR_APPROVAL.zh, f"{why.en} {OR_APPROVAL.en}")
        found.append(Needed("address_proof", why, basis, instead=instead))
    for entry in approvals:
        document = Words(f"（{entry.approval}）", f" ({entry.approval})") if entry.approval else Words("", "")
        words = Words(
            APPROVAL.zh.format(entry=entry.text, document=document.zh),
            APPROVAL.en.format(entry=entry.text, document=document.en),
        )
        found.append(Needed("approval", words, f"{REGULATION}第十四条"))
    used = {key for _, key in uses(application)}
    for person in application.people:
        if person.id_type != "resident_id" and person.key in used:
            found.append(Needed("identity", FOREIGN.format(name=person.name), f"{DETAILED}第二十四条"))
    for organisation in application.organisations:
        if organisation.kind in OUTSIDE_THE_REGISTER and organisation.key in used:
            words = ORGANISATION.format(name=organisation.name)
            found.append(Needed("qualification", words, f"{REGULATION}第十六条"))
    parent = application.organisation(application.parent.organisation)
    if parent is not None and parent.uscc not in registered:
        found.append(Needed("parent_licence", PARENT, f"{DETAILED}第三十条"))
    if "qualification" in types.get(application.entity_type).asks:
        found.append(Needed("qualification", PROFESSION, "《合伙企业法》第五十五条"))
    names = {p.key: p.name for p in application.people}
    for officer in application.officers:
        if officer.employee_representative:
            words = ELECTION.format(name=names.get(officer.person, ""))
            found.append(Needed("election", words, "《公司法》第六十八条、第七十六条"))
    return found


def _address_reason(
    application: Application, commitment_allowed: bool, exceptions: Collection[str]
) -> Words | None:
    """Why a document about the address is needed; None when the commitment suffices (ADR-03)."""
    address = application.address
    if address.use == "hosted":
        return HOSTED
    if not address.text:
        return None
    for why in exceptions:
        return EXCEPTIONS.get(why, NOT_ALLOWED)
    if not commitment_allowed:
        return NOT_ALLOWED
    return None if address.commitment else NO_COMMITMENT
