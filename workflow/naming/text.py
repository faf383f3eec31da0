"""How a name is written: normal form, character set, readings."""

import itertools
import re
from functools import lru_cache

from workflow.naming import facts

READINGS_LIMIT = (
    64  # whole readings kept of one trade name; beyond, the rarer readings of its first characters go
)
_FOLD = {i: i - 0xFEE0 for i in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x3007: "零"}
_BRACKETS = str.maketrans("()〔〕［］【】[]<>", "（）（）（）（）（）（）")
_DOUBLED = re.compile("（{2,}|）{2,}")
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=1)
def standard_characters() -> frozenset[str]:
    """The characters a name may be written with (NM-04): the 8,105 of the national list."""
    listed = {row["character"] for row in facts.rows("names_characters.csv")}
    return frozenset(listed)


@lru_cache(maxsize=1)
def _converter():  # type: ignore[no-untyped-def]  # the package carries no types
    import opencc  # only needed when a traditional character appears

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=1)
def _unfolding() -> frozenset[str]:
    """Characters that folding leaves alone."""
    return standard_characters() | {chr(i) for i in range(0x370)} | {"（", "）"}


def simplified(text: str) -> str:
    """Traditional characters folded to simplified ones; the same text when every character is standard."""
    if _unfolding().issuperset(text):
        return text
    folded = str(_converter().convert(text))
    if len(folded) != len(text):
        return folded
    standard = standard_characters()
    return "".join(old if old in standard else new for old, new in zip(text, folded, strict=True))


def unfolded(text: str) -> str:
    """Half-width letters, full-width brackets, no spaces; the characters stay as written."""
    folded = _SPACE.sub("", text.translate(_FOLD).translate(_BRACKETS))
    return _DOUBLED.sub(lambda m: m.group()[0], folded)


def normalise(text: str) -> str:
    """The form in which names are compared: as `unfolded`, and simplified."""
    return simplified(unfolded(text))


@lru_cache(maxsize=65536)
def character_readings(character: str) -> tuple[str, ...]:
    """Toneless readings of one character; a character without any reads as itself."""
    return facts.readings_of_characters().get(character, (character,))


def reading_sets(trade_name: str) -> list[tuple[str, ...]]:
    """The readings of each character, trimmed from the left until at most READINGS_LIMIT combinations remain."""
    sets = [character_readings(c) for c in trade_name]
    count = 1
    for readings in sets:
        count *= len(readings)
    position = 0
    while count > READINGS_LIMIT:
        count //= len(sets[position])
        sets[position] = sets[position][:1]
        position += 1
    return sets


def readings(sets: list[tuple[str, ...]]) -> list[str]:
    """All whole readings, syllables parted by spaces."""
    return [" ".join(one) for one in itertools.product(*sets)]
