"""The blueprint of both sides, and what invitations are called."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

blueprint = Blueprint("signatures", __name__)

STATES = {
    "invited": (_l("Invited, not opened yet"), "wait"),
    "identified": (_l("Identity checked"), "info"),
    "admitted": (_l("Reading the papers"), "info"),
    "signed": (_l("Signed"), "good"),
    "declined": (_l("Declined"), "bad"),
    "lapsed": (_l("Link ended"), "bad"),
}
