"""A name taken apart and put together: division, trade name, industry term, organisational form (NM-01)."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from workflow.naming import facts
from workflow.naming.text import normalise

Place = Literal["front", "middle", "end"]
Group = Literal["", "集团", "（集团）"]
_MARKED = ("普通合伙", "特殊普通合伙", "有限合伙", "个人独资")
_COMPANY = ("有限责任公司", "股份有限公司", "有限公司")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one name. Empty strings where there is nothing.

    `place` says where the division stands: in front, in brackets after the trade name (`middle`) or in brackets
    before the form (`end`). `notes` holds what was not certain: `no_division`, `no_industry`, `no_form`,
    `trade_name_like_place`, `trade_name_like_industry`, `district_alone`, `zone_alone`.
    """

    name: str = ""
    division: str = ""
    division_code: str = ""
    zone: str = ""
    trade_name: str = ""
    industry: str = ""
    form: str = ""
    place: Place = "front"
    group: Group = ""
    bracket: str = ""  # liability in brackets: 普通合伙 ...
    china_bracket: bool = False
    parent: str = ""  # for branches: the full name of the company
    industry_code: str = ""
    industry_word: str = ""  # the last word of the industry term, by which trades compare
    notes: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, str]:
        """The four parts as the commands write them."""
        form = self.form + (f"（{self.bracket}）" if self.bracket else "")
        return {
            "division": self.division,
            "trade_name": self.trade_name,
            "industry": self.industry or self.industry_word,
            "form": form,
        }


@lru_cache(maxsize=1)
def _suffixes() -> list[str]:
    return sorted(facts.form_suffixes(), key=len, reverse=True)


@lru_cache(maxsize=1)
def _words() -> tuple[dict[str, facts.Industry], int]:
    words = facts.industry_words()
    return words, max(map(len, words))


