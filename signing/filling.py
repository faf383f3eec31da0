"""Signs in a field that was made beforehand: one revision, written straight behind the file.

pyHanko reads every revision and every field of a file before it adds a signature, so that its work grows with those
that are there. Papers that the platform certified are written in one known way. Here their newest state is read by
exact patterns, and only what changes is written: the field, its look, the signature, and the proofs that the file does
not hold yet. What is not in exactly that way is NotPlain and left to pyHanko (`signing.pdf`), which then says what is
wrong with it. `tests/signing/test_filling.py` holds both ways against each other.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import IndirectObject, PdfObject, pdf_name

from signing.drawing import Drawing
from signing.errors import PaperRefused
from signing.proofs import Proofs

SECTION = re.compile(
    rb"xref\n0 (?P<first>[1-9]\d*)\n0000000000 65535 f \n"
    rb"(?P<table>(?:\d{10} 00000 n \n)*(?:[1-9]\d* [1-9]\d*\n(?:\d{10} 00000 n \n)+)*)trailer\n<<\n/ID ?\n?\[ ?"
    rb"<(?P<id>[0-9a-fA-F]{32})> ?<[0-9a-fA-F]{32}> ?\]\n(?:% [ -~]*\n\n)?"
    rb"/Info (?P<info>\d+) 0 R\n/Root (?P<root>\d+) 0 R\n/Size (?P<size>\d+)\n(?:/Prev (?P<before>\d+)\n)?>>\n"
    rb"startxref\n(?P<start>\d+)\n%%EOF"
)
START = re.compile(rb"startxref\n(\d+)\n%%EOF\n?\Z")
RUN = re.compile(rb"(\d+) (\d+)\n")
ENTRY = 20  # octets
FREE = b"0000000000 65535 f \n"
FIELD = re.compile(rb"(\d+) 0 obj\n<<\n/FT /Sig\n/T (\((?:[^()\\\n]|\\\d{3})*\))\n")
STREAM = re.compile(rb"(\d+) 0 obj\n<<\n/Length (\d+)\n>>\nstream\n")
REFERENCE = re.compile(rb"(\d+) 0 R")
REFERENCES = re.compile(rb"\[ (?:\d+ 0 R )*\]")
FONT = re.compile(rb"(/[A-Za-z0-9.+-]+) (\d+) 0 R")
PERMISSION = b"/TransformMethod /DocMDP\n/TransformParams <<\n/Type /TransformParams\n/V /1.2\n/P 2\n>>"
KEPT = {
    b"/FT",
    b"/T",
    b"/Type",
    b"/Subtype",
    b"/F",
    b"/Rect",
    b"/P",
    b"/Lock",
}  # of a field; /AP and /V are new
STORE = (b"/Certs", b"/OCSPs", b"/CRLs")
RANGE = 72  # octets for /ByteRange, filled up with spaces


class NotPlain(Exception):
    """Not written in the one known way, or nothing to be filled in: pyHanko's."""


