"""An earlier case as a template; people and organisations of one's other cases, offered when somebody is added."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from app.portal.establishment.common import Filing, blueprint
from app.web.access import signed_in
from app.web.database import db
from workflow.establishment import reuse
from workflow.establishment.data import Application


@blueprint.post("/copy")
@signed_in
def copy(number: str) -> ResponseReturnValue:
    """Open a case with what this one says."""
    case = reuse.start_from(db, current_user.person, number)
    flash(
        gettext("Filled in from %(number)s. Choose a name, and check each section.", number=number), "success"
    )
    return redirect(url_for("cases.show", number=case.number), 303)


@blueprint.post("/application/people/known")
@signed_in
def take_over(number: str) -> ResponseReturnValue:
    """Take somebody over from another case of this account; number and phone stay on the platform."""
    filing = Filing(number)
    if (answer := filing.closed()) is not None:
        return answer
    back = request.form.get("back", "")
    party = back == "shareholders"
    key = reuse.take_over(
        db, current_user.id, filing.case, current_user.actor, request.form.get("handle", "")[:60], party
    )
    filing = Filing(number)
    flash(gettext("%(name)s was taken over.", name=filing.application.party_name(key)), "success")
    if party and filing.application.organisation(key):
        return redirect(url_for("establishment.shareholder", number=number, key=key), 303)
    if party:
        return redirect(url_for("establishment.add_shareholder", number=number, who=key), 303)
    return redirect(filing.url(back if back in filing.kind.sections else "officers"), 303)


@blueprint.post("/application/people/<key>/anew")
@signed_in
def anew(number: str, key: str) -> ResponseReturnValue:
    """Number and phone that were taken over are no longer right: forget them here and ask again."""
    filing = Filing(number)
    if (answer := filing.closed()) is not None:
        return answer

    def change(application: Application) -> None:
        person = application.person(key)
        if person and person.known:
            person.id_number = person.phone = ""
            person.known = False

    filing.save(change, None)
    return redirect(
        url_for("establishment.person", number=number, key=key, back=request.form.get("back")), 303
    )
