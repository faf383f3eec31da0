"""What relying parties fetch over HTTP, judged by OpenSSL; the authority's commands and its upkeep."""

import logging
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from werkzeug.serving import make_server

from app.cli import main
from signing.authority import serial_of
from signing.profiles import CERTIFICATE_POLICY, PROFILES, TIME_STAMP_POLICY
from signing.tables import Certificate
from tests.app.browser import browser
from tests.signing.conftest import run
from tests.signing.test_authority import event, pem
from workflow import upkeep
from workflow.messages.models import Message
from workflow.settings import settings
from workflow.signer import authority

YEARS = timedelta(days=365)


@pytest.fixture
def portal(house):
    """The portal behind a real socket; its address."""
    server = make_server("127.0.0.1", 0, house.client("portal").application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def qibu(*arguments: str, code: int = 0) -> str:
    said = CliRunner().invoke(main, ["ca", *arguments])
    assert said.exit_code == code, said.output
    return said.output


def test_openssl_over_http(house, portal, tmp_path):
    """RFC 3161, RFC 6960, RFC 5280: time stamp with nonce, OCSP by POST, CRL and issuer by the certificate's addresses."""
    own, db = authority(), house.db
    leaf = event(own, db)
    db.commit()
    root, issuer = pem(tmp_path, "root", own.root), pem(tmp_path, "issuing", own.issuer().certificate)
    file, data, query, reply = (
        pem(tmp_path, "leaf", leaf),
        *(tmp_path / n for n in ("data", "query", "reply")),
    )
    said = run("openssl", "ocsp", "-issuer", issuer, "-cert", file, "-url", f"{portal}/pki/ocsp", "-CAfile", root,
               "-verify_other", issuer)  # fmt: skip
    assert "Response verify OK" in said and "leaf.pem: good" in said and "no nonce" not in said
    data.write_bytes(b"what is stamped")
    run("openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    answer = httpx.post(
        f"{portal}/pki/tsa",
        content=query.read_bytes(),
        headers={"Content-Type": "application/timestamp-query"},
    )
    assert answer.headers["Content-Type"] == "application/timestamp-reply"
    reply.write_bytes(answer.content)
    assert "Verification: OK" in run(
        "openssl", "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", root
    )
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    path = points[0].full_name[0].value.partition("/pki/")[2]
    crl = tmp_path / "crl.pem"
    served = x509.load_der_x509_crl(httpx.get(f"{portal}/pki/{path}").content)
    crl.write_bytes(served.public_bytes(Encoding.PEM))
    assert "OK" in run(
        "openssl", "verify", "-crl_check", "-CRLfile", crl, "-CAfile", root, "-untrusted", issuer, file
    )
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    addresses = [d.access_location.value.partition("/pki/")[2] for d in access]
    assert addresses[0] == "ocsp"
    above = httpx.get(f"{portal}/pki/{addresses[1]}").content
    assert x509.load_der_x509_certificate(above) == own.issuer().certificate


def test_commands_replace_every_key(house):
    """`qibu ca rotate`: a running process takes up the new keys; the old issuer's list is still served."""
    running, visitor = authority(), house.client("portal")
    running.seal_for(house.db, "420106", "样例局")
    old = running.issuer().label
    house.db.commit()
    for what, which in (("issuing", ""), ("tsa", ""), ("ocsp", ""), ("ocsp", old), ("seal", "420106")):
        label = qibu("rotate", what, *([which] if which else [])).split()[0]
        assert house.db.scalar(select(Certificate.profile).where(Certificate.label == label)) == what
    assert running.issuer().label == "issuing-2" and running.tsa().certificate == running.certificate("tsa-2")
    for label in (old, "issuing-2"):
        assert visitor.get(f"/pki/crl/{label}.crl").status_code == 200
        assert visitor.get(f"/pki/{label}.cer").status_code == 200
    assert "has no seal yet" in qibu("rotate", "seal", "999999", code=1)
    assert "is not here" in qibu("rotate", "ocsp", "issuing-9", code=1)
    assert "no registration authority seals with SM2" in qibu("rotate", "issuing", "--suite", "sm2", code=1)
    assert "SM2 tree has no tsa" in qibu("rotate", "tsa", "--suite", "sm2", code=2)
    running.seal_for(house.db, "420106", "样例局", suite="sm2")
    house.db.commit()
    assert qibu("rotate", "issuing", "--suite", "sm2").startswith("sm2-issuing-2 ")
    assert qibu("rotate", "seal", "420106", "--suite", "sm2").startswith("sm2-seal-420106-2 ")


def test_status_names_what_is_due(house):
    """`qibu ca status` and `renew`: what is due, and what waits for a root that is offline."""
    assert "due" not in qibu("status")
    assert "Nothing is due." in qibu("renew")
    root = settings().instance / "ca" / "root"
    with time_machine.travel(datetime.now(UTC) + 6 * YEARS):
        shutil.move(root, root.with_name("away"))
        assert "qibu ca renew" in qibu("status", code=1)
        assert "waits for the root's key" in qibu("renew")
        shutil.move(root.with_name("away"), root)
        assert "issuing-2 is in use." in qibu("renew")
        assert "issuing-2" in qibu("status")


def test_commands_revoke(house):
    """ES-03: `qibu ca revoke` shows at once in the list served; of an issuing certificate in the root's."""
    own, visitor = authority(), house.client("portal")
    leaf = event(own, house.db)
    house.db.commit()
    qibu("revoke", serial_of(leaf), "keyCompromise")
    listed = x509.load_der_x509_crl(visitor.get(f"/pki/crl/{own.issuer().label}.crl").data)
    assert listed.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None
    assert "no certificate" in qibu("revoke", "abc", "keyCompromise", code=1)
    issuing = own.issuer().certificate
    qibu("revoke", serial_of(issuing), "cACompromise")
    listed = x509.load_der_x509_crl(visitor.get("/pki/crl/root-1.crl").data)
    assert listed.get_revoked_certificate_by_serial_number(issuing.serial_number) is not None
    second = own.seal_for(house.db, "420106", "样例局", suite="sm2").chain[0]
    house.db.commit()
    qibu("revoke", serial_of(second), "cACompromise")
    listed = x509.load_der_x509_crl(visitor.get("/pki/crl/sm2-root-1.crl").data)
    assert listed.get_revoked_certificate_by_serial_number(second.serial_number) is not None


def test_upkeep_renews_and_warns(house, monkeypatch, caplog):
    """By schedule what is due is replaced; an operator gets one mail a week for what only the root can do."""
    monkeypatch.setenv("QIBU_OPERATOR_MAIL", "operator@example.org")
    settings.cache_clear()
    assert upkeep.renew_authority(house.db) == 0
    with time_machine.travel(datetime.now(UTC) + 6 * YEARS), caplog.at_level(logging.WARNING):
        root = settings().instance / "ca" / "root"
        shutil.move(root, root.with_name("away"))
        assert upkeep.renew_authority(house.db) >= 2
        assert upkeep.renew_authority(house.db) == 0
        assert upkeep.renew_revocation_lists(house.db) == 1
    mails = house.db.scalars(select(Message).where(Message.template == "authority_waits")).all()
    assert len(mails) == 2 and all(mail.recipient == "operator@example.org" for mail in mails)
    assert "issuing-1" in caplog.text


def test_the_policy_is_where_the_certificates_say(house):
    """ES-06: the CPS address of a certificate opens a page with the policy's identifiers and the root's fingerprint."""
    own = authority()
    policies = own.tsa().certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    visitor = browser(house)
    visitor.get("/pki/" + policies[0].policy_qualifiers[0].partition("/pki/")[2])
    text = visitor.text()
    assert policies[0].policy_identifier.dotted_string in text and TIME_STAMP_POLICY in text
    assert own.root.fingerprint(SHA256()).hex().upper() in text.replace(" ", "")
    for link in visitor.page.xpath("//main//li/a/@href"):
        assert visitor.client.get(link).status_code == 200
    document = (Path(__file__).parents[2] / "docs" / "certificate-policy.md").read_text()
    assert CERTIFICATE_POLICY in document and TIME_STAMP_POLICY in document
    for profile in PROFILES:
        assert f"| {profile} |" in document
