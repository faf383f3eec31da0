"""An A4 paper in the making: signature boxes, page furniture, and the finished PDF."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageBreak,
    PageTemplate,
    Table,
)

from signing.papers import fonts, styles
from signing.papers.blocks import Content, Text, draw_lines, runs
from signing.papers.data import RenderedPaper, Signer
from signing.papers.fonts import SANS, SERIF_BOLD
from signing.papers.styles import CONTENT, MARGIN, PAGE, Style
from signing.papers.typesetting import set_lines

# Where the authority's acceptance seal goes: the top margin of the first page, in which nothing is printed.
ACCEPTANCE = (0, PAGE[0] - MARGIN - 196, PAGE[1] - 50, PAGE[0] - MARGIN, PAGE[1] - 14)

BOTTOM = 18 * mm  # of the text; the foot stands below
HEIGHT = PAGE[1] - MARGIN - BOTTOM
SEEN = 4  # lines of the text that stand on the page where it is signed
LONG_TABLE = 85 * mm  # a table that is no higher is not cut by a page break


class SignatureRow(Flowable):
    """Up to two signature boxes side by side. Nothing is printed inside them; the paper learns where they are."""

    WIDTH, HEIGHT, GAP, LABEL_STYLE = 76 * mm, 23 * mm, 10 * mm, Style(size=9.5, leading=14)

    def __init__(self, paper: "Paper", hands: Sequence[Sequence[Signer]]) -> None:
        super().__init__()
        self.paper = paper
        self.labels = [Text(_label(hand, self.WIDTH, self.LABEL_STYLE), self.LABEL_STYLE) for hand in hands]
        self.hands = [hand[0].hand for hand in hands]

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.label_height = max(label.wrap(self.WIDTH, height)[1] for label in self.labels)
        self.height = self.label_height + 3 + self.HEIGHT + 8
        return width, self.height

    def draw(self) -> None:
        for place, (hand, label) in enumerate(zip(self.hands, self.labels, strict=True)):
            x = place * (self.WIDTH + self.GAP)
            label.drawOn(self.canv, x, self.height - label.height)
            y = self.height - self.label_height - 3 - self.HEIGHT
            self.canv.setStrokeColor(HexColor(styles.HAIR))
            self.canv.setLineWidth(0.4)
            self.canv.setDash(2, 2)
            self.canv.rect(x, y, self.WIDTH, self.HEIGHT)
            self.canv.setDash()
            inset = 1.5
            x0, y0 = self.canv.absolutePosition(x + inset, y + inset)
            x1, y1 = self.canv.absolutePosition(x + self.WIDTH - inset, y + self.HEIGHT - inset)
            page = self.canv.getPageNumber() - 1
            self.paper.boxes[hand] = (page, round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2))


class SignatureBlock(Flowable):
    """The rows of signature boxes. One of few rows stays whole; where a longer one goes over to the next page, that
    page says what it signs (签署页), so that no page bears signatures alone."""

    TOGETHER = 4  # rows

    def __init__(self, rows: Sequence[SignatureRow], continued: str, note: Text | None = None) -> None:
        super().__init__()
        self.rows, self.continued, self.note = rows, continued, note

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.heights = [row.wrap(width, height)[1] for row in self.rows]
        self.note_height = self.note.wrap(width, height)[1] + self.note.style.after if self.note else 0.0
        return width, self.note_height + sum(self.heights)

    def split(self, width: float, height: float) -> list["SignatureBlock"]:
        room = height - self.note_height
        fits = 0
        while fits < len(self.rows) and self.heights[fits] <= room:
            room -= self.heights[fits]
            fits += 1
        if not fits:
            return []
        note = Text(self.continued, styles.PLAIN.but(after=10))
        return [
            SignatureBlock(self.rows[:fits], self.continued, self.note),
            SignatureBlock(self.rows[fits:], self.continued, note),
        ]

    def start(self) -> float:
        """The height of what stays with the text that is signed."""
        self.wrap(CONTENT, 1e6)
        return sum(self.heights if len(self.rows) <= self.TOGETHER else self.heights[:1])

    def draw(self) -> None:
        y = self.note_height + sum(self.heights)
        if self.note:
            y -= self.note.height
            self.note.drawOn(self.canv, 0, y)
            y -= self.note.style.after
        for row, height in zip(self.rows, self.heights, strict=True):
            y -= height
            row.drawOn(self.canv, 0, y)


def _label(hand: Sequence[Signer], width: float, style: Style) -> str:
    """In which roles a hand signs or seals; what does not fit on one line breaks before a name, not within it."""
    parts = [part for s in hand for part in _signed_as(s)]
    parts[-1] = parts[-1].rstrip("；")
    if len(set_lines(runs("".join(parts), style), width)) == 1:
        return "".join(parts)
    text, line = "", ""
    for part in parts:
        if line and len(set_lines(runs(line + part.rstrip("，；"), style), width)) > 1:
            text, line = f"{text}{line}\n", ""
        line += part
    return text + line


def _signed_as(s: Signer) -> list[str]:
    """In which role somebody signs or seals, in parts between which a line may end."""
    if s.seal and s.by:
        return [f"{s.role}：", f"{s.name}（盖章），", f"{s.by}（签名）；"]
    return [f"{s.role}：", f"{s.name}（盖章）；" if s.seal else f"{s.name}（签名）；"]


class SealBox(Flowable):
    """The authority's name and date at the right, with room for a round seal over them; key `seal`."""

    SIZE = 42 * mm

    def __init__(self, paper: "Paper", authority: str, day: str) -> None:
        super().__init__()
        self.paper, self.authority, self.day = paper, authority, day

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.height = width, self.SIZE + 12 * mm
        return width, self.height

    def draw(self) -> None:
        style = Style(size=11, leading=18, align="right")
        lines = set_lines(runs(self.authority, style), self.width) + set_lines(
            runs(self.day, style), self.width
        )
        draw_lines(self.canv, lines, 0, 36 + 6, self.width, style)
        x0, y0 = self.canv.absolutePosition(self.width - self.SIZE, 44)
        self.paper.boxes["seal"] = (
            self.canv.getPageNumber() - 1,
            round(x0, 2),
            round(y0, 2),
            round(x0 + self.SIZE, 2),
            round(y0 + self.SIZE - 12, 2),
        )


