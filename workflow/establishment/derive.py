"""What follows from what was entered, and defaults that fit most people: shown, not asked."""

from datetime import date
from decimal import Decimal
from typing import Literal

import cn2an

from signing.papers import amounts as amounts_of
from workflow.establishment import types
from workflow.establishment.data import Application, Officer, Person
from workflow.establishment.rules.common import YEARS_TO_PAY, five_years_after
from workflow.identity import birth_date

WAN = 10_000_00  # fen in 万元


def born(person: Person) -> date | None:
    """The birth date from a resident ID number, None for other documents."""
    return birth_date(person.id_number) if person.id_type == "resident_id" else None


def sex(person: Person) -> Literal["", "male", "female"]:
    """The sex from a resident ID number (position 17: odd is male), empty when it does not say."""
    if person.id_type != "resident_id" or len(person.id_number) != 18 or not person.id_number[16].isdigit():
        return ""
    return "male" if int(person.id_number[16]) % 2 else "female"


def shares(application: Application) -> dict[str, Decimal]:
    """Percent of each contributor by key, two places, adding up to exactly 100.00 when amounts are given."""
    amounts = {r.party: r.subscribed or 0 for r in application.contributions if r.party}
    return dict(zip(amounts, amounts_of.shares(list(amounts.values())), strict=False))


def capital_in_words(fen: int) -> str:
    """An amount in Chinese capitals as licences print it: 100 0000 00 -> 壹佰万元整 (LIC-08).

    Raises ValueError for a negative amount.
    """
    if fen < 0:
        raise ValueError("an amount cannot be negative")
    yuan = Decimal(fen) / 100
    return str(cn2an.an2cn(format(yuan.normalize(), "f"), "rmb"))


def in_wan(fen: int) -> str:
    """An amount in 万元 without superfluous zeros: 500 0000 -> `5`."""
    return format((Decimal(fen) / WAN).normalize(), "f")


def last_day_to_pay(today: date) -> date:
    """The latest date a contribution may be due when applying today (LLC-03)."""
    return five_years_after(today, YEARS_TO_PAY)


PAR_VALUE = 1_00  # fen: what most joint-stock companies choose


def settle(application: Application) -> None:
    """Store what follows from other answers, so that it is not asked: the single founder of a sole proprietorship or
    household is its head and brings its whole amount; shares follow from amount and par value (CL2023 Art. 142)."""
    kind = types.get(application.entity_type)
    if kind.founders == "one" and application.contributions:
        row = application.contributions[0]
        application.governance.legal_representative = row.party
        row.subscribed = application.capital if kind.capital_registered else None
    if "shares" in kind.asks:
        if application.par_value is None:
            application.par_value = PAR_VALUE
        for row in application.contributions:
            row.shares = (row.subscribed or 0) // max(application.par_value, 1) or None


def with_defaults(application: Application, today: date) -> Application:
    """A copy with what fits most people filled in where nothing was chosen; nothing entered is changed.

    Companies: one director who is the legal representative and chosen by the shareholders, no supervisor when there
    is one shareholder, contributions due in five years; the exemption of beneficial owners where it applies (BO-02).
    """
    filled = application.model_copy(deep=True)
    people = [r.party for r in filled.contributions if filled.person(r.party)]
    kind = types.get(filled.entity_type)
    if kind.leadership == "company":
        lead = filled.governance
        lead.board = lead.board or "director"
        lead.supervision = lead.supervision or (
            "none" if len(filled.contributions) == 1 and "shares" not in kind.asks else "supervisor"
        )
        if not filled.officers and lead.board == "director" and people:
            filled.officers = [Officer(person=people[0], office="director", how="elected")]
        if not lead.legal_representative and lead.board == "director":
            director = next((o.person for o in filled.officers if o.office == "director"), "")
            lead.legal_representative, lead.legal_representative_office = (
                director,
                "director" if director else "",
            )
        lead.legal_representative_chosen_by = lead.legal_representative_chosen_by or "shareholders"
        for row in filled.contributions:
            if row.due is None and "due" in kind.asks:
                row.due = last_day_to_pay(today)
    head = people[0] if len(people) == 1 and kind.founders == "one" else ""
    filled.governance.legal_representative = filled.governance.legal_representative or head
    if not filled.liaison.person:
        filled.liaison.person = filled.governance.legal_representative
    if not filled.submitter.person and filled.liaison.person:
        filled.submitter.person, filled.submitter.role = filled.liaison.person, "liaison"
    if (
        not filled.beneficial.owners
        and len(people) == len(filled.contributions)
        and (filled.capital or 0) <= 1000 * WAN
    ):
        filled.beneficial.exempt = True
    return filled
