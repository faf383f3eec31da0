"""Who contributes: persons and organisations, amounts and dates, sums checked."""

from typing import Any, ClassVar

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.portal.establishment import founder
from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, try_save
from app.portal.establishment.organisations import OrganisationFields
from app.portal.establishment.people import PERSON_FIELDS, PersonFields, names, next_key, put_person
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.i18n import say
from app.web.summary import FORMS, ROLES
from workflow.clock import today
from workflow.errors import NotFound
from workflow.establishment import derive
from workflow.establishment.data import Application, Contribution, Person
from workflow.establishment.reuse import known_parties

MONEY_FIELDS = ("subscribed", "paid", "form", "due", "role", "farmer")


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
        _l("To be paid by"), hint=_l("At the latest five years after establishment; we propose the last day."), mark_optional=False
    )  # fmt: skip
    role = forms.Radios(
        _l("Role"), inline=True, required=_l("Choose the role"),
        choices=[("general_partner", _l("General partner")), ("limited_partner", _l("Limited partner"))],
    )  # fmt: skip
    farmer = forms.Checkbox(
        _l("Is a farmer"),
        hint=_l("Four fifths of the members are farmers at least; the household register shows it."),
    )

    def for_type(self, filing: Filing) -> None:
        """Leave out what this type does not ask."""
        asks = filing.kind.asks
        for name in {"paid", "form", "due", "role", "farmer"} - asks:
            if name in self:
                del self[name]
        if "labour" in asks and "form" in self:
            self.form.choices = self.form.remember(list(FORMS.items()))
        if "due" in self and "shares" in asks:
            self.due.label.text, self.due.hint = (
                _l("Paid on"),
                _l("Promoters pay in full before establishment."),
            )
            self.paid.mark_optional, self.paid.hint = False, _l("The whole of it: promoters pay in full before establishment.")  # fmt: skip
        elif "due" in self and "labour" in asks:
            self.due.hint = _l("As the partners agreed.")
        if "shares" in asks:
            price = (filing.application.par_value or derive.PAR_VALUE) / 100
            self.subscribed.hint = _l(
                "The number of shares follows from %(price)s yuan a share.", price=f"{price:g}"
            )

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
        derive.settle(application)


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
        if application.person(key) is None:
            application.people.append(Person(key=key))
        put_person(self, application, key)
        self.put_contribution(application, key, set(MONEY_FIELDS))

    def attempt(self, application: Application) -> None:
        """See SectionForm."""
        self.context["key"] = self.context.get("key") or next_key([p.key for p in application.people], "p")
        self.put(application, self.context["key"])


@autosaved
class OrganisationPartyForm(ContributionFields, OrganisationFields):
    """An organisation, who represents it, and what it puts in."""

    section: ClassVar[str] = "shareholders"
    held_by = forms.Radios(
        _l("As the only shareholder: who holds this organisation?"), default="people",
        choices=[
            ("people", _l("Natural persons, for the most part")),
            ("others", _l("Other organisations, or the state")),
        ],
    )  # fmt: skip

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What is known."""
        key = context.get("key", "")
        held_by = filing.application.articles_choices.get("sole_owner_held_by", "people")
        return cls.known(filing, key) | money_of(filing, key) | {"held_by": held_by}

    def prepare(self, filing: Filing) -> None:
        """Only what this type asks; whose it is only where there is nobody else (section 6.3)."""
        super().prepare(filing)
        self.for_type(filing)
        del self.farmer
        others = [r for r in filing.application.contributions if r.party != self.context.get("key", "")]
        if others or "held_by" not in filing.kind.asks:
            del self.held_by

    def where(self) -> dict[str, str]:
        """In the lists of organisations and contributions."""
        found = self.places(self.context.get("key", ""))
        if (row := self.row(self.filing)) is not None:
            found |= {n: f"contributions.{row}.{n}" for n in MONEY_FIELDS}
        return found

    def put(self, application: Application, key: str) -> None:
        """Store the organisation, perhaps its representative, and the contribution."""
        self.put_organisation(application, key)
        if "held_by" in self:
            application.articles_choices["sole_owner_held_by"] = self.held_by.data or "people"
        self.put_contribution(application, key, set(MONEY_FIELDS))

    def attempt(self, application: Application) -> None:
        """See SectionForm."""
        taken = [o.key for o in application.organisations]
        self.context["key"] = self.context.get("key") or next_key(taken, "o")
        self.put(application, self.context["key"])


def money_of(filing: Filing, key: str) -> dict[str, Any]:
    """A party's contribution, or what is proposed for a new one."""
    application = filing.application
    row = next((r for r in application.contributions if r.party == key), None)
    if row is not None:
        return {n: getattr(row, n) for n in MONEY_FIELDS}
    left = (application.capital or 0) - sum(r.subscribed or 0 for r in application.contributions)
    paid_now = "shares" in filing.kind.asks  # promoters pay before establishment (CL2023 Art. 98)
    amount = left if left > 0 else None
    return {
        "subscribed": amount, "form": "money", "farmer": True, "paid": amount if paid_now else None,
        "due": today() if paid_now else derive.last_day_to_pay(today()),
    }  # fmt: skip


