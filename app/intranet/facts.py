"""The lists of facts that staff keep: authorities, rules of jurisdiction, other names of places, addresses that need a
proof, scope entries, everyday and forbidden words. What each form asks, what each table shows. Proposing and approving is that of all lists, see `names.py`."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from flask_babel import lazy_gettext as _l

from app.web import forms
from app.web.i18n import say
from workflow.catalogues.queries import Catalogue
from workflow.establishment import lists
from workflow.establishment.address import HOME

KINDS = {
    "authorities": "authority", "jurisdiction": "rule", "places": "place", "exceptions": "exception", "scope": "scope",
    "everyday": "everyday", "forbidden": "forbidden",
}  # fmt: skip
LISTS = {
    "authorities": _l("Authorities"), "jurisdiction": _l("Jurisdiction"), "places": _l("Names of places"),
    "exceptions": _l("Addresses with proof"), "scope": _l("Scope entries"), "everyday": _l("Everyday words"),
    "forbidden": _l("Forbidden in scopes"),
}  # fmt: skip
TITLES = {
    "authority": _l("Registration authority"), "rule": _l("Rule of jurisdiction"), "place": _l("Other names of a place"),
    "scope": _l("Scope entry"), "everyday": _l("Everyday word"), "exception": _l("Address that needs a proof"),
    "forbidden": _l("Word that a scope may not contain"),
}  # fmt: skip
KEY = lists.KEY
SEPARATED = {"aliases", "within", "entity_types", "industry_codes", "texts"}
LEVELS = {
    "province": _l("Province"),
    "city": _l("City"),
    "county": _l("County"),
    "zone": _l("Development zone"),
}
PLACES = {
    "division": _l("A district, county or city"),
    "town": _l("A street or town"),
    "words": _l("Words of an address"),
}
CATEGORIES = {"general": _l("General"), "filing": _l("General, to be filed"), "licensed": _l("Licensed item")}
WHYS = {
    "disputed": _l("The address is disputed"),
    "false_commitment": _l("A false commitment was proven"),
}
TIMINGS = {"before": _l("before registration"), "after": _l("after registration")}
WORDS: dict[str, dict[str, Any]] = {
    "level": LEVELS, "kind": PLACES, "category": CATEGORIES, "timing": TIMINGS, "ask": {"true": _l("Yes")},
    "why": WHYS,
}  # fmt: skip
FIELDS = {
    "code": _l("Code"), "name": _l("Name of the office or place"), "level": _l("Level"), "host_division": _l("Division it belongs to"),
    "uscc_authority_code": _l("Authority code in credit codes"), "aliases": _l("Other names"), "note": _l("Note"),
    "kind": _l("What it speaks of"), "division_code": _l("Within the division"), "place": _l("Place"),
    "authority_code": _l("Registration authority"), "entity_types": _l("Only for these types"),
    "within": _l("Only in these counties"), "ask": _l("Only propose; the applicant decides"), "basis": _l("Legal basis"),
    "text": _l("Wording"), "category": _l("Category"), "timing": _l("When the approval is needed"),
    "approval": _l("Approval"), "approved_by": _l("Approved by"), "industry_codes": _l("Classes in GB/T 4754"),
    "description": _l("Description"), "proposed_word": _l("Industry term for names"), "texts": _l("Wordings it stands for"),
    "address": _l("Address"), "why": _l("Why a commitment does not suffice"), "source": _l("Source"),
}  # fmt: skip
SEMICOLONS = _l("Several are separated by semicolons.")


class ReasonForm(forms.Form):
    """Why the list is to change."""

    reason = forms.TextArea(
        _l("Reason of the change"), max_length=500, count=True, required=_l("Give the reason"),
        hint=_l("The second person and later readers see it."),
    )  # fmt: skip


class DatedForm(ReasonForm):
    """An entry that holds from a day to a day."""

    valid_from = forms.DateField(
        _l("In force from"), hint=_l("Leave empty for at once, as soon as it is approved.")
    )
    valid_to = forms.DateField(_l("Last day in force"), hint=_l("Leave empty for no end."))


class AuthorityForm(DatedForm):
    """A registration authority (AUT-01, AUT-09, AUT-11)."""

    code = forms.TextField(
        FIELDS["code"], max_length=16, required=_l("Enter the code"), hint=_l("Such as HB-420106")
    )
    name = forms.TextField(
        FIELDS["name"], max_length=60, required=_l("Enter the name"),
        hint=_l("Licences that were issued keep the name of their day; the name until now stays among the other names."),
    )  # fmt: skip
    level = forms.Select(
        FIELDS["level"], choices=[*LEVELS.items()], blank=_l("Choose"), required=_l("Choose the level")
    )
    host_division = forms.TextField(
        FIELDS["host_division"], max_length=6, required=_l("Enter the six digits of the division")
    )
    uscc_authority_code = forms.TextField(
        FIELDS["uscc_authority_code"], max_length=6, required=_l("Enter the six digits"),
        hint=_l("Zones often carry the code of their city."),
    )  # fmt: skip
    aliases = forms.TextField(FIELDS["aliases"], hint=SEMICOLONS)
    note = forms.TextField(FIELDS["note"])


class RuleForm(DatedForm):
    """Which authority registers what lies where (AUT-02 to AUT-10)."""

    code = forms.TextField(
        FIELDS["code"],
        max_length=40,
        required=_l("Enter the code"),
        hint=_l("Of a rule that is known, or a new one."),
    )
    kind = forms.Radios(FIELDS["kind"], choices=[*PLACES.items()], required=_l("Choose what it speaks of"))
    division_code = forms.TextField(
        FIELDS["division_code"], max_length=6, required=_l("Enter the six digits of the division")
    )
    place = forms.TextField(
        FIELDS["place"], max_length=40, required=_l("Enter the place"),
        hint=_l("The code of a division or street, or the words of an address, such as 光谷三路.")
    )  # fmt: skip
    authority_code = forms.Select(
        FIELDS["authority_code"], choices=[], blank=_l("Choose"), required=_l("Choose the authority")
    )
    entity_types = forms.TextField(
        FIELDS["entity_types"], hint=_l("Such as jsc;foreign. Leave empty for all types.")
    )
    within = forms.TextField(FIELDS["within"], hint=_l("Codes of divisions. Leave empty for no limit."))
    ask = forms.Checkbox(FIELDS["ask"], hint=_l("For roads that lie only partly in a zone."))
    basis = forms.TextField(FIELDS["basis"], max_length=100)


class PlaceForm(ReasonForm):
    """Names under which people write a place, old ones among them."""

    code = forms.TextField(FIELDS["code"], max_length=6, required=_l("Enter the six digits of the division"))
    aliases = forms.TextField(FIELDS["aliases"], hint=SEMICOLONS)


class ScopeForm(DatedForm):
    """A standard wording of a business scope (SC-01, SC-06, SC-08)."""

    code = forms.TextField(FIELDS["code"], max_length=16, required=_l("Enter the code"))
    text = forms.TextField(FIELDS["text"], max_length=100, required=_l("Enter the wording"))
    category = forms.Radios(
        FIELDS["category"], choices=[*CATEGORIES.items()], required=_l("Choose the category")
    )
    timing = forms.Select(FIELDS["timing"], choices=[*TIMINGS.items()], blank=_l("Not needed"))
    approval = forms.TextField(FIELDS["approval"])
    approved_by = forms.TextField(FIELDS["approved_by"])
    industry_codes = forms.TextField(
        FIELDS["industry_codes"],
        hint=_l("Such as I6511; several are separated by semicolons, the most fitting first."),
    )
    description = forms.TextArea(FIELDS["description"], rows=2, max_length=300)
    proposed_word = forms.TextField(FIELDS["proposed_word"], max_length=20)


class EverydayForm(ReasonForm):
    """A word as people say it, and the wordings it stands for (SC-11)."""

    word = forms.TextField(_l("Word"), max_length=20, required=_l("Enter the word"))
    texts = forms.TextArea(
        FIELDS["texts"], rows=3, max_length=500, required=_l("Enter the wordings"),
        hint=_l("As they stand in the catalogue, separated by semicolons, the best first."),
    )  # fmt: skip


class ExceptionForm(DatedForm):
    """An address where the commitment does not suffice (ADR-03)."""

    address = forms.TextField(
        FIELDS["address"], max_length=100, required=_l("Enter the address"),
        hint=_l("Road and number, such as 东湖路105号; every address that contains it is concerned."),
    )  # fmt: skip
    why = forms.Radios(FIELDS["why"], choices=[*WHYS.items()], required=_l("Choose why"))
    authority_code = forms.Select(
        FIELDS["authority_code"], choices=[], blank=_l("All authorities"), hint=_l("Where the same road exists in several places.")
    )  # fmt: skip
    basis = forms.TextField(FIELDS["basis"], max_length=100)


class ForbiddenForm(DatedForm):
    """A word that a business scope may not contain (SC-12)."""

    word = forms.TextField(_l("Word"), max_length=20, required=_l("Enter the word"))
    source = forms.TextField(
        FIELDS["source"], max_length=200, hint=_l("The document that the word comes from.")
    )


FORMS: dict[str, type[forms.Form]] = {
    "authority": AuthorityForm, "rule": RuleForm, "place": PlaceForm, "scope": ScopeForm, "everyday": EverydayForm,
    "exception": ExceptionForm, "forbidden": ForbiddenForm,
}  # fmt: skip
COLUMNS = {
    "authority": ("name", "code", "level", "uscc_authority_code", "aliases"),
    "rule": ("place", "kind", "division_code", "authority_code", "entity_types", "basis"),
    "place": ("name", "code", "aliases"),
    "scope": ("text", "code", "category", "approval", "timing", "industry_codes"),
    "everyday": ("word", "texts"),
    "exception": ("address", "why", "authority_code", "basis"),
    "forbidden": ("word", "source"),
}


def offer(form: forms.Form, facts: Catalogue) -> None:
    """The authorities that an entry may name."""
    if isinstance(form, RuleForm | ExceptionForm):
        form.authority_code.choices = form.authority_code.remember(
            [(a.code, f"{a.name} {a.code}") for a in facts.authorities.values()]
        )


def plain(kind: str, column: str, value: Any) -> str:
    """A value of a form as a change keeps it. A fact ends with the day before `valid_to`; people name the last day."""
    if isinstance(value, date):
        ends = kind in FORMS and column == "valid_to"
        return (value + timedelta(days=1) if ends else value).isoformat()
    return "true" if value is True else str(value)


def last_day(kind: str, column: str, day: date) -> date:
    """A day of a fact or a word as people read it, the reverse of `plain`."""
    return day - timedelta(days=1) if kind in FORMS and column == "valid_to" else day


def rows(facts: Catalogue, kind: str, text: str) -> list[Any]:
    """The rows of a list in which one column contains a text; of places only those of the home province."""
    found = facts.tables[lists.TABLE[kind]]
    if kind == "place":
        found = [d for d in found if d.code.startswith(HOME[:2])]
    return [r for r in found if not text or any(text in str(v) for v, _ in cells(facts, kind, r))]


def cells(facts: Catalogue, kind: str, row: Any) -> list[tuple[Any, str]]:
    """What a table shows of a row: the value and its column."""
    return [(said(facts, column, getattr(row, column)), column) for column in COLUMNS[kind]]


def said(facts: Catalogue, column: str, value: Any) -> Any:
    """A value as people read it: codes of authorities and places by their names."""
    if isinstance(value, list):
        return "；".join(value[:6]) + ("…" if len(value) > 6 else "")
    if column == "authority_code" and value in facts.authorities:
        return facts.authorities[value].name
    if column == "division_code" and value in facts.divisions:
        return facts.divisions[value].full_name.removeprefix("湖北省") or facts.divisions[value].name
    if column == "place" and value in facts.divisions:
        return f"{value} {facts.divisions[value].name}"
    if column == "place" and value in facts.towns:
        return f"{value} {facts.towns[value].name}"
    return say(WORDS.get(column, {}).get(value, value))


def known(facts: Catalogue, kind: str, key: str) -> dict[str, Any]:
    """The values of an entry as its form shows them, or nothing."""
    row = lists.known(facts, kind, key)
    if row is None:
        return {}
    names = [name for name in FIELDS if hasattr(row, name)] + ["word", "valid_from", "valid_to"]
    values = {name: getattr(row, name) for name in names if hasattr(row, name)}
    if values.get("valid_to"):
        values["valid_to"] = last_day(kind, "valid_to", values["valid_to"])
    return {k: "；".join(v) if isinstance(v, list) else v for k, v in values.items() if v or k == KEY[kind]}


def wished(facts: Catalogue, kind: str, text: str) -> dict[str, Any]:
    """What the form of a new scope entry begins with: a wording that was asked for, and a code that nobody has."""
    if kind != "scope" or not text:
        return {}
    code = next(c for n in count(1) if (c := f"W{n:04}") not in facts.scope_entries)
    return {"code": code, "text": text[:100], "category": "general"}


def subject(facts: Catalogue, kind: str, values: dict[str, Any]) -> str:
    """What a change is about."""
    key = str(values[KEY[kind]])
    row = lists.known(facts, kind, key)
    name = (
        values.get("name")
        or values.get("text")
        or getattr(row, "name", "")
        or getattr(row, "text", "")
        or key
    )
    return f"{name} {key}" if name != key else key


__all__ = ["COLUMNS", "FIELDS", "FORMS", "KEY", "KINDS", "LISTS", "TITLES", "WORDS", "ReasonForm"]
