"""Demo accounts of a simulated installation: staff and bank clerks. Plainly fictitious; never in production."""

import base64
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.accounts.models import BankUser, Staff
from workflow.accounts.operations import hash_password
from workflow.catalogues.queries import catalogue
from workflow.clock import today
from workflow.db import transaction
from workflow.gateways import HttpBankGateway
from workflow.handoff.access import refresh_keys
from workflow.handoff.models import BankClient
from workflow.policies.models import Policy
from workflow.settings import settings

PASSWORD = "qibu-demo"  # noqa: S105 - shown to whoever runs the demo
STAFF = (
    ("0417", "审查员甲（虚构）", ["examiner"]),
    ("0523", "审查员乙（虚构）", ["examiner", "approver"]),
    ("0534", "编辑员（虚构）", ["editor"]),
    ("0601", "管理员（虚构）", ["supervisor", "editor", "auditor", "administrator"]),
)


def totp_secret(number: str) -> str:
    """The demo's second factor of a staff number: known, so that the sandbox can show its codes."""
    return base64.b32encode(f"qibu-demo-staff-{number}".encode()).decode().rstrip("=")


def demo_accounts() -> None:
    """Make what is missing: staff of every Hubei authority, banks, their clerks, the policy of 2018's procedure."""
    config = settings()
    with transaction() as db:
        offices = sorted(catalogue(db).authorities)
        password = hash_password(PASSWORD)  # one and the same for all of them: known to everybody anyway
        for number, name, roles in STAFF:
            if not db.scalar(select(Staff.id).where(Staff.number == number)):
                db.add(
                    Staff(
                        number=number, name=name, password_hash=password, totp_secret=totp_secret(number),
                        authority_codes=offices, roles=roles,
                    )
                )  # fmt: skip
        for code in catalogue(db).branches_of:
            bank = catalogue(db).banks.get(code)
            if bank is None:
                continue
            if db.get(BankClient, code) is None:
                url = f"{config.sandbox_url}/bank/{code}"
                db.add(
                    BankClient(
                        bank_code=code, name=bank.name, events_url=f"{url}/events",
                        status_url=url + "/status/{business_number}", jwks_url=f"{url}/jwks.json", keys=[],
                    )
                )  # fmt: skip
            if not db.scalar(select(BankUser.id).where(BankUser.username == f"bank{code}")):
                db.add(
                    BankUser(
                        username=f"bank{code}", name="银行柜员（虚构）", bank_code=code, password_hash=password
                    )
                )  # fmt: skip
        if not db.scalar(select(Policy.id).where(Policy.key == "name_review")):
            db.add(
                Policy(
                    key="name_review", value="all", valid_from=today(),
                    reason="演示：按 2018 年流程，名称由登记机关审核（HB-08）",
                )
            )  # fmt: skip


def fetch_bank_keys(db: Session) -> int:
    """Take the banks' public keys from where they publish them; returns how many banks have keys now."""
    clients = db.scalars(select(BankClient)).all()
    for client in clients:
        refresh_keys(db, client, HttpBankGateway())
    return sum(bool(client.keys) for client in clients)


def authenticators() -> str:
    """The staff's second factors for the sandbox's authenticator page: `number:secret`, comma separated."""
    return ",".join(f"{number}:{totp_secret(number)}" for number, _, _ in STAFF)


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def sign_in_table() -> str:
    """Addresses and demo sign-ins, for the terminal."""
    config = settings()
    rows = [
        (
            "企业开办 / portal",
            config.portal_url,
            "手机号与银行卡见模拟环境“人员” / phone and card: see sandbox, People",
        ),
        (
            "登记工作台 / intranet",
            config.intranet_url,
            f"工号 0417，密码 {PASSWORD}，动态口令见模拟环境 / code: see sandbox",
        ),
        ("银行对接 / bank", config.bank_url, f"bank102，密码 {PASSWORD}"),
        ("模拟环境 / sandbox", config.sandbox_url, "短信、邮件、人员、银行 / SMS, mail, people, banks"),
    ]
    if not config.simulated:
        rows = [(name, url, "") for name, url, _ in rows[:3]]
    widths = [max(_wide(row[i]) for row in rows) for i in range(2)]
    lines = [
        "  ".join(text + " " * (width - _wide(text)) for text, width in zip(row, widths, strict=False))
        + f"  {row[2]}"
        for row in rows
    ]
    return "\n" + "\n".join(lines) + "\n"
