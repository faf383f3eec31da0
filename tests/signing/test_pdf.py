"""Signed papers: four independent checks, and a corpus of attacks in which each member fails for its own reason."""

import asyncio
import io
import itertools
import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext

from signing import pdf, proofs, revocation, timestamp
from signing.authority import Authority
from signing.errors import CertificateUnusable, PaperRefused
from signing.validation import REASONS, as_json, load_roots, validate
from tests.signing.conftest import PASSPHRASE, Desk, pdfsig, run
from tests.signing.test_revisions import alike


def by_pyhanko(file: bytes, root: x509.Certificate):
    """pyHanko's own judgement of each signature, offline, with the material in the file."""
    reader = PdfFileReader(io.BytesIO(file))
    store = DocumentSecurityStore.read_dss(reader)
    context = ValidationContext(
        trust_roots=[asn1.Certificate.load(root.public_bytes(Encoding.DER))], other_certs=list(store.load_certs()),
        ocsps=[r.get_object().data for r in store.ocsps], crls=[r.get_object().data for r in store.crls],
        allow_fetching=False, revocation_mode="hard-fail",
    )  # fmt: skip
    return [asyncio.run(async_validate_pdf_signature(s, context)) for s in reader.embedded_regular_signatures]


def reasons(file: bytes, *roots: x509.Certificate, at: datetime | None = None) -> list[str]:
    return [report.reason for report in validate(file, roots, at)]


@pytest.mark.parametrize("certified", [True, False])
def test_everyone_signs_one_paper(desk, root_pem, tmp_path, certified):
    """ES-01, ES-11: three signers; poppler with our root, pyHanko and our own validation agree about each of them."""
    file = desk.signed(certified=certified)
    said = pdfsig(file, root_pem, tmp_path)
    assert said.count("Signature Validation: Signature is Valid.") == 3
    assert said.count("Certificate Validation: Certificate is Trusted.") == 3
    for status in by_pyhanko(file, desk.authority.root):
        assert status.bottom_line, status.pretty_print_details()
    reports = validate(file, [desk.authority.root])
    assert [r.reason for r in reports] == ["", "", ""]
    assert [r.field for r in reports] == ["sig_p1", "sig_p2", "sig_p3"]
    assert {(r.level, r.time_source, r.revocation, r.intact, r.trusted) for r in reports} == {
        ("B-LT", "time_stamp", "good", True, True)
    }
    assert [r.coverage for r in reports] == ["revision", "revision", "whole_file"]
    assert [r.changes for r in reports] == ["signatures", "signatures", "none"]
    assert reports[1].evidence == "QB20261124000001/p2"
    assert abs(datetime.fromisoformat(reports[0].time) - datetime.now(UTC)) < timedelta(minutes=1)


