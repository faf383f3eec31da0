"""The statecharts: the only place where states and transitions are named.

Three machines: a registration case, a signing invitation, a bank handoff. Each transition declares here who may
make it (`ROLES`), under which guard (`cond`), and what follows (`EFFECTS`: names of durable jobs in `jobs.py`).
The picture and the role matrix in `docs/statechart.md` are generated from this file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from statemachine import State, StateMachine
from statemachine.exceptions import TransitionNotAllowed

from workflow.errors import Conflict, NotAllowed, Words

MOVED_ON = Words(
    "办件的状态已变化，这一步现在不能办理。请刷新页面查看最新进展。",
    "This has moved on, so the step is no longer possible. Reload to see where it stands.",
)


class CaseMachine(StateMachine):
    """A registration case, from `draft` to `closed`."""

    draft = State("Draft", initial=True)
    name_submitted = State("Name under review")
    name_reserved = State("Name reserved")
    signing = State("Papers out for signature")
    signed = State("All signed")
    submitted = State("Under examination")
    returned = State("Returned for correction")
    approved = State("Approved")
    licensed = State("Licence issued")
    expired = State("Reservation expired")
    refused = State("Refused", final=True)
    withdrawn = State("Withdrawn", final=True)
    closed = State("Closed", final=True)

    # Step 3: the name. Review is a policy, not a gate (domain rules 0.1).
    declare_name = draft.to(name_submitted, cond="name_review") | draft.to(
        name_reserved, unless="name_review"
    )
    # Individual households may do without a name (IMPL52 Art. 6).
    waive_name = draft.to(name_reserved, cond="name_optional")
    approve_name = name_submitted.to(name_reserved)
    refuse_name = name_submitted.to(draft)
    release_name = name_reserved.to(draft) | name_submitted.to(draft)
    expire_reservation = (
        name_submitted.to(expired)
        | name_reserved.to(expired)
        | signing.to(expired)
        | signed.to(expired)
        | returned.to(expired)
    )
    choose_again = expired.to(draft)
    # Steps 4 and 5: application, papers, signatures.
    generate_papers = name_reserved.to(signing, cond="application_complete") | returned.to(
        signing, cond="application_complete"
    )
    revise = (
        signing.to(name_reserved, unless="was_returned")
        | signing.to(returned, cond="was_returned")
        | signed.to(name_reserved, unless="was_returned")
        | signed.to(returned, cond="was_returned")
    )
    complete_signatures = signing.to(signed, cond="all_signed")
    # Step 5b: examination. PRO-03 to PRO-07.
    submit = signed.to(submitted)
    return_for_correction = submitted.to(returned)
    approve = submitted.to(approved)
    refuse = submitted.to(refused)
    # Steps 6 and 7.
    issue_licence = approved.to(licensed)
    close = licensed.to(closed)
    withdraw = (
        draft.to(withdrawn)
        | name_submitted.to(withdrawn)
        | name_reserved.to(withdrawn)
        | signing.to(withdrawn)
        | signed.to(withdrawn)
        | submitted.to(withdrawn)
        | returned.to(withdrawn)
        | expired.to(withdrawn)
    )

    ROLES: ClassVar[Mapping[str, frozenset[str]]] = {
        "declare_name": frozenset({"applicant"}),
        "waive_name": frozenset({"applicant"}),
        "approve_name": frozenset({"examiner"}),
        "refuse_name": frozenset({"examiner"}),
        "release_name": frozenset({"applicant"}),
        "expire_reservation": frozenset({"system"}),
        "choose_again": frozenset({"applicant"}),
        "generate_papers": frozenset({"applicant"}),
        "revise": frozenset({"applicant"}),
        "complete_signatures": frozenset({"system"}),
        "submit": frozenset({"applicant"}),
        "return_for_correction": frozenset({"examiner"}),
        "approve": frozenset({"examiner", "approver"}),
        "refuse": frozenset({"examiner", "approver"}),
        "issue_licence": frozenset({"system"}),
        "close": frozenset({"applicant", "system"}),
        "withdraw": frozenset({"applicant"}),
    }
    EFFECTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "submit": ("issue_notices",),
        "approve": ("issue_licence", "seal_papers"),
        "close": ("archive_papers",),
    }


class InvitationMachine(StateMachine):
    """One person's invitation to sign: nothing of the papers is read before identity and face are checked."""

    invited = State("Invited", initial=True)
    identified = State("Identity checked")
    admitted = State("Face or alternative checked")
    signed = State("Signed", final=True)
    declined = State("Declined", final=True)
    lapsed = State("Link expired")
    fallen = State("Fallen: the papers changed", final=True)

    identify = invited.to(identified)
    admit = identified.to(admitted)
    sign = admitted.to(signed)
    decline = identified.to(declined) | admitted.to(declined)
    start_over = identified.to(invited) | admitted.to(invited)
    lapse = invited.to(lapsed) | identified.to(lapsed) | admitted.to(lapsed)
    invite_again = lapsed.to(invited) | invited.to.itself() | identified.to(invited) | admitted.to(invited)
    fall = invited.to(fallen) | identified.to(fallen) | admitted.to(fallen) | lapsed.to(fallen)

    ROLES: ClassVar[Mapping[str, frozenset[str]]] = {
        "identify": frozenset({"signer"}),
        "admit": frozenset({"signer"}),
        "sign": frozenset({"signer"}),
        "decline": frozenset({"signer"}),
        "start_over": frozenset({"signer"}),
        "lapse": frozenset({"system"}),
        "invite_again": frozenset({"applicant"}),
        "fall": frozenset({"system"}),
    }
    EFFECTS: ClassVar[Mapping[str, tuple[str, ...]]] = {}


