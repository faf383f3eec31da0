"""国密: SM2 with SM3, judged by OpenSSL and by the standard's own example; seals of authorities that choose it (ES-22, ES-24)."""

import hashlib
import os
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from asn1crypto import cms
from asn1crypto import x509 as asn1
from cryptography import x509

from signing import guomi, pdf, proofs, revocation, rotation, suites, timestamp
from signing.authority import Authority
from signing.errors import AuthorityUnavailable, CertificateUnusable
from signing.keys import FolderKeys
from signing.papers import licence
from signing.validation import validate
from tests.signing.conftest import PASSPHRASE, pdfsig, run
from tests.signing.papers.test_licence_and_notices import FACTS
from tests.signing.test_authority import pem
from tests.signing.test_rotation import sessions
from tests.signing.test_years import Machine

IDENTITY = "distid:1234567812345678"
__all__ = ["sessions"]


@pytest.fixture
def own(tmp_path, db) -> Authority:
    authority = Authority.create(tmp_path / "ca", PASSPHRASE, base_url="http://127.0.0.1:9")
    authority.register(db)
    return authority


def sealed(own, db) -> bytes:
    seal = own.seal_for(db, "420106", "样例局", suite="sm2")
    return pdf.seal(db, own, licence(FACTS), seal)


def signature_of(file: bytes) -> tuple[bytes, bytes]:
    """What is signed, and the CMS signature over it."""
    begin, size, after, rest = map(
        int, re.search(rb"/ByteRange\s*\[(\d+) (\d+) (\d+) (\d+)\s*\]", file).groups()
    )
    held = bytes.fromhex(file[begin + size + 1 : after - 1].decode())
    return file[begin : begin + size] + file[after : after + rest], cms.ContentInfo.load(held).dump()


def reason_of(file: bytes, *roots) -> str:
    (report,) = validate(file, roots)
    return report.reason


