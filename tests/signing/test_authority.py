"""The authority: two tiers, certificates linted and stored before they leave, keys encrypted, CRL, OCSP, TSA."""

import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import time_machine
from asn1crypto import core, tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select, text

from signing import issuing, profiles, revocation, sources, timestamp
from signing.authority import Authority, serial_of
from signing.errors import (
    AuthorityUnavailable,
    CertificateUnusable,
    LintFailure,
    SigningError,
    TimeStampFailure,
)
from signing.issuing import distinguished_name, evidence_link
from signing.keys import one_time_key
from signing.proofs import gather
from signing.tables import Certificate, TimeStamp
from tests.signing.conftest import PASSPHRASE, run


def pem(folder, name, certificate):
    file = folder / f"{name}.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return file


def event(authority, db, **changes):
    asked = {
        "real_name": "张样例", "id_hash": "ab" * 16, "evidence_reference": "QB1/1", "public_key": one_time_key().public_key(),
    }  # fmt: skip
    return authority.issue_event_certificate(db, **{**asked, **changes})


def test_two_tiers_verify_with_openssl(authority, db, tmp_path):
    """ES-08: OpenSSL follows every certificate to the root and sees the names and the validity."""
    root = pem(tmp_path, "root", authority.root)
    issuing_ca = pem(tmp_path, "issuing", authority.issuer().certificate)
    assert "OK" in run("openssl", "verify", "-x509_strict", "-CAfile", root, issuing_ca)
    for leaf in (
        event(authority, db),
        authority.tsa().certificate,
        authority.seal_for(db, "420199", "样例局").certificate,
    ):
        file = pem(tmp_path, "leaf", leaf)
        assert "OK" in run(
            "openssl", "verify", "-x509_strict", "-CAfile", root, "-untrusted", issuing_ca, file
        )


def test_event_certificate_states_what_the_law_asks(authority, db):
    """ES-08, ES-20: provider, holder, serial, validity, key, signature; at most 24 hours; a link to the evidence (ES-21)."""
    key = one_time_key()
    digest = sha256(b"papers").digest()
    made = event(authority, db, public_key=key.public_key(), proof={"papers": digest})
    assert made.not_valid_after_utc - made.not_valid_before_utc <= timedelta(hours=24)
    assert "七步" in made.issuer.rfc4514_string()
    assert "张样例" in made.subject.rfc4514_string()
    assert made.public_key() == key.public_key()
    held = {
        "version": 2,
        "reference": "QB1/1",
        "papers": digest,
        "proof": None,
        "control": None,
        "credential": None,
    }
    assert evidence_link(made) == held
    assert evidence_link(event(authority, db))["papers"] is None


def test_stored_before_it_leaves(authority, db):
    """ES-10: the row is there when the function returns; a second row for the same serial is impossible."""
    made = event(authority, db)
    row = db.get_one(Certificate, serial_of(made))
    assert row.der == made.public_bytes(Encoding.DER)
    assert row.evidence == "QB1/1" and row.profile == "event"


@pytest.mark.parametrize(
    "asked",
    [
        {"real_name": ""},
        {"real_name": "张\n样例"},
        {"lifetime": timedelta(hours=24, seconds=1)},
        {"id_hash": ""},
    ],
)
def test_lint_refuses_before_the_key_is_used(authority, db, asked, monkeypatch):
    """ES-09: a bad certificate is never made: the issuing key is not touched and nothing is stored."""
    before = db.scalar(select(Certificate.serial).where(Certificate.profile == "event"))
    monkeypatch.setattr(issuing, "SHA256", issuing.SHA256)
    with pytest.raises(LintFailure) as caught:
        event(authority, db, **asked)
    assert caught.value.findings
    assert db.scalar(select(Certificate.serial).where(Certificate.profile == "event")) == before


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"usages": frozenset({"digital_signature"})}, "key usage"),
        ({"authority": True}, "basic constraints"),
        ({"extended": ()}, "2.5.29.37 is missing"),
        ({"revocation_pointers": False}, "2.5.29.31 is missing"),
        ({"no_check": True}, "not in the profile"),
    ],
)
def test_lint_finds_what_departs_from_the_profile(authority, monkeypatch, change, finding):
    """The linter holds a certificate against its profile and names what differs."""
    right = profiles.PROFILES["seal"]
    wrong = replace(right, **change)
    key = one_time_key().public_key()
    issuer = authority.issuer()
    subject = distinguished_name(C="CN", O="样例", CN="样例", SERIALNUMBER="1")
    draft = issuing._draft(wrong, subject, key, issuer, "http://x", None)
    now = datetime.now(UTC).replace(microsecond=0)
    signed = draft.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(
        ec.generate_private_key(ec.SECP256R1()), issuing.SHA256
    )  # fmt: skip
    with pytest.raises(LintFailure, match=finding):
        issuing.lint.check(right, signed, issuer.certificate)