class HandoffMachine(StateMachine):
    """One company's data on its way to a bank and the bank's reports back (BK-08)."""

    consented = State("Consent given, being sent", initial=True)
    delivered = State("Delivered to the bank")
    received = State("Received by the provincial branch")
    assigned = State("Assigned to the opening branch")
    appointment = State("Appointment offered")
    information_wanted = State("More information wanted")
    verified = State("Opening intention verified")
    undeliverable = State("Could not be delivered")
    opened = State("Account opened", final=True)
    declined = State("Declined by the bank", final=True)
    withdrawn = State("Withdrawn", final=True)

    deliver = consented.to(delivered)
    give_up = consented.to(undeliverable)
    retry = undeliverable.to(consented)
    receive = consented.to(received) | delivered.to(received)
    assign = consented.to(assigned) | delivered.to(assigned) | received.to(assigned)
    offer_appointment = (
        received.to(appointment)
        | assigned.to(appointment)
        | information_wanted.to(appointment)
        | verified.to(appointment)
    )
    ask_information = (
        received.to(information_wanted)
        | assigned.to(information_wanted)
        | appointment.to(information_wanted)
        | verified.to(information_wanted)
    )
    verify_intention = assigned.to(verified) | appointment.to(verified) | information_wanted.to(verified)
    open_account = (
        assigned.to(opened) | appointment.to(opened) | information_wanted.to(opened) | verified.to(opened)
    )
    decline = (
        delivered.to(declined)
        | received.to(declined)
        | assigned.to(declined)
        | appointment.to(declined)
        | information_wanted.to(declined)
        | verified.to(declined)
    )
    withdraw = (
        consented.to(withdrawn)
        | delivered.to(withdrawn)
        | received.to(withdrawn)
        | assigned.to(withdrawn)
        | appointment.to(withdrawn)
        | information_wanted.to(withdrawn)
        | verified.to(withdrawn)
        | undeliverable.to(withdrawn)
    )

    ROLES: ClassVar[Mapping[str, frozenset[str]]] = {
        "deliver": frozenset({"system"}),
        "give_up": frozenset({"system"}),
        "retry": frozenset({"system", "applicant", "bank"}),
        "receive": frozenset({"bank"}),
        "assign": frozenset({"bank"}),
        "offer_appointment": frozenset({"bank"}),
        "ask_information": frozenset({"bank"}),
        "verify_intention": frozenset({"bank"}),
        "open_account": frozenset({"bank"}),
        "decline": frozenset({"bank"}),
        "withdraw": frozenset({"applicant"}),
    }
    EFFECTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "retry": ("push_to_bank",),
        "withdraw": ("tell_bank_withdrawn",),
    }


