"""Forms: fields that know their label, hint and what to say when they are empty, drawn with govuk components.

    class CardForm(Form):
        name = TextField(_l("Name"), hint=_l("As on the ID card"), required=_l("Enter your name"))
        amount = MoneyField(_l("Capital"), unit="wan", required=_l("Enter the capital"))

A field without `required` is optional, and its label says so. `{{ form.name }}` in a page draws the whole
group: label, hint, error and control. The error summary is drawn by base.html.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import current_app
from flask_babel import LazyString, gettext
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import Field, StringField
from wtforms.fields import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.fields import FileField as _FileField
from wtforms.fields import HiddenField as HiddenField
from wtforms.fields import MultipleFileField as _MultipleFileField
from wtforms.validators import StopValidation, ValidationError

from app.web.i18n import say
from workflow.errors import Problem, Words

Text = str | LazyString | Words
OUTAGE = "outage"
MAX_FEN = 10**17  # beyond any capital; keeps within a BIGINT


class Said(str):
    """The text of an error, with the rule's code and legal basis where a rule is behind it."""

    code: str = ""
    basis: str = ""

    @classmethod
    def of(cls, problem: Problem) -> "Said":
        """A problem of the domain, in the language of the page."""
        said = cls(say(problem.words))
        said.code, said.basis = problem.code, problem.basis
        return said


@dataclass(frozen=True)
class ErrorItem:
    """A line of the error summary."""

    text: str
    href: str | None
    basis: str = ""


class Form(FlaskForm):
    """A form of a page: CSRF, errors of the domain, and the list for the error summary."""

    def add_problems(self, problems: Iterable[Problem], fields: dict[str, str] | None = None) -> None:
        """Put what the domain found wrong on the fields; what belongs to none goes on top of the form.

        A problem at `shareholders.0.amount` goes to the field of that name (`shareholders-0-amount`), or to the
        nearest field around it; `fields` maps other paths to field names. Answer with 422 after this.
        """
        mine = {field.name: field for field in _leaves(self)}
        for problem in problems:
            if problem.severity != "error":
                continue
            path = (fields or {}).get(problem.field, problem.field).replace(".", "-")
            while path and path not in mine:
                path = path.rpartition("-")[0]
            if path:
                mine[path].errors = [*mine[path].errors, Said.of(problem)]
            else:
                self.form_errors = [*self.form_errors, Said.of(problem)]

    def add_outage(self, *words: Words) -> None:
        """Say that an outside service did not answer: nobody's mistake, so the page asks for nothing to be corrected."""
        self.add_problems(Problem(OUTAGE, "", text) for text in words)

    @property
    def has_outage(self) -> bool:
        """Whether an outside service did not answer."""
        return any(getattr(error, "code", "") == OUTAGE for error in self.form_errors)

    @property
    def answer_status(self) -> int:
        """The HTTP status of the page that shows this form: 503 after an outage, 422 with problems, else 200."""
        return 503 if self.has_outage else 422 if self.errors else 200

    def error_list(self) -> list[ErrorItem]:
        """Every error once, in the order of the form, linked to its control."""
        items = [ErrorItem(str(e), None, getattr(e, "basis", "")) for e in self.form_errors]
        for field in _leaves(self):
            href = "#" + getattr(field, "first_id", field.id)
            if isinstance(field, HiddenField):
                href = "#main-content"
            items += [ErrorItem(str(e), href, getattr(e, "basis", "")) for e in field.errors]
        return items


def _leaves(form: Iterable[Field]) -> Iterable[Field]:
    """All fields that hold a value, through FormField and FieldList."""
    for field in form:
        entries = getattr(field, "entries", None)
        if entries is not None:
            if field.errors and not any(isinstance(e, (list, dict)) for e in field.errors):
                yield field
            yield from _leaves(entries)
        elif hasattr(field, "form"):
            yield from _leaves(field.form)
        else:
            yield field


# --- one base for all fields ---------------------------------------------------------------------------


class _Required:
    """Stops at an empty value with the field's own words."""

    def __init__(self, words: Text) -> None:
        self.words = words
        self.field_flags = {"required_by_us": True}

    def __call__(self, form: Form, field: Field) -> None:
        if field.errors:
            raise StopValidation()
        if field.data is None or field.data == "" or field.data == [] or field.data is False:
            raise StopValidation(say(self.words))


class _Empty:
    """An optional field without a value needs no further checks."""

    def __call__(self, form: Form, field: Field) -> None:
        if field.errors or field.data is None or field.data == "" or field.data == []:
            raise StopValidation()