def test_sealed_licence(desk, root_pem, tmp_path):
    """ES-15, LIC-06: the licence carries the authority's seal, certified: valid and trusted in poppler and pyHanko."""
    file = desk.licence()
    said = pdfsig(file, root_pem, tmp_path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Certificate Validation: Certificate is Trusted." in said
    (status,) = by_pyhanko(file, desk.authority.root)
    assert status.bottom_line
    (report,) = validate(file, [desk.authority.root])
    assert report.valid and report.level == "B-LT" and "武汉市武昌区市场监督管理局" in report.signer


def test_stamps_hide_nothing_and_are_readable(desk):
    """A stamp stands in its own box, can be read as text, and the paper's own text is as before."""
    from tests.signing.papers import reading

    before = reading.text(desk.papers["articles"].pdf)
    file = desk.signed()
    assert reading.text(file)[: len(before) // 2] == before[: len(before) // 2]
    stamped = run("pdftotext", "-layout", _written(file), "-")
    for words in ("张样例", "李样例", "王样例", "电子签名时间", "北京时间"):
        assert words in stamped


def _written(file):
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".pdf", delete=False) as out:
        out.write(file)
    return out.name


def test_small_and_quiet(desk, caplog):
    """Issue's measure: at most 25 KB a signature, 16 KB from the second on; no warning is logged for any."""
    sizes = [len(desk.papers["articles"].pdf)]
    so_far = desk.papers["articles"].pdf
    with caplog.at_level(logging.INFO, logger="pyhanko"):
        for key in ("p1", "p2", "p3"):
            so_far = desk.act("articles", key, so_far).papers["articles"]
            sizes.append(len(so_far))
    growth = [b - a for a, b in itertools.pairwise(sizes)]
    assert growth[0] <= 26_000 and max(growth[1:]) <= 17_000, growth
    assert not caplog.records


def test_archive_stamp_carries_over_the_years(tmp_path, db, papers):
    """B-LTA: under clocks of +1, +5 and +15 years with renewals every signature holds; without them it does not."""
    authority = Authority.create(tmp_path / "ca", PASSPHRASE, base_url="http://127.0.0.1:9")
    authority.register(db)
    desk = Desk(db, authority, papers)
    plain = desk.signed("appointment")
    file = pdf.archive(db, authority, plain)
    assert [r.level for r in validate(file, [authority.root])] == ["B-LTA", "B-LTA", "B-LTA", ""]
    start = datetime.now(UTC)

    class Renewals(timestamp.CheckedClock):
        def now(self, db):
            return datetime.now(UTC)

    year = timedelta(days=365)
    original, timestamp.CheckedClock = timestamp.CheckedClock, Renewals
    try:
        for years in (1, 4, 8, 12):
            with time_machine.travel(start + years * year):
                authority.renew_root_list()
                authority.rotate_issuing()
                authority.rotate_tsa()
                authority.register(db)
                file = pdf.archive(db, authority, file)
    finally:
        timestamp.CheckedClock = original
    for years in (1, 5, 15):
        moment = start + timedelta(days=366 * years)
        assert set(reasons(file, authority.root, at=moment)) == {""}, years
    assert set(reasons(plain, authority.root, at=start + 6 * year)) == {"time_stamp_untrusted"}


def test_a_changed_byte_fails_everywhere(desk, root_pem, tmp_path):
    """ES-01 (4): any changed byte of the content is seen by poppler, pyHanko and us."""
    file = bytearray(desk.signed("address_commitment"))
    place = file.index(b"stream") + 40
    file[place] ^= 1
    assert "Digest Mismatch" in pdfsig(bytes(file), root_pem, tmp_path)
    assert not any(s.bottom_line for s in by_pyhanko(bytes(file), desk.authority.root))
    assert reasons(bytes(file), desk.authority.root) == ["content_changed"]


# -- the corpus of attacks -------------------------------------------------------------------------------------------


def update(file: bytes, change) -> bytes:
    """The file with one more revision, made by somebody without a key."""
    writer = IncrementalPdfFileWriter(io.BytesIO(file))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def content_swap(desk):
    """A page's content stream is replaced in a later revision."""

    def change(writer):
        page = writer.root["/Pages"]["/Kids"][0].get_object()
        page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
        writer.update_container(page)

    return update(desk.signed("address_commitment"), change)


def covering_annotation(desk):
    """A white square is laid over the text."""

    def change(writer):
        page = writer.root["/Pages"]["/Kids"][0].get_object()
        square = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/Square"),
                pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 50, 500, 700))),
                pdf_name("/IC"): generic.ArrayObject(map(generic.NumberObject, (1, 1, 1))),
            }
        )  # fmt: skip
        page["/Annots"].append(writer.add_object(square))
        writer.update_container(page["/Annots"])
        writer.update_container(page)

    return update(desk.signed("address_commitment"), change)


def hidden_layer(desk):
    """Optional content is switched on in the catalogue."""

    def change(writer):
        group = writer.add_object(generic.DictionaryObject({pdf_name("/Type"): pdf_name("/OCG")}))
        layers = generic.DictionaryObject({pdf_name("/OCGs"): generic.ArrayObject([group])})
        writer.root[pdf_name("/OCProperties")] = layers
        writer.update_root()

    return update(desk.signed("address_commitment"), change)


def removed_proofs(desk):
    """The security store is taken out of the newest revision."""

    def change(writer):
        del writer.root["/DSS"]
        writer.update_root()

    return update(desk.signed("address_commitment"), change)


def wrapping(desk):
    """The signed range is left as it is, but the signature is moved to a range that leaves a hole for other bytes."""
    file = desk.signed("address_commitment")
    begin, size, after, rest = map(
        int, re.search(rb"/ByteRange\s*\[(\d+) (\d+) (\d+) (\d+)\s*\]", file).groups()
    )
    old = re.search(rb"/ByteRange\s*\[[^\]]*\]", file).group()
    new = f"/ByteRange [{begin} {size} {after + 8} {rest - 8}]".encode()
    return file.replace(old, new.ljust(len(old))[: len(old)])


def foreign_root(desk):
    """Signed well, but under an authority that nobody named as trusted."""
    return desk.signed("address_commitment"), "foreign"


def wrong_imprint(desk, monkeypatch):
    """The time stamp in the signature belongs to other bytes."""
    original = timestamp.OwnTimeStamper.async_timestamp

    async def other(self, digest, algorithm):
        return await original(self, bytes(len(digest)), algorithm)

    monkeypatch.setattr(timestamp.OwnTimeStamper, "async_timestamp", other)
    return desk.signed("address_commitment")


def no_time_stamp(desk, monkeypatch):
    """The signature carries no time stamp at all: only a claimed time."""
    original = pdf.HeldKey.async_sign_prescribed_attributes

    async def without(self, *args, **kwargs):
        return await original(self, *args, **{**kwargs, "timestamper": None})

    monkeypatch.setattr(pdf.HeldKey, "async_sign_prescribed_attributes", without)
    return desk.signed("address_commitment")


def stale_answer(desk, monkeypatch):
    """The OCSP answers in the file had run out when the signature was made."""
    monkeypatch.setattr(revocation, "SKEW", timedelta(days=3))
    monkeypatch.setattr(revocation, "ANSWER_LIFETIME", -timedelta(days=2))
    return desk.signed("address_commitment")


def without_proofs(desk, monkeypatch):
    """Nothing in the file says that the certificate was not revoked."""
    monkeypatch.setattr(proofs.Proofs, "put_into", lambda self, writer: None)
    return desk.signed("address_commitment")


