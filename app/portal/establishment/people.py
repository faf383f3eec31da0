"""People of an application: entered once, named everywhere else; their secrets are shown to nobody again."""

from typing import Any, ClassVar

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, shown, try_save
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from workflow.errors import NotFound
from workflow.establishment.data import Application, Person
from workflow.establishment.problems import check_person
from workflow.establishment.reuse import known_parties
from workflow.personal import mask_id_number, mask_phone

DOCUMENTS = [
    ("resident_id", _l("Resident ID card")), ("passport", _l("Passport")),
    ("hk_macao_permit", _l("Permit of Hong Kong and Macao residents")),
    ("taiwan_permit", _l("Permit of Taiwan residents")), ("foreign_residence", _l("Permanent residence card")),
]  # fmt: skip
SOMEBODY = _l("Choose a person")
NOBODY = _l("Nobody")
PERSON_FIELDS = ("name", "id_type", "id_number", "nationality", "phone", "email", "address")


class PersonFields(SectionForm):
    """What is asked of a natural person; sex and birth date follow from the ID number."""

    secret: ClassVar = {"id_number": mask_id_number, "phone": mask_phone}

    name = forms.TextField(
        _l("Full name"), max_length=50, required=_l("Enter the name"), hint=_l("As on the identity document")
    )
    id_type = forms.Select(
        _l("Identity document"), choices=DOCUMENTS, default="resident_id", required=_l("Choose the document")
    )
    id_number = forms.TextField(
        _l("Document number"), max_length=20, required=_l("Enter the document number"), classes="govuk-input--width-20 q-id-number",
        filters=[lambda value: forms.half_width(value).upper() if isinstance(value, str) else value],
    )  # fmt: skip
    nationality = forms.TextField(
        _l("Nationality"), max_length=3, default="CHN", classes="govuk-input--width-4",
        hint=_l("Three letters of the passport, CHN for China"), mark_optional=False,
        filters=[lambda value: forms.half_width(value).upper() if isinstance(value, str) else value],
    )  # fmt: skip
    phone = forms.PhoneField(
        _l("Mobile phone"),
        required=_l("Enter the mobile number"),
        hint=_l("The link for signing is sent to it."),
        autocomplete="off",
    )
    email = forms.EmailField(_l("E-mail"))
    address = forms.TextField(_l("Residence"), max_length=120, hint=_l("As on the identity document"))

    def close(self) -> None:
        """Who was checked at sign-up keeps name and number; of somebody known from an earlier case the phone stays too.

        Number and phone are not shown.
        """
        person = self.filing.application.person(self.context.get("key", ""))
        if person is None or not (person.account_id or person.known):
            return
        values = {
            "name": person.name, "id_type": "", "id_number": mask_id_number(person.id_number),
            "phone": mask_phone(person.phone),
        }  # fmt: skip
        for name in ("name", "id_type", "id_number", *(("phone",) if person.known else ())):
            if name in self:
                self.shut[name] = (self[name].label.text, values[name] or shown(self[name]))
                del self[name]


def next_key(taken: list[str], letter: str) -> str:
    """A key that nobody has yet: p2, o1."""
    numbers = [int(k[1:]) for k in taken if k[:1] == letter and k[1:].isdigit()]
    return f"{letter}{max(numbers, default=0) + 1}"


def names(filing: Filing) -> list[tuple[str, str]]:
    """Key and name of every natural person known in this application."""
    return [(p.key, p.name or gettext("(no name yet)")) for p in filing.application.people]


def choose_person(field: Any, filing: Filing) -> None:
    """Offer the people known here, by name."""
    field.choices = field.remember(names(filing))


def put_person(form: SectionForm, application: Application, key: str) -> None:
    """Store what a form says of a person."""
    person = application.person(key)
    for name in PERSON_FIELDS:
        if name in form:
            setattr(person, name, form[name].data or ("CHN" if name == "nationality" else ""))


@autosaved
class PersonForm(PersonFields):
    """One person, by `key`; a new one without."""

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What is known of the person."""
        person = filing.application.person(context.get("key", ""))
        return {name: getattr(person, name) for name in PERSON_FIELDS} if person else {}

    def where(self) -> dict[str, str]:
        """In the list of people."""
        keys = [p.key for p in self.filing.application.people]
        key = self.context.get("key", "")
        return {n: f"people.{keys.index(key)}.{n}" for n in PERSON_FIELDS} if key in keys else {}

    def put(self, application: Application, key: str) -> None:
        """Store the person."""
        if application.person(key) is None:
            application.people.append(Person(key=key))
        put_person(self, application, key)

    def attempt(self, application: Application) -> None:
        """See SectionForm."""
        self.context["key"] = self.context.get("key") or next_key([p.key for p in application.people], "p")
        self.put(application, self.context["key"])

    def show_problems(self, filing: Filing) -> None:
        """What the rules say of this person, whatever the person will be here (RN-01)."""
        found = check_person(filing.application, self.context["key"], filing.case, db)
        self.add_problems(found, {path: name for name, path in self.where().items() if name in self})


@blueprint.route("/application/people/add", methods=["GET", "POST"])
@signed_in
def add_person(number: str) -> ResponseReturnValue:
    """Somebody new; afterwards back to the section that asked."""
    return _person(Filing(number), "")


@blueprint.route("/application/people/<key>", methods=["GET", "POST"])
@signed_in
def person(number: str, key: str) -> ResponseReturnValue:
    """Somebody known here."""
    filing = Filing(number)
    if filing.application.person(key) is None:
        raise NotFound(f"person {key}")
    return _person(filing, key)


def _person(filing: Filing, key: str) -> ResponseReturnValue:
    if (answer := filing.closed()) is not None:
        return answer
    back = request.args.get("back", "")
    back = (
        back
        if back in filing.kind.sections
        else "officers"
        if "officers" in filing.kind.sections
        else "liaison"
    )
    form = PersonForm.of(filing, key=key)
    kept = False
    if form.validate_on_submit():
        new = key or next_key([p.key for p in filing.application.people], "p")
        if try_save(filing, form, lambda application: form.put(application, new)):
            form.context["key"] = new
            form.show_problems(filing)
            if not form.errors:
                flash(gettext("%(name)s was saved.", name=filing.application.person(new).name), "success")
                return redirect(filing.url(back), 303)
            db.commit()
            form.renew(filing)
            kept, key = True, new
    action = (
        url_for("establishment.person", number=filing.case.number, key=key, back=back)
        if key
        else url_for("establishment.add_person", number=filing.case.number, back=back)
    )
    page = render_template(
        "portal/establishment/person.html", form=form, filing=filing, section=back, kept=kept, action=action,
        key=key, back_url=filing.url(back), person=filing.application.person(key),
        offered_known=[k for k in known_parties(db, current_user.id, filing.application) if not k.organisation] if not key else [],
    )  # fmt: skip
    return page, 422 if form.errors else 200
