"""Sums and dates as papers print them."""

from datetime import date

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


def percent(part: int | None, whole: int | None) -> str:
    """A share in percent with at most two decimals, such as 33.33%; empty when it cannot be told."""
    if part is None or not whole:
        return ""
    return f"{part * 100 / whole:.2f}".rstrip("0").rstrip(".") + "%"


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
