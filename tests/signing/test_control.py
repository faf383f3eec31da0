"""ES-01 (1), (2): who could have made a signature is proven in the file, offline; each forgery is named."""

from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signing import ceremony, control, pins, proofs
from signing.control import Proof, Statement
from signing.errors import ProofRefused, WrongPin
from signing.keys import one_time_key
from signing.validation import validate
from tests.authenticator import Authenticator

ORIGIN = "https://sign.example.cn"
ID_HASH = "0123456789abcdef" * 2
SECRET = "s" * 32


def digest(pdf: bytes) -> str:
    return sha256(pdf).hexdigest()


def statement(method: str, credential: bytes, papers: dict[str, bytes], **other) -> Statement:
    shown = tuple((kind, digest(pdf)) for kind, pdf in papers.items())
    values = {
        "reference": "QB1/p1", "signer": "张样例", "person": ID_HASH, "method": method, "credential": digest(credential),
        "consent": digest(b"agreed"), "nonce": "n", "papers": shown, "origin": ORIGIN if method == "passkey" else "",
    }  # fmt: skip
    return Statement(**(values | other))


def by_passkey(papers: dict[str, bytes], holder: Authenticator | None = None, **other) -> Proof:
    holder = holder or Authenticator(ORIGIN)
    said = statement("passkey", holder.public_key, papers, **other)
    data, client, signature = holder.sign(said.challenge)
    return Proof("passkey", holder.public_key, said.canonical(), signature, data, client)


def by_pin(key, papers: dict[str, bytes]) -> Proof:
    return control.by_pin(key, statement("pin", control.public_bytes(key.public_key()), papers))


@pytest.fixture
def act(desk):
    """Sign one paper with a proof."""
    paper = desk.papers["articles"]

    def sign(pdf=paper.pdf, proof=None, key=None, who="p1", **other) -> bytes:
        fields = {f"sig_{k}": box for k, box in paper.signature_boxes.items()}
        request = ceremony.SignatureRequest("articles", pdf, f"sig_{who}", paper.signature_boxes[who], fields)
        values = {"real_name": "张样例", "id_hash": ID_HASH, "evidence_reference": "QB1/p1"} | other
        done = ceremony.sign_set(desk.db, desk.authority, [request], proof=proof, key=key, **values)
        return done.papers["articles"]

    sign.pdf, sign.keys = paper.pdf, list(paper.signature_boxes)
    return sign


@pytest.fixture
def forger(act, monkeypatch):
    """Somebody with the authority's own keys and code, who leaves the ceremony's check out."""
    monkeypatch.setattr(ceremony, "require_shown", lambda *_: None)
    return act


def controls(desk, pdf: bytes) -> list[tuple[str, str]]:
    return [(report.control, report.reason) for report in validate(pdf, [desk.authority.root])]


def test_passkey_and_pin_are_proven_in_the_file(desk, act):
    """Two signers in two ways; the file grows by at most 25 KB for one more signature."""
    first = act(proof=by_passkey({"other": b"x", "articles": act.pdf}))
    key = one_time_key()
    second = act(first, proof=by_pin(key, {"articles": first}), key=key, who=act.keys[1])
    reports = validate(second, [desk.authority.root])
    assert [(r.control, r.reason, r.level) for r in reports] == [("passkey", "", "B-LT"), ("pin", "", "B-LT")]
    assert reports[1].credential == digest(control.public_bytes(key.public_key()))
    assert len(second) - len(first) <= 25_000


def test_somebody_elses_signature_in_between_leaves_the_proof_whole(desk, act):
    """Two who read the same paper at one time: the second signs over the first one's signature."""
    shown = by_passkey({"articles": act.pdf})
    first = act(proof=by_passkey({"articles": act.pdf}))
    assert controls(desk, act(first, proof=shown, who=act.keys[1])) == [("passkey", ""), ("passkey", "")]


def test_signed_with_the_authoritys_keys_but_without_the_signer(desk, act):
    assert controls(desk, act()) == [("none", "")]


def test_seals_are_nobodys_hand(desk):
    assert controls(desk, desk.licence()) == [("", "")]


