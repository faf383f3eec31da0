"""The business licence (营业执照): original 420 x 297 mm and duplicate 297 x 210 mm, landscape (LIC-01).

It carries the items of LIC-06 in the layouts of LIC-07. The place of the emblem holds our own plain mark, and a
simulated licence wears 样例. The QR code leads to the verification page; it is never smaller than 20 mm.
"""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from signing.papers import fonts, styles
from signing.papers.amounts import capitals
from signing.papers.blocks import draw_lines, runs
from signing.papers.data import NO_NAME, LicenceFacts, RenderedPaper
from signing.papers.fonts import SANS, SERIF, SERIF_BOLD
from signing.papers.styles import Style
from signing.papers.typesetting import Line, set_lines

ORIGINAL, DUPLICATE = (420 * mm, 297 * mm), (297 * mm, 210 * mm)
SIZE = 16.0  # points of labels and values on the original
SHORTENED = "（经营范围较长，此处为节录；全文扫描二维码查看）"
REMINDER = "每年 1 月 1 日至 6 月 30 日通过企业信用信息公示系统报送并公示上一年度年度报告。"


def day(value: Any) -> str:
    """A date as the licence prints it: two digits for month and day."""
    return f"{value.year} 年 {value.month:02d} 月 {value.day:02d} 日"


def qr_modules(text: str) -> list[list[int]]:
    """The modules of a QR code (error correction M) with its quiet zone of four modules."""
    return [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]


