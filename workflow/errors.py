"""The few ways in which the domain says no. `app/web/errors.py` turns them into pages and JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Words:
    """What a rule tells a person, in both languages of the platform."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text for a locale such as `zh_Hans_CN` or `en`."""
        return self.zh if language.startswith("zh") else self.en

    def format(self, **values: object) -> "Words":
        """The same words with `{placeholders}` filled in."""
        return Words(self.zh.format(**values), self.en.format(**values))


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what was entered.

    `code` is the fact in the domain rules that it breaks (`LLC-02`), or a form-level code (`required`).
    `field` is the path of the value, such as `shareholders.0.amount`; empty for the whole.
    A `warning` lets the person go on.
    """

    code: str
    field: str
    words: Words
    basis: str = ""
    severity: str = "error"


@dataclass
class RuleViolation(Exception):
    """The values break rules; nothing was changed. Carries every problem found, not only the first."""

    problems: Sequence[Problem]

    def __str__(self) -> str:
        return "; ".join(f"{p.field}: {p.code} {p.words.en}" for p in self.problems)


class NotAllowed(Exception):
    """The acting person may not do this (403)."""


class NotFound(Exception):
    """There is no such thing, or not for this person (404)."""


@dataclass
class Conflict(Exception):
    """Something else happened first: the case has moved on, the name is held, the link is used (409)."""

    words: Words = field(
        default_factory=lambda: Words(
            "内容已被更新，请刷新后再试。", "This has moved on. Reload and try again."
        )
    )
    code: str = "conflict"

    def __str__(self) -> str:
        return f"{self.code}: {self.words.en}"


class OutsideFailure(Exception):
    """An outside party did not answer, or not usably; the work may be tried again."""