FORGERIES = {
    "over another paper": lambda act: {"proof": by_passkey({"articles": b"other"})},
    "of somebody else": lambda act: {"proof": by_passkey({"articles": act.pdf}, signer="李样例")},
    "of another act": lambda act: {"proof": by_passkey({"articles": act.pdf}, reference="QB2/p1")},
    "of another person of that name": lambda act: {
        "proof": by_passkey({"articles": act.pdf}, person="0" * 32)
    },
    "by another key than the PIN's": lambda act: {"proof": by_pin(one_time_key(), {"articles": act.pdf})},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_proof_that_does_not_belong_here_is_named(desk, forger, forgery):
    assert controls(desk, forger(**FORGERIES[forgery](forger))) == [("invalid", "control_invalid")]


def _scribble(pdf: bytes) -> bytes:
    """A further revision with another word on the first page."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    stream = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 9 Tf (more) Tj ET"))
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), stream])
    writer.update_container(page)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_revision_slipped_in_between_reading_and_signing_is_named(desk, forger):
    """The digest of what was shown is in the file, but something was added before the signature."""
    assert controls(desk, forger(_scribble(forger.pdf), proof=by_passkey({"articles": forger.pdf})))[0] == (
        "invalid", "control_invalid",
    )  # fmt: skip


def test_a_change_hidden_in_the_signatures_own_revision_is_named(desk, forger, monkeypatch):
    """Changing the page in the very revision that signs it leaves the paper not as shown."""
    proof, put_into = by_passkey({"articles": forger.pdf}), proofs.Proofs.put_into

    def with_a_change(self, writer):
        put_into(self, writer)
        page = writer.root["/Pages"]["/Kids"][0]
        page["/MediaBox"] = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 300, 300)])
        writer.update_container(page)

    monkeypatch.setattr(proofs.Proofs, "put_into", with_a_change)
    assert controls(desk, forger(proof=proof)) == [("invalid", "control_invalid")]


def test_a_proof_taken_from_another_certificate_is_named(desk, forger, monkeypatch):
    """An old proof over the same paper, for a certificate that names another one."""
    old, new = (by_passkey({"articles": forger.pdf}) for _ in range(2))
    monkeypatch.setattr(ceremony, "link", lambda _: control.link(old))
    assert controls(desk, forger(proof=new)) == [("invalid", "control_invalid")]


def test_a_certificate_of_a_signer_with_the_proof_left_out_is_named(desk, forger, monkeypatch):
    proof = by_passkey({"articles": forger.pdf})
    monkeypatch.setattr(Proof, "dump", lambda self: b"")
    assert controls(desk, forger(proof=proof)) == [("invalid", "control_invalid")]


BROKEN = {
    "without face, finger or lock": lambda p: by_passkey({"a": p}, Authenticator(ORIGIN, verifies=False)),
    "at another address": lambda p: by_passkey({"a": p}, Authenticator("https://evil.example.cn")),
    "with another signature": lambda p: replace(by_passkey({"a": p}), signature=by_passkey({"a": p}).signature),
    "with another key": lambda p: replace(by_passkey({"a": p}), credential=Authenticator().public_key),
    "with more papers": lambda p: replace(by_passkey({"a": p}), statement=by_passkey({"a": p, "b": p}).statement),
    "with a statement in another form": lambda p: replace(by_passkey({"a": p}), statement=b" " + by_passkey({"a": p}).statement),
    "with no statement": lambda p: replace(by_passkey({"a": p}), statement=b"[]"),
    "by another method": lambda p: replace(by_passkey({"a": p}), method="pin"),
    "by a PIN's key that did not sign": lambda p: replace(by_pin(one_time_key(), {"a": p}), signature=b"0"),
    "from nonsense": lambda p: replace(by_passkey({"a": p}), authenticator=b"", client=b"{}"),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_proof_signs_nothing(act, broken):
    proof = BROKEN[broken](b"paper")
    with pytest.raises(ProofRefused):
        proof.check()
    with pytest.raises(ProofRefused):
        act(proof=proof)


def test_a_counter_that_does_not_rise_is_a_copied_passkey():
    holder = Authenticator(ORIGIN)
    _, count = by_passkey({"a": b""}, holder).check()
    with pytest.raises(ProofRefused):
        by_passkey({"a": b""}, replace(holder, counter=0)).check(count)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"nonsense", b"\x30\x03\x02\x01\x01"])
def test_nonsense_is_no_proof(data):
    with pytest.raises(ProofRefused):
        Proof.load(data)


def test_papers_not_shown_are_refused_before_anything_is_issued(desk, act):
    with pytest.raises(ProofRefused):
        act(proof=by_passkey({"articles": b"other"}))
    with pytest.raises(ProofRefused):
        act(proof=by_passkey({"another": act.pdf}))


def test_a_wrapped_key_opens_with_pin_and_browser_together():
    """The right PIN with another secret gives another key, so that trying all PINs on stolen data is in vain."""
    key = one_time_key()
    wrapped = pins.wrap(key, "739164", SECRET, b"p1")
    assert pins.unwrap(wrapped, "739164", SECRET, b"p1").private_numbers() == key.private_numbers()
    for pin, secret, context in (
        ("739165", SECRET, b"p1"),
        ("739164", "t" * 32, b"p1"),
        ("739164", SECRET, b"p2"),
    ):
        with pytest.raises(WrongPin):
            pins.unwrap(wrapped, pin, secret, context)
    assert pins.wrapping_key("739164", SECRET, wrapped[:16]) != pins.wrapping_key("739164", "", wrapped[:16])
