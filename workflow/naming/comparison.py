"""Same and similar names: CMP-S1 to S3, CMP-N1 to N6, in pure functions, and the keys by which they are found.

Two names are compared when they share an area (CMP-B5, B7, B9) and a trade (CMP-B4, B8). A name whose trade name
is the same blocks; one that sounds, looks or contains alike is put before a person (section 0.2 of the rules).

A stored name carries a key for every way in which another name could meet it: `W` its whole reading, `S` each part
of its reading, `E` its characters; each joined with its area and its trade, so that one index scan finds exactly
the colliding names and nothing else.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from workflow.naming import facts
from workflow.naming.catalogue import Catalogue
from workflow.naming.parts import Parts
from workflow.naming.text import reading_sets, readings

BLOCKING = frozenset({"CMP-S1", "CMP-S2", "CMP-S3", "CMP-N1", "CMP-B4"})
NO_TRADE = "none"  # no industry term, or one that GB/T 4754 does not know (CMP-N5)
UNKNOWN = "U"  # an industry term without a class: compares by the word and its synonyms only
ANY = "any"
PART_LENGTHS = range(2, 7)  # characters of a contained trade name
SLOTS = 1 << 20
_INNER_FORM = re.compile("公司|合作社|合伙企业|事务所|厂|中心")


@dataclass(frozen=True, slots=True)
class Entry:
    """What comparison needs to know of a name."""

    name: str
    division: str
    trade_name: str
    industry: str
    industry_word: str
    industry_class: str
    form: str


def industry_class(parts: Parts, declared: str = "") -> str:
    """The GB/T 4754 class (two digits, CMP-B8) of a name's industry term, with the declared code as a help.

    A term the table maps only to a section takes the declared class when that lies in the section.
    """
    declared = declared[:3] if len(declared) >= 3 else ""
    word = parts.industry_word
    if not word:
        return facts.FORM_INDUSTRY.get(parts.form, NO_TRADE)
    if word in facts.GENERIC_WORDS:
        return NO_TRADE
    code = parts.industry_code
    if len(code) >= 3:
        return code[:3]
    if code:
        return declared if declared[:1] == code else code
    return declared or UNKNOWN


def entry(parts: Parts, declared: str = "") -> Entry:
    """The comparison view of a parsed name."""
    form = parts.group + parts.form + parts.bracket
    return Entry(
        parts.name, parts.division + parts.zone, parts.trade_name, parts.industry, parts.industry_word,
        industry_class(parts, declared), form,
    )  # fmt: skip


def areas(authority_division: str, division_code: str) -> list[str]:
    """The comparison sets of a name: its prefecture, and its province when it bears the province's name (CMP-B7)."""
    found = [facts.prefecture_of(authority_division)]
    if division_code.endswith("0000") and division_code not in found:
        found.append(division_code)
    return found


def same_trade(a: Entry, b: Entry, catalogue: Catalogue) -> bool:
    """Whether two names are of one trade: class, word or synonym group in common, or one names none (CMP-B4)."""
    if NO_TRADE in (a.industry_class, b.industry_class):
        return True
    if a.industry_class == b.industry_class != UNKNOWN:
        return True
    if a.industry_word and a.industry_word == b.industry_word:
        return True
    group = catalogue.group_of(a.industry_word)
    return bool(group) and group == catalogue.group_of(b.industry_word)


def relation(a: Entry, b: Entry, catalogue: Catalogue) -> str:
    """The rule under which name `a` collides with an existing name `b` of its area; an empty string for none."""
    if not a.trade_name or not b.trade_name or not same_trade(a, b, catalogue):
        return ""
    open_trade = NO_TRADE in (a.industry_class, b.industry_class)
    if a.trade_name == b.trade_name:
        if a.name == b.name:
            return "CMP-S1"
        if _stem(a.industry) == _stem(b.industry):
            same_words = a.division == b.division and a.form == b.form
            return "CMP-S2" if same_words and a.industry == b.industry else "CMP-S3"
        if open_trade:
            return "CMP-B4"
        return "CMP-S3" if a.industry_word == b.industry_word else "CMP-N1"
    mine, other = reading_sets(a.trade_name), reading_sets(b.trade_name)
    if len(mine) == len(other):
        if all(set(x) & set(y) for x, y in zip(mine, other, strict=True)):
            return "CMP-N5" if open_trade else "CMP-N2"
        return "CMP-N6" if looks_alike(a.trade_name, b.trade_name, catalogue) else ""
    short, long = sorted((a.trade_name, b.trade_name), key=len)
    if len(short) not in PART_LENGTHS:
        return ""
    if short in long:
        return "CMP-N5" if open_trade else "CMP-N3"
    few, many = sorted((mine, other), key=len)
    for offset in range(len(many) - len(few) + 1):
        if all(set(x) & set(y) for x, y in zip(few, many[offset:], strict=False)):
            return "CMP-N5" if open_trade else "CMP-N4"
    return ""


def _stem(industry: str) -> str:
    """酒业 and 酒 (of 酒厂) are the same words of trade (CMP-S3)."""
    return industry.removesuffix("业") if len(industry) > 1 else industry


