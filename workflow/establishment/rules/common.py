"""What every rule module uses: the context, the collector of problems, and checks of single people."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from workflow.catalogues.queries import Catalogue, from_files
from workflow.clock import today
from workflow.errors import Problem, Words
from workflow.establishment.data import Application, Organisation, Person
from workflow.identity import age, birth_date, document_problem, valid_email, valid_mobile
from workflow.licensing import uscc

ADULT = 18
YEARS_TO_PAY = 5


@dataclass(frozen=True)
class Registered:
    """What the register says of an enterprise: its name, whether it exists, its scope as printed."""

    name: str
    existing: bool
    scope: str


@dataclass(frozen=True)
class Context:
    """What the rules know beside the application.

    `blocked` maps ID numbers to the reason why this person may not hold an office or apply (CL2023 Art. 178,
    PRO-14). `address_exceptions` are the reasons why a commitment does not suffice here (ADR-03).
    `unusual_capital` (fen) is where a reminder about plainly abnormal capital begins (PRO-18). `registered` has the
    organisations that stand in the register, by credit code. `wishes` are answers to wordings outside the scope
    catalogue that were asked for before (SC-09).
    """

    today: date = field(default_factory=today)
    catalogue: Catalogue = field(default_factory=from_files)
    blocked: Mapping[str, Words] = field(default_factory=dict)
    reserved_name: str = ""
    commitment_allowed: bool = True
    address_exceptions: Collection[str] = ()
    unusual_capital: int = 10_000_000_000_00
    registered: Mapping[str, Registered] = field(default_factory=dict)
    wishes: Mapping[str, Words] = field(default_factory=dict)


class Findings:
    """Collects problems; knows the application so that rules can name people."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.problems: list[Problem] = []

    def error(self, code: str, field: str, zh: str, en: str, basis: str = "") -> None:
        """Something that stops the application."""
        self.problems.append(Problem(code, field, Words(zh, en), basis))

    def warn(self, code: str, field: str, zh: str, en: str, basis: str = "") -> None:
        """Something to know; the person may go on."""
        self.problems.append(Problem(code, field, Words(zh, en), basis, "warning"))

    def required(self, field: str, zh: str, en: str) -> None:
        """A value that is missing; `zh` and `en` name it."""
        self.error("required", field, f"请填写{zh}。", f"Enter {en}.")

    def choose(self, field: str, zh: str, en: str) -> None:
        """A choice that is missing."""
        self.error("required", field, f"请选择{zh}。", f"Choose {en}.")


def five_years_after(day: date, years: int = YEARS_TO_PAY) -> date:
    """The same day some years later; 29 February becomes 28 February (LLC-03)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def born(person: Person) -> date | None:
    """The birth date of a person with a resident ID."""
    return birth_date(person.id_number) if person.id_type == "resident_id" else None


def grown_up(person: Person, day: date) -> bool:
    """Whether a person is 18; unknown counts as yes (the document is checked elsewhere)."""
    birth = born(person)
    return birth is None or age(birth, day) >= ADULT


def uses(application: Application) -> Iterator[tuple[str, str]]:
    """Every place where a party's key is used: (section, key), in the order of the form."""
    for row in application.contributions:
        yield "shareholders", row.party
    yield "shareholders", application.parent.organisation
    for key in application.family:
        yield "shareholders", key
    for officer in application.officers:
        yield "officers", officer.person
        yield "officers", officer.delegate
    yield "officers", application.governance.legal_representative
    yield "liaison", application.liaison.person
    for owner in application.beneficial.owners:
        yield "beneficial", owner.person
    yield "submitter", application.submitter.person


def check_people(
    application: Application, context: Context, found: Findings, also: Collection[str] = ()
) -> None:
    """RN-01: everyone who appears can be verified: name, document, a way to be reached. `also`: keys of people who have
    no part yet."""
    organisations = {o.key: o for o in application.organisations}
    used = {key for _, key in uses(application) if key} | {*also}
    representatives = {organisations[k].representative for k in used if k in organisations}
    seen: dict[str, int] = {}
    for index, person in enumerate(application.people):
        if person.key not in used | representatives:
            continue
        _check_person(person, f"people.{index}", context, found)
        number = person.id_number.upper()
        if number and number in seen:
            found.error(
                "RN-01", f"people.{index}.id_number",
                f"证件号码与第{seen[number] + 1}位人员相同，同一人请只填写一次。",
                f"Person {seen[number] + 1} has the same document number. Enter each person once.",
                "IMPL52 Art. 16",
            )  # fmt: skip
        seen.setdefault(number, index)
    for index, organisation in enumerate(application.organisations):
        if organisation.key in used:
            _check_organisation(organisation, f"organisations.{index}", application, context, found)
    known = {p.key for p in application.people} | organisations.keys()
    for section, key in dict.fromkeys(uses(application)):
        if key and key not in known:
            found.error(
                "unknown_party",
                _field_of(section),
                "所选人员不存在，请重新选择。",
                "This person is not in the list.",
            )


