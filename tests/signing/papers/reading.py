"""Reading finished PDFs back, for tests."""

import functools
import io
import subprocess

from lxml import etree
from pdfminer.high_level import extract_pages
from pdfminer.layout import LTChar, LTTextContainer, LTTextLine


@functools.lru_cache(maxsize=256)
def _pages(pdf):
    """The laid out pages; reading a PDF back takes far longer than making it."""
    return list(extract_pages(io.BytesIO(pdf)))


@functools.lru_cache(maxsize=256)
def lines(pdf):
    """(page index, text) of each line, without blanks."""
    found = []
    for number, page in enumerate(_pages(pdf)):
        for box in page:
            if isinstance(box, LTTextContainer):
                found += [(number, line.get_text().strip()) for line in box if isinstance(line, LTTextLine)]
    return [(n, t) for n, t in found if t]


def text(pdf):
    """All text without any white space."""
    return "".join("".join(t.split()) for _, t in lines(pdf))


def page_text(pdf, index):
    return "".join("".join(t.split()) for n, t in lines(pdf) if n == index)


@functools.lru_cache(maxsize=256)
def words(pdf):
    """The words of each page as poppler reads them: (text, left, foot, right, head) in points from the lower left
    corner. Far quicker than characters(); words of the watermark, which is larger than any text, are left out."""
    found = []
    for page in etree.HTML(tool("pdftotext", "-bbox", "-", "-", stdin=pdf).decode()).iter("page"):
        height = float(page.get("height"))
        sides = (
            (w.text, *(float(w.get(side)) for side in ("xmin", "ymax", "xmax", "ymin")))
            for w in page.iter("word")
        )
        found.append([(t, x0, height - y0, x1, height - y1) for t, x0, y0, x1, y1 in sides if y0 - y1 < 60])
    return found


def words_of_page(pdf, index):
    """All that a page says, without any white space."""
    return "".join(w[0] for w in words(pdf)[index])


def characters(pdf, index):
    """The printed characters of one page with their boxes; the watermark (rotated) is left out."""

    def walk(item):
        if isinstance(item, LTChar):
            if not item.matrix[1] and item.get_text().strip():
                yield item
        elif hasattr(item, "__iter__"):
            for part in item:
                yield from walk(part)

    yield from walk(_pages(pdf)[index])


def tool(*command, stdin=None):
    """Output of a command of poppler or zbar (`make test-tools` installs them)."""
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout
