"""Who contributes: persons and organisations, amounts and dates, sums checked."""

from typing import Any, ClassVar

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, try_save
from app.portal.establishment.people import PERSON_FIELDS, PersonFields, names, next_key
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.i18n import say
from app.web.summary import FORMS
from workflow.clock import today
from workflow.errors import NotFound
from workflow.establishment import derive
from workflow.establishment.data import Application, Contribution, Organisation, Person
from workflow.establishment.reuse import known_parties

MONEY_FIELDS = ("subscribed", "paid", "form", "due", "shares", "role", "family_property")
ORGANISATION_FIELDS = ("name", "kind", "uscc", "address", "representative")
KINDS = [
    ("company", _l("A company")), ("partnership", _l("Partnership")), ("institution", _l("Public institution")),
    ("social_organisation", _l("Social organisation")), ("state_enterprise", _l("State-owned enterprise")),
    ("listed_company", _l("Listed company")), ("other", _l("Other")),
]  # fmt: skip
NEW = "new"


class ContributionFields(SectionForm):
    """What one party puts in."""

    section: ClassVar[str] = "shareholders"
    subscribed = forms.MoneyField(
        _l("Subscribed amount"), unit="wan", required=_l("Enter the subscribed amount")
    )
    paid = forms.MoneyField(_l("Paid already"), unit="wan")
    form = forms.Select(
        _l("In the form of"), default="money", required=_l("Choose the form"),
        choices=[(k, v) for k, v in FORMS.items() if k != "labour"],
    )  # fmt: skip
    due = forms.DateField(
        _l("To be paid by"), hint=_l("At the latest five years after establishment; we propose the last day.")
    )
    shares = forms.IntegerField(_l("Number of shares"), least=1, most=10**12)
    role = forms.Radios(
        _l("Role"), inline=True,
        choices=[("general_partner", _l("General partner")), ("limited_partner", _l("Limited partner"))],
    )  # fmt: skip
    family_property = forms.Checkbox(_l("From the family's common property"))

    def for_type(self, filing: Filing) -> None:
        """Leave out what this type does not ask."""
        kind = filing.application.entity_type
        unwanted = {"shares"} if kind != "jsc" else set()
        unwanted |= {"role"} if kind not in ("gp", "sgp", "lp") else set()
        unwanted |= {"family_property"} if kind not in ("sole", "household") else set()
        unwanted |= {"due", "paid", "form"} if kind in ("household",) else set()
        for name in unwanted:
            if name in self:
                del self[name]
        if kind in ("gp", "sgp", "lp") and "form" in self:
            self["form"].choices = self["form"].remember(list(FORMS.items()))

    def row(self, filing: Filing) -> int | None:
        """Where this party's contribution stands, None when it is new."""
        parties = [r.party for r in filing.application.contributions]
        key = self.context.get("key", "")
        return parties.index(key) if key in parties else None

    def put_contribution(self, application: Application, key: str, fields: set[str]) -> None:
        """Store the amounts of a party."""
        row = next((r for r in application.contributions if r.party == key), None)
        if row is None:
            row = Contribution(party=key)
            application.contributions.append(row)
        for name in MONEY_FIELDS:
            if name in self and name in fields:
                value = self[name].data
                setattr(row, name, value if value is not None else "" if name == "role" else None)


