"""The statecharts, cell by cell, and a random walk that must never leave them (habit 1 of the exemplars)."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from workflow.errors import Conflict, NotAllowed
from workflow.machine import (
    MACHINES,
    STEP_OF_STATE,
    CaseMachine,
    is_final,
    next_state,
    possible_events,
    transitions,
)
from workflow.statechart import page

GUARDS = ("name_review", "name_optional", "application_complete", "was_returned", "all_signed")
EVERYONE = frozenset({"applicant", "signer", "examiner", "approver", "bank", "system"})


def cells():
    for name, machine in MACHINES.items():
        events = sorted({t.event for t in transitions(machine)})
        for state in machine.states:
            for event in events:
                yield pytest.param(machine, state.id, event, id=f"{name}-{state.id}-{event}")


def guards_for(guard: str) -> dict[str, bool]:
    if not guard:
        return {}
    return {guard.removeprefix("not "): not guard.startswith("not ")}


@pytest.mark.parametrize(("machine", "state", "event"), list(cells()))
def test_every_cell(machine, state, event):
    """A cell either leads where the table says, for the roles it names and nobody else, or nowhere at all."""
    arrows = [t for t in transitions(machine) if t.source == state and t.event == event]
    if not arrows:
        with pytest.raises(Conflict):
            next_state(machine, state, event, EVERYONE, **dict.fromkeys(GUARDS, True))
        return
    for arrow in arrows:
        guards = guards_for(arrow.guard)
        for role in EVERYONE:
            if role in arrow.roles:
                assert next_state(machine, state, event, frozenset({role}), **guards) == arrow.target
            else:
                with pytest.raises(NotAllowed):
                    next_state(machine, state, event, frozenset({role}), **guards)
        if arrow.guard:
            opposite = {key: not value for key, value in guards.items()}
            others = [t.target for t in arrows if guards_for(t.guard) == opposite]
            if others:
                assert next_state(machine, state, event, arrow.roles, **opposite) in others
            else:
                with pytest.raises(Conflict):
                    next_state(machine, state, event, arrow.roles, **opposite)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=list(MACHINES))
def test_everything_can_be_reached_and_ended(machine):
    """No state is unreachable, and from each an end can be reached: no dead ends."""
    arrows = list(transitions(machine))
    start = next(s.id for s in machine.states if s.initial)
    reached = {start}
    for _ in machine.states:
        reached |= {t.target for t in arrows if t.source in reached}
    assert reached == {s.id for s in machine.states}
    ends = {s.id for s in machine.states if s.final}
    for _ in machine.states:
        ends |= {t.source for t in arrows if t.target in ends}
    assert ends == reached


def test_every_case_state_belongs_to_a_step():
    assert set(STEP_OF_STATE) == {s.id for s in CaseMachine.states}


def test_final_states_offer_nothing():
    for machine in MACHINES.values():
        for state in machine.states:
            assert bool(possible_events(machine, state.id, EVERYONE)) != is_final(machine, state.id)


def test_the_page_in_docs_is_the_code():
    """`qibu docs statechart` writes it."""
    assert Path("docs/statechart.md").read_text() == page()


class Walk(RuleBasedStateMachine):
    """Anyone sends anything: the state is always one of the chart, and a final one is never left."""

    def __init__(self):
        super().__init__()
        self.state = "draft"

    @rule(
        event=st.sampled_from(sorted(CaseMachine.ROLES)),
        role=st.sampled_from(sorted(EVERYONE)),
        guards=st.fixed_dictionaries({name: st.booleans() for name in GUARDS}),
    )
    def send(self, event, role, guards):
        before = self.state
        try:
            self.state = next_state(CaseMachine, before, event, frozenset({role}), **guards)
        except (Conflict, NotAllowed):
            assert self.state == before
            return
        assert not is_final(CaseMachine, before)
        assert role in CaseMachine.ROLES[event]
        assert any(
            t.source == before and t.event == event and t.target == self.state
            for t in transitions(CaseMachine)
        )

    @invariant()
    def known(self):
        assert self.state in STEP_OF_STATE


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.sampled_from(["draft", "licensed", "submitted"]), st.text(max_size=20))
def test_unknown_events_are_refused(state, event):
    if event not in CaseMachine.ROLES:
        with pytest.raises(KeyError):
            next_state(CaseMachine, state, event, EVERYONE)