MACHINES: Mapping[str, type[StateMachine]] = {
    "case": CaseMachine,
    "invitation": InvitationMachine,
    "handoff": HandoffMachine,
}

# The step of the seven that a case state belongs to (mission.md); steps 1 and 2 are done by whoever has a case.
STEP_OF_STATE: Mapping[str, int] = {
    "draft": 3,
    "name_submitted": 3,
    "expired": 3,
    "name_reserved": 4,
    "returned": 4,
    "signing": 5,
    "signed": 5,
    "submitted": 5,
    "approved": 6,
    "licensed": 7,
    "closed": 7,
    "refused": 5,
    "withdrawn": 3,
}


@dataclass(frozen=True)
class Transition:
    """One arrow of a statechart, as data."""

    source: str
    event: str
    target: str
    guard: str
    roles: frozenset[str]
    effects: tuple[str, ...]


def transitions(machine: type[StateMachine]) -> Iterator[Transition]:
    """Every arrow of a machine, in the order of declaration."""
    roles: Mapping[str, frozenset[str]] = machine.ROLES  # type: ignore[attr-defined]
    effects: Mapping[str, tuple[str, ...]] = machine.EFFECTS  # type: ignore[attr-defined]
    for state in machine.states:
        for arrow in state.transitions:
            guard = " and ".join(
                ("" if spec.expected_value else "not ") + str(spec.attr_name or spec.func)
                for spec in arrow.cond
            )
            target = arrow.target or arrow.source
            yield Transition(
                state.id, arrow.event, target.id, guard, roles[arrow.event], effects.get(arrow.event, ())
            )


class _Subject:
    """What a machine sees of the row it moves: its state, and the guards' answers."""

    def __init__(self, state: str, guards: Mapping[str, bool]):
        self.state = state
        for name in ("name_review", "name_optional", "application_complete", "was_returned", "all_signed"):
            setattr(self, name, bool(guards.get(name, False)))


def next_state(
    machine: type[StateMachine], state: str, event: str, roles: frozenset[str], **guards: bool
) -> str:
    """The state that `event` leads to from `state`.

    Raises NotAllowed when none of `roles` may make this transition anywhere, Conflict (`moved_on`) when the
    state does not allow it or a guard says no.
    """
    allowed: frozenset[str] = machine.ROLES[event]  # type: ignore[attr-defined]
    if not roles & allowed:
        raise NotAllowed(f"{event} is for {', '.join(sorted(allowed))}")
    subject = _Subject(state, guards)
    running: Any = machine(subject)
    try:
        running.send(event)
    except TransitionNotAllowed as error:
        raise Conflict(MOVED_ON, "moved_on") from error
    return subject.state


def possible_events(machine: type[StateMachine], state: str, roles: frozenset[str]) -> list[str]:
    """The events that someone with `roles` may send from `state`, guards aside; sent along with the resource."""
    seen = [t.event for t in transitions(machine) if t.source == state and t.roles & roles]
    return list(dict.fromkeys(seen))


def is_final(machine: type[StateMachine], state: str) -> bool:
    """Whether nothing can happen any more."""
    return any(s.final for s in machine.states if s.id == state)


def state_name(machine: type[StateMachine], state: str) -> str:
    """The English name of a state, which is also the message id of its translation."""
    return next(str(s.name) for s in machine.states if s.id == state)
