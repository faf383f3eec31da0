"""Judges the revisions that signing makes, each once: what it added to the revision before.

pyHanko compares every signed revision with every later one, and looks at the whole of both each time. A revision is a
plain step when it did nothing to the one before it but

- fill fields for signatures that were empty, with values and looks of new objects;
- add certificates, OCSP answers and lists to the security store, behind those that were there;
- add invisible fields for signatures, filled at once, behind the fields and annotations that were there;
- write the catalogue again as it was, the title's data, and well-formed metadata;

and when nothing leads to what it replaced but the one place where it belongs. What pyHanko's rules say of such a step
against the revision before, they say of it against every earlier revision of the same run of plain steps: the old
graph of objects is contained in the new one, place by place, nothing new was named before it was there, and each rule
looks only at what is listed here. Everything else is left to pyHanko (`signing.changes`), which
`tests/signing/test_steps.py` holds against this, on papers, attacks and generated histories.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    Reference,
    StreamObject,
    TextStringObject,
)
from pyhanko.pdf_utils.xref import XRefSectionType
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible
from pyhanko.sign.diff_analysis.rules.metadata_rules import MetadataUpdateRule

from signing.plain import BENT, CONTAINERS, Place, references

PROOFS = ("/Certs", "/OCSPs", "/CRLs")


class _NotPlain(Exception):
    """To be judged by pyHanko."""


def _require(plain: bool) -> None:
    if not plain:
        raise _NotPlain


@dataclass(frozen=True)
class Step:
    """What a plain step did, in pyHanko's terms: `fields` are those that a lock may forbid to fill."""

    level: ModificationLevel
    fields: frozenset[str]


@dataclass
class _State:
    """Where everything is that a plain step may replace."""

    root: Place
    info: Place | None
    metadata: Place | None
    store: Place | None
    form: Place
    pages: frozenset[Place]
    beside: frozenset[Place]  # what pages and form name elsewhere than among their annotations and fields
    since: int
    names: dict[Place, str]  # of the fields, in their order
    proofs: dict[str, tuple[Place, ...]]