def expired_signer(desk, monkeypatch):
    """Signed with a certificate that had run out, past the check that refuses it."""
    original, gather = desk.authority.issue_event_certificate, pdf.gather

    def earlier(act):
        def done(*arguments, **asked):
            with time_machine.travel(datetime.now(UTC) - timedelta(minutes=45)):
                return act(*arguments, **asked)

        return done

    def of_then(db, authority, credentials):
        """The signer's own proof is of before the end, the others' are of now."""
        now = gather(db, authority, [c for c in credentials if c.serial not in issued])
        own = [c for c in credentials if c.serial in issued]
        then = earlier(gather)(db, authority, own)
        return proofs.Proofs(now.certificates + then.certificates, now.answers + then.answers, now.lists)

    issued = set()

    def issue(db, **asked):
        made = earlier(original)(db, **asked)
        issued.add(f"{made.serial_number:x}")
        return made

    monkeypatch.setattr(desk.authority, "issue_event_certificate", issue)
    monkeypatch.setattr(pdf, "gather", of_then)
    return desk.signed("address_commitment")


def revoked_meanwhile(desk, monkeypatch):
    """The certificate is revoked after the signature is made and before the time stamp proves it."""
    original, gather = desk.authority.issue_event_certificate, pdf.gather
    issued = set()

    def issue(db, **asked):
        made = original(db, **asked)
        issued.add(f"{made.serial_number:x}")
        return made

    def then(db, authority, credentials):
        found = gather(db, authority, credentials)
        answers = list(found.answers)
        for place, credential in enumerate(credentials):
            if credential.serial in issued:
                moment = datetime.now(UTC) - timedelta(seconds=30)
                revocation.revoke(db, credential.serial, "keyCompromise", moment)
                fresh = revocation.answer_for(db, authority, credential.certificate, credential.issuer)
                answers[place] = asn1_ocsp.OCSPResponse.load(fresh)
        return replace(found, answers=tuple(answers))

    monkeypatch.setattr(desk.authority, "issue_event_certificate", issue)
    monkeypatch.setattr(pdf, "gather", then)
    return desk.signed("address_commitment")


CORPUS = [
    (expired_signer, "not_valid_then"),
    (revoked_meanwhile, "revoked"),
    (content_swap, "changed_afterwards"),
    (covering_annotation, "changed_afterwards"),
    (hidden_layer, "changed_afterwards"),
    (removed_proofs, "changed_afterwards"),
    (wrapping, "content_changed"),
    (foreign_root, "untrusted_root"),
    (wrong_imprint, "time_stamp_mismatch"),
    (no_time_stamp, "time_stamp_missing"),
    (stale_answer, "revocation_unknown"),
    (without_proofs, "revocation_unknown"),
]


@pytest.mark.parametrize(("attack", "reason"), CORPUS, ids=[attack.__name__ for attack, _ in CORPUS])
def test_attacks_fail_for_their_own_reason(desk, attack, reason, monkeypatch, tmp_path):
    """ES-01 (3), (4): each attack is seen, and named."""
    made = attack(desk, monkeypatch) if "monkeypatch" in attack.__code__.co_varnames else attack(desk)
    root = desk.authority.root
    if isinstance(made, tuple):
        made, root = made[0], Authority.create(tmp_path / "other", PASSPHRASE).root
    assert reasons(made, root) == [reason]
    assert reason in REASONS
    alike(made)  # and pyHanko's own comparison of the revisions says the same


def test_revoked_between_issue_and_signature(desk, monkeypatch):
    """ES-03: a certificate revoked after its issue signs nothing."""
    original = desk.authority.issue_event_certificate

    def issue(db, **asked):
        made = original(db, **asked)
        revocation.revoke(db, f"{made.serial_number:x}", "keyCompromise")
        return made

    monkeypatch.setattr(desk.authority, "issue_event_certificate", issue)
    with pytest.raises(CertificateUnusable, match="revoked"):
        desk.signed("address_commitment")


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"PK\x03\x04", b"%PDF-1.7\n" + b"9" * 4000])
def test_what_is_no_paper_is_refused(desk, junk):
    """Broken uploads raise PaperRefused, nothing else."""
    with pytest.raises(PaperRefused):
        validate(junk, [desk.authority.root])


def test_unsigned_paper_has_no_signatures(desk):
    """A draft has none, and the JSON does not call it valid."""
    found = validate(desk.papers["articles"].pdf, [desk.authority.root])
    assert found == [] and json.loads(as_json(found)) == {"signatures": [], "valid": False}


def test_command_works_offline(desk, root_pem, tmp_path):
    """`python -m signing.validation`: JSON, and an exit code that says it all."""
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(desk.licence())
    command = [sys.executable, "-m", "signing.validation", str(paper), "--root", str(root_pem)]
    done = subprocess.run(command, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["valid"] and answer["signatures"][0]["level"] == "B-LT"
    paper.write_bytes(content_swap(desk))
    assert subprocess.run(command, capture_output=True).returncode == 1
    assert load_roots(root_pem.read_bytes()) == [desk.authority.root]
