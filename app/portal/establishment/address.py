"""Address and authority: free text is read, what is not certain is asked; lists are the other way in."""

import re
from typing import Any, ClassVar

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.portal.establishment.autosave import autosaved
from app.portal.establishment.common import Filing, SectionForm, blueprint, try_save
from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.i18n import is_chinese
from workflow.clock import today
from workflow.errors import Problem, Words
from workflow.establishment import jurisdiction
from workflow.establishment.address import HOME, normalise, short_name
from workflow.establishment.data import Application
from workflow.establishment.jurisdiction import AddressMatch
from workflow.policies.queries import policy

NOT_OFFERED = Words("请从列出的选项中选择。", "Choose one of those offered.")


@autosaved
class AddressForm(SectionForm):
    """The address in one line, its use, and the commitment that replaces a proof (ADR-03)."""

    section: ClassVar[str] = "address"
    paths: ClassVar[dict[str, str]] = {
        "text": "address.text", "use": "address.use", "postcode": "address.postcode",
        "commitment": "address.commitment",
    }  # fmt: skip
    text = forms.TextArea(
        _l("Address"), rows=2, max_length=200, required=_l("Enter the address"),
        hint=_l("Down to the door or room, such as 武汉市武昌区东湖路105号. City or district may be left out; we ask if it is not clear."),
    )  # fmt: skip
    use = forms.Radios(
        _l("What kind of premises?"), required=_l("Choose the kind of premises"),
        choices=[
            ("commercial", _l("Business premises"), _l("Shop, office, workshop")),
            ("residential", _l("A home"), _l("Neighbours with an interest must agree to business use")),
            ("hosted", _l("A hosted address"), _l("Provided by an incubator or a cluster; needs the hosting contract")),
        ],
    )  # fmt: skip
    postcode = forms.TextField(_l("Postcode"), max_length=6, classes="govuk-input--width-5")
    commitment = forms.Checkbox(
        _l("We commit ourselves: the address is true and lawful, and we may use it"),
        hint=_l(
            "With this commitment no proof is needed. Without it, upload a proof of use under Attachments."
        ),
    )

    def prepare(self, filing: Filing) -> None:
        """Called as this type calls it."""
        words = filing.kind.address_words
        self.text.label.text = words.zh if is_chinese() else words.en.capitalize()

    def write(self, application: Application, names: Any = None) -> None:
        """A changed text must be read anew: what was understood of the old one goes."""
        address = application.address
        before = address.text
        for name, path in self.paths.items():
            if name in self and (names is None or name in names):
                value = self[name].data
                setattr(address, path.partition(".")[2], value if value is not None else "")
        if address.text != before:
            address.division_code = address.town_code = address.detail = address.authority_code = ""

    def show_problems(self, filing: Filing) -> None:
        """What concerns the door number is said at the text."""
        mine = [p for p in filing.problems["address"] if p.field in ("address.text", "address.use", "address.commitment", "address.detail", "address.postcode")]  # fmt: skip
        where = {path: name for name, path in self.paths.items()} | {"address.detail": "text"}
        self.add_problems([p for p in mine if where[p.field] in self], where)
        if "text" in self and filing.application.address.text and not self.text.errors:
            match = read_address(filing)
            if match.authority is None and not match.candidates:
                self.add_problems([Problem("AUT-02", "text", match.reason, "IMPL52 Art. 10")])


@blueprint.route("/application/address", methods=["GET", "POST"])
@signed_in
def address(number: str) -> ResponseReturnValue:
    """Type the address; then confirm what was understood."""
    filing = Filing(number)
    if (answer := filing.closed()) is not None:
        return answer
    form = AddressForm.of(filing)
    kept = False
    if form.validate_on_submit() and try_save(filing, form, form.write):
        form.show_problems(filing)
        if not form.errors:
            sure = bool(filing.application.address.authority_code)
            if sure:
                flash(gettext("Saved."), "success")
            following = (
                filing.after("address") if sure else url_for("establishment.confirm_address", number=number)
            )
            return redirect(following, 303)
        db.commit()
        kept = True
    page = render_template(
        "portal/establishment/address.html", form=form, filing=filing, section="address", kept=kept,
        office=filing.facts.authorities.get(filing.application.address.authority_code),
        commitment_allowed=policy(db, "address_proof", filing.case.authority_code) == "commitment",
    )  # fmt: skip
    return page, 422 if form.errors else 200


