"""Draws stamps and seals straight into a PDF, with subsets of our faces that hold only the characters used."""

import functools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import PdfContent, ResourceType
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFontMaker

from signing.papers import fonts

Colour = tuple[float, float, float]
MORE, WORDS, SCALE, TWO_SCALES, MATRIX = 0x20, 0x01, 0x08, 0x40, 0x80  # flags of a glyph's component
CIRCLE = 0.5523  # how far the handles of a quarter circle reach


@dataclass(frozen=True)
class Subset:
    """A TrueType program with glyphs 1, 2, 3 … for the characters, and their widths in thousandths of an em."""

    name: str
    program: bytes
    characters: str
    widths: tuple[int, ...]
    box: tuple[int, int, int, int]
    ascent: int
    descent: int

    def encode(self, text: str) -> str:
        """The text as hexadecimal glyph numbers."""
        return "".join(f"{self.characters.index(c) + 1:04x}" for c in text)


@functools.lru_cache(maxsize=256)
def subset(font: str, characters: str) -> Subset:
    """The smallest font that prints these characters (each once) of a registered face."""
    fonts.register()
    face = pdfmetrics.getFont(font).face
    glyphs = [0, *(face.charToGlyph[ord(c)] for c in characters)]
    start = face.get_table_pos("glyf")[0]
    outlines: list[bytes] = []
    for glyph in glyphs:  # grows while it is walked: parts of composite glyphs follow at the end
        at = face.glyphPos[glyph]
        outline = bytearray(face.get_chunk(start + at, face.glyphPos[glyph + 1] - at))
        for offset, part in _components(outline):
            if part not in glyphs:
                glyphs.append(part)
            struct.pack_into(">H", outline, offset, glyphs.index(part))
        outlines.append(bytes(outline) + bytes(-len(outline) % 4))
    offsets = [sum(map(len, outlines[:n])) for n in range(len(outlines) + 1)]
    metrics = b"".join(struct.pack(">Hh", int(a), int(b)) for a, b in (face.hmetrics[g] for g in glyphs))
    head, hhea, maxp = (bytearray(face.get_table(tag)) for tag in ("head", "hhea", "maxp"))
    struct.pack_into(">I", head, 8, 0)  # the checksum is made anew
    struct.pack_into(">h", head, 50, 1)  # long offsets
    struct.pack_into(">H", hhea, 34, len(glyphs))
    struct.pack_into(">H", maxp, 4, len(glyphs))
    tables = {
        "head": head,
        "hhea": hhea,
        "maxp": maxp,
        "hmtx": metrics,
        "loca": struct.pack(f">{len(offsets)}I", *offsets),
        "glyf": b"".join(outlines),
    }
    maker = TTFontMaker()
    for tag, table in tables.items():
        maker.add(tag, bytes(table))
    program = maker.makeStream()
    tag = "".join(chr(65 + byte % 26) for byte in sha256(program).digest()[:6])
    left, bottom, right, top = (int(value) for value in face.bbox)
    widths = tuple(round(face.charWidths.get(ord(c), face.defaultWidth)) for c in characters)
    return Subset(
        f"{tag}+{font}",
        program,
        characters,
        widths,
        (left, bottom, right, top),
        int(face.ascent),
        int(face.descent),
    )


def _components(outline: bytearray) -> Iterator[tuple[int, int]]:
    """Where a composite glyph names its parts, and the parts."""
    if len(outline) < 10 or struct.unpack_from(">h", outline)[0] >= 0:
        return
    position, flags = 10, MORE
    while flags & MORE:
        flags, part = struct.unpack_from(">HH", outline, position)
        yield position + 2, part
        position += 4 + (4 if flags & WORDS else 2)
        position += 2 if flags & SCALE else 4 if flags & TWO_SCALES else 8 if flags & MATRIX else 0


def printable(font: str, text: str) -> Iterator[tuple[str, str]]:
    """Runs of (face, text) in the face or its sister; a character that neither has shows as its code point."""
    shown = "".join(c if fonts.face_for(font, c) else f"〔U+{ord(c):04X}〕" for c in text)
    for face, run in groupby(shown, lambda c: fonts.face_for(font, c) or font):
        yield face, "".join(run)


