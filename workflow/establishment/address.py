"""Reading a free-text address: province, city, county, town, and the rest.

Every part may be left out, shortened, written by an old name or in full-width digits. All readings that fit the
text equally well are returned, so that the caller can ask instead of guessing.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from workflow.catalogues.models import AuthorityRule, Division, Town
from workflow.catalogues.queries import Catalogue, in_force

HOME = "420000"
LABEL = re.compile(
    r"^(?:中国(?!光谷)|中华人民共和国)?(?:住所|地址|注册地址|经营场所|营业场所|主要经营场所)?[:,]?(?:中国(?!光谷))?"
)
FREE_TRADE = re.compile(r"^(?:中国)?\(?湖北省?\)?自(?:由贸易试验|贸)区(武汉|襄阳|宜昌)片区")
FILLER = re.compile(r"^(?:省直辖县级行政(?:区划|单位)|直辖县级|市辖区|[,.;/\-·])")
ROAD = re.compile(
    r"^[东南西北中]?[一二三四五六七八九十]?(?:路|街|大道|大街|道|巷|村|镇|乡|桥|公路|江路|山路|市|县|区|州|省)"
)
ETHNIC = re.compile(
    r"(?:土家族|苗族|蒙古族|回族|藏族|维吾尔|壮族|彝族|满族|侗族|瑶族|白族|傣族|哈尼族|傈僳族)+"
)
ENDING = re.compile(r"(?:自治区|自治州|自治县|特别行政区|林区|新区|地区|省|市|县|区|州|盟|旗)$")
STREET = re.compile(r"(?:街道|街道办事处|镇|乡|办事处)$")


@dataclass(frozen=True)
class Reading:
    """One way to read an address. `used` counts the characters that named a place."""

    division: Division | None = None
    town: Town | None = None
    zone: AuthorityRule | None = None
    zone_words: str = ""
    rest: str = ""
    used: float = 0.0


def normalise(text: str) -> str:
    """Half-width digits and letters, no spaces, Chinese brackets and commas made plain."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("、", ",").replace("。", ".")
    return LABEL.sub("", FREE_TRADE.sub(r"湖北省\1市", text), count=1)


def short_name(name: str) -> str:
    """`武昌区` -> `武昌`, `恩施土家族苗族自治州` -> `恩施`; empty when fewer than two characters would stay."""
    bare = ETHNIC.sub("", ENDING.sub("", name))
    return bare if len(bare) >= 2 and bare != name else ""


def _town_names(town: Town) -> Iterator[str]:
    yield town.name
    if town.kind == "街道":
        stem = town.name.removesuffix("街道")
        yield from (
            f"{stem}街道办事处",
            f"{stem}街道办",
            f"{stem}街办事处",
            f"{stem}街办",
            f"{stem}办事处",
            f"{stem}街",
        )


class Gazetteer:
    """The names of places on a day, by their first two characters, longest first."""

    def __init__(self, catalogue: Catalogue, day: date) -> None:
        self.catalogue = catalogue
        self.paths = {
            code: frozenset(d.code for d in catalogue.division_path(code)) for code in catalogue.divisions
        }
        self.names: dict[str, list[tuple[str, object, bool]]] = {}
        for division in in_force([*catalogue.divisions.values()], day):
            self._add(division.name, division, True)
            for alias in division.aliases:
                self._add(alias, division, True)
            parent = catalogue.divisions.get(division.parent_code)
            short = short_name(division.name)
            district_of_same_name = division.kind == "市辖区" and parent and short == short_name(parent.name)
            if short and not district_of_same_name and (division.code[:2] == HOME[:2] or division.level < 3):
                self._add(short, division, False)
        for town in in_force([*catalogue.towns.values()], day):
            for name in _town_names(town):
                self._add(name, town, name != town.name.removesuffix("道"))
        for rule in catalogue.authority_rules:
            if rule.kind == "words" and not rule.ask and rule.holds(day):
                self._add(rule.place, rule, rule.place.endswith("区"))
        for entries in self.names.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def _add(self, name: str, place: object, full: bool) -> None:
        self.names.setdefault(name[:2], []).append((name, place, full))

    def at(self, text: str, start: int) -> Iterator[tuple[int, object, bool]]:
        """Places named at a position: (end, place, whether by a full name)."""
        for name, place, full in self.names.get(text[start : start + 2], ()):
            if text.startswith(name, start):
                end = start + len(name)
                if full or not ROAD.match(text[end : end + 4]):
                    yield end, place, full


