"""What changed between two versions of an application."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from workflow.establishment.data import Application


@dataclass(frozen=True)
class Change:
    """One value that differs. `path` is like `contributions.0.subscribed`; None stands for absent."""

    path: str
    before: Any
    after: Any


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested data with their paths."""
    if isinstance(value, dict):
        items: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield path, value
        return
    for key, inner in items:
        yield from flatten(inner, f"{path}.{key}" if path else str(key))


def differences(before: Application, after: Application) -> list[Change]:
    """Every leaf that differs, in the order of the form."""
    old = dict(flatten(before.model_dump(mode="json")))
    new = dict(flatten(after.model_dump(mode="json")))
    paths = list(dict.fromkeys([*old, *new]))
    return [Change(p, old.get(p), new.get(p)) for p in paths if old.get(p) != new.get(p)]


def covers(open_paths: Iterable[str], path: str) -> bool:
    """Whether a path lies at or under one of `open_paths`."""
    return any(path == allowed or path.startswith(allowed + ".") for allowed in open_paths)
