"""Papers and attachments of a case side by side, page by page, each turned as the reader needs it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.intranet.desk import ANY_STAFF
from app.intranet.review import handed_in_case, live_paper
from app.web.access import staff
from app.web.database import db
from app.web.i18n import say
from workflow import objects, pictures
from workflow.errors import NotFound
from workflow.establishment.attachments import KINDS, attachment_of, attachments_of, page_count, pdf_of
from workflow.establishment.models import Attachment, Paper
from workflow.signatures.invitations import live_papers

blueprint = Blueprint("intranet_viewer", __name__)
WIDTH = 1240  # pixels


@blueprint.get("/cases/<number>/attachments")
@staff(*ANY_STAFF)
def show(number: str) -> ResponseReturnValue:
    """Two files side by side, each leafed through page by page; `a` and `b` choose them, `pa`, `pb` the pages."""
    case = handed_in_case(number)
    rows = attachments_of(db, case.id)
    papers = live_papers(db, case.id)
    if not rows and not papers:
        raise NotFound("attachments")
    things = {str(r.id): Leaf.of_attachment(r, number) for r in rows}
    things |= {p.kind: Leaf.of_paper(p, number) for p in papers}
    keys = list(things)
    sides = []
    for side, fallback in (("a", keys[0]), ("b", keys[min(1, len(keys) - 1)])):
        chosen = request.args.get(side, fallback)
        chosen = chosen if chosen in things else fallback
        turned = request.args.get(f"t{side}", 0, int) % 4
        sides.append(things[chosen].opened(side, chosen, request.args.get(f"p{side}", 1, int), turned))
    return render_template(
        "intranet/attachments.html", case=case, things=things, sides=sides, at=_at(number, sides)
    )


def _at(number: str, sides: list[dict[str, Any]]) -> Callable[..., str]:
    """The address of the viewer with some of its choices changed."""
    now_shown: dict[str, Any] = {}
    for s in sides:
        now_shown |= {s["side"]: s["key"], f"p{s['side']}": s["page"], f"t{s['side']}": s["turn"] or None}

    def address(**changed: Any) -> str:
        return url_for("intranet_viewer.show", number=number, **now_shown | changed)

    return address


@dataclass(frozen=True)
class Leaf:
    """An attachment or a paper in the viewer: what it is called, where its pages and its file are."""

    title: str
    note: str
    pages: int
    picture: Callable[..., str]
    file: str

    @classmethod
    def of_attachment(cls, row: Attachment, number: str) -> "Leaf":
        """An uploaded file."""
        address = partial(url_for, "intranet_viewer.attachment_page", number=number, attachment_id=row.id)
        file = url_for("intranet_review.attachment", number=number, attachment_id=row.id)
        note = "" if row.scanned else gettext("Not looked at for malware")
        return cls(f"{say(KINDS[row.kind])} · {row.filename}", note, page_count(row), address, file)

    @classmethod
    def of_paper(cls, row: Paper, number: str) -> "Leaf":
        """A paper as signed so far."""
        address = partial(url_for, "intranet_viewer.paper_page", number=number, kind=row.kind)
        file = url_for("intranet_review.paper", number=number, kind=row.kind)
        return cls(row.title, "", pictures.page_count(objects.get(row.key)), address, file)

    def opened(self, side: str, key: str, page: int, turn: int) -> dict[str, Any]:
        """One side of the viewer at a page, as the person turned it."""
        page = min(max(page, 1), self.pages)
        return {
            "side": side, "key": key, "page": page, "turn": turn, "pages": self.pages, "title": self.title,
            "note": self.note, "file": self.file, "picture": self.picture(page=page, turn=turn),
        }  # fmt: skip


@blueprint.get("/cases/<number>/attachments/<uuid:attachment_id>/<int:page>.jpg")
@staff(*ANY_STAFF)
def attachment_page(number: str, attachment_id: uuid.UUID, page: int) -> ResponseReturnValue:
    """A page of it as a picture, turned by `turn` more quarters."""
    row = attachment_of(db, handed_in_case(number).id, attachment_id)
    turned = row.turn + request.args.get("turn", 0, int)
    return Response(pictures.photo(pdf_of(row), page, WIDTH, turned % 4), mimetype="image/jpeg")


@blueprint.get("/cases/<number>/papers/<kind>/<int:page>.jpg")
@staff(*ANY_STAFF)
def paper_page(number: str, kind: str, page: int) -> ResponseReturnValue:
    """A page of a paper as a picture."""
    turned = request.args.get("turn", 0, int) % 4
    data = pictures.photo(objects.get(live_paper(number, kind).key), page, WIDTH, turned)
    return Response(data, mimetype="image/jpeg")
