"""What validation keeps from one paper for the next is believed for nothing else; a further signature costs the same."""

import gc
import hashlib
import io
import random
import re
import threading
import weakref
from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import x509 as asn1
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import ArrayObject, NumberObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import StandardDiffPolicy
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko_certvalidator import sig_validate

from signing import digests, parsed, pdf, revisions, validation
from signing.authority import Authority
from signing.errors import PaperRefused
from signing.paths import Paths
from signing.validation import validate
from tests.signing.conftest import PASSPHRASE
from tests.together import counting


def look(file: bytes):
    """The file's signatures, and the validation data in it."""
    reader = revisions.Reader(io.BytesIO(file), strict=False)
    return reader.embedded_signatures, validation._store(reader, reader.embedded_signatures)


def way(held, root, signature, *more) -> str:
    """Why the signer's certificate is not to be relied on at the time of its stamp."""
    moment = validation._token_time(next(extract_tst_data_iter(signature.signer_info, signed=False)))
    paths = Paths(held, [asn1.Certificate.load(root.public_bytes(Encoding.DER))])
    found = paths.find(signature.signer_cert, [*signature.other_embedded_certs, *more], moment, "signing")
    return validation._done(found).reason


# -- what is kept --------------------------------------------------------------------------------------------------


def test_what_held_in_one_paper_does_not_in_another(desk, tmp_path):
    """ES-03: the same signature, found good, is not believed under other proofs, another root or at another time."""
    file = desk.signed("address_commitment")
    root = desk.authority.root
    assert [r.reason for r in validate(file, [root])] == [""]
    (signature,), held = look(file)
    assert way(held, root, signature) == ""
    bent = [answer[:-1] + bytes([answer[-1] ^ 1]) for answer in held.answers]
    assert way(replace(held, answers=bent), root, signature) == "revocation_unknown"
    assert way(replace(held, answers=[]), root, signature) == "revocation_unknown"
    der = root.public_bytes(Encoding.DER).replace(b"\x06\x03\x55\x04\x03", b"\x06\x7f\x55\x04\x03")
    bent_one = asn1.Certificate.load(der)
    assert way(held, root, signature, bent_one) == ""  # what comes with it and cannot be read is passed over
    other = Authority.create(tmp_path / "other", PASSPHRASE).root
    assert [r.reason for r in validate(file, [other])] == ["untrusted_root"]
    late = validate(file, [root], signature.self_reported_timestamp + timedelta(days=3650))
    assert [r.reason for r in late] == ["time_stamp_untrusted"]
    assert [r.reason for r in validate(file, [root])] == [""]


def test_a_signature_that_held_is_known_by_all_it_was_checked_with(desk, monkeypatch):
    """Another signature, content, key, algorithm or context is checked anew; one that failed fails again."""
    certificates = look(desk.signed("address_commitment"))[1].certificates
    below = next(c for c in certificates if c.issuer != c.subject and not c.ca)
    above = next(c for c in certificates if c.subject == below.issuer)
    good = {
        "signature": below["signature_value"].native, "signed_data": below["tbs_certificate"].dump(),
        "public_key_info": above.public_key, "signature_algorithm": below["signature_algorithm"],
    }  # fmt: skip
    checked = []
    original = sig_validate._validate_raw
    monkeypatch.setattr(sig_validate, "_validate_raw", lambda *a: (checked.append(a), original(*a)))
    signatures = parsed.Signatures()
    signatures._held = set()
    signatures.validate_signature(**good)
    signatures.validate_signature(**good)
    assert len(checked) == 1
    wrong = {
        "signature": good["signature"][:-1] + bytes([good["signature"][-1] ^ 1]),
        "signed_data": good["signed_data"] + b"\0", "public_key_info": below.public_key,
        "signature_algorithm": type(below["signature_algorithm"])({"algorithm": "sha384_ecdsa"}),
        "context": sig_validate.SignatureValidationContext(prehashed=True),
    }  # fmt: skip
    for name, value in wrong.items():
        for _ in range(2):
            with pytest.raises((InvalidSignature, ValueError)):
                signatures.validate_signature(**{**good, name: value})
    assert len(checked) == 1 + 2 * len(wrong)


