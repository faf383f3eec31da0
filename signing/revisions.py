"""Reads a file's revisions as pyHanko does, without reading anything twice.

pyHanko compares every signed revision with every later one, and for each comparison looks at every field and reads
the whole of the older revision again: the work grows with the cube of the signatures. Here places of objects are looked
up in an index, objects are read once for all revisions, paths are followed only where they lead to something that a
later revision replaced. What was changed is judged in `signing.changes`.
"""

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject, Reference
from pyhanko.pdf_utils.misc import PdfError, PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader, RawPdfPath
from pyhanko.pdf_utils.xref import ObjStreamRef, XRefCache, XRefSection
from pyhanko.sign.diff_analysis import SuspiciousModification
from pyhanko.sign.diff_analysis.form_rules_api import FieldComparisonSpec, _list_fields

from signing.plain import CONTAINERS, Octets, Place, references
from signing.steps import Steps

FIELDS = RawPdfPath("/Root", "/AcroForm", "/Fields")
PLAIN_HEX = re.compile(rb"<([0-9A-Fa-f]*)>")


def read_hex_string(stream: Any) -> PdfObject:
    """A hexadecimal string, at once: pyHanko reads octet by octet, and a signature has seven thousand."""
    start = stream.tell()
    buffer = stream.getbuffer() if hasattr(stream, "getbuffer") else b""
    if (found := PLAIN_HEX.match(buffer, start)) is None:
        return cast(PdfObject, _as_before(stream))
    digits = bytes(found[1])
    stream.seek(found.end())
    return cast(PdfObject, generic.pdf_string(binascii.unhexlify(digits + b"0" * (len(digits) % 2))))


_as_before: Callable[[Any], Any] = generic.read_hex_string_from_stream
generic.read_hex_string_from_stream = read_hex_string  # type: ignore[assignment]


class _Index(XRefCache):
    """Knows of each object in which revisions it was written, and where; pyHanko asks each revision in turn."""

    def __init__(self, reader: PdfFileReader, sections: list[XRefSection]) -> None:
        super().__init__(reader, sections)
        self._history: dict[Place, tuple[list[int], list[int | ObjStreamRef | None]]] = {}
        for number, section in enumerate(sections):
            for place in _named(section):
                try:
                    found = section.xref_data.try_resolve(Reference(*place))
                except KeyError:
                    continue
                numbers, markers = self._history.setdefault(place, ([], []))
                numbers.append(number)
                markers.append(found)

    @cached_property
    def replaced(self) -> frozenset[Place]:
        """What more than one revision wrote."""
        return frozenset(place for place, (numbers, _) in self._history.items() if len(numbers) > 1)

    def version(self, place: Place, revision: int) -> int:
        """How many revisions up to this one wrote the object."""
        return bisect_right(self._history.get(place, ((), ()))[0], revision)

    def get_last_change(self, ref: Reference) -> int:
        return self._history[ref.idnum, ref.generation][0][-1]

    def get_introducing_revision(self, ref: Reference) -> int:
        return self.introduced(ref.idnum, ref.generation)

    def introduced(self, *place: int) -> int:
        """The first revision that has the object. Raises KeyError."""
        numbers, markers = self._history[place]  # type: ignore[index]
        for number, marker in zip(numbers, markers, strict=True):
            if marker is not None:
                return number
        raise KeyError(place)

    def get_historical_ref(self, ref: Reference, revision: int) -> int | ObjStreamRef | None:
        numbers, markers = self._history.get((ref.idnum, ref.generation), ([], []))
        place = bisect_right(numbers, revision) - 1
        return markers[place] if place >= 0 else None


def _named(section: XRefSection) -> set[Place]:
    """Every object of which a section may say something."""
    data = section.xref_data
    found = {(number, 0) for number in data.xrefs_in_objstm}
    found |= {(number, generation) for number, (generation, _) in data.standard_xrefs.items()}
    found |= {(number, after - 1) for number, after in data.freed.items()}
    return found | (_named(data.hybrid) if data.hybrid is not None else set())