@autosaved
class PersonPartyForm(ContributionFields, PersonFields):
    """A natural person and what they put in."""

    section: ClassVar[str] = "shareholders"

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What is known; the last day allowed as the date, the rest of the capital as the amount."""
        key = context.get("key", "")
        person = filing.application.person(key)
        data = {n: getattr(person, n) for n in PERSON_FIELDS} if person else {}
        return data | money_of(filing, key)

    def prepare(self, filing: Filing) -> None:
        """Only what this type asks."""
        self.for_type(filing)

    def where(self) -> dict[str, str]:
        """In the lists of people and contributions."""
        found: dict[str, str] = {}
        keys = [p.key for p in self.filing.application.people]
        if (key := self.context.get("key", "")) in keys:
            found |= {n: f"people.{keys.index(key)}.{n}" for n in PERSON_FIELDS}
        if (row := self.row(self.filing)) is not None:
            found |= {n: f"contributions.{row}.{n}" for n in MONEY_FIELDS}
        return found

    def put(self, application: Application, key: str) -> None:
        """Store the person and the contribution."""
        person = application.person(key)
        if person is None:
            person = Person(key=key)
            application.people.append(person)
            person = application.person(key)
        for name in PERSON_FIELDS:
            if name in self:
                setattr(person, name, self[name].data or ("CHN" if name == "nationality" else ""))
        self.put_contribution(application, key, set(MONEY_FIELDS))


@autosaved
class OrganisationPartyForm(ContributionFields):
    """An organisation, who represents it, and what it puts in."""

    section: ClassVar[str] = "shareholders"
    name = forms.TextField(
        _l("Name of the organisation"), max_length=120, required=_l("Enter the organisation's name")
    )
    kind = forms.Select(_l("Kind"), choices=KINDS, default="company", required=_l("Choose the kind"))
    uscc = forms.TextField(
        _l("Unified social credit code"), max_length=18, required=_l("Enter the credit code"), classes="govuk-input--width-20",
        filters=[lambda value: forms.half_width(value).upper() if isinstance(value, str) else value],
    )  # fmt: skip
    address = forms.TextField(_l("Address"), max_length=120)
    representative = forms.Select(
        _l("Who represents it?"), blank=_l("Choose a person"), required=_l("Choose who represents it"), choices=[],
        hint=_l("Its legal representative or person in charge; signs for it."),
    )  # fmt: skip
    representative_name = forms.TextField(_l("Representative's name"), max_length=50, mark_optional=False)
    representative_id_number = forms.TextField(
        _l("Representative's ID number"), max_length=20, classes="govuk-input--width-20 q-id-number", mark_optional=False,
        filters=[lambda value: forms.half_width(value).upper() if isinstance(value, str) else value],
    )  # fmt: skip
    representative_phone = forms.PhoneField(
        _l("Representative's mobile phone"), autocomplete="off", mark_optional=False
    )

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What is known."""
        key = context.get("key", "")
        company = filing.application.organisation(key)
        data = {n: getattr(company, n) for n in ORGANISATION_FIELDS} if company else {}
        return data | money_of(filing, key)

    def prepare(self, filing: Filing) -> None:
        """People known here, or somebody new."""
        self.for_type(filing)
        self.representative.choices = self.representative.remember(
            [*names(filing), (NEW, _l("Somebody else"))]
        )

    def where(self) -> dict[str, str]:
        """In the lists of organisations and contributions."""
        found: dict[str, str] = {}
        keys = [o.key for o in self.filing.application.organisations]
        if (key := self.context.get("key", "")) in keys:
            found |= {n: f"organisations.{keys.index(key)}.{n}" for n in ORGANISATION_FIELDS}
        if (row := self.row(self.filing)) is not None:
            found |= {n: f"contributions.{row}.{n}" for n in MONEY_FIELDS}
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

    def value_of(self, name: str) -> Any:
        """Somebody new is a person only when the whole form is saved."""
        value = super().value_of(name)
        return "" if name == "representative" and value == NEW else value

    def put(self, application: Application, key: str) -> None:
        """Store the organisation, perhaps its representative, and the contribution."""
        company = application.organisation(key)
        if company is None:
            application.organisations.append(Organisation(key=key))
            company = application.organisation(key)
        for name in ORGANISATION_FIELDS:
            if name in self and name != "representative":
                setattr(company, name, self[name].data or "")
        if "representative" in self:
            chosen = self.representative.data
            if chosen == NEW:
                chosen = next_key([p.key for p in application.people], "p")
                application.people.append(
                    Person(
                        key=chosen, name=self.representative_name.data or "", phone=self.representative_phone.data or "",
                        id_number=self.representative_id_number.data or "",
                    )
                )  # fmt: skip
            company.representative = chosen or ""
        self.put_contribution(application, key, set(MONEY_FIELDS))


def money_of(filing: Filing, key: str) -> dict[str, Any]:
    """A party's contribution, or what is proposed for a new one."""
    application = filing.application
    row = next((r for r in application.contributions if r.party == key), None)
    if row is not None:
        return {n: getattr(row, n) for n in MONEY_FIELDS}
    left = (application.capital or 0) - sum(r.subscribed or 0 for r in application.contributions)
    return {"subscribed": left if left > 0 else None, "form": "money", "due": derive.last_day_to_pay(today())}