def test_keys_are_encrypted_and_private(tmp_path):
    """ES-03: no key lies on the disk in the clear; nobody else reads the files; a wrong passphrase opens nothing."""
    Authority.create(tmp_path / "ca", PASSPHRASE)
    keys = [*tmp_path.rglob("*.pem")]
    assert len(keys) >= 4
    for file in keys:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"ENCRYPTED PRIVATE KEY" in file.read_bytes()
        assert run("openssl", "pkey", "-in", file, "-passin", f"pass:{PASSPHRASE}", "-noout", check=False)
    for file in (f for f in tmp_path.rglob("*") if f.is_file() and f.suffix != ".pem"):
        assert b"PRIVATE KEY" not in file.read_bytes()
    with pytest.raises(AuthorityUnavailable, match="passphrase"):
        Authority.open(tmp_path / "ca", "another passphrase")


FOUND = """
import sys, time
from pathlib import Path
from signing.authority import Authority
while time.time() < float(sys.argv[2]):
    pass
authority = Authority.create(Path(sys.argv[1]), "a passphrase of the tests")
print(authority.root.serial_number, authority.issuer().certificate.serial_number)
"""


def test_two_processes_found_one_authority(tmp_path):
    """Two processes that start at once stand on the same root."""
    moment = str(time.time() + 6)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FOUND, str(tmp_path / "ca"), moment], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=90)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(answers[0].split()) == 2 and answers[0] == answers[1]


def test_rotation_keeps_what_was_issued(tmp_path, db):
    """Old certificates stay valid and answerable after the issuing, TSA and seal keys were changed."""
    authority = Authority.create(tmp_path / "ca", PASSPHRASE)
    authority.register(db)
    old = event(authority, db)
    old_issuer = authority.issuer().label
    seal = authority.seal_for(db, "420106", "样例局")
    stamps = authority.tsa()
    authority.rotate_issuing()
    authority.rotate_tsa()
    authority.rotate_seal("420106", "样例局")
    authority.register(db)
    assert authority.issuer().label != old_issuer
    assert authority.tsa().serial != stamps.serial
    assert authority.seal_for(db, "420106", "样例局").serial != seal.serial
    answer = x509.ocsp.load_der_ocsp_response(revocation.answer_for(db, authority, old, old_issuer))
    assert answer.certificate_status is x509.ocsp.OCSPCertStatus.GOOD
    root, issuing_ca = (
        pem(tmp_path, "root", authority.root),
        pem(tmp_path, "i", authority.certificate(old_issuer)),
    )
    assert "OK" in run(
        "openssl", "verify", "-CAfile", root, "-untrusted", issuing_ca, pem(tmp_path, "old", old)
    )


def test_revocation_list_for_openssl(authority, db, tmp_path):
    """ES-03: a revoked certificate is in the next list; OpenSSL refuses it and takes its neighbour."""
    bad, good = event(authority, db), event(authority, db)
    first = x509.load_der_x509_crl(revocation.current_list(db, authority))
    revocation.revoke(db, serial_of(bad), "keyCompromise")
    listed = x509.load_der_x509_crl(revocation.current_list(db, authority))
    number = lambda crl: crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number  # noqa: E731
    assert number(listed) == number(first) + 1
    assert listed.get_revoked_certificate_by_serial_number(bad.serial_number) is not None
    crls = tmp_path / "crls.pem"
    crls.write_bytes(
        listed.public_bytes(Encoding.PEM)
        + x509.load_der_x509_crl(authority.root_list()).public_bytes(Encoding.PEM)
    )
    common = ("openssl", "verify", "-crl_check_all", "-CRLfile", crls, "-CAfile", pem(tmp_path, "root", authority.root),
              "-untrusted", pem(tmp_path, "issuing", authority.issuer().certificate))  # fmt: skip
    assert "OK" in run(*common, pem(tmp_path, "good", good))
    assert "certificate revoked" in run(*common, pem(tmp_path, "bad", bad), check=False)
    with pytest.raises(SigningError):
        revocation.revoke(db, serial_of(bad), "superseded")


@pytest.mark.parametrize("state", ["good", "revoked", "unknown"])
def test_ocsp_answers_satisfy_openssl(authority, db, tmp_path, state):
    """RFC 6960: OpenSSL builds the request with a nonce and accepts our answer, signed by the delegate."""
    leaf = event(authority, db)
    if state == "revoked":
        revocation.revoke(db, serial_of(leaf), "keyCompromise")
    if state == "unknown":
        db.execute(
            text("ALTER TABLE signing.certificates DISABLE TRIGGER certificates_kept")
        )  # ES-10 forbids it
        db.delete(db.get_one(Certificate, serial_of(leaf)))
        db.flush()
    root, issuer = (
        pem(tmp_path, "root", authority.root),
        pem(tmp_path, "issuing", authority.issuer().certificate),
    )
    file, request, answer = pem(tmp_path, "leaf", leaf), tmp_path / "request.der", tmp_path / "answer.der"
    run("openssl", "ocsp", "-issuer", issuer, "-cert", file, "-reqout", request)
    answer.write_bytes(revocation.answer(db, authority, request.read_bytes()))
    said = run("openssl", "ocsp", "-issuer", issuer, "-cert", file, "-reqin", request, "-no_nonce", "-respin", answer, "-CAfile", root,
               "-verify_other", issuer)  # fmt: skip
    assert "Response verify OK" in said
    assert f"leaf.pem: {state}" in said
    nonce = x509.ocsp.load_der_ocsp_request(request.read_bytes()).extensions[0].value.nonce
    assert x509.ocsp.load_der_ocsp_response(answer.read_bytes()).extensions[0].value.nonce == nonce


def test_ocsp_refuses_nonsense(authority, db):
    """A broken request gets a plain refusal, not an answer."""
    answer = x509.ocsp.load_der_ocsp_response(revocation.answer(db, authority, b"nonsense"))
    assert answer.response_status is x509.ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_time_stamp_satisfies_openssl(authority, db, tmp_path, root_pem, algorithm):
    """RFC 3161: OpenSSL's request with nonce, our token with policy and accuracy, verified against our root."""
    data, query, reply = tmp_path / "data", tmp_path / "query.tsq", tmp_path / "reply.tsr"
    data.write_bytes(os.urandom(1000))
    run("openssl", "ts", "-query", "-data", data, f"-{algorithm}", "-cert", "-out", query)
    reply.write_bytes(timestamp.respond(db, authority, query.read_bytes()))
    assert "Verification: OK" in run(
        "openssl", "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", root_pem
    )
    shown = run("openssl", "ts", "-reply", "-in", reply, "-text")
    assert profiles.TIME_STAMP_POLICY in shown and "Accuracy: 0x01 seconds" in shown
    data.write_bytes(b"other bytes")
    assert "Verification: OK" not in run(
        "openssl", "ts", "-verify", "-data", data, "-in", reply, "-CAfile", root_pem, check=False
    )
    assert len(db.scalars(select(TimeStamp)).all()) >= 1


@pytest.mark.parametrize(
    ("arguments", "failure"),
    [(("-sha1",), "bad_alg"), (("-sha256", "-tspolicy", "1.2.3"), "unaccepted_policy")],
)
def test_time_stamps_that_are_refused(authority, db, tmp_path, arguments, failure):
    """Fail closed: weak digests, other policies and nonsense get a reason and no token."""
    data, query = tmp_path / "data", tmp_path / "query.tsq"
    data.write_bytes(b"x")
    run("openssl", "ts", "-query", "-data", data, *arguments, "-out", query)
    reply = tmp_path / "reply.tsr"
    for asked, named in ((query.read_bytes(), failure), (b"nonsense", "bad_data_format")):
        reply.write_bytes(timestamp.respond(db, authority, asked))
        shown = run("openssl", "ts", "-reply", "-in", reply, "-text")
        assert "Status: Rejected." in shown and "TST info:\nNot included." in shown
        status = tsp.PKIStatusInfo.load(core.Sequence.load(reply.read_bytes()).contents)
        assert status["fail_info"].native == {named}


def test_no_time_stamp_from_a_clock_that_is_wrong(authority, db):
    """A clock far from the database's, or behind a token issued already, is not vouched for."""
    digest = sha256(b"x").digest()
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)),
        pytest.raises(TimeStampFailure, match="clock"),
    ):
        sources.stamp(db, authority, digest)
    sources.stamp(db, authority, digest)
    ahead = datetime.now(UTC) + timedelta(seconds=30)
    db.add(
        TimeStamp(serial=1, issued_at=ahead, imprint=digest, algorithm="sha256", policy="1.2", authority="1")
    )
    db.flush()
    with pytest.raises(TimeStampFailure, match="clock"):
        sources.stamp(db, authority, digest)


def test_a_token_is_checked(authority, db):
    """`check_token` gives the time, and refuses other bytes and foreign roots."""
    token = sources.stamp(db, authority, sha256(b"x").digest())
    moment, _ = timestamp.check_token(token, sha256(b"x").digest(), [authority.root])
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=10)
    for digest, roots in ((sha256(b"y").digest(), [authority.root]), (sha256(b"x").digest(), [])):
        with pytest.raises(TimeStampFailure):
            timestamp.check_token(token, digest, roots)


def test_nothing_is_signed_with_a_revoked_certificate(authority, db, desk):
    """ES-03: a seal revoked between two papers stops the second, before anything leaves."""
    seal = authority.seal_for(db, "420102", "另一样例局")
    gather(db, authority, [seal])
    revocation.revoke(db, seal.serial, "keyCompromise")
    with pytest.raises(CertificateUnusable, match="revoked"):
        gather(db, authority, [seal])


def test_an_authority_founded_anew_takes_its_labels(tmp_path, authority, db, desk):
    """When the folder is replaced and the database kept, the new authority signs; the old rows stay (ES-10)."""
    old = authority.issuer().certificate
    anew = Authority.create(tmp_path / "ca", PASSPHRASE)
    anew.register(db)
    gather(db, anew, [anew.tsa()])
    assert db.get_one(Certificate, serial_of(old)).label.startswith("issuing-1@")
