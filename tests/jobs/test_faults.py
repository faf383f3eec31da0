"""Outside parties that misbehave by default: slow, wrong, refusing, answering twice. The work still comes to its end.

Every third answer of the time stamping authority, its status service, the identity and the SMS service is bad, each
time in another way and in the same way in every run.
"""

from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import delete, func, select

from signing.tables import Evidence, TimeAuthority
from tests.app.browser import browser
from tests.jobs.cases import WORKER, fields_of, keys, reports_of, state
from tests.processes import free_port, until
from tests.signatures.conftest import Signing
from tests.signatures.people import act_of, keep_by_pin, token_of
from workflow.accounts.models import Account
from workflow.archive import waiting
from workflow.archive.models import ArchiveStamp
from workflow.case import timeline, verify_chains
from workflow.db import session_factory
from workflow.errors import Conflict, OutsideFailure
from workflow.establishment import drafts, papers, submission
from workflow.gateways import HttpIdentityGateway, HttpSmsGateway
from workflow.handoff.operations import close_without_bank
from workflow.messages import operations as messages
from workflow.messages.models import Message
from workflow.review import operations as review
from workflow.settings import settings
from workflow.signatures import checks
from workflow.signatures import signing as act

T = TypeVar("T")


@pytest.fixture
def moody(outside):
    """The outside world on an ordinary bad day."""
    outside.switch(tsa__bad_every=3, ocsp__bad_every=3, identity__bad_every=3, sms__bad_every=3)
    return outside


@pytest.fixture
def signing(outside, house) -> Signing:
    """A case out for signature; its identity service is the outside world's, which knows the first person there is."""
    case = house.reserved()
    known = outside.store.row("SELECT * FROM people ORDER BY number LIMIT 1")

    def as_known(application):
        application.people[0].name, application.people[0].id_number = known["name"], known["id_number"]

    drafts.save(house.db, case.id, house.owner(case), None, as_known)
    papers.generate(house.db, case.id, house.owner(case))
    house.db.commit()
    found = Signing(house, case, HttpIdentityGateway())
    found.code = known["notary_code"]
    return found


def pressed_again(db, deed: Callable[[], T], tries: int = 6) -> T:
    """What a person does when the page says that a service is silent: nothing was kept, so press again."""
    for _ in range(tries):
        try:
            done = deed()
            db.commit()
            return done
        except OutsideFailure:
            db.rollback()
    raise AssertionError("it never worked")


def admitted(signing) -> tuple[str, str]:
    db, row = signing.db, signing.invitation
    token = token_of(db, row)
    secret = pressed_again(db, lambda: checks.identify(db, token, row.name, row.id_number, signing.identity))
    pressed_again(db, lambda: checks.check_code(db, token, secret, signing.code, signing.identity))
    return token, secret


def kinds(db, *wanted: str) -> list[int]:
    return [db.scalar(select(func.count()).where(Evidence.kind == kind)) for kind in wanted]


def test_from_the_signature_to_the_archive_on_a_bad_day(signing, moody, processes):
    """Nothing is lost, done twice or half done; and who waits sees what for."""
    db, case, house = signing.db, signing.case, signing.house
    token, secret = admitted(signing)
    keep_by_pin(db, token, secret)
    pressed_again(db, lambda: act.sign(db, token, secret, act_of(db, signing.invitation)))
    assert kinds(db, "identity", "admission", "signature") == [1, 1, 1]
    submission.submit(db, case.id, house.owner(case), honest=True)
    review.claim(db, house.staff(), case.id)
    submission.approve(db, house.staff(), case.id)
    db.commit()

    moody.switch(tsa__fail_rate=1)  # for a while there is no time at all
    processes.start("worker", WORKER)
    until(
        lambda: (
            db.rollback()
            or {w.work for w in waiting.of(db, case.id)} == {"issue_notices", "seal_papers", "issue_licence"}
        )
    )
    assert state(db, case) == "approved" and not any(done for _, done in keys(db, case))
    page = browser(house, person=db.get_one(Account, case.owner_id))
    page.get(f"/cases/{case.number}")
    assert "正在等待签章服务" in page.text()
    moody.switch(tsa__fail_rate=0)
    db.execute(delete(TimeAuthority))  # it has rested
    db.commit()
    until(
        lambda: state(db, case) == "licensed" and all(done for _, done in keys(db, case)),
        what=processes.tails(),
    )
    close_without_bank(db, case.id, house.owner(case))
    db.commit()
    count = len(keys(db, case)) + 3
    until(lambda: db.rollback() or db.scalar(select(func.count()).select_from(ArchiveStamp)) == count)
    until(lambda: db.rollback() or not waiting.of(db, case.id), what="nothing waits any more")
    assert {tuple(fields_of(key)[:-1]) for key, _ in keys(db, case)} == {("certified", "sig_p1", "accepted")}
    assert len(reports_of(keys(db, case)[0][0])) == 4
    sms = select(Message).where(Message.channel == "sms").execution_options(populate_existing=True)
    until(lambda: db.rollback() or {m.state for m in db.scalars(sms)} == {"sent"}, what="every SMS")
    told = moody.store.rows("SELECT message_id, phone FROM sms ORDER BY id")
    assert len(told) == len({row["message_id"] for row in told}) == len(db.scalars(sms).all())
    written = {str(m.id): m.created_at for m in db.scalars(sms)}
    for phone in {row["phone"] for row in told}:  # nothing overtook what was written to the same phone before
        moments = [written[row["message_id"]] for row in told if row["phone"] == phone]
        assert moments == sorted(moments)
    events = [e.event for e in timeline(db, case.id)]
    assert (events.count("issue_receipt"), events.count("issue_licence")) == (1, 1)
    assert list(verify_chains(db)) == []
    assert {"fail", "nonce", "lose", "garbage", "signer"} <= set(moody.calls("tsa"))
    assert {"fail", "lose"} <= set(moody.calls("sms"))