@blueprint.get("/application/shareholders")
@signed_in
def shareholders(number: str) -> ResponseReturnValue:
    """The list, with shares derived and the sum against the capital."""
    filing = Filing(number)
    if (answer := filing.closed()) is not None:
        return answer
    application = filing.application
    rows = application.contributions
    removed = session.pop("removed_party", None)
    if removed and (removed.get("case") != number or not application.party_name(removed["row"]["party"])):
        removed = None
    return render_template(
        "portal/establishment/shareholders.html", filing=filing, section="shareholders", rows=rows,
        application=application, shares=derive.shares(application), total=sum(r.subscribed or 0 for r in rows),
        problems=[
            {"text": say(p.words), "href": None, "basis": p.basis}
            for p in filing.problems["shareholders"] if rows and p.severity == "error"
        ],
        removed=removed, forms=FORMS,
        following=filing.after("shareholders"), role=filing.kind.role_words,
        offered=[(k, n) for k, n in names(filing) if k not in {r.party for r in rows}],
    )  # fmt: skip


@blueprint.route("/application/shareholders/add", methods=["GET", "POST"])
@signed_in
def add_shareholder(number: str) -> ResponseReturnValue:
    """A new one: `who` is person, organisation, or the key of somebody known here, offered by name."""
    filing = Filing(number)
    who = request.args.get("who", "person")
    if who in {r.party for r in filing.application.contributions}:
        return redirect(url_for("establishment.shareholder", number=number, key=who), 303)
    if who not in ("person", "organisation") and filing.application.person(who) is None:
        raise NotFound(who)
    return _party(filing, "" if who in ("person", "organisation") else who, who == "organisation")


@blueprint.route("/application/shareholders/<key>", methods=["GET", "POST"])
@signed_in
def shareholder(number: str, key: str) -> ResponseReturnValue:
    """One that is in the list."""
    filing = Filing(number)
    if key not in {r.party for r in filing.application.contributions}:
        raise NotFound(key)
    return _party(filing, key, filing.application.organisation(key) is not None)


def _party(filing: Filing, key: str, organisation: bool) -> ResponseReturnValue:
    if (answer := filing.closed()) is not None:
        return answer
    kind = OrganisationPartyForm if organisation else PersonPartyForm
    form = kind.of(filing, key=key)
    listed = key in {r.party for r in filing.application.contributions}
    kept = False
    if form.validate_on_submit():
        letter, taken = (
            ("o", filing.application.organisations) if organisation else ("p", filing.application.people)
        )
        new = key or next_key([t.key for t in taken], letter)
        if try_save(filing, form, lambda application: form.put(application, new)):
            form.context["key"] = new
            form.show_problems(filing)
            if not form.errors:
                flash(gettext("%(name)s was saved.", name=filing.application.party_name(new)), "success")
                return redirect(filing.url("shareholders"), 303)
            db.commit()
            form.renew(filing)
            kept, key, listed = True, new, True
    number = filing.case.number
    if listed:
        action = url_for("establishment.shareholder", number=number, key=key)
    else:
        who = key or ("organisation" if organisation else "person")
        action = url_for("establishment.add_shareholder", number=number, who=who)
    page = render_template(
        "portal/establishment/shareholder.html", form=form, filing=filing, section="shareholders", kept=kept,
        action=action, listed=listed, key=key, organisation=organisation, form_name=kind.__name__,
        name=filing.application.party_name(key), role=filing.kind.role_words,
        offered_known=[] if key else [
            k for k in known_parties(db, current_user.id, filing.application) if k.organisation == organisation
        ],
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.post("/application/shareholders/<key>/remove")
@signed_in
def remove_shareholder(number: str, key: str) -> ResponseReturnValue:
    """Take a party out of the list; the person stays known here. Can be undone on the next page."""
    filing = Filing(number)
    row = next((r for r in filing.application.contributions if r.party == key), None)
    if row is None:
        raise NotFound(key)

    def change(application: Application) -> None:
        application.contributions = [r for r in application.contributions if r.party != key]

    filing.save(change, None)
    session["removed_party"] = {"case": number, "row": row.model_dump(mode="json")}
    return redirect(filing.url("shareholders"), 303)


@blueprint.post("/application/shareholders/<key>/restore")
@signed_in
def restore_shareholder(number: str, key: str) -> ResponseReturnValue:
    """Undo a removal."""
    filing = Filing(number)
    fields = {
        n: request.form[n]
        for n in ("subscribed", "paid", "form", "due", "shares", "role")
        if request.form.get(n)
    }
    try:
        row = Contribution.model_validate({"party": key, **fields})
    except ValueError as error:
        raise NotFound(key) from error
    if not filing.application.party_name(key) or key in {r.party for r in filing.application.contributions}:
        raise NotFound(key)
    filing.save(lambda application: application.contributions.append(row), None)
    flash(gettext("%(name)s is back in the list.", name=filing.application.party_name(key)), "success")
    return redirect(filing.url("shareholders"), 303)
