"""What an upload may be: judged by its content, looked at for malware, made upright, small, and a PDF."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from pillow_heif import register_heif_opener
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from workflow import pictures
from workflow.errors import OutsideFailure, Problem, RuleViolation, Words
from workflow.gateways import ClamdScanner, MalwareScanner
from workflow.settings import settings

log = logging.getLogger("qibu.uploads")
MEGABYTES = 15
MAX_BYTES = MEGABYTES * 1024 * 1024
MAX_PAGES = 50
MAX_MARKED_PAGES = 10  # pages that are drawn anew to carry a mark
MAX_OBJECTS = 20_000  # of a PDF; a page of a scan has about five
LONGEST_SIDE = 2400  # pixels after straightening: A4 at about 200 dpi
QUALITY = 82
PAGE_POINTS = (36.0, 6000.0)  # the sides of a page: half an inch to two metres
ACTIONS = frozenset(
    ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition", "/Movie", "/Sound", "/RichMediaExecute")
)  # fmt: skip
CARRIED = frozenset(("/FileAttachment", "/RichMedia", "/Screen", "/3D", "/Movie", "/Sound"))

EMPTY = Words("请选择一个文件。", "Choose a file.")
TOO_LARGE = Words(
    f"文件超过 {MEGABYTES} MB，请压缩或分开上传。",
    f"The file is larger than {MEGABYTES} MB. Compress it or upload it in parts.",
)
WRONG_KIND = Words(
    "只能上传照片（JPEG、PNG、HEIC）或 PDF，请换一个文件。",
    "Only photos (JPEG, PNG, HEIC) and PDF can be uploaded. Choose another file.",
)
TOO_MANY_PIXELS = Words(
    f"照片超过 {pictures.MAX_PIXELS // 1_000_000} 百万像素，请用较低的分辨率重新拍摄。",
    f"The picture has more than {pictures.MAX_PIXELS // 1_000_000} million pixels. Take it again with fewer.",
)
ACTIVE = Words(
    "该 PDF 含有自动执行的操作或者附加文件，请重新打印成 PDF 后上传，或者拍照上传。",
    "This PDF runs something by itself or carries other files. Print it to a PDF again, or upload photos of it.",
)
LOCKED = Words(
    "该 PDF 设有密码或者权限限制，请取消后上传，或者拍照上传。",
    "This PDF has a password or restrictions. Remove them and upload it again, or upload photos of it.",
)
TOO_LONG = Words("该 PDF 超过 {most} 页，请分成几个文件。", "This PDF has more than {most} pages. Split it.")
INFECTED = Words(
    "该文件含有恶意程序，没有保存。请检查您的设备，换一个文件。",
    "This file contains malware and was not kept. Check your device and choose another file.",
)
PHOTO_FORMATS = ["JPEG", "PNG", "HEIF"]


@dataclass(frozen=True)
class Checked:
    """A file that was opened and found to be what it says, as PDF."""

    data: bytes
    pages: int


def looked_at(data: bytes, scanner: MalwareScanner | None = None) -> bool:
    """Ask the virus scanner; whether it answered. Only where the setting lets a silent one pass is the answer False.

    Raises RuleViolation for malware, OutsideFailure when a scanner is required and does not answer.
    """
    config = settings()
    if config.malware_scan == "off" or not config.clamd:
        return False
    try:
        found = (scanner or ClamdScanner()).scan(data)
    except OutsideFailure:
        if config.malware_scan == "required":
            raise
        log.warning("an upload was taken without a look at it: the virus scanner is silent")
        return False
    if found:
        log.warning("an upload was refused: %s", found)
        raise _refusal(INFECTED)
    return True


def check_size(size: int) -> None:
    """Raises RuleViolation for nothing and for too much."""
    if size <= 0:
        raise _refusal(EMPTY)
    if size > MAX_BYTES:
        raise _refusal(TOO_LARGE)


def check_file(data: bytes, mark: str = "") -> Checked:
    """Open the file, judge it by its content, and make it a PDF; with `mark` written across every page.

    Photos are made upright and small and lose their metadata. A PDF stays as it is, byte for byte (it may be signed),
    unless it is marked: then its pages are drawn anew. Raises RuleViolation.
    """
    check_size(len(data))
    if data[:1024].lstrip().startswith(b"%PDF-"):
        pages = _check_pdf(data)
        if not mark:
            return Checked(data, pages)
        if pages > MAX_MARKED_PAGES:
            raise _refusal(TOO_LONG.format(most=MAX_MARKED_PAGES))
        sheets: list[Image.Image] = [
            Image.open(BytesIO(pictures.photo(data, n, _width(size))))
            for n, size in enumerate(pictures.page_sizes(data), 1)
        ]
    else:
        register_heif_opener()
        try:
            sheets = [pictures.opened(data, PHOTO_FORMATS, LONGEST_SIDE)]
        except pictures.TooManyPixels as error:
            raise _refusal(TOO_MANY_PIXELS) from error
        except ValueError as error:
            raise _refusal(WRONG_KIND) from error
    if mark:
        sheets = [pictures.marked(sheet, mark) for sheet in sheets]
    return Checked(pictures.as_pdf(sheets, QUALITY), len(sheets))


def _width(size: tuple[float, float]) -> int:
    return max(1, int(LONGEST_SIDE * size[0] / max(size)))


def _check_pdf(data: bytes) -> int:
    """The number of its pages. Raises RuleViolation."""
    try:
        reader = PdfReader(BytesIO(data))
        locked = reader.is_encrypted
        active = not locked and _is_active(reader)
        sizes = [] if locked or active else pictures.page_sizes(data)
    except Exception as error:  # a broken PDF fails in many ways; each is a file that we do not take
        raise _refusal(WRONG_KIND) from error
    if locked:
        raise _refusal(LOCKED)
    if active:
        raise _refusal(ACTIVE)
    if len(sizes) > MAX_PAGES:
        raise _refusal(TOO_LONG.format(most=MAX_PAGES))
    least, most = PAGE_POINTS
    if not sizes or any(not least <= side <= most for size in sizes for side in size):
        raise _refusal(WRONG_KIND)
    return len(sizes)


def _refusal(words: Words) -> RuleViolation:
    return RuleViolation([Problem("file", "file", words)])


def _is_active(reader: PdfReader) -> bool:
    """Whether a PDF runs something or carries other files, in any object: a registrar shall open it without fear."""
    opening = reader.root_object.get("/OpenAction")
    opening = opening.get_object() if opening is not None else None
    if isinstance(opening, DictionaryObject) and opening.get("/S") not in ("/GoTo", None):
        return True
    return any(_acts(part) for part in _parts(reader))


def _acts(part: DictionaryObject) -> bool:
    return bool(
        part.keys() & {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA"}
        or (part.get("/S") in ACTIONS and part.get("/Type") != "/StructElem")
        or part.get("/Type") == "/EmbeddedFile"
        or (part.get("/Subtype") in CARRIED and "/Rect" in part)
    )


def _parts(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary of the file, whether a page leads to it or not. Raises ValueError for a file of too many."""
    numbers = {(n, g) for g, objects in reader.xref.items() for n in objects}
    numbers |= {(n, 0) for n in reader.xref_objStm}
    if len(numbers) > MAX_OBJECTS:
        raise ValueError("too many objects")
    for number, generation in numbers:
        if generation == 65535:  # the head of the list of free objects
            continue
        yield from _within(reader.get_object(IndirectObject(number, generation, reader)))


def _within(thing: Any) -> Iterator[DictionaryObject]:
    waiting = [thing]
    while waiting:
        part = waiting.pop()
        if isinstance(part, DictionaryObject | StreamObject):
            yield part
            waiting += [value for value in dict.values(part) if isinstance(value, dict | list)]
        elif isinstance(part, ArrayObject):
            waiting += [value for value in list.__iter__(part) if isinstance(value, dict | list)]