class _SensitiveFrom(Flowable):
    """Marks the page on which the sensitive page group begins."""

    def __init__(self, paper: "Paper") -> None:
        super().__init__()
        self.paper = paper

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.paper.sensitive_from = self.canv.getPageNumber()


class _PageCanvas(Canvas):
    """Keeps the pages until all are known, then prints the foot with x / y on each."""

    paper: "Paper"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["invariant"] = 1
        kwargs["pageCompression"] = 1
        kwargs["initialFontName"] = SANS
        kwargs["lang"] = "zh-CN"
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        total = len(self._pages)
        for page in self._pages:
            self.__dict__.update(page)
            self.paper.furniture(self, self.getPageNumber(), total)
            super().showPage()
        super().save()


def _said(part: Any) -> Any:
    """What a part of a paper says, as plain lists: the words of paragraphs, cells and signature rows."""
    if isinstance(part, Text):
        return [run.text for run in part.content]
    if isinstance(part, (list, tuple)):
        return [_said(inner) for inner in part]
    if isinstance(part, Table):
        return _said(part._cellvalues)  # type: ignore[attr-defined]
    if isinstance(part, SignatureBlock):
        return _said(part.rows)
    if isinstance(part, SignatureRow):
        return [[hand, _said(label)] for hand, label in zip(part.hands, part.labels, strict=True)]
    if isinstance(part, SealBox):
        return [part.authority, part.day]
    return part if isinstance(part, str) else type(part).__name__


def _start(part: Flowable) -> float:
    """The height of what must stand together at the start of a part: a short table whole, a long one its first rows."""
    if isinstance(part, SignatureBlock):
        return part.start()
    if isinstance(part, Text):
        lines = len(part.lines(CONTENT))
        return part.style.before + part.style.leading * (lines if lines < 4 else 2)
    height: float = part.wrap(CONTENT, 1e6)[1]
    if isinstance(part, Table) and height > LONG_TABLE:
        first: int = part.repeatRows + 2  # type: ignore[attr-defined]
        return min(sum(part._rowHeights[:first]), LONG_TABLE)  # type: ignore[attr-defined]
    return height


