"""Signing in process: one signer's whole act, a hundred signers of one company, verification, growth of the files.

`python -m benchmarks.signatures [--signers 100]` prints JSON; processor time stands beside wall time.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any


def figures(took: list[tuple[float, float]]) -> dict[str, float]:
    """p50, p95 and the worst, in milliseconds of wall and of processor time."""
    found: dict[str, float] = {"runs": len(took)}
    for name, values in (
        ("wall", sorted(w * 1000 for w, _ in took)),
        ("cpu", sorted(c * 1000 for _, c in took)),
    ):
        found |= {
            f"{name}_p50_ms": round(statistics.median(values), 1),
            f"{name}_p95_ms": round(values[max(0, int(len(values) * 0.95) - 1)], 1),
            f"{name}_max_ms": round(values[-1], 1),
        }
    return found


def timed(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """What the work gave, and its wall and processor seconds in this thread."""
    wall, cpu = time.perf_counter(), time.thread_time()
    made = work()
    return made, (time.perf_counter() - wall, time.thread_time() - cpu)


def run(signers: int) -> dict[str, Any]:
    """All figures."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    from signing import tables
    from signing.authority import Authority
    from signing.ceremony import SignatureRequest, sign_set
    from signing.papers import render_set, samples
    from signing.papers.data import RenderedPaper
    from signing.pdf import Pen, archive, certifier
    from signing.validation import validate
    from workflow.db import driver_url
    from workflow.postgres import EmbeddedPostgres

    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedPostgres(Path(name) / "postgres")
        server.start()
        try:
            engine = create_engine(driver_url(server.create_database("bench")), pool_size=8)
            with engine.begin() as connection:
                connection.execute(text("CREATE SCHEMA signing"))
            tables.Base.metadata.create_all(engine)
            authority = Authority.create(Path(name) / "ca", "bench")
            with Session(engine) as db:
                authority.register(db)
                db.commit()

            def certified(papers: list[RenderedPaper]) -> dict[str, bytes]:
                with Session(engine) as db:
                    pen = certifier(db, authority)
                    done = {
                        p.kind: pen.certify(p.pdf, {f"sig_{k}": b for k, b in p.signature_boxes.items()})
                        for p in papers
                    }
                    db.commit()
                return done

            def act(key: str, papers: list[RenderedPaper], files: dict[str, bytes]) -> dict[str, bytes]:
                mine = [p for p in papers if key in p.signature_boxes]
                wanted = [
                    SignatureRequest(p.kind, files[p.kind], f"sig_{key}", p.signature_boxes[key])
                    for p in mine
                ]
                with Session(engine) as db:
                    done = sign_set(
                        db, authority, wanted, real_name="张小七", id_hash="0" * 32, evidence_reference=f"bench/{key}"
                    )  # fmt: skip
                    db.commit()
                return done.papers

            def sealed(files: dict[str, bytes]) -> dict[str, bytes]:
                with Session(engine) as db:
                    pen = Pen(db, authority, authority.seal_for(db, "420106", "登记机关"))
                    done = {kind: pen.accept(file) for kind, file in files.items()}
                    db.commit()
                return done

            small = [p for p in render_set(samples.llc(1), final=True) if p.signature_boxes]
            ready = certified(small)
            sealed(act("p1", small, ready))  # what is loaded once
            whole, verify = [], []
            for _ in range(20):
                done, took = timed(lambda: sealed(act("p1", small, ready)))
                whole.append(took)
            for _ in range(5):
                _, took = timed(lambda: [validate(file, [authority.root]) for file in done.values()])
                verify.append(took)
            with Session(engine) as db:
                archived = [len(archive(db, authority, file)) - len(file) for file in done.values()]
                db.rollback()

            many = [p for p in render_set(samples.llc(signers), final=True) if p.signature_boxes]
            files, growth, each = certified(many), [], []
            keys = list(dict.fromkeys(key for p in many for key in p.signature_boxes))
            for key in keys:
                made, took = timed(partial(act, key, many, files))
                growth += [len(made[kind]) - len(files[kind]) for kind in made]
                files |= made
                each.append(took)
            with ThreadPoolExecutor(4) as pool:  # of other companies, at once
                at_once = list(pool.map(lambda _: timed(lambda: act("p1", small, ready))[1], range(20)))
            engine.dispose()
        finally:
            server.stop()
    tenth = max(1, len(each) // 10)
    return {
        f"one signer: certificate, {len(small)} papers signed, stamped, sealed": figures(whole),
        f"verification of these {len(small)} papers": figures(verify),
        f"{len(keys)} signers of one company: the first {tenth}": figures(each[:tenth]),
        f"{len(keys)} signers of one company: the last {tenth}": figures(each[-tenth:]),
        "four signers at once, other companies": figures(at_once),
        "growth in bytes": {
            "a signature, median": round(statistics.median(growth)),
            "a signature, most": max(growth),
            "an archive stamp, most": max(archived),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Figures of signing, as JSON.")
    parser.add_argument("--signers", type=int, default=100)
    print(json.dumps(run(parser.parse_args().signers), ensure_ascii=False, indent=2))