def test_the_standards_example():
    """GM/T 0003.5-2012, A.2: the example's signature holds, and no other."""
    public = bytes.fromhex(
        "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    )
    r = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    s = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    signature = bytes.fromhex(f"3046022100{r}022100{s}")
    assert suites.verifies(public, b"message digest", signature)
    assert not suites.verifies(public, b"message digesT", signature)
    assert not suites.verifies(public, b"message digest", signature[:-1] + b"\0")
    assert not suites.verifies(public, b"message digest", b"nonsense")


def test_openssl_and_the_binding_agree(tmp_path):
    """What the binding signs OpenSSL accepts, and what OpenSSL signs the binding accepts; a changed byte neither."""
    key, data, signature = tmp_path / "key.pem", tmp_path / "data", tmp_path / "signature"
    public = tmp_path / "public.der"
    run("openssl", "genpkey", "-algorithm", "SM2", "-out", key)
    run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER", "-out", public)
    point = public.read_bytes()[-64:]
    options = ("-rawin", "-digest", "sm3", "-pkeyopt", IDENTITY)
    for _ in range(4):
        data.write_bytes(os.urandom(300))
        run("openssl", "pkeyutl", "-sign", "-inkey", key, "-in", data, "-out", signature, *options)
        assert suites.verifies(point, data.read_bytes(), signature.read_bytes())
        assert not suites.verifies(point, data.read_bytes() + b"x", signature.read_bytes())
    for _ in range(8):
        mine = suites.Sm2Key.generate()
        public.write_bytes(suites.public_key_info(mine.public))
        data.write_bytes(os.urandom(300))
        signature.write_bytes(suites.SM2.sign(mine, data.read_bytes()))
        check = ("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public, "-in", data,
                 "-sigfile", signature, *options)  # fmt: skip
        assert "Verified Successfully" in run(*check)
        data.write_bytes(b"other")
        assert "Verified Successfully" not in run(*check, check=False)


def test_openssl_follows_the_certificates_and_lists(own, db, tmp_path):
    """ES-22: root, issuing and seal certificates with SM2-with-SM3; OpenSSL accepts each under the one above it.

    Its `verify` gives the signer's identity to the last certificate only, not to those above it and not to lists: so
    each is asked about alone, and the root's own and the lists' signatures are checked with `pkeyutl`.
    """
    seal = own.seal_for(db, "420106", "样例局", suite="sm2")
    issuing, root = seal.chain
    files = [
        pem(tmp_path, name, c)
        for name, c in (("seal", seal.certificate), ("issuing", issuing), ("root", root))
    ]
    shown = run("openssl", "x509", "-in", files[0], "-noout", "-text")
    assert shown.count("SM2-with-SM3") == 2 and "ASN1 OID: SM2" in shown
    check = (
        "openssl",
        "verify",
        "-x509_strict",
        "-vfyopt",
        IDENTITY,
        "-partial_chain",
        "-trusted",
    )
    for file, above in ((files[0], files[1]), (files[1], files[2])):
        assert ": OK" in run(*check, above, file)
    assert ": OK" not in run(*check, files[2], files[0], check=False)
    wrong = [IDENTITY.replace("1234", "4321") if part == IDENTITY else part for part in check]
    assert ": OK" not in run(*wrong, files[1], files[0], check=False)
    revocation.revoke(db, seal.serial, "keyCompromise")
    lists = [
        x509.load_der_x509_crl(revocation.current_list(db, own, x)) for x in ("sm2-issuing-1", "sm2-root-1")
    ]
    assert [len(list(found)) for found in lists] == [1, 0]
    data, signature, public = (tmp_path / name for name in ("data", "signature", "public.pem"))
    for body, value, issuer in (
        (lists[0].tbs_certlist_bytes, lists[0].signature, files[1]),
        (lists[1].tbs_certlist_bytes, lists[1].signature, files[2]),
        (root.tbs_certificate_bytes, root.signature, files[2]),
    ):
        data.write_bytes(body)
        signature.write_bytes(value)
        public.write_text(run("openssl", "x509", "-in", issuer, "-pubkey", "-noout"))
        said = run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-in", data, "-sigfile", signature,
                   "-rawin", "-digest", "sm3", "-pkeyopt", IDENTITY)  # fmt: skip
        assert "Verified Successfully" in said
    with pytest.raises(CertificateUnusable, match="revoked"):
        proofs.gather(db, own, [seal])
    assert revocation.renew_lists(db, own) == 2


def test_a_sealed_licence(own, db, tmp_path):
    """ES-22, ES-24: a CMS signature with SM2 OIDs over the byte range, time-stamped; we and OpenSSL agree about it."""
    file = sealed(own, db)
    (report,) = validate(file, own.roots)
    assert (report.reason, report.level, report.time_source, report.coverage) == (
        "",
        "B-LT",
        "time_stamp",
        "whole_file",
    )
    content, held = signature_of(file)
    signer = cms.ContentInfo.load(held)["content"]["signer_infos"][0]
    assert signer["digest_algorithm"]["algorithm"].dotted == suites.SM3_OID
    assert signer["signature_algorithm"]["algorithm"].dotted == suites.SM2_SM3_OID
    attributes = {a["type"].dotted: a["values"][0].native for a in signer["signed_attrs"]}
    (tmp_path / "content").write_bytes(content)
    printed = run("openssl", "dgst", "-sm3", tmp_path / "content").split()[-1]
    assert attributes["1.2.840.113549.1.9.4"].hex() == printed == hashlib.new("sm3", content).hexdigest()
    data, signature, public = (tmp_path / name for name in ("attributes", "signature", "public.pem"))
    data.write_bytes(b"\x31" + signer["signed_attrs"].dump()[1:])
    signature.write_bytes(signer["signature"].native)
    seal = own.seal_for(db, "420106", "样例局", suite="sm2")
    public.write_text(
        run("openssl", "x509", "-in", pem(tmp_path, "seal", seal.certificate), "-pubkey", "-noout")
    )
    said = run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-in", data, "-sigfile", signature, "-rawin",
               "-digest", "sm3", "-pkeyopt", IDENTITY)  # fmt: skip
    assert "Verified Successfully" in said


