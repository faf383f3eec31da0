"""Replacing keys while the authority works: nobody fails, nothing old is lost, a change broken off changes nothing."""

import os
import threading
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography import x509
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from signing import pdf, revocation, rotation
from signing.authority import Authority, serial_of
from signing.errors import AuthorityUnavailable
from signing.papers import licence
from signing.profiles import PROFILES
from signing.proofs import gather
from signing.shelf import Shelf
from signing.tables import Certificate
from signing.validation import validate
from tests.signing.conftest import PASSPHRASE, Desk
from tests.signing.papers.test_licence_and_notices import FACTS
from workflow.db import driver_url

DAY = timedelta(days=1)


@pytest.fixture
def own(tmp_path, db) -> Authority:
    """An authority of this test's own, root at hand."""
    authority = Authority.create(tmp_path / "ca", PASSPHRASE, base_url="http://127.0.0.1:9")
    authority.register(db)
    return authority


@pytest.fixture
def sessions(db):
    """Transactions inside the test's own."""

    @contextmanager
    def begin():
        with db.begin_nested():
            yield db

    return begin


def test_signed_before_and_after_each_rotation(own, db, papers, sessions):
    """ES-01, ES-03: papers of before and after, of every key, twice; the old issuer's delegate answers for its own."""
    desk = Desk(db, own, papers)
    signed = [desk.signed("appointment"), desk.licence()]
    old = own.issuer().label
    for _ in range(2):
        for rotate in (own.rotate_issuing, own.rotate_tsa, own.rotate_ocsp):
            rotate(sessions=sessions)
            signed.append(desk.licence())
        own.rotate_ocsp(old, sessions)
        own.rotate_seal("420106", sessions=sessions)
        signed += [desk.licence(), desk.signed("appointment")]
    for paper in signed:
        assert {r.reason for r in validate(paper, [own.root])} == {""}
    assert [len(own.manifest[kind]) for kind in ("issuing", "tsa")] == [3, 3]
    assert len(own.manifest["ocsp"][old]) == 3
    first = own.certificate("seal-420106-1")
    answer = x509.ocsp.load_der_ocsp_response(revocation.answer_for(db, own, first, old))
    assert answer.certificate_status is x509.ocsp.OCSPCertStatus.GOOD
    assert answer.certificates[0] == own.certificate(own.manifest["ocsp"][old][-1])
    revocation.revoke(db, serial_of(first), "superseded")
    listed = x509.load_der_x509_crl(revocation.current_list(db, own, old))
    assert listed.get_revoked_certificate_by_serial_number(first.serial_number) is not None
    assert revocation.renew_lists(db, own) == 3
    assert b"".join(row.der for row in db.scalars(select(Certificate).where(Certificate.label == "tsa-3")))


def test_nobody_who_signs_meanwhile_fails(tmp_path, fresh_database):
    """Signers with their own view of the folder go on through two rotations of every key and take up the new ones."""
    engine = create_engine(driver_url(fresh_database))
    own = Authority.create(tmp_path / "ca", PASSPHRASE, base_url="http://127.0.0.1:9")

    @contextmanager
    def sessions():
        with Session(engine, expire_on_commit=False) as db, db.begin():
            yield db

    with sessions() as db:
        own.register(db)
        own.seal_for(db, "420106", FACTS.authority)
    paper, done, failed, signed = licence(FACTS), threading.Event(), [], []

    def work():
        other = Authority.open(tmp_path / "ca", PASSPHRASE)
        last = False
        try:
            while not last:
                last = done.is_set()
                with sessions() as db:
                    seal = other.seal_for(db, "420106", FACTS.authority)
                    signed.append((seal.serial, pdf.seal(db, other, paper, seal)))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        for rotate in (own.rotate_issuing, own.rotate_tsa, own.rotate_ocsp):
            rotate(sessions=sessions)
        own.rotate_seal("420106", sessions=sessions)
    done.set()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert failed == []
    assert own.certificate("seal-420106-3").serial_number in {int(serial, 16) for serial, _ in signed}
    for _, file in signed:
        assert [r.reason for r in validate(file, [own.root])] == [""]


STAGES = {  # the process dies at the nth call of this
    "key made, certificate not kept": (Shelf, "keep", 0),
    "issuing certificate kept, its delegate's not": (Shelf, "keep", 1),
    "not recorded": (Authority, "_record", 0),
    "recorded, not in use": (Shelf, "save", 0),
}


