"""Made-up names with the proportions of the real register, for benchmarks. The recipe is told in docs/names.md."""

import itertools
import random
from collections.abc import Iterator

from workflow.naming import facts

FARM, PLANT = "A", "C"
PROFESSIONAL = ("L", "M", "J")


class NameMaker:
    """Names from a seed: the same seed makes the same names."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        rows = facts.rows("names_trade_characters.csv")
        self.characters = [r["character"] for r in rows]
        self.places = {
            p: list(itertools.accumulate(int(r[p]) for r in rows)) for p in ("first", "middle", "last")
        }
        words = [w for w in facts.industry_words().values() if w.rank < 9000]
        self.industries = words
        self.industry_weights = list(itertools.accumulate(w.rank**-0.9 for w in words))
        units = [d for d in facts.divisions().values() if d.code[:2] == "42" and d.level > 1]
        wuhan = [d for d in units if d.code[:4] == "4201"]
        others = [d for d in units if d.code[:4] != "4201"]
        self.units = wuhan + others
        self.unit_weights = list(
            itertools.accumulate([0.34 / len(wuhan)] * len(wuhan) + [0.66 / len(others)] * len(others))
        )

    def trade_name(self) -> str:
        """Two characters in 49 of 100, three in 35, four in 16."""
        size = self.random.choices((2, 3, 4), (49, 35, 16))[0]
        places = ["first", *["middle"] * (size - 2), "last"]
        return "".join(self.random.choices(self.characters, cum_weights=self.places[p])[0] for p in places)

    def name(self) -> tuple[str, str]:
        """A name and the division under whose code it is registered."""
        pick = self.random
        word = pick.choices(self.industries, cum_weights=self.industry_weights)[0]
        unit = pick.choices(self.units, cum_weights=self.unit_weights)[0]
        form = self._form(word.code)
        return self._written(unit, self.trade_name(), word.word, form), unit.code

    def _form(self, code: str) -> str:
        roll = self.random.random()
        if code[:1] == FARM and roll < 0.5:
            return "专业合作社"
        if code[:1] == PLANT and roll < 0.08:
            return "厂"
        if code[:1] in PROFESSIONAL and roll < 0.04:
            return "中心（有限合伙）"
        roll = self.random.random()
        return (
            "有限公司"
            if roll < 0.86
            else "有限责任公司"
            if roll < 0.98
            else "中心"
            if roll < 0.99
            else "股份有限公司"
        )

    def _written(self, unit: facts.DivisionFact, trade: str, industry: str, form: str) -> str:
        prefecture = facts.divisions().get(facts.prefecture_of(unit.code), unit)
        roll = self.random.random()
        if roll < 0.13:
            place = "湖北"
        elif roll < 0.45 and unit.level == 3 and unit.kind != "市辖区":
            place = unit.name
        elif roll < 0.5 and unit.kind == "市辖区":
            place = prefecture.name + unit.name
        else:
            place = prefecture.short if roll < 0.75 else prefecture.name
        roll = self.random.random()
        if roll < 0.95 or form not in ("有限公司", "有限责任公司", "股份有限公司"):
            return f"{place}{trade}{industry}{form}"
        return (
            f"{trade}（{place}）{industry}{form}" if roll < 0.975 else f"{trade}{industry}（{place}）{form}"
        )


STATUSES = (("registered", 0.86), ("deregistered", 0.07), ("licence_revoked", 0.03), ("renamed", 0.02),
            ("reserved", 0.015), ("establishment_revoked", 0.005))  # fmt: skip


def register_lines(size: int, seed: int) -> Iterator[list[str]]:
    """`size` lines of a register file: name, authority, status, date, credit code (none), industry code (none)."""
    maker = NameMaker(seed)
    chosen = random.Random(seed + 1)
    kinds, weights = zip(*STATUSES, strict=True)
    cumulated = list(itertools.accumulate(weights))
    for _ in range(size):
        name, code = maker.name()
        status = chosen.choices(kinds, cum_weights=cumulated)[0]
        if status == "reserved":
            day = f"2027-{chosen.randint(1, 12):02d}-{chosen.randint(1, 28):02d}"
        else:
            day = f"{chosen.randint(2024, 2026)}-{chosen.randint(1, 10):02d}-{chosen.randint(1, 28):02d}"
        yield [name, code, status, day, "", ""]
