"""A bank's files: the only writer. Every function takes the open transaction; the caller commits."""

import json
import secrets
import sqlite3
import time
from typing import Any

from sandbox.bank.directory import BANKS, branch, opening_branch
from sandbox.store import utc

# What a clerk may do next; the first one is what the button proposes (BK-08).
NEXT: dict[str, tuple[str, ...]] = {
    "notified": (),
    "received": ("branch_assigned", "declined"),
    "branch_assigned": ("appointment", "more_information", "declined"),
    "appointment": ("intention_verified", "more_information", "declined"),
    "more_information": ("intention_verified", "appointment", "declined"),
    "intention_verified": ("opened", "more_information", "declined"),
    "opened": (),
    "declined": (),
    "withdrawn": (),
}
FINAL = ("opened", "declined", "withdrawn")
TEXTS = {
    "received": "湖北省分行已收到开户预约资料。（模拟）",
    "branch_assigned": "已转{branch}办理。（模拟）",
    "appointment": "请法定代表人携带身份证，于下一个工作日上午到{branch}办理，或预约视频核实。（模拟）",
    "more_information": "请补充经营场所的租赁合同或自有证明。（模拟）",
    "intention_verified": "已与法定代表人核实开户意愿。（模拟）",
    "opened": "基本存款账户已开立并完成备案，基本存款账户编号 {basic}。（模拟）",
    "declined": "经营地址与所提供的证明不一致，暂不予开户。（模拟）",
}
HAS_ACCOUNT = "账户管理系统显示该企业已在其他银行开立基本存款账户，不能再开。（模拟）"


class Moved(Exception):
    """The file is elsewhere by now; `args[0]` is its status."""


def find(db: sqlite3.Connection, bank_code: str, business_number: str) -> sqlite3.Row | None:
    """The file of a business number at this bank."""
    return db.execute(
        "SELECT * FROM files WHERE bank_code = ? AND business_number = ?", (bank_code, business_number)
    ).fetchone()


def take_event(
    db: sqlite3.Connection, bank_code: str, webhook_id: str, event: dict[str, Any]
) -> dict[str, Any]:
    """Note an event; the same id, or a second event about the same file, changes nothing.

    Raises ValueError for an event that is not about this bank or lacks its data, Moved when the business number
    belongs to another handoff.
    """
    known = db.execute(
        "UPDATE events SET deliveries = deliveries + 1 WHERE bank_code = ? AND webhook_id = ?",
        (bank_code, webhook_id),
    ).rowcount
    if known:
        return {"received": True, "duplicate": True}
    data = event.get("data")
    if not isinstance(data, dict):
        raise ValueError("data")
    for name in ("handoff_id", "business_number"):
        if not isinstance(data.get(name), str) or not 0 < len(data[name]) <= 80:
            raise ValueError(name)
    if data.get("bank_code", bank_code) != bank_code:
        raise ValueError("bank_code")
    file = db.execute("SELECT * FROM files WHERE business_number = ?", (data["business_number"],)).fetchone()
    if file is not None and (file["handoff_id"], file["bank_code"]) != (data["handoff_id"], bank_code):
        raise Moved("other_handoff")
    db.execute(
        "INSERT INTO events (bank_code, webhook_id, at, body) VALUES (?, ?, ?, ?)",
        (bank_code, webhook_id, utc(), json.dumps(event, ensure_ascii=False)),
    )
    if event.get("type") == "handoff.created":
        if file is None:
            at = utc()
            db.execute(
                "INSERT INTO files (business_number, bank_code, handoff_id, branch_code, status, created_at,"
                " updated_at, next_step) VALUES (?, ?, ?, ?, 'notified', ?, ?, ?)",
                (
                    data["business_number"], bank_code, data["handoff_id"],
                    opening_branch(bank_code, str(data.get("branch_code", ""))).code, at, at, time.time(),
                ),
            )  # fmt: skip
            taken_back = db.execute(
                "SELECT 1 FROM events WHERE bank_code = ? AND json_extract(body, '$.type') = 'handoff.withdrawn'"
                " AND json_extract(body, '$.data.handoff_id') = ?",
                (bank_code, data["handoff_id"]),
            ).fetchone()
            if taken_back:  # the two events overtook each other
                file = find(db, bank_code, data["business_number"])
                assert file is not None
                close_withdrawn(db, file)
                return {"received": True, "duplicate": False}
    elif event.get("type") == "handoff.withdrawn" and file is not None:
        close_withdrawn(db, file)
    return {"received": True, "duplicate": file is not None and event.get("type") == "handoff.created"}


def close_withdrawn(db: sqlite3.Connection, file: sqlite3.Row) -> None:
    """The person took the consent back: the file ends, its data goes, nothing more is reported. Too late once final."""
    if file["status"] in FINAL:
        return
    db.execute(
        "UPDATE files SET status = 'withdrawn', document = '', next_step = NULL, last_error = '', updated_at = ?"
        " WHERE id = ?",
        (utc(), file["id"]),
    )
    db.execute(
        "UPDATE reports SET state = 'rejected', last_error = 'withdrawn' WHERE file_id = ? AND state = 'pending'",
        (file["id"],),
    )


