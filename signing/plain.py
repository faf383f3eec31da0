"""Reads PDF objects that are plainly written, a token at a time; pyHanko reads octet by octet, which took most of the
time of signing and checking.

Whatever is not plain (escapes, comments, odd numbers, a missing end) is left to pyHanko: it alone says what is wrong
with a file. `tests/signing/test_revisions.py` holds both readings against each other.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    PdfObject,
    Reference,
    StreamObject,
)
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.diff_analysis import SuspiciousModification

Place = tuple[int, int]  # number and generation of an object
BENT = (  # what pyHanko raises where a file is bent
    PdfError, SuspiciousModification, LookupError, ValueError, TypeError, AttributeError, AssertionError,
    NotImplementedError, RecursionError,
)  # fmt: skip
CONTAINERS = (IndirectObject, DictionaryObject, ArrayObject)
SPACE = rb"[ \n\r\t\f\x00]"
AHEAD = rb"(?=[ \n\r\t\f\x00/<>\[\]()])"
HEAD = re.compile(rb"([1-9]\d{0,9}) (\d{1,5}) obj" + SPACE + rb"*")
END = re.compile(SPACE + rb"*endobj")
GAP = re.compile(SPACE + rb"*")
TOKEN = re.compile(
    SPACE
    + rb"*(?:(?P<reference>[1-9]\d{0,7} \d{1,5} R(?=[ \n\r/<>\[\]]))"
    + rb"|(?P<number>[+-]?\d{1,18}"
    + AHEAD
    + rb")|(?P<real>[+-]?\d{1,9}\.\d{1,9}"
    + AHEAD
    + rb")|(?P<name>/[A-Za-z0-9_.+*-]+"
    + AHEAD
    + rb")|(?P<dictionary><<)|(?P<array>\[)|(?P<close>>>|\])|(?P<hex><[0-9A-Fa-f]*>)|(?P<word>true|false|null)"
    + AHEAD
    + rb")"
)
LIST = re.compile(rb"(?:" + SPACE + rb"*[1-9]\d{0,7} \d{1,5} R(?=[ \n\r/<>\[\]]))+" + SPACE + rb"*\]")
LISTED = re.compile(rb"(\d+) (\d+) R")
WORDS = {b"true": lambda: BooleanObject(True), b"false": lambda: BooleanObject(False), b"null": NullObject}
DEEPEST = 40


def references(obj: PdfObject, without: str = "") -> Iterator[Place]:
    """The references in an object, not in those it refers to."""
    if isinstance(obj, IndirectObject):
        yield obj.idnum, obj.generation
    elif isinstance(obj, DictionaryObject):
        for key, value in obj.items():
            if key != without and isinstance(value, CONTAINERS):
                yield from references(value, without)
    elif isinstance(obj, ArrayObject):
        for value in obj:
            if isinstance(value, CONTAINERS):
                yield from references(value, without)


class _NotPlain(Exception):
    """To be read by pyHanko."""


class Octets:
    """The octets of a file that its reader has in memory."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._data = reader.stream.getvalue() if type(reader.stream) is BytesIO else b""

    def read(self, ref: Reference, start: int) -> PdfObject | None:
        """The object that begins here; None when it is not plainly this one."""
        head = HEAD.match(self._data, start)
        if head is None or (int(head[1]), int(head[2])) != (ref.idnum, ref.generation):
            return None
        owner = Reference(ref.idnum, ref.generation, self._reader)
        try:
            value, end = self._value(head.end(), owner, 0)
        except (_NotPlain, PdfError, ValueError, LookupError, TypeError):
            return None
        return value if END.match(self._data, end) else None

    def _value(self, at: int, owner: Reference, depth: int) -> tuple[PdfObject, int]:
        found = TOKEN.match(self._data, at)
        kind = found.lastgroup if found else None
        value: PdfObject
        if found is None or kind is None:
            return self._by_pyhanko(at, owner)
        end = found.end()
        if kind == "name":
            value = NameObject(found["name"].decode())
        elif kind == "reference":
            number, generation, _ = found["reference"].split()
            value = IndirectObject(int(number), int(generation), self._reader)
        elif kind == "number":
            value = NumberObject(found["number"].decode())
        elif kind == "real":
            value = FloatObject(found["real"].decode())
        elif kind == "hex":
            return self._by_pyhanko(at, owner)  # at once, see `signing.revisions`
        elif kind == "word":
            value = WORDS[found["word"]]()
        elif depth > DEEPEST or kind == "close":
            raise _NotPlain
        elif kind == "array":
            value, end = self._array(end, owner, depth)
        else:
            value, end = self._dictionary(end, owner, depth)
        value.container_ref = owner
        return value, end

    def _array(self, at: int, owner: Reference, depth: int) -> tuple[PdfObject, int]:
        parts = ArrayObject()
        if (found := LIST.match(self._data, at)) is not None:  # references alone, hundreds of them
            for number, generation in LISTED.findall(self._data, at, found.end()):
                value: PdfObject = IndirectObject(int(number), int(generation), self._reader)
                value.container_ref = owner
                list.append(parts, value)
            return parts, found.end()
        while True:
            at = self._gap(at)
            if self._data[at : at + 1] == b"]":
                return parts, at + 1
            value, at = self._value(at, owner, depth + 1)
            parts.append(value)

    def _dictionary(self, at: int, owner: Reference, depth: int) -> tuple[PdfObject, int]:
        parts: dict[NameObject, PdfObject] = {}
        while True:
            found = TOKEN.match(self._data, at)
            if found is None:
                raise _NotPlain
            if found["close"] == b">>":
                break
            if found["name"] is None:
                raise _NotPlain
            key = NameObject(found["name"].decode())
            value, at = self._value(found.end(), owner, depth + 1)
            if key in parts:
                raise _NotPlain
            parts[key] = value
        at = self._gap(found.end())
        if self._data[at : at + 1] != b"s":
            return DictionaryObject(parts), at
        if depth:
            raise _NotPlain
        self._reader.stream.seek(found.end())
        payload = generic._maybe_read_stream_payload(self._reader.stream, parts, self._reader)  # type: ignore[attr-defined]
        if payload is None:
            raise _NotPlain
        return StreamObject(parts, encoded_data=payload), self._reader.stream.tell()

    def _gap(self, at: int) -> int:
        end = cast(re.Match[bytes], GAP.match(self._data, at)).end()  # it matches nothing, too
        if self._data[end : end + 1] == b"%":
            raise _NotPlain
        return end

    def _by_pyhanko(self, at: int, owner: Reference) -> tuple[PdfObject, int]:
        self._reader.stream.seek(self._gap(at))
        value = generic.read_object(self._reader.stream, owner)
        return value, self._reader.stream.tell()
