"""Looking a name up in the register: the check, as text and as parts, in one round trip."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from workflow.clock import BEIJING
from workflow.db import now as present
from workflow.errors import Words
from workflow.naming import comparison, facts
from workflow.naming.catalogue import Catalogue, Change, compiled
from workflow.naming.comparison import NO_TRADE, Entry
from workflow.naming.explanations import collision, contained
from workflow.naming.models import HOLDING, NAME_LISTS, NameCatalogueChange, RegisterName
from workflow.naming.proposal import Answer, Finding, Match, Proposal, verdict_of
from workflow.naming.rules import local_findings

LISTED = 50
# The planner must not see the keys: it takes each for one row in two hundred, and would read a register of millions from
# end to end for ten of them. Of an array that it does not know it expects one in a hundred, and asks the index. As it
# sees none of the other values either, no plan is better for some of them, and it keeps the one that it made.
_COLLIDES = """
    keys && {keys}
    AND ({open} OR industry_class = 'none' OR (industry_class = {trade} AND industry_class <> 'U')
         OR industry_word = ANY({words}))
    AND (status IN ('registered', 'pending', 'licence_revoked')
         OR (status = 'reserved' AND reserved_until > (SELECT %(now)s::timestamptz))
         OR (status IN ('deregistered', 'renamed', 'establishment_revoked') AND status_date > (SELECT %(year_ago)s::date)))
    AND ((SELECT %(own)s::uuid) IS NULL OR case_id IS DISTINCT FROM (SELECT %(own)s::uuid))
"""
# The count needs every hit, the answer the first fifty: what is shown of a name is read for those alone. Among names of
# one length an index entry means the same reading, or one look-alike character, or both.
_SQL = f"""
WITH hit AS MATERIALIZED (
    SELECT ctid AS place, id, name,
        CASE WHEN trade_name = %(trade_name)s THEN 0
             WHEN char_length(trade_name) = %(length)s
                 AND (trade_name <> ALL((SELECT %(lookalikes)s::text[])::text[]) OR keys && %(whole)s::bigint[]) THEN 1
             WHEN char_length(trade_name) = %(length)s THEN 2
             WHEN strpos(trade_name, %(trade_name)s) > 0 OR strpos(%(trade_name)s, trade_name) > 0 THEN 3
             ELSE 4 END AS rank
    FROM register_names
    WHERE {_COLLIDES.format(keys="(SELECT %(keys)s::bigint[])", open="(SELECT %(open)s::boolean)", trade="(SELECT %(trade)s::text)", words="(SELECT %(words)s::text[])::text[]")}
), first AS (SELECT * FROM hit ORDER BY rank, name, id LIMIT {LISTED})
SELECT v.number, (SELECT count(*) FROM hit) AS total, r.id, r.name, r.division, r.trade_name, r.industry, r.industry_word,
    r.industry_class, r.form, r.status, r.authority_code, r.status_date, r.reserved_until, r.uscc
FROM (SELECT coalesce(max(number), 0) AS number FROM name_catalogue_changes
      WHERE number IS NOT NULL AND kind IN ({", ".join(f"'{kind}'" for kind in NAME_LISTS)})) v
    LEFT JOIN (first JOIN register_names r ON r.ctid = first.place) ON true
    ORDER BY first.rank, first.name, first.id
"""  # noqa: S608 - put together from our own text only
_FREE = f"""
SELECT w.name FROM unnest(%(names)s::text[], %(trades)s::text[], %(keys)s::text[], %(words)s::text[])
    AS w(name, trade, keys, words)
WHERE NOT EXISTS (SELECT FROM register_names WHERE
    {_COLLIDES.format(keys="w.keys::bigint[]", open="w.trade = 'none'", trade="w.trade", words="string_to_array(w.words, chr(31))")})
