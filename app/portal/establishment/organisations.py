"""What is asked of an organisation: as the register has it where it is ours, and who represents it (RN-03)."""

from collections.abc import Collection
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.portal.establishment.common import Filing, SectionForm
from app.portal.establishment.people import names, next_key
from app.web import forms
from workflow.errors import Problem, Words
from workflow.establishment.data import Application, Organisation, Person
from workflow.establishment.rules.common import uses
from workflow.licensing.models import RegisterEntry
from workflow.licensing.queries import entry
from workflow.licensing.uscc import problem_with
from workflow.personal import mask_id_number, mask_phone

ORGANISATION_FIELDS = ("name", "kind", "uscc", "address", "representative")
KINDS = [
    ("company", _l("A company")), ("partnership", _l("Partnership")), ("institution", _l("Public institution")),
    ("social_organisation", _l("Social organisation")), ("state_enterprise", _l("State-owned enterprise")),
    ("listed_company", _l("Listed company")), ("other", _l("Other")),
]  # fmt: skip
NEW = "new"
NO_CODE = Words("请填写统一社会信用代码。", "Enter the credit code.")
NOT_HERE = Words(
    "登记库中没有这个代码，请自行填写下面的内容。",
    "The register here has no such code. Fill in the rest by hand.",
)


class OrganisationFields(SectionForm):
    """An organisation and who represents it."""

    secret: ClassVar = {"representative_id_number": mask_id_number, "representative_phone": mask_phone}

    name = forms.TextField(
        _l("Name of the organisation"), max_length=120, required=_l("Enter the organisation's name")
    )
    kind = forms.Select(_l("Kind"), choices=KINDS, default="company", required=_l("Choose the kind"))
    uscc = forms.TextField(
        _l("Unified social credit code"), max_length=18, required=_l("Enter the credit code"), classes="govuk-input--width-20",
        hint=_l(
            "18 characters, on its licence or certificate. Look it up, and what the register knows is filled in. "
            "Without such a code, as abroad, an organisation cannot take part online: go to the registration desk."
        ),
        filters=[lambda value: forms.half_width(value).upper() if isinstance(value, str) else value],
    )  # fmt: skip
    address = forms.TextField(_l("Address"), max_length=120)
    representative = forms.Radios(
        _l("Who represents it?"), required=_l("Choose who represents it"), choices=[],
        hint=_l(
            "Its legal representative or person in charge; signs for it, with its electronic business licence or after "
            "the check of the own person. A public institution or social organisation has no business licence: there "
            "only the person is checked."
        ),
    )  # fmt: skip
    representative_name = forms.TextField(_l("Representative's name"), max_length=50, mark_optional=False)
    representative_id_number = forms.TextField(
        _l("Representative's ID number"), max_length=20, classes="govuk-input--width-20 q-id-number", mark_optional=False,
        filters=[lambda value: forms.half_width(value).upper() if isinstance(value, str) else value],
    )  # fmt: skip
    representative_phone = forms.PhoneField(
        _l("Representative's mobile phone"), autocomplete="off", mark_optional=False
    )

    @staticmethod
    def known(filing: Filing, key: str) -> dict[str, Any]:
        """What is known of an organisation."""
        company = filing.application.organisation(key)
        return {n: getattr(company, n) for n in ORGANISATION_FIELDS} if company else {}

    def prepare(self, filing: Filing) -> None:
        """People known here, or somebody new."""
        self.representative.choices = self.representative.remember(
            [*names(filing), (NEW, _l("Somebody else"))]
        )

    def places(self, key: str) -> dict[str, str]:
        """Where the fields of an organisation live."""
        application = self.filing.application
        keys = [o.key for o in application.organisations]
        if key not in keys:
            return {}
        found = {n: f"organisations.{keys.index(key)}.{n}" for n in ORGANISATION_FIELDS}
        signer = next((p for p in application.people if p.key == application.organisations[keys.index(key)].representative), None)  # fmt: skip
        if self.representative.data == NEW:  # a person only when the whole form is saved
            del found["representative"]
            place = application.people.index(signer) if signer is not None else None
            for name in ("name", "id_number", "phone") if place is not None else ():
                found[f"representative_{name}"] = f"people.{place}.{name}"
        return found

    def validate(self, extra_validators: Any = None) -> bool:
        """Somebody new needs name, number and phone."""
        good = super().validate(extra_validators)
        if "representative" in self and self.representative.data == NEW:
            for name, words in (
                ("representative_name", gettext("Enter the name")),
                ("representative_id_number", gettext("Enter the document number")),
                ("representative_phone", gettext("Enter the mobile number")),
            ):
                if not self[name].data and not self[name].errors:
                    self[name].errors = [words]
                    good = False
        return good

    def look_up(self, db: Session) -> RegisterEntry | None:
        """Fill in what the register has under the credit code (PRO-12); without it, say what is wrong with the code."""
        code = self.uscc.data or ""
        wrong = problem_with(code) if code else NO_CODE
        found = None if wrong else entry(db, code)
        if found is None:
            self.add_problems([Problem("USCC-03", "uscc", wrong or NOT_HERE, "GB 32100-2015")])
            return None
        self.name.data, self.address.data = found.name, found.address
        known = {name: key for key, name in names(self.filing)}
        self.representative.data = known.get(found.representative, NEW)
        if self.representative.data == NEW:
            self.representative_name.data = found.representative
        return found

    def put_organisation(
        self, application: Application, key: str, names: Collection[str] | None = None
    ) -> None:
        """Store the organisation (all fields, or those named), and its representative when new."""
        company = application.organisation(key)
        if company is None:
            application.organisations.append(Organisation(key=key))
            company = application.organisation(key)
        assert company is not None
        for name in ORGANISATION_FIELDS:
            if name in self and name != "representative" and (names is None or name in names):
                setattr(company, name, self[name].data or "")
        if "representative" not in self or (names is not None and "representative" not in names):
            return
        chosen = self.representative.data
        if chosen == NEW:
            person = self._newcomer(application, company.representative)
            person.name = self.representative_name.data or ""
            person.id_number = self.representative_id_number.data or ""
            person.phone = self.representative_phone.data or ""
            chosen = person.key
        company.representative = chosen or ""

    @staticmethod
    def _newcomer(application: Application, key: str) -> Person:
        """The person entered here before, when nobody else needs them; otherwise a new one."""
        person = application.person(key)
        taken = {used for _, used in uses(application)}
        taken |= {k for k in (o.representative for o in application.organisations) if k != key}
        if person is not None and not person.account_id and key not in taken:
            return person
        application.people.append(Person(key=next_key([p.key for p in application.people], "p")))
        return application.people[-1]