def width(font: str, size: float, text: str) -> float:
    """How wide a line of text is, in points."""
    return sum(fonts.widths(face)[ord(c)] for face, run in printable(font, text) for c in run) * size / 1000


class Drawing(PdfContent):
    """What fills a signature's box. `shared` holds, for each face, characters that every stamp of a file has:

    such a subset is embedded once, in the form's default resources, and used again by later signatures.
    """

    def __init__(self, across: float, height: float, shared: dict[str, str] | None = None) -> None:
        super().__init__(box=BoxConstraints(width=across, height=height))
        self._shared = shared or {}
        self._pieces: list[str | tuple[str, float, tuple[float, ...], Colour, str]] = []

    def text(
        self,
        font: str,
        size: float,
        x: float,
        y: float,
        text: str,
        colour: Colour,
        turn: tuple[float, float] = (1, 0),
    ) -> None:
        """A line of text from (x, y); `turn` is cosine and sine of its direction."""
        cos, sin = turn
        for face, run in printable(font, text):
            self._pieces.append((face, size, (cos, sin, -sin, cos, x, y), colour, run))
            step = width(face, size, run)
            x, y = x + step * cos, y + step * sin

    def raw(self, operators: str) -> None:
        """Graphics operators as they are."""
        self._pieces.append(f"q {operators} Q")

    def rectangle(self, x: float, y: float, across: float, height: float, colour: Colour) -> None:
        """A filled rectangle."""
        self.raw(f"{_rgb(colour)} rg {x:.2f} {y:.2f} {across:.2f} {height:.2f} re f")

    def frame(self, x: float, y: float, across: float, height: float, line: float, colour: Colour) -> None:
        """The outline of a rectangle."""
        self.raw(f"{_rgb(colour)} RG {line} w {x:.2f} {y:.2f} {across:.2f} {height:.2f} re S")

    def circle(self, x: float, y: float, radius: float, line: float, colour: Colour) -> None:
        """A ring."""
        k, r = radius * CIRCLE, radius
        corners = [
            (x + r, y + k, x + k, y + r, x, y + r),
            (x - k, y + r, x - r, y + k, x - r, y),
            (x - r, y - k, x - k, y - r, x, y - r),
            (x + k, y - r, x + r, y - k, x + r, y),
        ]
        curves = " ".join(" ".join(f"{v:.2f}" for v in c) + " c" for c in corners)
        self.raw(f"{_rgb(colour)} RG {line} w {x + r:.2f} {y:.2f} m {curves} h S")

    def render(self) -> bytes:
        """See PdfContent."""
        own: dict[str, str] = {}
        for piece in self._pieces:
            if not isinstance(piece, str):
                face, run = piece[0], piece[4]
                if not set(run) <= set(self._shared.get(face, "")):
                    own[face] = own.get(face, "") + run
        names: dict[str, tuple[str, Subset]] = {}
        for number, (face, characters) in enumerate(sorted(own.items())):
            made = subset(face, "".join(sorted(set(characters))))
            self._use(f"/F{number}", _embed(self._ensure_writer, made))
            names[face] = f"/F{number}", made
        shared: dict[str, tuple[str, Subset]] = {}
        for number, (face, characters) in enumerate(sorted(self._shared.items())):
            made = subset(face, characters)
            self._use(f"/S{number}", _shared(self._ensure_writer, made))
            shared[face] = f"/S{number}", made
        out = []
        for piece in self._pieces:
            if isinstance(piece, str):
                out.append(piece)
                continue
            face, size, matrix, colour, run = piece
            own_needed = not set(run) <= set(self._shared.get(face, ""))
            name, made = names[face] if own_needed else shared[face]
            place = " ".join(f"{value:.4f}" for value in matrix)
            out.append(f"BT {_rgb(colour)} rg {name} {size:.2f} Tf {place} Tm <{made.encode(run)}> Tj ET")
        return "\n".join(out).encode()

    def _use(self, name: str, reference: generic.IndirectObject) -> None:
        self.set_resource(ResourceType.FONT, pdf_name(name), reference)


