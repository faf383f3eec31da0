"""What later revisions may show on a signed paper: signatures that are listed and checked, in their own boxes.

pyHanko allows more than that once the structure is in order: a field that is added and stays empty, with a look over the
whole page; one without a place that is drawn all the same, because it is an annotation of another kind (a line, a
polygon); and a value that it passes over when it lists the signatures (an unknown kind, an empty dictionary), although
readers draw the look that comes with it. Nobody signed those, and nothing would say so.

It also takes a file for covered as a whole when its length fits, and does not ask where the signature stands
(`covers`), and finds the end of a file by looking back for it (`ends_plainly`).
"""

import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NumberObject,
    Reference,
)
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.plain import BENT, Place

KEYS = frozenset(
    ("/FT", "/T", "/TU", "/Type", "/Subtype", "/F", "/Ff", "/P", "/Rect", "/Lock", "/SV", "/AP", "/V")
)
END = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")


def added_in(reader: Any, signatures: Iterable[EmbeddedPdfSignature]) -> frozenset[int]:
    """The revisions that last wrote what the file shows beside its pages and the listed signatures.

    `reader`: a `signing.revisions.Reader`. The last revision is among them when the pages cannot be walked.
    """
    try:
        listed = {_place(signature.sig_field.raw_get("/V")) for signature in signatures}
        shown = {*_fields(reader.root), *_annotations(reader.root["/Pages"], set())}
        return frozenset(
            reader.xrefs.get_last_change(Reference(*place))
            for place in shown
            if not _is_signed_box(reader.get_object(Reference(*place, pdf=reader)), listed)
        )
    except BENT:
        return frozenset([reader.total_revisions - 1])


def _fields(root: DictionaryObject) -> Iterator[Place]:
    if "/AcroForm" not in root:
        return
    waiting, seen = _raw(root["/AcroForm"]["/Fields"]), set[Place]()
    while waiting:
        place = _place(found := waiting.pop())
        if place not in seen:
            seen.add(place)
            yield place
            field = found.get_object()
            waiting += _raw(field["/Kids"]) if "/Kids" in field else []


def _annotations(node: Any, seen: set[Place]) -> Iterator[Place]:
    for found in _raw(node["/Kids"]):
        if (place := _place(found)) in seen:
            raise PdfError("pages in a circle")
        seen.add(place)
        page = found.get_object()
        if "/Kids" in page:
            yield from _annotations(page, seen)
        if "/Annots" in page:
            yield from map(_place, _raw(page["/Annots"]))


def _raw(array: Any) -> list[Any]:
    if not isinstance(array, ArrayObject):
        raise PdfError("no array")
    return list(list.__iter__(array))


def _place(found: Any) -> Place:
    if not isinstance(found, IndirectObject):
        raise PdfError("no reference")
    return found.idnum, found.generation


def _is_signed_box(field: Any, listed: set[Place]) -> bool:
    """Whether this is a field that holds a listed signature and has no more than its own box to be seen in."""
    if type(field) is not DictionaryObject or not field.keys() <= KEYS:
        return False
    if field.raw_get("/FT") != "/Sig" or field.raw_get("/Subtype") != "/Widget" or "/V" not in field:
        return False
    left, bottom, right, top = _box(field.raw_get("/Rect"))
    seen = left != right and bottom != top
    if "/AP" in field:
        looks = field.raw_get("/AP")
        if not seen or type(looks) is not DictionaryObject or set(looks) != {"/N"}:
            return False
        _box(looks["/N"].raw_get("/BBox"))  # without one, some readers let a look cover the page
    if _place(field.raw_get("/V")) not in listed:
        return False
    return not seen or field["/V"].get("/Type", "/Sig") == "/Sig"


def _box(found: Any) -> list[Any]:
    if len(sides := _raw(found)) != 4 or not all(isinstance(n, NumberObject | FloatObject) for n in sides):
        raise PdfError("no box")
    return sides


def covers(pdf: bytes, signature: EmbeddedPdfSignature) -> bool:
    """Whether the signature stands in the one gap of what it covers, as digits and nothing else (ISO 32000-2, 12.8.1)."""
    parts = _raw(signature.byte_range)
    if len(parts) != 4 or not all(type(part) is NumberObject for part in parts):
        return False
    begin, size, after, rest = map(int, parts)
    if begin != 0 or not 0 < size < after < after + rest <= len(pdf):
        return False
    gap = pdf[size:after]
    try:
        held = binascii.unhexlify(gap[1:-1])
    except ValueError:
        return False
    return gap[:1] == b"<" and gap[-1:] == b">" and held == signature.pkcs7_content


def ends_plainly(pdf: bytes, reader: Any) -> bool:
    """Whether nothing follows the last revision, which is the one that everybody finds from the end of the file."""
    last = reader.total_revisions - 1
    end = END.search(pdf, max(0, len(pdf) - 1024))
    start = reader.xrefs.get_xref_container_info(last).end_location
    return (
        end is not None
        and int(end[1]) == reader.xrefs.get_startxref_for_revision(last)
        and start <= end.start()
        and pdf.count(b"startxref", start) == 1
    )