@lru_cache(maxsize=4)
def gazetteer(catalogue: Catalogue, day: date) -> Gazetteer:
    """The gazetteer of one state of the catalogues."""
    return Gazetteer(catalogue, day)


def readings(text: str, catalogue: Catalogue, day: date) -> list[Reading]:
    """The best readings of a normalised address: one when it is clear, several when it is ambiguous.

    Readings inside Hubei win over readings elsewhere. An address without any known place has one empty reading.
    """
    names = gazetteer(catalogue, day)
    found = list(_follow(names, text, 0, Reading()))
    if not any(r.used for r in found):
        found = list(_search(names, text))
    home = [r for r in found if r.division is None or r.division.code[:2] == HOME[:2]]
    found = [r for r in home if r.used] or [r for r in found if r.used] or [Reading(rest=text)]
    best = max(r.used for r in found)
    kept: dict[tuple[str, str, str], Reading] = {}
    for reading in found:
        if reading.used > best - 0.4:
            key = (
                reading.division.code if reading.division else "",
                reading.town.code if reading.town else "",
                reading.zone.authority_code if reading.zone else "",
            )
            kept.setdefault(key, reading)
    return list(kept.values())


def _follow(names: Gazetteer, text: str, start: int, reading: Reading) -> Iterator[Reading]:
    """Readings that go on from a position with ever smaller places."""
    filler = FILLER.match(text[start:])
    start += filler.end() if filler else 0
    went_on = False
    for end, place, full in names.at(text, start):
        step = _enter(names, reading, place, text[start:end], text[end : end + 1])
        if step is not None:
            went_on = True
            step = replace(step, used=reading.used + end - start + (0.5 if full else 0.0))
            yield from _follow(names, text, end, step)
    if not went_on or reading.used:
        yield replace(reading, rest=text[start:])


def _enter(names: Gazetteer, reading: Reading, place: object, words: str, following: str) -> Reading | None:
    """The reading after one more place, or None when the place does not lie inside what was read before."""
    if isinstance(place, Division):
        if reading.town is not None:
            return None
        if reading.division is not None and reading.division.code not in names.paths[place.code]:
            return None
        if reading.zone and not names.paths[place.code] & {reading.zone.division_code, *reading.zone.within}:
            return None
        return replace(reading, division=place)
    if isinstance(place, Town):
        if reading.town is not None or (
            words.endswith("街") and not re.match(r"[\u4e00-\u9fff(]", following)
        ):
            return None
        if reading.division and reading.division.code not in names.paths[place.division_code]:
            return None
        if reading.division is None and reading.zone is None and not STREET.search(words):
            return None
        if reading.zone and reading.zone.division_code not in names.paths[place.division_code]:
            return None
        return replace(reading, division=names.catalogue.divisions[place.division_code], town=place)
    assert isinstance(place, AuthorityRule)
    if reading.zone is not None or reading.town is not None:
        return None
    city = names.catalogue.divisions[place.division_code]
    if place.within:  # words that several zones share: the city must be known, and no county outside the zone
        if reading.division is None or reading.division.code in names.paths[city.code] - {city.code}:
            return None
        if reading.division.code not in (city.code, *place.within):
            return None
    elif reading.division and not {reading.division.code, city.code} & (
        names.paths[city.code] | names.paths[reading.division.code]
    ) - {HOME}:
        return None
    if reading.division and reading.division.city_code != city.city_code and reading.division.code != HOME:
        return None
    deeper = reading.division if reading.division and reading.division.level == 3 else city
    return replace(reading, division=deeper, zone=place, zone_words=words)


def _search(names: Gazetteer, text: str) -> Iterator[Reading]:
    """Readings that begin later in the text, for addresses with words in front; full names only."""
    for start in range(1, min(len(text), 40)):
        here = [r for r in _follow(names, text, start, Reading()) if r.used]
        places = [p for _, p, full in names.at(text, start) if full and isinstance(p, Division)]
        if here and places:
            yield from (replace(r, used=r.used - 0.01 * start) for r in here)
            return