class _Length:
    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: Form, field: Field) -> None:
        if field.data and len(field.data) > self.most:
            raise ValidationError(
                gettext("%(label)s: at most %(most)s characters", label=say(field.label.text), most=self.most)
            )


def _draw(field: Field, **kwargs: Any) -> Markup:
    module = current_app.jinja_env.get_template("macros/fields.html").module
    return Markup(getattr(module, field.kind)(field, kwargs))  # noqa: S704 - made by our own macro


class _Own:
    """What our fields add to WTForms': hint, own words when empty, drawing by macro."""

    kind = "text"
    widget = staticmethod(_draw)

    def __init__(
        self,
        label: Text,
        *,
        required: Text | None = None,
        hint: Text | None = None,
        validators: Sequence[Callable[..., None]] = (),
        max_length: int | None = None,
        autocomplete: str | None = None,
        classes: str = "",
        attributes: dict[str, str] | None = None,
        mark_optional: bool = True,
        **kwargs: Any,
    ) -> None:
        checks: list[Callable[..., None]] = [_Required(required) if required is not None else _Empty()]
        if max_length:
            checks.append(_Length(max_length))
        super().__init__(label, [*checks, *validators], **kwargs)
        self.hint = hint
        self.required = required is not None
        self.mark_optional = mark_optional and not self.required
        self.max_length = max_length
        self.autocomplete = autocomplete
        self.classes = classes
        self.attributes = attributes or {}

    @property
    def shown_hint(self) -> str:
        """The hint in the language of the page."""
        return say(self.hint)  # type: ignore[has-type]


