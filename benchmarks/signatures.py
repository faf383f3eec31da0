"""Signing in process: one signer's whole act, a hundred signers of one company, several at once, verification, growth.

`python -m benchmarks.signatures [--signers 100]` prints JSON; processor time stands beside wall time.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Barrier
from typing import Any

PIN_CODE, BROWSER = "739164", "s" * 32


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


def repeated(work: Callable[[], Any], times: int) -> dict[str, float]:
    """Figures of doing the same so many times, after once that does not count."""
    work()
    return figures([timed(work)[1] for _ in range(times)])


class Company:
    """The papers of one company as they are signed: each signer waits for the ones before, as under the case's lock."""

    def __init__(self, desk: "Desk", facts: Any) -> None:
        from signing.papers import render_set

        self._desk = desk
        self.papers = [p for p in render_set(facts, final=True) if p.signature_boxes]
        self.keys = list(dict.fromkeys(key for p in self.papers for key in p.signature_boxes))
        self.files = desk.certified(self.papers)
        self.shown = dict(self.files)
        self.growth: list[int] = []

    def act(self, key: str, keep: bool = True) -> dict[str, bytes]:
        """One signer's act with a PIN, from the button to what the database has for good."""
        from sqlalchemy import text

        from signing import control, pins
        from signing.ceremony import SignatureRequest, sign_set
        from signing.pdf import Box

        wrapped, public = self._desk.keys_of(key)
        opened = pins.unwrap(wrapped, PIN_CODE, BROWSER, b"")  # before the lock
        mine = [p for p in self.papers if key in p.signature_boxes]
        reference = f"bench/{id(self)}/{key}"
        shown = tuple((p.kind, sha256(self.shown[p.kind]).hexdigest()) for p in mine)
        credential = sha256(public).hexdigest()
        said = control.Statement(reference, "张小七", "0" * 32, "pin", credential, "", "", shown)
        with self._desk.session() as db:
            db.execute(text("SELECT pg_advisory_xact_lock(:company)"), {"company": id(self) % 2**31})
            fields: list[dict[str, Box]] = [
                {f"sig_{k}": b for k, b in p.signature_boxes.items()} for p in mine
            ]
            wanted = [
                SignatureRequest(p.kind, self.files[p.kind], f"sig_{key}", p.signature_boxes[key], f)
                for p, f in zip(mine, fields, strict=True)
            ]
            done = sign_set(
                db, self._desk.authority, wanted, real_name="张小七", id_hash="0" * 32,
                evidence_reference=reference, proof=control.by_pin(opened, said), key=opened,
            ).papers  # fmt: skip
            if keep:
                self.growth += [len(made) - len(self.files[kind]) for kind, made in done.items()]
                self.files |= done
            db.commit()
        return {**self.files, **done}