class Plain:
    """The newest state of a paper; of the revisions before, only where their objects are is read.

    Raises NotPlain.
    """

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf
        self.places: dict[int, int] = {}
        self.ends: list[int] = []
        newest, first = START.search(pdf, max(0, len(pdf) - 64)), True
        if newest is None:
            raise NotPlain("no end")
        self.start = at = int(newest[1])
        while True:
            found = SECTION.match(pdf, at)
            if found is None or int(found["start"]) != at:
                raise NotPlain("cross-references")
            if first:
                self.root, self.info, self.size = int(found["root"]), int(found["info"]), int(found["size"])
                self.id, first = found["id"], False
                if len(pdf) - found.end() > 1:
                    raise NotPlain("something follows the end")
            elif (int(found["root"]), int(found["info"])) != (self.root, self.info):
                raise NotPlain("another catalogue before")
            self._take(found)
            self.ends.append(found.end())
            if found["before"] is None:
                break
            if (before := int(found["before"])) >= at:
                raise NotPlain("revisions in a circle")
            at = before
        self.ends.reverse()

    def _take(self, section: re.Match[bytes]) -> None:
        """Where the objects of a section are, unless a later one has them."""
        pdf, at, end, places = self.pdf, section.start("table"), section.end("table"), self.places
        number, count = 1, int(section["first"]) - 1
        while True:
            words = pdf[at : (after := at + count * ENTRY)].split()
            if after > end or words[2::3].count(b"n") != count or len(words) != 3 * count:
                raise NotPlain("cross-references")
            for place in map(int, words[::3]):
                places.setdefault(number, place)
                number += 1
            if after == end:
                break
            if (run := RUN.match(pdf, after)) is None:
                raise NotPlain("cross-references")
            number, count, at = int(run[1]), int(run[2]), run.end()

    def entries(self, number: int) -> dict[bytes, bytes]:
        """The entries of a dictionary, one a line; what lies deeper stays together in the value."""
        start, head = self._place(number), b"%d 0 obj\n<<\n" % number
        end = self.pdf.find(b"\n>>\nendobj\n", start)
        if end < 0 or not self.pdf.startswith(head, start):
            raise NotPlain("no plain dictionary")
        found: dict[bytes, bytes] = {}
        key, depth = b"", 0
        for line in self.pdf[start + len(head) : end].split(b"\n"):
            if depth:
                found[key] += b"\n" + line
            else:
                key, space, value = line.partition(b" ")
                if not key.startswith(b"/") or not space or key in found:
                    raise NotPlain("no plain dictionary")
                found[key] = value
            depth += line.count(b"<<") - line.count(b">>")
        if depth:
            raise NotPlain("no plain dictionary")
        return found

    def object(self, value: bytes) -> dict[bytes, bytes]:
        """The dictionary to which an entry refers."""
        if (found := REFERENCE.fullmatch(value)) is None:
            raise NotPlain("no reference")
        return self.entries(int(found[1]))

    def references(self, value: bytes) -> list[int]:
        """The numbers of the objects in an array of references."""
        if not REFERENCES.fullmatch(value):
            raise NotPlain("no array of references")
        return [int(number) for number in REFERENCE.findall(value)]

    def stream(self, number: int) -> memoryview:
        """The octets of a stream that is not compressed; empty for another one."""
        found = STREAM.match(self.pdf, self.places.get(number, len(self.pdf)))
        if found is None or int(found[1]) != number:
            return memoryview(b"")
        return memoryview(self.pdf)[found.end() : found.end() + int(found[2])]

    def _place(self, number: int) -> int:
        try:
            return self.places[number]
        except KeyError:
            raise NotPlain("an object that is not there") from None

    @cached_property
    def catalogue(self) -> dict[bytes, bytes]:
        """Of a certified paper that may still be signed, with the extension that PAdES names."""
        found = self.entries(self.root)
        if not {b"/AcroForm", b"/DSS", b"/Perms", b"/Extensions"} <= found.keys():
            raise NotPlain("not certified")
        certified = re.fullmatch(rb"<<\n/DocMDP (\d+ 0 R)\n>>", found[b"/Perms"])
        if certified is None or PERMISSION not in self.object(certified[1]).get(b"/Reference", b""):
            raise NotPlain("not certified")
        if b"/ESIC" not in found[b"/Extensions"]:
            raise NotPlain("made by another version")
        return found

    @cached_property
    def form(self) -> dict[bytes, bytes]:
        """The form."""
        found = self.object(self.catalogue[b"/AcroForm"])
        if found.get(b"/SigFlags") != b"3" or not found.keys() <= {b"/Fields", b"/SigFlags", b"/DR"}:
            raise NotPlain("another form")
        return found

    @cached_property
    def fields(self) -> dict[bytes, int]:
        """The fields for signatures, by their name as it is written, and the number of each."""
        found: dict[bytes, int] = {}
        for number in self.references(self.form[b"/Fields"]):
            field = FIELD.match(self.pdf, self._place(number))
            if field is None or int(field[1]) != number or field[2] in found:
                raise NotPlain("another field")
            found[field[2]] = number
        return found

    @cached_property
    def store(self) -> dict[bytes, list[int]]:
        """The document security store: the streams of its certificates, answers and lists."""
        found = self.object(self.catalogue[b"/DSS"])
        if not found.keys() <= set(STORE):
            raise NotPlain("another store")
        return {key: self.references(found.get(key, b"[ ]")) for key in STORE}

    @cached_property
    def beginnings(self) -> dict[str, int]:
        """SHA-256 and end of each beginning that was a whole file, and of the file, the shortest first."""
        running, done = self._running, 0
        view, found = memoryview(self.pdf), {}
        for end in sorted({*self.ends, *(min(end + 1, len(view)) for end in self.ends), len(view)}):
            running.update(view[done:end])
            done = end
            found[running.hexdigest()] = end
        return found

    @cached_property
    def _running(self) -> Any:
        return sha256()

    @property
    def hashed(self) -> Any:
        """A SHA-256 that the whole file went into; the octets are hashed once, whoever asks."""
        assert self.beginnings
        return self._running.copy()


