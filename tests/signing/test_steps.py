"""What signing adds is judged once for all signatures before it, and as pyHanko judges it; nothing else is."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign.diff_analysis import ModificationLevel, StandardDiffPolicy
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from signing import changes, pdf, revisions
from tests.signing.test_revisions import (
    STEPS,
    alike,
    dictionary,
    fields,
    numbers,
    stream,
    update,
)
from tests.together import counting


def ground(count: int = 4) -> bytes:
    """A paper as it is handed out: pages, empty fields for signatures, a security store, metadata."""
    writer = PdfFileWriter(stream_xrefs=False)
    font = writer.add_object(dictionary(Type="Font", Subtype="Type1", BaseFont="Helvetica"))
    resources = generic.DictionaryObject(
        {pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F"): font})}
    )
    for _ in range(2):
        writer.insert_page(
            PageObject(
                contents=writer.add_object(stream(b"BT ET")), media_box=(0, 0, 200, 200), resources=resources
            )
        )
    for number in range(count):
        append_signature_field(
            writer, SigFieldSpec(f"f{number}", box=(1, 1, 50, 50) if number % 4 else None, on_page=number % 2)
        )
    metadata = stream(b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>')
    metadata |= dictionary(Type="Metadata", Subtype="XML")
    writer.root[pdf_name("/Metadata")] = writer.add_object(metadata)
    writer.root[pdf_name("/DSS")] = writer.add_object(
        generic.DictionaryObject({pdf_name("/Certs"): generic.ArrayObject([writer.add_object(stream(b"c"))])})
    )
    writer.set_info(writer.add_object(dictionary(Title="Paper")))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# -- what signing does ---------------------------------------------------------------------------------------------


def prove(writer, which: int, kind: int) -> None:
    """Proofs are added, two of them or one, with another key of the store or without."""
    store = writer.root["/DSS"]
    for key in ("/Certs", "/OCSPs", "/CRLs")[which % 3 : which % 3 + 1 + kind % 2]:
        store.setdefault(pdf_name(key), generic.ArrayObject()).append(writer.add_object(stream(b"proof")))
    writer.update_container(store)


def value(writer, kind: str = "Sig") -> generic.DictionaryObject:
    held = dictionary(Type=kind, Filter="Adobe.PPKLite")
    lock = dictionary(Type="SigRef", TransformMethod="FieldMDP")
    lock[pdf_name("/Data")] = generic.IndirectObject(writer.root_ref.idnum, 0, writer)
    lock[pdf_name("/TransformParams")] = dictionary(Type="TransformParams", Action="All")
    held[pdf_name("/Reference")] = generic.ArrayObject([lock])
    return held


def empty(writer) -> list:
    return [field for field in fields(writer) if "/V" not in field]


def fill(writer, which: int, kind: int) -> None:
    """An empty field is signed: with a look that has a font of its own, and leads to shared ones, or without."""
    if not (free := empty(writer)):
        return
    field = free[which % len(free)]
    if kind % 3:
        look = stream(b"q Q")
        shared = writer.root["/Pages"]["/Kids"][0].get_object()["/Resources"]["/Font"].raw_get("/F")
        font = dictionary(Type="Font", BaseFont="Own")
        font[pdf_name("/DescendantFonts")] = generic.ArrayObject([writer.add_object(dictionary(Type="Font"))])
        fonts = generic.DictionaryObject({pdf_name("/A"): writer.add_object(font), pdf_name("/B"): shared})
        look[pdf_name("/Resources")] = generic.DictionaryObject({pdf_name("/Font"): fonts})
        field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(look)})
    field[pdf_name("/V")] = writer.add_object(value(writer, "DocTimeStamp" if kind % 5 == 4 else "Sig"))
    writer.update_container(field)


def stamp(writer, which: int, kind: int) -> None:
    """A field that nobody sees is added behind the others, with an archive stamp or a signature in it."""
    name = f"s{len(fields(writer))}"
    append_signature_field(writer, SigFieldSpec(name, on_page=which % 2))
    field = fields(writer)[-1]
    field[pdf_name("/V")] = writer.add_object(value(writer, "Sig" if kind % 4 == 3 else "DocTimeStamp"))


def rewrite(writer, which: int, kind: int) -> None:
    """The catalogue as it was; the writer itself writes metadata and the title's data each time."""
    writer.update_root()


