"""Killed in the midst of signing, sealing, licensing and archiving: no half paper, and each seal and stamp once.

The outside time stamping authority answers slowly, so that the moment of dying can be chosen.
"""

import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from lxml import html
from sqlalchemy import func, select

from signing.tables import Certificate, Evidence
from tests.jobs.cases import WORKER, fields_of, keys, reports_of, state
from tests.jobs.conftest import until
from tests.processes import ROOT, free_port
from tests.signatures.conftest import signing
from workflow.archive.models import ArchivedFile, ArchiveStamp
from workflow.case import timeline, verify_chains
from workflow.establishment import submission
from workflow.handoff.operations import close_without_bank
from workflow.licensing.models import Licence, RegisterEntry
from workflow.messages.models import Message
from workflow.review import operations as review
from workflow.signatures import signing as act

__all__ = ["signing"]
SLOW = 0.25  # seconds an answer


class Phone:
    """A signer's browser at the portal over HTTP; the portal is a process that can die."""

    def __init__(self, processes, token: str, secret: str):
        self.processes, self.port = processes, free_port()
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/sign/{token}", cookies={"qibu_signer": secret}, trust_env=False,
            timeout=60,
        )  # fmt: skip

    def start_portal(self) -> None:
        line = (ROOT / "Procfile").read_text().splitlines()[0].removeprefix("portal: ")
        self.processes.start("portal", f"{Path(sys.executable).parent}/{line}", os.environ | {"QIBU_PORTAL_PORT": str(self.port)})  # fmt: skip
        until(lambda: self.client.get(f"http://127.0.0.1:{self.port}/healthz").is_success, what="the portal")

    def read(self) -> dict[str, str]:
        """The form of the page with the papers, as it stands there."""
        form = html.fromstring(self.client.get("/papers").raise_for_status().text).xpath("//main//form")[0]
        return {field.get("name"): field.get("value", "") for field in form.xpath(".//input[@name]")}

    def sign(self, form: dict[str, str], pin: str) -> httpx.Response:
        return self.client.post("/papers", data=form | {"consent": "y", "pin": pin})


def dies_after(processes, outside, name, stamps: int) -> None:
    """SIGKILL once the authority has answered so many times, in the midst of the next."""
    seen = len(outside.calls("tsa"))
    until(lambda: len(outside.calls("tsa")) >= seen + stamps, what=f"{stamps} stamps\n{processes.tails()}")
    processes.kill(name)


def test_killed_while_a_person_signs(outside, signing, processes):
    """ES-01: either every paper of the person is signed, with certificate and evidence, or nothing happened; the same
    browser goes on when the portal is back, and what was sent once more is signed once."""
    db, case = signing.db, signing.case
    token, secret, read = signing.ready()
    db.commit()
    before = keys(db, case)
    issued = select(func.count()).where(Certificate.profile == "event")
    phone = Phone(processes, token, secret)
    phone.start_portal()
    form = phone.read()
    outside.switch(tsa__slow=SLOW)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(phone.sign, form, read.pin)
        dies_after(processes, outside, "portal", 3)
        assert isinstance(answer.exception(), httpx.TransportError)
    assert keys(db, case) == before and signing.invitation.state == "admitted"
    assert db.scalar(issued) == 0
    assert db.scalar(select(func.count()).where(Evidence.kind == "signature")) == 0
    outside.switch(tsa__slow=0)
    phone.start_portal()
    form = phone.read()  # nothing to begin anew: the PIN's key rests here still
    for _ in range(2):  # the second as when the answer was lost
        assert phone.sign(form, read.pin).headers["Location"].endswith("/done")
    assert phone.client.get("/done").is_success
    db.rollback()
    db.expire_all()
    papers = act.papers_of(db, signing.invitation)
    assert {tuple(fields_of(paper.key)) for paper in papers} == {("certified", "sig_p1")}
    assert len(reports_of(papers[0].key)) == 2
    assert [e.event for e in timeline(db, case.id)].count("sign") == 1 == db.scalar(issued)


def test_killed_while_papers_are_sealed_licensed_and_archived(outside, signing, processes):
    """ES-15: one acceptance seal, one licence, one archive stamp each, whatever the worker died in."""
    db, case, house = signing.db, signing.case, signing.house
    act.sign(db, *signing.ready())
    submission.submit(db, case.id, house.owner(case), honest=True)
    review.claim(db, house.staff(), case.id)
    submission.approve(db, house.staff(), case.id)
    db.commit()
    before = keys(db, case)

    outside.switch(tsa__slow=SLOW)
    processes.start("worker", WORKER)
    dies_after(processes, outside, "worker", 3)  # seals and licence are made side by side
    if state(db, case) == "approved":
        assert db.scalars(select(Licence.key).where(Licence.case_id == case.id)).all() in ([], [""])
    assert keys(db, case) in (before, [(key, True) for key, _ in keys(db, case)])
    outside.switch(tsa__slow=0)
    processes.start("worker", WORKER)
    until(
        lambda: state(db, case) == "licensed" and all(done for _, done in keys(db, case)),
        what="seals and licence",
    )
    assert {tuple(fields_of(key)) for key, _ in keys(db, case)} == {("certified", "sig_p1", "accepted")}
    [licence] = db.scalars(select(Licence).where(Licence.case_id == case.id))
    assert fields_of(licence.key) == ["seal"] and licence.state == "active"
    [entry] = db.scalars(select(RegisterEntry).where(RegisterEntry.case_id == case.id))
    assert entry.uscc == licence.uscc
    assert [e.event for e in timeline(db, case.id)].count("issue_licence") == 1

    outside.switch(tsa__slow=SLOW)
    close_without_bank(db, case.id, house.owner(case))
    db.commit()
    stamps = select(func.count()).select_from(ArchiveStamp)

    def stamped() -> int:
        db.rollback()
        return db.scalar(stamps)

    until(lambda: stamped() >= 2, what="the first archive stamps")
    processes.kill("worker")
    assert stamped() < len(before) + 3
    outside.switch(tsa__slow=0)
    processes.start("worker", WORKER)
    until(lambda: stamped() == len(before) + 3, what="all archive stamps")
    db.expire_all()
    files = db.scalars(select(ArchivedFile.id).where(ArchivedFile.case_id == case.id)).all()
    assert Counter(db.scalars(select(ArchiveStamp.file_id))) == Counter(files)
    parts = (licence.key, licence.duplicate_key, licence.notice_key)
    assert {len(fields_of(key)) for key in parts} == {2}
    assert {len(fields_of(key)) for key, _ in keys(db, case)} == {4}
    for key in (licence.key, keys(db, case)[0][0]):
        assert Counter(r.kind for r in reports_of(key))["archive_stamp"] == 1
    assert list(verify_chains(db)) == []

    def each_sms_once() -> bool:
        db.rollback()
        return set(db.scalars(select(Message.state).where(Message.channel == "sms"))) == {"sent"}

    until(each_sms_once, what="every SMS")
    assert outside.store.count("sms") == db.scalar(select(func.count()).where(Message.channel == "sms"))
