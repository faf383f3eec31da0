"""From an address to the registration authority (section 8.1, AUT-01 to AUT-11).

The most specific rule in force decides: zones and their streets before counties, the kind of subject before both.
What is not certain is asked: `candidates` says which authorities are possible and why.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from workflow.catalogues.models import Authority, AuthorityRule, Division, Town
from workflow.catalogues.queries import Catalogue, from_files
from workflow.clock import today
from workflow.errors import Words
from workflow.establishment.address import HOME, ROAD, Reading, normalise, readings

MATCHED = Words("已按住所确定登记机关：{zh}。", "The authority follows from the address: {en}.")
BY_ADDRESS = Words("由住所所在地的登记机关登记", "registered where it lies")
# The catalogue's reasons in English; one that staff add is shown as they wrote it.
REASONS = {
    "开发区登记机关": "the development zone has an authority of its own",
    "开发区托管的街道": "this street is administered by the development zone",
    "道路大部或部分在东湖高新区": "this road lies wholly or partly in the East Lake High-tech Zone",
    "市辖区企业由市级登记机关登记（登记数据）": "enterprises of urban districts register with the city's authority",
    "个体工商户由县级登记机关登记": "individual households register with the county's authority",
    "外商投资企业由授权的登记机关登记": "foreign-invested enterprises register with an authorised authority",
    "股份有限公司由设区的市以上登记机关登记": "joint-stock companies register at city level or above",
    "道路大部或部分在武汉经济技术开发区": "this road lies wholly or partly in the Wuhan Economic Development Zone",
}
EMPTY = Words("请填写住所。", "Enter the address.")
OUTSIDE = Words(
    "该地址位于{place}，不在湖北省内，请向当地登记机关申请。",
    "This address is in {place}, outside Hubei. Apply to the authority there.",
)
NO_PLACE = Words(
    "未能识别所在市和区（县），请补充，例如“武汉市武昌区”。",
    "The city and county are missing. Add them, such as 武汉市武昌区.",
)
NO_CITY = Words("缺少所在市和区（县），请补充。", "The city and county are missing.")
NO_COUNTY = Words("缺少{place}的区（县），请补充。", "The district or county of {place} is missing.")
SEVERAL = Words("该地址可能位于多处，请选择。", "This address may lie in several places. Choose one.")
CONFLICT = Words("{county}不属于{city}，请核对。", "{county} is not in {city}. Check the address.")
OVERLAP = Words(
    "该地段可能由不同登记机关管辖，请选择。", "Different authorities may be competent here. Choose one."
)
NO_RULE = Words(
    "没有适用的管辖规则，请联系登记机关。", "No rule of jurisdiction applies. Contact the authority."
)


@dataclass(frozen=True)
class Candidate:
    """An authority that may be competent, where, and why."""

    division: Division
    authority: Authority | None
    reason: Words
    town: Town | None = None


@dataclass(frozen=True)
class AddressMatch:
    """What an address says. `authority` is None unless it is certain; `status` is one of matched, empty, outside,
    missing_place, missing_county, ambiguous, no_rule."""

    address: str
    status: str
    reason: Words
    division: Division | None = None
    town: Town | None = None
    zone: str = ""
    rest: str = ""
    authority: Authority | None = None
    candidates: tuple[Candidate, ...] = ()
    path: tuple[Division, ...] = ()

    def part(self, level: int) -> str:
        """The name of the province (1), the city (2) or the county (3), empty when unknown."""
        return next((d.name for d in self.path if d.level == level), "")

    def as_json(self) -> dict[str, Any]:
        """The answer of `qibu address match`."""
        return {
            "address": self.address,
            "division_code": self.division.code if self.division else None,
            "division": self.division.full_name if self.division else None,
            "town": self.town.name if self.town else None,
            "rest": self.rest,
            "authority": _named(self.authority),
            "candidates": [
                {
                    "division_code": c.division.code,
                    "division": c.division.full_name,
                    "authority": _named(c.authority),
                    "reason": c.reason.zh,
                }
                for c in self.candidates
            ],
            "reason": self.reason.zh,
        }


def _named(authority: Authority | None) -> dict[str, str] | None:
    return {"code": authority.code, "name": authority.name} if authority else None


class _Rules:
    """Rules by where they hold."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.by_place: dict[tuple[str, str], list[AuthorityRule]] = {}
        self.by_words: list[AuthorityRule] = []
        for rule in catalogue.authority_rules:
            if rule.kind == "words":
                self.by_words.append(rule)
            else:
                self.by_place.setdefault((rule.kind, rule.place), []).append(rule)


