"""The statecharts as a page: a picture each (Mermaid) and who may do what."""

from statemachine import StateMachine

from workflow.machine import MACHINES, state_name, transitions

ROLES = ("applicant", "signer", "examiner", "approver", "bank", "system")


def picture(machine: type[StateMachine]) -> str:
    """A Mermaid state diagram."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for state in machine.states:
        lines.append(f"    {state.id}: {state_name(machine, state.id)}")
        if state.initial:
            lines.append(f"    [*] --> {state.id}")
    for arrow in transitions(machine):
        guard = f" [{arrow.guard}]" if arrow.guard else ""
        lines.append(f"    {arrow.source} --> {arrow.target}: {arrow.event}{guard}")
    lines += [f"    {state.id} --> [*]" for state in machine.states if state.final]
    return "\n".join([*lines, "```"])


def matrix(machine: type[StateMachine]) -> str:
    """A table: each event, from where to where, who may send it, what follows."""
    rows = [
        "| event | from | to | guard | " + " | ".join(ROLES) + " | follows |",
        "|---" * (5 + len(ROLES)) + "|",
    ]
    for arrow in transitions(machine):
        marks = " | ".join("●" if role in arrow.roles else "" for role in ROLES)
        follows = ", ".join(arrow.effects)
        rows.append(
            f"| {arrow.event} | {arrow.source} | {arrow.target} | {arrow.guard} | {marks} | {follows} |"
        )
    return "\n".join(rows)


def page() -> str:
    """The whole of `docs/statechart.md`."""
    parts = [
        "# Statecharts",
        "Generated from `workflow/machine.py` by `qibu docs statechart`; a test compares them. "
        "A transition is one database transaction: lock, ask, change, record, enqueue.",
    ]
    for name, machine in MACHINES.items():
        parts += [
            f"## {name.capitalize()}",
            (machine.__doc__ or "").strip(),
            picture(machine),
            matrix(machine),
        ]
    return "\n\n".join(parts) + "\n"
