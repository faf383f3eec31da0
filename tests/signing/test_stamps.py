"""What a signature shows never stands on what a paper says."""

import io

import pypdfium2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from signing.papers import render_set, samples
from tests.signing.conftest import Desk

SETS = {
    **samples.SAMPLES,
    "one": lambda: samples.llc(1),
    "three": lambda: samples.llc(3),
    "fifty": lambda: samples.llc(50),
}


def printed(page: pypdfium2.PdfPage) -> list[tuple[float, float, float, float]]:
    """Where the characters of a page stand; the watermark of a draft is not among those of a final paper."""
    text = page.get_textpage()
    return [
        box
        for number in range(text.count_chars())
        if not text.get_text_range(number, 1).isspace() and (box := text.get_charbox(number))[2] > box[0]
    ]


@pytest.mark.parametrize("of", SETS)
def test_no_field_of_a_signature_meets_text(of, db, authority):
    """Every field as the certified paper has it (persons, acceptance), with 1, 3 and 50 signers and of every type."""
    for paper in render_set(SETS[of](), final=True):
        if not paper.signature_boxes:
            continue
        made = PdfFileReader(io.BytesIO(Desk(db, authority, {paper.kind: paper}).certified(paper.kind)))
        pages = [kid.reference for kid in made.root["/Pages"]["/Kids"]]
        seen = set()
        with pypdfium2.PdfDocument(paper.pdf) as unsigned:
            characters = [printed(page) for page in unsigned]
            for name, _, field in enumerate_sig_fields(made):
                held = field.get_object()
                x0, y0, x1, y1 = (float(edge) for edge in held["/Rect"])
                if x1 <= x0:
                    continue  # cannot be seen
                seen.add(name)
                number = pages.index(held.raw_get("/P").reference)
                meets = [b for b in characters[number] if b[0] < x1 and b[2] > x0 and b[1] < y1 and b[3] > y0]
                assert characters[number] and not meets, (paper.kind, name, meets[:3])
        assert seen == {"accepted", *(f"sig_{key}" for key in paper.signature_boxes)}, paper.kind
