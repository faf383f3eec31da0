"""The public register: find a company, see what is registered of it."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.web.access import public
from app.web.database import db
from app.web.limits import limiter
from app.web.pagination import paginate
from app.web.summary import OFFICES
from workflow.licensing import queries
from workflow.licensing.uscc import is_valid

blueprint = Blueprint("register", __name__)
LEAST, MOST = 2, 100


@blueprint.get("/register")
@limiter.limit("120 per minute")
@public
def index() -> ResponseReturnValue:
    """Search by name or credit code; without a search, the newest entries."""
    wanted = "".join(request.args.get("q", "").split())[:MOST]
    code = wanted.upper()
    if is_valid(code) and queries.entry(db, code) is not None:
        return redirect(url_for("register.company", uscc=code), 303)
    short = bool(wanted) and len(wanted) < LEAST
    page = paginate(db, queries.search("" if short else wanted))
    return render_template("public/register/index.html", page=page, wanted=wanted, short=short, most=MOST)


@blueprint.get("/register/<uscc>")
@limiter.limit("120 per minute")
@public
def company(uscc: str) -> ResponseReturnValue:
    """What the law makes public of one company (LIC-06): no ID numbers, phones or home addresses."""
    row = queries.entry_or_404(db, uscc)
    return render_template(
        "public/register/company.html", row=row, licence=queries.licence_of(db, row), offices=OFFICES
    )