"""  # noqa: S608 - likewise


def current_catalogue(db: Session) -> Catalogue:
    """The lists in force. One small statement; compiled anew only when staff changed something."""
    number = db.execute(
        select(NameCatalogueChange.number)
        .where(NameCatalogueChange.number.is_not(None), NameCatalogueChange.kind.in_(NAME_LISTS))
        .order_by(NameCatalogueChange.number.desc())
        .limit(1)
    ).scalar()
    held = _held(db.connection())
    return held if held.number == (number or 0) else _reload(db)


def catalogue_of_check(db: Session) -> Catalogue:
    """The lists with which the last check on this connection was made: no statement of its own."""
    return _held(db.connection())


def _held(connection: Connection) -> Catalogue:
    found = connection.info.get("name_catalogue")
    return found if isinstance(found, Catalogue) else compiled()


def _reload(db: Session) -> Catalogue:
    rows = db.scalars(
        select(NameCatalogueChange)
        .where(NameCatalogueChange.number.is_not(None), NameCatalogueChange.kind.in_(NAME_LISTS))
        .order_by(NameCatalogueChange.number)
    )
    changes = tuple(
        Change(r.number or 0, r.kind, r.action, tuple(sorted((k, str(v)) for k, v in r.values.items())))
        for r in rows
    )
    catalogue = compiled(changes)
    db.connection().info["name_catalogue"] = catalogue
    return catalogue


def areas_of(proposal: Proposal, division_code: str) -> list[str]:
    """The comparison sets of a proposal (CMP-B5, B7, B9); every prefecture of the province by policy."""
    seat = facts.division_of_authority(proposal.authority_code)
    if not seat:
        raise ValueError(f"unknown authority {proposal.authority_code!r}")
    found = comparison.areas(seat, division_code)
    if proposal.province_wide:
        prefectures = {facts.prefecture_of(c) for c in facts.divisions() if c[:2] == seat[:2]}
        found = sorted(prefectures | {*found, seat[:2] + "0000"})
    return found


def warm() -> None:
    """Load what every check needs, so that a web process does it once before it serves, not in each thread at once."""
    proposal = Proposal("420106", text="武汉小张软件有限公司")
    parts = proposal.parts()
    local_findings(proposal, parts, compiled(), date.min)
    comparison.search(comparison.entry(parts), areas_of(proposal, parts.division_code), compiled())


def check(db: Session, proposal: Proposal, *, now: datetime | None = None) -> Answer:
    """Every rule on a proposed name: structure, words, and comparison with the register.

    When the register cannot be asked the verdict is `could_not_check`, with what the other rules found.
    """
    moment = now or present()
    today = moment.astimezone(BEIJING).date()
    parts = proposal.parts()
    catalogue = compiled()
    try:
        catalogue = _held(db.connection())
        rows, total, catalogue = _collisions(db, proposal, parts, catalogue, moment, today)
        inside = _inside(db, proposal, parts.name, moment)
    except (DBAPIError, ValueError) as failure:
        findings = [_unanswered(failure), *local_findings(proposal, parts, catalogue, today)]
        return Answer("could_not_check", parts, findings, 0)
    proposed = comparison.entry(parts, proposal.industry_code)
    local = local_findings(proposal, parts, catalogue, today)
    collisions = _explained(proposed, proposal, rows, catalogue)
    order = {"block": 0, "review": 1, "warn": 2}
    findings = sorted([*local, *inside, *collisions], key=lambda f: order[f.effect])
    return Answer(verdict_of(findings), parts, findings, total)


def free_among(db: Session, proposals: Sequence[Proposal], *, now: datetime | None = None) -> list[str]:
    """The names of those that collide with none in the register, in the order given: one statement for all.

    The other rules are not asked. The proposals differ in their names only: place, type and case are the first one's.
    """
    moment = now or present()
    catalogue = current_catalogue(db)
    wanted: dict[str, list[str]] = {"names": [], "trades": [], "keys": [], "words": []}
    for proposal in proposals:
        parts = proposal.parts()
        if not parts.trade_name or comparison.full_names_inside(parts.name):
            continue
        areas = areas_of(proposal, parts.division_code)
        asked = comparison.search(comparison.entry(parts, proposal.industry_code), areas, catalogue)
        wanted["names"].append(parts.name)
        wanted["trades"].append(asked.trade)
        wanted["keys"].append(f"{{{','.join(map(str, asked.keys))}}}")
        wanted["words"].append(chr(31).join(asked.words))
    if not wanted["names"]:
        return []
    limits = {
        "now": moment,
        "year_ago": year_before(moment.astimezone(BEIJING).date()),
        "own": proposals[0].own_case or None,
    }
    free = set(db.connection().exec_driver_sql(_FREE, wanted | limits).scalars())
    return [name for name in wanted["names"] if name in free]


def check_text(
    db: Session, name: str, authority_code: str, *, entity_type: str = "llc", industry_code: str = "",
    exemptions: frozenset[str] = frozenset(), own_case: str = "", now: datetime | None = None,
) -> Answer:  # fmt: skip
    """`check` of a name typed as one text."""
    proposal = Proposal(
        authority_code, text=name, entity_type=entity_type, industry_code=industry_code, exemptions=exemptions,
        own_case=own_case,
    )  # fmt: skip
    return check(db, proposal, now=now)


def _collisions(
    db: Session, proposal: Proposal, parts: Any, catalogue: Catalogue, moment: datetime, today: date
) -> tuple[list[Any], int, Catalogue]:
    if parts.parent and proposal.entity_type == "branch":
        return _same_branch(db, proposal, parts.name, moment, catalogue)
    proposed = comparison.entry(parts, proposal.industry_code)
    areas = areas_of(proposal, parts.division_code)
    rows: Sequence[Any] = []
    db.flush()
    for _ in range(3):  # again only when the lists changed in between
        rows = db.connection().exec_driver_sql(
            _SQL, _parameters(proposed, areas, catalogue, proposal.own_case, moment, today)
        ).all()  # fmt: skip
        if rows[0].number == catalogue.number:
            break
        catalogue = _reload(db)
    found = [row for row in rows if row.id is not None]
    return found, (found[0].total if found else 0), catalogue


def _same_branch(
    db: Session, proposal: Proposal, name: str, moment: datetime, catalogue: Catalogue
) -> tuple[list[Any], int, Catalogue]:
    """A branch bears its parent's name, so that only the very same whole name can be another's (NM-16)."""
    rows = db.scalars(
        select(RegisterName)
        .where(RegisterName.name == name, RegisterName.status.in_(HOLDING))
        .where((RegisterName.status != "reserved") | (RegisterName.reserved_until > moment))
        .order_by(RegisterName.id)
    ).all()
    found = [row for row in rows if str(row.case_id) != proposal.own_case]
    return found, len(found), catalogue


def _inside(db: Session, proposal: Proposal, name: str, moment: datetime) -> list[Finding]:
    """Enterprises whose full name stands inside the proposed one (NM-22); a branch bears its parent's (NM-16)."""
    possible = [] if proposal.entity_type == "branch" else comparison.full_names_inside(name)
    if not possible:
        return []
    rows = db.scalars(
        select(RegisterName)
        .where(RegisterName.name == func.any(possible), RegisterName.status.in_(HOLDING))
        .where((RegisterName.status != "reserved") | (RegisterName.reserved_until > moment))
        .order_by(RegisterName.name, RegisterName.id)
        .limit(LISTED)
    )
    return [contained(proposal, _match(row)) for row in rows if str(row.case_id) != proposal.own_case]


