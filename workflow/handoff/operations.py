"""Choosing a bank, sending the data, taking the bank's reports."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.accounts.models import Account
from workflow.case import Actor, Case, advance, lock_case, record
from workflow.catalogues.models import BankBranch
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolation, Words
from workflow.gateways import BankGateway
from workflow.handoff.keys import webhook_key
from workflow.handoff.models import BankClient, BankReport, Handoff
from workflow.machine import MOVED_ON, HandoffMachine, is_final, next_state, possible_events, transitions
from workflow.messages.operations import send
from workflow.queue import enqueue
from workflow.settings import settings

# BK-07: what a bank is told, and what a person reads before agreeing.
FIELDS: dict[str, Words] = {
    "name": Words("企业名称", "Company name"),
    "uscc": Words("统一社会信用代码", "Credit code"),
    "type": Words("类型", "Type"),
    "address": Words("住所", "Domicile"),
    "capital": Words("注册资本", "Registered capital"),
    "scope": Words("经营范围", "Business scope"),
    "established_on": Words("成立日期", "Date of establishment"),
    "authority": Words("登记机关", "Registration authority"),
    "legal_representative": Words(
        "法定代表人的姓名、证件号码和手机号", "Legal representative: name, ID number and phone"
    ),
    "shareholders": Words("股东姓名或名称和出资额", "Shareholders and their contributions"),
    "officers": Words("董事、监事、经理的姓名", "Names of directors, supervisors and managers"),
    "finance": Words("财务负责人的姓名和手机号", "Finance officer: name and phone"),
    "licence": Words("电子营业执照文件", "The electronic licence file"),
    "articles": Words("公司章程文件", "The articles of association"),
}
CONSENT = Words(
    "本人同意将上列数据提供给{bank}{branch}，仅用于办理“{company}”的开户预约；开户前可以随时撤回。",
    "I agree that the data listed above is given to {bank}, {branch}, only to arrange the account of “{company}”. I can withdraw at any time before the account is opened.",
)
NO_BRANCH = Words("请选择一家银行网点。", "Choose a bank branch.")
NO_CONSENT = Words(
    "请勾选同意后再提交；不同意则不会提供任何数据。",
    "Tick your consent to go on; without it, no data is given to anyone.",
)
HAS_HANDOFF = Words(
    "已有一份开户预约在办理中，请先撤回再换银行。",
    "An appointment is already under way. Withdraw it before choosing another bank.",
)

NO_ACCOUNT = Words("开户完成须提供基本存款账户账号。", "An opened account needs its account number.")
NO_TEXT = Words(
    "请写明原因或所需资料，申请人会看到。", "Say why or what is wanted; the applicant will read it."
)

EVENT_OF_STATUS = {
    "received": "receive",
    "branch_assigned": "assign",
    "appointment": "offer_appointment",
    "more_information": "ask_information",
    "intention_verified": "verify_intention",
    "opened": "open_account",
    "declined": "decline",
}
MESSAGE_OF_STATE = {
    "received": "bank_received",
    "assigned": "bank_assigned",
    "appointment": "bank_appointment",
    "information_wanted": "bank_information_wanted",
    "verified": "bank_verified",
    "opened": "bank_opened",
    "declined": "bank_declined",
}
BANK = frozenset({"bank"})


@dataclass(frozen=True)
class Report:
    """What a bank says: `report_id` is the bank's own and makes a repeat harmless."""

    report_id: str
    status: str
    at: datetime
    text: str = ""
    branch_code: str = ""
    account_number: str = ""


def choose_bank(db: Session, case_id: uuid.UUID, actor: Actor, branch_code: str, consent: bool) -> Handoff:
    """Choose a branch and agree to pass the data on; the push follows. BK-06: the choice is free.

    Raises RuleViolation, Conflict (`has_handoff`, `moved_on`).
    """
    case = lock_case(db, case_id)
    if case.state != "licensed":
        raise Conflict(MOVED_ON, "moved_on")
    branch = db.scalar(select(BankBranch).where(BankBranch.code == branch_code))
    client = db.get(BankClient, branch.bank_code) if branch else None
    if branch is None or client is None or not client.active:
        raise RuleViolation([Problem("BK-06", "branch", NO_BRANCH)])
    if not consent:
        raise RuleViolation([Problem("BK-07", "consent", NO_CONSENT)])
    count = len(handoffs_of(db, case_id))
    row = Handoff(
        case_id=case_id,
        business_number=f"{case.number}-B{count + 1}",
        bank_code=client.bank_code,
        branch_code=branch.code,
        branch_name=branch.name,
        consent_text=CONSENT.zh.format(bank=client.name, branch=branch.name, company=case.name),
        fields=list(FIELDS),
    )
    try:
        with db.begin_nested():
            db.add(row)
            db.flush()
    except IntegrityError as error:
        raise Conflict(HAS_HANDOFF, "has_handoff") from error
    record(db, case, actor, "choose_bank", detail={"bank": client.name, "branch": branch.name})
    enqueue(db, "push_to_bank", str(row.id), key=f"push_to_bank:{row.id}:0")
    return row


