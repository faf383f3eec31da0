"""Formal notices of the registration authority, numbered, with room for its seal (PRO-03 to PRO-08, NM-46)."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from signing.papers import tables, templates
from signing.papers.amounts import day
from signing.papers.blocks import grid
from signing.papers.data import NoticeFacts, RenderedPaper
from signing.papers.layout import Paper
from signing.papers.licences import draw_qr
from signing.papers.styles import HEADING, NOTE

NOTICES = ("receipt", "correction", "refusal", "registration", "name", "extension")


class QrCode(Flowable):
    """A QR code of 24 mm with a line of text beside it."""

    SIZE = 24 * mm

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return width, self.SIZE

    def draw(self) -> None:
        draw_qr(self.canv, self.url, 0, 0, self.SIZE)


def notice(kind: str, facts: NoticeFacts) -> RenderedPaper:
    """A formal notice: receipt, correction, refusal, registration, name or extension.

    Raises `ValueError` when a notice lacks what the law asks of it: a correction or refusal without points, a
    refusal without its legal basis or remedies (PRO-07, PRO-08), an extension without reason or new date.
    """
    if kind not in NOTICES:
        raise ValueError(f"there is no notice {kind!r}")
    needed = {
        "correction": ("items",),
        "refusal": ("items", "basis", "review_body", "court"),
        "registration": ("uscc",),
        "name": ("until",),
        "extension": ("reason", "until"),
        "receipt": ("until",),
    }[kind]
    missing = [name for name in needed if not getattr(facts, name)]
    if missing:
        raise ValueError(f"a notice of {kind} needs {', '.join(missing)}")
    source = templates.load(f"notice_{kind}")
    text = json.dumps(asdict(facts), ensure_ascii=False, sort_keys=True, default=str)
    digest = hashlib.sha256((text + source.sha256).encode()).hexdigest()
    mark = "样例" if facts.simulated else ""
    paper = Paper(f"notice_{kind}", source.title(frozenset()), facts.number, digest, final=True, mark=mark)
    paper.text(facts.authority, HEADING.but(size=14, leading=24, align="center", before=0, after=0))
    paper.headline()
    values = {name: str(value) for name, value in asdict(facts).items()}
    values |= {"acted_on": day(facts.acted_on), "until": day(facts.until)}
    has = frozenset(name for name in ("received_by", "until", "reason") if getattr(facts, name))

    def listing(heading: str, entries: tuple[str, ...]) -> Callable[[], None]:
        rows = [["序号", heading]] + [[str(n), entry] for n, entry in enumerate(entries, 1)]
        return lambda: paper.add(grid(rows, tables.scaled(14, 156), heads=1, aligns=["center", "left"]))

    what = {"registration": "登记事项"}.get(kind, "材料名称")
    points = {"refusal": "理由"}.get(kind, "需要补正的内容")
    templates.write(
        paper,
        source,
        values,
        has,
        {"materials": listing(what, facts.materials), "items": listing(points, facts.items)},
    )
    paper.seal(facts.authority, day(facts.issued))
    if facts.verification_url:
        paper.add(QrCode(facts.verification_url))
        paper.text(f"扫描二维码核验本文书：{facts.verification_url}", NOTE.but(before=2))
    if facts.simulated:
        paper.text("本文书由模拟环境生成，仅供演示，不具有法律效力。", NOTE)
    return paper.render()
