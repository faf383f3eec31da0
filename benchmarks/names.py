"""`qibu bench names`: a made-up register of N names, then how fast a check is, and whether it finds all it must."""

import csv
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from app.platform import prepare_database
from benchmarks.plain_names import PlainRegister
from workflow.clock import BEIJING, local_date
from workflow.db import driver_url, forget_engines, now
from workflow.errors import Conflict, RuleViolation
from workflow.naming.catalogue import compiled
from workflow.naming.generator import NameMaker, register_lines
from workflow.naming.loading import HEADER, load, load_lines
from workflow.naming.operations import reserve
from workflow.naming.parts import parse
from workflow.naming.proposal import Proposal
from workflow.naming.queries import LISTED, check_text
from workflow.postgres import EmbeddedPostgres
from workflow.settings import settings


def proposals(count: int, seed: int) -> list[tuple[str, str]]:
    """Names as people wish for them: half of them new, half close to what exists, with the district they ask for."""
    maker = NameMaker(seed + 1000)
    return [maker.name() for _ in range(count)]


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the worst, in milliseconds."""
    ordered = sorted(seconds)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3)  # noqa: E731
    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


def _timed(engine: Engine, wishes: Iterable[tuple[str, str]]) -> tuple[list[float], dict[str, int]]:
    seconds: list[float] = []
    verdicts: dict[str, int] = {}
    with Session(engine) as db:
        for name, authority in wishes:
            start = time.perf_counter()
            answer = check_text(db, name, authority)
            seconds.append(time.perf_counter() - start)
            verdicts[answer.verdict] = verdicts.get(answer.verdict, 0) + 1
    return seconds, verdicts


_COLD = """
import json, re, sys, time
start = time.perf_counter()
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from workflow.db import driver_url
from workflow.postgres import EmbeddedPostgres
from workflow.naming.queries import LISTED, check_text
imported = time.perf_counter() - start
start = time.perf_counter()
with Session(create_engine(driver_url(sys.argv[1]))) as db:
    check_text(db, sys.argv[2], sys.argv[3])
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024  # of this program alone
print(json.dumps([imported, time.perf_counter() - start, peak]))
"""


def cold_start(url: str, name: str, authority: str) -> tuple[float, float, float]:
    """A new process: seconds to import the code, seconds of its first check, and its memory in MiB."""
    command = [sys.executable, "-c", _COLD, url, name, authority]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported, first, memory = json.loads(done.stdout)
    return imported, first, memory


def fight(url: str, seed: int, clients: int = 16, tries: int = 60) -> dict[str, Any]:
    """Clients that want overlapping names at the same time: reservations a second, and holders of blocking names."""
    engine = create_engine(driver_url(url), pool_size=clients)
    words = ["软件", "信息技术", "信息科技"]
    stamp = uuid.UUID(int=random.Random(seed).getrandbits(128)).hex[:4]
    pool = random.Random(seed + 7)
    trades = ["".join(pool.sample("星河木兰松柏云帆溪桥竹影晴岚", 3)) for _ in range(clients * tries // 4)]
    outcomes: dict[str, int] = {"held": 0, "name_taken": 0, "rules": 0}
    gate, mutex = threading.Barrier(clients), threading.Lock()

    def client(number: int) -> None:
        mine = random.Random(seed * 100 + number)
        gate.wait()
        for _ in range(tries):
            trade, word = mine.choice(trades), mine.choice(words)
            name = mine.choice(
                [
                    f"武汉{trade}{word}有限公司",
                    f"{trade}（武汉）{word}有限公司",
                    f"武汉市{trade}{word}有限责任公司",
                ]
            )
            with Session(engine) as db:
                try:
                    reserve(
                        db, case_id=None, holder=uuid.uuid4(), proposal=Proposal("420106", text=name),
                        committed=True, now=now(),
                    )  # fmt: skip
                    db.commit()
                    outcome = "held"
                except Conflict as conflict:
                    outcome = conflict.code
                except RuleViolation:
                    outcome = "rules"
            with mutex:
                outcomes[outcome] = outcomes.get(outcome, 0) + 1

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - start
    with engine.connect() as connection:
        doubles = connection.execute(
            text(
                "WITH held AS MATERIALIZED (SELECT id, trade_name, prefecture, industry_class FROM register_names "
                "WHERE guard IS NOT NULL AND status = 'reserved') "
                "SELECT count(*) FROM held a JOIN held b USING (trade_name, prefecture, industry_class) WHERE a.id < b.id"
            )
        ).scalar_one()
        connection.execute(text("DELETE FROM register_names WHERE guard IS NOT NULL"))
        connection.commit()
    engine.dispose()
    return {"clients": clients, "seconds": round(took, 2), "requests_a_second": round(clients * tries / took),
            "outcomes": outcomes, "double_holders": doubles, "run": stamp}  # fmt: skip


def agreement(url: str, size: int, count: int, seed: int) -> dict[str, Any]:
    """Whether the indexed comparison and the plain one find the same, over a register of `size` and `count` wishes."""
    lines = list(register_lines(size, seed))
    load_lines(url, f"agreement-{size}-{seed}", lines)
    plain, moment = PlainRegister(compiled()), now()
    for name, authority, status, day, _, _ in lines:
        on = date.fromisoformat(day)
        until = datetime(on.year, on.month, on.day, tzinfo=BEIJING) if status == "reserved" else None
        plain.add(parse(name), authority, status, on, until)
    engine = create_engine(driver_url(url))
    different, collisions = [], 0
    with Session(engine) as db:
        for name, authority in proposals(count, seed):
            expected = plain.find(parse(name), authority, local_date(moment), moment)
            answer = check_text(db, name, authority, now=moment)
            found = sorted((f.rule, f.match.name) for f in answer.findings if f.match)
            collisions += len(expected)
            same = set(found) <= set(expected) if len(expected) > LISTED else found == expected
            if not same or answer.total != len(expected):
                different.append(name)
    engine.dispose()
    return {"names": size, "proposals": count, "collisions": collisions, "different": different}


def register_file(folder: Path, size: int, seed: int) -> Path:
    """The lines of a made-up register as a file for `qibu names import`; made once a folder."""
    path = folder / f"names-{size}-{seed}.csv"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows(register_lines(size, seed))
        unfinished.rename(path)
    return path


def run(
    url: str, folder: Path, size: int, seed: int, *, checks: int = 3000, processes: int = 2
) -> dict[str, Any]:
    """Load a file of `size` names into the register of `url` and measure; a load finished before is not done again."""
    path = register_file(folder, size, seed)
    result: dict[str, Any] = {"size": size, "seed": seed, "load_average": os.getloadavg()[0]}
    start = time.perf_counter()
    report = load(url, path, processes=processes, synthetic=True)
    if report.loaded:
        result["load_seconds"] = round(time.perf_counter() - start, 1)
    result["loaded"] = report.loaded
    engine = create_engine(driver_url(url), pool_size=1)
    with engine.connect() as connection:
        total, count = connection.execute(
            text("SELECT pg_total_relation_size('register_names'), count(*) FROM register_names")
        ).one()
    result["names"], result["bytes_a_name"] = count, round(total / max(count, 1))
    wishes = proposals(checks, seed)
    imported, first, memory = cold_start(url, *wishes[0])
    result |= {"cold_import_ms": round(imported * 1000), "cold_first_check_ms": round(first * 1000),
               "process_mib": round(memory)}  # fmt: skip
    young, _ = _timed(engine, proposals(checks, seed + 2))
    result["into_memory_seconds"] = round(into_memory(engine), 1)
    _timed(engine, proposals(checks // 5, seed + 1))
    timings, verdicts = _timed(engine, wishes)
    engine.dispose()
    result["check_after_a_start_ms"] = percentiles(young)
    result["check_ms"] = percentiles(timings) | {"mean": round(statistics.fmean(timings) * 1000, 3)}
    result["verdicts"] = verdicts
    result["reserve"] = fight(url, seed)
    return result


def into_memory(engine: Engine) -> float:
    """Let the engine's connection read the whole register and its index, as one that worked for a day has; seconds."""
    start = time.perf_counter()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (DISABLE_PAGE_SKIPPING, BUFFER_USAGE_LIMIT 0) register_names"))
    return time.perf_counter() - start


MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
SERVER = {
    "shared_buffers": f"{MEMORY * 6 // 10 >> 20}MB",  # a server for the register holds it
    "max_wal_size": "8GB",
    "maintenance_work_mem": "1GB",
    "synchronous_commit": "off",
}


@contextmanager
def own_platform(folder: Path | None = None) -> Iterator[tuple[str, Path]]:
    """A whole platform of its own, server and tables, and its folder: the one given, which is kept, or one gone after.

    This process and those it starts are pointed at it.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="qibu-bench-"))
    server = EmbeddedPostgres(place / "postgres")
    try:
        server.start(SERVER)
        url = server.create_database("bench")
        os.environ |= {
            "DATABASE_URL": url,
            "QIBU_INSTANCE": str(place),
            "QIBU_RATE_LIMITS": "false",
            "QIBU_DATABASE_POOL": "8",
        }
        settings.cache_clear()
        prepare_database()
        yield url, place
    finally:
        forget_engines()
        server.stop()
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


@click.command("names")
@click.option("--size", default=45_000, show_default=True, help="Names in the register.")
@click.option("--seed", default=7, show_default=True)
@click.option("--checks", default=3000, show_default=True)
@click.option("--agree", default=0, help="Also compare this many proposals with the plain implementation.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Keep the register here, and use the one that is here."
)
@click.option("--json", "as_json", is_flag=True)
def command(size: int, seed: int, checks: int, agree: int, folder: Path | None, as_json: bool) -> None:
    """Checking names in a made-up register of SIZE names."""
    with own_platform(folder) as (url, place):
        result = run(url, place, size, seed, checks=checks)
    if agree:
        with own_platform() as (url, _):
            result["agreement"] = agreement(url, size, agree, seed)
    click.echo(report(result, as_json))


def report(result: dict[str, Any], as_json: bool) -> str:
    """The result as JSON or as a few lines."""
    if as_json:
        return json.dumps(result, ensure_ascii=False)
    return "\n".join(f"{key}: {value}" for key, value in result.items())
