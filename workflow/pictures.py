"""Pages of a PDF as pictures: papers that phones can show where no PDF reader is at hand (chat applications)."""

import threading
from io import BytesIO

import pypdfium2
from PIL import Image, ImageDraw, ImageFont, ImageOps

from signing.papers.fonts import font_path
from workflow.errors import NotFound

MAX_PIXELS = 64_000_000  # a small file may unfold to gigabytes; cameras of phones give 12 to 50 million
WIDTH = 1240  # pixels: A4 at 150 dpi, sharp on a phone and under 300 KB a page
A4_LENGTH = 842  # points
INK = (178, 24, 24, 96)  # of marks across a picture
_ONE_AT_A_TIME = threading.Lock()  # PDFium keeps state of its own


def page_count(pdf: bytes) -> int:
    """How many pages it has. Raises pypdfium2.PdfiumError for bytes that are no PDF."""
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def page_sizes(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of each page in points. Raises pypdfium2.PdfiumError for bytes that are no PDF."""
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        return [document.get_page_size(number) for number in range(len(document))]


def page(pdf: bytes, number: int, width: int = WIDTH) -> bytes:
    """Page `number` (from 1) as a PNG, `width` pixels wide, stamps and seals included. Raises NotFound."""
    out = BytesIO()
    _drawn(pdf, number, width).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(
        out, "PNG", optimize=False
    )
    return out.getvalue()


def texts(pdf: bytes) -> list[str]:
    """What each page says, to be read in any width: lines that only the paper's width had ended are joined again."""
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        return [_joined(sheet.get_textpage().get_text_bounded().splitlines()) for sheet in document]


def _joined(lines: list[str]) -> str:
    full = 0.75 * max((len(line) for line in lines if " " not in line), default=0)
    prose = [len(line) >= full and " " not in line and line[-1:] not in "。；：" for line in lines]
    return "".join(line + ("" if goes_on else "\n") for line, goes_on in zip(lines, prose, strict=True))


def photo(pdf: bytes, number: int, width: int, turn: int = 0) -> bytes:
    """Page `number` (from 1) as a JPEG, turned clockwise by quarters, for files that may be photos. Raises NotFound."""
    out = BytesIO()
    picture = _drawn(pdf, number, width)
    picture.rotate(-90 * turn, expand=True).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def _drawn(pdf: bytes, number: int, width: int) -> Image.Image:
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        if not 1 <= number <= len(document):
            raise NotFound(f"page {number}")
        document.init_forms()  # signature fields are drawn too
        sheet = document[number - 1]
        picture: Image.Image = sheet.render(scale=width / sheet.get_width(), may_draw_forms=True).to_pil()
    return picture


def straightened(data: bytes, formats: list[str], longest: int, quality: int) -> bytes:
    """A photo as a JPEG that stands upright, at most `longest` pixels a side, without metadata.

    Raises ValueError for anything else than a picture of these formats with at most `MAX_PIXELS`.
    """
    out = BytesIO()
    opened(data, formats, longest).save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def opened(data: bytes, formats: list[str], longest: int) -> Image.Image:
    """A photo that stands upright (EXIF orientation), at most `longest` pixels a side, without metadata.

    Raises TooManyPixels, and ValueError for anything else than a picture of these formats.
    """
    try:
        with Image.open(BytesIO(data), formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                raise TooManyPixels
            image.draft("RGB", (longest, longest))  # a large JPEG is read small
            image.load()
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("RGBA", "LA", "PA", "P"):  # what is transparent is paper
                layer = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            picture = upright.convert("RGB")
            picture.thumbnail((longest, longest))
            picture.info.clear()
    except TooManyPixels:
        raise
    except Exception as error:  # decoders of pictures fail in many ways; each is a file that we do not take
        raise ValueError("no picture") from error
    return picture


class TooManyPixels(ValueError):
    """A picture of more than `MAX_PIXELS`."""


def marked(picture: Image.Image, text: str) -> Image.Image:
    """The picture with the text across it again and again, thin enough to read what lies beneath."""
    width, height = (
        max(1, side // 2) for side in picture.size
    )  # drawn at half the size: a quarter of the work
    size = max(8, max(width, height) // 42)
    font = ImageFont.truetype(str(font_path("sans-bold")), size)
    line = Image.new("RGBA", (int(font.getlength(text)) + 4 * size, 2 * size), (*INK[:3], 0))
    ImageDraw.Draw(line).text((0, size // 2), text, font=font, fill=INK)
    reach = width + height
    layer = Image.new("RGBA", (reach, reach), (*INK[:3], 0))
    for row, top in enumerate(range(0, reach, 6 * size)):
        for left in range(-(row % 2) * line.width // 2, reach, line.width):
            layer.paste(line, (left, top))
    left, top = (reach - width) // 2, (reach - height) // 2
    layer = layer.rotate(30, resample=Image.Resampling.BILINEAR, fillcolor=(*INK[:3], 0))
    layer = layer.crop((left, top, left + width, top + height)).resize(picture.size)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def as_pdf(pictures: list[Image.Image], quality: int) -> bytes:
    """Pictures as the pages of a PDF, as long as A4 is, without dates: the same pictures give the same bytes."""
    out = BytesIO()
    first, *others = pictures
    first.save(
        out, "PDF", save_all=True, append_images=others, quality=quality, creationDate=None, modDate=None,
        resolution=max(first.size) * 72 / A4_LENGTH,
    )  # fmt: skip
    return out.getvalue()
