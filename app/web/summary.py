"""The application as labelled values by section: for check-your-answers and for the registrar's case page."""

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.i18n import say
from app.web.layout import day, wan
from workflow.catalogues.queries import Catalogue
from workflow.errors import Words
from workflow.establishment import derive, scope, types
from workflow.establishment.data import Application
from workflow.establishment.facts import full_address
from workflow.personal import mask_id_number, mask_phone

OFFICES = {
    "chair": _l("Chair"), "vice_chair": _l("Vice chair"), "director": _l("Director"), "manager": _l("Manager"),
    "vice_manager": _l("Deputy manager"), "supervisor": _l("Supervisor"), "supervisory_chair": _l("Chair of the supervisory board"),
    "finance_chief": _l("Finance officer"), "board_secretary": _l("Board secretary"),
    "executing_partner": _l("Executing partner"), "person_in_charge": _l("Person in charge"), "operator": _l("Operator"),
    "investor": _l("Investor"), "cooperative_chair": _l("Chair of the cooperative"), "": _l("Director"),
    "other": _l("Director"),
}  # fmt: skip
SECTIONS = {
    "address": _l("Address and authority"), "scope": _l("Business scope"), "capital": _l("Capital"),
    "shareholders": _l("Shareholders"), "officers": _l("Officers"), "liaison": _l("Liaison officer"),
    "beneficial": _l("Beneficial owners"), "submitter": _l("Submitter"),
}  # fmt: skip
# A section that is a list can be corrected as a whole: section -> path of the list.
LISTS = {"shareholders": "contributions", "officers": "officers", "beneficial": "beneficial"}
BOARD = {"director": _l("One director"), "board": _l("A board of directors"), "": ""}
SUPERVISION = {
    "none": _l("No supervisor"), "supervisor": _l("One supervisor"), "board": _l("A supervisory board"),
    "audit_committee": _l("An audit committee of directors"), "": "",
}  # fmt: skip
FORMS = {
    "money": _l("Money"), "goods": _l("Goods"), "ip": _l("Intellectual property"), "land_use": _l("Land-use right"),
    "equity": _l("Equity"), "claims": _l("Claims"), "data": _l("Data and virtual property"), "labour": _l("Labour"),
    "other": _l("Other property"),
}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """One labelled value; `path` is where it lives in the application, for corrections and differences."""

    path: str
    label: str
    value: str


def application_sections(
    application: Application, facts: Catalogue, masked: bool = True
) -> list[tuple[str, str, list[Value]]]:
    """Section, its title, its values; derived values are shown beside what they come from.

    `masked`: ID numbers and phones as `420106********1234`.
    """
    build = {
        "address": _address, "scope": _scope, "capital": _capital, "shareholders": _shareholders,
        "officers": _officers, "liaison": _liaison, "beneficial": _beneficial, "submitter": _submitter,
    }  # fmt: skip
    shown = types.get(application.entity_type).sections
    return [
        (name, str(SECTIONS[name]), build[name](application, facts, masked))
        for name in shown
        if name in build
    ]


def _person(application: Application, key: str, path: str, masked: bool) -> list[Value]:
    person = application.person(key)
    if person is None:
        return []
    place = f"people.{application.people.index(person)}"
    number = mask_id_number(person.id_number) if masked else person.id_number
    phone = mask_phone(person.phone) if masked else person.phone
    return [
        Value(f"{place}.name", _("Name"), person.name),
        Value(f"{place}.id_number", _("ID number"), number),
        Value(f"{place}.phone", _("Phone"), phone),
    ]


def _address(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    address = application.address
    office = facts.authorities.get(address.authority_code)
    return [
        Value("address", _("Address"), full_address(address, facts)),
        Value("address.authority_code", _("Registration authority"), office.name if office else ""),
        Value(
            "address.commitment",
            _("Address commitment"),
            _("Given") if address.commitment else _("Not given"),
        ),
    ]


def _scope(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    return [Value("scope", _("Business scope"), scope.compose(application.scope))]


def _capital(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    capital = application.capital
    words = f"（{derive.capital_in_words(capital)}）" if capital else ""
    term = _("Long-term") if application.long_term else _("%(n)s years", n=application.term_years or "—")
    return [
        Value("capital", _("Registered capital"), f"{wan(capital)}{words}" if capital else ""),
        Value("term_years", _("Term"), term),
    ]


def _shareholders(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    rows: list[Value] = []
    shares = derive.shares(application)
    for index, row in enumerate(application.contributions):
        path = f"contributions.{index}"
        company = application.organisation(row.party)
        if company is not None:
            place = f"organisations.{application.organisations.index(company)}"
            rows += [
                Value(f"{place}.name", _("Shareholder"), company.name),
                Value(f"{place}.uscc", _("Credit code"), company.uscc),
            ]
        rows += _person(application, row.party, path, masked)
        share = f"（{shares[row.party]}%）" if row.party in shares else ""
        rows += [
            Value(
                f"{path}.subscribed",
                _("Contribution"),
                f"{wan(row.subscribed)}{share}" if row.subscribed else "",
            ),
            Value(f"{path}.form", _("In the form of"), str(FORMS[row.form])),
            Value(f"{path}.due", _("Due date"), day(row.due)),
        ]
    return rows


def _officers(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    lead = application.governance
    head = types.get(application.entity_type).head_words
    rows = [
        Value("governance.board", _("Leadership"), str(BOARD[lead.board])),
        Value("governance.supervision", _("Supervision"), str(SUPERVISION[lead.supervision])),
        Value(
            "governance.legal_representative",
            say(Words(head.zh, head.en.capitalize())),
            application.party_name(lead.legal_representative),
        ),
    ]
    known = {row.party for row in application.contributions}
    for index, officer in enumerate(application.officers):
        rows.append(
            Value(f"officers.{index}", str(OFFICES[officer.office]), application.party_name(officer.person))
        )
        if officer.person not in known:
            known.add(officer.person)
            rows += _person(application, officer.person, f"officers.{index}", masked)[1:]
    return rows


def _liaison(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    person = application.person(application.liaison.person)
    rows = [
        Value("liaison", _("Liaison officer"), person.name if person else ""),
        Value("phone", _("Phone of the company"), application.phone),
    ]
    if person:
        place = f"people.{application.people.index(person)}.email"
        rows.append(Value(place, _("E-mail"), person.email))
    return rows


def _beneficial(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    if application.beneficial.exempt:
        return [Value("beneficial", _("Beneficial owners"), _("Exempt by commitment"))]
    return [
        Value(f"beneficial.owners.{i}", _("Beneficial owner"), application.party_name(o.person))
        for i, o in enumerate(application.beneficial.owners)
    ]


def _submitter(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    row = application.submitter
    role = _("Agent") if row.role == "agent" else _("Liaison officer")
    name = application.party_name(row.person)
    return [Value("submitter", _("Submitter"), f"{name}（{role}）" if name else "")]
