"""Beneficial owners, or the commitment that exempts."""

from collections.abc import Collection
from typing import Any, ClassVar, Self

from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, fill_in
from app.portal.establishment.people import choose_person, names
from app.web import forms
from app.web.access import signed_in
from workflow.clock import today
from workflow.establishment import derive
from workflow.establishment.data import Application, BeneficialOwner


def _percent(form: Any, field: Any) -> None:
    try:
        number = float(field.data)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise ValidationError(gettext("Enter a number from %(least)s to %(most)s", least=0, most=100))


@autosaved
class BeneficialForm(SectionForm):
    """Beneficial owners or the exemption (BO-02 to BO-05); one group of fields for each person known here."""

    section: ClassVar[str] = "beneficial"
    exempt = forms.Radios(
        _l("Report beneficial owners?"), required=_l("Choose"),
        choices=[
            ("yes", _l("Exempt by commitment"), _l("Up to 10 million yuan, natural persons only, and nobody else controls or profits")),
            ("no", _l("Report them now"), _l("Whoever holds 25 percent or more, draws the profit, or controls")),
        ],
    )  # fmt: skip
    owners = forms.Checkboxes(_l("Beneficial owners"), choices=[], mark_optional=False)

    @classmethod
    def fitting(cls, filing: Filing) -> type[Self]:
        """A form that asks about the people known here."""
        fields: dict[str, Any] = {}
        partners = filing.kind.leadership == "partners"
        for key, name in names(filing):
            fields[f"kind_{key}"] = forms.Select(
                _l("Why is %(name)s one?", name=name), mark_optional=False,
                choices=[("equity", _l("Holds a share of the partnership") if partners else _l("Holds shares")), ("income_or_votes", _l("Has income or votes")), ("control", _l("Controls"))],
            )  # fmt: skip
            fields[f"share_{key}"] = forms.TextField(
                _l("Share of %(name)s in percent", name=name), max_length=8, classes="govuk-input--width-5", mark_optional=False,
                filters=[lambda value: forms.half_width(value).rstrip("%") if isinstance(value, str) else value],
                validators=[_percent],
            )  # fmt: skip
        return type("BeneficialForm", (cls,), fields)

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What was entered; otherwise the exemption where it applies, or those who hold 25 percent and more."""
        application = filing.application
        listed = {o.person: o for o in application.beneficial.owners}
        shares = derive.shares(application)
        filled = derive.with_defaults(application, today()).beneficial
        data: dict[str, Any] = {"exempt": "yes" if filled.exempt else "no"}
        people = {p.key for p in application.people}
        data["owners"] = [*listed] or [k for k, share in shares.items() if share >= 25 and k in people]
        for key in people:
            row = listed.get(key)
            data[f"kind_{key}"] = row.kind if row else "equity"
            share = row.share if row else shares.get(key)
            data[f"share_{key}"] = f"{float(share):g}" if share is not None else ""
        return data

    def prepare(self, filing: Filing) -> None:
        """Offer the people known here."""
        choose_person(self.owners, filing)

    def where(self) -> dict[str, str]:
        """Owners are one list."""
        keys = [p.key for p in self.filing.application.people]
        rows = {f"{part}_{key}": "beneficial.owners" for key in keys for part in ("kind", "share")}
        return {"exempt": "beneficial.exempt", "owners": "beneficial.owners", **rows}

    def write(self, application: Application, names: Any = None) -> None:
        """All of it together."""
        readable = self.readable(names)
        if "exempt" in readable:
            application.beneficial.exempt = self.exempt.data == "yes"
        if "owners" not in readable:
            return
        if application.beneficial.exempt:
            application.beneficial.owners = []
            return
        before = {o.person: o for o in application.beneficial.owners}
        application.beneficial.owners = [
            before.get(key, BeneficialOwner(person=key)).model_copy(update=self.typed(key, readable))
            for key in self.owners.data or []
        ]

    def typed(self, key: str, readable: Collection[str]) -> dict[str, Any]:
        """What was entered of one owner."""
        kind, share = f"kind_{key}", f"share_{key}"
        found: dict[str, Any] = {"kind": self[kind].data or "equity"} if kind in readable else {}
        return found | (
            {"share": float(self[share].data) if self[share].data else None} if share in readable else {}
        )

    def show_problems(self, filing: Filing) -> None:
        """At the person it concerns."""
        rows = filing.application.beneficial.owners
        for problem in filing.problems["beneficial"]:
            if problem.field.startswith("people."):
                continue
            parts = problem.field.split(".")
            index = int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else -1
            share = f"share_{rows[index].person}" if 0 <= index < len(rows) else ""
            name = share if share in self else "exempt" if problem.field == "beneficial.exempt" else "owners"
            self.add_problems([problem], {problem.field: name})


@blueprint.route("/application/beneficial", methods=["GET", "POST"])
@signed_in
def beneficial(number: str) -> ResponseReturnValue:
    """Beneficial owners or the exemption."""
    filing = Filing(number)
    return fill_in(
        filing, BeneficialForm.of(filing), "portal/establishment/beneficial.html", people=names(filing)
    )
