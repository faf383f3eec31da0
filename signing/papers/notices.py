"""Formal notices of the registration authority, numbered, with room for its seal (PRO-03 to PRO-08, NM-46)."""

from collections.abc import Callable, Mapping
from dataclasses import fields

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from signing.papers import tables, templates
from signing.papers.amounts import day
from signing.papers.blocks import grid, pairs
from signing.papers.data import NoticeFacts, RenderedPaper
from signing.papers.layout import Paper
from signing.papers.licences import draw_qr
from signing.papers.styles import HEADING, NOTE
from signing.papers.templates import Template

NOTICES = ("receipt", "correction", "refusal", "registration", "name", "extension")
_LISTS = ("items", "materials", "entries", "simulated")


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


NEEDED = {
    "correction": ("items",), "refusal": ("items", "basis", "review_body", "court"), "registration": ("uscc", "entries"),
    "name": ("until",), "extension": ("reason", "until"), "receipt": ("materials", "until"),
}  # fmt: skip


def values(facts: NoticeFacts) -> dict[str, str]:
    """All words that the texts of notices may ask for."""
    words = {f.name: str(getattr(facts, f.name)) for f in fields(facts) if f.name not in _LISTS}
    return words | {"acted_on": day(facts.acted_on), "until": day(facts.until), "issued": day(facts.issued)}


def tags(facts: NoticeFacts) -> frozenset[str]:
    """What holds for this notice, as the templates' `when` names it."""
    return frozenset(name for name in ("received_by", "until", "reason") if getattr(facts, name))


def notice(kind: str, facts: NoticeFacts, texts: Mapping[str, Template] | None = None) -> RenderedPaper:
    """A formal notice: receipt, correction, refusal, registration, name or extension. `texts`: where another text
    than the shipped one holds.

    Raises `ValueError` when a notice lacks what the law asks of it: a correction or refusal without points, a
    refusal without its legal basis or remedies (PRO-07, PRO-08), an extension without reason or new date.
    """
    if kind not in NOTICES:
        raise ValueError(f"there is no notice {kind!r}")
    missing = [name for name in NEEDED[kind] if not getattr(facts, name)]
    if missing:
        raise ValueError(f"a notice of {kind} needs {', '.join(missing)}")
    name = f"notice_{kind}"
    source = (texts or {}).get(name) or templates.load(name)
    mark = "样例" if facts.simulated else ""
    paper = Paper(
        name, source.title(frozenset()), facts.number, source.sha256, final=True, mark=mark, version=source.version
    )  # fmt: skip
    paper.text(facts.authority, HEADING.but(size=14, leading=24, align="center", before=0, after=0))
    paper.headline()

    def listing(heading: str, entries: tuple[str, ...]) -> Callable[[], None]:
        rows = [["序号", heading]] + [[str(n), entry] for n, entry in enumerate(entries, 1)]
        return lambda: paper.add(grid(rows, tables.scaled(14, 156), heads=1, aligns=["center", "left"]))

    supplied = {
        "materials": listing("材料名称", facts.materials),
        "items": listing("理由" if kind == "refusal" else "需要补正的内容", facts.items),
        "entries": lambda: paper.add(pairs([[entry] for entry in facts.entries])),
    }
    templates.write(paper, source, values(facts), tags(facts), supplied)
    paper.seal(facts.authority, day(facts.issued))
    if facts.verification_url:
        paper.add(QrCode(facts.verification_url))
        paper.text(f"扫描二维码核验本文书：{facts.verification_url}", NOTE.but(before=2))
    if facts.simulated:
        paper.text("本文书由模拟环境生成，仅供演示，不具有法律效力。", NOTE)
    return paper.render()
