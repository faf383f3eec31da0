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
    paths: ClassVar[dict[str, str]] = {
        "capital": "capital", "par_value": "par_value", "term": "long_term", "term_years": "term_years",
    }  # fmt: skip
    capital = forms.MoneyField(
        _l("Total amount"), unit="wan", required=_l("Enter the amount"),
        hint=_l("In ten thousand yuan. There is no minimum: choose what you really need and can pay within five years."),
    )  # fmt: skip
    par_value = forms.MoneyField(
        _l("Par value of a share"), unit="yuan", required=_l("Enter the par value"),
        hint=_l("One yuan with most companies. The numbers of shares follow from it."),
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
            "par_value": derive.PAR_VALUE if application.par_value is None else application.par_value,
            "term": "long" if application.long_term else "years",
            "term_years": application.term_years,
        }

    def prepare(self, filing: Filing) -> None:
        """Called as this type calls it."""
        from app.web.i18n import is_chinese

        kind = filing.kind
        if "shares" not in kind.asks:
            del self.par_value
        if not kind.term_asked:
            del self.term, self.term_years
        elif kind.leadership == "partners":
            self.term.label.text = _l("How long will the partnership exist?")
        if "shares" in kind.asks:
            self.capital.hint = _l("In ten thousand yuan. The promoters pay all of it before establishment.")
        elif kind.leadership != "company":
            self.capital.hint = _l("In ten thousand yuan. There is no minimum.")
        words = kind.capital_words
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