def handoffs_of(db: Session, case_id: uuid.UUID) -> list[Handoff]:
    """Every handoff of a case, oldest first."""
    return list(db.scalars(select(Handoff).where(Handoff.case_id == case_id).order_by(Handoff.consented_at)))


def reports_of(db: Session, handoff_id: uuid.UUID) -> list[BankReport]:
    """The bank's reports, oldest first."""
    return list(
        db.scalars(
            select(BankReport).where(BankReport.handoff_id == handoff_id).order_by(BankReport.received_at)
        )
    )


def lock_handoff(db: Session, handoff_id: uuid.UUID) -> tuple[Case, Handoff]:
    """A handoff and its case, both locked, the case first. Raises NotFound."""
    case_id = db.scalar(select(Handoff.case_id).where(Handoff.id == handoff_id))
    if case_id is None:
        raise NotFound("handoff")
    case = lock_case(db, case_id)
    return case, db.get_one(Handoff, handoff_id, with_for_update=True, populate_existing=True)


def _move(db: Session, case: Case, row: Handoff, event: str, actor: Actor, detail: dict[str, str]) -> None:
    row.state = next_state(HandoffMachine, row.state, event, actor.roles)
    row.changed_at = now()
    entry = record(
        db, case, actor, f"bank_{event}", detail={"bank": row.bank_code, "branch": row.branch_name, **detail}
    )
    for job in HandoffMachine.EFFECTS.get(event, ()):
        enqueue(db, job, str(row.id), key=f"{job}:{row.id}:{entry.seq}")


def push(db: Session, handoff_id: uuid.UUID, gateway: BankGateway) -> bool:
    """Tell the bank that there is a file to fetch; the bank knows the event by its id. The worker tries again.

    Returns False when there is nothing to push any more. The transaction ends before the bank is called.
    Raises OutsideFailure.
    """
    row = db.get_one(Handoff, handoff_id)
    if row.state != "consented":
        return False
    client = db.get_one(BankClient, row.bank_code)
    event = {
        "type": "handoff.created",
        "data": {
            "handoff_id": str(row.id),
            "business_number": row.business_number,
            "bank_code": row.bank_code,
            "branch_code": row.branch_code,
            "pull_url": f"{settings().bank_url}/v1/handoffs/{row.id}",
        },
    }
    url = client.events_url
    db.commit()
    gateway.notify(url, f"handoff_{row.id}", event, webhook_key())
    return True


def note_delivered(db: Session, handoff_id: uuid.UUID) -> None:
    """The bank took the event. Nothing changes when it has already reported more than that."""
    case, row = lock_handoff(db, handoff_id)
    row.delivered_at = row.delivered_at or now()
    if row.state == "consented":
        _move(db, case, row, "deliver", Actor.system(), {})
        _tell(db, case, row, "bank_delivered", "delivered")


def note_undeliverable(db: Session, handoff_id: uuid.UUID, error: str) -> None:
    """All tries failed: the person is told, and may wait or choose another bank."""
    case, row = lock_handoff(db, handoff_id)
    row.last_error = error[:300]
    if row.state == "consented":
        _move(db, case, row, "give_up", Actor.system(), {})
        _tell(db, case, row, "bank_undeliverable", f"undeliverable:{row.tries}")


def note_try(db: Session, handoff_id: uuid.UUID, error: str) -> None:
    """Count a failed try."""
    row = db.get_one(Handoff, handoff_id)
    row.tries += 1
    row.last_error = error[:300]


def retry(db: Session, handoff_id: uuid.UUID, actor: Actor) -> None:
    """Try again after giving up. Raises Conflict, NotAllowed, NotFound."""
    case, row = lock_handoff(db, handoff_id)
    _move(db, case, row, "retry", actor, {})


def withdraw(db: Session, handoff_id: uuid.UUID, actor: Actor) -> None:
    """Take the consent back before the account is opened; the bank is told. Raises Conflict, NotAllowed, NotFound."""
    case, row = lock_handoff(db, handoff_id)
    _move(db, case, row, "withdraw", actor, {})
    _tell(db, case, row, "bank_withdrawn", "withdrawn")