PLAIN = (prove, fill, fill, stamp, rewrite)


def steps_of(file: bytes):
    reader = revisions.Reader(io.BytesIO(file), strict=False)
    return reader.steps, reader.total_revisions - 1


GROUND = ground()
plain = st.tuples(st.sampled_from(PLAIN), st.integers(0, 9), st.integers(0, 9))
other = st.tuples(st.sampled_from(STEPS), st.integers(0, 60), st.integers(0, 41))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(plain, min_size=1, max_size=3), min_size=2, max_size=6))
def test_what_signing_does_is_plain_and_judged_alike(history):
    """ES-01 (3), (4): every such history is a run of plain steps, and pyHanko says the same of each revision."""
    file = GROUND
    for steps in history:
        file = update(file, steps)
    found, last = steps_of(file)
    assert found.between(0, last) is not None
    alike(file)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(plain, min_size=1, max_size=3), other, st.lists(st.one_of(plain, other), min_size=1, max_size=3)
)
def test_among_plain_steps_something_else_is_judged_alike(before, odd, after):
    """Something else before, between and after plain steps gets pyHanko's verdict, and so do they."""
    file = GROUND
    for step in (*before, odd, *after):
        try:
            file = update(file, [step])
        except (LookupError, ValueError, TypeError, AttributeError, PdfError):
            break
    alike(file)


# -- what it does not do -------------------------------------------------------------------------------------------


def first_page(writer):
    return writer.root["/Pages"]["/Kids"][0].get_object()


def another_key(writer):
    """The catalogue gets a key more."""
    writer.root[pdf_name("/Lang")] = generic.pdf_string("xx")
    writer.update_root()


def page_changed(writer):
    """With a stamp's annotation, a page is turned."""
    stamp(writer, 0, 0)
    first_page(writer)[pdf_name("/Rotate")] = generic.NumberObject(90)


def annotation_on_top(writer):
    """With a stamp, an annotation that is no field."""
    stamp(writer, 0, 0)
    first_page(writer)["/Annots"].append(writer.add_object(dictionary(Type="Annot", Subtype="Square")))


def annotation_gone(writer):
    """With a stamp, an annotation is taken away."""
    stamp(writer, 0, 0)
    del first_page(writer)["/Annots"][0]


def proof_gone(writer):
    """A proof is taken out of the store: pyHanko allows it, it is not what signing does."""
    prove(writer, 1, 0)
    del writer.root["/DSS"]["/Certs"][0]


def proof_that_is_none(writer):
    """A dictionary among the proofs."""
    prove(writer, 0, 0)
    writer.root["/DSS"]["/Certs"].append(writer.add_object(dictionary(Type="Page")))


def proof_of_old(writer):
    """The page's content as a proof."""
    prove(writer, 0, 0)
    writer.root["/DSS"]["/Certs"].append(first_page(writer).raw_get("/Contents"))


def store_key(writer):
    """The store gets a key that it must not have."""
    writer.root["/DSS"][pdf_name("/Other")] = generic.NumberObject(1)
    writer.update_container(writer.root["/DSS"])


def signed_twice(writer):
    """A filled field gets another value."""
    field = next(field for field in fields(writer) if "/V" in field)
    field[pdf_name("/V")] = writer.add_object(value(writer))
    writer.update_container(field)


def old_value(writer):
    """A field takes over another's value."""
    field = next(field for field in fields(writer) if "/V" in field)
    free = empty(writer)[0]
    free[pdf_name("/V")] = field.raw_get("/V")
    writer.update_container(free)