FAULTS = {
    "refusing": {"fail_next": 1}, "denying": {"deny_next": 1}, "wrong": {"garbage_next": 1},
    "answering another request": {"replay_next": 1}, "losing": {"lose_next": 1}, "absent": {}, "slow": {"slow": 1.0},
}  # fmt: skip


def test_identity_and_sms_that_misbehave(outside, signing, monkeypatch):
    """No check is passed on a bad answer, none counts against the person, and the next try goes through, once."""
    db, token, row = signing.db, signing.token(), signing.invitation
    message = db.scalars(select(Message).where(Message.case_id == signing.case.id)).first()
    mine = ("sms WHERE message_id = ?", (str(message.id),))
    for fault, switches in FAULTS.items():
        HttpIdentityGateway().check_id(fault, row.name, row.id_number)  # what could be answered once more
        HttpSmsGateway().send(fault, "19900000001", "x")
        with monkeypatch.context() as patch:
            patch.setenv("QIBU_OUTSIDE_TIMEOUT_SECONDS", "0.3")
            if fault == "absent":
                patch.setenv("QIBU_IDENTITY_SERVICE_URL", f"http://127.0.0.1:{free_port()}/identity")
                patch.setenv("QIBU_SMS_SERVICE_URL", f"http://127.0.0.1:{free_port()}/sms")
            settings.cache_clear()
            outside.switch(
                **{f"{who}.{name}": v for who in ("identity", "sms") for name, v in switches.items()}
            )
            with pytest.raises(OutsideFailure):
                checks.identify(db, token, row.name, row.id_number, signing.identity)
            db.rollback()
            assert (signing.invitation.state, signing.invitation.tries) == ("invited", 0), fault
            with pytest.raises(OutsideFailure):
                messages.deliver(db, message.id, HttpSmsGateway(), None)
            db.rollback()
            assert db.get_one(Message, message.id).state == "waiting", fault
        outside.behave()
        settings.cache_clear()
    assert kinds(db, "identity") == [0]
    for _ in range(2):  # twice is once
        messages.deliver(db, message.id, HttpSmsGateway(), None)
    assert outside.store.count(*mine) == 1 and message.state == "sent"
    checks.identify(db, token, row.name, row.id_number, signing.identity)
    assert kinds(db, "identity") == [1]


def test_an_identity_result_that_comes_twice_counts_once(signing):
    """Two clicks at one moment: both are answered, the second finds that the first has gone on."""
    db, row, token = signing.db, signing.invitation, signing.token()

    class Both(HttpIdentityGateway):
        def check_id(self, *asked):
            verdict = super().check_id(*asked)
            with session_factory()() as other:
                checks.identify(other, token, row.name, row.id_number, HttpIdentityGateway())
                other.commit()
            return verdict

    with pytest.raises(Conflict):
        checks.identify(db, token, row.name, row.id_number, Both())
    db.rollback()
    assert signing.invitation.state == "identified" and kinds(db, "identity") == [1]
