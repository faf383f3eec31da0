"""Step 3: the name, checked as one types, declared, reserved."""

from functools import lru_cache

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.forms import half_width
from app.web.limits import limiter
from workflow import objects
from workflow.case import Case, case_of
from workflow.catalogues.queries import Catalogue, catalogue
from workflow.clock import local_date, today
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment import jurisdiction, types
from workflow.establishment.drafts import draft_of
from workflow.machine import STEP_OF_STATE
from workflow.naming import declaration, facts
from workflow.naming.parts import Parts, parse
from workflow.naming.proposal import Answer, Finding, Proposal
from workflow.naming.queries import check as check_name
from workflow.naming.suggestions import suggest
from workflow.policies.queries import policy

blueprint = Blueprint("naming", __name__, url_prefix="/cases/<number>/name")
PROVINCE = "42"
NO_AUTHORITY = Words("请选择企业所在的区县。", "Choose the county where the company will be.")


def area_field(label: forms.Text, hint: forms.Text) -> forms.Select:
    """The county, which decides the registration authority."""
    return forms.Select(
        label, blank=_l("Choose a county"), required=_l("Choose the county"), choices=[], hint=hint
    )


def form_field() -> forms.Select:
    """The word for the form of the entity."""
    return forms.Select(_l("Organisational form"), required=_l("Choose the form"), choices=[])


class NameForm(forms.Form):
    """The four parts of a name, and where the company will be."""

    area = area_field(
        _l("Where will the company be?"),
        _l("The county decides the registration authority and which names are compared."),
    )
    division = forms.Select(
        _l("Division in the name"), required=_l("Choose the division"), choices=[],
        hint=_l("The place as it stands in the name."),
    )  # fmt: skip
    trade_name = forms.TextField(
        _l("Trade name"), max_length=30, required=_l("Enter a trade name of two or more Chinese characters"),
        hint=_l("What people will call you: two or more Chinese characters that set you apart."),
    )  # fmt: skip
    industry = forms.TextField(
        _l("Industry term"), max_length=30, required=_l("Enter an industry term"),
        hint=_l("What you mainly do, such as software, catering or trade."), attributes={"list": "industry-words"},
    )  # fmt: skip
    form = form_field()
    place = forms.Radios(
        _l("Order of the parts"), default="front", required=_l("Choose the order"),
        choices=[
            ("front", _l("The division first")),
            ("middle", _l("The division in brackets after the trade name")),
            ("end", _l("The division in brackets before the form")),
        ],
    )  # fmt: skip
    committed = forms.Checkbox(
        _l(
            "I commit myself: if this name is similar to another's and infringes its rights, I bear the liability."
        )
    )


class BranchNameForm(forms.Form):
    """The name of a branch: its company's full name, perhaps a place or trade, and the form (NM-16, NM-17)."""

    area = area_field(_l("Where will the branch be?"), _l("The county decides the registration authority."))
    parent = forms.TextField(
        _l("Full name of the company"), max_length=120, required=_l("Enter the company's full name"),
        hint=_l("As on its licence: a branch's name begins with it."),
    )  # fmt: skip
    trade_name = forms.TextField(
        _l("Place or trade of the branch"),
        max_length=30,
        hint=_l("What tells it from other branches, such as 汉口."),
    )
    form = form_field()
    committed = NameForm.committed


def _form(case: Case) -> NameForm | BranchNameForm:
    """What was typed, what a suggestion fills in, or what was declared last."""
    kind = BranchNameForm if types.get(case.entity_type).founders == "parent" else NameForm
    if request.method == "GET":
        form = kind(request.args) if "trade_name" in request.args else kind(None, data=_known(case))
    else:
        form = kind()
    known = catalogue(db)
    form.area.choices = form.area.remember(_counties(known))
    words = types.get(case.entity_type).name_forms
    form.form.choices = form.form.remember([(word, word) for word in words])
    if isinstance(form, BranchNameForm):
        return form
    texts = _divisions(known, form.area.data or "")
    form.division.choices = form.division.remember([(text, text) for text in texts])
    form.division.data = form.division.data if form.division.data in texts else texts[0]
    form.place.data = form.place.data or "front"
    return form


@lru_cache(maxsize=2)
def _counties(known: Catalogue) -> list[tuple[str, str]]:
    """The counties of the province: code and name."""
    counties = (d for d in known.divisions.values() if d.code.startswith(PROVINCE) and d.level == 3)
    return [(d.code, d.full_name.removeprefix("湖北省")) for d in counties]


def _known(case: Case) -> dict[str, str]:
    """What the page opens with: the last name declared, and the county of the address if it is known."""
    past = declaration.declarations_of(db, case.id)
    wish = past[0].proposal if past else {}
    office = facts.division_of_authority(wish["authority_code"]) if wish else ""
    area = office or draft_of(db, case.id)[0].address.division_code
    shown = ("division", "trade_name", "industry", "form", "place")
    known = {"area": area or "", **{key: wish[key] for key in shown if wish.get(key)}}
    if whole := str(wish.get("text", "")):  # a branch
        parts = parse(whole)
        form = next((f for f in types.get(case.entity_type).name_forms if parts.form.endswith(f)), "")
        known |= {"parent": parts.parent, "trade_name": parts.form.removesuffix(form), "form": form}
    return known