def read_address(filing: Filing) -> AddressMatch:
    """What the stored address says: as chosen from the lists, otherwise as typed."""
    where, kind = filing.application.address, filing.application.entity_type
    if where.division_code in filing.facts.divisions:
        town = where.town_code if where.town_code in filing.facts.towns else ""
        return jurisdiction.match_division(
            where.division_code, town, where.detail, kind, catalogue=filing.facts, day=today()
        )
    return jurisdiction.match(where.text, kind, catalogue=filing.facts, day=today())


@autosaved
class ConfirmForm(SectionForm):
    """Which of the places and authorities that are possible it is."""

    section: ClassVar[str] = "address"
    choice = forms.Radios(_l("Which one is it?"), required=_l("Choose the place and authority"), choices=[])

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """Chosen beforehand only where nothing else is possible."""
        match = read_address(filing)
        return {"choice": next(iter(options(match)), None) if match.authority else None}

    def prepare(self, filing: Filing) -> None:
        """What the address as it stands may mean."""
        self.match = read_address(filing)
        self.offered = options(self.match)
        self.choice.choices = self.choice.remember(
            [
                (
                    value,
                    f"{row[4].removeprefix('湖北省')}（{row[5]}）",
                    *([row[3]] if row[3] != self.match.reason else []),
                )
                for value, row in self.offered.items()
            ]
        )

    def attempt(self, application: Application) -> None:
        """Take the chosen place and its authority."""
        if self.choice.data not in self.offered:
            return
        where, match = application.address, self.match
        division, town, office, *_ = self.offered[self.choice.data]
        if not where.division_code:
            sure = match.authority is not None
            where.detail = (
                (match.zone + match.rest) if sure else detail_of(where.text, division, town, self.filing)
            )
        where.division_code, where.town_code, where.authority_code = division, town, office

    def show_problems(self, filing: Filing) -> None:
        """Whether this place has this authority."""
        found = [p for p in filing.problems["address"] if p.field in ("address.division_code", "address.authority_code")]  # fmt: skip
        self.add_problems(found, {p.field: "choice" for p in found})


def options(match: AddressMatch) -> dict[str, tuple[str, str, str, Words, str, str]]:
    """What may be chosen: value -> division, town, authority, reason, name of the place, name of the authority."""
    found = {}
    if match.authority and match.division:
        town = match.town
        found[f"{match.authority.code}|{match.division.code}|{town.code if town else ''}"] = (
            match.division.code, town.code if town else "", match.authority.code, match.reason,
            match.division.full_name + (town.name if town else ""), match.authority.name,
        )  # fmt: skip
        return found
    for option in match.candidates:
        if option.authority is None:
            continue
        town = option.town or (match.town if match.division is option.division else None)
        code = town.code if town else ""
        found[f"{option.authority.code}|{option.division.code}|{code}"] = (
            option.division.code, code, option.authority.code, option.reason,
            option.division.full_name + (town.name if town else ""), option.authority.name,
        )  # fmt: skip
    return found


def detail_of(text: str, division_code: str, town_code: str, filing: Filing) -> str:
    """Street and number: the text without the places in front of it."""
    rest = normalise(text)
    names = [[d.name, *d.aliases, short_name(d.name)] for d in filing.facts.division_path(division_code)]
    if town := filing.facts.towns.get(town_code):
        names.append([town.name, f"{town.name}办事处"])
    for group in names:
        for name in sorted(filter(None, group), key=len, reverse=True):
            if rest.startswith(name):
                rest = re.sub(r"^(?:市辖区|省直辖县级行政区划)", "", rest[len(name) :])
                break
    return rest


