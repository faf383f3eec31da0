"""Pages of a PDF as pictures: papers that phones can show where no PDF reader is at hand (chat applications)."""

import threading
from io import BytesIO

import pypdfium2
from PIL import Image, ImageOps

from workflow.errors import NotFound

MAX_PIXELS = 64_000_000  # a small file may unfold to gigabytes; cameras of phones give 12 to 50 million
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


def straightened(data: bytes, formats: list[str], longest: int, quality: int) -> bytes:
    """A photo as a JPEG that stands upright, at most `longest` pixels a side, without metadata.

    Raises ValueError for anything else than a picture of these formats with at most `MAX_PIXELS`.
    """
    out = BytesIO()
    try:
        with Image.open(BytesIO(data), formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError("too many pixels")
            image.draft("RGB", (longest, longest))  # a large JPEG is read small
            image.load()
            picture = ImageOps.exif_transpose(image).convert("RGB")
            picture.thumbnail((longest, longest))
            picture.save(out, "JPEG", quality=quality, optimize=True)
    except Exception as error:  # decoders of pictures fail in many ways; each is a file that we do not take
        raise ValueError("no picture") from error
    return out.getvalue()