def opened(pdf: bytes) -> Plain | None:
    """A paper in the one known way; nothing for another one."""
    try:
        return Plain(pdf)
    except NotPlain:
        return None


@dataclass(frozen=True)
class Slot:
    """A field of a paper that waits for its signature."""

    paper: Plain
    number: int
    field: dict[bytes, bytes]
    lock: dict[bytes, bytes]

    @property
    def seen(self) -> bool:
        """Whether it has a place on a page."""
        return self.field[b"/Rect"] != b"[ 0 0 0 0 ]"


def slot(paper: Plain, name: str, last: str) -> Slot:
    """The field of this name, which must be empty and lock itself; no field may be filled after `last`.

    Raises NotPlain, PaperRefused.
    """
    written = _text(name)
    if (number := paper.fields.get(written)) is None:
        raise NotPlain("no such field")
    field = paper.entries(number)
    if b"/V" in field or (final := paper.fields.get(_text(last))) is None:
        raise NotPlain("to be said by pyHanko")
    if b"/V" in paper.entries(final):
        raise PaperRefused("the paper was closed by its last signature")
    if not field.keys() >= KEPT or not field.keys() <= KEPT | {b"/AP"}:
        raise NotPlain("another field")
    lock = paper.object(field[b"/Lock"])
    own = {b"/Action": b"/Include", b"/Fields": b"[ " + written + b" ]"}
    if name == last:
        own = {b"/Action": b"/All", b"/P": b"1"}
    if lock != {**own, b"/Type": b"/SigFieldLock"}:
        raise NotPlain("another lock")
    assert paper.store is not None  # read now, so that nothing is NotPlain later
    return Slot(paper, number, field, lock)


class _Revision:
    """New objects and new versions of objects, behind a file; draws as if it were a writer of pyHanko's."""

    def __init__(self, paper: Plain) -> None:
        self._paper, self._next = paper, paper.size
        self._bodies: dict[int, bytes] = {}

    @cached_property
    def root(self) -> dict[str, Any]:
        """The fonts of the form, for drawings."""
        fonts = re.fullmatch(rb"<<\n/Font <<\n((?:.+\n)+)>>\n>>", self._paper.form.get(b"/DR", b""))
        held = generic.DictionaryObject()
        for name, number in FONT.findall(fonts[1]) if fonts else ():
            held[pdf_name(name.decode())] = IndirectObject(int(number), 0, None)
        return {"/AcroForm": {"/DR": {"/Font": held}}}

    def add(self, body: bytes) -> int:
        """The number of a new object."""
        number = self._next
        self._next += 1
        self._bodies[number] = body
        return number

    def add_object(self, value: PdfObject) -> IndirectObject:
        """See BasePdfFileWriter; the object is written as it is now."""
        out = BytesIO()
        value.write_to_stream(out, None, None)
        return IndirectObject(self.add(out.getvalue()), 0, None)

    def replace(self, number: int, entries: dict[bytes, bytes]) -> None:
        """The new version of a dictionary."""
        self._bodies[number] = dictionary(entries)

    def octets(self) -> bytes:
        """What goes behind the file."""
        out, size = [], len(self._paper.pdf)
        if not self._paper.pdf.endswith(b"\n"):
            out, size = [b"\n"], size + 1
        places = {}
        for number, body in sorted(self._bodies.items()):
            places[number] = size
            out.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
            size += len(out[-1])
        out.append(b"xref\n0 1\n" + FREE)
        for run in _runs(sorted(places)):
            out.append(b"%d %d\n" % (run[0], len(run)))
            out += [b"%010d 00000 n \n" % places[number] for number in run]
        own = sha256(b"".join(out)).hexdigest()[:32].encode()
        out.append(
            b"trailer\n<<\n/ID [ <%b> <%b> ]\n/Info %d 0 R\n/Root %d 0 R\n/Size %d\n/Prev %d\n>>\nstartxref\n%d\n%%%%EOF\n"
            % (self._paper.id, own, self._paper.info, self._paper.root, self._next, self._paper.start, size)
        )
        return b"".join(out)