class Reader(PdfFileReader):
    """A file, each version of its objects read once."""

    def __init__(self, stream: Any, strict: bool = True) -> None:
        super().__init__(stream, strict=strict)
        self._octets = Octets(self)
        self._bare = "/Encrypt" not in self.trailer
        self.xrefs: _Index = _Index(self, self.xrefs._xref_sections)
        self._old: dict[tuple[Any, ...], PdfObject] = {}
        self.links: dict[tuple[Place, int], tuple[frozenset[Place], frozenset[Place]]] = {}

    _octets: Octets | None = None
    _bare = False

    @cached_property
    def steps(self) -> Steps:
        """The revisions that did nothing but what signing does."""
        return Steps(self)

    @property
    def encrypted(self) -> bool:
        """See PdfFileReader, which looks through every revision for it each time."""
        return not self._bare and bool(super().encrypted)

    def _read_object(
        self,
        ref: Reference,
        marker: int | ObjStreamRef | None,
        never_decrypt: bool = False,
        as_metadata_stream: bool = False,
    ) -> PdfObject:
        plain = self._octets if self._bare and not as_metadata_stream else None
        found = plain.read(ref, marker) if plain is not None and isinstance(marker, int) else None
        if found is not None:
            return found
        return cast(PdfObject, super()._read_object(ref, marker, never_decrypt, as_metadata_stream))

    def get_object(  # type: ignore[override]
        self, ref: Any, revision: int | None = None, *arguments: Any, **asked: Any
    ) -> PdfObject:
        """See PdfFileReader."""
        if revision is None:
            return cast(PdfObject, super().get_object(ref, None, *arguments, **asked))
        marker = self.xrefs.get_historical_ref(ref, revision)
        key = (ref.idnum, ref.generation, marker, arguments, tuple(asked.items()))
        if marker is None or key not in self._old:
            alone = self._bare and not arguments and not asked.get("as_metadata_stream")
            newest = alone and marker is not None and marker == self.xrefs[ref]
            self._old[key] = super().get_object(ref, None if newest else revision, *arguments, **asked)
        return self._old[key]

    def close(self) -> None:
        """Let go of all that was read: it refers to itself in circles, and whoever collects them looks through
        everything else as well.
        """
        self.__dict__.clear()

    def held(self, value: Any, revision: int) -> Any:
        """What a value is at a revision: itself, or what it refers to."""
        while isinstance(value, IndirectObject):
            value = self.get_object(value.reference, revision)
        return value

    def get_historical_resolver(self, revision: int) -> "View":
        """See PdfFileReader."""
        cache = self._historical_resolver_cache
        if revision not in cache:
            cache[revision] = View(self, revision)
        return cast(View, cache[revision])


@dataclass
class Form:
    """The fields of a form without subfields: `alike` names what both sides must have in common to be passed over."""

    specs: dict[str, FieldComparisonSpec]
    alike: dict[str, tuple[str, int, int]]
    touched: frozenset[str]
    others: frozenset[str]  # no signature fields


