"""A proposed name, and the answer to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from workflow.errors import Words
from workflow.naming import facts
from workflow.naming.parts import Parts, Place, compose, parse

Verdict = Literal["blocked", "review", "clear", "could_not_check"]
Effect = Literal["block", "review", "warn"]
# What an applicant may declare; each turns the blocks it concerns into a review.
EXEMPTIONS = frozenset(
    {"investment", "authorisation", "transferee", "no_division", "no_industry", "state_council", "group"}
)


@dataclass(frozen=True)
class Proposal:
    """A name as wished for: parts, the entity type, where it will be registered, and what is declared.

    `authority_code` is an authority (`HB-420106`) or a division (`420106`). `division` is the text as it shall
    stand in the name; without it, it is taken from `division_code`. `place` puts the division in front, in brackets
    after the trade name (`middle`) or in brackets before the form (`end`). `province_wide` widens the comparison set
    by policy. `own_case` leaves the case's own reservation out of the comparison.
    """

    authority_code: str
    trade_name: str = ""
    industry: str = ""
    form: str = ""
    division: str = ""
    division_code: str = ""
    place: Place = "front"
    entity_type: str = "llc"
    industry_code: str = ""
    exemptions: frozenset[str] = frozenset()
    text: str = ""  # the whole name, when it was typed as one
    province_wide: bool = False
    own_case: str = ""

    def name(self) -> str:
        """The whole name."""
        return self.parts().name

    def parts(self) -> Parts:
        """The parts: as given, or read from `text`."""
        if self.text:
            return parse(self.text)
        division = self.division or (facts.divisions()[self.division_code].name if self.division_code else "")
        form, _, bracket = self.form.partition("（")
        wished = Parts(
            division=division, trade_name=self.trade_name, industry=self.industry, form=form,
            place=self.place, bracket=bracket.removesuffix("）"),
        )  # fmt: skip
        read = parse(compose(wished))
        if read.trade_name == self.trade_name or not self.trade_name:
            return read
        # The applicant says where the trade name ends: 小张生物|科技. The trade is read from the given term.
        term = parse("某某" + self.industry + "有限公司") if self.industry else Parts()
        notes = tuple(n for n in read.notes if n not in ("no_industry", "trade_name_like_industry"))
        return replace(
            read, trade_name=self.trade_name, industry=self.industry, industry_word=term.industry_word,
            industry_code=term.industry_code, notes=notes if self.industry else (*notes, "no_industry"),
        )  # fmt: skip


@dataclass(frozen=True)
class Match:
    """An existing name with which a proposal collides."""

    name: str
    status: str
    authority_code: str
    reserved_until: datetime | None = None
    status_date: Any = None
    uscc: str = ""
    id: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing to say about a name, under one rule of the domain rules; `word` is what it concerns, if one word."""

    rule: str
    effect: Effect
    words: Words
    basis: str = ""
    match: Match | None = None
    clears_with: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    word: str = ""

    def as_json(self, language: str = "zh") -> dict[str, Any]:
        """The shape of the `check` command."""
        found = {"name": self.match.name, "status": self.match.status} if self.match else None
        return {
            "rule": self.rule,
            "effect": self.effect,
            "match": found,
            "message": self.words.in_language(language),
        }


@dataclass(frozen=True)
class Answer:
    """The verdict and why. `total` is the true count of colliding names; at most 50 of them are in `findings`."""

    verdict: Verdict
    parts: Parts
    findings: Sequence[Finding] = field(default=())
    total: int = 0

    def as_json(self, language: str = "zh") -> dict[str, Any]:
        """One line of the `check` command."""
        return {
            "name": self.parts.name,
            "verdict": self.verdict,
            "parts": self.parts.as_json(),
            "findings": [f.as_json(language) for f in self.findings],
        }

    @property
    def blocks(self) -> list[Finding]:
        """The findings that stop the name."""
        return [f for f in self.findings if f.effect == "block"]


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """`blocked` when anything blocks, `review` when anything is to be looked at, else `clear`."""
    if any(f.effect == "block" for f in findings):
        return "blocked"
    return "review" if findings else "clear"