def test_pieces_are_known_by_all_their_bytes(desk):
    """The same bytes are parsed once, in one thread; other bytes, and bent ones, stand for themselves."""
    der = desk.authority.root.public_bytes(Encoding.DER)
    once = parsed.certificate(der)
    assert parsed.certificate(bytes(bytearray(der))) is once
    changed = der[:-1] + bytes([der[-1] ^ 1])
    assert parsed.certificate(changed) is not once and parsed.certificate(changed).dump() == changed
    with_bent_name = der.replace(b"\x06\x03\x55\x04\x03", b"\x06\x7f\x55\x04\x03")
    for _ in range(2):
        assert not parsed.is_readable(with_bent_name)
        with pytest.raises(ValueError):
            parsed.sound_certificate(der[:4] + b"\x04" + der[5:])
        with pytest.raises(ValueError):
            parsed.certificate(der[:-9])
    assert parsed.is_readable(der) and not parsed.is_readable(b"\x30\x00")
    elsewhere = []
    thread = threading.Thread(target=lambda: elsewhere.append(parsed.certificate(der)))
    thread.start()
    thread.join()
    assert elsewhere[0] is not once and elsewhere[0].dump() == der


def test_what_is_kept_has_a_limit(desk, monkeypatch):
    """Whoever shows papers without end fills no memory."""
    monkeypatch.setattr(parsed, "MOST", 4)
    kept = parsed._Kept()
    for number in range(20):
        kept.once(b"%d" % number, bytes)
        assert len(kept.pieces) <= 4
    kept.once(bytes(parsed.BIGGEST + 1), bytes)
    assert all(len(data) <= parsed.BIGGEST for _, data in kept.pieces)


# -- digests -------------------------------------------------------------------------------------------------------


def test_digests_of_one_pass_are_those_of_many(desk):
    """Each is what hashing its range from the beginning gives, and what pyHanko computes."""
    file = pdf.archive(desk.db, desk.authority, desk.accepted("appointment"))
    signatures, _ = look(file)
    digests.prepare(file, signatures)
    for signature, theirs in zip(
        signatures, PdfFileReader(io.BytesIO(file)).embedded_signatures, strict=True
    ):
        (known,) = signature.external_digests.values()
        start, size, after, rest = signature.byte_range
        assert known == hashlib.sha256(file[start:size] + file[after : after + rest]).digest()
        assert known == theirs.compute_digest()


@pytest.mark.parametrize(
    "odd",
    [[0, 10, 5, 10], [1, 10, 20, 10], [0, 10, 20, 10**9], [0, 10], [0, -1, 20, 10], [0, 10, 20, 10, 40, 5]],
)
def test_unusual_ranges_are_left_to_pyhanko(desk, odd):
    """No digest is made up for a range that is not the beginning of the file with one gap."""
    file = desk.signed("address_commitment")
    ((signature,), _) = look(file)
    signature.byte_range = ArrayObject(map(NumberObject, odd))
    digests.prepare(file, [signature])
    assert not signature.external_digests


# -- what is bent --------------------------------------------------------------------------------------------------

WORDS = re.compile(
    rb"/(?:V|AP|N|T|Rect|Annots|Fields|Certs|OCSPs|Root|Size|Prev|Type|Kids|Reference|Length|Contents)|0 R|obj"
)