class View(HistoricalResolver):
    """A file at one revision."""

    reader: Reader

    def __init__(self, reader: Reader, revision: int) -> None:
        super().__init__(reader, revision)
        self._collected: dict[tuple[int, int | None], tuple[PdfObject, frozenset[Reference]]] = {}
        self._paths: dict[Reference, set[RawPdfPath]] | None = None
        self._seen_paths: dict[Reference, set[RawPdfPath]] = {}

    # -- what refers to what -------------------------------------------------------------------------------------

    def _plain(self, place: Place) -> PdfObject:
        """An object as the file has it, its references not bound to this revision."""
        ref = Reference(*place, pdf=self.reader)
        try:
            late = self.reader.xrefs.get_last_change(ref) > self.revision
        except KeyError:
            late = True
        return self.reader.get_object(ref, self.revision if late else None, transparent_decrypt=False)

    def _links(self, place: Place) -> tuple[frozenset[Place], frozenset[Place]]:
        """The objects to which an object refers: all, and without those to which `/Parent` leads."""
        key = place, self.reader.xrefs.version(place, self.revision)
        if key not in self.reader.links:
            obj = self._plain(place)
            alone = isinstance(obj, IndirectObject)  # in place of an object: pyHanko goes no further
            ways = ((), ()) if alone else (references(obj), references(obj, "/Parent"))
            self.reader.links[key] = frozenset(ways[0]), frozenset(ways[1])
        return self.reader.links[key]

    def collect_dependencies(self, obj: PdfObject, since_revision: int | None = None) -> set[Reference]:
        """See HistoricalResolver."""
        if self.reader.encrypted:
            return super().collect_dependencies(obj, since_revision)
        key = id(obj), since_revision
        if key not in self._collected:
            self._collected[key] = obj, frozenset(self._depends(obj, since_revision))
        return set(self._collected[key][1])

    def _depends(self, obj: PdfObject, since: int | None) -> Iterator[Reference]:
        introduced = self.reader.xrefs.introduced
        seen: set[Place] = set()
        waiting = list(references(obj))
        while waiting:
            place = waiting.pop()
            if place in seen or (since is not None and introduced(*place) < since):
                continue
            seen.add(place)
            yield Reference(*place, pdf=self)
            waiting += self._links(place)[0]

    # -- by which paths something is reached ---------------------------------------------------------------------

    def _load_reverse_xref_cache(self) -> None:
        """See HistoricalResolver. The paths to what a revision replaced; others are followed when they are asked for."""
        if self.reader.encrypted or "/StructTreeRoot" in self.root:
            super()._load_reverse_xref_cache()
        elif self._paths is None:
            self._paths = self._paths_to(self.reader.xrefs.replaced)

    def _get_usages_of_ref(self, ref: Reference) -> set[RawPdfPath]:
        """See HistoricalResolver."""
        if self._paths is None:
            return super()._get_usages_of_ref(ref)
        if (ref.idnum, ref.generation) in self.reader.xrefs.replaced:
            return self._paths.get(ref, set())
        if ref not in self._seen_paths:
            wanted = frozenset([(ref.idnum, ref.generation)])
            self._seen_paths[ref] = self._paths_to(wanted).get(ref, set())
        return self._seen_paths[ref]

    @cached_property
    def _reachable(self) -> dict[Place, set[Place]]:
        """Every object of this revision that the trailer leads to, with those that refer to it. Reads them all."""
        found: dict[Place, set[Place]] = {}
        waiting = list(references(self.trailer_view, "/Parent"))
        found.update((place, set()) for place in waiting)
        while waiting:
            place = waiting.pop()
            for linked in self._links(place)[1]:
                if linked not in found:
                    found[linked] = set()
                    waiting.append(linked)
                found[linked].add(place)
        return found

    def _paths_to(self, wanted: frozenset[Place]) -> dict[Reference, set[RawPdfPath]]:
        """The paths from the trailer to these objects, by the rules of pyHanko's walk, which follows all."""
        leading = {place for place in wanted if place in self._reachable}
        waiting = list(leading)
        while waiting:
            for place in self._reachable[waiting.pop()]:
                if place not in leading:
                    leading.add(place)
                    waiting.append(place)
        found: dict[Reference, set[RawPdfPath]] = {}
        pages = self._page_tree

        def walk(obj: PdfObject, path: tuple[str | int, ...], above: frozenset[Place]) -> None:
            if isinstance(obj, IndirectObject):
                place = obj.idnum, obj.generation
                if place in above or place not in leading:
                    return
                if place in wanted:
                    found.setdefault(Reference(*place), set()).add(RawPdfPath(*path))
                if pages.get(place, path) != path:  # a page is entered through the tree of pages alone
                    return
                above |= {place}
                obj = self._plain(place)
            if isinstance(obj, DictionaryObject):
                for key, value in obj.items():
                    if key != "/Parent" and isinstance(value, CONTAINERS):
                        walk(value, (*path, key), above)
            elif isinstance(obj, ArrayObject):
                for number, value in enumerate(obj):
                    if isinstance(value, CONTAINERS):
                        walk(value, (*path, number), above)

        walk(self.trailer_view, (), frozenset())
        return found

    @cached_property
    def _page_tree(self) -> dict[Place, tuple[str | int, ...]]:
        """Where each page and each node of the tree of pages has its place."""
        found: dict[Place, tuple[str | int, ...]] = {}

        def walk(
            node: PdfObject, path: tuple[str | int, ...]
        ) -> Iterator[tuple[Place, tuple[str | int, ...]]]:
            for number, kid in enumerate(node["/Kids"]):  # type: ignore[index]
                here = (*path, "/Kids", number)
                if isinstance(kid, IndirectObject):
                    yield (kid.idnum, kid.generation), here
                kid = kid.get_object()
                if kid.get("/Type", None) == "/Pages":
                    yield from walk(kid, here)

        top = self.root.raw_get("/Pages")
        if isinstance(top, IndirectObject):
            found[top.idnum, top.generation] = ("/Root", "/Pages")
        for place, path in walk(top.get_object(), ("/Root", "/Pages")):
            if place in found:
                raise PdfReadError("Circular reference in page tree in mapping stage")
            found[place] = path
        return found

    # -- fields --------------------------------------------------------------------------------------------------

    @cached_property
    def form(self) -> Form | None:
        """The form's fields; None when it is of another shape than a plain list of fields."""
        try:
            fields = self.root["/AcroForm"]["/Fields"]
            specs = dict(_list_fields(fields, fields, FIELDS))
            alike, touched = {}, set()
            written = {(ref.idnum, ref.generation) for ref in self.explicit_refs_in_revision()}
            for name, spec in specs.items():
                held = spec.new_field
                if held is None or isinstance(held, generic.StreamObject) or "/Kids" in held:
                    return None
                ref = cast(Reference, spec.new_field_ref)
                alike[name] = str(spec.field_type), ref.idnum, ref.generation
                if not written.isdisjoint(self._looked_at(held, ref)):
                    touched.add(name)
        except (PdfError, SuspiciousModification, LookupError, TypeError, ValueError, AttributeError):
            return None
        others = frozenset(name for name, (kind, *_) in alike.items() if kind != "/Sig")
        return Form(specs, alike, frozenset(touched), others)

    def _looked_at(self, held: DictionaryObject, ref: Reference) -> Iterator[Place]:
        """Every object that the rules look at when they judge a signature field, or whose change they may allow."""
        yield ref.idnum, ref.generation
        yield from references(held, "/P")
        if "/AP" in held:
            for found in self.collect_dependencies(held.raw_get("/AP")):
                yield found.idnum, found.generation
        if "/V" in held:
            for part in held["/V"].get("/Reference", ()):
                if isinstance(part, DictionaryObject) and "/TransformParams" in part:
                    yield from references(part.raw_get("/TransformParams"))
