"""`make bench`: time and processor seconds of one whole registration, then the rooms' own figures."""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "instance" / "bench"


def timed(name: str, *command: str) -> dict[str, object]:
    """Run a command; wall seconds, and processor seconds of it and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (OUT / f"{name}.txt").write_text(done.stdout + done.stderr)
    return {
        "wall_seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "exit": done.returncode,
    }


def main() -> int:
    """Run everything; raw output and `summary.json` land in instance/bench."""
    OUT.mkdir(parents=True, exist_ok=True)
    qibu = str(Path(sys.executable).parent / "qibu")
    demo = OUT / "demo"
    result: dict[str, object] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        "registration": timed("registration", qibu, "demo", "--out", str(demo)),
        "names": timed("names", qibu, "bench", "names", "--size", "45000", "--json"),
        "rooms": timed("rooms", sys.executable, "-m", "benchmarks.rooms", "--json"),
        "signatures": timed("signatures", sys.executable, "-m", "benchmarks.signatures"),
        "saving": timed("saving", sys.executable, "-m", "benchmarks.saving_http"),
    }
    if (demo / "summary.json").exists():
        result["registration"] |= {"steps": json.loads((demo / "summary.json").read_text())["seconds"]}  # type: ignore[operator]
    (OUT / "summary.json").write_text(json.dumps(result, ensure_ascii=False, indent=2))
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return max(int(part["exit"]) for part in result.values() if isinstance(part, dict))


if __name__ == "__main__":
    sys.exit(main())