@dataclass(frozen=True)
class Filled:
    """A paper with a revision that lacks its signature. `digest`: SHA-256 of what the signature covers."""

    pdf: bytes
    tail: bytes
    begin: int  # of the signature's digits in the tail
    end: int
    digest: bytes

    def signed(self, contents: bytes) -> bytes:
        """The file with the signature (a CMS structure, DER). Raises PaperRefused when it does not fit in."""
        digits = contents.hex().encode()
        if len(digits) > self.end - self.begin:
            raise PaperRefused("the signature is larger than the place for it")
        digits = digits.ljust(self.end - self.begin, b"0")
        tail = memoryview(self.tail)
        return b"".join((self.pdf, tail[: self.begin], digits, tail[self.end :]))


def fill(
    place: Slot, look: Drawing | None, proofs: Proofs, *, name: str, reason: str, at: datetime, reserved: int
) -> Filled:
    """The paper with the field filled in, up to the signature itself.

    `name`, `reason`: of the signature; `at`: its time as claimed, UTC; `reserved`: octets for the CMS
    structure.
    """
    paper, revision = place.paper, _Revision(place.paper)
    held = dict(paper.store)
    for key, pieces in zip(STORE, (proofs.certificates, proofs.answers, proofs.lists), strict=True):
        held[key] = [*held[key], *_missing(revision, paper, held[key], (piece.dump() for piece in pieces))]
    if held != paper.store:
        (store,) = paper.references(b"[ " + paper.catalogue[b"/DSS"] + b" ]")
        revision.replace(
            store,
            {key: b"[ %b]" % b"".join(b"%d 0 R " % n for n in numbers) for key, numbers in held.items()},
        )
    field = dict(place.field)
    if look is not None and place.seen:
        look.set_writer(revision)
        field[b"/AP"] = b"<<\n/N %d 0 R\n>>" % revision.add_object(look.as_form_xobject()).idnum
    transform = {**place.lock, b"/Type": b"/TransformParams", b"/V": b"/1.2"}
    head = b"<<\n/Contents <"
    signature = {
        b"/ByteRange": b" " * RANGE,
        b"/Type": b"/Sig", b"/Filter": b"/Adobe.PPKLite", b"/SubFilter": b"/ETSI.CAdES.detached",
        b"/M": at.strftime("(D:%Y%m%d%H%M%SZ)").encode(), b"/Name": _text(name), **({b"/Reason": _text(reason)} if reason else {}),
        b"/Reference": b"[ <<\n/Type /SigRef\n/TransformMethod /FieldMDP\n/Data %d 0 R\n/TransformParams %b\n>> ]"
        % (paper.root, dictionary(transform)),
    }  # fmt: skip
    body = head + b"0" * (2 * reserved) + b">\n" + dictionary(signature).removeprefix(b"<<\n")
    field[b"/V"] = b"%d 0 R" % (number := revision.add(body))
    revision.replace(place.number, field)
    tail, size = revision.octets(), len(paper.pdf)
    begin = tail.rindex(b"%d 0 obj\n" % number + head) + len(b"%d 0 obj\n" % number) + len(head)
    end = begin + 2 * reserved
    said = b"[0 %d %d %d]" % (size + begin - 1, size + end + 1, len(tail) - end - 1)
    blank = end + len(b">\n/ByteRange ")
    assert tail[blank : blank + RANGE].isspace() and len(said) <= RANGE
    tail = tail[:blank] + said.ljust(RANGE) + tail[blank + RANGE :]
    digest = paper.hashed
    digest.update(memoryview(tail)[: begin - 1])
    digest.update(memoryview(tail)[end + 1 :])
    return Filled(paper.pdf, tail, begin, end, digest.digest())


def _missing(
    revision: _Revision, paper: Plain, numbers: Iterable[int], pieces: Iterable[bytes]
) -> Iterator[int]:
    """Adds what the file does not hold yet, as streams; their numbers."""
    wanted = dict.fromkeys(pieces)
    sizes = {len(piece) for piece in wanted}
    for number in numbers:
        if len(held := paper.stream(number)) in sizes:
            wanted.pop(bytes(held), None)
    for piece in wanted:
        yield revision.add(b"<<\n/Length %d\n>>\nstream\n%b\nendstream" % (len(piece), piece))


def dictionary(entries: dict[bytes, bytes]) -> bytes:
    """A dictionary, one entry a line."""
    return b"<<\n" + b"".join(b"%b %b\n" % entry for entry in entries.items()) + b">>"


def _text(text: str) -> bytes:
    """A text as pyHanko writes it."""
    out = BytesIO()
    generic.pdf_string(text).write_to_stream(out, None, None)
    return out.getvalue()


def _runs(numbers: list[int]) -> Iterator[list[int]]:
    """Numbers that follow each other."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    yield run