def test_a_bent_file_is_refused_or_reported(desk):
    """ES-01 (4): whatever two octets are changed, there is an answer, and never that all is well with what is signed."""
    file, dice = (
        desk.act("appointment", "p1", desk.certified("appointment")).papers["appointment"],
        random.Random(7),
    )
    padding = [
        found.span() for found in re.finditer(rb"0{64,}>", file)
    ]  # behind a signature, covered by none
    places, answers = [found.start() for found in WORDS.finditer(file)], set()
    for _ in range(60):
        bent = bytearray(file)
        for _ in range(2):
            place = (
                dice.choice(places) + dice.randrange(-3, 9)
                if dice.random() < 0.7
                else dice.randrange(len(file))
            )
            if not any(start <= place < end for start, end in padding):
                bent[place % len(file)] = dice.choice(b"0123456789 R/<>[]()fnVabc")
        if bent == file:
            continue
        try:
            found = validate(bytes(bent), [desk.authority.root])
        except PaperRefused:
            continue
        assert len(found) < 2 or not all(report.valid for report in found)
        answers |= {report.reason for report in found}
    assert {"content_changed", "not_covering"} <= answers


@pytest.mark.parametrize("kind", ["answers", "lists"])
def test_a_bent_piece_counts_as_none(desk, kind):
    """An OCSP answer or list that cannot be read is passed over; the others still say what they say."""
    (signature,), held = look(desk.signed("address_commitment"))
    pieces = getattr(held, kind)
    bent = pieces[0][:12] + bytes([pieces[0][12] ^ 0x10]) + pieces[0][13:]
    assert way(replace(held, **{kind: [bent, *pieces]}), desk.authority.root, signature) == ""
    assert way(replace(held, **{kind: [bent]}), desk.authority.root, signature) == "revocation_unknown"


# -- what it costs -------------------------------------------------------------------------------------------------


def costs(file: bytes, root, monkeypatch) -> dict[str, int]:
    """Comparisons by pyHanko, objects read and bytes hashed, of which those of the file itself are left out."""
    done = {"compared": 0, "read": 0, "hashed": -len(file)}

    class Counted:
        def __init__(self, name: str, running=None) -> None:
            self.name, self.running = name, running or hashlib.new(name)

        def update(self, data) -> None:
            done["hashed"] += len(data)
            self.running.update(data)

        def copy(self):
            return Counted(self.name, self.running.copy())

        def digest(self) -> bytes:
            return self.running.digest()

    with monkeypatch.context() as patched:
        patched.setattr(StandardDiffPolicy, "apply", counting(done, "compared", StandardDiffPolicy.apply))
        patched.setattr(
            revisions.Reader, "_read_object", counting(done, "read", revisions.Reader._read_object)
        )
        patched.setattr(digests, "hashlib", type("Counting", (), {"new": Counted}))
        assert {report.reason for report in validate(file, [root])} == {""}
    return done


def test_a_signature_more_costs_the_same(desk, monkeypatch):
    """Issue's measure: from the second signer to the third as much more as from the first to the second."""
    file, found = desk.certified("appointment"), []
    for key in desk.papers["appointment"].signature_boxes:
        file = desk.act("appointment", key, file).papers["appointment"]
        found.append(costs(file, desk.authority.root, monkeypatch))
    one, two, three = found
    assert one["compared"] == two["compared"] == three["compared"] == 0
    assert three["read"] - two["read"] == two["read"] - one["read"] <= 16
    assert max(cost["hashed"] for cost in found) < 3000  # the ends of the revisions, behind their signatures


def test_a_file_is_let_go_of_and_collection_is_on_again(desk, monkeypatch):
    """Nothing is collected while a file is checked, so it must not wait for collection either."""
    seen = []

    class Watched(revisions.Reader):
        def __init__(self, *arguments, **asked) -> None:
            super().__init__(*arguments, **asked)
            seen.append((weakref.ref(self), gc.isenabled()))

    monkeypatch.setattr(validation, "Reader", Watched)
    file = desk.signed("address_commitment")
    gc.disable()
    try:
        validate(file, [desk.authority.root])
        assert seen[0][0]() is None and not gc.isenabled()  # it was off, and stays so
    finally:
        gc.enable()
    validate(file, [desk.authority.root])
    assert not seen[1][1] and gc.isenabled()
    with validation._uncollected():
        validate(file, [desk.authority.root])
        assert not gc.isenabled()  # the one who switched it off switches it on
    with pytest.raises(PaperRefused):
        validate(b"%PDF-1.7", [desk.authority.root])
    assert gc.isenabled()
