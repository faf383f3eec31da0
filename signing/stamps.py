"""What signatures look like on paper: a person's stamp with name, time and serial; an authority's round seal."""

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from signing.drawing import Colour, Drawing, width
from signing.papers import fonts

RED: Colour = (0.702, 0.149, 0.118)
INK: Colour = (0.086, 0.125, 0.165)
GREY: Colour = (0.357, 0.396, 0.439)
WHITE: Colour = (1, 1, 1)
LABELS = "".join(sorted(set("电子签名时间证书（北京时间）0123456789abcdef -:")))


def personal(name: str, when: datetime, serial: str, across: float, height: float) -> Drawing:
    """A person's stamp for a box of this size in points: name, time in China, certificate serial."""
    drawing = Drawing(across, height, {fonts.SANS: LABELS})
    small = max(4.4, min(6.8, height * 0.11, across / 31))
    room = across - 14
    size = min(height * 0.40, 24.0)
    size = max(6.0, size * min(1.0, room / max(1.0, width(fonts.SERIF_BOLD, size, name))))
    block = size + small * 3.4
    base = max(1.5, (height - block) / 2)
    drawing.rectangle(2, base, 1.6, block, RED)
    drawing.text(fonts.SERIF_BOLD, size, 9, base + small * 3.4 + size * 0.1, name, INK)
    local = when.astimezone(ZoneInfo("Asia/Shanghai"))
    moment = f"电子签名时间 {local:%Y-%m-%d %H:%M:%S}（北京时间）"
    drawing.text(fonts.SANS, small, 9, base + small * 1.75, moment, GREY)
    drawing.text(fonts.SANS, small, 9, base + small * 0.3, f"证书 {serial[:16]}", GREY)
    return drawing


def acceptance(office: str, when: datetime, serial: str, across: float, height: float) -> Drawing:
    """The authority's acceptance on a paper for a box of this size in points: word, office, day in China, serial."""
    drawing = Drawing(across, height, {fonts.SANS: LABELS})
    drawing.frame(0.6, 0.6, across - 1.2, height - 1.2, 1.0, RED)
    word, wide = "准予登记", height * 0.36
    drawing.text(fonts.SERIF_BOLD, wide, 8, (height - wide) / 2 + wide * 0.12, word, RED)
    left = 8 + width(fonts.SERIF_BOLD, wide, word) + 8
    drawing.rectangle(left - 4.5, height * 0.2, 0.5, height * 0.6, RED)
    room = across - left - 6
    name = min(8.0, 8.0 * room / max(1.0, width(fonts.SERIF_BOLD, 8.0, office)))
    drawing.text(fonts.SERIF_BOLD, name, left, height * 0.56, office, RED)
    day = when.astimezone(ZoneInfo("Asia/Shanghai"))
    drawing.text(fonts.SANS, 5.6, left, height * 0.2, f"{day:%Y-%m-%d}  证书 {serial[:16]}", GREY)
    return drawing


def round_seal(name: str, sample: bool, size: float = 120) -> Drawing:
    """An authority's seal: its name around, our own plain mark (no state emblem) inside, 样例 while it is no real one."""
    drawing = Drawing(size, size)
    middle, ring = size / 2, size / 2 - size * 0.025
    drawing.circle(middle, middle, ring, size * 0.02, RED)
    words = name.replace("（样例）", "")
    letter = size * min(0.115, 2.2 / max(8, len(words)))
    spread = min(300.0, 22.0 * len(words))
    radius = ring - letter * 1.25
    for index, character in enumerate(words):
        turned = spread / 2 - spread * (index + 0.5) / len(words)
        angle, tilt = math.radians(90 + turned), math.radians(turned)
        half = width(fonts.SERIF_BOLD, letter, character) / 2
        cos, sin = math.cos(tilt), math.sin(tilt)
        x = middle + radius * math.cos(angle) - half * cos + letter * 0.1 * sin
        y = middle + radius * math.sin(angle) - half * sin - letter * 0.1 * cos
        drawing.text(fonts.SERIF_BOLD, letter, x, y, character, RED, (cos, sin))
    half = size * 0.13
    drawing.rectangle(middle - half, middle - half, 2 * half, 2 * half, RED)
    mark = half * 0.88
    drawing.text(fonts.SERIF_BOLD, mark, middle - mark / 2, middle + half * 0.12, "七", WHITE)
    drawing.text(fonts.SERIF_BOLD, mark, middle - mark / 2, middle - half * 0.82, "步", WHITE)
    if sample:
        label = size * 0.075
        across = width(fonts.SANS_BOLD, label, "样　例")
        drawing.text(fonts.SANS_BOLD, label, middle - across / 2, size * 0.15, "样　例", RED)
    return drawing
