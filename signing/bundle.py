"""The offline checker as one file: `python qibu-verify.pyz FILE --root root.pem`, for papers and evidence packages.

A zip application of this room's own sources, unchanged: unzip it to read them. It needs Python 3.11 and the packages
that `needs` names; it imports nothing else of the platform, asks no network and no database.
"""

import ast
import functools
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

ROOM = Path(__file__).parent
STARTS = ("validation", "dossier")
MAIN = '''"""Checks papers (PDF) and evidence packages (ZIP, JSON) offline. Needs: pip install {needs}"""

import sys

from signing import dossier, validation

if __name__ == "__main__":
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    package = any(name.lower().endswith((".zip", ".json")) for name in names[:1])
    sys.exit((dossier if package else validation).main())
'''


def modules() -> list[str]:
    """The modules of this room that checking needs, found by their imports."""
    found: set[str] = set()
    waiting = [*STARTS]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for module, names in _imports(name):
            if module == "signing":
                waiting += names
            elif module.startswith("signing."):
                waiting.append(module.removeprefix("signing."))
    return sorted(found)


def needs() -> list[str]:
    """The packages to install for it, as `pip install` names them."""
    tops = {module.split(".")[0] for name in modules() for module, _ in _imports(name)}
    return sorted(top.replace("_", "-") for top in tops - set(sys.stdlib_module_names) - {"signing"})


def _imports(name: str) -> Iterator[tuple[str, list[str]]]:
    """What a module imports: from which module, which names."""
    for part in ast.walk(ast.parse((ROOM / f"{name}.py").read_text())):
        if isinstance(part, ast.ImportFrom) and part.module:
            yield part.module, [alias.name for alias in part.names]
        elif isinstance(part, ast.Import):
            yield from ((alias.name, []) for alias in part.names)


@functools.lru_cache(maxsize=1)
def checker() -> bytes:
    """The zip application; the same sources give the same bytes."""
    out = BytesIO()
    sources = {"__main__.py": MAIN.format(needs=" ".join(needs())), "signing/__init__.py": ""}
    sources |= {f"signing/{name}.py": (ROOM / f"{name}.py").read_text() for name in modules()}
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in sources.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return b"#!/usr/bin/env python3\n" + out.getvalue()
