"""Figures of single rooms, in process: address, scope, papers, signatures. `python -m benchmarks.rooms --json`."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

ADDRESSES = (
    "武汉市武昌区东湖路105号",
    "东湖高新区关山大道1号",
    "宜昌伍家岗区沿江大道8号",
    "襄阳市樊城区人民路1号",
    "洪山区珞喻路10号",
)
TERMS = ("信息", "文化", "奶茶店", "程序开发", "ruanjian", "kd", "计算机系统服务", "食品肖售")


def percentiles(
    work: Callable[[int], object], times: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Milliseconds at p50, p95 and the worst of so many runs, after one that does not count."""
    work(0)
    took = []
    for number in range(times):
        began = clock()
        work(number)
        took.append((clock() - began) * 1000)
    took.sort()
    return {
        "p50_ms": round(statistics.median(took), 2),
        "p95_ms": round(took[int(len(took) * 0.95) - 1], 2),
        "max_ms": round(took[-1], 2),
        "runs": times,
    }


def run() -> dict[str, dict[str, float]]:
    """All figures."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    from signing import control, keys, pins, tables
    from signing.authority import Authority
    from signing.ceremony import SignatureRequest, sign_set
    from signing.papers import render_set, samples
    from workflow.db import driver_url
    from workflow.establishment import jurisdiction, scope
    from workflow.postgres import EmbeddedPostgres

    found = {
        "address match": percentiles(lambda n: jurisdiction.match(ADDRESSES[n % len(ADDRESSES)]), 2000),
        "scope search": percentiles(lambda n: scope.search(TERMS[n % len(TERMS)], 20), 800),
        "papers, 3 shareholders, processor time": percentiles(
            lambda n: render_set(samples.llc(3), final=True), 20, time.process_time
        ),
    }
    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedPostgres(Path(name) / "postgres")
        server.start()
        try:
            engine = create_engine(driver_url(server.create_database("bench")))
            with engine.begin() as connection:
                connection.execute(text("CREATE SCHEMA signing"))
            tables.Base.metadata.create_all(engine)
            authority = Authority.create(Path(name) / "ca", "bench")
            papers = [p for p in render_set(samples.llc(1), final=True) if p.signature_boxes]
            key = next(iter(papers[0].signature_boxes))
            wanted = [p for p in papers if key in p.signature_boxes]

            kept = keys.one_time_key()
            wrapped, public = (
                pins.wrap(kept, "739164", "s" * 32, b""),
                control.public_bytes(kept.public_key()),
            )
            shown = tuple((p.kind, sha256(p.pdf).hexdigest()) for p in wanted)

            def sign(number: int) -> None:
                opened = pins.unwrap(wrapped, "739164", "s" * 32, b"")
                said = control.Statement(
                    f"bench/{number}", "张小七", "0" * 32, "pin", sha256(public).hexdigest(), "", "", shown
                )
                requests = [
                    SignatureRequest(p.kind, p.pdf, f"sig_{key}", p.signature_boxes[key]) for p in wanted
                ]
                with Session(engine) as db:
                    authority.register(db)
                    sign_set(
                        db,
                        authority,
                        requests,
                        real_name="张小七",
                        id_hash="0" * 32,
                        evidence_reference=f"bench/{number}",
                        proof=control.by_pin(opened, said),
                        key=opened,
                    )
                    db.commit()

            found[f"one signer, {len(wanted)} papers"] = percentiles(sign, 15)
            engine.dispose()
        finally:
            server.stop()
    return found


if __name__ == "__main__":
    figures = run()
    if "--json" in sys.argv:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        for what, row in figures.items():
            print(f"{what}: {row}")
