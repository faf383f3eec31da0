"""The evidence report of a case (证据报告, ES-12, ES-13, ES-21): what happened, who signed which bytes, what proves it."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from reportlab.platypus import Table

from signing.papers import tables
from signing.papers.amounts import day
from signing.papers.blocks import grid, pairs
from signing.papers.data import EvidenceFacts, RenderedPaper
from signing.papers.layout import Paper
from signing.papers.notices import QrCode
from signing.papers.styles import BODY, CELL, NOTE, PLAIN, Style

CHINA = ZoneInfo("Asia/Shanghai")
Cell = str | tuple[str, Style]
SMALL = CELL.but(size=8, leading=12)
DIGEST = CELL.but(size=7, leading=10.5)


def moment(value: datetime) -> str:
    """A time in China to the second, with its offset. Raises `ValueError` for a time without zone."""
    if value.tzinfo is None:
        raise ValueError("a time of evidence needs its time zone")
    return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S +08:00")


def grouped(digest: str) -> str:
    """A hash in groups of eight, so that it can be read and breaks well."""
    return " ".join(digest[i : i + 8] for i in range(0, len(digest), 8))


def _digest(digest: str) -> tuple[str, Style]:
    """A hash for a narrow cell: two lines of four groups."""
    return grouped(digest[:32]) + "\n" + grouped(digest[32:]), DIGEST


def evidence_sheet(facts: EvidenceFacts) -> RenderedPaper:
    """The report: papers, each act of signing, every event in order, consent texts, daily roots."""
    text = json.dumps(asdict(facts), ensure_ascii=False, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    paper = Paper(
        "evidence", "证据报告", facts.number, digest, final=True, entity=facts.entity_name,
        mark="样例" if facts.simulated else "",
    )  # fmt: skip
    paper.headline(facts.entity_name)
    waiting = sum(event.day is None for event in facts.events)
    paper.text(
        f"本报告记载申请编号 {facts.case_number} 的全部事件，共 {len(facts.events)} 件，与机器可读文件 evidence.json 一并出具。"
        "每一件事件都可以凭该文件中的路径单独证明：它通向当日的存证根，存证根加盖了时间戳并向公众公布。"
        "他人的个人信息对持有人不公开的，以 * 代替。",
        BODY.but(after=8),
    )
    paper.add(
        pairs(
            [
                [("申请编号", facts.case_number), ("持有人", facts.holder)],
                [("出具时间", moment(facts.issued)), ("事件", f"{len(facts.events)} 件")],
                [("evidence.json SHA-256", grouped(facts.file_sha256))],
            ]
        )
    )
    if waiting:
        paper.text(
            f"**其中 {waiting} 件发生在今日或者尚未存证，零点过后才有当日存证根（anchored after midnight）。**"
            "届时可以重新下载本报告。在此之前，这些事件由本报告的电子印章证明。",
            PLAIN.but(after=4),
        )
    _papers(paper, facts)
    _signers(paper, facts)
    _events(paper, facts)
    _consents(paper, facts)
    _roots(paper, facts)
    paper.seal(facts.authority, day(facts.issued.astimezone(CHINA).date()))
    if facts.verification_url:
        paper.add(QrCode(facts.verification_url))
        paper.text(f"核验本报告和每日存证根：{facts.verification_url}", NOTE.but(before=2))
    return paper.render()


def _papers(paper: Paper, facts: EvidenceFacts) -> None:
    if not facts.papers:
        return
    paper.heading("一、所附文件")
    rows: list[list[Cell]] = [["文件", "摘要 SHA-256", "签名、印章"]]
    rows += [
        [f"{p.title}\n{p.file}", _digest(p.sha256), "\n".join(p.signatures) or "—"] for p in facts.papers
    ]
    paper.add(_table(rows, (56, 56, 58)))


def _signers(paper: Paper, facts: EvidenceFacts) -> None:
    if not facts.signers:
        return
    paper.heading("二、签名行为")
    for number, signer in enumerate(facts.signers, 1):
        paper.heading(f"{number}. {signer.name}")
        paper.add(pairs([[(label, value)] for label, value in signer.facts]))
        rows: list[list[Cell]] = [["文件", "签名前 SHA-256", "签名后 SHA-256"]]
        rows += [[title, _digest(before), _digest(after)] for title, before, after in signer.papers]
        if len(rows) > 1:
            paper.add(_table(rows, (54, 58, 58)))


def _events(paper: Paper, facts: EvidenceFacts) -> None:
    paper.heading("三、全部事件")
    rows: list[list[Cell]] = [["序号", "时间（北京时间）", "事件", "人员", "事件摘要 SHA-256", "存证日"]]
    for event in facts.events:
        stamped = moment(event.at).removesuffix(" +08:00")
        rooted = event.day.isoformat() if event.day else "零点过后"
        rows.append([event.place, stamped, event.what, event.who, _digest(event.sha256), rooted])
    paper.add(_table(rows, (14, 31, 25, 25, 56, 19)))


def _consents(paper: Paper, facts: EvidenceFacts) -> None:
    if not facts.consents:
        return
    paper.heading("四、同意内容")
    for digest, words in facts.consents:
        paper.text(f"“{words}”", BODY)
        paper.text(f"SHA-256：{grouped(digest)}", NOTE.but(before=0, after=4))


def _roots(paper: Paper, facts: EvidenceFacts) -> None:
    paper.heading("五、每日存证根")
    if not facts.roots:
        paper.text("所涉各日还没有存证根。", BODY)
        return
    rows: list[list[Cell]] = [["日期", "当日事件", "存证根 SHA-256", "时间戳（北京时间）"]]
    rows += [
        [r.day.isoformat(), str(r.events), _digest(r.root), moment(r.stamped).removesuffix(" +08:00")]
        for r in facts.roots
    ]
    paper.add(_table(rows, (28, 24, 66, 52)))


def _table(rows: list[list[Cell]], widths: tuple[int, ...]) -> Table:
    return grid(rows, tables.scaled(*widths), heads=1, cell=SMALL)
