"""The evidence sheet of the electronic signatures of a case (电子签名证据单, ES-21)."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from signing.papers.amounts import day
from signing.papers.blocks import pairs
from signing.papers.data import EvidenceFacts, RenderedPaper
from signing.papers.layout import Paper
from signing.papers.notices import QrCode
from signing.papers.styles import BODY, NOTE

CHINA = ZoneInfo("Asia/Shanghai")


def moment(value: datetime) -> str:
    """A time in China to the second, with its offset. Raises `ValueError` for a time without zone."""
    if value.tzinfo is None:
        raise ValueError("a time of evidence needs its time zone")
    return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S +08:00")


def grouped(digest: str) -> str:
    """A hash in groups of eight, so that it can be read and breaks well."""
    return " ".join(digest[i : i + 8] for i in range(0, len(digest), 8))


def evidence_sheet(facts: EvidenceFacts) -> RenderedPaper:
    """The sheet: one block a signature with who, how identified, which bytes, when, from where."""
    text = json.dumps(asdict(facts), ensure_ascii=False, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    paper = Paper(
        "evidence", "电子签名证据单", facts.number, digest, final=True, entity=facts.entity_name,
        mark="样例" if facts.simulated else "",
    )  # fmt: skip
    paper.headline(facts.entity_name)
    paper.text(
        f"本证据单记载申请编号 {facts.case_number} 的全部电子签名事件，共 {len(facts.events)} 件。每一件记载签名人的身份核验、"
        "所签文件的摘要、签名时间和来源，可以与所签文件中的电子签名、时间戳分别核对。",
        BODY.but(after=8),
    )
    for number, event in enumerate(facts.events, 1):
        paper.heading(f"{number}. {event.signer}　{event.paper}")
        rows = [
            [("签名人", event.signer), ("身份", event.role)],
            [("身份核验方式", event.identified_by), ("核验时间", moment(event.identified_at))],
            [("签名时间", moment(event.signed_at)), ("时间戳", event.time_stamp or "—")],
            [("文件摘要 SHA-256", grouped(event.document_sha256))],
            [("签名证书", event.certificate)],
            [("设备", event.device or "—"), ("网络地址", event.network or "—")],
        ]
        if event.invited_by:
            rows.append([("邀请送达", event.invited_by)])
        if event.consent:
            rows.append([("同意内容", event.consent)])
        paper.add(pairs(rows))
    if facts.merkle_root:
        paper.text(f"当日存证根：{grouped(facts.merkle_root)}", NOTE)
    paper.seal(facts.authority, day(facts.issued.astimezone(CHINA).date()))
    if facts.verification_url:
        paper.add(QrCode(facts.verification_url))
        paper.text(f"扫描二维码核验本证据单：{facts.verification_url}", NOTE.but(before=2))
    return paper.render()