def _divisions(known: Catalogue, area: str) -> list[str]:
    """The ways in which the place may stand in the name: a district only behind its city (NM-05, NM-06)."""
    path = known.division_path(area) if area in known.divisions else []
    if not path:
        return ["武汉", "武汉市", "湖北", "湖北省"]
    texts: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for division in path:
        fact = facts.divisions().get(division.code)
        if division.level == 3 and division.kind == "市辖区":
            texts[3].append(path[-2].name + division.name)
        elif fact:
            texts[division.level] += [fact.short, fact.name]
    return list(dict.fromkeys(texts[2] + texts[3] + texts[1]))


def _proposal(case: Case, form: NameForm | BranchNameForm) -> Proposal:
    """The proposal that the form makes. Raises RuleViolation without a county."""
    known = catalogue(db)
    if not form.area.data or form.area.data not in known.divisions:
        raise RuleViolation([Problem("AUT-02", "area", NO_AUTHORITY)])
    office = jurisdiction.match_division(
        form.area.data, entity_type=case.entity_type, catalogue=known
    ).authority
    if office is None:
        raise RuleViolation([Problem("AUT-02", "area", NO_AUTHORITY)])
    if isinstance(form, BranchNameForm):
        whole = "".join(half_width(f.data or "").strip() for f in (form.parent, form.trade_name, form.form))
        return Proposal(
            authority_code=office.code, text=whole, entity_type=case.entity_type, own_case=str(case.id)
        )
    return Proposal(
        authority_code=office.code, trade_name=half_width(form.trade_name.data or ""),
        industry=half_width(form.industry.data or ""), form=form.form.data or "", division=form.division.data or "",
        place=form.place.data or "front", entity_type=case.entity_type, own_case=str(case.id),
    )  # fmt: skip