def parse(text: str) -> Parts:
    """Take a name apart, in every order and bracket form the rules allow (NM-01, NM-06 to NM-08, NM-16, NM-18)."""
    name = normalise(text)
    parent, rest = _split_branch(name)
    if parent:
        head = parse(parent)
        return replace(head, name=name, parent=parent, form=rest, bracket="")
    rest, bracket, group, china, inside, place = _take_brackets(name)
    rest, form = _take_form(rest)
    if rest.endswith("集团") and len(rest) > 3:
        rest, group = rest.removesuffix("集团"), "集团"
    notes: list[str] = []
    division, code, zone, core = _take_division(rest, notes)
    if inside:
        if division and core.startswith("\x00"):
            core, division, zone = (
                division + zone + core,
                "",
                "",
            )  # 朝阳（武汉）: the one in brackets is meant
            notes.clear()
        if not division:
            division, code = inside
    core = core.replace("（）", "")
    at = core.find("\x00")
    boundary = at if at > 0 and place == "middle" else 0
    core = core.replace("\x00", "")
    trade_name, industry, word = _split_core(core, boundary)
    if form and not boundary and (spanning := _spanning_word(core, form, len(industry))):
        cut = len(core) + len(form) - len(spanning)
        trade_name, industry, word = core[:cut], core[cut:], spanning
    fact = _words()[0].get(word)
    if not division:
        notes.append("no_division")
    if not word:
        notes.append("no_industry")
    if not form and not bracket:
        notes.append("no_form")
    if trade_name in facts.division_names():
        notes.append("trade_name_like_place")
    if trade_name and _covered(trade_name):
        notes.append("trade_name_like_industry")
    return Parts(
        name, division, code, zone, trade_name, industry, form, place if inside else "front", group, bracket, china,
        "", fact.code if fact else "", word, tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def compose(parts: Parts) -> str:
    """The name that these parts make, in the order that `place` says."""
    place = parts.division + parts.zone
    form = parts.group + parts.form + (f"（{parts.bracket}）" if parts.bracket else "")
    if parts.parent:
        return parts.parent + parts.form
    china = "（中国）" if parts.china_bracket else ""
    if parts.place == "middle" and place:
        return f"{parts.trade_name}（{place}）{parts.industry}{china}{form}"
    if parts.place == "end" and place:
        return f"{parts.trade_name}{parts.industry}（{place}）{form}"
    return f"{place}{parts.trade_name}{parts.industry}{china}{form}"


def _split_branch(name: str) -> tuple[str, str]:
    """A branch's parent and what follows it; two empty strings for anything else (NM-16)."""
    for form in _COMPANY:
        at = name.find(form)
        end = at + len(form)
        if at > 2 and end < len(name) and name[end : end + 1] != "（":
            return name[:end], name[end:]
    return "", name


def _take_brackets(name: str) -> tuple[str, str, Group, bool, tuple[str, str] | None, Place]:
    """Brackets out of the name: liability, （集团）, （中国）, and a division, whose place is marked with NUL."""
    bracket, china, inside = "", False, None
    group: Group = ""
    place: Place = "front"
    position = 0
    while (start := name.find("（", position)) >= 0:
        end = name.find("）", start)
        if end < 0:
            break
        content = name[start + 1 : end]
        before, after = name[:start], name[end + 1 :]
        if content in _MARKED:
            bracket, name = content, before + after
        elif content in ("集团", "集團"):
            group, name = "（集团）", before + after
        elif content == "中国":
            china, name = True, before + after
        elif inside is None and before and (found := _chain(content)) and found[2] == len(content):
            inside = (content, found[1])
            place = "end" if after in facts.form_suffixes() or after.startswith("（") else "middle"
            name = before + "\x00" + after
            position = start + 1
        else:
            position = end + 1
    return name, bracket, group, china, inside, place


def _take_form(rest: str) -> tuple[str, str]:
    plain = rest.replace("\x00", "")
    for form in _suffixes():
        if rest.endswith(form) and len(plain) > len(form):
            if len(form) == 1 and any(plain.endswith(w) for w in ("药行", "银行")):
                continue
            return rest.removesuffix(form), form
    return rest, ""


def _chain(text: str) -> tuple[str, str, int] | None:
    """The longest chain of divisions, each within the one before, at the beginning of a text.

    Returns the words, the code of the last one, and how many characters they take.
    """
    names = facts.division_names()
    best: tuple[int, int, str] | None = None
    stack: list[tuple[int, str, int]] = [(0, "", 0)]
    while stack:
        at, code, depth = stack.pop()
        if at and (
            best is None or at > best[0] or (at == best[0] and _preference(code) > _preference(best[2]))
        ):
            best = (at, depth, code)
        if depth == 3:
            continue
        for word in _names_from(text[at : at + 2]):
            if not text.startswith(word, at):
                continue
            for fact in names[word]:
                if not code and fact.level == 3 and word == fact.short != fact.name and fact.code[:2] != "42":
                    continue  # the short name of a county elsewhere is a word like any other (东风, 广信)
                if not code or _within(fact, code):
                    stack.append((at + len(word), fact.code, depth + 1))
    return (text[: best[0]], best[2], best[0]) if best else None


def _names_from(start: str) -> tuple[str, ...]:
    return _names_by_start().get(start, ())


@lru_cache(maxsize=1)
def _names_by_start() -> dict[str, tuple[str, ...]]:
    """Names of divisions by their first two characters, longest first."""
    found: dict[str, list[str]] = {}
    for name in sorted(facts.division_names(), key=len, reverse=True):
        found.setdefault(name[:2], []).append(name)
    return {start: tuple(names) for start, names in found.items()}


def _preference(code: str) -> tuple[bool, int]:
    """Of divisions with one name the nearer: in Hubei first, then the higher one (吉林 is the province)."""
    return code.startswith("42"), -facts.divisions()[code].level


def _within(fact: facts.DivisionFact, code: str) -> bool:
    outer = facts.divisions()[code]
    if fact.level <= outer.level:
        return False
    return fact.code[:2] == code[:2] if outer.level == 1 else fact.parent == code


def _take_division(rest: str, notes: list[str]) -> tuple[str, str, str, str]:
    """Division, its code, a development zone after it, and the remaining core."""
    found = _chain(rest)
    zone = ""
    if found is None:
        alone = next((z for z in _zone_words() if rest.startswith(z)), "")
        if alone and len(rest) > len(alone) + 1:
            notes.append("zone_alone")
            return "", "", alone, rest.removeprefix(alone)
        return "", "", "", rest
    words, code, used = found
    core = rest[used:]
    while len(core.replace("\x00", "")) < 2 and words:  # nothing left for a trade name: the place is one
        shorter = _chain(words[:-1])
        if shorter is None or not rest[: shorter[2]]:
            break
        words, code, used = shorter
        core = rest[used:]
    fact = facts.divisions()[code]
    if fact.kind == "市辖区" and words in (fact.name, fact.short):
        notes.append("district_alone")
    for candidate in _zone_words():
        if core.startswith(candidate) and len(core) > len(candidate) + 1:
            zone, core = candidate, core.removeprefix(candidate)
            break
    return words, code, zone, core


@lru_cache(maxsize=1)
def _zone_words() -> list[str]:
    """Development zones without their city, longest first."""
    found = set()
    for name, host in facts.zones().items():
        fact = facts.divisions().get(host)
        for prefix in (fact.name, fact.short) if fact else ():
            if name.startswith(prefix):
                found.add(name.removeprefix(prefix))
    found |= {
        "东湖新技术开发区",
        "东湖高新区",
        "经济技术开发区",
        "经济开发区",
        "高新技术产业开发区",
        "高新区",
    }
    return sorted((z for z in found if len(z) > 2), key=len, reverse=True)


def _split_core(core: str, boundary: int) -> tuple[str, str, str]:
    """Trade name, industry term, and the word of the term by which trades compare.

    The industry term is the longest end of the core that is made of industry words only and leaves two
    characters for the trade name; `boundary` is where a bracketed division parted the two.
    """
    words, longest = _words()
    if boundary:
        return core[:boundary], core[boundary:], _last_word(core[boundary:])
    size = len(core)
    start = size
    reach = {size}
    for at in range(size - 1, -1, -1):
        for end in range(min(size, at + longest), at, -1):
            if end in reach and core[at:end] in words:
                reach.add(at)
                start = at if at >= 2 else start
                break
    if start == size:
        international = core.find("国际")
        if international >= 2:
            return core[:international], core[international:], _last_word(core[international:])
        alone = min((at for at in reach if at < 2 and size - at >= 2), default=None)
        if alone is None:
            return core, "", ""
        start = alone  # one character or none is left for the trade name; the rules say so (NM-09)
    international = core.find("国际")
    if 2 <= international < start:
        start = international  # 国际 qualifies what follows, even where the table lacks it (NM-21)
    term = core[start:]
    return core[:start], term, _last_word(term)


def _spanning_word(core: str, form: str, known: int) -> str:
    """An industry word that runs into the form (酒|厂, 超市) and says more than the words before it do."""
    words, longest = _words()
    whole = core + form
    if len(form) > 3:
        return ""
    for length in range(min(longest, len(whole) - 2), max(known, len(form) - 1), -1):
        if whole[-length:] in words and length >= len(form):
            return whole[-length:]
    return ""


def _last_word(term: str) -> str:
    """The word of a term that tells the trade: the longest at its end; one that tells nothing gives way to the
    one before (电气发展 -> 电气). The term itself when no word fits."""
    words, longest = _words()
    first = ""
    rest = term
    while rest:
        found = next((rest[-n:] for n in range(min(longest, len(rest)), 0, -1) if rest[-n:] in words), "")
        if not found:
            break
        if words[found].code:
            return found
        first = first or found
        rest = rest.removesuffix(found)
    return first or term


def _covered(text: str) -> bool:
    """Whether a text consists of industry words only."""
    words, longest = _words()
    reach = {0}
    for at in range(len(text)):
        if at in reach:
            for end in range(at + 1, min(len(text), at + longest) + 1):
                if text[at:end] in words:
                    reach.add(end)
    return len(text) in reach
