"""The liaison officer: whom the authority reaches."""

from typing import Any, ClassVar

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, fill_in
from app.portal.establishment.people import SOMEBODY, choose_person
from app.web import forms
from app.web.access import signed_in
from workflow.clock import today
from workflow.establishment import derive
from workflow.establishment.data import Application


@autosaved
class LiaisonForm(SectionForm):
    """Whom the authority reaches (AG-01, AG-09)."""

    section: ClassVar[str] = "liaison"
    person = forms.Select(
        _l("Liaison officer"), blank=SOMEBODY, required=_l("Choose the liaison officer"), choices=[],
        hint=_l("Reports for the company and answers the authority. Often the founder."),
    )  # fmt: skip
    email = forms.EmailField(_l("Mail address of the liaison officer"), required=_l("Enter a mail address"))
    landline = forms.TextField(
        _l("Landline"),
        max_length=20,
        classes="govuk-input--width-20",
        hint=_l("With the area code, such as 027-12345678"),
    )
    phone = forms.TextField(
        _l("Telephone of the company"), max_length=20, classes="govuk-input--width-20",
        hint=_l("Shown to the public in the register; a landline or a mobile number."),
    )  # fmt: skip

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """The founder, unless somebody else was chosen."""
        filled = derive.with_defaults(filing.application, today())
        person = filled.person(filled.liaison.person)
        return {
            "person": filled.liaison.person, "email": person.email if person else "",
            "landline": filled.liaison.landline, "phone": filled.phone,
        }  # fmt: skip

    def prepare(self, filing: Filing) -> None:
        """Offer the people known here."""
        choose_person(self.person, filing)

    def where(self) -> dict[str, str]:
        """The mail address belongs to the person."""
        found = {"person": "liaison.person", "landline": "liaison.landline", "phone": "phone"}
        for index, row in enumerate(self.filing.application.people):
            if row.key == self.filing.application.liaison.person:
                found["email"] = f"people.{index}.email"
        return found

    def write(self, application: Application, names: Any = None) -> None:
        """The person first: the address is theirs."""
        wanted = {"person", "email", "landline", "phone"} if names is None else set(names)
        if "person" in self and "person" in wanted:
            application.liaison.person = self.person.data or ""
        owner = application.person(application.liaison.person)
        if owner and "email" in self and "email" in wanted:
            owner.email = self.email.data or ""
        if "landline" in self and "landline" in wanted:
            application.liaison.landline = self.landline.data or ""
        if "phone" in self and "phone" in wanted:
            application.phone = self.phone.data or ""

    def show_problems(self, filing: Filing) -> None:
        """The telephone of the company is checked with the name, the rest here."""
        super().show_problems(filing)
        if "phone" in self:
            found = [p for rows in filing.problems.values() for p in rows if p.field == "phone"]
            self.add_problems(found, {"phone": "phone"})


@blueprint.route("/application/liaison", methods=["GET", "POST"])
@signed_in
def liaison(number: str) -> ResponseReturnValue:
    """Who is reached, and how."""
    filing = Filing(number)
    return fill_in(filing, LiaisonForm.of(filing), "portal/establishment/liaison.html")
