"""The live check through the portal, as the page asks it while one types: `python -m benchmarks.names_http`.

A made-up register, the portal under gunicorn as in the Procfile, one signed-in applicant; then so many requests a second,
each begun at its time whether or not those before have been answered.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx
from sqlalchemy import select

from app import create_app
from benchmarks.names import own_platform, percentiles, proposals, register_file
from workflow.accounts.models import Account
from workflow.accounts.operations import open_session
from workflow.case import Actor, open_case
from workflow.db import now, transaction
from workflow.establishment.drafts import create_draft
from workflow.naming import facts
from workflow.naming.loading import load
from workflow.naming.parts import parse
from workflow.personal import blind_index

PORT = 8741


def prepare() -> tuple[str, str]:
    """An applicant with a case: the case's number and the cookie of a session."""
    app = create_app("portal")
    with transaction() as db:
        number, phone = "420106199001011234", "19900000001"
        owner = db.scalar(select(Account).where(Account.phone_index == blind_index(phone))) or Account(
            name="张小七", id_number=number, id_number_index=blind_index(number), phone=phone,
            phone_index=blind_index(phone), verified_by="card", verified_at=now(),
        )  # fmt: skip
        db.add(owner)
        db.flush()
        case = open_case(db, Actor.applicant(owner.id, owner.name), owner.id, "llc")
        create_draft(db, case, owner)
        token, case_number = open_session(db, "portal", owner.id), case.number
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return (
        case_number,
        f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps({'_user_id': token, '_fresh': True})}",
    )


def seat(area: str) -> str:
    """The division as the page proposes it for a county: its prefecture."""
    return facts.divisions()[facts.prefecture_of(area)].short


def workers_of(master: int) -> list[str]:
    """The process ids of a gunicorn master's workers."""
    return Path(f"/proc/{master}/task/{master}/children").read_text().split()


def mebibytes(process: str) -> int:
    """The resident memory of a process."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[1]) // 1024  # type: ignore[index]


def processor_seconds(master: int) -> float:
    """What the workers of a gunicorn master have used of the processor so far."""
    ticks = 0
    for child in workers_of(master):
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def portal(workers: int) -> Iterator[tuple[str, int]]:
    """The portal under gunicorn: its address, and the process id of the master."""
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "warning", "--bind",
               f"127.0.0.1:{PORT}", "--workers", str(workers), "--threads", "8", "wsgi:portal"]  # fmt: skip
    with subprocess.Popen(command, env=os.environ) as process:
        address = f"http://127.0.0.1:{PORT}"
        try:
            for _ in range(200):
                try:
                    httpx.get(address + "/healthz", timeout=30)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield address, process.pid
        finally:
            process.terminate()


def drive(
    address: str, cookie: str, queries: list[dict[str, str]], rate: float, seconds: float
) -> dict[str, Any]:
    """`rate` requests a second for so many seconds; latency from the moment at which each should begin."""
    took: list[float] = []
    codes: dict[int, int] = {}
    begin, gap, mutex = time.perf_counter() + 0.2, 1 / rate, threading.Lock()
    total, taken = int(rate * seconds), iter(range(int(rate * seconds)))

    def client() -> None:
        with httpx.Client(headers={"Cookie": cookie, "HX-Request": "true"}, timeout=10) as http:
            while True:
                with mutex:
                    turn = next(taken, None)
                if turn is None:
                    return
                due = begin + turn * gap
                time.sleep(max(0.0, due - time.perf_counter()))
                answer = http.get(address, params=queries[turn % len(queries)])
                with mutex:
                    took.append(time.perf_counter() - due)
                    codes[answer.status_code] = codes.get(answer.status_code, 0) + 1

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - begin
    return {"requests": total, "a_second": round(total / spent, 1), "ms": percentiles(took), "status": codes}


@click.command()
@click.option("--size", default=200_000, show_default=True)
@click.option("--rate", default=50.0, show_default=True, help="Requests a second.")
@click.option("--seconds", default=20.0, show_default=True)
@click.option("--workers", default=1, show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Keep the register here, or use the one here."
)
def main(size: int, rate: float, seconds: float, workers: int, seed: int, folder: Path | None) -> None:
    """Latency of the portal's live check."""
    with own_platform(folder) as (url, place):
        number, cookie = prepare()
        load(url, register_file(place, size, seed), processes=2, synthetic=True)
        queries = []
        for name, authority in proposals(400, seed):
            parts = parse(name)
            queries.append({"area": authority, "division": seat(authority), "trade_name": parts.trade_name, "industry": parts.industry,
                            "form": "有限公司", "place": "front"})  # fmt: skip
        with portal(workers) as (address, master):
            page = f"{address}/cases/{number}/name/check"
            for query in queries[:20]:
                httpx.get(page, params=query, headers={"Cookie": cookie}, timeout=60).raise_for_status()
            drive(page, cookie, queries, rate, 4)
            before = processor_seconds(master)
            result = drive(page, cookie, queries, rate, seconds)
            used = processor_seconds(master) - before
            result["worker_mib"] = [mebibytes(worker) for worker in workers_of(master)]
            result["processor_ms_a_request"] = round(used / result["requests"] * 1000, 2)
    click.echo(
        json.dumps({"size": size, "rate": rate, "workers": workers} | result, ensure_ascii=False, indent=1)
    )


if __name__ == "__main__":
    main()
