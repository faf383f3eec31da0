"""Files that tests upload."""

from io import BytesIO

from PIL import Image
from pillow_heif import register_heif_opener
from pypdf import PdfWriter

register_heif_opener()


def photo(size=(40, 30), form="JPEG", colour="white", **options):
    """A picture of one colour."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, form, **options)
    return out.getvalue()


def pdf(change=lambda writer: None, pages=1, size=(200, 200)):
    """A PDF of empty pages, changed as told."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(*size)
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
