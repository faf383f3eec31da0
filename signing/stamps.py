"""What a signature looks like on the page: a person's stamp and an authority's round mark, drawn with reportlab."""

import io
import math
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyhanko.pdf_utils import generic, layout
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.stamp import BaseStamp, BaseStampStyle
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from signing.papers import fonts

INK = HexColor("#1d3f73")
FAINT = HexColor("#5b6b82")
RED = HexColor("#c8102e")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def person_stamp(
    width: float, height: float, *, name: str, at: datetime, serial: str, note: str = ""
) -> bytes:
    """A one-page PDF (points) with the signer's name, the time in China and the certificate's serial number."""
    canvas, buffer = _canvas(width, height)
    edge = 0.75
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(edge)
    canvas.roundRect(edge, edge, width - 2 * edge, height - 2 * edge, 3)
    canvas.setFillColor(INK)
    canvas.rect(edge, edge + 3, 2.5, height - 2 * edge - 6, stroke=0, fill=1)
    left, room = 9.0, width - 15
    name_size = _fit(name, fonts.SERIF_BOLD, min(height * 0.36, 17), room * 0.62)
    base = height - edge - name_size * 1.12
    end = _text(canvas, left, base, name, fonts.SERIF_BOLD, name_size)
    canvas.setFillColor(FAINT)
    label = note or "电子签名"
    label_size = _fit(label, fonts.SANS, 7, max(width - 6 - end - 6, 8))
    _text(canvas, width - 6 - _width(label, fonts.SANS, label_size), base, label, fonts.SANS, label_size)
    moment = at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"签署时间 {moment}（北京时间）", f"证书序列号 {serial.upper()}"]
    step = (base - edge - 2) / len(lines)
    for index, line in enumerate(lines):
        size = _fit(line, fonts.SANS, min(step * 0.8, 7), room)
        _text(canvas, left, base - step * (index + 1) + (step - size) / 2 + 1, line, fonts.SANS, size)
    return _finished(canvas, buffer)


def round_mark(diameter: float, *, name: str, sample: bool, note: str = "") -> bytes:
    """A one-page PDF (points) with an authority's red round mark: its name on the arc, 样例 across if a sample.

    It is drawn after no real seal: no star, no official seal's measures or lettering.
    """
    canvas, buffer = _canvas(diameter, diameter)
    middle, outer = diameter / 2, diameter / 2 - 1.2
    canvas.setStrokeColor(RED)
    canvas.setFillColor(RED)
    canvas.setLineWidth(diameter / 45)
    canvas.circle(middle, middle, outer)
    canvas.setLineWidth(diameter / 180)
    canvas.circle(middle, middle, outer - diameter / 28)
    shown = name.removesuffix("（样例）")
    size = min(diameter * 0.115, 2.2 * math.pi * outer * 0.62 / max(len(shown), 8))
    radius = outer - diameter / 28 - size * 1.12
    span = min(math.radians(250), len(shown) * size * 1.32 / radius)
    for index, char in enumerate(shown):
        share = index / (len(shown) - 1) - 0.5 if len(shown) > 1 else 0.0
        angle = -share * span
        canvas.saveState()
        canvas.translate(middle - radius * math.sin(angle), middle + radius * math.cos(angle))
        canvas.rotate(math.degrees(angle))
        _text(canvas, -size / 2, 0, char, fonts.SERIF_BOLD, size)
        canvas.restoreState()
    centre = "样例" if sample else "电子印章"
    big = diameter * (0.2 if sample else 0.13)
    _centred(canvas, middle, middle - big * 0.42, centre, fonts.SERIF_BOLD, big)
    below = note or ("仅供演示" if sample else "")
    if below:
        small = _fit(below, fonts.SANS, diameter * 0.085, diameter * 0.6)
        _centred(canvas, middle, middle - outer * 0.62, below, fonts.SANS, small)
    return _finished(canvas, buffer)


@dataclass(frozen=True)
class Drawn(BaseStampStyle):
    """Gives pyHanko a drawn page as a signature's appearance, fitted into the field's box."""

    drawing: bytes = b""

    def create_stamp(
        self, writer: BasePdfFileWriter, box: layout.BoxConstraints, text_params: object
    ) -> BaseStamp:
        return _DrawnStamp(writer, self, box=box)


class _DrawnStamp(BaseStamp):
    def render(self) -> bytes:
        assert self.writer is not None
        form = self.writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self.style.drawing)), page_ix=0)
        left, bottom, right, top = (float(value) for value in form.get_object()["/BBox"])
        width, height = right - left, top - bottom
        scale = min(self.box.width / width, self.box.height / height)
        self.resources.xobject[generic.NameObject("/Drawn")] = form
        move_x, move_y = (self.box.width - width * scale) / 2, (self.box.height - height * scale) / 2
        return b"q %.4f 0 0 %.4f %.4f %.4f cm /Drawn Do Q" % (scale, scale, move_x, move_y)


def _canvas(width: float, height: float) -> tuple[Canvas, io.BytesIO]:
    fonts.register()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height), pageCompression=1, invariant=1)
    canvas.setFont(fonts.SANS, 6)  # so that the page never names a font that is not embedded
    return canvas, buffer


def _finished(canvas: Canvas, buffer: io.BytesIO) -> bytes:
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _runs(text: str, font: str) -> list[tuple[str, str]]:
    """The text in runs of one face each; a character that neither family has is shown as its code point."""
    other = fonts.SERIF if font.startswith(fonts.SANS) else fonts.SANS
    runs: list[tuple[str, str]] = []
    for char in text:
        face, shown = font, char
        if not fonts.has(font, char):
            face, shown = (other, char) if fonts.has(other, char) else (font, f"〔U+{ord(char):X}〕")
        if runs and runs[-1][0] == face:
            runs[-1] = (face, runs[-1][1] + shown)
        else:
            runs.append((face, shown))
    return runs


def _width(text: str, font: str, size: float) -> float:
    return sum(pdfmetrics.stringWidth(run, face, size) for face, run in _runs(text, font))


def _fit(text: str, font: str, size: float, room: float) -> float:
    needed = _width(text, font, size)
    return size if needed <= room else size * room / needed


def _text(canvas: Canvas, x: float, y: float, text: str, font: str, size: float) -> float:
    for face, run in _runs(text, font):
        canvas.setFont(face, size)
        canvas.drawString(x, y, run)
        x += pdfmetrics.stringWidth(run, face, size)
    return x


def _centred(canvas: Canvas, x: float, y: float, text: str, font: str, size: float) -> None:
    _text(canvas, x - _width(text, font, size) / 2, y, text, font, size)
