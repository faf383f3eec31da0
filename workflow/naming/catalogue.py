"""Restricted words, synonyms and look-alikes in force: the carried lists with the approved changes laid over them.

A catalogue is immutable; `number` is that of the last approved change. `restricted` goes over a name once, however
many words there are (Aho-Corasick), and knows where a word stands inside another one.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import ahocorasick

from workflow.naming import facts

Effect = Literal["block", "review", "warn"]
LONGEST = 10  # characters of a word that gives a restricted one another meaning
TRADE_RULES = ("LIM-13", "WORD-02")  # words about the trade itself: an industry word around them is no excuse
_EFFECTS: dict[str, Effect] = {"forbid": "block", "review": "review", "warn": "warn"}


@dataclass(frozen=True, slots=True)
class RestrictedWord:
    """A word that a name may not, or only after review, contain. `match` whole: only as the whole trade name."""

    word: str
    category: str
    rule: str
    effect: Effect
    match: str
    exceptions: tuple[str, ...]
    basis: str
    valid_from: date
    valid_to: date | None
    source: str = ""

    def in_force(self, on: date) -> bool:
        """Whether the word counts on that day; both ends are included."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Change:
    """An approved change: `kind` word, synonym or lookalike; `action` add or withdraw; `values` as sorted pairs."""

    number: int
    kind: str
    action: str
    values: tuple[tuple[str, str], ...]


def restricted_word(values: dict[str, Any]) -> RestrictedWord:
    """A row of the word list, from the file or from a change. Raises KeyError, ValueError when it is incomplete."""
    until = values.get("valid_to") or ""
    return RestrictedWord(
        values["word"], values["category"], values["rule"], _EFFECTS[values["effect"]], values.get("match") or "part",
        tuple(filter(None, (values.get("exceptions") or "").split(";"))), values.get("basis") or "",
        date.fromisoformat(values["valid_from"]), date.fromisoformat(until) if until else None,
        values.get("source") or "",
    )  # fmt: skip


class Catalogue:
    """All lists at one moment. Built by `compiled`; never changed afterwards."""

    def __init__(self, changes: tuple[Change, ...]):
        self.changes = changes
        self.number = changes[-1].number if changes else 0
        self.words: dict[str, RestrictedWord] = {}
        for row in facts.rows("names_words.csv"):
            self.words[row["word"]] = restricted_word(row)
        self.groups = {w.word: w.group for w in facts.industry_words().values() if w.group}
        pairs = {(r["a"], r["b"]) for r in facts.rows("names_lookalikes.csv")}
        for change in changes:
            values = dict(change.values)
            if change.kind == "word":
                self.words.pop(values["word"], None)
                if change.action == "add":
                    self.words[values["word"]] = restricted_word(values)
            elif change.kind == "synonym":
                self.groups.pop(values["word"], None)
                if change.action == "add":
                    self.groups[values["word"]] = values["group"]
            else:
                pair = (values["a"], values["b"])
                pairs -= {pair, pair[::-1]}
                if change.action == "add":
                    pairs.add(pair)
        sides: dict[str, set[str]] = {}
        for a, b in pairs:
            sides.setdefault(a, set()).add(b)
            sides.setdefault(b, set()).add(a)
        self.lookalikes: dict[str, frozenset[str]] = {c: frozenset(others) for c, others in sides.items()}
        self.members: dict[str, tuple[str, ...]] = {}
        for word, group in self.groups.items():
            self.members[group] = (*self.members.get(group, ()), word)
        self._automaton = ahocorasick.Automaton()
        for text in self.words:
            self._automaton.add_word(text, text)
        self._automaton.make_automaton()
        self._exceptions = frozenset(e for word in self.words.values() for e in word.exceptions)

    def group_of(self, word: str) -> str:
        """The synonym group of an industry word, or an empty string."""
        return self.groups.get(word, "")

    def restricted(self, text: str, on: date, boundary: int = 0) -> list[tuple[RestrictedWord, int]]:
        """The restricted words in a text and where each begins, in one pass.

        A word inside a longer one of another meaning does not count (中央 in 中央空调), nor does one that straddles
        two known words (国安 in 中国|安全), nor one inside a longer restricted word. At `boundary`, where the trade
        name ends, one known word that cuts it is enough (美国 in 天美|国际).
        """
        hits = [
            (end + 1 - len(value), end + 1, self.words[value]) for end, value in self._automaton.iter(text)
            if self.words[value].in_force(on)
        ]  # fmt: skip
        if not hits:
            return []
        trades = facts.industry_words()
        spans = [(s, e) for s in range(len(text)) for e in range(s + 2, min(len(text), s + LONGEST) + 1)]
        excepted = [(s, e) for s, e in spans if text[s:e] in self._exceptions]
        known = excepted + [(s, e) for s, e in spans if text[s:e] in trades or text[s:e] == "国际"]

        def cut(start: int, end: int) -> bool:
            before = any(s < start < e < end for s, e in known)
            behind = any(start < s < end < e for s, e in known)
            return (before and behind) or (start < boundary < end and (before or behind))

        hits = [hit for hit in hits if not cut(hit[0], hit[1])]
        found = []
        for start, end, word in hits:
            shields = excepted if word.rule in TRADE_RULES else known
            if any(s <= start and end <= e and e - s > end - start for s, e in shields):
                continue
            if any(s <= start and end <= e and e - s > end - start for s, e, _ in hits):
                continue
            found.append((word, start))
        return found


@lru_cache(maxsize=4)
def compiled(changes: tuple[Change, ...] = ()) -> Catalogue:
    """The catalogue that these approved changes make; cached, as changes only ever are added."""
    return Catalogue(changes)
