"""The page of the founder where there is no list of them: one natural person, or the parent company of a branch."""

from collections.abc import Collection
from typing import Any, ClassVar

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, fill_in, try_save
from app.portal.establishment.organisations import KINDS, NEW, ORGANISATION_FIELDS, OrganisationFields
from app.portal.establishment.people import choose_person, names, next_key
from app.web import forms
from app.web.database import db
from app.web.i18n import is_chinese
from workflow.establishment import derive
from workflow.establishment.data import Application, Contribution
from workflow.naming.parts import parse


@autosaved
class OwnerForm(SectionForm):
    """Who alone stands behind the entity, with what, and who of the family takes part (SPL 8, 18; IMPL52 6, 7)."""

    section: ClassVar[str] = "shareholders"
    party = forms.Select(
        _l("Who is it?"), blank=_l("Choose a person"), required=_l("Choose a person"), choices=[]
    )
    address = forms.TextField(
        _l("Residence"), max_length=120, required=_l("Enter the residence"),
        hint=_l("Of the person chosen above, as on the identity document."),
    )  # fmt: skip
    means = forms.Radios(
        _l("With whose property?"), required=_l("Choose whose property it is"),
        choices=[
            ("person", _l("Personal property"), _l("Only your own property answers for the debts")),
            ("family", _l("The family's common property"), _l("All the family's property answers; its members sign too")),
        ],
    )  # fmt: skip
    composition = forms.Radios(
        _l("Who runs the business?"), required=_l("Choose who runs it"),
        choices=[
            ("person", _l("One person"), _l("Your own property answers for the debts")),
            ("family", _l("A family"), _l("The family's property answers; those who take part are registered")),
        ],
    )  # fmt: skip
    family = forms.Checkboxes(_l("Members of the family"), choices=[], mark_optional=False)
    funds = forms.MoneyField(
        _l("Funds"), unit="wan", hint=_l("In ten thousand yuan. Not registered; for the statistics only.")
    )
    employees = forms.IntegerField(
        _l("People working here"), most=100_000, hint=_l("With yourself, as far as you know now.")
    )

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """Whoever opened the case, unless somebody else was chosen; alone, unless a family was."""
        application = filing.application
        row = next(iter(application.contributions), None)
        person = application.person(row.party) if row else next(iter(application.people), None)
        return {
            "party": person.key if person else "", "address": person.address if person else "",
            "means": "family" if row and row.family_property else "person",
            "composition": application.household_form or "person", "family": list(application.family),
            "funds": application.capital, "employees": application.governance.employees,
        }  # fmt: skip

    def prepare(self, filing: Filing) -> None:
        """Only what this type asks, in its words, about the people known here."""
        for name in {"means", "composition", "funds", "employees"} - filing.kind.asks:
            del self[name]
        choose_person(self.party, filing)
        choose_person(self.family, filing)
        words = filing.kind.role_words
        self.party.label.text = words.zh if is_chinese() else words.en.capitalize()

    def where(self) -> dict[str, str]:
        """The contribution is the first and only one; the residence belongs to the person."""
        application = self.filing.application
        row = next(iter(application.contributions), None)
        keys = [p.key for p in application.people]
        found = {"family": "family", "composition": "household_form", "funds": "capital", "employees": "governance.employees"}  # fmt: skip
        found["party"] = "contributions.0.party" if row else "contributions"
        found["means"] = "contributions.0.family_property" if row else "contributions"
        party = row.party if row else self.party.data if "party" in self else ""
        if party in keys:
            found["address"] = f"people.{keys.index(party)}.address"
        return found

    def write(self, application: Application, names: Any = None) -> None:
        """The person first: the residence is theirs. Family members only where a family takes part."""
        wanted = {n for n in self._fields if n in self and (names is None or n in names)}
        before = next(iter(application.contributions), None)
        old = application.person(before.party) if before else None
        if (
            before is None and "party" in self and wanted & {"address", "means"}
        ):  # what the page shows as chosen
            wanted.add("party")
        if "party" in wanted:
            row = before.model_copy(update={"party": self.party.data or ""}) if before else Contribution(party=self.party.data or "")  # fmt: skip
            application.contributions = [row]
        if application.contributions:
            row = application.contributions[0]
            if "means" in wanted:
                row.family_property = self.means.data == "family"
            person = application.person(row.party)
            typed = self.address.data or "" if "address" in self else ""
            another = old is not None and person is not None and person.key != old.key
            if "address" in wanted and person and not (another and typed == old.address and person.address):  # type: ignore[union-attr]
                person.address = typed
        if "composition" in wanted:
            application.household_form = self.composition.data or ""  # type: ignore[assignment]
        if "family" in wanted:
            together = "family" in (
                application.household_form if "composition" in self else "",
                "family" if any(r.family_property for r in application.contributions) else "",
            )
            application.family = list(self.family.data or []) if together else []
        if "funds" in wanted:
            application.capital = self.funds.data
        if "employees" in wanted:
            application.governance.employees = self.employees.data
        derive.settle(application)