def draw_qr(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    """Draw a QR code with its lower left corner at x, y, `size` points wide with the quiet zone."""
    modules = qr_modules(text)
    step = size / len(modules)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.rect(x, y, size, size, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#000000"))
    path = canvas.beginPath()
    for number, row in enumerate(modules):
        top = y + size - (number + 1) * step
        start = None
        for column, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                path.rect(x + start * step, top, (column - start) * step, step)
                start = None
    canvas.drawPath(path, stroke=0, fill=1)


def fit_scope(
    text: str, width: float, height: float, largest: float, smallest: float
) -> tuple[list[Line], Style]:
    """Set the scope in a box (SC-13): first smaller type down to `smallest`, then cut at the last whole item.

    A shortened scope ends with a reference to the full text behind the QR code.
    """
    size = largest
    while True:
        style = Style(SERIF, round(size, 2), round(size * 1.5, 2), align="justify")
        room = int(height / style.leading)
        lines = set_lines(runs(text, style), width)
        if len(lines) <= room:
            return lines, style
        if size <= smallest:
            break
        size = max(smallest, size - 0.5)
    items = text.split("；")
    low, high = 1, len(items)
    while low < high:
        middle = (low + high + 1) // 2
        lines = set_lines(runs("；".join(items[:middle]) + "……" + SHORTENED, style), width)
        low, high = (middle, high) if len(lines) <= room else (low, middle - 1)
    return set_lines(runs("；".join(items[:low]) + "……" + SHORTENED, style), width), style


def licence(facts: LicenceFacts) -> RenderedPaper:
    """The original (正本). The box for the authority's seal has the key `seal`."""
    return _draw(facts, "licence", "营业执照", ORIGINAL, 1.0, "")


def duplicate(facts: LicenceFacts, number: int, total: int) -> RenderedPaper:
    """Duplicate `number` of `total` (副本), with the annual report reminder (LIC-09, LIC-10)."""
    return _draw(facts, "licence_duplicate", "营业执照", DUPLICATE, 0.707, f"（副　本）{total}-{number}")


def _columns(facts: LicenceFacts) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    left = [("名称", facts.name), ("类型", facts.type_name), (facts.subject, facts.representative)]
    right: list[tuple[str, str]] = []
    if facts.composition:  # format F
        left[1] = ("组成形式", facts.composition)
    if facts.capital_label and facts.capital is not None:
        right.append((facts.capital_label, capitals(facts.capital)))
    right += [
        ("成立日期" if not facts.composition else "注册日期", day(facts.established)),
        (facts.place_label, facts.place),
    ]
    return left, right


def items(facts: LicenceFacts) -> list[tuple[str, str]]:
    """The registered items in the order of the law (LIC-06), as a notice lists them."""
    left, right = _columns(facts)
    return [*left, *right, ("经营范围", facts.scope)]


def _label(canvas: Canvas, text: str, x: float, baseline: float, width: float, size: float) -> None:
    """A label spread over the whole width of its column, as on the printed form."""
    canvas.setFont(SERIF_BOLD, size)
    canvas.setFillColor(HexColor(styles.INK))
    step = (width - size) / (len(text) - 1) if len(text) > 1 else 0.0
    for place, char in enumerate(text):
        canvas.drawString(x + place * step, baseline, char)


def _label_width(items: Sequence[tuple[str, str]], k: float) -> float:
    """Labels of a column are spread over the width of the longest: 执行事务合伙人 is as large as 名称."""
    return (max(4, *(len(label) for label, _ in items)) + 0.15) * SIZE * k


def _items(
    canvas: Canvas, items: Sequence[tuple[str, str]], x: float, top: float, width: float, k: float
) -> float:
    """Labels and values downwards; returns the y under the last one."""
    label_width, size = _label_width(items, k), SIZE * k
    for label, value in items:
        style = Style(SERIF, size, size * 1.5)
        room = width - label_width - 16 * k
        lines = set_lines(runs(value, style), room)
        while len(lines) > 3 and style.size > 9 * k:
            style = style.but(size=style.size - 0.5, leading=(style.size - 0.5) * 1.5)
            lines = set_lines(runs(value, style), room)
        baseline = top - (size * 1.5 + size * 0.74) / 2
        _label(canvas, label, x, baseline, label_width, size)
        draw_lines(canvas, lines, x + label_width + 16 * k, top, room, style)
        top -= max(len(lines), 1) * style.leading + 13 * k
    return top


def _frame(canvas: Canvas, width: float, height: float, k: float) -> None:
    """The fine double frame in red and gold, with our own corner ornament."""
    for inset, colour, line in (
        (12 * mm, styles.RED, 2.4),
        (14.2 * mm, styles.GOLD, 0.8),
        (16 * mm, styles.RED, 0.5),
    ):
        inset *= k
        canvas.setStrokeColor(HexColor(colour))
        canvas.setLineWidth(line * k)
        canvas.rect(inset, inset, width - 2 * inset, height - 2 * inset)
    canvas.setStrokeColor(HexColor(styles.GOLD))
    canvas.setLineWidth(0.8 * k)
    near, arm = 19 * mm * k, 9 * mm * k
    for sx, sy in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        cx, cy = (near if sx > 0 else width - near), (near if sy > 0 else height - near)
        for step in (0.0, 1.6 * mm * k):
            path = canvas.beginPath()
            path.moveTo(cx + sx * step, cy + sy * (arm + step))
            path.lineTo(cx + sx * step, cy + sy * step)
            path.lineTo(cx + sx * (arm + step), cy + sy * step)
            canvas.drawPath(path)


def _mark(canvas: Canvas, x: float, y: float, size: float) -> None:
    """Our own plain mark, a small red seal with 七步 set vertically, in the emblem's place."""
    canvas.setFillColor(HexColor(styles.RED))
    canvas.roundRect(x - size / 2, y - size / 2, size, size, size * 0.1, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.setFont(SERIF_BOLD, size * 0.42)
    canvas.drawCentredString(x, y + size * 0.06, "七")
    canvas.drawCentredString(x, y - size * 0.38, "步")


def _draw(
    facts: LicenceFacts, kind: str, title: str, page: tuple[float, float], k: float, copy: str
) -> RenderedPaper:
    fonts.register()
    width, height = page
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=page, invariant=1, pageCompression=1, initialFontName=SANS, lang="zh-CN")
    canvas.setTitle(f"{title} {facts.representative if facts.name == NO_NAME else facts.name}")
    canvas.setAuthor(facts.authority)
    canvas.setCreator("Qibu")
    if facts.simulated:
        canvas.saveState()
        canvas.translate(width / 2, height / 2)
        canvas.rotate(28)
        canvas.setFont(SERIF_BOLD, 230 * k)
        canvas.setFillColor(HexColor("#f3ede0"))
        canvas.drawCentredString(0, -80 * k, "样　例")
        canvas.restoreState()
    _frame(canvas, width, height, k)
    _mark(canvas, width / 2, height - 40 * mm * k, 19 * mm * k)

    canvas.setFillColor(HexColor(styles.INK))
    size = 54 * k
    canvas.setFont(SERIF_BOLD, size)
    step = size * 1.55
    for place, char in enumerate(title):
        canvas.drawCentredString(width / 2 + (place - 1.5) * step, height - 76 * mm * k, char)
    left_edge, right_edge = 38 * mm * k, width - 38 * mm * k
    small = Style(SANS, 10.5 * k, 16 * k, styles.INK)
    if copy:
        draw_lines(
            canvas, set_lines(runs(copy, small.but(size=14 * k)), width), 0, height - 80 * mm * k, width,
            small.but(align="center", size=14 * k, leading=20 * k),
        )  # fmt: skip

    canvas.setFillColor(HexColor(styles.INK))
    canvas.setFont(SERIF, 13 * k)
    canvas.drawString(left_edge, height - 50 * mm * k, "统一社会信用代码")
    canvas.setFont(SERIF_BOLD, 17 * k)
    canvas.drawString(left_edge, height - 50 * mm * k - 24 * k, facts.uscc)

    qr = max(30 * mm * k, 24 * mm)
    draw_qr(canvas, facts.verification_url, right_edge - qr, height - 34 * mm * k - qr, qr)
    beside = set_lines(runs("扫描二维码，在登记核验页面查看登记、备案、许可、监管信息。", small), 40 * mm * k)
    draw_lines(canvas, beside, right_edge - qr - 44 * mm * k, height - 38 * mm * k, 40 * mm * k, small)

    gap = 18 * mm * k
    column = (right_edge - left_edge - gap) / 2
    top, floor = height - 96 * mm * k, 34 * mm * k
    left, right = _columns(facts)
    y = _items(canvas, left, left_edge, top, column, k)
    label_width = _label_width(left, k)
    value_x, room = left_edge + label_width + 16 * k, column - label_width - 16 * k
    lines, style = fit_scope(facts.scope, room, y - floor, SIZE * k, max(8 * k, 6.5))
    _label(canvas, "经营范围", left_edge, y - SIZE * (1.5 + 0.74) / 2 * k, label_width, SIZE * k)
    shift = max((SIZE * 1.5 * k - style.leading) / 2, 0)
    draw_lines(canvas, lines, value_x, y - shift, room, style)
    _items(canvas, right, left_edge + column + gap, top, column, k)

    office = Style(SERIF, SIZE * k, 24 * k, align="right")
    signed = set_lines(runs(f"登记机关　{facts.authority}\n{day(facts.issued)}", office), column)
    foot_y = 36 * mm * k
    draw_lines(canvas, signed, right_edge - column, foot_y + office.leading * len(signed), column, office)
    seal = 42 * mm  # a seal has its own size, whatever the paper; it stands clear of the text
    seal_x, seal_y = right_edge - seal - 8 * mm * k, foot_y + office.leading * len(signed) + 2 * mm
    canvas.setStrokeColor(HexColor(styles.GOLD))
    canvas.setLineWidth(0.5 * k)
    canvas.line(left_edge, 29 * mm * k, right_edge, 29 * mm * k)
    foot = [f"核验网址：{facts.publicity_url or facts.verification_url}"]
    if copy:
        foot.append(REMINDER)
    if facts.simulated:
        foot.append("本件由模拟环境生成，仅供演示，不具有法律效力。")
    note = Style(SANS, 9 * k, 13 * k, styles.GREY)
    draw_lines(
        canvas,
        set_lines(runs("　".join(foot), note), right_edge - left_edge),
        left_edge,
        28 * mm * k,
        right_edge - left_edge,
        note,
    )
    canvas.showPage()
    canvas.save()
    pdf = buffer.getvalue()
    box = (0, round(seal_x, 2), round(seal_y, 2), round(seal_x + seal, 2), round(seal_y + seal, 2))
    return RenderedPaper(
        kind, title, pdf, hashlib.sha256(pdf).hexdigest(), 1, {"seal": box}, (), {"seal": facts.authority}
    )