def old_look(writer):
    """A field is signed and looks like the content of the page."""
    field = empty(writer)[0]
    fill(writer, 0, 0)
    field[pdf_name("/AP")] = generic.DictionaryObject(
        {pdf_name("/N"): first_page(writer).raw_get("/Contents")}
    )


def moved(writer):
    """A field is signed elsewhere."""
    field = empty(writer)[0]
    fill(writer, 0, 1)
    field[pdf_name("/Rect")] = numbers(0, 0, 200, 200)


def more_looks(writer):
    """A field is signed with a look for when the mouse is over it."""
    field = empty(writer)[0]
    fill(writer, 0, 1)
    field["/AP"][pdf_name("/R")] = writer.add_object(stream(b"q Q"))


def locks_elsewhere(writer):
    """A value whose locks stand in an object of their own."""
    field = empty(writer)[0]
    fill(writer, 0, 0)
    lock = field["/V"]["/Reference"][0]
    lock[pdf_name("/TransformParams")] = writer.add_object(lock.raw_get("/TransformParams"))


def visible_field(writer):
    """A field is added that everybody sees."""
    append_signature_field(writer, SigFieldSpec("seen", box=(1, 1, 90, 90), on_page=0))
    fields(writer)[-1][pdf_name("/V")] = writer.add_object(value(writer))


def empty_field(writer):
    """A field is added and left empty."""
    append_signature_field(writer, SigFieldSpec("later", on_page=0))


def same_name(writer):
    """A field is added under the name of another."""
    stamp(writer, 0, 0)
    fields(writer)[-1][pdf_name("/T")] = generic.pdf_string("f0")


def text_field(writer):
    """A field for text is added."""
    stamp(writer, 0, 0)
    fields(writer)[-1][pdf_name("/FT")] = pdf_name("/Tx")


def stamp_with_lock(writer):
    """A stamp's field that locks others, and looks like something."""
    stamp(writer, 0, 0)
    field = fields(writer)[-1]
    field[pdf_name("/Lock")] = writer.add_object(dictionary(Type="SigFieldLock", Action="All"))
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(stream(b"q Q"))})


def form_key(writer):
    """With a stamp, the form gets a key more."""
    stamp(writer, 0, 0)
    writer.root["/AcroForm"][pdf_name("/NeedAppearances")] = generic.BooleanObject(True)


def orphan(writer):
    """An object that nothing refers to."""
    prove(writer, 0, 0)
    writer.add_object(dictionary(Type="Nothing"))


def content_replaced(writer):
    """The content of a page is written anew in its place."""
    prove(writer, 0, 0)
    number = first_page(writer).raw_get("/Contents").idnum
    writer.objects[0, number] = stream(b"BT ET other")


def font_replaced(writer):
    """The font of pages and looks is written anew in its place, with a signature."""
    fill(writer, 0, 1)
    number = first_page(writer)["/Resources"]["/Font"].raw_get("/F").idnum
    writer.objects[0, number] = dictionary(Type="Font", Subtype="Type1", BaseFont="Other")


def ahead_of_itself(writer):
    """A signature names an object that is not there yet."""
    field = empty(writer)[0]
    fill(writer, 0, 1)
    field["/V"][pdf_name("/Later")] = generic.IndirectObject(900, 0, writer)


def field_elsewhere(writer):
    """A proof's stream names an empty field, which is then signed."""
    prove(writer, 0, 0)
    proof = writer.root["/DSS"]["/Certs"][-1]
    proof[pdf_name("/Also")] = writer.root["/AcroForm"]["/Fields"].raw_get(1)


def title_elsewhere(writer):
    """A proof's stream names the store."""
    prove(writer, 0, 0)
    writer.root["/DSS"]["/Certs"][-1][pdf_name("/Also")] = writer.root.raw_get("/DSS")