def looks_alike(a: str, b: str, catalogue: Catalogue) -> bool:
    """Whether two trade names differ in one character only, and by a look-alike (CMP-N6)."""
    different = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return len(different) == 1 and different[0][1] in catalogue.lookalikes.get(different[0][0], ())


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


@lru_cache(maxsize=4096)
def _place(area: str, unit: str) -> int:
    return _digest(f"@{area}|{unit}")


def _joined(digests: Iterable[int], areas_: Sequence[str], trades: Iterable[str]) -> list[int]:
    places = [_place(area, unit) for unit in trades for area in areas_]
    return [d ^ p for d in digests for p in places]


def word_class(word: str) -> str:
    """The class of an industry word alone, without the help of a declared code."""
    known = facts.industry_words().get(word)
    return (known.code[:3] if known else "") or UNKNOWN


def units(of: Entry) -> list[str]:
    """The trades under which a name is stored: its class, the class of its word alone, and any."""
    if of.industry_class == NO_TRADE or not of.industry_word:
        return [of.industry_class, ANY]
    return sorted({of.industry_class, word_class(of.industry_word), ANY})


def stored_keys(of: Entry, areas_: Sequence[str]) -> list[int]:
    """The keys of a name in the register (64-bit, signed)."""
    trade_name = of.trade_name
    if not trade_name:
        return []
    sets = reading_sets(trade_name)
    texts = {"W" + r for r in readings(sets)}
    texts.add("E" + trade_name)
    size = len(sets)
    for length in PART_LENGTHS:
        if length >= size:
            break
        for start in range(size - length + 1):
            texts.update("S" + r for r in readings(sets[start : start + length]))
    return _joined(map(_digest, texts), areas_, units(of))


def reading_keys(trade_name: str, areas_: Sequence[str]) -> list[int]:
    """The keys under which names of this very reading are stored, whatever their trade."""
    return _joined([_digest("W" + r) for r in readings(reading_sets(trade_name))], areas_, (ANY,))


@dataclass(frozen=True, slots=True)
class Search:
    """What to ask the register: all keys, those of the whole reading, and the trades and words that count."""

    keys: list[int]
    whole: list[int]
    lookalikes: list[str]
    trade: str
    words: list[str]


def search(proposed: Entry, areas_: Sequence[str], catalogue: Catalogue) -> Search:
    """The look-up for a proposed name: every name that `relation` would find, by exact keys."""
    trade_name = proposed.trade_name
    group = catalogue.group_of(proposed.industry_word)
    words = [proposed.industry_word, *(catalogue.members[group] if group else ())]
    if proposed.industry_class == NO_TRADE:
        wanted = [ANY]
    else:
        wanted = sorted({proposed.industry_class, NO_TRADE, *map(word_class, filter(None, words))})
    sets = reading_sets(trade_name)
    whole_readings = readings(sets)
    parts: set[str] = set()
    size = len(sets)
    for length in PART_LENGTHS:
        if length >= size:
            break
        for start in range(size - length + 1):
            parts.update("W" + r for r in readings(sets[start : start + length]))
    variants = [
        trade_name[:i] + other + trade_name[i + 1 :]
        for i, character in enumerate(trade_name)
        for other in catalogue.lookalikes.get(character, ())
    ]
    whole = _joined([_digest("W" + r) for r in whole_readings], areas_, wanted)
    texts = [*parts, *("E" + v for v in variants)]
    if size in PART_LENGTHS:
        texts += ["S" + r for r in whole_readings]
    keys = whole + _joined(map(_digest, texts), areas_, wanted)
    return Search(keys, whole, variants, proposed.industry_class, [w for w in words if w])


def full_names_inside(name: str) -> list[str]:
    """What could be another enterprise's full name inside this one (NM-22): all that ends with a form before the end."""
    ends = (found.end() for found in _INNER_FORM.finditer(name, 0, len(name) - 1))
    return [name[start:end] for end in ends for start in range(end - 5)]


def lock_numbers(trade_name: str, areas_: Sequence[str]) -> list[int]:
    """Advisory locks that order everything that can block: one per area and trade name, sorted."""
    return sorted(_digest(f"L{area}|{trade_name}") for area in areas_)


def guard(proposed: Entry, areas_: Sequence[str], catalogue: Catalogue) -> list[tuple[int, int]]:
    """Half-open ranges that overlap exactly when two names block each other (same trade name, same trade).

    A name and area take one stretch of numbers; a trade takes points in it for its class, word and synonym group,
    and a name without a trade takes the whole stretch. An exclusion constraint keeps live holders apart.
    """
    ranges = []
    for area in areas_:
        base = (_digest(f"G{area}|{proposed.trade_name}") & ((1 << 42) - 1)) << 20
        if proposed.industry_class == NO_TRADE:
            ranges.append((base, base + SLOTS))
            continue
        marks = {"w" + proposed.industry_word}
        if proposed.industry_class != UNKNOWN:
            marks.add("c" + proposed.industry_class)
        if group := catalogue.group_of(proposed.industry_word):
            marks.add("g" + group)
        points = {base + _digest(mark) % SLOTS for mark in marks}
        ranges += [(point, point + 1) for point in points]
    return sorted(set(ranges))
