"""The application as labelled values by section: for check-your-answers and for the registrar's case page."""

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.i18n import say
from app.web.layout import day, wan, yuan
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

ACCOUNTING = {
    "independent": _l("As accounts of its own"), "not_independent": _l("With the company's accounts"), "": "",
}  # fmt: skip
ROLES = {"general_partner": _l("General partner"), "limited_partner": _l("Limited partner"), "": "—"}


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
    kind = types.get(application.entity_type)
    return [
        (name, str(section_title(kind, name)), build[name](application, facts, masked))
        for name in kind.sections
        if name in build
    ]


def section_title(kind: types.EntityKind, section: str) -> str:
    """What a section is called for this type: shareholders are partners elsewhere, officers a person in charge."""
    if section == "shareholders" and kind.role != "shareholder":
        return _capital_letter(kind.role_words)
    if section == "officers" and len(kind.offices) == 1:
        return str(OFFICES[kind.offices[0]])
    if section == "capital" and kind.leadership != "company":
        return _capital_letter(kind.capital_words)
    return str(SECTIONS[section])


def _capital_letter(words: Words) -> str:
    return say(Words(words.zh, words.en[:1].upper() + words.en[1:]))


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
    kind, capital = types.get(application.entity_type), application.capital
    words = f"（{derive.capital_in_words(capital)}）" if capital else ""
    rows = [
        Value("capital", _capital_letter(kind.capital_words), f"{wan(capital)}{words}" if capital else "")
    ]
    if "shares" in kind.asks and application.par_value:
        rows.append(Value("par_value", _("Par value of a share"), yuan(application.par_value)))
    if kind.term_asked:
        term = _("Long-term") if application.long_term else _("%(n)s years", n=application.term_years or "—")
        words = _("Term of the partnership") if kind.leadership == "partners" else _("Term")
        rows.append(Value("term_years", words, term))
    return rows


def _shareholders(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    kind = types.get(application.entity_type)
    return {"list": _founders, "one": _owner, "parent": _parent}[kind.founders](application, kind, masked)


def _organisation(application: Application, key: str, label: str) -> list[Value]:
    company = application.organisation(key)
    if company is None:
        return []
    place = f"organisations.{application.organisations.index(company)}"
    return [
        Value(f"{place}.name", label, company.name),
        Value(f"{place}.uscc", _("Credit code"), company.uscc),
        Value(f"{place}.representative", _("Represented by"), application.party_name(company.representative)),
    ]


def _parent(application: Application, kind: types.EntityKind, masked: bool) -> list[Value]:
    rows = _organisation(application, application.parent.organisation, _capital_letter(kind.role_words))
    accounts = str(ACCOUNTING[application.parent.accounting])
    return [*rows, Value("parent.accounting", _("Accounts"), accounts)]


def _owner(application: Application, kind: types.EntityKind, masked: bool) -> list[Value]:
    rows: list[Value] = []
    for row in application.contributions[:1]:
        rows += _person(application, row.party, "contributions.0", masked)
        person = application.person(row.party)
        if person is not None:
            place = f"people.{application.people.index(person)}.address"
            rows.append(Value(place, _("Residence"), person.address))
        if "means" in kind.asks:
            means = _("The family's common property") if row.family_property else _("Personal property")
            rows.append(Value("contributions.0.family_property", _("With whose property?"), means))
    if "composition" in kind.asks:
        composition = {"person": _("One person"), "family": _("A family"), "": ""}[application.household_form]
        rows.append(Value("household_form", _("Who runs the business?"), composition))
    if application.family:
        members = "、".join(application.party_name(key) for key in application.family)
        rows.append(Value("family", _("Members of the family"), members))
    rows += _employees(application)
    if "funds" in kind.asks and application.capital:
        rows.append(Value("capital", _("Funds"), wan(application.capital)))
    return rows


def _employees(application: Application) -> list[Value]:
    count = application.governance.employees
    return [] if count is None else [Value("governance.employees", _("Number of employees"), str(count))]


def _founders(application: Application, kind: types.EntityKind, masked: bool) -> list[Value]:
    rows: list[Value] = []
    shares = derive.shares(application)
    for index, row in enumerate(application.contributions):
        path = f"contributions.{index}"
        rows += _organisation(application, row.party, _capital_letter(kind.role_words))
        rows += _person(application, row.party, path, masked)
        share = f"（{shares[row.party]}%）" if row.party in shares else ""
        amount = f"{wan(row.subscribed)}{share}" if row.subscribed else ""
        rows.append(Value(f"{path}.subscribed", _("Contribution"), amount))
        if "role" in kind.asks:
            rows.append(Value(f"{path}.role", _("Role"), str(ROLES[row.role])))
        if "shares" in kind.asks:
            rows.append(Value(f"{path}.shares", _("Number of shares"), f"{row.shares or 0:,}"))
        if "farmer" in kind.asks and application.person(row.party):
            rows.append(Value(f"{path}.farmer", _("Farmer"), _("Yes") if row.farmer else _("No")))
        rows.append(Value(f"{path}.form", _("In the form of"), str(FORMS[row.form])))
        if row.paid:
            rows.append(Value(f"{path}.paid", _("Paid already"), wan(row.paid)))
        if "due" in kind.asks:
            label = _("Paid on") if "shares" in kind.asks else _("Due date")
            rows.append(Value(f"{path}.due", label, day(row.due)))
    return rows


def _officers(application: Application, facts: Catalogue, masked: bool) -> list[Value]:
    kind, lead = types.get(application.entity_type), application.governance
    rows: list[Value] = []
    if kind.leadership == "company":
        rows = [
            Value("governance.board", _("Leadership"), str(BOARD[lead.board])),
            Value("governance.supervision", _("Supervision"), str(SUPERVISION[lead.supervision])),
        ]
    head = _capital_letter(kind.head_words)
    if kind.leadership == "company" or head != str(OFFICES[kind.offices[0]]):
        rows.append(
            Value("governance.legal_representative", head, application.party_name(lead.legal_representative))
        )
    known = {row.party for row in application.contributions}
    for index, officer in enumerate(application.officers):
        rows.append(
            Value(f"officers.{index}", str(OFFICES[officer.office]), application.party_name(officer.person))
        )
        if officer.delegate:
            name = application.party_name(officer.delegate)
            rows.append(Value(f"officers.{index}.delegate", _("Delegate"), name))
        for key in (officer.person, officer.delegate):
            if key and key not in known:
                known.add(key)
                rows += _person(application, key, f"officers.{index}", masked)[1:]
    return rows + _employees(application)


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