TWISTS = [
    another_key, page_changed, annotation_on_top, annotation_gone, proof_gone, proof_that_is_none, proof_of_old, store_key,
    signed_twice, old_value, old_look, moved, more_looks, locks_elsewhere, visible_field, empty_field, same_name,
    text_field, stamp_with_lock, form_key, orphan, content_replaced, font_replaced, ahead_of_itself,
    field_elsewhere, title_elsewhere,
]  # fmt: skip


@pytest.mark.parametrize("twist", TWISTS, ids=[twist.__name__ for twist in TWISTS])
def test_nothing_else_is_plain(twist):
    """ES-01 (3), (4): each of these is left to pyHanko, whose verdict stands; also when signing goes on after it."""
    file = update(update(GROUND, [(fill, 1, 1), (prove, 0, 1)]), [(stamp, 0, 0), (prove, 1, 0)])
    file = update(file, [(lambda writer, *_: twist(writer), 0, 0)])
    for more in ([], [(fill, 0, 1)]):
        file = update(file, more) if more else file
        found, last = steps_of(file)
        assert found.between(0, last) is None
    alike(file)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<x:xmpmeta ", b"<x:xmpmetb "),  # metadata that are none
        (b"/Title /Paper", b"/Title 3 0 R "),  # the title's data name an object
        (b" 00000 n", b" 00001 f"),  # an object is taken away
        (b"/Root 1 0 R", b"/Root 2 0 R"),  # another catalogue
        (b"/Root 1 0 R", b"/Other 2 0 R /Root 1 0 R"),  # another way into the file
    ],
    ids=["metadata", "title", "freed", "catalogue", "trailer"],
)
def test_bytes_that_no_writer_writes_are_not_plain(before, after):
    """The same, for what is done to the bytes of the last revision."""
    file = update(update(GROUND, [(fill, 1, 1)]), [(prove, 0, 1)])
    place = file.rindex(before)
    file = file[:place] + after + file[place + len(before) :]
    assert steps_of(file)[0].between(1, 2) is None
    alike(file)


# -- and what it costs ---------------------------------------------------------------------------------------------


def counted(monkeypatch, count: int) -> dict[str, int]:
    """How often pyHanko compares two revisions and how many objects are read, when so many have signed."""
    file = ground(count)
    for number in range(count):
        file = update(file, [(fill, 0, 1), (prove, number, 1)])
    file = update(file, [(stamp, 0, 0)])
    done = {"compared": 0, "read": 0}

    with monkeypatch.context() as patched:
        patched.setattr(StandardDiffPolicy, "apply", counting(done, "compared", StandardDiffPolicy.apply))
        patched.setattr(
            revisions.Reader, "_read_object", counting(done, "read", revisions.Reader._read_object)
        )
        reader, policy = revisions.Reader(io.BytesIO(file)), changes.Changes()
        for base in range(reader.total_revisions - 1):
            expected = ModificationLevel.FORM_FILLING if base < count else ModificationLevel.LTA_UPDATES
            assert policy.review_file(reader, base).modification_level is expected
    return done


def test_a_signature_more_costs_the_same_however_many_there_are(monkeypatch):
    """Issue's measure: signers do not slow each other; pyHanko compares nothing, each version of an object is read once."""
    few, many = counted(monkeypatch, 4), counted(monkeypatch, 16)
    assert few["compared"] == many["compared"] == 0
    more = counted(monkeypatch, 28)
    assert more["read"] - many["read"] == many["read"] - few["read"]


def test_every_revision_of_a_paper_after_its_certification_is_plain(desk):
    """Signatures, acceptance seal, an archive stamp and its renewal."""
    file = pdf.archive(
        desk.db, desk.authority, pdf.archive(desk.db, desk.authority, desk.accepted("appointment"))
    )
    found, last = steps_of(file)
    assert len(found.between(1, last)) == last - 1
    assert found.between(1, last)[-1].level is ModificationLevel.LTA_UPDATES
