"""Sums and dates as papers print them."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import cn2an

DIGITS = "〇一二三四五六七八九"


def capitals(fen: int) -> str:
    """A sum in fen in Chinese capitals (大写金额), such as 伍拾万元整; the licence prints capital so (LIC-08).

    Raises `ValueError` for a negative sum.
    """
    if fen < 0:
        raise ValueError("a sum on a paper is not negative")
    yuan, rest = divmod(fen, 100)
    jiao, cent = divmod(rest, 10)
    text = cn2an.an2cn(yuan, "up") + "元" if yuan or not rest else ""
    if not rest:
        return text + "整"
    if jiao:
        text += cn2an.an2cn(jiao, "up") + "角"
    elif yuan:
        text += "零"
    return text + (cn2an.an2cn(cent, "up") + "分" if cent else "整")


def wan(fen: int | None) -> str:
    """A sum in fen as 万元 without needless zeros: 50, 0.5, 1234.56; empty when it is not known."""
    if fen is None:
        return ""
    whole, rest = divmod(fen, 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)


def shares(parts: Sequence[int]) -> list[Decimal]:
    """Each part of the sum in percent with two places, adding up to exactly 100.00; empty when there is no sum.

    What rounding leaves over goes to those who lost most by it.
    """
    total = sum(parts)
    if total <= 0:
        return []
    cent = Decimal("0.01")
    exact = [Decimal(100 * part) / total for part in parts]
    rounded = [value.quantize(cent, ROUND_HALF_UP) for value in exact]
    left = int((Decimal(100) - sum(rounded)) / cent)
    step = 1 if left > 0 else -1
    order = sorted(range(len(parts)), key=lambda n: (rounded[n] - exact[n]) * step)
    for place in order[: abs(left)]:
        rounded[place] += cent * step
    return rounded


def percents(parts: Sequence[int]) -> list[str]:
    """The shares as printed, without needless zeros, such as 33.34%; blanks when there is no sum."""
    found = [f"{value:f}".rstrip("0").rstrip(".") + "%" for value in shares(parts)]
    return found or [""] * len(parts)


def day(value: date | None) -> str:
    """A date as 2026年11月24日, or blanks to be filled in."""
    return f"{value.year}年{value.month}月{value.day}日" if value else "    年    月    日"


def short_day(value: date | None) -> str:
    """A date for a narrow column, 2026-11-24, or a dash."""
    return value.isoformat() if value else "—"


def numeral(number: int) -> str:
    """A small number in Chinese, such as 十二 for an article or chapter."""
    text: str = cn2an.an2cn(number, "low")
    return text[1:] if text.startswith("一十") else text
