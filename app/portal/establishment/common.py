"""What the pages of an application share: the case in hand, forms that know where their values live, saving."""

import copy
from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Any, ClassVar, Self

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from app.portal.establishment import merging
from app.web import forms
from app.web.database import db
from app.web.summary import SECTIONS, application_sections, section_title
from workflow.case import case_of, lock_case
from workflow.catalogues.queries import Catalogue, catalogue
from workflow.errors import Conflict, Problem, RuleViolation
from workflow.establishment import derive, drafts, types
from workflow.establishment.data import Application
from workflow.establishment.difference import covers
from workflow.establishment.problems import problems_by_section
from workflow.review.queries import open_corrections

blueprint = Blueprint("establishment", __name__, url_prefix="/cases/<number>")


class Filing:
    """A case whose application is being filled in, as one request sees it. Raises NotFound."""

    def __init__(self, number: str) -> None:
        self.case = case_of(db, number, current_user.id)
        if request.method == "POST":
            lock_case(db, self.case.id)  # what is read here is what the change meets
        self.application, self.version = drafts.draft_of(db, self.case.id)
        self.kind = types.get(self.application.entity_type)
        self.returned = self.case.state == "returned"
        self.editable = self.case.state in drafts.EDITABLE
        self.corrections = open_corrections(db, self.case.id) if self.returned else []

    @cached_property
    def opened(self) -> list[str]:
        """The paths that a return for correction has opened."""
        return drafts.opened_fields(self.application, [c.field for c in self.corrections])

    @cached_property
    def facts(self) -> Catalogue:
        """The catalogues."""
        return catalogue(db)

    @cached_property
    def problems(self) -> dict[str, list[Problem]]:
        """What the rules say, by section."""
        return problems_by_section(db, self.case, self.application)

    @property
    def errors(self) -> list[Problem]:
        """What stops the application, in the order of the form."""
        return [p for row in self.problems.values() for p in row if p.severity == "error"]

    def locked(self, path: str) -> bool:
        """Whether a return for correction leaves this value closed."""
        if not self.returned:
            return False
        return not covers(self.opened, path) and not any(o.startswith(path + ".") for o in self.opened)

    def wanted(self, section: str) -> list[Any]:
        """The corrections that are put right in a section."""
        return [c for c in self.corrections if self.section_of(c.field) == section]

    def section_of(self, path: str) -> str:
        """The section where a path is filled in."""
        from workflow.establishment.rules import section_of

        return section_of(Problem("", path, drafts.LOCKED_FIELD), self.application)

    def may_leave(self, path: str) -> bool:
        """Whether entries of a list may be taken out: not when a return has opened only parts of it."""
        return self.editable and (not self.returned or covers(self.opened, path))

    def place_of(self, path: str) -> tuple[str, str]:
        """Title and address of the page where a path is put right."""
        if path == "attachments":
            return gettext("Attachments"), url_for("attachments.index", number=self.case.number)
        section = self.section_of(path)
        title = section_title(self.kind, section) if section in SECTIONS else gettext("Check your answers")
        return title, self._own_page(path, section) or self.url(section)

    def _own_page(self, path: str, section: str) -> str:
        """The page of the one founder or person whom a path speaks of, where there is one."""
        root, *rest = path.split(".")
        if root not in ("contributions", "people", "organisations") or not rest or not rest[0].isdigit():
            return ""
        row = getattr(self.application, root)[int(rest[0])]
        key = row.party if root == "contributions" else row.key
        if self.kind.founders == "list" and key in {r.party for r in self.application.contributions}:
            return url_for("establishment.shareholder", number=self.case.number, key=key)
        if root == "people" and section == "officers":
            return url_for("establishment.person", number=self.case.number, key=key, back=section)
        return ""

    def save(self, change: Any, version: int | None) -> None:
        """Store a change. Raises Conflict (`changed_elsewhere`, `moved_on`), RuleViolation (`locked`)."""
        self.application, self.version = drafts.save(db, self.case.id, current_user.actor, version, change)
        self._forget()

    def tried(self) -> "Filing":
        """The same with a copy of the application, on which a form may try out what was typed; nothing is stored."""
        other = copy.copy(self)
        other.application = self.application.model_copy(deep=True)
        other._forget()
        return other

    def _forget(self) -> None:
        for name in ("problems", "opened"):
            self.__dict__.pop(name, None)

    def stored(self, section: str) -> list[Any]:
        """The values of a section as they are stored now, for people to read."""
        rows = application_sections(self.application, self.facts)
        return next((values for name, _title, values in rows if name == section), [])

    def url(self, section: str) -> str:
        """Where a section is filled in."""
        endpoint = (
            f"establishment.{section}" if section in SECTIONS or section == "check" else "establishment.check"
        )
        return url_for(endpoint, number=self.case.number)

    def after(self, section: str) -> str:
        """Where to go when a section is done."""
        if self.returned:
            return url_for("establishment.tasks", number=self.case.number)
        order = [*self.kind.sections]
        place = order.index(section) + 1 if section in order else len(order)
        return self.url(order[place] if place < len(order) else "check")

    def closed(self) -> ResponseReturnValue | None:
        """The answer when nothing can be changed now: the data, read-only."""
        return None if self.editable else redirect(self.url("check"), 303)