def test_archive_stamps_carry_it_over_the_years(own, db, monkeypatch):
    """B-LTA: seal and its issuer have run out, the stamps (P-256) prove when it was made; without renewal it is over."""
    monkeypatch.setattr(timestamp, "CheckedClock", Machine)
    start, year = datetime.now(UTC), timedelta(days=365)
    file = pdf.archive(db, own, sealed(own, db))
    assert [(r.reason, r.level) for r in validate(file, own.roots)] == [("", "B-LTA"), ("", "")]
    once = file
    with time_machine.travel(start + 4 * year):
        assert own.certificate("sm2-seal-420106-1").not_valid_after_utc < datetime.now(UTC)
        own.rotate_ocsp()
        own.rotate_tsa()
        own.renew_root_list()
        own.register(db)
        file = pdf.archive(db, own, once)
    at = start + 8 * year
    assert [(r.reason, r.level) for r in validate(file, own.roots, at)] == [("", "B-LTA"), ("", ""), ("", "")]
    assert {r.reason for r in validate(once, own.roots, at)} == {"time_stamp_untrusted"}
    other = own.roots[:1]  # the root of the stamps alone does not vouch for the seal
    assert validate(file, other, at)[0].reason == "untrusted_root"


def test_its_keys_change_by_command(own, db, sessions):
    """New issuing certificate and seal of the second suite at once; what was sealed before stays valid."""
    with pytest.raises(AuthorityUnavailable, match="SM2 yet"):
        own.rotate_issuing(suite="sm2")
    before = sealed(own, db)
    assert own.rotate_issuing(sessions, suite="sm2") == "sm2-issuing-2"
    assert own.rotate_seal("420106", sessions=sessions, suite="sm2") == "sm2-seal-420106-2"
    with pytest.raises(AuthorityUnavailable, match="no seal yet"):
        own.rotate_seal("420107", suite="sm2")
    after = sealed(own, db)
    assert own.seal_for(db, "420106", "样例局", suite="sm2").issuer == "sm2-issuing-2"
    assert [reason_of(file, *own.roots) for file in (before, after)] == ["", ""]


def test_common_readers_do_not_know_it(own, db, tmp_path):
    """As the docs say: poppler does not call such a seal valid. It does not call it trusted either."""
    said = pdfsig(sealed(own, db), pem(tmp_path, "root", own.root), tmp_path)
    assert "Signature is Valid." not in said and "Certificate is Trusted." not in said


def test_attacks_on_a_sealed_licence(own, db, tmp_path, monkeypatch):
    """ES-01 (3), (4): each fails for its own reason, as with the first suite."""
    file = sealed(own, db)
    changed = bytearray(file)
    changed[file.index(b"stream") + 40] ^= 1
    assert reason_of(bytes(changed), *own.roots) == "content_changed"
    _, held = signature_of(file)
    value = cms.ContentInfo.load(held)["content"]["signer_infos"][0]["signature"].native
    other = value[:-1] + bytes([value[-1] ^ 1])
    forged = re.sub(value.hex().encode(), other.hex().encode(), file, flags=re.IGNORECASE)
    assert forged != file and reason_of(forged, *own.roots) == "signature_forged"
    assert reason_of(file, own.root) == "untrusted_root"
    other = Authority.create(tmp_path / "other", PASSPHRASE)
    assert reason_of(file, *other.roots) == "untrusted_root"
    monkeypatch.setattr(proofs, "_sm2_lists", lambda *args: [])
    assert reason_of(sealed(own, db), *own.roots) == "revocation_unknown"


