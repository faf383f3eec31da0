"""Capital and term."""

from typing import Any, ClassVar

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, fill_in
from app.web import forms
from app.web.access import signed_in
from workflow.establishment import derive


@autosaved
class CapitalForm(SectionForm):
    """How much, and for how long."""

    section: ClassVar[str] = "capital"
    paths: ClassVar[dict[str, str]] = {"capital": "capital", "term": "long_term", "term_years": "term_years"}
    capital = forms.MoneyField(
        _l("Total amount"), unit="wan", required=_l("Enter the amount"),
        hint=_l("In ten thousand yuan. There is no minimum: choose what you really need and can pay within five years."),
    )  # fmt: skip
    term = forms.Radios(
        _l("How long will it exist?"), required=_l("Choose the term"),
        choices=[("long", _l("Without limit")), ("years", _l("For some years"))],
    )  # fmt: skip
    term_years = forms.IntegerField(_l("Years"), least=1, most=999, suffix=_l("years"), mark_optional=False)

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """Without limit unless years were entered."""
        application = filing.application
        return {
            "capital": application.capital,
            "term": "long" if application.long_term else "years",
            "term_years": application.term_years,
        }

    def prepare(self, filing: Filing) -> None:
        """Called as this type calls it."""
        from app.web.i18n import is_chinese

        words = filing.kind.capital_words
        self.capital.label.text = words.zh if is_chinese() else words.en.capitalize()

    def value_of(self, name: str) -> Any:
        """The radios are a boolean in the data."""
        return self.term.data == "long" if name == "term" else super().value_of(name)


@blueprint.route("/application/capital", methods=["GET", "POST"])
@signed_in
def capital(number: str) -> ResponseReturnValue:
    """Capital and term."""
    filing = Filing(number)
    amount = filing.application.capital
    return fill_in(
        filing, CapitalForm.of(filing), "portal/establishment/capital.html",
        in_words=derive.capital_in_words(amount) if amount else "",
    )  # fmt: skip
