"""What signatures look like on paper: a person's stamp with name, time and serial; an authority's round seal."""

import math
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from signing.papers import fonts

RED, INK, GREY = HexColor("#b3261e"), HexColor("#16202a"), HexColor("#5b6570")


def personal(name: str, when: datetime, serial: str, width: float, height: float) -> bytes:
    """A person's stamp as a one-page PDF of this size in points: name, time in China, certificate serial."""
    fonts.register()
    out = BytesIO()
    canvas = Canvas(out, pagesize=(width, height), invariant=True)
    size = min(height * 0.42, (width - 8) / max(2, len(name)) * 0.9, 20)
    canvas.setFillColor(INK)
    canvas.setFont(fonts.SERIF_BOLD, size)
    canvas.drawString(3, height - size - 1, name)
    small = max(4.2, min(6.2, height * 0.14))
    canvas.setFillColor(GREY)
    canvas.setFont(fonts.SANS, small)
    local = when.astimezone(ZoneInfo("Asia/Shanghai"))
    canvas.drawString(3, small * 1.45 + 1, f"电子签名 {local:%Y-%m-%d %H:%M:%S} +08:00")
    canvas.drawString(3, 1.5, f"证书 {serial[:24]}")
    canvas.setStrokeColor(RED)
    canvas.setLineWidth(1.2)
    canvas.line(0.6, 0, 0.6, height)
    canvas.save()
    return out.getvalue()


def round_seal(name: str, sample: bool, size: float = 120) -> bytes:
    """An authority's seal: its name around, our own plain mark (no state emblem) inside, 样例 while it is no real one."""
    fonts.register()
    out = BytesIO()
    canvas = Canvas(out, pagesize=(size, size), invariant=True)
    middle, ring = size / 2, size / 2 - 3
    canvas.setStrokeColor(RED)
    canvas.setFillColor(RED)
    canvas.setLineWidth(2.4)
    canvas.circle(middle, middle, ring)
    words = name.replace("（样例）", "")
    letter = min(13.0, 260 / max(8, len(words)))
    spread = min(290.0, 22.0 * len(words))
    canvas.setFont(fonts.SERIF_BOLD, letter)
    for index, character in enumerate(words):
        angle = 90 + spread / 2 - spread * (index + 0.5) / len(words)
        canvas.saveState()
        canvas.translate(
            middle + (ring - letter * 0.9) * math.cos(math.radians(angle)),
            middle + (ring - letter * 0.9) * math.sin(math.radians(angle)),
        )
        canvas.rotate(angle - 90)
        canvas.drawCentredString(0, -letter * 0.35, character)
        canvas.restoreState()
    half = size * 0.13
    canvas.roundRect(middle - half, middle - half, 2 * half, 2 * half, half * 0.2, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.setFont(fonts.SERIF_BOLD, half * 0.82)
    canvas.drawCentredString(middle, middle + half * 0.12, "七")
    canvas.drawCentredString(middle, middle - half * 0.8, "步")
    if sample:
        canvas.setFillColor(RED)
        canvas.setFont(fonts.SANS_BOLD, size * 0.08)
        canvas.drawCentredString(middle, size * 0.16, "样　例")
    canvas.save()
    return out.getvalue()
