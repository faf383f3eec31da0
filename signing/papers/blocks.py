"""Building blocks of the papers: set text and hairline grids."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Table

from signing.papers import styles
from signing.papers.fonts import SANS, SANS_BOLD
from signing.papers.styles import CELL, CONTENT, LABEL, Style
from signing.papers.typesetting import Line, Run, set_lines

Content = str | Sequence[Run]
_BOLD = re.compile(r"\*\*(.+?)\*\*")


def runs(text: str, style: Style) -> list[Run]:
    """The runs of a text in which `**bold**` marks bold."""
    bold = SANS_BOLD if style.font == SANS else style.font
    return [
        Run(part, bold if i % 2 else style.font, style.size, style.colour)
        for i, part in enumerate(_BOLD.split(text))
        if part
    ]


def draw_lines(
    canvas: Canvas, lines: Sequence[Line], x: float, top: float, width: float, style: Style
) -> None:
    """Draw set lines downwards from `top`, each in a box of the style's leading."""
    text = canvas.beginText()
    face: tuple[str, float] | None = None
    colour, spacing = "", 0.0
    for number, line in enumerate(lines):
        if not line.segments:
            continue
        baseline = top - number * style.leading - (style.leading + style.size * 0.74) / 2
        room = width - line.indent - line.width
        offset = line.indent
        stretch = 0.0
        if style.align == "center":
            offset += room / 2
        elif style.align == "right":
            offset += room
        elif style.align == "justify" and not line.last and line.gaps:
            stretch = room / line.gaps
            if not 0 < stretch <= style.size * 0.16:
                stretch = 0.0
        if stretch != spacing:
            spacing = stretch
            text.setCharSpace(stretch)
        done = 0
        for segment in line.segments:
            if face != (segment.font, segment.size):
                face = segment.font, segment.size
                text.setFont(segment.font, segment.size)
            if colour != segment.colour:
                colour = segment.colour
                text.setFillColor(HexColor(segment.colour))
            text.setTextOrigin(x + offset + segment.x + stretch * done, baseline)
            text.textOut(segment.text)
            done += len(segment.text)
    if spacing:  # it would last beyond this text
        text.setCharSpace(0)
    canvas.drawText(text)


class Text(Flowable):
    """A paragraph set by our own rules. Splits between lines, never leaving one line alone."""

    def __init__(self, content: Content, style: Style, lines: Sequence[Line] | None = None) -> None:
        super().__init__()
        self.content = runs(content, style) if isinstance(content, str) else list(content)
        self.style = style
        self._lines = list(lines) if lines is not None else None
        self._set_for = -1.0

    def getSpaceBefore(self) -> float:
        return self.style.before

    def getSpaceAfter(self) -> float:
        return self.style.after

    def lines(self, width: float) -> list[Line]:
        """The lines of this text in a column of `width` points."""
        if self._lines is None or self._set_for not in (-1.0, width):
            self._lines = set_lines(self.content, width - self.style.left_indent, self.style.first_indent)
        self._set_for = width
        return self._lines

    def leads(self) -> bool:
        """Whether it stays with what follows: a heading, or a sentence that ends with a colon."""
        return self.style.keep_with_next or (
            bool(self.content) and self.content[-1].text.endswith("：") and len(self.lines(CONTENT)) < 6
        )

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.height = len(self.lines(width)) * self.style.leading
        return width, self.height

    def split(self, width: float, height: float) -> list["Text"]:
        lines = self.lines(width)
        fits = int(height / self.style.leading)
        if len(lines) - fits == 1:
            fits -= 1
        if fits < 2 or fits >= len(lines):
            return [] if fits < len(lines) else [self]
        return [
            Text(self.content, self.style.but(after=0.0), lines[:fits]),
            Text(self.content, self.style.but(before=0.0), lines[fits:]),
        ]

    def draw(self) -> None:
        draw_lines(
            self.canv,
            self.lines(self.width),
            self.style.left_indent,
            self.height,
            self.width - self.style.left_indent,
            self.style,
        )


HIGHEST, PIECE = 190.0, 3  # points of a row that stays whole; lines of the pieces of a higher one


