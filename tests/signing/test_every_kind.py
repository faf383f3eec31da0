"""Four independent checks on every kind of PDF that the platform makes: poppler does the mathematics, OpenSSL the time,
the difference analysis the structure, and a rendered comparison the looks.

Poppler does not verify archive time stamps (`ETSI.RFC3161`); OpenSSL does.
"""

import io
from datetime import UTC, date, datetime
from hashlib import sha256

import pypdfium2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image, ImageChops, ImageDraw
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

from signing import pdf
from signing.papers import duplicate, evidence_sheet, kinds_for, licence, notice, render, samples
from signing.papers.data import EvidenceEvent, EvidenceFacts
from signing.papers.notices import NOTICES
from signing.validation import validate
from tests.signing.conftest import Desk, pdfsig, run
from tests.signing.papers.test_licence_and_notices import FACTS, NOTICE

# Each kind of paper once, with each of its templates, in an application that needs it.
PAPERS = {
    (paper.kind, paper.template): entity
    for entity, make in reversed(samples.SAMPLES.items())
    for paper in kinds_for(make())
}
SCALE = 0.6  # of 72 dpi


def sheet():
    moment = datetime(2026, 11, 24, 8, tzinfo=UTC)
    event = EvidenceEvent("案 1", moment, "签署材料", "签名人", "0" * 64, date(2026, 11, 24))
    facts = EvidenceFacts(
        "QB-E1", "QB1", "武汉样例七步软件有限公司", samples.AUTHORITY, moment, "申请人", "0" * 64, (), (), (event,), (), ()
    )  # fmt: skip
    return evidence_sheet(facts)


SEALED = {
    "licence": lambda: licence(FACTS),
    "duplicate": lambda: duplicate(FACTS, 1, 1),
    "evidence": sheet,
    **{f"notice_{kind}": lambda kind=kind: notice(kind, NOTICE) for kind in NOTICES},
}


def four_checks(before: bytes, after: bytes, boxes, people: int, authority, root_pem, folder) -> None:
    """`boxes`: where a signature or seal may draw; `people`: how many signatures there must be."""
    said = pdfsig(after, root_pem, folder)
    assert said.count("Signature Validation: Signature is Valid.") == people, said
    assert said.count("Certificate Validation: Certificate is Trusted.") == people, said
    reports = [r for r in validate(after, [authority.root]) if r.kind == "signature"]
    assert [r.reason for r in reports] == [""] * people
    assert {r.changes for r in reports} <= {"none", "signatures", "validation_data"}
    times_by_openssl(after, authority, root_pem, folder)
    looks_the_same(before, after, boxes)


def times_by_openssl(after: bytes, authority, root_pem, folder) -> None:
    """Each time stamp is over its signature, or over the file (an archive time stamp)."""
    issuing = folder / "issuing.pem"
    issuing.write_bytes(authority.issuer().certificate.public_bytes(Encoding.PEM))
    for signature in PdfFileReader(io.BytesIO(after)).embedded_signatures:
        if signature.sig_object_type == "/DocTimeStamp":
            token, digest = bytes(signature.pkcs7_content), signature.compute_digest()
        else:
            held = next(extract_tst_data_iter(signature.signer_info, signed=False))
            attribute = next(
                a
                for a in signature.signer_info["unsigned_attrs"]
                if a["values"][0]["content"].dump() == held.dump()
            )
            token = attribute["values"][0].dump()
            digest = sha256(signature.signer_info["signature"].native).digest()
        (folder / "token.der").write_bytes(token)
        asked = ["-digest", digest.hex(), "-in", folder / "token.der", "-token_in", "-CAfile", root_pem]
        assert "Verification: OK" in run("openssl", "ts", "-verify", *asked, "-untrusted", issuing)


def looks_the_same(before: bytes, after: bytes, boxes) -> None:
    """Outside the boxes not one pixel changed; inside one there is something new."""
    with pypdfium2.PdfDocument(before) as old, pypdfium2.PdfDocument(after) as new:
        assert len(old) == len(new)
        drawn = False
        for number in range(len(old)):
            one, two = (page_of(document, number) for document in (old, new))
            height = old[number].get_height()
            change = ImageChops.difference(one, two)
            drawn = drawn or change.getbbox() is not None
            pen = ImageDraw.Draw(change)
            for page, x0, y0, x1, y1 in boxes:
                if page == number:
                    corners = (x0, height - y1, x1, height - y0)
                    left, top, right, bottom = (value * SCALE for value in corners)
                    pen.rectangle((left - 2, top - 2, right + 2, bottom + 2), fill=0)
            assert change.getbbox() is None, (number, change.getbbox())
        assert drawn


def page_of(document, number: int) -> Image.Image:
    document.init_forms()
    return document[number].render(scale=SCALE, may_draw_forms=True).to_pil().convert("L")


@pytest.mark.parametrize(("kind", "template"), PAPERS, ids=["-".join(filter(None, key)) for key in PAPERS])
def test_papers_of_applications(kind, template, db, authority, root_pem, tmp_path):
    paper = render(kind, samples.SAMPLES[PAPERS[kind, template]](), final=True)
    desk = Desk(db, authority, {kind: paper})
    key, box = next(iter(paper.signature_boxes.items()))
    signed = desk.act(kind, key, paper.pdf).papers[kind]
    found = len(PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures)
    four_checks(paper.pdf, signed, [box], found, authority, root_pem, tmp_path)


@pytest.mark.parametrize("kind", SEALED)
def test_licence_notices_and_report(kind, db, authority, root_pem, tmp_path):
    paper = SEALED[kind]()
    seal = authority.seal_for(db, "420106", FACTS.authority)
    sealed = pdf.seal(db, authority, paper, seal)
    if kind == "licence":  # and once under an archive time stamp, as at the close
        sealed = pdf.archive(db, authority, sealed)
    four_checks(paper.pdf, sealed, [paper.signature_boxes["seal"]], 1, authority, root_pem, tmp_path)


def test_no_kind_is_left_out():
    """Whatever kind is added to the tables of papers and notices comes under the checks by itself."""
    assert {kind for kind, _ in PAPERS} >= {
        "application",
        "articles",
        "confirmation",
        "realname",
        "beneficial_filing",
    }
    assert len(SEALED) == len(NOTICES) + 3