def first(document: Any, *names: str) -> str:
    """The first text under one of the names, at the top or deeper."""
    if not isinstance(document, dict):
        return ""
    for name in names:
        if isinstance(document.get(name), str) and document[name]:
            return document[name]
    return next((found for value in document.values() if (found := first(value, *names))), "")


def take_document(db: sqlite3.Connection, file: sqlite3.Row, document: dict[str, Any]) -> None:
    """Put the fetched data into the file and report that the provincial branch has it."""
    company = document.get("company") if isinstance(document.get("company"), dict) else document
    changed = db.execute(
        "UPDATE files SET document = ?, company = ?, uscc = ?, tries = 0, last_error = ''"
        " WHERE id = ? AND status = 'notified'",
        (
            json.dumps(document, ensure_ascii=False),
            first(company, "name", "company_name"),
            first(document, "uscc", "unified_social_credit_code", "credit_code"),
            file["id"],
        ),
    ).rowcount
    if changed:
        _move(db, file, "received", TEXTS["received"], f"{file['bank_code']}-00")


def advance(
    db: sqlite3.Connection,
    file: sqlite3.Row,
    status: str = "",
    text: str = "",
    branch_code: str = "",
    seen: str = "",
) -> str:
    """Take the file one step on; `status` defaults to the natural next one. Returns the new status.

    Raises Moved when the step is not possible now or the clerk saw (`seen`) an older status, ValueError for a branch
    of another bank. A company that has a basic account elsewhere is declined instead of opened (BK-02).
    """
    steps = NEXT[file["status"]]
    if not steps or (seen and seen != file["status"]):
        raise Moved(file["status"])
    status = status or steps[0]
    if status not in steps:
        raise Moved(file["status"])
    if branch_code and branch(file["bank_code"], branch_code) is None:
        raise ValueError("branch_code")
    at = branch(file["bank_code"], branch_code or file["branch_code"])
    account, basic = "", ""
    if status == "opened":
        account, basic = _open(db, file)
        if not account:
            status, text = "declined", HAS_ACCOUNT
    text = text.strip()[:500] or TEXTS[status].format(branch=at.name if at else "", basic=basic)
    _move(db, file, status, text, branch_code or file["branch_code"], account)
    return status


def _open(db: sqlite3.Connection, file: sqlite3.Row) -> tuple[str, str]:
    """Account and basic account number, both made up; empty when the company has one elsewhere."""
    uscc = file["uscc"] or f"unknown:{file['business_number']}"
    if db.execute("SELECT 1 FROM accounts WHERE uscc = ?", (uscc,)).fetchone():
        return "", ""
    serial = db.execute("SELECT count(*) FROM accounts").fetchone()[0] + 1
    account = f"{BANKS[file['bank_code']].digits}9999{serial:011d}0"
    basic = f"J9900{serial:09d}"
    db.execute(
        "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
        (account, basic, file["bank_code"], file["business_number"], uscc, utc()),
    )
    return account, basic


def _move(
    db: sqlite3.Connection, file: sqlite3.Row, status: str, text: str, branch_code: str, account: str = ""
) -> None:
    at, now = utc(), time.time()
    opening = branch_code if status != "received" else file["branch_code"]
    db.execute(
        "UPDATE files SET status = ?, branch_code = ?, updated_at = ?, next_step = ? WHERE id = ?",
        (status, opening, at, None if status in FINAL or status == "more_information" else now, file["id"]),
    )
    db.execute(
        "INSERT INTO reports (file_id, report_id, status, at, text, branch_code, account_number, made, next_try)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (file["id"], f"r-{secrets.token_hex(12)}", status, at, text, branch_code, account, now, now),
    )


def reports_of(db: sqlite3.Connection, file_id: int) -> list[sqlite3.Row]:
    """The reports of a file, oldest first."""
    return db.execute("SELECT * FROM reports WHERE file_id = ? ORDER BY id", (file_id,)).fetchall()


def as_report(row: sqlite3.Row) -> dict[str, Any]:
    """A report as it is sent."""
    report = {name: row[name] for name in ("report_id", "status", "at", "text")}
    return report | {name: row[name] for name in ("branch_code", "account_number") if row[name]}


def as_status(db: sqlite3.Connection, file: sqlite3.Row) -> dict[str, Any]:
    """Where a file is, with every report, for reconciliation."""
    reports = [as_report(row) | {"delivery": row["state"]} for row in reports_of(db, file["id"])]
    account = next((r["account_number"] for r in reports if r.get("account_number")), None)
    return {
        "business_number": file["business_number"],
        "handoff_id": file["handoff_id"],
        "bank_code": file["bank_code"],
        "branch_code": file["branch_code"],
        "status": file["status"],
        "account_number": account,
        "updated_at": file["updated_at"],
        "next": list(NEXT[file["status"]]),
        "reports": reports,
    }