def locate(application: Application, path: str) -> tuple[Any, str]:
    """The part that holds the last step of a path, and that step. Raises AttributeError, IndexError."""
    *way, last = path.split(".")
    part: Any = application
    for step in way:
        part = part[int(step)] if isinstance(part, list) else getattr(part, step)
    return part, last


def read(application: Application, path: str) -> Any:
    """The value at a path."""
    part, last = locate(application, path)
    return getattr(part, last)


def write(application: Application, path: str, value: Any) -> None:
    """Set the value at a path; an empty text stays a text."""
    part, last = locate(application, path)
    setattr(part, last, "" if value is None and isinstance(getattr(part, last), str) else value)


class SectionForm(forms.Form):
    """A form of one section. `paths` says where each field's value lives in the application."""

    version = forms.HiddenField()
    changed = forms.HiddenField()
    base = forms.HiddenField()  # what the page was made from, see merging.py
    section: ClassVar[str] = ""
    secret: ClassVar[dict[str, Callable[[str], str]]] = {}  # how a value is masked where it is only shown
    paths: ClassVar[dict[str, str]] = {}

    @classmethod
    def of(cls, filing: Filing, **context: Any) -> Self:
        """The form for a request: filled from the application, closed where a correction is not asked for."""
        cls = cls.fitting(filing)
        data = cls.initial(filing, **context)
        form = cls(data=data)
        form.filing, form.context = filing, context
        form.prepare(filing)
        if not form.is_submitted():
            form.version.data = str(filing.version)
        form.shut = {}
        form.elsewhere = []
        shut = [name for name, path in form.where().items() if name in form and filing.locked(path)]
        if shut:
            plain = cls(formdata=None, data=data)
            plain.filing, plain.context = filing, context
            plain.prepare(filing)
            form.shut = {name: (plain[name].label.text, plain.told(name)) for name in shut}
            for name in shut:
                del form[name]
        form.close()
        form.asked = form.corrections()
        return form

    def told(self, name: str) -> str:
        """A field's value as words; numbers and phones of people are masked."""
        return self.secret.get(name, str)(shown(self[name]))

    def corrections(self) -> dict[str, str]:
        """What the notice asks of the fields that it opened, each said at the first field that it concerns."""
        asked: dict[str, str] = {}
        for wanted in self.filing.corrections:
            path = wanted.field
            for name, place in self.where().items():
                if name in self and (place == path or covers([place], path) or covers([path], place)):
                    asked[name] = f"{asked[name]} {wanted.text}" if name in asked else wanted.text
                    break
        return asked

    def stored(self) -> Self:
        """The same form as it would be shown now, whatever was typed."""
        form = type(self)(formdata=None, data=self.initial(self.filing, **self.context))
        form.filing, form.context = self.filing, self.context
        form.prepare(self.filing)
        return form

    @property
    def form_name(self) -> str:
        """What the live check calls this form."""
        return type(self).__name__

    @property
    def made_from(self) -> str:
        """The value of the hidden field `base`."""
        if not self.base.data and not self.is_submitted():
            self.base.data = merging.written(merging.marks(self))
        return self.base.data or ""

    @classmethod
    def fitting(cls, filing: Filing) -> type[Self]:
        """The form with the fields that this application needs."""
        return cls

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What the fields show at first."""
        return {name: read(filing.application, path) for name, path in cls.paths.items()}

    def prepare(self, filing: Filing) -> None:
        """Set the choices that depend on the application."""

    def close(self) -> None:
        """Take off fields whose values stay as they are, and put them into `shut`."""

    def where(self) -> dict[str, str]:
        """Field name -> path, for this instance."""
        return self.paths

    def value_of(self, name: str) -> Any:
        """The value to store for a field."""
        return self[name].data

    def write(self, application: Application, names: Iterable[str] | None = None) -> None:
        """Put the fields' values (all, or those named) into the application."""
        for name, path in self.where().items():
            if name in self and (names is None or name in names):
                write(application, path, self.value_of(name))
        derive.settle(application)

    def attempt(self, application: Application) -> None:
        """Put everything that is typed here into a copy of the application, for the rules to look at."""
        self.write(application)

    def judged(self, filing: Filing, touched: Collection[str], whole: bool) -> dict[str, list[str]]:
        """What is wrong with the fields, as the button would say it: of those that were touched, and of those that hold
        something that no longer fits. `whole`: all that was typed is stored; otherwise it is tried out on a copy.
        """
        unread = {
            field.name: list(field.errors) for field in merging.values(self) if not field.validate(self)
        }
        form, view = self, filing
        if not whole:
            form, view = copy.copy(self), filing.tried()
            form._fields = {name: field for name, field in self._fields.items() if name not in unread}
            form.filing, form.context = view, dict(self.context)
            form.attempt(view.application)
        for field in self:
            field.errors = []
        form.form_errors = []
        form.show_problems(view)
        said = {}
        for name, field in self._fields.items():
            kept = name in touched or field.data
            errors = unread.get(name, []) if name in touched else []
            errors = errors or [e for e in field.errors if name in touched or (kept and e.code != "required")]
            if errors:
                said[name] = [str(e) for e in errors]
        return said

    def readable(self, names: Collection[str] | None) -> set[str]:
        """The fields that can be stored together with those named: every valid one; all when none are named."""
        return {name for name in self._fields if names is None or name in names or self[name].validate(self)}

    def renew(self, filing: Filing) -> None:
        """From now on the page is made from what is stored now."""
        self.version.data = str(filing.version)
        self.base.data = merging.written(merging.marks(self.stored()))

    def sent_version(self) -> int | None:
        """The version that the page was made from; None when the sender did not say."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def checked_version(self) -> int | None:
        """The version that must still be the newest; None where each value is compared by itself, or is new."""
        merged = any(name in self for name in self.where()) or self.context.get("key") == ""
        return None if self.base.data and merged else self.sent_version()

    def show_problems(self, filing: Filing) -> None:
        """Put what the rules say about this section on the fields that are open here."""
        fields = {path: name for name, path in self.where().items() if name in self}
        shown_here: dict[str, list[Problem]] = {}
        for problem in filing.problems.get(self.section, []):
            path = problem.field
            while path and path not in fields:
                path = path.rpartition(".")[0]
            if path:
                shown_here.setdefault(fields[path], []).append(problem)
        for name, problems in shown_here.items():
            self.add_problems(problems, {p.field: name for p in problems})


def shown(field: Any) -> str:
    """A field's value as words."""
    if hasattr(field, "options"):
        return "、".join(option["text"] for option in field.options() if option["checked"])
    if isinstance(field.data, bool):
        return gettext("Yes") if field.data else gettext("No")
    if isinstance(field, forms.DateField):
        from app.web.layout import day

        return day(field.data)
    text = str(field._value() or "")
    return f"{text} {field.suffix}" if text and getattr(field, "suffix", None) else text


