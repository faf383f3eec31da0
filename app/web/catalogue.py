"""The message catalogue: one .po a room under `translations/src`, merged into one .mo at build time.

`python -m app.web.catalogue update ROOM` adds the new English messages of a room to its file (and drops
those that are gone); `check` lists what is missing; `compile` writes the .mo (the assets build does it too).
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app.web.assets import COMPILED, ROOT, SOURCES

KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
DOORS = {"portal", "intranet", "bank", "public"}
_PLACE = re.compile(r"%\((\w+)\)\w")


def room_of(path: str) -> str:
    """The room that owns a source file: `templates/portal/naming/form.html` -> `portal-naming`; else `web`."""
    parts = Path(path).parts
    if len(parts) > 2 and parts[1] in DOORS:
        return f"{parts[1]}-{Path(parts[2]).stem}"
    return "web"


def _folders(path: str | Path) -> bool:
    return not Path(path).name.startswith((".", "_")) and Path(path).name not in {"static", "assets"}


def extract(root: Path = ROOT) -> dict[tuple[str | None, str | tuple[str, ...]], list[str]]:
    """Every message used in pages and code: (context, id) -> the files that use it."""
    with open(root / "babel.cfg") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[tuple[str | None, str | tuple[str, ...]], list[str]] = {}
    for folder in ("app", "templates"):
        prefix = folder + "/"
        own = [
            (pattern.removeprefix(prefix), name) for pattern, name in methods if pattern.startswith(prefix)
        ]
        own_options = {pattern.removeprefix(prefix): value for pattern, value in options.items()}
        for name, _line, message, _comments, context in extract_from_dir(
            root / folder, own, own_options, KEYWORDS, directory_filter=_folders
        ):
            key = (context, tuple(message) if isinstance(message, (list, tuple)) else message)
            found.setdefault(key, []).append(f"{folder}/{name}")
    return found


def read_source(path: Path) -> Catalog:
    """One room's catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN", charset="utf-8", abort_invalid=True)


def merge(sources: Path = SOURCES, conflicts: list[str] | None = None) -> Catalog:
    """All rooms in one catalogue. Where two rooms translate one message differently the first one counts, and
    the difference is added to `conflicts`."""
    merged = Catalog(locale="zh_Hans_CN", domain="messages", fuzzy=False)
    owner: dict[object, tuple[str, object]] = {}
    for path in sorted(sources.glob("*.po")):
        for message in read_source(path):
            if not message.id or not _translated(message):
                continue
            key = (message.context, message.id)
            before = owner.setdefault(key, (path.name, message.string))
            if before[1] == message.string:
                merged.add(message.id, message.string, context=message.context)
            elif conflicts is not None:
                conflicts.append(
                    f"{message.id!r} is {before[1]!r} in {before[0]} and {message.string!r} in {path.name}: "
                    "use one translation, or a context (pgettext)"
                )
    return merged


def _translated(message: Message) -> bool:
    strings = [message.string] if isinstance(message.string, str) else list(message.string)
    return all(strings) and bool(strings) and not message.fuzzy


def problems(root: Path = ROOT) -> Iterator[str]:
    """What is missing or wrong, one sentence each: untranslated, contradicting,
    lost placeholders, half-width marks."""
    conflicts: list[str] = []
    merged = merge(root / "translations" / "src", conflicts)
    yield from conflicts
    for (context, message_id), places in sorted(extract(root).items(), key=lambda item: str(item[0])):
        message = merged.get(message_id if isinstance(message_id, str) else message_id[0], context)
        if message is None:
            yield f"{places[0]}: no Chinese for {message_id!r} (put it in {room_of(places[0])}.po)"
            continue
        english = message_id if isinstance(message_id, str) else message_id[-1]
        for chinese in [message.string] if isinstance(message.string, str) else message.string:
            if set(_PLACE.findall(english)) != set(_PLACE.findall(chinese)):
                yield f"{places[0]}: placeholders differ in {english!r} and {chinese!r}"
            if re.search(r"[\u4e00-\u9fff][,;:?!](?!\w)|[\u4e00-\u9fff]\(|\.\.\.", chinese):
                yield f"{places[0]}: half-width punctuation in {chinese!r}"


def compile_catalogue() -> Path:
    """Write the .mo that the doors read."""
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    scratch = COMPILED.with_suffix(f".{os.getpid()}")
    with scratch.open("wb") as file:
        write_mo(file, merge())
    scratch.replace(COMPILED)  # whole or not at all: doors may be reading it
    return COMPILED


def update(room: str, root: Path = ROOT) -> tuple[int, int]:
    """Add a room's new messages with an empty Chinese text, drop those no longer used; (added, dropped)."""
    path = root / "translations" / "src" / f"{room}.po"
    known = read_source(path) if path.exists() else Catalog(locale="zh_Hans_CN", domain="messages")
    used = extract(root)
    elsewhere = {
        (message.context, message.id)
        for other in path.parent.glob("*.po")
        if other != path
        for message in read_source(other)
        if message.id
    }
    fresh = Catalog(
        locale="zh_Hans_CN", domain="messages", header_comment=f"# Chinese texts of {room}.", fuzzy=False
    )
    added = 0
    for (context, message_id), places in used.items():
        key = message_id if isinstance(message_id, str) else message_id[0]
        old = known.get(key, context)
        if old is not None:
            fresh.add(message_id, old.string, context=context, user_comments=old.user_comments)
        elif room in map(room_of, places) and (context, message_id) not in elsewhere:
            fresh.add(message_id, "", context=context)
            added += 1
    with path.open("wb") as file:
        write_po(file, fresh, width=110, no_location=True, omit_header=False, sort_output=False)
    return added, len([m for m in known if m.id]) + added - len([m for m in fresh if m.id])


def main(arguments: list[str]) -> int:
    """The command line."""
    if arguments[:1] == ["update"] and len(arguments) == 2:
        added, dropped = update(arguments[1])
        print(f"{arguments[1]}.po: {added} new, {dropped} dropped")
        return 0
    if arguments == ["check"]:
        found = list(problems())
        print("\n".join(found) or "every message has its Chinese text")
        return bool(found)
    if arguments == ["compile"]:
        print(compile_catalogue().relative_to(ROOT))
        return 0
    print("usage: python -m app.web.catalogue update ROOM | check | compile", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