def _arranged(story: Sequence[Flowable]) -> list[Flowable]:
    """The story with page breaks where a heading would be left alone, or a table be cut without need.

    Only the start of what follows is kept with its heading, so that a long paragraph fills the page it begins on.
    """
    arranged: list[Flowable] = []
    signed = _signed(story)
    place = 0
    while place < len(story):
        end = place
        while end < len(story) - 1 and (_leads(story[end]) or end in signed):
            end += 1
        group = story[place : end + 1]
        if len(group) > 1 or isinstance(group[0], (Table, SignatureBlock)):
            height = sum(map(_whole, group[:-1])) + _start(group[-1])
            arranged.append(CondPageBreak(min(height, HEIGHT)))
        arranged += group
        place = end + 1
    return arranged


def _leads(part: Flowable) -> bool:
    return part.leads() if isinstance(part, Text) else bool(getattr(part, "leads", False))


def _whole(part: Flowable) -> float:
    height: float = part.wrap(CONTENT, 1e6)[1]
    return height + part.getSpaceBefore() + part.getSpaceAfter()


def _signed(story: Sequence[Flowable]) -> set[int]:
    """The places of the last lines before the signatures, which stand on one page with them: at least `SEEN` lines,
    fewer only after a table or where their chapter begins."""
    places: set[int] = set()
    for end, part in enumerate(story):
        if not isinstance(part, SignatureBlock):
            continue
        seen, place = -1, end - 1  # the line that asks for the signature says nothing
        while place >= 0 and isinstance(text := story[place], Text):
            places.add(place)
            seen += len(text.lines(CONTENT))
            if seen >= SEEN or (text.style.keep_with_next and seen > 0):
                break
            place -= 1
    return places