def _rgb(colour: Colour) -> str:
    return " ".join(f"{part:.3f}" for part in colour)


def share(writer: BasePdfFileWriter, face: str, characters: str) -> None:
    """Put a subset that later stamps use into the form's default resources; the form must be there already."""
    _shared(writer, subset(face, characters))


def _shared(writer: BasePdfFileWriter, made: Subset) -> generic.IndirectObject:
    """The subset in the form's default resources, put there by the first signature and never changed later."""
    form = writer.root["/AcroForm"]
    name = f"/{made.name.replace('+', '.')}"
    try:
        return generic.IndirectObject(*_pair(form["/DR"]["/Font"].raw_get(name)), writer)
    except KeyError:
        reference = _embed(writer, made)
    if isinstance(writer, IncrementalPdfFileWriter) and not writer.prev.embedded_signatures:
        resources = form.setdefault(pdf_name("/DR"), generic.DictionaryObject())
        resources.setdefault(pdf_name("/Font"), generic.DictionaryObject())[pdf_name(name)] = reference
    return reference


def _pair(reference: generic.IndirectObject) -> tuple[int, int]:
    return reference.idnum, reference.generation


def _embed(writer: BasePdfFileWriter, made: Subset) -> generic.IndirectObject:
    name = pdf_name(f"/{made.name}")
    program = generic.StreamObject(
        {pdf_name("/Length1"): generic.NumberObject(len(made.program))}, stream_data=made.program
    )
    program.compress()
    pairs = "\n".join(
        f"<{n:04x}> <{c.encode('utf-16-be').hex()}>" for n, c in enumerate(made.characters, start=1)
    )
    unicode = generic.StreamObject(
        stream_data=_TO_UNICODE.format(count=len(made.characters), pairs=pairs).encode()
    )
    unicode.compress()
    descriptor = {
        "/Type": pdf_name("/FontDescriptor"), "/FontName": name, "/Flags": generic.NumberObject(4),
        "/FontBBox": generic.ArrayObject(map(generic.NumberObject, made.box)), "/ItalicAngle": generic.NumberObject(0),
        "/Ascent": generic.NumberObject(made.ascent), "/Descent": generic.NumberObject(made.descent),
        "/CapHeight": generic.NumberObject(made.ascent), "/StemV": generic.NumberObject(80),
        "/FontFile2": writer.add_object(program),
    }  # fmt: skip
    system: dict[str, generic.PdfObject] = {
        "/Registry": generic.pdf_string("Adobe"),
        "/Ordering": generic.pdf_string("Identity"),
        "/Supplement": generic.NumberObject(0),
    }
    widths = generic.ArrayObject(map(generic.NumberObject, made.widths))
    descendant = {
        "/Type": pdf_name("/Font"), "/Subtype": pdf_name("/CIDFontType2"), "/BaseFont": name,
        "/CIDSystemInfo": _dictionary(system), "/FontDescriptor": writer.add_object(_dictionary(descriptor)),
        "/W": generic.ArrayObject([generic.NumberObject(1), widths]), "/CIDToGIDMap": pdf_name("/Identity"),
    }  # fmt: skip
    font = {
        "/Type": pdf_name("/Font"), "/Subtype": pdf_name("/Type0"), "/BaseFont": name,
        "/Encoding": pdf_name("/Identity-H"), "/ToUnicode": writer.add_object(unicode),
        "/DescendantFonts": generic.ArrayObject([writer.add_object(_dictionary(descendant))]),
    }  # fmt: skip
    return writer.add_object(_dictionary(font))


def _dictionary(values: dict[str, generic.PdfObject]) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(key): value for key, value in values.items()})


_TO_UNICODE = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Qibu def /CMapType 2 def
1 begincodespacerange <0000> <ffff> endcodespacerange
{count} beginbfchar
{pairs}
endbfchar endcmap CMapName currentdict /CMap defineresource pop end end"""
