"""The daily roots of all evidence, public so that others can keep copies that nobody here can change."""

import base64

from flask import Blueprint, Response, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from app.web.access import public
from app.web.database import db
from app.web.limits import limiter
from app.web.pagination import paginate
from signing.anchors import statement_of
from workflow.evidence import anchoring

blueprint = Blueprint("evidence", __name__, url_prefix="/evidence/roots")


@blueprint.get("")
@limiter.limit("60 per minute")
@public
def roots() -> ResponseReturnValue:
    """Every day's root, newest first, and how to check one without us."""
    page = paginate(db, anchoring.roots())
    return render_template(
        "public/evidence/roots.html", page=page, statement=statement_of,
        outside_stamps=bool(current_app.extensions["authority"].time_roots),
    )  # fmt: skip


@blueprint.get("/<day>.json")
@limiter.limit("120 per minute")
@public
def statement(day: str) -> ResponseReturnValue:
    """What was time-stamped of a day, byte for byte."""
    row = anchoring.root_of(db, day)
    return _file(statement_of(row), "application/json", f"qibu-root-{day}.json")


@blueprint.get("/<day>.tst")
@limiter.limit("120 per minute")
@public
def token(day: str) -> ResponseReturnValue:
    """The time stamp over it (RFC 3161 token, DER)."""
    return _file(anchoring.root_of(db, day).token, "application/octet-stream", f"qibu-root-{day}.tst")


@blueprint.get("/<int:year>.json")
@limiter.limit("20 per minute")
@public
def whole_year(year: int) -> ResponseReturnValue:
    """All roots of a year with their tokens, for those who keep copies."""
    rows = anchoring.roots_of_year(db, year)
    days = {
        row.day.isoformat(): {
            "statement": statement_of(row).decode(),
            "token": base64.b64encode(row.token).decode(),
        }
        for row in rows
    }
    return jsonify(days)


def _file(data: bytes, kind: str, name: str) -> Response:
    answer = Response(data, mimetype=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