def _field_of(section: str) -> str:
    return {
        "shareholders": "contributions",
        "submitter": "submitter.person",
        "liaison": "liaison.person",
    }.get(section, {"beneficial": "beneficial.owners"}.get(section, section))


def _check_person(person: Person, path: str, context: Context, found: Findings) -> None:
    if not person.name.strip():
        found.required(f"{path}.name", "姓名", "the name")
    elif not re.fullmatch(r"[\u3400-\u9fff\U00020000-\U0003ffffA-Za-z·•.'\- ]{2,50}", person.name.strip()):
        found.error(
            "RN-01",
            f"{path}.name",
            "姓名只能包含汉字、字母和间隔号“·”。",
            "A name has Chinese characters, letters and ·.",
        )
    if not person.id_number:
        found.required(f"{path}.id_number", "证件号码", "the document number")
    elif wrong := document_problem(person.id_type, person.id_number.upper(), context.today):
        found.error("RN-01", f"{path}.id_number", wrong.zh, wrong.en, "IMPL52 Art. 16; GB 11643")
    if not person.phone:
        found.required(f"{path}.phone", "手机号码", "the mobile number")
    elif not valid_mobile(person.phone):
        found.error("phone", f"{path}.phone", "手机号码格式不正确。", "This is not a mobile number.")
    if person.email and not valid_email(person.email):
        found.error("email", f"{path}.email", "电子邮箱格式不正确。", "This is not a mail address.")
    if person.id_type in ("passport", "foreign_residence") and person.nationality == "CHN":
        found.warn(
            "RN-05",
            f"{path}.nationality",
            "请核对国籍与证件类型是否一致。",
            "Check nationality against the document.",
        )


def _check_organisation(
    organisation: Organisation, path: str, application: Application, context: Context, found: Findings
) -> None:
    """RN-03: an organisation is known by its credit code and acts through its representative; one that stands in
    the register bears the name it has there and still exists."""
    if not organisation.name.strip():
        found.required(f"{path}.name", "单位名称", "the organisation's name")
    if not organisation.uscc:
        found.required(f"{path}.uscc", "统一社会信用代码", "the credit code")
    elif wrong := uscc.problem_with(organisation.uscc):
        found.error("USCC-03", f"{path}.uscc", wrong.zh, wrong.en, "GB 32100-2015")
    entry = context.registered.get(organisation.uscc)
    if entry and organisation.name.strip() and organisation.name.strip() != entry.name:
        found.error(
            "RN-03",
            f"{path}.name",
            f"该统一社会信用代码登记的名称是“{entry.name}”，请核对。",
            f"Under this credit code the register has {entry.name}. Check it.",
            "SAMR88; GB 32100-2015",
        )
    if entry and not entry.existing:
        found.error(
            "RN-03",
            f"{path}.uscc",
            "该单位已经注销或者被撤销登记，不能出资或者设立分支机构。",
            "This organisation is de-registered or revoked. It can neither contribute nor set up a branch.",
            "SAMR88",
        )
    if application.person(organisation.representative) is None:
        found.choose(
            f"{path}.representative", "该单位的法定代表人或负责人", "who represents the organisation"
        )


def check_blocked(application: Application, context: Context, found: Findings) -> None:
    """Disqualification of officers (CL2023 Art. 178, MER746 Art. 12) and of responsible persons (PRO-14)."""
    barred = {number.upper(): why for number, why in context.blocked.items()}
    for index, officer in enumerate(application.officers):
        person = application.person(officer.person)
        if person and (why := barred.get(person.id_number.upper())):
            name = person.name
            found.error(
                "CL-178", f"officers.{index}.person", f"{name}依法不得担任该职务：{why.zh}",
                f"{name} may not hold this office: {why.en}", "CL2023 Art. 178; MER746 Arts. 12, 40",
            )  # fmt: skip
    for path, key in (
        ("governance.legal_representative", application.governance.legal_representative),
        ("submitter.person", application.submitter.person),
    ):
        person = application.person(key)
        if person and (why := barred.get(person.id_number.upper())):
            found.error(
                "PRO-14",
                path,
                f"不能由{person.name}担任或提交：{why.zh}",
                f"{person.name} is barred: {why.en}",
                "MER746 Art. 40",
            )


def check_adult(key: str, path: str, code: str, basis: str, found: Findings) -> None:
    """A person in this place must be 18 with full capacity."""
    person = found.application.person(key)
    if person and not grown_up(person, found.context.today):
        found.error(code, path, f"{person.name}未满18周岁，不能担任。", f"{person.name} is under 18.", basis)