class Desk:
    """A certificate authority and a database."""

    def __init__(self, engine: Any, authority: Any) -> None:
        from sqlalchemy.orm import Session

        self.session, self.authority = partial(Session, engine), authority
        self._keys: dict[str, tuple[bytes, bytes]] = {}
        with self.session() as db:
            authority.register(db)
            db.commit()

    def keys_of(self, key: str) -> tuple[bytes, bytes]:
        """A signer's wrapped key and its public half, as made when the PIN was set."""
        from signing import control, keys, pins

        if key not in self._keys:
            made = keys.one_time_key()
            wrapped = pins.wrap(made, PIN_CODE, BROWSER, b"")
            self._keys[key] = wrapped, control.public_bytes(made.public_key())
        return self._keys[key]

    def certified(self, papers: list[Any]) -> dict[str, bytes]:
        """The papers as the platform hands them out."""
        from signing.pdf import certifier

        with self.session() as db:
            pen = certifier(db, self.authority)
            done = {
                p.kind: pen.certify(p.pdf, {f"sig_{k}": b for k, b in p.signature_boxes.items()})
                for p in papers
            }
            db.commit()
        return done

    def sealed(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """Under the acceptance seal."""
        from signing.pdf import Pen

        with self.session() as db:
            pen = Pen(db, self.authority, self.authority.seal_for(db, "420106", "登记机关"))
            done = dict(zip(files, pen.accept(*files.values()), strict=True))
            db.commit()
        return done

    def archived(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """Under an archive time stamp."""
        from signing.pdf import archive

        with self.session() as db:
            done = {kind: archive(db, self.authority, file) for kind, file in files.items()}
            db.commit()
        return done

    def verified_first(self, files: dict[str, bytes]) -> int:
        """The same by somebody who has seen no paper before: nothing is known of its certificates, answers and lists."""
        from signing import parsed, paths

        paths.forget()
        parsed.forget()
        return self.verified(files)

    def verified(self, files: dict[str, bytes]) -> int:
        """Every signature of these files holds; how many there are."""
        from signing.validation import validate

        found = [report for file in files.values() for report in validate(file, [self.authority.root])]
        assert all(report.valid for report in found), {report.reason for report in found}
        return len(found)


def promoters(count: int) -> Any:
    """A joint-stock company with so many promoters; a limited company or partnership has fifty at most."""
    from signing.papers import samples
    from signing.papers.data import Contribution

    each = 500_000_000 // count // 100 * 100
    return replace(
        samples.jsc(), capital=each * count,
        contributions=tuple(
            Contribution(samples.party(samples.person(n, f"样例发起人{n}")), each, each, "货币", samples.DAY, each // 100)
            for n in range(1, count + 1)
        ),
    )  # fmt: skip


def at_once(companies: list[Company], keys: list[str]) -> dict[str, float]:
    """Signers who press the button at the same moment, each at one of these companies in turn."""
    together = Barrier(len(keys))

    def press(number: int) -> tuple[float, float]:
        together.wait()
        return timed(lambda: companies[number % len(companies)].act(keys[number]))[1]

    with ThreadPoolExecutor(len(keys)) as pool:
        return figures(list(pool.map(press, range(len(keys)))))


def run(signers: int) -> dict[str, Any]:
    """All figures."""
    from sqlalchemy import create_engine, text

    from signing import tables
    from signing.authority import Authority
    from signing.papers import samples
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
            desk = Desk(engine, Authority.create(Path(name) / "ca", "bench"))
            found = _figures(desk, signers, samples)
            engine.dispose()
        finally:
            server.stop()
    return found


def _figures(desk: Desk, signers: int, samples: Any) -> dict[str, Any]:
    single = Company(desk, samples.llc(1))
    count = len(single.papers)
    signed = single.act("p1", keep=False)
    gc.collect()
    gc.freeze()  # as `wsgi` does
    found: dict[str, Any] = {
        f"one signer with a PIN: certificate, {count} papers signed and stamped": repeated(
            lambda: single.act("p1", keep=False), 20
        ),
        f"the seal on {count} papers": repeated(lambda: desk.sealed(signed), 20),
        f"one signer and the seal, {count} papers": repeated(
            lambda: desk.sealed(single.act("p1", keep=False)), 20
        ),
    }
    sealed = desk.sealed(signed)
    found[f"archive stamps on {count} papers"] = repeated(lambda: desk.archived(sealed), 5)
    whole = desk.archived(sealed)
    number = desk.verified(whole)
    found[f"verification of {count} papers, {number} signatures and stamps"] = repeated(
        lambda: desk.verified(whole), 20
    )
    found[f"verification of {count} papers, nothing known of them before"] = repeated(
        lambda: desk.verified_first(whole), 20
    )

    three = Company(desk, samples.llc(3))
    for key in three.keys:
        three.act(key)
    stamped = desk.archived(desk.sealed(three.files))
    number = desk.verified(stamped)
    found[f"verification of {len(stamped)} papers of three, {number} signatures and stamps"] = repeated(
        lambda: desk.verified(stamped), 20
    )

    four = Company(desk, samples.llc(50))
    found["four at once, one company"] = at_once([four], four.keys[:4])
    others = [Company(desk, samples.llc(1)) for _ in range(4)]
    found["four at once, four companies"] = at_once(others, ["p1"] * 4)

    many = Company(desk, promoters(signers))
    each = [timed(partial(many.act, key))[1] for key in many.keys]
    tenth = max(1, len(each) // 10)
    found[f"{len(each)} signers of one company: the first {tenth}"] = figures(each[:tenth])
    found[f"{len(each)} signers of one company: the last {tenth}"] = figures(each[-tenth:])
    stamped = desk.archived(desk.sealed(many.files))
    largest = max(stamped.items(), key=lambda pair: len(pair[1]))
    number, took = timed(lambda: desk.verified_first(dict([largest])))
    found[f"verification of one paper, {number} signatures and stamps, {len(largest[1]) // 1024} KB"] = (
        figures([took])
    )
    found["growth in bytes"] = {
        "a signature, median": round(statistics.median(many.growth)),
        "a signature, most": max(single.growth + three.growth + many.growth),
        "an archive stamp, most": max(len(whole[kind]) - len(sealed[kind]) for kind in whole),
    }
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Figures of signing, as JSON.")
    parser.add_argument("--signers", type=int, default=100)
    print(json.dumps(run(parser.parse_args().signers), ensure_ascii=False, indent=2))
