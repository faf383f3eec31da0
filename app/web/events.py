"""What the events of a case are called on timelines, at every door."""

from flask import Flask
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

EVENTS: dict[str, LazyString] = {
    "open": _l("Case opened"),
    "declare_name": _l("Name declared"),
    "waive_name": _l("Going on without a name"),
    "approve_name": _l("Name accepted and reserved"),
    "refuse_name": _l("Name not accepted"),
    "release_name": _l("Name given up"),
    "extend_reservation": _l("Reservation extended"),
    "expire_reservation": _l("Reservation expired"),
    "choose_again": _l("Choosing another name"),
    "generate_papers": _l("Papers made, signers invited"),
    "revise": _l("Application opened again for changes"),
    "invite_again": _l("Invitation sent again"),
    "identify": _l("A signer's identity was checked"),
    "admit": _l("A signer passed the face or code check"),
    "choose_control": _l("A signer secured the signing key"),
    "start_over": _l("A signer begins the checks again"),
    "sign": _l("Papers signed"),
    "decline": _l("A signer declined"),
    "complete_signatures": _l("Everyone has signed"),
    "submit": _l("Submitted to the authority"),
    "issue_receipt": _l("Receipt for the materials issued"),
    "extend_decision": _l("Time to decide extended"),
    "issue_extension": _l("Notice of the extension issued"),
    "return_for_correction": _l("Returned for correction"),
    "recuse": _l("A registrar keeps away from the case"),
    "approve": _l("Approved"),
    "refuse": _l("Refused"),
    "issue_licence": _l("Licence issued"),
    "close": _l("Case finished"),
    "withdraw": _l("Withdrawn"),
    "attach": _l("File uploaded"),
    "remove_attachment": _l("File removed"),
    "restore_attachment": _l("File restored"),
    "choose_bank": _l("Bank chosen, consent given"),
    "bank_deliver": _l("Delivered to the bank"),
    "bank_give_up": _l("Could not be delivered to the bank"),
    "bank_retry": _l("Being delivered again"),
    "bank_receive": _l("Received by the bank"),
    "bank_assign": _l("Passed to the opening branch"),
    "bank_offer_appointment": _l("The bank offers an appointment"),
    "bank_ask_information": _l("The bank wants more information"),
    "bank_verify_intention": _l("The bank verified the opening intention"),
    "bank_open_account": _l("Account opened"),
    "bank_decline": _l("The bank declined"),
    "bank_withdraw": _l("Consent withdrawn, bank told"),
}
ACTORS: dict[str, LazyString] = {
    "applicant": _l("Applicant"),
    "signer": _l("Signer"),
    "registrar": _l("Registrar"),
    "bank": _l("Bank"),
    "system": _l("Qibu"),
}


def event_label(event: str) -> str:
    """The words for an event."""
    return str(EVENTS[event])


def actor_label(kind: str) -> str:
    """The words for a kind of actor."""
    return str(ACTORS[kind])


def init_events(app: Flask) -> None:
    """Make both known to templates."""
    app.jinja_env.globals.update(event_label=event_label, actor_label=actor_label)