class Steps:
    """The revisions of one file. `reader`: a `signing.revisions.Reader`."""

    def __init__(self, reader: Any) -> None:
        self._reader, self._xrefs = reader, reader.xrefs
        self._holders: dict[Place, set[Place]] = defaultdict(set)
        self._root: Place = (0, 0)
        self._info: Place | None = None
        count = reader.xrefs.total_revisions
        self._steps: list[Step | None] = [None] * count
        self._starts = list(range(count))  # of the run that each revision belongs to
        try:
            self._look_through()
        except (_NotPlain, *BENT):
            return
        state: _State | None = None
        for revision in range(count):
            if state is not None:
                try:
                    self._steps[revision] = self._step(revision, state)
                    self._starts[revision] = self._starts[revision - 1]
                    continue
                except (_NotPlain, *BENT):
                    pass
            try:
                state = self._ground(revision)
            except (_NotPlain, *BENT):
                state = None

    def between(self, old: int, new: int) -> list[Step] | None:
        """The steps after one revision up to another, when each of them was plain; otherwise None."""
        if self._starts[new] > old:
            return None
        return [step for step in self._steps[old + 1 : new + 1] if step is not None]

    # -- the file as a whole -------------------------------------------------------------------------------------

    def _look_through(self) -> None:
        """Who refers to what, in any revision. Nothing may be named before it is there."""
        _require(not self._reader.encrypted)
        size = 0
        for revision, section in enumerate(self._xrefs._xref_sections):
            data = section.xref_data
            _require(section.meta_info.xref_section_type == XRefSectionType.STANDARD)
            _require(data.hybrid is None and not data.xrefs_in_objstm and section.meta_info.size >= size)
            size = section.meta_info.size
            for place in data.explicit_refs_in_revision:
                for named in references(self._read(place, revision)):
                    _require(self._xrefs.introduced(*named) <= revision)
                    self._holders[named].add(place)
        trailer = self._reader.trailer
        _require(len(trailer._trailer_revisions) == self._xrefs.total_revisions and not trailer._new_changes)
        found = set()
        for part in trailer._trailer_revisions:
            ways = {
                key: _place(part, key) for key, value in part.items() if isinstance(value, IndirectObject)
            }
            _require({"/Root"} <= set(ways) <= {"/Root", "/Info"})
            _require(not any([*references(value)] for key, value in part.items() if key not in ways))
            found.add((ways["/Root"], ways.get("/Info")))
        ((self._root, self._info),) = found

    def _read(self, place: Place, revision: int) -> PdfObject:
        return cast(PdfObject, self._reader.get_object(Reference(*place, pdf=self._reader), revision))

    def _dictionary(self, place: Place, revision: int) -> DictionaryObject:
        found = self._read(place, revision)
        _require(type(found) is DictionaryObject)
        return cast(DictionaryObject, found)

    # -- where a run begins --------------------------------------------------------------------------------------

    def _ground(self, revision: int) -> _State:
        """Everything that plain steps can be made on. Raises _NotPlain when it is of another shape."""
        root = self._dictionary(self._root, revision)
        _require("/StructTreeRoot" not in root)
        _require(not _is_reference(root, "/Extensions") and not _is_reference(root, "/MarkInfo"))
        form_place = _place(root, "/AcroForm")
        metadata, store = (_place(root, key) if key in root else None for key in ("/Metadata", "/DSS"))
        named = [*references(root)]
        for place in (form_place, metadata, store):
            _require(place is None or (named.count(place) == 1 and self._holders[place] == {self._root}))
        _require(self._info is None or not self._holders[self._info])
        pages = self._pages(_place(root, "/Pages"), revision)
        form = self._dictionary(form_place, revision)
        _require(not _is_reference(form, "/DR"))
        fields = _places(form.raw_get("/Fields"))
        names = {place: self._name(self._dictionary(place, revision)) for place in fields}
        _require(len(set(names.values())) == len(fields))
        single = [self._root, form_place, *(p for p in (self._info, metadata, store) if p), *pages, *names]
        _require(len(set(single)) == len(single))
        beside = set(_beside(form, "/Fields"))
        for place in pages:
            page = self._dictionary(place, revision)
            _places(page.raw_get("/Annots") if "/Annots" in page else ArrayObject())
            beside.update(_beside(page, "/Annots"))
        state = _State(
            self._root, self._info, metadata, store, form_place, frozenset(pages), frozenset(beside), revision, names, {}
        )  # fmt: skip
        self._check_data(state, {place for place in (self._info, metadata) if place}, revision)
        if store is not None:
            self._more_proofs(state, revision)
        return state

    def _pages(self, top: Place, revision: int) -> list[Place]:
        """The pages of a tree in which each node is written as it should be, and stands once."""
        found: list[Place] = []
        seen, waiting = {top}, [top]
        while waiting:
            for place in _places(self._dictionary(waiting.pop(), revision).raw_get("/Kids")):
                kind = self._dictionary(place, revision).raw_get("/Type")
                _require(place not in seen and isinstance(kind, NameObject) and kind in ("/Page", "/Pages"))
                seen.add(place)
                (found if kind == "/Page" else waiting).append(place)
        return found

    @staticmethod
    def _name(field: DictionaryObject) -> str:
        """The name of a field for a signature that has no fields beneath it."""
        name, kind = field.raw_get("/T"), field.raw_get("/FT")
        _require(isinstance(name, TextStringObject) and "." not in name and "/Kids" not in field)
        _require(isinstance(kind, NameObject) and kind == "/Sig")
        return str(name)

    # -- a step --------------------------------------------------------------------------------------------------

    def _step(self, revision: int, state: _State) -> Step:
        """What this revision did to the one before, whose state becomes this one's. Raises _NotPlain."""
        _require(not self._xrefs.refs_freed_in_revision(revision))
        written = {(ref.idnum, ref.generation) for ref in self._xrefs.explicit_refs_in_revision(revision)}
        size = self._xrefs.get_xref_container_info(revision - 1).size
        new = {place for place in written if place[0] >= size}
        old = written - new
        _require(all(place[1] == 0 and self._xrefs.introduced(*place) == revision for place in new))
        # as pyHanko explains them: at the level of archive stamps and proofs, or of signatures
        proofs, signatures, filled = set(old), set[Place](), set[str]()
        if state.root in old:
            before = self._dictionary(state.root, revision - 1)
            _require(self._dictionary(state.root, revision) == before)
        self._check_data(state, old, revision)
        if state.store in old:
            proofs |= self._reached(self._more_proofs(state, revision), new)
        added = self._more_fields(state, revision) if state.form in old else []
        for page in old & state.pages:
            _require(set(self._more_annotations(page, revision)) <= set(added))
        given = old - state.pages - {state.root, state.info, state.metadata, state.store, state.form}
        for place in given:
            look = self._fill(state, place, revision)
            signatures |= self._reached(look, new)
            filled.add(state.names[place])
        for place in [*given, *added]:
            field = self._dictionary(place, revision)
            value = _place(field, "/V")
            _require(value in new)
            stamp = self._is_stamp(value, revision) and not is_field_visible(field)
            (proofs if stamp else signatures).add(value)
            if place in added:
                _require(place in new and not is_field_visible(field))
                proofs.add(place)
                filled |= set() if stamp else {state.names[place]}
        _require(written <= proofs | signatures)
        level = ModificationLevel.LTA_UPDATES if written <= proofs else ModificationLevel.FORM_FILLING
        return Step(level, frozenset(filled))

    def _check_data(self, state: _State, written: set[Place], revision: int) -> None:
        """The title's data and the metadata name no other object, and the metadata can be read."""
        if state.info is not None and state.info in written:
            info = self._dictionary(state.info, revision)
            _require(not any(isinstance(value, CONTAINERS) for value in info.values()))
        if state.metadata is not None and state.metadata in written:
            metadata = self._read(state.metadata, revision)
            _require(isinstance(metadata, StreamObject) and not [*references(metadata)])
            MetadataUpdateRule.is_well_formed_xml(cast(Reference, metadata))  # which only asks for its object

    def _more_proofs(self, state: _State, revision: int) -> list[Place]:
        """The streams that the security store has more, which are streams; it keeps what it had."""
        store, more = self._dictionary(cast(Place, state.store), revision), list[Place]()
        _require(set(state.proofs) <= set(store) <= set(PROOFS))
        for key in store:
            now, before = _places(store.raw_get(key)), state.proofs.get(key, ())
            _require(now[: len(before)] == before)
            state.proofs[str(key)] = now
            more += now[len(before) :]
        _require(all(isinstance(self._read(place, revision), StreamObject) for place in more))
        return more

    def _more_fields(self, state: _State, revision: int) -> list[Place]:
        """The fields that the form has more: for signatures, without a look of their own."""
        before, form = self._dictionary(state.form, revision - 1), self._dictionary(state.form, revision)
        _require(_without(form, "/Fields") == _without(before, "/Fields"))
        now, were = _places(form.raw_get("/Fields")), tuple(state.names)
        _require(now[: len(were)] == were)
        for place in now[len(were) :]:
            field = self._dictionary(place, revision)
            name = self._name(field)
            _require(place not in state.names and name not in state.names.values())
            _require(field.keys().isdisjoint(("/AP", "/Lock", "/SV")) and _is_plain_box(field))
            state.names[place] = name
        return list(now[len(were) :])

    def _more_annotations(self, page: Place, revision: int) -> tuple[Place, ...]:
        """The annotations that a page has more, at least one."""
        before, after = self._dictionary(page, revision - 1), self._dictionary(page, revision)
        _require(_without(after, "/Annots") == _without(before, "/Annots"))
        now = _places(after.raw_get("/Annots"))
        were = _places(before.raw_get("/Annots")) if "/Annots" in before else ()
        _require(now[: len(were)] == were and len(set(now)) > len(set(were)))
        return now[len(were) :]

    def _fill(self, state: _State, place: Place, revision: int) -> Iterable[Place]:
        """The look that an empty field was given with its value, if any; nothing else of it was changed."""
        _require(place in state.names and self._xrefs.introduced(*place) <= state.since)
        _require(place not in state.beside and self._holders[place] <= {state.form, *state.pages})
        before, after = self._dictionary(place, revision - 1), self._dictionary(place, revision)
        _require("/V" not in before and _is_plain_box(after))
        _require(_without(after, "/V", "/AP") == _without(before, "/V", "/AP"))
        if "/AP" not in after:
            _require("/AP" not in before)
            return ()
        look = _look(after)
        if "/AP" in before and _look(before) == look:
            return ()
        return (look,)

    def _reached(self, places: Iterable[Place], new: set[Place]) -> set[Place]:
        """These objects, which are new, and the new ones to which they lead."""
        found, waiting = set[Place](), list(places)
        _require(new.issuperset(waiting))
        while waiting:
            place = waiting.pop()
            if place in new and place not in found:
                found.add(place)
                waiting += references(self._read(place, self._xrefs.introduced(*place)))
        return found

    def _is_stamp(self, place: Place, revision: int) -> bool:
        """Whether the value of a field is a time stamp; it names its locks itself."""
        value = self._dictionary(place, revision)
        if "/Reference" in value:
            locks = value.raw_get("/Reference")
            _require(type(locks) is ArrayObject)
            for lock in locks:
                _require(type(lock) is DictionaryObject and not _is_reference(lock, "/TransformParams"))
        return bool("/Type" in value and value.raw_get("/Type") == "/DocTimeStamp")


