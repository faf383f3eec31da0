"""The one next action of a case: what its owner does now, or whom everybody waits for. Pure: words from facts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _l

from app.web.layout import day
from workflow.clock import local_date, working_days_left
from workflow.situation import Situation

# What the states of `machine.CaseMachine` are called; a test holds the two together.
STATES: dict[str, LazyString] = {
    "draft": _l("Choosing a name"),
    "name_submitted": _l("Name under review"),
    "name_reserved": _l("Filling in the application"),
    "signing": _l("Being signed"),
    "signed": _l("All signed"),
    "submitted": _l("Under examination"),
    "returned": _l("Returned for correction"),
    "approved": _l("Approved"),
    "licensed": _l("Licence issued"),
    "expired": _l("Reservation expired"),
    "refused": _l("Refused"),
    "withdrawn": _l("Withdrawn"),
    "closed": _l("Closed"),
}
PILLS = {
    "draft": "info", "name_submitted": "wait", "name_reserved": "info", "signing": "wait", "signed": "info",
    "submitted": "wait", "returned": "bad", "approved": "good", "licensed": "good", "expired": "bad",
    "refused": "bad", "withdrawn": "plain", "closed": "good",
}  # fmt: skip


@dataclass(frozen=True)
class NextAction:
    """`endpoint` is where the button leads (none: others' turn, or over); `due` is a sentence about time."""

    title: str
    text: str = ""
    label: str = ""
    endpoint: str = ""
    waiting: bool = False
    due: str = ""


def next_action(it: Situation, now: datetime, missing: int | None = None) -> NextAction:
    """What is next in a situation. `missing`: sections of the application not done yet, where known."""
    return ACTIONS[it.state](it, now, missing)


def countdown(it: Situation, today: date) -> str:
    """How long the name is still held; empty when it is not."""
    if it.reserved_until is None or it.state not in ("name_reserved", "signing", "signed", "returned"):
        return ""
    left = (local_date(it.reserved_until) - today).days
    until = day(it.reserved_until)
    if left < 1:
        return gettext("The name is reserved until today, %(day)s.", day=until)
    return ngettext(
        "The name is reserved until %(day)s; %(num)s day left.",
        "The name is reserved until %(day)s; %(num)s days left.",
        left, day=until,
    )  # fmt: skip


def promise(it: Situation, now: datetime) -> str:
    """Until when the authority decides (PRO-04), in working days."""
    if it.due_at is None:
        return ""
    left = working_days_left(it.due_at, now)
    if left < 0:
        return gettext(
            "The time limit was %(day)s. It has passed; you may ask the authority why.", day=day(it.due_at)
        )
    if left == 0:
        return gettext("The authority decides today, %(day)s.", day=day(it.due_at))
    return ngettext(
        "The authority decides by %(day)s, within %(num)s working day.",
        "The authority decides by %(day)s, within %(num)s working days.",
        left, day=day(it.due_at),
    )  # fmt: skip


def _draft(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = (
        gettext("The last name was not accepted; the reason is in the timeline. Choose another.")
        if it.name_refused
        else gettext("While you type you see whether the name can be used, and free alternatives.")
    )
    return NextAction(gettext("Choose a name"), text, gettext("Choose a name"), "naming.edit")


def _name_submitted(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext("Nobody else can take the name meanwhile. You can fill in the application already.")
    return NextAction(
        gettext("A registrar is looking at the name"), text, gettext("Fill in the application"), "establishment.tasks",
        True, promise(it, now),
    )  # fmt: skip


def _name_reserved(it: Situation, now: datetime, missing: int | None) -> NextAction:
    due = countdown(it, local_date(now))
    if missing == 0:
        return NextAction(
            gettext("Check your answers and make the papers"),
            gettext("Everything is filled in. One click makes all papers and invites the signers."),
            gettext("Check your answers"), "establishment.check", due=due,
        )  # fmt: skip
    text = (
        ngettext(
            "%(num)s more section, and all papers can be made.",
            "%(num)s more sections, and all papers can be made.",
            missing,
        )
        if missing
        else gettext("Everything you enter is kept; you can leave and come back at any time.")
    )
    return NextAction(
        gettext("Fill in the application"), text, gettext("Continue"), "establishment.tasks", due=due
    )


def _signing(it: Situation, now: datetime, missing: int | None) -> NextAction:
    due = countdown(it, local_date(now))
    if it.declined:
        text = gettext(
            "Somebody declined to sign. See the reason, talk to them, and change the application if needed."
        )
        return NextAction(
            gettext("A signer declined"), text, gettext("See the signers"), "signatures.index", due=due
        )
    text = gettext("%(signed)s of %(total)s have signed. You can remind the others or copy their link.", signed=it.signed, total=it.signers)  # fmt: skip
    return NextAction(
        gettext("Get the papers signed"), text, gettext("See the signers"), "signatures.index", due=due
    )


def _signed(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext("All papers are signed. The authority's time limit begins when you submit.")
    return NextAction(
        gettext("Submit the application"), text, gettext("Submit"), "establishment.submit",
        due=countdown(it, local_date(now)),
    )  # fmt: skip


def _submitted(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext(
        "There is nothing for you to do. We will send you a text message as soon as it is decided."
    )
    return NextAction(
        gettext("The authority is examining the application"), text, waiting=True, due=promise(it, now)
    )


def _returned(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = ngettext(
        "%(num)s item is to be corrected. Only what the notice names is open; everything else stays as it is.",
        "%(num)s items are to be corrected. Only what the notice names is open; everything else stays as it is.",
        it.corrections,
    )
    return NextAction(
        gettext("Correct the application"), text, gettext("Correct"), "establishment.tasks", due=countdown(it, local_date(now))
    )  # fmt: skip


def _approved(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext("Your company is approved. The licence is ready within minutes; this page shows it then.")
    return NextAction(gettext("The licence is being made"), text, waiting=True)


def _bank(
    title: Callable[[], str], text: Callable[[], str], waiting: bool = True
) -> Callable[[Situation], NextAction]:
    def build(it: Situation) -> NextAction:
        said = text()
        if it.branch_name and waiting:
            said = gettext("%(branch)s: %(text)s", branch=it.branch_name, text=said)
        return NextAction(title(), said, gettext("See the appointment"), "banking.show", waiting)

    return build


BANK_STEPS: dict[str, Callable[[Situation], NextAction]] = {
    "consented": _bank(lambda: gettext("Your data are on their way to the bank"), lambda: gettext("The bank confirms receipt within minutes.")),
    "delivered": _bank(lambda: gettext("The bank has the data"), lambda: gettext("It will confirm that it takes the case up.")),
    "received": _bank(lambda: gettext("The bank is taking the case up"), lambda: gettext("It is being passed to the branch.")),
    "assigned": _bank(lambda: gettext("The branch is preparing the account"), lambda: gettext("It will get in touch with the legal representative.")),
    "appointment": _bank(lambda: gettext("Keep the bank's appointment"), lambda: gettext("See when, and what to have at hand."), False),
    "information_wanted": _bank(lambda: gettext("The bank wants to know more"), lambda: gettext("See what it asks for, and answer it."), False),
    "verified": _bank(lambda: gettext("The account is about to be opened"), lambda: gettext("The bank has verified the opening intention.")),
    "undeliverable": _bank(lambda: gettext("The bank cannot be reached"), lambda: gettext("Try again, or choose another bank."), False),
    "opened": _bank(lambda: gettext("The account is open"), lambda: gettext("All that is left is to close the case."), False),
}  # fmt: skip


def _licensed(it: Situation, now: datetime, missing: int | None) -> NextAction:
    if it.bank_state in BANK_STEPS:
        return BANK_STEPS[it.bank_state](it)
    text = {
        "declined": gettext("The bank declined. You are free to choose any other bank."),
        "withdrawn": gettext("You withdrew from the last bank. You are free to choose any other."),
    }.get(
        it.bank_state,
        gettext("Your company exists. Choose any bank; you see exactly which data it gets before you agree."),
    )
    return NextAction(gettext("Choose a bank"), text, gettext("Choose a bank"), "banking.show")


def _expired(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext("The time for which the name was held is over. What you filled in is kept.")
    return NextAction(gettext("Choose a name again"), text, gettext("Choose a name again"), "naming.edit")


def _refused(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext(
        "The notice says why, and how to have the decision reviewed. You can also open a new case."
    )
    return NextAction(gettext("Registration was refused"), text, waiting=True)


def _withdrawn(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext("The name is free again. You can open a new case at any time.")
    return NextAction(gettext("This case was withdrawn"), text, waiting=True)


def _closed(it: Situation, now: datetime, missing: int | None) -> NextAction:
    text = gettext("Your company is established. The licence stays available here.")
    return NextAction(
        gettext("All seven steps are done"), text, gettext("See the licence"), "licence.show", True
    )


ACTIONS: dict[str, Callable[[Situation, datetime, int | None], NextAction]] = {
    "draft": _draft, "name_submitted": _name_submitted, "name_reserved": _name_reserved, "signing": _signing,
    "signed": _signed, "submitted": _submitted, "returned": _returned, "approved": _approved, "licensed": _licensed,
    "expired": _expired, "refused": _refused, "withdrawn": _withdrawn, "closed": _closed,
}  # fmt: skip
