"""The rules of comparison once more: slow, plain, over a list, straight from CMP133 and section 0.2. No keys, no index.

Written against the text of the rules, not against `comparison.py`, whose findings it has to equal.
"""

from datetime import timedelta

from workflow.naming import facts
from workflow.naming.facts import GENERIC_WORDS
from workflow.naming.text import reading_sets


class PlainRegister:
    """Names as parsed parts in a list."""

    def __init__(self, catalogue):
        self.rows = {}  # by area: the prefecture, and the province for names that bear its name
        self.groups = {}
        for word, group in catalogue.groups.items():
            self.groups.setdefault(group, set()).add(word)
        self.lookalikes = {frozenset((a, b)) for a, others in catalogue.lookalikes.items() for b in others}

    def add(self, parts, authority, status, status_date, reserved_until):
        """Put a name into the list."""
        row = (parts, self.trade(parts), status, status_date, reserved_until)
        for area in self.areas(parts, authority):
            self.rows.setdefault(area, []).append(row)

    def find(self, parts, authority, today, moment):
        """(rule, name) of every collision, sorted."""
        trade, seen = self.trade(parts), {}
        for area in self.areas(parts, authority):
            for row in self.rows.get(area, ()):
                other, others_trade, status, day, until = row
                if not self.counts(status, day, until, today, moment):
                    continue
                if rule := self.rule(parts, trade, other, others_trade):
                    seen[id(row)] = (rule, other.name)
        return sorted(seen.values())

    @staticmethod
    def areas(parts, authority):
        """CMP-B5, B9: the prefecture or the unit of its own; CMP-B7: and the province whose name it bears."""
        found = {authority if authority.startswith("4290") else authority[:4]}
        return found | ({parts.division_code} if parts.division_code.endswith("0000") else set())

    @staticmethod
    def counts(status, day, until, today, moment):
        """CMP-B1 to B3, B6: who is in the comparison set."""
        if status in ("registered", "pending", "licence_revoked"):
            return True
        if status == "reserved":
            return until > moment
        anniversary = (
            day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else day + timedelta(days=366)
        )
        return status in ("deregistered", "renamed", "establishment_revoked") and today < anniversary

    def trade(self, parts):
        """The class of the industry term; None for none or a word that GB/T 4754 does not know."""
        word = parts.industry_word
        if word in GENERIC_WORDS or (not word and "合作社" not in parts.form):
            return None
        if not word:
            return "A"
        code = facts.industry_words()[word].code if word in facts.industry_words() else ""
        return code[:3] or "?" + word

    def rule(self, a, mine, b, other):
        """The rule under which `a` collides with `b`."""
        unstated = mine is None or other is None
        same_words = a.industry_word != "" and a.industry_word == b.industry_word
        synonyms = not unstated and mine != other and self.synonyms(a.industry_word, b.industry_word)
        if not a.trade_name or not b.trade_name or not (unstated or mine == other or same_words or synonyms):
            return None
        if a.trade_name == b.trade_name:
            return self.same(a, b, unstated)
        if self.sounds(a.trade_name, b.trade_name):
            return "CMP-N5" if unstated else "CMP-N2"
        if len(a.trade_name) == len(b.trade_name):
            pairs = [frozenset(p) for p in zip(a.trade_name, b.trade_name, strict=True) if p[0] != p[1]]
            return "CMP-N6" if len(pairs) == 1 and pairs[0] in self.lookalikes else None
        short, long = sorted((a.trade_name, b.trade_name), key=len)
        if not 2 <= len(short) <= 6:
            return None
        if short in long:
            return "CMP-N5" if unstated else "CMP-N3"
        few, many = (reading_sets(x) for x in (short, long))
        for start in range(len(many) - len(few) + 1):
            if all(set(x) & set(y) for x, y in zip(few, many[start : start + len(few)], strict=True)):
                return "CMP-N5" if unstated else "CMP-N4"
        return None

    def synonyms(self, a, b):
        """Whether two words stand in one group."""
        return any(a in words and b in words for words in self.groups.values())

    @staticmethod
    def same(a, b, unstated):
        """Same trade name: CMP-S1 to S3, N1, B4."""
        if a.name == b.name:
            return "CMP-S1"
        bare = lambda text: text[:-1] if len(text) > 1 and text.endswith("业") else text  # noqa: E731
        if bare(a.industry) == bare(b.industry):
            parts = [(p.division + p.zone, p.industry, p.group + p.form + p.bracket) for p in (a, b)]
            return "CMP-S2" if parts[0] == parts[1] else "CMP-S3"
        if unstated:
            return "CMP-B4"
        return "CMP-S3" if a.industry_word == b.industry_word else "CMP-N1"

    @staticmethod
    def sounds(a, b):
        """Equal length, and at every place a reading in common."""
        x, y = reading_sets(a), reading_sets(b)
        return len(x) == len(y) and all(set(p) & set(q) for p, q in zip(x, y, strict=True))