@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_the_middle_it_works_as_before(own, db, papers, sessions, stage):
    """The process dies at each step of a rotation: the old keys are in use, and the next rotation goes through."""
    room, name, after = STAGES[stage]
    before = own.manifest
    child = os.fork()
    if child == 0:
        try:
            original, calls = getattr(room, name), []

            def die(*args):
                if len(calls) == after:
                    os._exit(9)
                calls.append(1)
                return original(*args)

            setattr(room, name, die)
            Authority._record = Authority._record if name == "_record" else lambda *args: None
            own.rotate_issuing(nullcontext)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    anew = Authority.open(own.shelf.folder, PASSPHRASE)
    assert anew.manifest == before
    desk = Desk(db, anew, papers)
    paper = desk.licence()
    label = anew.rotate_issuing(sessions)
    assert label != before["issuing"][-1] and anew.issuer().label == label
    for file in (paper, desk.licence()):
        assert [r.reason for r in validate(file, [own.root])] == [""]


def test_a_new_certificate_is_recorded_before_it_is_in_use(own, db, sessions, monkeypatch):
    """ES-08, ES-10: when the manifest names it, its row is there."""
    seen = []
    original = Shelf.save

    def save(self, manifest):
        label = manifest["tsa"][-1]
        seen.append(db.scalar(select(Certificate.serial).where(Certificate.label == label)))
        original(self, manifest)

    monkeypatch.setattr(Shelf, "save", save)
    own.rotate_tsa(sessions)
    assert seen == [own.tsa().serial]


def test_what_runs_out_is_replaced_in_time(own, db, papers, sessions):
    """By schedule the OCSP delegate, seal, time stamping and issuing certificates change before their end; nothing twice."""
    desk = Desk(db, own, papers)
    desk.licence()
    start = datetime.now(UTC)
    assert rotation.renew(own, sessions) == ([], [])
    made = {}
    for days in range(300, 366 * 6, 30):
        with time_machine.travel(start + timedelta(days=days)):
            for label in rotation.renew(own, sessions)[0]:
                made.setdefault(label.rsplit("-", 1)[0] if label != "root_list" else label, []).append(days)
            assert rotation.renew(own, sessions) == ([], [])
            gather(db, own, [own.tsa(), own.seal_for(db, "420106", "x")])
            for issuer in own.manifest["issuing"]:
                assert (
                    own.ocsp_delegate(issuer).certificate.not_valid_after_utc > datetime.now(UTC) + 30 * DAY
                )
            assert x509.load_der_x509_crl(own.root_list()).next_update_utc > datetime.now(UTC) + 60 * DAY
    assert len(made["tsa"]) == 1 and made["tsa"][0] in range(1460, 1490 + 1)
    assert len(made["issuing"]) == 1 and made["issuing"][0] in range(1825, 1860)
    assert len(made["seal-420106"]) == 2 and len(made["ocsp"]) >= 7 and len(made["root_list"]) >= 7


def test_without_the_root_its_part_waits(own, sessions):
    """The root rests offline: the rest is renewed, its part is named, and done when the key is back."""
    folder = own.shelf.folder
    with time_machine.travel(datetime.now(UTC) + timedelta(days=5 * 365 + 10)):
        (folder / "root").rename(folder / "away")
        made, waiting = rotation.renew(own, sessions)
        assert {label.rsplit("-", 1)[0] for label in made} == {"ocsp", "tsa"}
        assert {item.profile for item in waiting} == {"issuing", "root_list"}
        with pytest.raises(AuthorityUnavailable, match="root-1 is not here"):
            own.rotate_issuing(sessions)
        (folder / "away").rename(folder / "root")
        made, waiting = rotation.renew(own, sessions)
        assert set(made) == {"issuing-2", "root_list"} and waiting == []


def test_the_roots_list_forgets_nothing(own, db, sessions):
    """A revoked issuing certificate stays on the root's list when that is renewed; OpenSSL would refuse what it issued."""
    old = own.issuer().certificate
    own.rotate_issuing(sessions)
    own.renew_root_list({serial_of(old): (datetime.now(UTC), x509.ReasonFlags.ca_compromise)})
    listed = x509.load_der_x509_crl(own.renew_root_list())
    row = listed.get_revoked_certificate_by_serial_number(old.serial_number)
    assert (
        row.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.ca_compromise
    )


def test_every_kind_in_use_is_replaced_some_time():
    """Every profile but the one-time one says when it is replaced."""
    assert {name for name, p in PROFILES.items() if not (p.renew_before or p.in_use)} == {"event"}


def test_every_issuer_lives_for_fifteen_years_after_what_it_signed():
    """Made on the last day of its root's work and used to the last of its own, an issuing certificate has 15 years left."""
    root, issuing = PROFILES["root"], PROFILES["issuing"]
    last_made, last_used = root.in_use, root.in_use + issuing.in_use
    end = min(last_made + issuing.lifetime, root.lifetime)
    assert end - last_used >= timedelta(days=15 * 365)