def _pieces(cells: list[Text | str], widths: Sequence[float]) -> list[list[Text | str]]:
    """A row, as several rows of few lines where it is too high, so that pages break within it and are filled."""
    texts = [(i, c) for i, c in enumerate(cells) if isinstance(c, Text)]
    if all(c.wrap(widths[i] - 10, 0)[1] <= HIGHEST for i, c in texts):
        return [cells]
    rows: list[list[Text | str]] = []
    rest = {i: c.lines(widths[i] - 10) for i, c in texts}
    while any(rest.values()):
        row: list[Text | str] = list(cells)
        for i, cell in texts:
            count = PIECE if len(rest[i]) > PIECE + 1 else PIECE + 1
            row[i] = Text(cell.content, cell.style, rest[i][:count]) if rest[i] else ""
            rest[i] = rest[i][count:]
        rows.append(row)
    return rows


def grid(
    rows: Sequence[Sequence[Content | tuple[str, Style]]],
    widths: Sequence[float],
    *,
    heads: int = 0,
    cell: Style = CELL,
    aligns: Sequence[str] | None = None,
    spans: Iterable[tuple[int, int, int]] = (),
    labels: Sequence[int] = (),
) -> Table:
    """A hairline grid. `heads` rows are repeated on each page; `spans` are (row, first column, last column);
    `labels` are columns set as labels on a tint. A page breaks between rows, or between lines of a very high one."""
    span_of = {(row, first): last for row, first, last in spans}
    commands: list[tuple[Any, ...]] = [
        ("LINEAFTER", (0, 0), (-2, -1), 0.4, HexColor(styles.HAIR)),
        ("BOX", (0, 0), (-1, -1), 0.7, HexColor(styles.GREY)),
        ("LINEBELOW", (0, "splitlast"), (-1, "splitlast"), 0.7, HexColor(styles.GREY)),
        ("LINEABOVE", (0, "splitfirst"), (-1, "splitfirst"), 0.7, HexColor(styles.GREY)),
        ("FONTNAME", (0, 0), (-1, -1), SANS),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
    ]
    if heads:
        commands.append(("BACKGROUND", (0, 0), (-1, heads - 1), HexColor(styles.TINT)))
    data: list[list[Text | str]] = []
    for number, row in enumerate(rows):
        cells: list[Text | str] = []
        room = list(widths)
        for column, content in enumerate(row):
            last = span_of.get((number, column))
            if last is not None:
                room[column] = sum(widths[column : last + 1])
            if isinstance(content, tuple) and len(content) == 2 and isinstance(content[1], Style):
                cells.append(Text(content[0], content[1]))
            elif number < heads or column in labels:
                cells.append(Text(content, LABEL) if content else "")  # type: ignore[arg-type]
            else:
                style = cell.but(align=aligns[column]) if aligns else cell
                cells.append(Text(content, style) if content else "")  # type: ignore[arg-type]
        pieces = _pieces(cells, room)
        for part, piece in enumerate(pieces):
            if part:
                commands.append(("TOPPADDING", (0, len(data)), (-1, len(data)), 0))
            elif number:
                commands.append(("LINEABOVE", (0, len(data)), (-1, len(data)), 0.4, HexColor(styles.HAIR)))
            if part < len(pieces) - 1:
                commands.append(("BOTTOMPADDING", (0, len(data)), (-1, len(data)), 0))
            for column, content in enumerate(row):
                if column in labels and number >= heads and content:
                    place = (column, len(data))
                    commands.append(("BACKGROUND", place, place, HexColor(styles.TINT)))
                last = span_of.get((number, column))
                if last is not None:
                    commands.append(("SPAN", (column, len(data)), (last, len(data))))
            data.append(piece)
    return Table(data, colWidths=list(widths), repeatRows=heads, style=commands, spaceAfter=6, hAlign="LEFT")


def pairs(rows: Sequence[Sequence[tuple[str, str]]], label_width: float = 32 * mm) -> Table:
    """A grid of labels and values: one pair a row runs over the whole width, two share it."""
    half = CONTENT / 2
    widths = [label_width, half - label_width, label_width, half - label_width]
    data: list[list[str]] = []
    spans = []
    for row in rows:
        if len(row) == 1:
            spans.append((len(data), 1, 3))
            data.append([row[0][0], row[0][1] or "—", "", ""])
        else:
            data.append([row[0][0], row[0][1] or "—", row[1][0], row[1][1] or "—"])
    return grid(data, widths, spans=spans, labels=(0, 2))