def tell_withdrawn(db: Session, handoff_id: uuid.UUID, gateway: BankGateway) -> None:
    """Tell the bank that the consent is withdrawn. Raises OutsideFailure for the worker to try again."""
    row = db.get_one(Handoff, handoff_id)
    url = db.get_one(BankClient, row.bank_code).events_url
    event = {
        "type": "handoff.withdrawn",
        "data": {
            "handoff_id": str(row.id),
            "business_number": row.business_number,
            "bank_code": row.bank_code,
        },
    }
    db.commit()
    gateway.notify(url, f"withdrawn_{row.id}", event, webhook_key())


def take_report(db: Session, handoff_id: uuid.UUID, report: Report, actor: Actor, source: str) -> BankReport:
    """Take a bank's report. A repeat returns the first.

    One that comes too late is kept but moves nothing; one that overtook another is kept and moves the handoff when
    the other has come. Raises NotFound, NotAllowed, RuleViolation for an unknown status, an opening without account
    number, a refusal or question without words.
    """
    if not actor.roles & BANK:
        raise NotAllowed("only a bank reports")
    case, row = lock_handoff(db, handoff_id)
    if known := db.scalar(
        select(BankReport).where(BankReport.handoff_id == row.id, BankReport.report_id == report.report_id)
    ):
        return known
    _check_report(report)
    entry = BankReport(
        handoff_id=row.id, report_id=report.report_id, status=report.status, at=report.at, text=report.text.strip(),
        branch_code=report.branch_code, account_number=report.account_number.strip(), source=source,
    )  # fmt: skip
    db.add(entry)
    db.flush()
    if _apply(db, case, row, entry, actor):
        waiting = select(BankReport).where(BankReport.handoff_id == row.id, BankReport.early)
        for other in db.scalars(waiting.order_by(BankReport.at)).all():
            _apply(db, case, row, other, actor)
    return entry


def _check_report(report: Report) -> None:
    event = EVENT_OF_STATUS.get(report.status)
    if event is None:
        words = Words("状态无效：{s}。", "Unknown status: {s}.").format(s=report.status)
        raise RuleViolation([Problem("BK-08", "status", words)])
    if event == "open_account" and not report.account_number.strip():
        raise RuleViolation([Problem("BK-04", "account_number", NO_ACCOUNT)])
    if event in ("decline", "ask_information") and not report.text.strip():
        raise RuleViolation([Problem("BK-09", "text", NO_TEXT)])


def _apply(db: Session, case: Case, row: Handoff, entry: BankReport, actor: Actor) -> bool:
    """Let a report move the handoff; whether it did."""
    event = EVENT_OF_STATUS[entry.status]
    entry.applied = event in possible_events(HandoffMachine, row.state, BANK)
    entry.early = not entry.applied and _still_to_come(row.state, event)
    if not entry.applied:
        db.flush()
        return False
    branch = db.scalar(
        select(BankBranch).where(BankBranch.code == entry.branch_code, BankBranch.bank_code == row.bank_code)
    )
    if branch is not None:
        row.branch_code, row.branch_name = branch.code, branch.name
    if event == "open_account":
        row.account_number = entry.account_number
    _move(db, case, row, event, actor, {"text": entry.text} if entry.text else {})
    _tell(
        db, case, row, MESSAGE_OF_STATE[row.state], f"report:{entry.id}", text=entry.text, account=entry.account_number
    )  # fmt: skip
    if event == "open_account":
        advance(db, case.id, "close", Actor.system(), {"why": "account_opened"})
    return True


def _still_to_come(state: str, event: str) -> bool:
    """Whether a bank's event leads to a state that lies ahead and is not reached yet."""
    arrows = [t for t in transitions(HandoffMachine) if t.roles & BANK and t.event != "retry"]
    target = next(t.target for t in arrows if t.event == event)
    ahead, found = {state}, set[str]()
    while ahead:
        found |= ahead
        ahead = {t.target for t in arrows if t.source in ahead} - found
    return target in found and target != state


def _tell(
    db: Session, case: Case, row: Handoff, template: str, occasion: str, text: str = "", account: str = ""
) -> None:
    """An SMS at every step (HB-12)."""
    owner = db.get_one(Account, case.owner_id)
    bank = db.get_one(BankClient, row.bank_code).name
    send(
        db, "sms", owner.phone, template, f"{template}:{row.id}:{occasion}", case_id=case.id, language=owner.language,
        company=case.name, bank=bank, branch=row.branch_name, text=text, tail=account[-4:],
    )  # fmt: skip


def close_without_bank(db: Session, case_id: uuid.UUID, actor: Actor) -> Case:
    """The person needs no account: the case ends. Raises Conflict while a handoff is under way."""
    live = [h for h in handoffs_of(db, case_id) if not is_final(HandoffMachine, h.state)]
    if live:
        raise Conflict(HAS_HANDOFF, "has_handoff")
    return advance(db, case_id, "close", actor, {"why": "no_account_wanted"})
