"""Pages of a PDF as pictures: papers that phones can show where no PDF reader is at hand (chat applications)."""

import threading
from io import BytesIO

import pypdfium2

from workflow.errors import NotFound

WIDTH = 1240  # pixels: A4 at 150 dpi, sharp on a phone and under 300 KB a page
_ONE_AT_A_TIME = threading.Lock()  # PDFium keeps state of its own


def page_count(pdf: bytes) -> int:
    """How many pages it has. Raises pypdfium2.PdfiumError for bytes that are no PDF."""
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def page(pdf: bytes, number: int, width: int = WIDTH) -> bytes:
    """Page `number` (from 1) as a PNG, `width` pixels wide, stamps and seals included. Raises NotFound."""
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        if not 1 <= number <= len(document):
            raise NotFound(f"page {number}")
        document.init_forms()  # signature fields are drawn too
        sheet = document[number - 1]
        picture = sheet.render(scale=width / sheet.get_width(), may_draw_forms=True).to_pil()
    out = BytesIO()
    picture.convert("P", palette=1, colors=128).save(out, "PNG", optimize=False)
    return out.getvalue()
