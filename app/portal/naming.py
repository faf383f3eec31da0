"""Step 3: the name, checked as one types, declared, reserved."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.web import forms
from app.web.access import signed_in
from app.web.database import db
from app.web.limits import limiter
from workflow import objects
from workflow.case import Case, case_of
from workflow.catalogues.queries import catalogue
from workflow.clock import local_date, today
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.establishment import jurisdiction, types
from workflow.naming import declaration, facts
from workflow.naming.proposal import Answer, Proposal
from workflow.naming.queries import check as check_name
from workflow.naming.suggestions import suggest

blueprint = Blueprint("naming", __name__, url_prefix="/cases/<number>/name")
NO_AUTHORITY = Words("请选择企业所在的区县。", "Choose the county where the company will be.")


class NameForm(forms.Form):
    """The four parts of a name, and where the company will be."""

    area = forms.Select(
        _l("Where will the company be?"), blank=_l("Choose a county"), required=_l("Choose the county"), choices=[],
        hint=_l("The county decides the registration authority and which names are compared."),
    )  # fmt: skip
    division = forms.Select(
        _l("Division in the name"), required=_l("Choose the division"), choices=[],
        hint=_l("The place as it stands in the name."),
    )  # fmt: skip
    trade_name = forms.TextField(
        _l("Trade name"), max_length=30, required=_l("Enter a trade name of two or more Chinese characters"),
        hint=_l("What people will call you: two or more Chinese characters that set you apart."),
    )  # fmt: skip
    industry = forms.TextField(
        _l("Industry term"), max_length=30, required=_l("Enter an industry term, such as 软件"),
        hint=_l("What you mainly do, such as 软件, 餐饮管理 or 商贸."), attributes={"list": "industry-words"},
    )  # fmt: skip
    form = forms.Select(_l("Organisational form"), required=_l("Choose the form"), choices=[])
    place = forms.Radios(
        _l("Order of the parts"), default="front", required=_l("Choose the order"),
        choices=[
            ("front", _l("Division first: 武汉某某软件有限公司")),
            ("middle", _l("After the trade name: 某某（武汉）软件有限公司")),
            ("end", _l("Before the form: 某某软件（武汉）有限公司")),
        ],
    )  # fmt: skip
    committed = forms.Checkbox(
        _l(
            "I commit myself: if this name is similar to another's and infringes its rights, I bear the liability."
        ),
        mark_optional=False,
    )


def _form(case: Case, data: dict[str, str] | None = None) -> NameForm:
    form = (
        NameForm(data=data)
        if data
        else NameForm(request.args if request.method == "GET" and request.args else None)
    )
    known = catalogue(db)
    counties = [d for d in known.divisions.values() if d.code.startswith("42") and d.level == 3]
    form.area.choices = form.area.remember([(d.code, d.full_name.removeprefix("湖北省")) for d in counties])
    form.division.choices = form.division.remember(
        [(text, text) for text in _divisions(form.area.data or "")]
    )
    words = types.get(case.entity_type).name_forms
    form.form.choices = form.form.remember([(word, word) for word in words])
    return form


def _divisions(area: str) -> list[str]:
    """The ways in which the place may stand in the name (NM-05, NM-06): the city, with or without its county."""
    path = catalogue(db).division_path(area) if area in catalogue(db).divisions else []
    if not path:
        return ["武汉", "武汉市", "湖北", "湖北省"]
    texts: list[str] = []
    known = facts.divisions()
    for division in reversed(path):
        fact = known.get(division.code)
        if division.level == 3 and division.kind == "市辖区":
            texts.append(path[1].name + division.name)
        elif fact:
            texts += [fact.short, fact.name]
    city_first = sorted(texts, key=lambda t: (len(t) > 5, texts.index(t)))
    return list(dict.fromkeys(city_first))


def _proposal(case: Case, form: NameForm) -> Proposal:
    """The proposal that the form makes. Raises RuleViolation without a county."""
    if not form.area.data or form.area.data not in catalogue(db).divisions:
        raise RuleViolation([Problem("AUT-02", "area", NO_AUTHORITY)])
    office = jurisdiction.match_division(
        form.area.data, entity_type=case.entity_type, catalogue=catalogue(db)
    ).authority
    if office is None:
        raise RuleViolation([Problem("AUT-02", "area", NO_AUTHORITY)])
    return Proposal(
        authority_code=office.code, trade_name=(form.trade_name.data or "").strip(), industry=(form.industry.data or "").strip(),
        form=form.form.data or "", division=form.division.data or "", place=form.place.data or "front",
        entity_type=case.entity_type, own_case=str(case.id),
    )  # fmt: skip


@blueprint.route("", methods=["GET", "POST"])
@signed_in
def edit(number: str) -> ResponseReturnValue:
    """Choose a name, see the answer, commit, declare; afterwards see how it stands."""
    case = case_of(db, number, current_user.id)
    if case.state != "draft":
        return _held(case)
    form = _form(case)
    answer: Answer | None = None
    status = 200
    if form.validate_on_submit() or (request.method == "GET" and request.args.get("trade_name")):
        try:
            proposal = _proposal(case, form)
            answer = check_name(db, proposal)
            if request.form.get("action") == "declare":
                declaration.declare(db, case.id, current_user.actor, proposal, bool(form.committed.data))
                flash(gettext("The name has been declared."), "success")
                return redirect(url_for("naming.edit", number=number), 303)
        except RuleViolation as violation:
            db.rollback()
            form.add_problems(violation.problems, {"name": "trade_name"})
        except Conflict as conflict:
            if conflict.code not in ("name_taken", "could_not_check"):
                raise
            db.rollback()
            form.add_problems([Problem(conflict.code, "trade_name", conflict.words)])
            answer = check_name(db, _proposal(case_of(db, number, current_user.id), form))
    if form.errors:
        status = 422
    return _page(case_of(db, number, current_user.id), form, answer), status


def _page(case: Case, form: NameForm, answer: Answer | None) -> str:
    wishes: list[Answer] = []
    if answer and answer.verdict != "clear" and form.area.data:
        wishes = list(suggest(db, _proposal(case, form)))
    return render_template(
        "portal/naming/edit.html", form=form, case=case, answer=answer, suggestions=wishes, marks=marks,
        past=declaration.declarations_of(db, case.id), words=facts.common_industry_words(200),
    )  # fmt: skip


def marks(answer: Answer) -> tuple[list[str], list[str]]:
    """The parts of the name to mark: failing, and to be looked at."""
    failing, warning = set(), set()
    for finding in answer.findings:
        part = _part_of(finding.rule)
        (failing if finding.effect == "block" else warning).add(part)
    return sorted(failing), sorted(warning - failing)


def _part_of(rule: str) -> str:
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
    """The live answer while one types: a fragment."""
    case = case_of(db, number, current_user.id)
    form = _form(case)
    answer: Answer | None = None
    wishes: list[Answer] = []
    if form.trade_name.data and form.area.data:
        proposal = _proposal(case, form)
        answer = check_name(db, proposal)
        if answer.verdict not in ("clear", "could_not_check"):
            wishes = list(suggest(db, proposal))
    return render_template(
        "portal/naming/answer.html", answer=answer, suggestions=wishes, case=case, form=form, marks=marks
    )


@blueprint.get("/divisions")
@signed_in
def divisions(number: str) -> ResponseReturnValue:
    """The ways to write the place, after the county was chosen: a fragment."""
    case = case_of(db, number, current_user.id)
    return render_template("portal/naming/divisions.html", form=_form(case), case=case)


def _held(case: Case) -> ResponseReturnValue:
    row = declaration.declaration_of(db, case.id) or declaration.reservation_of(db, case.id)
    days = (local_date(row.reserved_until) - today()).days if row and row.reserved_until else None
    return render_template(
        "portal/naming/held.html",
        case=case,
        row=row,
        days=days,
        past=declaration.declarations_of(db, case.id),
    )


@blueprint.route("/give-up", methods=["GET", "POST"])
@signed_in
def give_up(number: str) -> ResponseReturnValue:
    """Give the name up to choose another; asks first."""
    case = case_of(db, number, current_user.id)
    if request.method == "POST":
        declaration.give_up(db, case.id, current_user.actor)
        flash(gettext("The name is free again. You can choose another."), "info")
        return redirect(url_for("naming.edit", number=number), 303)
    return render_template("portal/naming/give_up.html", case=case)


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