def fill_in(
    filing: Filing, form: SectionForm, template: str, *, following: str | None = None, **values: Any
) -> ResponseReturnValue:
    """Show a section, or save it: a draft may have holes, so what was typed is kept even where a rule objects."""
    if (answer := filing.closed()) is not None:
        return answer
    kept = False
    if form.validate_on_submit() and try_save(filing, form, form.write):
        form.show_problems(filing)
        if not form.errors:
            flash(gettext("Saved."), "success")
            return redirect(following or filing.after(form.section), 303)
        db.commit()
        kept = True
    page = render_template(template, form=form, filing=filing, section=form.section, kept=kept, **values)
    return page, 422 if form.errors else 200


def try_save(filing: Filing, form: SectionForm, change: Any) -> bool:
    """Save; a refusal goes on top of the form and what was typed stays.

    What was changed in another window meanwhile stays as it is there; where both windows changed the same value, both
    are shown (`form.elsewhere`) and saving again is a decision made with both in view.
    """
    clashes = merging.merge(form)
    if clashes:
        form.elsewhere = [merging.Clash.of(form, name) for name in clashes]
        form.add_problems([Problem("changed_elsewhere", "", drafts.CHANGED_ELSEWHERE)])
        form.renew(filing)
        return False
    try:
        filing.save(change, form.checked_version())
    except RuleViolation as violation:
        form.add_problems(violation.problems)
        return False
    except Conflict as conflict:
        if conflict.code != "changed_elsewhere":
            raise
        form.add_problems([Problem(conflict.code, "", conflict.words)])
        form.elsewhere = [
            merging.Clash(value.label, value.value, "") for value in filing.stored(form.section)
        ]
        form.renew(filing)
        return False
    form.renew(filing)
    return True


def is_htmx() -> bool:
    """Whether htmx asks for a fragment."""
    return request.headers.get("HX-Request") == "true"