@lru_cache(maxsize=4)
def _rules(catalogue: Catalogue) -> _Rules:
    return _Rules(catalogue)


def match(
    address: str,
    entity_type: str = "llc",
    *,
    catalogue: Catalogue | None = None,
    day: date | None = None,
    foreign: bool = False,
    provincial_state: bool = False,
) -> AddressMatch:
    """Read an address and find its registration authority; never raises, never guesses.

    `foreign` marks a foreign-invested enterprise (AUT-06), `provincial_state` a company of the province's
    state-asset body (AUT-03). `day` chooses the rules in force, by default today's.
    """
    facts = catalogue or from_files()
    text = normalise(address)
    if not text:
        return AddressMatch(address, "empty", EMPTY)
    subject = {entity_type}
    subject |= {"foreign"} if foreign else set()
    subject |= {"provincial_state"} if provincial_state else set()
    when = day or today()
    answers = [
        _decide(address, text, reading, subject, when, facts) for reading in readings(text, facts, when)
    ]
    return answers[0] if len(answers) == 1 else _ask(address, text, answers, facts)


def match_division(
    division_code: str,
    town_code: str = "",
    detail: str = "",
    entity_type: str = "llc",
    *,
    catalogue: Catalogue | None = None,
    day: date | None = None,
) -> AddressMatch:
    """The same decision for an address picked from cascading selects. Raises KeyError for an unknown code."""
    facts = catalogue or from_files()
    division = facts.divisions[division_code]
    town = facts.towns[town_code] if town_code else None
    text = normalise(detail)
    reading = Reading(division=division, town=town, rest=text, used=1.0)
    whole = division.full_name + (town.name if town else "") + detail
    return _decide(whole, text, reading, {entity_type}, day or today(), facts)


def _decide(
    address: str, text: str, reading: Reading, subject: set[str], day: date, facts: Catalogue
) -> AddressMatch:
    """One reading and the rules that hold for it."""
    division = reading.division
    path = tuple(facts.division_path(division.code)) if division else ()

    def answer(
        status: str, reason: Words, authority: Authority | None = None, candidates: tuple[Candidate, ...] = ()
    ) -> AddressMatch:
        return AddressMatch(
            address,
            status,
            reason,
            division,
            reading.town,
            reading.zone_words,
            reading.rest,
            authority,
            candidates,
            path,
        )

    if division is None:
        return answer("missing_place", NO_PLACE)
    if division.code[:2] != HOME[:2]:
        return answer("outside", OUTSIDE.format(place=division.full_name))
    rules = [r for r in _applying(text, reading, path, facts) if r.holds(day) and _for(r, subject)]
    sure = max((r for r in rules if not r.ask), key=lambda r: r.priority, default=None)
    doubts = [r for r in rules if r.ask and (sure is None or r.authority_code != sure.authority_code)]
    serious = [r for r in rules if r.ask and (sure is None or r.priority > sure.priority)] if doubts else []
    doubts_named = tuple(_candidate(division, r, facts) for r in _distinct(doubts))
    county_known = division.level == 3 or reading.zone is not None
    if serious and (county_known or any(r.entity_types for r in serious)):
        certain = (
            (_candidate(division, sure, facts),) if sure and not any(r.entity_types for r in serious) else ()
        )
        return answer(
            "ambiguous",
            OVERLAP,
            None,
            certain + tuple(_candidate(division, r, facts) for r in _distinct(serious)),
        )
    if sure is not None and (county_known or sure.entity_types):
        return answer(
            "matched",
            MATCHED.format(zh=_why(sure).zh, en=_why(sure).en),
            facts.authorities[sure.authority_code],
            doubts_named,
        )
    if not county_known:
        if division.level == 1:
            return answer("missing_place", NO_CITY)
        if stray := _stray_county(division, reading, facts):
            options = tuple(
                Candidate(
                    d,
                    _authority_of(d, subject, day, facts),
                    CONFLICT.format(county=stray.name, city=division.name),
                )
                for d in (stray, division)
            )
            return answer("ambiguous", CONFLICT.format(county=stray.name, city=division.name), None, options)
        missing = NO_COUNTY.format(place=division.name)
        options = tuple(
            Candidate(d, _authority_of(d, subject, day, facts), missing)
            for d in facts.divisions_in.get(division.code, [])
        )
        return answer("missing_county", missing, None, doubts_named + options)
    return answer("no_rule", NO_RULE)