def _match(row: Any) -> Match:
    return Match(
        row.name, row.status, row.authority_code, row.reserved_until, row.status_date, row.uscc, str(row.id)
    )


def _parameters(
    proposed: Entry, areas: list[str], catalogue: Catalogue, own: str, moment: datetime, today: date
) -> dict[str, Any]:
    if proposed.trade_name:
        wanted = comparison.search(proposed, areas, catalogue)
    else:
        wanted = comparison.Search([], [], [], proposed.industry_class, [])
    return {
        "trade_name": proposed.trade_name, "length": len(proposed.trade_name), "keys": wanted.keys, "whole": wanted.whole, "words": wanted.words,
        "lookalikes": wanted.lookalikes, "trade": wanted.trade, "open": wanted.trade == NO_TRADE, "now": moment,
        "year_ago": year_before(today), "own": own or None,
    }  # fmt: skip


def year_before(today: date) -> date:
    """The same day one year ago (28 February for the 29th)."""
    try:
        return today.replace(year=today.year - 1)
    except ValueError:
        return today - timedelta(days=366)


def _explained(proposed: Entry, proposal: Proposal, rows: list[Any], catalogue: Catalogue) -> list[Finding]:
    found = []
    for row in rows:
        other = Entry(
            row.name,
            row.division,
            row.trade_name,
            row.industry,
            row.industry_word,
            row.industry_class,
            row.form,
        )
        rule = comparison.relation(proposed, other, catalogue)
        found.append(collision(rule, proposal, proposed, other, _match(row)))
    return found


def _unanswered(failure: Exception) -> Finding:
    return Finding(
        "could_not_check",
        "review",
        Words(
            "暂时无法与登记名称比对，请稍后再试。",
            "The register could not be asked just now. Please try again.",
        ),
        type(failure).__name__,
    )


def reservation_of(db: Session, case_id: uuid.UUID) -> RegisterName | None:
    """The name a case holds (reserved, pending or registered through it), or None."""
    return db.scalars(
        select(RegisterName)
        .where(
            RegisterName.case_id == case_id, RegisterName.status.in_(("reserved", "pending", "registered"))
        )
        .order_by(RegisterName.created_at.desc())
        .limit(1)
    ).first()


def decision_record(answer: Answer) -> dict[str, Any]:
    """What was seen, to be kept with the case: parts, findings, count, and of each colliding name its company data."""
    kept = answer.as_json()
    kept["total"] = answer.total
    for finding, shown in zip(answer.findings, kept["findings"], strict=True):
        shown["message_en"] = finding.words.en
        shown["basis"] = finding.basis
        shown["clears_with"] = list(finding.clears_with)
        if match := finding.match:
            shown["match"] |= {
                "authority_code": match.authority_code,
                "uscc": match.uscc,
                "status_date": match.status_date.isoformat() if match.status_date else "",
                "reserved_until": match.reserved_until.isoformat() if match.reserved_until else "",
            }
    return kept


def with_own_case(proposal: Proposal, case_id: uuid.UUID | None) -> Proposal:
    """The proposal with the case's own reservation left out of the comparison."""
    return replace(proposal, own_case=str(case_id) if case_id else "")
