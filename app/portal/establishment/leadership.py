"""Officers by role, with what excludes what."""

from typing import Any, ClassVar, Self

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, fill_in
from app.portal.establishment.people import NOBODY, SOMEBODY, choose_person
from app.portal.establishment.tasks import title_of
from app.web import forms
from app.web.access import signed_in
from app.web.i18n import is_chinese
from app.web.summary import OFFICES
from workflow.clock import today
from workflow.establishment import derive
from workflow.establishment.data import Application, Officer


@autosaved
class CompanyForm(SectionForm):
    """How a company is led and watched (LLC-07 to LLC-16)."""

    section: ClassVar[str] = "officers"
    board = forms.Radios(
        _l("Who leads the company?"), required=_l("Choose a board or one director"),
        choices=[
            ("director", _l("One director"), _l("Fits small companies and those with few shareholders")),
            ("board", _l("A board of directors"), _l("Three or more directors, one of them the chair")),
        ],
    )  # fmt: skip
    director = forms.Select(_l("Director"), blank=SOMEBODY, choices=[], mark_optional=False)
    chair = forms.Select(_l("Chair of the board"), blank=SOMEBODY, choices=[], mark_optional=False)
    directors = forms.Checkboxes(_l("Other directors"), choices=[], mark_optional=False)
    employee_director = forms.Select(
        _l("Employees' representative on the board"),
        blank=NOBODY,
        choices=[],
        hint=_l("Needed with 300 employees or more."),
    )
    manager = forms.Select(
        _l("Manager"),
        blank=NOBODY,
        choices=[],
        hint=_l("A company with one director needs none; the director may be the manager too."),
    )
    supervision = forms.Radios(
        _l("Who watches over the company?"), required=_l("Choose how the company is supervised"), choices=[]
    )
    supervisor = forms.Select(
        _l("Supervisor"), blank=SOMEBODY, choices=[], mark_optional=False,
        hint=_l("May not be a director, the manager or the finance officer."),
    )  # fmt: skip
    supervisory_chair = forms.Select(
        _l("Chair of the supervisory board"), blank=SOMEBODY, choices=[], mark_optional=False
    )
    supervisors = forms.Checkboxes(_l("Other supervisors"), choices=[], mark_optional=False)
    employee_supervisors = forms.Checkboxes(
        _l("Employees' representatives among them"), choices=[], mark_optional=False,
        hint=_l("A third of the supervisory board or more."),
    )  # fmt: skip
    audit_committee = forms.Checkboxes(
        _l("Directors on the audit committee"), choices=[], mark_optional=False
    )
    legal_representative = forms.Select(
        _l("Legal representative"), blank=SOMEBODY, choices=[], required=_l("Choose the legal representative"),
        hint=_l("A director who runs the company's business, or the manager."),
    )  # fmt: skip
    chosen_by = forms.Radios(
        _l("Who appoints the legal representative?"), inline=True, required=_l("Choose who appoints"),
        choices=[("shareholders", _l("The shareholders")), ("board", _l("The board"))],
    )  # fmt: skip
    finance_chief = forms.Select(
        _l("Finance officer"), blank=NOBODY, choices=[], hint=_l("The tax office will ask for one.")
    )
    term_years = forms.IntegerField(
        _l("Term of office"), least=1, most=3, suffix=_l("years"), default=3, required=_l("Enter the term"),
        hint=_l("At most three years; supervisors always serve three."),
    )  # fmt: skip
    employees = forms.IntegerField(_l("Number of employees"), most=1_000_000)

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What was entered, and where nothing was, what fits most companies."""
        return offices_of(derive.with_defaults(filing.application, today()))

    def prepare(self, filing: Filing) -> None:
        """Offer the people known here."""
        for name in ("director", "chair", "directors", "employee_director", "manager", "supervisor", "supervisory_chair",
                     "supervisors", "employee_supervisors", "audit_committee", "legal_representative", "finance_chief"):  # fmt: skip
            choose_person(self[name], filing)
        ways = [
            ("none", _l("No supervisor"), _l("If all shareholders agree; they sign a statement")),
            ("supervisor", _l("One supervisor")),
            (
                "board",
                _l("A supervisory board"),
                _l("Three or more, a third of them chosen by the employees"),
            ),
            ("audit_committee", _l("An audit committee of directors"), _l("Only with a board of directors")),
        ]
        no_need = "shares" not in filing.kind.asks  # a joint-stock company always has one (CL2023 Art. 133)
        self.supervision.choices = self.supervision.remember(ways if no_need else ways[1:])
        words = filing.kind.head_words
        self.legal_representative.label.text = words.zh if is_chinese() else words.en.capitalize()

    def where(self) -> dict[str, str]:
        """Offices are one list; the rest has its place."""
        return dict.fromkeys(
            ("director", "chair", "directors", "employee_director", "manager", "supervisor", "supervisory_chair",
             "supervisors", "employee_supervisors", "audit_committee", "finance_chief", "term_years"), "officers",
        ) | {
            "board": "governance.board", "supervision": "governance.supervision",
            "legal_representative": "governance.legal_representative",
            "chosen_by": "governance.legal_representative_chosen_by", "employees": "governance.employees",
        }  # fmt: skip

    def write(self, application: Application, names: Any = None) -> None:
        """The offices belong together: they are stored as the page shows them."""
        values = offices_of(application)
        values |= {name: self[name].data for name in self.readable(names) & values.keys()}
        put_offices(application, values)

    def show_problems(self, filing: Filing) -> None:
        """Each problem at the question that answers it."""
        places = {
            "governance.board": "board", "governance.supervision": "supervision",
            "governance.legal_representative": "legal_representative",
            "governance.legal_representative_office": "legal_representative",
            "governance.legal_representative_chosen_by": "chosen_by",
        }  # fmt: skip
        at = {
            p.field: places.get(p.field) or self._question(filing.application, p)
            for p in filing.problems["officers"]
        }
        mine = [p for p in filing.problems["officers"] if not p.field.startswith("people.")]
        self.add_problems([p for p in mine if at[p.field] in self or not at[p.field]], at)

    def _question(self, application: Application, problem: Any) -> str:
        supervised = {
            "supervisor": "supervisor",
            "board": "supervisory_chair",
            "audit_committee": "audit_committee",
        }
        lead = application.governance
        parts = problem.field.split(".")
        if len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(application.officers):
            office = application.officers[int(parts[1])].office
            return {"director": "director" if lead.board == "director" else "directors", "chair": "chair",
                    "manager": "manager", "supervisor": "supervisor" if lead.supervision == "supervisor" else "supervisors",
                    "supervisory_chair": "supervisory_chair", "finance_chief": "finance_chief"}.get(office, "")  # fmt: skip
        if problem.code in ("LLC-12", "LLC-14", "LLC-15", "JSC-121"):
            return supervised.get(lead.supervision, "supervision")
        if problem.code in ("LLC-08", "LLC-09"):
            return "director" if lead.board == "director" else "chair"
        return "board"


def offices_of(application: Application) -> dict[str, Any]:
    """The offices of a company as the form asks for them."""
    lead, rows = application.governance, application.officers

    def holders(*offices: str) -> list[str]:
        return [o.person for o in rows if o.office in offices]

    def first(found: list[str]) -> str:
        return found[0] if found else ""

    return {
        "board": lead.board or None, "director": first(holders("director")) if lead.board != "board" else "",
        "chair": first(holders("chair")), "directors": holders("director") if lead.board == "board" else [],
        "employee_director": first([o.person for o in rows if o.employee_representative and o.office in ("director", "chair")]),
        "manager": first(holders("manager")), "supervision": lead.supervision or None,
        "supervisor": first(holders("supervisor")) if lead.supervision != "board" else "",
        "supervisory_chair": first(holders("supervisory_chair")),
        "supervisors": holders("supervisor") if lead.supervision == "board" else [],
        "employee_supervisors": [o.person for o in rows if o.employee_representative and o.office.startswith("superv")],
        "audit_committee": [o.person for o in rows if o.audit_committee],
        "legal_representative": lead.legal_representative, "chosen_by": lead.legal_representative_chosen_by or None,
        "finance_chief": first(holders("finance_chief")), "employees": lead.employees,
        "term_years": next((o.term_years for o in rows if o.office in ("director", "chair")), None) or 3,
    }  # fmt: skip


def put_offices(application: Application, values: dict[str, Any]) -> None:
    """Store the offices in a fixed order; only those that the chosen form of leadership has."""
    lead, years = application.governance, values["term_years"]
    kept = [o for o in application.officers if o.office in ("vice_chair", "vice_manager", "board_secretary")]
    rows: list[Officer] = []

    def add(person: str | None, office: Any, how: Any, term: int | None, **marks: bool) -> None:
        if person and not any(o.person == person and o.office == office for o in rows):
            rows.append(Officer(person=person, office=office, how=how, term_years=term, **marks))

    board, watch = values["board"] or "", values["supervision"] or ""
    committee = values["audit_committee"] if watch == "audit_committee" else []
    if board == "board":
        add(values["chair"], "chair", "elected", years, audit_committee=values["chair"] in committee,
            employee_representative=values["chair"] == values["employee_director"])  # fmt: skip
        for person in values["directors"]:
            if person != values["chair"]:
                add(person, "director", "elected", years, audit_committee=person in committee,
                    employee_representative=person == values["employee_director"])  # fmt: skip
    else:
        add(values["director"], "director", "elected", years)
    add(values["manager"], "manager", "hired", years)
    if watch == "supervisor":
        add(values["supervisor"], "supervisor", "elected", 3)
    elif watch == "board":
        staff = values["employee_supervisors"]
        add(values["supervisory_chair"], "supervisory_chair", "elected", 3,
            employee_representative=values["supervisory_chair"] in staff)  # fmt: skip
        for person in values["supervisors"]:
            if person != values["supervisory_chair"]:
                add(person, "supervisor", "elected", 3, employee_representative=person in staff)
    add(values["finance_chief"], "finance_chief", "hired", years)
    old = {(o.person, o.office): o for o in application.officers}
    for row in rows:  # what the form does not ask stays as it was
        if before := old.get((row.person, row.office)):
            row.how = before.how or row.how
    application.officers = [*rows, *kept]
    lead.board, lead.supervision, lead.employees = board, watch, values["employees"]
    lead.legal_representative = values["legal_representative"] or ""
    lead.legal_representative_chosen_by = values["chosen_by"] or ""
    held = [o.office for o in rows if o.person == lead.legal_representative]
    lead.legal_representative_office = next((o for o in ("chair", "director", "manager") if o in held), "")


HINTS = {
    ("branch", "person_in_charge"): _l("Runs the branch for the company and stands on its licence."),
    ("cooperative", "cooperative_chair"): _l("One of the members; the legal representative."),
    ("cooperative", "manager"): _l("Hired by the chair or the council; may be the chair too."),
    ("cooperative", "supervisor"): _l("Neither the chair nor the manager."),
}  # fmt: skip


@autosaved
class OfficesForm(SectionForm):
    """The offices of types that are no companies, one question each; the first makes its holder the head."""

    section: ClassVar[str] = "officers"
    employees = forms.IntegerField(_l("Number of employees"), most=1_000_000)

    @classmethod
    def fitting(cls, filing: Filing) -> type[Self]:
        """A form that asks for the offices of this type; only the first must be filled."""
        fields = {
            f"office_{o}": forms.Select(
                OFFICES[o], blank=NOBODY if place else SOMEBODY, choices=[], mark_optional=bool(place), hint=HINTS.get((filing.kind.code, o)),
                required=None if place else SOMEBODY,
            )
            for place, o in enumerate(filing.kind.offices)
        }  # fmt: skip
        return type("OfficesForm", (cls,), fields)

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """Who holds each office; the head holds the first."""
        held = {f"office_{o.office}": o.person for o in filing.application.officers}
        head = filing.application.governance.legal_representative
        employees = filing.application.governance.employees
        return {f"office_{filing.kind.offices[0]}": head, "employees": employees} | held

    def prepare(self, filing: Filing) -> None:
        """Offer people."""
        for office in filing.kind.offices:
            choose_person(self[f"office_{office}"], filing)

    def where(self) -> dict[str, str]:
        """Offices are one list."""
        offices = {f"office_{o}": "officers" for o in self.filing.kind.offices}
        return offices | {"employees": "governance.employees"}

    def write(self, application: Application, names: Any = None) -> None:
        """Store the offices as the page shows them."""
        rows, readable = [], self.readable(names)
        for office in self.filing.kind.offices:
            name = f"office_{office}"
            person = (
                self[name].data
                if name in readable
                else next((o.person for o in application.officers if o.office == office), "")
            )
            if person:
                rows.append(
                    Officer(person=person, office=office, how="hired" if office == "manager" else "elected")
                )  # type: ignore[arg-type]
        application.officers = rows
        first = self.filing.kind.offices[0]
        application.governance.legal_representative = next((o.person for o in rows if o.office == first), "")
        if "employees" in readable:
            application.governance.employees = self.employees.data

    def show_problems(self, filing: Filing) -> None:
        """At the office it concerns, otherwise at the first."""
        first = f"office_{filing.kind.offices[0]}"
        for problem in filing.problems["officers"]:
            if problem.field.startswith("people."):
                continue
            parts = problem.field.split(".")
            rows = filing.application.officers
            index = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else -1
            name = f"office_{rows[index].office}" if 0 <= index < len(rows) else first
            self.add_problems([problem], {problem.field: name})


@autosaved
class PartnersForm(SectionForm):
    """Which partners execute the business, and through whom where they are organisations (PEL 26, 68)."""

    section: ClassVar[str] = "officers"
    executing = forms.Checkboxes(
        _l("Executing partners"), choices=[], mark_optional=False,
        hint=_l("Who acts for the partnership; at first all general partners, as the law has it."),
    )  # fmt: skip
    employees = forms.IntegerField(_l("Number of employees"), most=1_000_000)

    @classmethod
    def fitting(cls, filing: Filing) -> type[Self]:
        """A form that asks each organisation that may execute the business for its delegate."""
        fields = {
            f"delegate_{key}": forms.Select(
                _l("Delegate of %(name)s", name=name), blank=SOMEBODY, choices=[], mark_optional=False,
                hint=_l("The natural person who acts for it; signs and stands on the licence."),
            )
            for key, name in general_partners(filing)
            if filing.application.organisation(key)
        }  # fmt: skip
        return type("PartnersForm", (cls,), fields)

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """Those chosen; at first all general partners, as the law has it (IMPL52 Art. 11)."""
        application = filing.application
        rows = {o.person: o for o in application.officers if o.office == "executing_partner"}
        data: dict[str, Any] = {
            "executing": [*rows] or [key for key, _ in general_partners(filing)],
            "employees": application.governance.employees,
        }
        for company in application.organisations:
            row = rows.get(company.key)
            data[f"delegate_{company.key}"] = row.delegate if row else company.representative
        return data

    def prepare(self, filing: Filing) -> None:
        """Partners, and for the organisations among them people."""
        self.executing.choices = self.executing.remember(partners(filing))
        for name in self._fields:
            if name.startswith("delegate_"):
                choose_person(self[name], filing)

    def where(self) -> dict[str, str]:
        """Executing partners are officers."""
        return {n: "officers" for n in self._fields if n.startswith("delegate_")} | {
            "executing": "officers", "employees": "governance.employees",
        }  # fmt: skip

    def write(self, application: Application, names: Any = None) -> None:
        """All of it together; the head is the first of them, or the delegate of the first."""
        readable = self.readable(names)
        if "executing" in readable:
            application.officers = [
                Officer(
                    person=key, office="executing_partner", how="delegated", term_years=None,
                    delegate=(self[f"delegate_{key}"].data or "") if f"delegate_{key}" in readable else "",
                )
                for key in self.executing.data or []
            ]  # fmt: skip
            first = next(iter(application.officers), None)
            lead = application.governance
            lead.legal_representative = (first.delegate or first.person) if first else ""
            if application.organisation(lead.legal_representative):
                lead.legal_representative = ""
            lead.legal_representative_office = "executing_partner" if first else ""
        if "employees" in readable:
            application.governance.employees = self.employees.data

    def show_problems(self, filing: Filing) -> None:
        """At the delegate it concerns, otherwise at the list."""
        rows = filing.application.officers
        for problem in filing.problems["officers"]:
            if problem.field.startswith("people."):
                continue
            parts = problem.field.split(".")
            index = int(parts[1]) if len(parts) > 2 and parts[1].isdigit() else -1
            name = f"delegate_{rows[index].person}" if parts[-1] == "delegate" and index < len(rows) else ""
            self.add_problems([problem], {problem.field: name if name in self else "executing"})


def partners(filing: Filing) -> list[tuple[str, str]]:
    """Key and name of every partner."""
    application = filing.application
    return [(r.party, application.party_name(r.party)) for r in application.contributions]


def general_partners(filing: Filing) -> list[tuple[str, str]]:
    """Those who may execute the business."""
    limited = {r.party for r in filing.application.contributions if r.role == "limited_partner"}
    return [(key, name) for key, name in partners(filing) if key not in limited]


FORMS = {"company": CompanyForm, "partners": PartnersForm, "offices": OfficesForm}


@blueprint.route("/application/officers", methods=["GET", "POST"])
@signed_in
def officers(number: str) -> ResponseReturnValue:
    """Who leads, who watches, who represents."""
    filing = Filing(number)
    company = filing.kind.leadership == "company"
    return fill_in(
        filing, FORMS[filing.kind.leadership].of(filing), "portal/establishment/officers.html", company=company,
        title=title_of(filing, "officers"), suggested=company and not filing.application.officers,
    )  # fmt: skip
