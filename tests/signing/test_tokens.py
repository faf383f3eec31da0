"""The authority in a PKCS#11 token (SoftHSM): made there, used there; no key file, nothing that leaves the token."""

import os
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding

from signing import revocation, timestamp
from signing.authority import Authority, serial_of
from signing.errors import AuthorityUnavailable
from signing.tokens import TokenKeys, _modules
from signing.validation import validate
from tests.signing.conftest import Desk, pdfsig, run
from tests.signing.test_authority import pem

PIN, ROOT_PIN = "271828", "314159"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")  # fmt: skip
DATA = b"what is signed"


@pytest.fixture(scope="session")
def module(tmp_path_factory) -> str:
    """SoftHSM's library, with two tokens made for this run: `works` and `root`."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")  # read by the library when it is initialised
    for label, pin in (("works", PIN), ("root", ROOT_PIN)):
        run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "161803")
    return next(path for path in MODULES if Path(path).exists())


@pytest.fixture(scope="session")
def keys(module) -> TokenKeys:
    return TokenKeys(module, "works", PIN)


@pytest.fixture(scope="session")
def in_token(module, keys, tmp_path_factory) -> Authority:
    """An authority whose root has a token of its own."""
    folder = tmp_path_factory.mktemp("hsm-ca") / "ca"
    return Authority.create(
        folder, "unused", base_url="http://127.0.0.1:9", keys=keys, root_keys=TokenKeys(module, "root", ROOT_PIN)
    )  # fmt: skip


def verifies(key, signature: bytes) -> bool:
    key.public_key().verify(signature, DATA, ec.ECDSA(hashes.SHA256()))
    return True


def test_the_whole_authority_in_a_token(in_token, db, papers, tmp_path):
    """Founded in SoftHSM it issues, revokes, answers, stamps and seals; OpenSSL and poppler accept all of it (ES-03)."""
    in_token.register(db)
    desk = Desk(db, in_token, papers)
    root = pem(tmp_path, "root", in_token.root)
    issuer = pem(tmp_path, "issuing", in_token.issuer().certificate)
    seal = in_token.seal_for(db, "420106", "样例局")
    leaf = pem(tmp_path, "seal", seal.certificate)
    crls = tmp_path / "crls.pem"
    crls.write_bytes(
        b"".join(
            x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)
            for der in (revocation.current_list(db, in_token), in_token.root_list())
        )
    )
    verify = ("openssl", "verify", "-x509_strict", "-CAfile", root, "-untrusted", issuer, "-crl_check_all")
    assert "OK" in run(*verify, "-CRLfile", crls, leaf)
    request, answer, data, query = (tmp_path / name for name in ("request", "answer", "data", "query"))
    run("openssl", "ocsp", "-issuer", issuer, "-cert", leaf, "-reqout", request)
    answer.write_bytes(revocation.answer(db, in_token, request.read_bytes()))
    said = run("openssl", "ocsp", "-issuer", issuer, "-cert", leaf, "-reqin", request, "-no_nonce", "-respin", answer, "-CAfile", root,
               "-verify_other", issuer)  # fmt: skip
    assert "Response verify OK" in said and "seal.pem: good" in said
    data.write_bytes(DATA)
    run("openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    answer.write_bytes(timestamp.respond(db, in_token, query.read_bytes()))
    assert "Verification: OK" in run(
        "openssl", "ts", "-verify", "-queryfile", query, "-in", answer, "-CAfile", root
    )
    licence = desk.licence()
    said = pdfsig(licence, root, tmp_path)
    assert "Signature is Valid." in said and "Certificate is Trusted." in said
    assert [r.reason for r in validate(licence, [in_token.root])] == [""]
    assert {r.reason for r in validate(desk.signed("appointment"), [in_token.root])} == {""}


def test_no_key_lies_in_a_file(in_token):
    """Only public things are on the disk beside the token."""
    folder = in_token.shelf.folder
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} <= {".cer", ".crl", ".json", ""}
    assert not any(b"PRIVATE KEY" in file.read_bytes() for file in files)
    assert not (folder / "keys").exists() and not (folder / "root").exists()


def test_no_key_leaves_the_token(keys):
    """The token refuses to show or wrap the key; the object that signs refuses too."""
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.exceptions import PKCS11Error

    key = keys.create("stays-1")
    handle = _modules[keys._module.path].connected("works", PIN).find("stays-1", ObjectClass.PRIVATE_KEY)
    assert handle[Attribute.EXTRACTABLE] is False and handle[Attribute.NEVER_EXTRACTABLE] is True
    with pytest.raises(PKCS11Error):
        handle[Attribute.VALUE]
    with pytest.raises(AuthorityUnavailable):
        key.private_numbers()
    with pytest.raises(AuthorityUnavailable):
        key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(AuthorityUnavailable):
        key.exchange(ec.ECDH(), key.public_key())


def test_a_label_is_used_once(keys):
    """A taken label is refused, a missing key named."""
    made = keys.create("once-1")
    with pytest.raises(AuthorityUnavailable, match="exists already"):
        keys.create("once-1")
    with pytest.raises(AuthorityUnavailable, match="once-2 is not in the token"):
        keys.load("once-2")
    assert keys.load("once-1").public_key() == made.public_key()
    digest = sha256(DATA).digest()
    assert verifies(made, made.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))))


def test_a_lost_session_is_opened_again(keys, module):
    """The token was reset behind our back: the next signature connects anew, and the one after."""
    key = keys.create("lost-1")
    for _ in range(2):
        _modules[module]._library.finalize()
        _modules[module]._library.initialize()
        assert verifies(key, key.sign(DATA, ec.ECDSA(hashes.SHA256())))


def test_a_token_that_is_gone_is_named_and_taken_up_when_it_is_back(keys, module, tmp_path):
    """While there is no token the authority says so; afterwards it works without a restart."""
    key = keys.create("gone-1")
    right = os.environ["SOFTHSM2_CONF"]
    (tmp_path / "none").mkdir()
    (tmp_path / "none.conf").write_text(f"directories.tokendir = {tmp_path}/none\n")
    os.environ["SOFTHSM2_CONF"] = str(tmp_path / "none.conf")
    try:
        _modules[module].broken = True
        with pytest.raises(AuthorityUnavailable, match="the token works does not work"):
            key.sign(DATA, ec.ECDSA(hashes.SHA256()))
    finally:
        os.environ["SOFTHSM2_CONF"] = right
    assert verifies(key, key.sign(DATA, ec.ECDSA(hashes.SHA256())))


def test_threads_share_a_token(keys):
    """Eight threads sign at once, as in a web process; every signature holds."""
    key = keys.create("threads-1")
    failed = []

    def work():
        try:
            for _ in range(25):
                verifies(key, key.sign(DATA, ec.ECDSA(hashes.SHA256())))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


FORK = """
import os, sys, threading
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from signing.tokens import TokenKeys, _modules
keys = TokenKeys(sys.argv[1], "works", sys.argv[2])
key = keys.create("fork-1")
sign = lambda: key.public_key().verify(key.sign(b"x", ec.ECDSA(hashes.SHA256())), b"x", ec.ECDSA(hashes.SHA256()))
sign()
held = threading.Event()
def hold():
    with _modules[sys.argv[1]].lock:
        held.set(); threading.Event().wait(1)