class Paper:
    """One paper in the making: add to `story`, then `render`.

    `number` is the document number at the foot, `version` that of its text. Beside it stand the first 12 characters of a SHA-256 of what this
    paper says (a file cannot contain its own hash) and of `source`, its template's hash: a paper's bytes change when
    its own content does, and not when some other paper's does. A draft wears the 草稿 watermark.
    """

    def __init__(
        self,
        kind: str,
        title: str,
        number: str,
        source: str = "",
        *,
        final: bool = False,
        entity: str = "",
        mark: str = "",
        version: str = "",
    ) -> None:
        fonts.register()
        self.kind, self.title, self.number, self.source = kind, title, number, source
        self.digest, self.version = "", version
        self.watermark = mark or ("" if final else "草稿")
        self.entity = entity
        self.story: list[Flowable] = []
        self.boxes: dict[str, tuple[int, float, float, float, float]] = {}
        self.names: dict[str, str] = {}
        self.sensitive_from: int | None = None

    def text(self, content: Content, style: Style = styles.BODY) -> None:
        """Add a paragraph."""
        self.story.append(Text(content, style))

    def heading(self, content: str) -> None:
        """Add a section heading that stays with what follows."""
        self.story.append(Text(content, styles.HEADING))

    def headline(self, subtitle: str = "") -> None:
        """Add the title, and under it a subtitle and the document number."""
        self.text(self.title, styles.TITLE)
        if subtitle:
            self.text(subtitle, styles.SUBTITLE)
        self.text(f"文件编号：{self.number}", styles.NUMBER)

    def add(self, flowable: Flowable, *, leads: bool = False) -> None:
        """Add any other flowable; one that `leads` stays with what follows."""
        flowable.leads = leads  # type: ignore[attr-defined]
        self.story.append(flowable)

    def signatures(self, signers: Sequence[Signer]) -> None:
        """Add one box for each hand that signs: several roles, and an organisation signed for, share it."""
        merged: dict[str, Signer] = {}
        for s in signers:
            known = merged.get(s.key)
            roles = known.role.split("、") if known else []
            role = "、".join(roles if s.role in roles else [*roles, s.role])
            merged[s.key] = replace(s, role=role)
        hands: dict[str, list[Signer]] = {}
        for s in merged.values():
            hands.setdefault(s.hand, []).append(s)
        self.names.update({key: signed[0].by or signed[0].name for key, signed in hands.items()})
        boxes = list(hands.values())
        rows = [SignatureRow(self, boxes[start : start + 2]) for start in range(0, len(boxes), 2)]
        if rows:
            name = f"{self.entity}《{self.title}》" if self.entity else f"《{self.title}》"
            self.story.append(
                SignatureBlock(rows, f"（本页无正文，为{name}（文件编号 {self.number}）的签署页）")
            )

    def seal(self, authority: str, day: str) -> None:
        """Add the authority's name and date with room for its seal."""
        self.names["seal"] = authority
        self.story.append(SealBox(self, authority, day))

    def sensitive(self, title: str) -> None:
        """Begin the sensitive page group: all pages from here on (2026 edition, 5.1 L)."""
        self.story += [PageBreak(), _SensitiveFrom(self), Text(title, styles.SUBTITLE)]

    def background(self, canvas: Canvas, document: Any = None) -> None:
        """The watermark, under everything else."""
        if not self.watermark:
            return
        canvas.saveState()
        canvas.translate(PAGE[0] / 2, PAGE[1] / 2)
        canvas.rotate(38)
        canvas.setFont(SERIF_BOLD, 120)
        canvas.setFillColor(HexColor(styles.WATERMARK))
        canvas.drawCentredString(0, -40, self.watermark)
        canvas.restoreState()

    def furniture(self, canvas: Canvas, page: int, total: int) -> None:
        """Head and foot of one page."""
        canvas.saveState()
        grey = Style(SANS, 8, 11, styles.GREY)
        left, right = MARGIN, PAGE[0] - MARGIN
        sensitive = self.sensitive_from is not None and page >= self.sensitive_from
        head = f"{self.title}（敏感信息页，不对外公开）" if sensitive else self.title
        if page > 1:
            title = set_lines(runs(head, grey), CONTENT)[:1]
            draw_lines(canvas, title, left, PAGE[1] - 11 * mm, CONTENT, grey.but(align="right"))
            entity = set_lines(runs(self.entity, grey), CONTENT - title[0].width - 12)[:1]
            draw_lines(canvas, entity, left, PAGE[1] - 11 * mm, CONTENT, grey)
        canvas.setStrokeColor(HexColor(styles.HAIR))
        canvas.setLineWidth(0.4)
        canvas.line(left, 15 * mm, right, 15 * mm)
        foot = f"文件编号 {self.number}　校验码 {self.digest[:12]}"
        if self.version:
            foot += f"　文本 {self.version}"
        draw_lines(canvas, set_lines(runs(foot, grey), CONTENT)[:1], left, 13.5 * mm, CONTENT, grey)
        draw_lines(
            canvas,
            set_lines(runs(f"第 {page} 页 / 共 {total} 页", grey), CONTENT),
            left,
            13.5 * mm,
            CONTENT,
            grey.but(align="right"),
        )
        canvas.restoreState()

    def render(self) -> RenderedPaper:
        """The finished PDF; the same content gives the same bytes."""
        said = json.dumps([self.kind, self.title, self.number, self.entity, self.source, _said(self.story)])
        self.digest = hashlib.sha256(said.encode()).hexdigest()
        buffer = io.BytesIO()
        maker = type("PageCanvas", (_PageCanvas,), {"paper": self})
        document = BaseDocTemplate(
            buffer,
            pagesize=PAGE,
            title=f"{self.title} {self.number}",
            author="Qibu",
            creator="Qibu",
            producer="Qibu",
        )
        frame = Frame(MARGIN, BOTTOM, CONTENT, HEIGHT, 0, 0, 0, 0)
        document.addPageTemplates(PageTemplate("page", [frame], onPage=self.background, pagesize=PAGE))
        document.build(_arranged(self.story), canvasmaker=maker)
        pages = document.page
        first = self.sensitive_from
        pdf = buffer.getvalue()
        return RenderedPaper(
            self.kind,
            self.title,
            pdf,
            hashlib.sha256(pdf).hexdigest(),
            pages,
            dict(self.boxes),
            tuple(range(first - 1, pages)) if first else (),
            dict(self.names),
            self.version,
            self.number,
        )