def _applying(
    text: str, reading: Reading, path: tuple[Division, ...], facts: Catalogue
) -> list[AuthorityRule]:
    """Every rule whose place the reading lies in, in force or not."""
    rules = _rules(facts)
    found = [r for d in path for r in rules.by_place.get(("division", d.code), ())]
    if reading.town is not None:
        found += rules.by_place.get(("town", reading.town.code), ())
    if reading.zone is not None:
        found.append(reading.zone)
    codes = {d.code for d in path}
    county = reading.division.code if reading.division and reading.division.level == 3 else ""
    for rule in rules.by_words if text else ():
        if (
            rule is reading.zone
            or rule.division_code not in codes
            or (county and rule.within and county not in rule.within)
        ):
            continue
        where = text.find(rule.place)
        if where < 0 or (not rule.ask and (rule.within or not rule.place.endswith("区"))):
            continue
        if rule.ask or not ROAD.match(text[where + len(rule.place) :]):
            found.append(rule)
    return found


def _for(rule: AuthorityRule, subject: set[str]) -> bool:
    return not rule.entity_types or not subject.isdisjoint(rule.entity_types)


def _distinct(rules: list[AuthorityRule]) -> list[AuthorityRule]:
    return list({r.authority_code: r for r in sorted(rules, key=lambda r: r.priority)}.values())


def _candidate(division: Division, rule: AuthorityRule | None, facts: Catalogue) -> Candidate:
    assert rule is not None
    return Candidate(division, facts.authorities[rule.authority_code], _why(rule))


def _authority_of(division: Division, subject: set[str], day: date, facts: Catalogue) -> Authority | None:
    """The authority of a county whatever the rest of the address; None for a whole city."""
    reading = Reading(division=division)
    path = tuple(facts.division_path(division.code))
    rules = [
        r for r in _applying("", reading, path, facts) if r.holds(day) and _for(r, subject) and not r.ask
    ]
    best = max(rules, key=lambda r: r.priority, default=None)
    return facts.authorities[best.authority_code] if best else None


def _stray_county(city: Division, reading: Reading, facts: Catalogue) -> Division | None:
    """A county of another city of Hubei named right after the city."""
    for other in facts.divisions_in[HOME]:
        for division in facts.divisions_in.get(other.code, [other]):
            if other is not city and reading.rest.startswith(division.name):
                return division
    return None


def _ask(address: str, text: str, answers: list[AddressMatch], facts: Catalogue) -> AddressMatch:
    """Several readings: agree on what is common, offer each as a candidate."""
    authorities = {a.authority.code for a in answers if a.authority}
    if (
        len(authorities) == 1
        and all(a.authority for a in answers)
        and len({a.division for a in answers}) == 1
    ):
        return answers[0]
    options: dict[tuple[str, str], Candidate] = {}
    for answer in answers:
        if answer.division is None:
            continue
        if answer.authority is None and answer.candidates:
            offered: tuple[Candidate, ...] = answer.candidates
        else:
            town = answer.town.name if answer.town else ""
            place = answer.division.full_name + town
            offered = (
                Candidate(
                    answer.division, answer.authority, Words(f"位于{place}", f"in {place}"), answer.town
                ),
            )
        for option in offered:
            options.setdefault(
                (option.division.code, option.authority.code if option.authority else ""), option
            )
    common = set.intersection(*({d.code for d in a.path} for a in answers))
    deepest = max((facts.divisions[c] for c in common), key=lambda d: d.level, default=None)
    path = tuple(facts.division_path(deepest.code)) if deepest else ()
    return AddressMatch(
        address, "ambiguous", SEVERAL, deepest, None, "", answers[0].rest, None, tuple(options.values()), path
    )


def _why(rule: AuthorityRule) -> Words:
    """A rule's reason for a person: without the number of the fact that it rests on."""
    said = re.sub(r"^AUT-\d+\s*", "", rule.basis or "")
    return Words(said, REASONS.get(said, said)) if said else BY_ADDRESS