def _is_reference(holder: DictionaryObject, key: str) -> bool:
    return key in holder and isinstance(holder.raw_get(key), IndirectObject)


def _place(holder: DictionaryObject, key: str) -> Place:
    """The object to which an entry refers."""
    return _place_of(holder.raw_get(key))


def _places(array: PdfObject) -> tuple[Place, ...]:
    """The objects to which an array refers, which holds nothing else."""
    _require(type(array) is ArrayObject)
    parts = list.__iter__(cast(ArrayObject, array))
    return tuple(_place_of(part) for part in parts)


def _place_of(found: PdfObject) -> Place:
    _require(type(found) is IndirectObject)
    reference = cast(IndirectObject, found).reference
    return reference.idnum, reference.generation


def _without(holder: DictionaryObject, *keys: str) -> dict[str, PdfObject]:
    return {key: holder.raw_get(key) for key in holder if key not in keys}


def _beside(holder: DictionaryObject, key: str) -> Iterator[Place]:
    """What an object refers to elsewhere than in this entry."""
    for value in _without(holder, key).values():
        yield from references(value)


def _look(field: DictionaryObject) -> Place:
    """The appearance of a field that has one."""
    looks = field.raw_get("/AP")
    _require(type(looks) is DictionaryObject and set(looks) == {"/N"})
    return _place(looks, "/N")


def _is_plain_box(field: DictionaryObject) -> bool:
    if "/Rect" not in field:
        return True
    box = field.raw_get("/Rect")
    return type(box) is ArrayObject and all(isinstance(side, NumberObject | FloatObject) for side in box)