threading.Thread(target=hold, daemon=True).start()
held.wait()
children = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        for _ in range(20): sign()
        os._exit(0)
    children.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
sign()
print(codes)
"""


def test_forked_processes_connect_for_themselves(module):
    """As under gunicorn: children sign after a fork, also when another thread held the token; the parent goes on."""
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK, module, PIN], capture_output=True, text=True, timeout=60
    )
    assert said.stdout.strip() == "[0, 0, 0]", said.stderr


WRONG = """
import sys
from signing.errors import AuthorityUnavailable
from signing.tokens import TokenKeys
keys = TokenKeys(sys.argv[1], "works", "000000")
for _ in range(12):
    try:
        keys.holds("x")
    except AuthorityUnavailable as error:
        print(error)
"""


def test_a_wrong_pin_does_not_lock_the_token(module, keys):
    """It is tried once by a process, then refused without asking the token."""
    said = subprocess.run([sys.executable, "-c", WRONG, module], capture_output=True, text=True, timeout=60)
    lines = said.stdout.splitlines()
    assert len(lines) == 12 and all("PinIncorrect" in line for line in lines), said.stderr
    assert sum("not tried again" in line for line in lines) == 11
    assert keys.holds("nothing") is False


def test_rotation_in_a_token(in_token, db, papers):
    """New issuing, OCSP, stamping and seal keys are made in the token; what was signed before stays valid."""
    in_token.register(db)
    desk = Desk(db, in_token, papers)
    before = desk.licence()
    old = {serial_of(in_token.issuer().certificate), in_token.tsa().serial}
    in_token.rotate_issuing()
    in_token.rotate_tsa()
    in_token.rotate_ocsp()
    in_token.rotate_seal("420106")
    in_token.register(db)
    assert not old & {serial_of(in_token.issuer().certificate), in_token.tsa().serial}
    for paper in (before, desk.licence()):
        assert [r.reason for r in validate(paper, [in_token.root])] == [""]


def test_settings_choose_the_token(module, tmp_path, monkeypatch):
    """`QIBU_PKCS11_…` puts the installation's authority into the token; without them it is in encrypted files."""
    from workflow import signer
    from workflow.settings import settings

    monkeypatch.setenv("QIBU_INSTANCE", str(tmp_path))
    for name, value in (("MODULE", module), ("TOKEN", "works"), ("PIN", PIN), ("ROOT_TOKEN", "root"), ("ROOT_PIN", ROOT_PIN)):  # fmt: skip
        monkeypatch.setenv(f"QIBU_PKCS11_{name}", value)
    settings.cache_clear()
    try:
        signer.found()
        assert not list(tmp_path.rglob("*.pem"))
        assert type(signer.authority().issuer().key).__name__ == "TokenKey"
    finally:
        monkeypatch.undo()
        settings.cache_clear()
