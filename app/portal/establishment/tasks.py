"""The task list: every section of this type's form and how it stands."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.portal.establishment.common import Filing, blueprint
from app.web.access import signed_in
from app.web.summary import section_title
from workflow.establishment.data import Application
from workflow.establishment.rules import section_of

ROOTS = {
    "address": ("address", "business_place"),
    "scope": ("scope",),
    "capital": ("capital", "term_years", "long_term"),
    "shareholders": ("contributions", "organisations", "parent", "family", "household_form"),
    "officers": ("officers", "governance"),
    "liaison": ("phone",),
    "beneficial": ("beneficial",),
    "submitter": ("licence",),
}


def untouched(application: Application, section: str) -> bool:
    """Whether nothing was entered in a section yet."""
    blank = Application()
    return all(getattr(application, root) == getattr(blank, root) for root in ROOTS[section])


def status_of(filing: Filing, section: str) -> str:
    """done, todo, doing, error or locked, as `q.task_list` names them."""
    if filing.wanted(section):
        return "error"
    if any(p.severity == "error" for p in filing.problems.get(section, [])):
        return "todo" if untouched(filing.application, section) else "doing"
    return "done"


def hint_of(filing: Filing, section: str) -> str:
    """What was entered, in one line."""
    values = [v.value for v in filing.stored(section) if v.value]
    if section == "scope":
        texts = [e.text for e in filing.application.scope]
        return "；".join(texts[:3]) + ("…" if len(texts) > 3 else "")
    if section == "shareholders" and filing.kind.founders == "list":
        names = [filing.application.party_name(r.party) for r in filing.application.contributions]
        return "、".join(names[:3]) + ("…" if len(names) > 3 else "")
    return values[0] if values and not untouched(filing.application, section) else ""


def title_of(filing: Filing, section: str) -> Any:
    """What a section is called for this type: shareholders are partners elsewhere, officers a person in charge."""
    return section_title(filing.kind, section)


@blueprint.get("/application")
@signed_in
def tasks(number: str) -> ResponseReturnValue:
    """What is to be filled in, and how far it is."""
    filing = Filing(number)
    items = [
        {
            "title": title_of(filing, section),
            "href": filing.url(section),
            "hint": hint_of(filing, section),
            "status": status_of(filing, section),
        }
        for section in filing.kind.sections
        if section != "check"
    ]
    done = sum(item["status"] == "done" for item in items)
    ready = not filing.errors and not filing.corrections
    last = {
        "title": gettext("Check your answers and make the papers"),
        "href": filing.url("check"),
        "status": "todo" if ready or filing.corrections else "locked",
        "text": gettext("Ready") if ready else None,
    }
    return render_template(
        "portal/establishment/tasks.html", filing=filing, items=items, last=last, done=done, total=len(items),
    )  # fmt: skip


__all__ = ["section_of", "status_of", "tasks", "title_of", "untouched"]