@pytest.mark.parametrize(
    ("years", "lists", "reason"),
    [(0, True, ""), (0, False, "revocation_unknown"), (0.2, True, "revocation_unknown"), (4, True, "not_valid_then"), (-1, True, "not_valid_then")],
)  # fmt: skip
def test_the_path_is_held_to_its_time(own, db, years, lists, reason):
    """Outside the certificates' validity, or without a list of that time, nothing is believed."""
    seal = own.seal_for(db, "420106", "样例局", suite="sm2")
    leaf, issuing, root = map(proofs.parsed, (seal.certificate, *seal.chain))
    ders = proofs._sm2_lists(db, own, seal) if lists else []
    moment = datetime.now(UTC) + timedelta(days=365 * years)
    assert guomi.path_reason(leaf, [issuing], [root], ders, moment, timedelta(seconds=5)) == reason


def test_only_fit_certificates_count(own, db):
    """An issuing certificate signs no paper; a leaf under a changed issuer is not believed."""
    seal = own.seal_for(db, "420106", "样例局", suite="sm2")
    leaf, issuing, root = map(proofs.parsed, (seal.certificate, *seal.chain))
    ders, now = proofs._sm2_lists(db, own, seal), datetime.now(UTC)
    skew = timedelta(seconds=5)
    assert guomi.path_reason(issuing, [], [root], ders, now, skew) == "certificate_unfit"
    broken = bytearray(issuing.dump())
    broken[-1] ^= 1
    changed = asn1.Certificate.load(bytes(broken))
    assert guomi.path_reason(leaf, [changed], [root], ders, now, skew) == "untrusted_root"


def test_revoked_before_it_signed(own, db):
    """A list that names the certificate as revoked before the signature makes it worthless; after it, not."""
    seal = own.seal_for(db, "420106", "样例局", suite="sm2")
    leaf, issuing, root = map(proofs.parsed, (seal.certificate, *seal.chain))
    now = datetime.now(UTC)
    revocation.revoke(db, seal.serial, "keyCompromise")
    ders = [revocation.current_list(db, own, label) for label in ("sm2-issuing-1", "sm2-root-1")]
    skew = timedelta(seconds=5)
    assert guomi.path_reason(leaf, [issuing], [root], ders, now + skew, skew) == "revoked"
    assert guomi.path_reason(leaf, [issuing], [root], ders, now - timedelta(seconds=3), skew) == ""


def test_its_keys_are_encrypted(own, db):
    """ES-03: the secret is nowhere in the clear; a wrong passphrase opens nothing; a token without SM2 is named."""
    seal = own.seal_for(db, "420106", "样例局", suite="sm2")
    files = [file for file in own.shelf.folder.rglob("*") if file.is_file()]
    assert sum(file.suffix == ".key" for file in files) == 3
    assert not any(seal.key.secret in file.read_bytes() for file in files)
    with pytest.raises(AuthorityUnavailable, match="passphrase"):
        FolderKeys(own.shelf.folder / "keys", "another").kept("sm2-seal-420106-1")
    own._keys = object()
    with pytest.raises(AuthorityUnavailable, match="does not sign with SM2"):
        own.sm2_keys  # noqa: B018


def test_it_is_renewed_in_time_too(own, db, sessions):
    """Seal, issuing certificate and the root's list of the second suite are replaced by the same schedule."""
    own.seal_for(db, "420106", "样例局", suite="sm2")
    made = set()
    for days in range(270, 366 * 6, 60):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
            made |= set(rotation.renew(own, sessions)[0])
            proofs.gather(db, own, [own.seal_for(db, "420106", "样例局", suite="sm2")])
    assert {"sm2-seal-420106-2", "sm2-issuing-2", "root_list"} <= made
    listed = x509.load_der_x509_crl(own.shelf.root_list(rotation.SM2_ROOT_LIST))
    assert listed.next_update_utc > datetime.now(UTC) + timedelta(days=365 * 5)