@blueprint.route("/application/address/confirm", methods=["GET", "POST"])
@signed_in
def confirm_address(number: str) -> ResponseReturnValue:
    """Division, authority and reason as understood; several possibilities are offered, none is guessed."""
    filing = Filing(number)
    if (answer := filing.closed()) is not None:
        return answer
    form = ConfirmForm.of(filing)
    if not form.offered:
        return redirect(url_for("establishment.choose_address", number=number), 303)
    if form.validate_on_submit() and try_save(filing, form, form.attempt):
        flash(gettext("Address and authority saved."), "success")
        wrong = any(p.severity == "error" for p in filing.problems["address"])
        return redirect(filing.url("address") if wrong else filing.after("address"), 303)
    page = render_template(
        "portal/establishment/confirm_address.html", form=form, filing=filing, section="address", match=form.match,
        sure=form.match.authority is not None, offered=list(form.offered.values()),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@autosaved
class ChooseForm(SectionForm):
    """The address from lists."""

    section: ClassVar[str] = "address"
    city = forms.Select(_l("City"), blank=_l("Choose a city"), required=_l("Choose the city"), choices=[])
    county = forms.Select(
        _l("District or county"), blank=_l("Choose a district or county"), choices=[], mark_optional=False
    )
    town = forms.Select(_l("Street or town"), blank=_l("Not sure"), choices=[])
    detail = forms.TextField(
        _l("Road, number, room"),
        max_length=120,
        required=_l("Enter road and number"),
        hint=_l("Such as 东湖路105号2栋301室."),
    )

    @classmethod
    def initial(cls, filing: Filing, **context: Any) -> dict[str, Any]:
        """What is known of the address."""
        where = filing.application.address
        path = filing.facts.division_path(where.division_code)
        below = [d for d in path if d.code != HOME]
        return {
            "city": below[0].code if below else "",
            "county": below[1].code if len(below) > 1 else "",
            "town": where.town_code,
            "detail": where.detail,
        }

    def prepare(self, filing: Filing) -> None:
        """Each list depends on the one before."""
        facts = filing.facts
        self.city.choices = self.city.remember([(d.code, d.name) for d in facts.divisions_in[HOME]])
        cities = {value for value, _ in self.city.choices}
        self.city.data = self.city.data if self.city.data in cities else ""
        counties = [(d.code, d.name) for d in facts.divisions_in.get(self.city.data or "-", [])]
        self.county.choices = self.county.remember(counties)
        if self.county.data not in {value for value, _ in counties}:
            self.county.data = ""
        towns = [(t.code, t.name) for t in facts.towns_in.get(self.division or "-", [])]
        self.town.choices = self.town.remember(towns)
        if self.town.data not in {value for value, _ in towns}:
            self.town.data = ""

    @property
    def division(self) -> str:
        """The county; a county that is its own city counts as both."""
        return self.county.data or ("" if self.county.choices else self.city.data or "")

    def attempt(self, application: Application) -> None:
        """The address that the lists and the line make; its authority is asked afterwards."""
        facts, where, code = self.filing.facts, application.address, self.division or self.city.data or ""
        town = facts.towns.get(self.town.data or "")
        place = facts.divisions[code].full_name if code in facts.divisions else ""
        where.text = place + (town.name if town else "") + (self.detail.data or "")
        where.detail, where.division_code = self.detail.data or "", code
        where.town_code, where.authority_code = (town.code if town else ""), ""

    def show_problems(self, filing: Filing) -> None:
        """The district at its list, the rest at the line."""
        places = {"address.division_code": "county", "address.detail": "detail", "address.text": "detail"}
        self.add_problems([p for p in filing.problems["address"] if p.field in places], places)


@blueprint.route("/application/address/choose", methods=["GET", "POST"])
@signed_in
def choose_address(number: str) -> ResponseReturnValue:
    """City, district, street from lists; each list follows the one before, with or without scripts."""
    filing = Filing(number)
    if (answer := filing.closed()) is not None:
        return answer
    form = ChooseForm.of(filing)
    if form.is_submitted() and request.form.get("action") == "lists":
        return render_template(
            "portal/establishment/choose_address.html", form=form, filing=filing, section="address"
        )
    if form.validate_on_submit():
        if not form.division:
            form.county.errors = [gettext("Choose the district or county")]
        elif try_save(filing, form, form.attempt):
            form.show_problems(filing)
            if not form.errors:
                return redirect(url_for("establishment.confirm_address", number=number), 303)
            db.commit()
    page = render_template(
        "portal/establishment/choose_address.html", form=form, filing=filing, section="address"
    )
    return page, 422 if form.errors else 200


@blueprint.post("/application/address/lists")
@signed_in
def address_lists(number: str) -> ResponseReturnValue:
    """The lists below the one that was chosen: a fragment."""
    return render_template("portal/establishment/address_lists.html", form=ChooseForm.of(Filing(number)))