def _tidy(value: Any) -> Any:
    """Spaces around a text go, control characters too."""
    if not isinstance(value, str):
        return value
    return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def half_width(value: Any) -> Any:
    """Full-width digits and letters, as Chinese keyboards give them, become ordinary ones; inner spaces go."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", value)) if isinstance(value, str) else value


class TextField(_Own, StringField):
    """One line of text, at most 200 characters unless told otherwise."""

    def __init__(self, label: Text, *, max_length: int = 200, filters: Sequence = (), **kwargs: Any) -> None:
        super().__init__(label, max_length=max_length, filters=[_tidy, *filters], **kwargs)


class TextArea(TextField):
    """Several lines; `rows` tall; the number of characters left is shown when `count` is set."""

    kind = "textarea"

    def __init__(
        self, label: Text, *, rows: int = 4, count: bool = False, max_length: int = 2000, **kwargs: Any
    ) -> None:
        super().__init__(label, max_length=max_length, **kwargs)
        self.rows = rows
        self.count = count


class PasswordField(_Own, StringField):
    """A password, never drawn again; a button shows it."""

    kind = "password"

    def __init__(self, label: Text, *, autocomplete: str = "current-password", **kwargs: Any) -> None:
        super().__init__(label, max_length=200, autocomplete=autocomplete, **kwargs)


class _Pattern(TextField, ABC):
    """A number written as digits; full-width ones are taken too."""

    inputmode = "numeric"

    def __init__(self, label: Text, **kwargs: Any) -> None:
        super().__init__(label, filters=[half_width, self.clean], **kwargs)

    @staticmethod
    def clean(value: Any) -> Any:
        """What is taken off before the check."""
        return value.replace("-", "") if isinstance(value, str) else value

    @abstractmethod
    def right(self, value: str) -> bool:
        """Whether the value has the right form."""

    @abstractmethod
    def wrong(self) -> str:
        """What to say when it has not."""

    def pre_validate(self, form: Form) -> None:
        """Refuse another form."""
        if self.data and not self.right(self.data):
            raise StopValidation(self.wrong())


class PhoneField(_Pattern):
    """A mobile number of mainland China: 11 digits; spaces, hyphens and +86 are taken off."""

    inputmode = "tel"

    def __init__(self, label: Text, *, autocomplete: str = "tel-national", **kwargs: Any) -> None:
        super().__init__(label, autocomplete=autocomplete, classes="govuk-input--width-20", **kwargs)

    @staticmethod
    def clean(value: Any) -> Any:
        """See _Pattern."""
        return re.sub(r"^(\+|00)86(?=1)", "", value.replace("-", "")) if isinstance(value, str) else value

    def right(self, value: str) -> bool:
        """See _Pattern."""
        return bool(re.fullmatch(r"1[3-9]\d{9}", value))

    def wrong(self) -> str:
        """See _Pattern."""
        return gettext("Enter a mobile number of 11 digits, such as 138 0000 0000")


class IdNumberField(_Pattern):
    """A resident ID number: 18 characters; only the form is checked here, the rest by the domain."""

    inputmode = "text"

    def __init__(self, label: Text, **kwargs: Any) -> None:
        super().__init__(
            label,
            classes="govuk-input--width-20 q-id-number",
            attributes={"autocapitalize": "characters"},
            **kwargs,
        )

    @staticmethod
    def clean(value: Any) -> Any:
        """See _Pattern."""
        return value.replace("-", "").upper() if isinstance(value, str) else value

    def right(self, value: str) -> bool:
        """See _Pattern."""
        return bool(re.fullmatch(r"\d{17}[\dX]", value))

    def wrong(self) -> str:
        """See _Pattern."""
        return gettext("Enter the 18 characters of the ID number; the last may be X")


class CardField(_Pattern):
    """A bank card number of 13 to 19 digits."""

    def __init__(self, label: Text, **kwargs: Any) -> None:
        super().__init__(label, autocomplete="cc-number", classes="govuk-input--width-20", **kwargs)

    def right(self, value: str) -> bool:
        """See _Pattern."""
        return bool(re.fullmatch(r"\d{13,19}", value))

    def wrong(self) -> str:
        """See _Pattern."""
        return gettext("Enter the card number: 13 to 19 digits")


class CodeField(_Pattern):
    """A one-time code of six digits, which phones fill in from the SMS."""

    def __init__(self, label: Text, **kwargs: Any) -> None:
        super().__init__(
            label, autocomplete="one-time-code", classes="govuk-input--width-10 q-code", **kwargs
        )

    def right(self, value: str) -> bool:
        """See _Pattern."""
        return bool(re.fullmatch(r"\d{6}", value))

    def wrong(self) -> str:
        """See _Pattern."""
        return gettext("Enter the 6 digits of the code")


class EmailField(TextField):
    """A mail address."""

    inputmode = "email"

    def __init__(self, label: Text, **kwargs: Any) -> None:
        super().__init__(label, autocomplete="email", filters=[half_width], **kwargs)

    def pre_validate(self, form: Form) -> None:
        """Refuse what cannot be an address."""
        if self.data and not re.fullmatch(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+", self.data):
            raise StopValidation(gettext("Enter a mail address, such as name@example.cn"))


class IntegerField(_Own, Field):
    """A whole number between `least` and `most`; `suffix` such as 年 or 人."""

    kind = "text"
    inputmode = "numeric"

    def __init__(
        self, label: Text, *, least: int = 0, most: int = 10**9, suffix: Text | None = None, **kwargs: Any
    ) -> None:
        super().__init__(label, classes="govuk-input--width-5", **kwargs)
        self.least, self.most, self.suffix = least, most, suffix

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else str(self.data)

    def process_formdata(self, values: list[str]) -> None:
        """Read the digits."""
        text = half_width(values[0]).replace(",", "") if values else ""
        self.data = None
        if not text:
            return
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise ValueError(gettext("Enter a whole number"))
        self.data = int(text)

    def pre_validate(self, form: Form) -> None:
        """Keep to the bounds."""
        if self.data is not None and not self.least <= self.data <= self.most:
            raise StopValidation(
                gettext("Enter a number from %(least)s to %(most)s", least=self.least, most=self.most)
            )


class MoneyField(_Own, Field):
    """An amount in 元 (`unit="yuan"`) or 万元 (`unit="wan"`); `data` is whole fen, never negative."""

    kind = "money"
    SCALE = {"yuan": 100, "wan": 1_000_000}

    def __init__(self, label: Text, *, unit: str = "yuan", **kwargs: Any) -> None:
        super().__init__(label, classes="govuk-input--width-10", **kwargs)
        self.unit = unit
        self.scale = self.SCALE[unit]

    @property
    def suffix(self) -> str:
        """The unit beside the box."""
        return gettext("yuan") if self.unit == "yuan" else gettext("ten thousand yuan")

    def _value(self) -> str:
        if self.raw_data:
            return self.raw_data[0]
        return "" if self.data is None else f"{Decimal(self.data) / self.scale:f}"

    def process_formdata(self, values: list[str]) -> None:
        """Read the amount exactly; more than two decimals of a yuan are refused."""
        text = half_width(values[0]).replace(",", "").rstrip("元").removesuffix("万") if values else ""
        self.data = None
        if not text:
            return
        try:
            fen = Decimal(text) * self.scale if re.fullmatch(r"\d{1,15}(\.\d{1,10})?", text) else None
        except InvalidOperation:
            fen = None
        if fen is None:
            raise ValueError(gettext("Enter an amount in digits, such as 50 or 12.5"))
        if fen != int(fen):
            raise ValueError(gettext("An amount cannot be finer than 0.01 yuan"))
        if fen > MAX_FEN:
            raise ValueError(gettext("This amount is too large"))
        self.data = int(fen)


class DateField(_Own, Field):
    """A date in three boxes, year, month, day; one ISO date under the field's own name is read too."""

    kind = "date"
    PARTS = ("year", "month", "day")

    @property
    def first_id(self) -> str:
        """Where the error summary leads."""
        return f"{self.id}-year"

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Gather the three boxes."""
        self.typed: dict[str, str] = {}
        super().process(formdata, *(() if data is None else (data,)))
        if formdata is None or self.process_errors:
            return
        whole = formdata.getlist(self.name)
        boxes = {part: half_width(formdata.get(f"{self.name}-{part}", "")) for part in self.PARTS}
        if whole and not any(boxes.values()):
            boxes = dict(zip(self.PARTS, ([*half_width(whole[0]).split("-"), "", "", ""])[:3], strict=True))
        elif not whole and not any(f"{self.name}-{part}" in formdata for part in self.PARTS):
            return
        self.typed = boxes
        self.data = None
        if any(boxes.values()):
            try:
                self.data = date(*(int(boxes[part]) for part in self.PARTS))
            except ValueError:
                self.process_errors = [gettext("Enter a real date: year, month and day, such as 2026 11 24")]

    def process_formdata(self, values: list[str]) -> None:
        """All done in `process`."""

    def part(self, name: str) -> str:
        """What a box shows."""
        if self.typed:
            return self.typed[name]
        return str(getattr(self.data, name)) if isinstance(self.data, date) else ""


class _Choice(_Own):
    """Choices are (value, text) or (value, text, hint); a callable is asked at each request."""

    kind = "radios"

    def __init__(self, label: Text, *, choices: Any = None, inline: bool = False, **kwargs: Any) -> None:
        self.hints: dict[str, Text] = {}
        self.inline = inline
        super().__init__(label, choices=self._pairs(choices), **kwargs)

    def _pairs(self, choices: Any) -> Any:
        if choices is None:
            return []
        return lambda: self.remember(choices() if callable(choices) else choices)

    def remember(self, choices: Sequence[tuple]) -> list[tuple[str, Any]]:
        """Take the hints off; also for setting choices in a view: `form.f.choices = form.f.remember([...])`."""
        self.hints = {str(choice[0]): choice[2] for choice in choices if len(choice) > 2}
        return [(str(choice[0]), choice[1]) for choice in choices]

    def options(self) -> list[dict[str, Any]]:
        """What the macro draws."""
        return [
            {"value": value, "text": say(text), "checked": chosen, "hint": say(self.hints.get(str(value)))}
            for value, text, chosen, *_ in self.iter_choices()
        ]

    def pre_validate(self, form: Form) -> None:
        """Only values that were offered."""
        offered = {str(value) for value, *_ in self.iter_choices()}
        data = self.data if isinstance(self.data, list) else [self.data]
        if any(value not in (None, "", "None") and str(value) not in offered for value in data):
            raise StopValidation(gettext("Choose one of the options"))


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


class Radios(_Choice, RadioField):
    """One of a few."""

    def __init__(self, label: Text, **kwargs: Any) -> None:
        kwargs.setdefault("coerce", _text_or_none)
        super().__init__(label, validate_choice=False, **kwargs)


class Select(_Choice, SelectField):
    """One of many, in a drop-down; `blank` is the first, empty line."""

    kind = "select"

    def __init__(self, label: Text, *, blank: Text | None = None, **kwargs: Any) -> None:
        self.blank = blank
        kwargs.setdefault("coerce", _text_or_none)
        super().__init__(label, validate_choice=False, **kwargs)


class Checkboxes(_Choice, SelectMultipleField):
    """Any of a few; `data` is a list."""

    kind = "checkboxes"

    def __init__(self, label: Text, **kwargs: Any) -> None:
        super().__init__(label, validate_choice=False, **kwargs)


class Checkbox(_Own, BooleanField):
    """One box to tick: a declaration, a consent."""

    kind = "checkbox"

    def __init__(self, label: Text, **kwargs: Any) -> None:
        super().__init__(label, mark_optional=False, **kwargs)


class FileField(_Own, _FileField):
    """One file; `accept` such as "image/*,application/pdf"; `camera` opens the phone's camera, "user" the one in front."""

    kind = "file"
    multiple = False

    def __init__(self, label: Text, *, accept: str = "", camera: bool | str = False, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.accept = accept
        self.camera = camera


class FilesField(_Own, _MultipleFileField):
    """Several files; `data` is a list."""

    kind = "file"
    multiple = True

    def __init__(self, label: Text, *, accept: str = "", camera: bool | str = False, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.accept = accept
        self.camera = camera
