"""Other ways to look a name up, beside ours, on the same register: pg_trgm, tantivy, RapidFuzz. `python -m benchmarks.name_peers`.

Each peer gets what it is good at: the trade name alone, and the best fifty answers. Recall is the share of the collisions
that the rules define (found by the plain implementation) among these; precision the share of its answers that are such.
Needs requirements-bench.in and PostgreSQL's own server with pg_trgm (Debian: postgresql-15).
"""

import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benchmarks.names import own_platform, percentiles
from benchmarks.plain_names import PlainRegister
from workflow.clock import BEIJING, local_date
from workflow.db import driver_url, now
from workflow.naming import facts
from workflow.naming.catalogue import compiled
from workflow.naming.generator import register_lines
from workflow.naming.loading import load_lines
from workflow.naming.parts import parse
from workflow.naming.queries import check_text

BEST = 50
Search = Callable[[str], list[str]]


def close_wishes(rows: list[tuple[str, str]], lines: list[Any], count: int, seed: int) -> dict[str, str]:
    """Wishes near to names that exist, and where they are made: in turn the same trade name with another form, one
    character replaced by one that sounds the same, by one that looks alike, one character added, one taken away."""
    dice, catalogue = random.Random(seed), compiled()
    sounds: dict[str, list[str]] = {}
    for character, readings in facts.readings_of_characters().items():
        sounds.setdefault(readings[0], []).append(character)
    wishes: dict[str, str] = {}
    while len(wishes) < count:
        at = dice.randrange(len(rows))
        (name, trade_name), authority = rows[at], lines[at][1]
        place = dice.randrange(len(trade_name))
        old = trade_name[place]
        same = sounds.get(facts.readings_of_characters().get(old, ("",))[0], [old])
        kind = len(wishes) % 5
        if kind == 1:
            new = trade_name[:place] + dice.choice(same) + trade_name[place + 1 :]
        elif kind == 2:
            others = sorted(catalogue.lookalikes.get(old, {old}))
            new = trade_name[:place] + dice.choice(others) + trade_name[place + 1 :]
        elif kind == 3:
            new = trade_name + dice.choice("达成元和")
        elif kind == 4 and len(trade_name) > 2:
            new = trade_name[:-1]
        else:
            new, name = trade_name, name.replace("有限公司", "有限责任公司")
        wishes[name.replace(trade_name, new, 1)] = authority
    return wishes


