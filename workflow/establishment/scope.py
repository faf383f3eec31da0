"""The business scope: finding standard wordings, putting them into licence text, what the main business implies.

A search looks at characters, pinyin, initials and everyday words, and forgives typing errors.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal, Protocol

from workflow.catalogues.models import Industry, ScopeEntry
from workflow.catalogues.queries import Catalogue, from_files
from workflow.clock import today
from workflow.establishment.sounds import spoken

AFTER_LICENSED = (
    "（依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以相关部门批准文件或许可证件为准）"
)
AFTER_GENERAL = "（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）"
AFTER_ALL = "（依法须经批准的项目，经相关部门批准后方可开展经营活动）"  # SC-04
TRUST = {"official": 3.0, "register": 2.0, "no": 0.0, "class_name": -8.0}
_CALLED = re.compile(
    r"^(?:我想|想)?(?:开|卖|做|搞|办)(?:一?[家个间])?|(?:有限)?(?:公司|工作室|专卖店|门店|店铺|店|厂|馆|铺|园|场)$"
)
GOOD = 60.0  # when nothing is as good as this, the term may hold a typing error


class Chosen(Protocol):
    """An entry as chosen by an applicant or as it stands in the catalogue."""

    @property
    def text(self) -> str: ...
    @property
    def licensed(self) -> bool: ...


@dataclass(frozen=True)
class Hit:
    """A wording that answers a search; `score` is 0 to 110, higher is better."""

    entry: ScopeEntry
    score: float

    def as_json(self) -> dict[str, Any]:
        """The answer of `qibu scope search`."""
        entry = self.entry
        return {
            "code": entry.code,
            "text": entry.text,
            "licensed": entry.licensed,
            "industry_code": entry.industry_code,
            "score": round(self.score, 2),
        }


@dataclass
class Branch:
    """A node of the GB/T 4754 tree with what was found below it."""

    industry: Industry | None
    count: int = 0
    hits: list[Hit] = field(default_factory=list)
    children: list["Branch"] = field(default_factory=list)


def _clean(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)} or {text}


class _Index:
    """Everything about the wordings that a search compares with."""

    def __init__(self, catalogue: Catalogue, day: date) -> None:
        self.entries = list(catalogue.scope_entries.values())
        self.texts = [_clean(e.text) for e in self.entries]
        syllables = [spoken(t) for t in self.texts]
        self.sounds = [
            " ".join(["", *s]) for s in syllables
        ]  # a blank before each syllable marks its beginning
        self.joined = ["".join(s) for s in syllables]
        self.initials = ["".join(x[0] for x in s if x) for s in syllables]
        self.number = {e.text: i for i, e in enumerate(self.entries)}
        self.classes = [_clean(e.description) for e in self.entries]
        self.by_pair: dict[str, list[int]] = {}
        self.by_sound_pair: dict[str, list[int]] = {}
        for number, (text, joined) in enumerate(zip(self.texts, self.joined, strict=True)):
            for pair in _pairs(text):
                self.by_pair.setdefault(pair, []).append(number)
            for pair in _pairs(joined):
                self.by_sound_pair.setdefault(pair, []).append(number)
        self.synonyms = [
            (_clean(s.word), [self.number[t] for t in s.texts if t in self.number])
            for s in catalogue.scope_synonyms
            if s.holds(day)
        ]
        self.synonym_sounds = ["".join(spoken(word)) for word, _ in self.synonyms]
        self.synonym_initials = ["".join(x[0] for x in spoken(word)) for word, _ in self.synonyms]


@lru_cache(maxsize=2)
def _index(catalogue: Catalogue, day: date) -> _Index:
    return _Index(catalogue, day)


def search(
    term: str, limit: int = 20, *, catalogue: Catalogue | None = None, day: date | None = None
) -> list[Hit]:
    """Standard wordings for a keyword, best first (SC-01, SC-11). An empty term finds nothing."""
    facts = catalogue or from_files()
    when = day or today()
    index, words = _index(facts, when), _clean(term)
    if not words or limit <= 0:
        return []
    scores: dict[int, float] = {}

    def give(number: int, score: float) -> None:
        if score > scores.get(number, 0.0):
            scores[number] = score

    _by_characters(index, words, give)
    latin = re.sub(r"[^a-z]", "", words)
    if latin == words.replace("'", "") and len(latin) >= 2:
        _by_letters(index, latin, give)
    elif len(words) >= 2 and max(scores.values(), default=0.0) < (GOOD if len(words) >= 3 else 1):
        # a wrong character of the right sound
        sound = " " + " ".join(spoken(words))
        for number, reading in enumerate(index.sounds):
            if sound in reading:
                give(number, 62.0)
    if max(scores.values(), default=0.0) < GOOD and (core := _core(words)) != words:
        _by_characters(index, core, lambda number, score: give(number, score - 2.0))
    if max(scores.values(), default=0.0) < GOOD:
        _by_likeness(index, words, latin, give)
    hits = [
        Hit(entry, score + TRUST.get(entry.attested, 0.0) - min(len(entry.text), 60) / 20)
        for number, score in scores.items()
        if (entry := index.entries[number]).holds(when)
    ]
    return sorted(hits, key=lambda h: (-h.score, h.entry.code))[:limit]


def _core(words: str) -> str:
    """What a business deals in, of what people call it: 软件 of 软件公司, 鞋 of 卖鞋."""
    return _CALLED.sub("", words) or words


def _by_characters(index: _Index, words: str, give: Any) -> None:
    for number, text in enumerate(index.texts):
        where = text.find(words)
        if where >= 0:
            give(number, 110.0 if text == words else 86.0 if where == 0 else 76.0 - min(where, 10) / 2)
        elif len(words) >= 2 and words in index.classes[number]:
            give(number, 40.0)
    for word, numbers in index.synonyms:
        base = 0.0
        if word == words:
            base = 100.0
        elif len(words) >= 2 and word.startswith(words):
            base = 70.0
        elif len(word) >= 2 and not word.isascii() and word in words:
            base = 66.0 + 10.0 * len(word) / len(words)
        if base:
            for place, number in enumerate(numbers):
                give(number, base - 1.5 * place)


def _by_letters(index: _Index, latin: str, give: Any) -> None:
    """Pinyin from the beginning of a syllable, or initials."""
    for number, joined in enumerate(index.joined):
        if joined.startswith(latin):
            give(number, 84.0)
        elif index.initials[number].startswith(latin):
            give(number, 80.0)
        elif len(latin) >= 3 and latin in joined and _at_syllable(index.sounds[number], latin):
            give(number, 72.0)
        elif len(latin) >= 3 and latin in index.initials[number]:
            give(number, 64.0)
    for (_, numbers), sound, initials in zip(
        index.synonyms, index.synonym_sounds, index.synonym_initials, strict=True
    ):
        base = (
            96.0
            if sound == latin
            else 82.0
            if initials == latin
            else 68.0
            if sound.startswith(latin) and len(latin) >= 3
            else 0.0
        )
        if base:
            for place, number in enumerate(numbers):
                give(number, base - 1.5 * place)


def _at_syllable(sound: str, latin: str) -> bool:
    syllables = sound.split()
    return any("".join(syllables[i:]).startswith(latin) for i in range(len(syllables)))


def _by_likeness(index: _Index, words: str, latin: str, give: Any) -> None:
    """Typing errors: shared pairs of characters, or of letters of the pinyin."""
    ascii_only = bool(latin) and latin == words
    if ascii_only:
        sources = [(_pairs(words), index.by_sound_pair, index.joined, 0.55, 0.5)]
    else:
        sources = [
            (_pairs(words), index.by_pair, index.texts, 0.3, 0.5),
            (_pairs("".join(spoken(words))), index.by_sound_pair, index.joined, 0.6, 0.8),
        ]
    for wanted, inverted, all_texts, least, enough in sources:
        shared: Counter[int] = Counter()
        for pair in wanted:
            shared.update(inverted.get(pair, ()))
        for number, common in shared.items():
            covered = common / len(wanted)
            alike = 2 * common / (len(wanted) + max(1, len(all_texts[number]) - 1))
            if covered >= max(least, enough) or alike >= least:
                give(number, 25.0 + 20.0 * covered + 15.0 * alike)
    if ascii_only:
        wanted = _pairs(latin)
        for (_, numbers), sound in zip(index.synonyms, index.synonym_sounds, strict=True):
            if len(wanted & _pairs(sound)) >= 0.7 * max(len(wanted), len(sound) - 1):
                for place, number in enumerate(numbers):
                    give(number, 58.0 - place)
    elif len(words) >= 2:
        for word, numbers in index.synonyms:
            if abs(len(word) - len(words)) <= 1 and len(word) >= 3 and _one_apart(word, words):
                for place, number in enumerate(numbers):
                    give(number, 60.0 - place)


def _one_apart(a: str, b: str) -> bool:
    """Whether two words differ by one character changed, added, left out, or two neighbours exchanged."""
    if len(a) == len(b):
        different = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
        swapped = (
            len(different) == 2
            and different[1] == different[0] + 1
            and a[different[0]] == b[different[1]]
            and a[different[1]] == b[different[0]]
        )
        return len(different) == 1 or swapped
    short, long = sorted((a, b), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def grouped(hits: Sequence[Hit], *, catalogue: Catalogue | None = None) -> list[Branch]:
    """Hits as a tree of GB/T 4754 with counts; branches in the order of their best hit, the unplaced ones last."""
    facts = catalogue or from_files()
    top: list[Branch] = []
    nodes: dict[str, Branch] = {}
    for hit in hits:
        level = top
        node: Branch | None = None
        for industry in facts.industry_path(hit.entry.industry_code):
            node = nodes.get(industry.code)
            if node is None:
                node = nodes[industry.code] = Branch(industry)
                level.append(node)
            node.count += 1
            level = node.children
        if node is None:
            node = nodes.setdefault("", Branch(None))
            node.count += 1
        node.hits.append(hit)
    return top + ([nodes[""]] if "" in nodes else [])


def compose(entries: Iterable[Chosen], style: Literal["split", "single"] = "split") -> str:
    """The text of a licence: SC-03 (licensed and general items apart), or `single` for SC-04. Empty without entries."""
    entries = list(entries)
    if style == "single":
        return "；".join(e.text for e in entries) + AFTER_ALL if entries else ""
    licensed = "；".join(e.text for e in entries if e.licensed)
    general = "；".join(e.text for e in entries if not e.licensed)
    return (f"许可项目：{licensed}{AFTER_LICENSED}" if licensed else "") + (
        f"一般项目：{general}{AFTER_GENERAL}" if general else ""
    )


def forbidden_words(text: str, *, catalogue: Catalogue | None = None, day: date | None = None) -> list[str]:
    """Words that a scope may not contain (SC-12, WORD-01). Latin words count only when they stand alone."""
    facts, when, words = catalogue or from_files(), day or today(), _clean(text)
    found = []
    for row in facts.scope_forbidden_words:
        wanted = _clean(row.word)
        pattern = rf"(?<![a-z]){re.escape(wanted)}(?![a-z])" if wanted.isascii() else re.escape(wanted)
        if row.holds(when) and re.search(pattern, words):
            found.append(row.word)
    return found


@dataclass(frozen=True)
class MainBusiness:
    """What the first entry implies (SC-07). `industry` is the class (大类); `word` may be empty."""

    entry: ScopeEntry
    industry: Industry | None
    word: str


def main_business(code: str, *, catalogue: Catalogue | None = None) -> MainBusiness | None:
    """The industry class and the industry word proposed for a name by a main business; None for an unknown entry."""
    facts = catalogue or from_files()
    entry = facts.scope_entries.get(code)
    if entry is None:
        return None
    path = facts.industry_path(entry.industry_code)
    industry = next((i for i in path if i.level == 2), path[-1] if path else None)
    return MainBusiness(entry, industry, entry.proposed_word)