@blueprint.route("/application/shareholders", methods=["GET", "POST"])
@signed_in
def shareholders(number: str) -> ResponseReturnValue:
    """The list, with shares derived and the sum against the capital; where there is one founder, that one's page."""
    filing = Filing(number)
    if filing.kind.founders != "list":
        return founder.owner(filing) if filing.kind.founders == "one" else founder.parent(filing)
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
        documents=any(p.code == "document" for p in filing.problems["shareholders"]),
        removed=removed, forms=FORMS, further=_further(filing),
        following=filing.after("shareholders"), role=filing.kind.role_words,
        offered=[(k, n) for k, n in names(filing) if k not in {r.party for r in rows}],
    )  # fmt: skip


def _further(filing: Filing) -> tuple[Any, dict[str, Any]] | None:
    """A column that only some types have: its title, and its words by party."""
    rows = filing.application.contributions
    if "role" in filing.kind.asks:
        return gettext("Role"), {r.party: ROLES[r.role] for r in rows}
    if "shares" in filing.kind.asks:
        return gettext("Number of shares"), {r.party: f"{r.shares:,}" if r.shares else "—" for r in rows}
    if "farmer" in filing.kind.asks:
        return gettext("Farmer"), {r.party: gettext("Yes") if r.farmer else gettext("No") for r in rows}
    return None


@blueprint.route("/application/shareholders/add", methods=["GET", "POST"])
@signed_in
def add_shareholder(number: str) -> ResponseReturnValue:
    """A new one: `who` is person, organisation, or the key of somebody known here, offered by name."""
    filing = Filing(number)
    who = request.args.get("who", "person")
    if filing.kind.founders != "list":
        return redirect(filing.url("shareholders"), 303)
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
    kept, found = False, None
    if organisation and request.method == "POST" and request.form.get("action") == "lookup":
        found = form.look_up(db)
    elif form.validate_on_submit():
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
        name=filing.application.party_name(key), role=filing.kind.role_words, found=found,
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
        for n in ("subscribed", "paid", "form", "due", "role", "farmer")
        if request.form.get(n)
    }
    try:
        row = Contribution.model_validate({"party": key, **fields})
    except ValueError as error:
        raise NotFound(key) from error
    if not filing.application.party_name(key) or key in {r.party for r in filing.application.contributions}:
        raise NotFound(key)

    def change(application: Application) -> None:
        application.contributions.append(row)
        derive.settle(application)

    filing.save(change, None)
    flash(gettext("%(name)s is back in the list.", name=filing.application.party_name(key)), "success")
    return redirect(filing.url("shareholders"), 303)