@blueprint.route("", methods=["GET", "POST"])
@limiter.limit("60 per minute", methods=["POST"])
@signed_in
def edit(number: str) -> ResponseReturnValue:
    """Choose a name, see the answer, commit, declare; afterwards see how it stands."""
    case = case_of(db, number, current_user.id)
    if case.state != "draft":
        return _held(case)
    form = _form(case)
    answer: Answer | None = None
    proposal: Proposal | None = None
    main = form.parent if isinstance(form, BranchNameForm) else form.trade_name
    asked = form.validate_on_submit() or (
        request.method == "GET" and bool(main.data and "trade_name" in request.args)
    )
    if asked:
        try:
            proposal = _proposal(case, form)
            answer = check_name(db, proposal)
            if request.form.get("action") == "declare":
                declaration.declare(db, case.id, current_user.actor, proposal, bool(form.committed.data))
                return redirect(url_for("naming.edit", number=number), 303)
        except RuleViolation as violation:
            db.rollback()
            form.add_problems(violation.problems, {"name": main.name, "trade_name": main.name})
        except Conflict as conflict:
            if conflict.code not in ("name_taken", "could_not_check"):
                raise
            db.rollback()  # somebody was quicker: what is free now is shown, what was typed is kept
            form.add_problems([Problem(conflict.code, main.name, conflict.words)])
            answer = check_name(db, proposal) if proposal else None
        case = case_of(db, number, current_user.id)
    page = render_template(
        "portal/naming/edit.html", form=form, case=case, answer=answer, suggestions=_suggestions(answer, proposal),
        marks=marks, past=declaration.declarations_of(db, case.id), words=list(facts.industry_words())[:300],
        months=policy(db, "reservation_months", proposal.authority_code if proposal else ""),
        kind=types.get(case.entity_type),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _suggestions(answer: Answer | None, proposal: Proposal | None) -> list[Parts] | None:
    """Names that are free now and near to the wish, in parts, so that a click fills them in. None: not wanted."""
    if proposal is None or proposal.text or answer is None or answer.verdict in ("clear", "could_not_check"):
        return None
    return [parse(name) for name in suggest(db, proposal, holder=str(current_user.id))]


def marks(answer: Answer) -> tuple[list[str], list[str]]:
    """The parts of the name to mark: failing, and to be looked at."""
    failing, warning = set(), set()
    for finding in answer.findings:
        part = _part_of(finding, answer.parts)
        (failing if finding.effect == "block" else warning).add(part)
    return sorted(failing), sorted(warning - failing)


def _part_of(finding: Finding, parts: Parts) -> str:
    rule = finding.rule
    if finding.word:
        return next(
            (p for p in ("trade_name", "industry", "division") if finding.word in getattr(parts, p)),
            "trade_name",
        )
    if rule in ("NM-05", "NM-06", "NM-07", "NM-20", "NM-31", "LIM-11", "LIM-20", "LIM-21"):
        return "division"
    if rule in ("NM-13", "NM-14", "NM-32", "LIM-13", "LIM-28", "WORD-02"):
        return "industry"
    if rule in ("NM-15", "NM-16", "NM-18", "NM-19", "LIM-14"):
        return "form"
    return "trade_name"


@blueprint.get("/check")
@limiter.limit("240 per minute")
@signed_in
def check(number: str) -> ResponseReturnValue:
    """The live answer while one types: a fragment. What would be free instead comes after it, when typing pauses."""
    case = case_of(db, number, current_user.id)
    form = _form(case)
    answer = _answer(case, form)[1]
    return render_template(
        "portal/naming/answer.html", answer=answer, suggestions=None, case=case, form=form, marks=marks
    )


@blueprint.get("/suggestions")
@limiter.limit("120 per minute")
@signed_in
def suggestions(number: str) -> ResponseReturnValue:
    """Names that are free instead: a fragment, asked for by the live answer."""
    case = case_of(db, number, current_user.id)
    form = _form(case)
    proposal, answer = _answer(case, form)
    return render_template(
        "portal/naming/suggestions.html", suggestions=_suggestions(answer, proposal), case=case, form=form
    )


def _answer(case: Case, form: NameForm | BranchNameForm) -> tuple[Proposal | None, Answer | None]:
    """What the form proposes and the answer to it; neither while the county or the main part is missing."""
    main = form.parent if isinstance(form, BranchNameForm) else form.trade_name
    if not (main.data and form.area.data):
        return None, None
    try:
        proposal = _proposal(case, form)
    except RuleViolation:
        return None, None
    return proposal, check_name(db, proposal)


@blueprint.post("/waive")
@signed_in
def waive(number: str) -> ResponseReturnValue:
    """Go on without a name, where the type may do without one."""
    case = case_of(db, number, current_user.id)
    declaration.waive(db, case.id, current_user.actor)
    flash(
        gettext("You go on without a name. You can still choose one before the papers are made."), "success"
    )
    return redirect(url_for("establishment.tasks", number=number), 303)


@blueprint.get("/divisions")
@signed_in
def divisions(number: str) -> ResponseReturnValue:
    """The ways to write the place, after the county was chosen: a fragment; the name is checked again after it."""
    case = case_of(db, number, current_user.id)
    form = _form(case)
    if isinstance(form, BranchNameForm):
        raise NotFound("division")
    page = render_template("portal/naming/divisions.html", form=form, case=case)
    return page, 200, {"HX-Trigger-After-Swap": "name-changed"}


def _held(case: Case) -> ResponseReturnValue:
    """How the name stands: waiting, reserved, expired, registered."""
    past = declaration.declarations_of(db, case.id)
    row = next((d for d in past if d.state in ("pending", "reserved", "used")), past[0] if past else None)
    days = (local_date(row.reserved_until) - today()).days if row and row.reserved_until else None
    return render_template(
        "portal/naming/held.html", case=case, row=row, days=days, past=[d for d in past if d is not row],
        parts=parse(row.name) if row else None, may_extend=declaration.may_extend(db, case),
        step=STEP_OF_STATE[case.state], unnamed=types.is_unnamed(case.entity_type, case.name),
    )  # fmt: skip


@blueprint.get("/state")
@signed_in
def state(number: str) -> ResponseReturnValue:
    """For the waiting page: nothing while the registrar looks, then the page itself again."""
    case = case_of(db, number, current_user.id)
    return "", 204, {} if case.state == "name_submitted" else {"HX-Refresh": "true"}


@blueprint.route("/give-up", methods=["GET", "POST"])
@signed_in
def give_up(number: str) -> ResponseReturnValue:
    """Give the name up to choose another; asks first."""
    case = case_of(db, number, current_user.id)
    unnamed = types.is_unnamed(case.entity_type, case.name)
    if request.method == "POST":
        declaration.give_up(db, case.id, current_user.actor)
        flash(
            gettext("You can choose a name now.")
            if unnamed
            else gettext("The name is free again. You can choose another."),
            "info",
        )
        return redirect(url_for("naming.edit", number=number), 303)
    return render_template("portal/naming/give_up.html", case=case, unnamed=unnamed)


@blueprint.post("/extend")
@signed_in
def extend(number: str) -> ResponseReturnValue:
    """Keep the name longer."""
    case = case_of(db, number, current_user.id)
    declaration.extend(db, case.id, current_user.actor)
    flash(gettext("The reservation was extended."), "success")
    return redirect(url_for("naming.edit", number=number), 303)


@blueprint.post("/again")
@signed_in
def again(number: str) -> ResponseReturnValue:
    """After the reservation has expired: choose another name."""
    case = case_of(db, number, current_user.id)
    declaration.choose_again(db, case.id, current_user.actor)
    return redirect(url_for("naming.edit", number=number), 303)


@blueprint.get("/notice.pdf")
@signed_in
def notice(number: str) -> ResponseReturnValue:
    """The sealed reservation notice (NM-46)."""
    case = case_of(db, number, current_user.id)
    row = declaration.reservation_of(db, case.id)
    if row is None:
        raise NotFound("reservation")
    key = declaration.notice_of(db, case, row)
    response = Response(objects.get(key), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{row.number}.pdf"'
    return response
