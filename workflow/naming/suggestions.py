"""Names that are free now and close to the wish: another character of the same flavour, one more character, another
word for the industry, another order. Never the same set for everybody: the holder seeds the choice."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b

from sqlalchemy.orm import Session

from workflow.clock import local_date
from workflow.db import now as present
from workflow.naming import facts
from workflow.naming.catalogue import Catalogue
from workflow.naming.parts import compose, parse
from workflow.naming.proposal import Proposal
from workflow.naming.queries import current_catalogue, free_among
from workflow.naming.rules import local_findings
from workflow.naming.text import character_readings, standard_characters
from workflow.naming.word_rules import PREFIXES

TRIES = 120
BATCH = 24  # asked of the register in one statement
HOPELESS = 20  # names in a row that fail without the register
FLAVOURS = (
    "星辰晨曦昊朗晴曜光明煜", "山川林森松柏竹梅兰云溪江海湖泉", "安宁康泰和顺祥瑞福禄", "诚信德仁义正恒永久远",
    "创新智慧启迪思睿博雅文", "鑫金宝玉银珠盛丰裕隆昌达通", "飞腾翔骏驰远航凌越卓", "美佳优悦欣怡乐馨雅芳",
)  # fmt: skip
NICE = tuple("".join(FLAVOURS))


@lru_cache(maxsize=1)
def _used() -> dict[str, tuple[str, ...]]:
    """The characters of trade names by place, most used first."""
    rows = facts.rows("names_trade_characters.csv")
    return {
        place: tuple(r["character"] for r in sorted(rows, key=lambda r: -int(r[place])))
        for place in ("first", "last")
    }


def _common() -> tuple[str, ...]:
    return _used()["last"][:240]


def _seldom() -> tuple[str, ...]:
    return _used()["last"][240:900]


def suggest(
    db: Session, proposal: Proposal, limit: int = 8, *, holder: str = "", now: datetime | None = None
) -> list[str]:
    """Up to `limit` names that are clear at this moment; each was checked against every rule and the register."""
    moment = now or present()
    seed = blake2b(f"{holder}|{proposal.name()}|{moment:%Y%m%d}".encode(), digest_size=8).digest()
    chance = random.Random(int.from_bytes(seed, "big"))
    catalogue = current_catalogue(db)
    today = local_date(moment)
    near = itertools.islice(_candidates(catalogue, proposal, today, chance), TRIES)
    wishes = _lawful(near, catalogue, today)
    found: list[str] = []
    trades: set[str] = set()
    while batch := {wish.name(): wish for wish in itertools.islice(wishes, BATCH)}:
        for name in free_among(db, list(batch.values()), now=moment):
            trade_name = batch[name].trade_name
            if trade_name in trades and len(trades) > 1:
                continue
            found.append(name)
            trades.add(trade_name)
            if len(found) == limit:
                return found
    return found


def _lawful(candidates: Iterator[Proposal], catalogue: Catalogue, today: date) -> Iterator[Proposal]:
    """Those to which no rule objects but, perhaps, the register; none when the trade name is not what is wrong."""
    hopeless, some = 0, False
    for candidate in candidates:
        if not local_findings(candidate, candidate.parts(), catalogue, today):
            some = True
            yield candidate
        elif (hopeless := hopeless + 1) == HOPELESS and not some:
            return


def _candidates(
    catalogue: Catalogue, proposal: Proposal, today: date, chance: random.Random
) -> Iterator[Proposal]:
    """Wishes near to the given one, different kinds in turn, without what was asked for itself."""
    parts = proposal.parts()
    base = replace(
        proposal, text="", trade_name=parts.trade_name, industry=parts.industry, division=parts.division + parts.zone,
        form=parts.form + (f"（{parts.bracket}）" if parts.bracket else ""), place=parts.place,
    )  # fmt: skip
    if not base.division:
        seat = facts.divisions().get(
            facts.prefecture_of(facts.division_of_authority(proposal.authority_code))
        )
        base = replace(base, division=seat.name if seat else "")
    if not base.form:
        base = replace(
            base, form={"jsc": "股份有限公司", "household": "店"}.get(proposal.entity_type, "有限公司")
        )
    refused = _refused(parts.trade_name, catalogue, today)
    stem = "".join(c for c in parts.trade_name if c in standard_characters() and c not in refused)
    kinds = [_changed(stem, chance), _longer(stem, chance), _mixed(stem, NICE, chance)]
    more = [_mixed(stem, pool, chance) for pool in (_common(), _seldom())]  # where a trade is crowded
    words = [
        w
        for w in catalogue.members.get(catalogue.group_of(parts.industry_word), ())
        if w != parts.industry_word
    ]
    for word in words[:3]:
        yield replace(base, industry=parts.industry.removesuffix(parts.industry_word) + word)
    seen = {parts.trade_name, stem}
    for turn in itertools.count():
        moved = False
        for kind in kinds if turn < BATCH // 3 else kinds + more:
            trade_name = next((t for t in kind if t not in seen and not refused & set(t)), None)
            if trade_name is None:
                continue
            moved = True
            seen.add(trade_name)
            wish = replace(base, trade_name=trade_name)
            if parse(compose(wish.parts())).trade_name == trade_name:  # it reads as it was meant
                yield wish
        if not moved:
            return


def _refused(trade_name: str, catalogue: Catalogue, today: date) -> set[str]:
    """The characters of restricted words: no part of them is proposed, as nobody wants such a word in disguise."""
    words = [word.word for word, _ in catalogue.restricted(trade_name, today)]
    return set("".join([*words, *(prefix for prefix in PREFIXES if prefix in trade_name)]))


def _kin(character: str, chance: random.Random) -> list[str]:
    """Characters of the same flavour, else used ones that sound otherwise."""
    mine = set(character_readings(character))
    group = next((f for f in FLAVOURS if character in f), "")
    pool = [c for c in (group or _common()) if not mine & set(character_readings(c))]
    return chance.sample(pool, min(len(pool), 12))


def _changed(trade_name: str, chance: random.Random) -> Iterator[str]:
    """One character replaced by one of its flavour."""
    choices = [(i, c) for i, old in enumerate(trade_name) for c in _kin(old, chance)]
    chance.shuffle(choices)
    for i, c in choices:
        yield trade_name[:i] + c + trade_name[i + 1 :]


def _longer(trade_name: str, chance: random.Random) -> Iterator[str]:
    """One character added in front, behind or in between."""
    for c in chance.sample(NICE, 40):
        at = chance.randrange(len(trade_name) + 1)
        yield trade_name[:at] + c + trade_name[at:]


def _mixed(trade_name: str, pool: tuple[str, ...], chance: random.Random) -> Iterator[str]:
    """The first character kept, two fresh ones after it; only those when there is none."""
    for _ in range(60):
        yield trade_name[:1] + chance.choice(pool) + chance.choice(pool)