@contextmanager
def debian_server(binaries: Path) -> Iterator[str]:
    """PostgreSQL with pg_trgm in a temporary folder, on a free port, as a user without rights."""
    folder = Path(tempfile.mkdtemp(prefix="qibu-trgm-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    os.chown(folder, user.pw_uid, user.pw_gid)

    def run(tool: str, *arguments: str) -> None:
        subprocess.run(
            [binaries / tool, *arguments], check=True, cwd=folder, user=user.pw_uid, group=user.pw_gid, extra_groups=[],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=512MB -c synchronous_commit=off"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"host=127.0.0.1 port={port} user=bench dbname=postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def trgm(address: str, rows: list[tuple[str, str]]) -> tuple[float, Search]:
    """pg_trgm over the trade name, by GiST's nearest neighbours."""
    start = time.perf_counter()
    connection = psycopg.connect(address, autocommit=True)
    connection.execute("CREATE EXTENSION pg_trgm")
    connection.execute("CREATE TABLE names (name text, trade_name text)")
    with connection.cursor().copy("COPY names FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute("CREATE INDEX ON names USING gist (trade_name gist_trgm_ops(siglen=64))")
    connection.execute("ANALYZE names")

    def search(trade_name: str) -> list[str]:
        found = connection.execute(
            "SELECT name FROM names ORDER BY trade_name <-> %s LIMIT %s", (trade_name, BEST), prepare=True
        )
        return [name for (name,) in found]

    return time.perf_counter() - start, search


def bigrams(text: str) -> str:
    """Characters and pairs of characters, apart by spaces."""
    return " ".join([*text, *(text[i : i + 2] for i in range(len(text) - 1))])


def tantivy_index(folder: Path, rows: list[tuple[str, str]]) -> tuple[float, Search]:
    """tantivy with characters and bigrams as words, any of them, ranked by BM25."""
    import tantivy

    start = time.perf_counter()
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("name", stored=True, tokenizer_name="raw")
    builder.add_text_field("grams", stored=False, tokenizer_name="whitespace", index_option="freq")
    index = tantivy.Index(builder.build(), path=str(folder))
    writer = index.writer(200_000_000, 1)
    for name, trade_name in rows:
        writer.add_document(tantivy.Document(name=name, grams=bigrams(trade_name)))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    schema = index.schema

    def search(trade_name: str) -> list[str]:
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "grams", gram, "freq"))
            for gram in bigrams(trade_name).split()
        ]
        hits = searcher.search(tantivy.Query.boolean_query(terms), BEST, count=False).hits
        return [searcher.doc(address)["name"][0] for _, address in hits]

    return time.perf_counter() - start, search


def rapidfuzz_list(rows: list[tuple[str, str]]) -> tuple[float, Search]:
    """RapidFuzz over all trade names, by ratio."""
    from rapidfuzz import fuzz, process

    start = time.perf_counter()
    names, trade_names = [r[0] for r in rows], [r[1] for r in rows]

    def search(trade_name: str) -> list[str]:
        found = process.extract(trade_name, trade_names, scorer=fuzz.ratio, limit=BEST)
        return [names[position] for _, _, position in found]

    return time.perf_counter() - start, search


def measured(search: Search, wishes: list[tuple[str, str]], expected: dict[str, set[str]]) -> dict[str, Any]:
    """Latency; which share of the collisions is found; which share of what is found is one."""
    seconds, hit, wanted, answers = [], 0, 0, 0
    for name, trade_name in wishes:
        start = time.perf_counter()
        found = set(search(trade_name))
        seconds.append(time.perf_counter() - start)
        hit += len(found & expected[name])
        wanted += len(expected[name])
        answers += len(found)
    return {"ms": percentiles(seconds), "recall": round(hit / max(wanted, 1), 4),
            "precision": round(hit / max(answers, 1), 4), "answers": answers}  # fmt: skip


@click.command()
@click.option("--size", default=200_000, show_default=True)
@click.option("--checks", default=400, show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option(
    "--binaries", default="/usr/lib/postgresql/15/bin", type=click.Path(path_type=Path), show_default=True
)
def main(size: int, checks: int, seed: int, binaries: Path) -> None:
    """Side by side, one after the other, on the same made-up register; JSON on standard output."""
    lines, moment = list(register_lines(size, seed)), now()
    plain, rows = PlainRegister(compiled()), []
    for name, authority, status, day, _, _ in lines:
        on, parts = date.fromisoformat(day), parse(name)
        until = datetime(on.year, on.month, on.day, tzinfo=BEIJING) if status == "reserved" else None
        plain.add(parts, authority, status, on, until)
        rows.append((parts.name, parts.trade_name))
    asked = close_wishes(rows, lines, checks, seed)
    expected = {
        name: {other for _, other in plain.find(parse(name), authority, local_date(moment), moment)}
        for name, authority in asked.items()
    }
    few = {name: found for name, found in expected.items() if len(found) <= BEST}
    wishes = [(name, parse(name).trade_name) for name in few]
    result: dict[str, Any] = {"size": size, "seed": seed, "proposals": len(wishes),
                              "collisions": sum(len(found) for found in few.values())}  # fmt: skip
    with own_platform() as (url, _):
        start = time.perf_counter()
        load_lines(url, f"peers-{size}-{seed}", lines)
        built = time.perf_counter() - start
        engine = create_engine(driver_url(url))
        with Session(engine) as db:
            by_trade_name = {trade_name: name for name, trade_name in wishes}

            def ours(trade_name: str) -> list[str]:
                name = by_trade_name[trade_name]
                answer = check_text(db, name, asked[name], now=moment)
                return [f.match.name for f in answer.findings if f.match]

            measured(ours, wishes[:50], expected)
            alone = [(name, trade_name) for name, trade_name in wishes if by_trade_name[trade_name] == name]
            result["qibu"] = {"build_seconds": round(built, 1)} | measured(ours, alone, expected)
        engine.dispose()
    with debian_server(binaries) as address:
        result["pg_trgm"] = _peer(trgm(address, rows), alone, expected)
    with tempfile.TemporaryDirectory() as folder:
        result["tantivy"] = _peer(tantivy_index(Path(folder), rows), alone, expected)
    result["rapidfuzz"] = _peer(rapidfuzz_list(rows), alone[: max(1, checks // 4)], expected)
    click.echo(json.dumps(result, ensure_ascii=False, indent=1))


def _peer(
    made: tuple[float, Search], wishes: list[tuple[str, str]], expected: dict[str, set[str]]
) -> dict[str, Any]:
    built, search = made
    measured(search, wishes[:20], expected)
    return {"build_seconds": round(built, 1)} | measured(search, wishes, expected)


if __name__ == "__main__":
    main()