def owner(filing: Filing) -> ResponseReturnValue:
    """The page of the single founder."""
    return fill_in(
        filing, OwnerForm.of(filing), "portal/establishment/owner.html", role=filing.kind.role_words,
        people=filing.application.people,
    )  # fmt: skip


@autosaved
class ParentForm(OrganisationFields):
    """The company of a branch, who represents it, and how the branch keeps its accounts (5.2)."""

    section: ClassVar[str] = "shareholders"
    accounting = forms.Radios(
        _l("How are the accounts kept?"), required=_l("Choose how the accounts are kept"),
        choices=[
            ("not_independent", _l("With the company's accounts"), _l("The usual way: the company settles and pays the tax on profit")),
            ("independent", _l("As accounts of its own")),
        ],
    )  # fmt: skip

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What is known; the company's name stands in the branch's."""
        application = filing.application
        data = cls.known(filing, application.parent.organisation)
        if not data.get("name"):
            data["name"] = parse(filing.case.name).parent if filing.case.name else ""
        return data | {"accounting": application.parent.accounting or "not_independent"}

    def prepare(self, filing: Filing) -> None:
        """Companies only."""
        super().prepare(filing)
        companies = ("company", "state_enterprise", "listed_company")
        self.kind.choices = self.kind.remember([c for c in KINDS if c[0] in companies])

    def where(self) -> dict[str, str]:
        """In the list of organisations, at its end while the company is new; and the branch's own accounts."""
        application = self.filing.application
        new = {n: f"organisations.{len(application.organisations)}.{n}" for n in ORGANISATION_FIELDS}
        if self.representative.data == NEW:
            del new["representative"]
        found = self.places(application.parent.organisation) or new
        return found | {"accounting": "parent.accounting"}

    def write(self, application: Application, names: Collection[str] | None = None) -> None:
        """Store the company and that the branch is its."""
        taken = [o.key for o in application.organisations]
        key = application.parent.organisation or next_key(taken, "o")
        self.put_organisation(application, key, names)
        application.parent.organisation = key
        if "accounting" in self and (names is None or "accounting" in names):
            application.parent.accounting = self.accounting.data or ""  # type: ignore[assignment]


def parent(filing: Filing) -> ResponseReturnValue:
    """The page of the parent company."""
    if (answer := filing.closed()) is not None:
        return answer
    form = ParentForm.of(filing)
    kept, found = False, None
    if request.method == "POST" and request.form.get("action") == "lookup":
        found = form.look_up(db)
    elif form.validate_on_submit() and try_save(filing, form, form.write):
        form.show_problems(filing)
        if not form.errors:
            flash(gettext("Saved."), "success")
            return redirect(filing.after("shareholders"), 303)
        db.commit()
        kept = True
    page = render_template(
        "portal/establishment/parent.html", form=form, filing=filing, section="shareholders", kept=kept, found=found,
        known=names(filing),
    )  # fmt: skip
    return page, 422 if form.errors else 200
