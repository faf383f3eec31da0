"""Our reading of revisions gives pyHanko's verdicts: on papers, on the attacks, and on histories that nobody thought of."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, append_signature_field

from signing import changes, pdf, revisions
from signing.validation import validate

LOCKS = [
    (None, None),
    (FieldMDPSpec(FieldMDPAction.ALL), MDPPerm.NO_CHANGES),
    (FieldMDPSpec(FieldMDPAction.INCLUDE, ["a"]), MDPPerm.FILL_FORMS),
    (FieldMDPSpec(FieldMDPAction.EXCLUDE, ["b", "d"]), None),
]


def verdicts(file: bytes, reader_of, policy) -> list[object]:
    """What a policy says of each revision as the signed one, under each lock; of what cannot be read, which error."""
    reader = reader_of(io.BytesIO(file), strict=False)
    found: list[object] = []
    for base in range(reader.total_revisions):
        for lock, permission in LOCKS:
            try:
                said = policy.review_file(reader, base, lock, permission)
                found.append(
                    (said.modification_level, said.changed_form_fields)
                    if isinstance(said, DiffResult)
                    else "refused"
                )
            except (PdfError, LookupError, ValueError) as error:
                found.append(type(error))
    return found


def alike(file: bytes) -> list[object]:
    """Both verdicts, which must be the same."""
    ours = verdicts(file, revisions.Reader, changes.Changes())
    theirs = verdicts(file, PdfFileReader, DEFAULT_DIFF_POLICY)
    assert ours == theirs
    return ours


# -- histories -----------------------------------------------------------------------------------------------------


def blank() -> bytes:
    """Two pages that share a font and an appearance, three fields for signatures, one of them invisible, one for text."""
    writer = PdfFileWriter(stream_xrefs=False)
    font = writer.add_object(dictionary(Type="Font", Subtype="Type1", BaseFont="Helvetica"))
    shared = writer.add_object(stream(b"q Q"))
    for _ in range(2):
        page = PageObject(
            contents=writer.add_object(stream(b"BT ET")),
            media_box=(0, 0, 200, 200),
            resources=generic.DictionaryObject(
                {pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F"): font})}
            ),
        )
        writer.insert_page(page)
    for name, box in (("a", (1, 1, 50, 50)), ("b", (60, 1, 90, 50)), ("c", None)):
        append_signature_field(writer, SigFieldSpec(name, box=box, on_page=0))
    text = dictionary(FT="Tx", Subtype="Widget", Type="Annot")
    text[pdf_name("/T")] = generic.pdf_string("t")
    text[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): shared})
    text[pdf_name("/Rect")] = numbers(1, 100, 50, 120)
    field = writer.add_object(text)
    writer.root["/AcroForm"]["/Fields"].append(field)
    writer.root["/Pages"]["/Kids"][1][pdf_name("/Annots")] = generic.ArrayObject([field])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def dictionary(**names: str) -> generic.DictionaryObject:
    return generic.DictionaryObject(
        {pdf_name(f"/{key}"): pdf_name(f"/{value}") for key, value in names.items()}
    )


def numbers(*values: int) -> generic.ArrayObject:
    return generic.ArrayObject(map(generic.NumberObject, values))


def stream(data: bytes) -> generic.StreamObject:
    return generic.StreamObject(stream_data=data)


def fields(writer) -> list:
    return [reference.get_object() for reference in writer.root["/AcroForm"]["/Fields"]]


def sign(writer, which: int, kind: int) -> None:
    """Fill a field, as a signature or a time stamp does; with a look of its own, a shared one, or none."""
    all_of_them = fields(writer)
    field = all_of_them[which % len(all_of_them)]
    value = dictionary(Type="DocTimeStamp" if kind % 2 else "Sig", Filter="Adobe.PPKLite")
    value[pdf_name("/Reference")] = generic.ArrayObject(
        [
            generic.DictionaryObject(
                {pdf_name("/TransformParams"): writer.add_object(dictionary(Type="TransformParams"))}
            )
        ]
    )
    field[pdf_name("/V")] = writer.add_object(value)
    if kind % 3:
        look = stream(b"q Q")
        look[pdf_name("/Resources")] = writer.add_object(dictionary(Type="Resources"))
        field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(look)})
    writer.update_container(field)


def add_field(writer, which: int, kind: int) -> None:
    """A field more: seen or not, for a signature or for text."""
    box = (5, 5, 20, 20) if kind % 2 else (0, 0, 0, 0)
    append_signature_field(
        writer, SigFieldSpec("defg"[which % 4] + str(kind % 2), box=box, on_page=which % 2)
    )
    if kind % 3 == 0:
        field = fields(writer)[-1]
        field[pdf_name("/FT")] = pdf_name("/Tx")


def add_proofs(writer, which: int, kind: int) -> None:
    """A piece of validation data more, or a store of the wrong shape."""
    root = writer.root
    if "/DSS" not in root:
        root[pdf_name("/DSS")] = writer.add_object(generic.DictionaryObject())
        writer.update_root()
    store = root["/DSS"]
    key = ("/Certs", "/OCSPs", "/CRLs", "/Other")[which % 4]
    piece = stream(b"piece") if kind % 4 else dictionary(Type="None")
    store.setdefault(pdf_name(key), generic.ArrayObject()).append(writer.add_object(piece))
    writer.update_container(store)


def drop(writer, which: int, kind: int) -> None:
    """Something is taken out of the catalogue, the form, a page or a field."""
    holders = [
        writer.root,
        writer.root["/AcroForm"],
        writer.root["/Pages"]["/Kids"][which % 2].get_object(),
        *fields(writer),
    ]
    holder = holders[which % len(holders)]
    keys = [key for key in holder if key not in ("/Pages", "/Type", "/Kids", "/FT", "/T")]
    if keys:
        del holder[keys[kind % len(keys)]]
        writer.update_container(holder)


def touch(writer, which: int, kind: int) -> None:
    """Some object is written again: as it was, with a key more, or with its page beneath it."""
    number = which % (writer.prev.trailer["/Size"] - 1) + 1
    found = writer.get_object(generic.Reference(number, 0, writer))
    if kind % 3 and isinstance(found, generic.DictionaryObject):
        more = (generic.NumberObject(kind), writer.root["/Pages"]["/Kids"].raw_get(0), generic.NullObject())[
            kind % 3
        ]
        found[pdf_name(("/Ff", "/X", "/Rect", "/F", "/AS")[kind % 5])] = more
    if kind % 7 == 6:
        writer.objects[0, number] = stream(b"other")
    else:
        writer.objects[0, number] = found


def orphan(writer, which: int, kind: int) -> None:
    """An object that nothing refers to, or that something new refers to."""
    made = writer.add_object(dictionary(Type="Nothing"))
    if kind % 2:
        annotation = dictionary(Type="Annot", Subtype="Square")
        annotation[pdf_name("/Next")] = made
        page = writer.root["/Pages"]["/Kids"][which % 2].get_object()
        page.setdefault(pdf_name("/Annots"), generic.ArrayObject()).append(writer.add_object(annotation))
        writer.update_container(page)


def share_look(writer, which: int, kind: int) -> None:
    """A field takes over another's look, and that one is changed in its place or not."""
    all_of_them = fields(writer)
    first, second = all_of_them[which % len(all_of_them)], all_of_them[kind % len(all_of_them)]
    if "/AP" in second:
        first[pdf_name("/AP")] = second.raw_get("/AP")
        writer.update_container(first)
        if kind % 2 and "/N" in second["/AP"]:
            writer.mark_update(second["/AP"].raw_get("/N"))


STEPS = (sign, sign, sign, add_field, add_proofs, add_proofs, drop, touch, touch, orphan, share_look)


def update(file: bytes, steps) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(file), strict=False)
    for step, which, kind in steps:
        step(writer, which, kind)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


BLANK = blank()
step = st.tuples(st.sampled_from(STEPS), st.integers(0, 60), st.integers(0, 41))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(step, min_size=1, max_size=3), min_size=1, max_size=5))
def test_histories_get_the_same_verdict(history):
    """ES-01 (3), (4): whatever the revisions did, both say the same of each as the signed one, under each lock."""
    file = BLANK
    for steps in history:
        try:
            file = update(file, steps)
        except (
            PdfError,
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
        ):  # a file no writer would go on with
            break
    alike(file)


def test_steps_make_histories_that_pass_and_that_do_not():
    """What the histories are made of covers each verdict."""
    signed = update(BLANK, [(sign, 0, 4)])
    twice = update(update(signed, [(add_proofs, 0, 1)]), [(sign, 2, 3), (add_proofs, 1, 1)])
    said = alike(twice)
    assert said[0] == (ModificationLevel.FORM_FILLING, {"a", "c"})
    assert said[4][0] is said[6][0] is ModificationLevel.LTA_UPDATES  # proofs, then a time stamp
    assert said[1] == said[5] == "refused"  # where every field is locked
    assert "refused" in alike(update(signed, [(drop, 0, 0)]))


def test_papers_get_the_same_verdict(desk):
    """A paper with every layer; and its earliest signature is looked at as closely as its last."""
    file = pdf.archive(desk.db, desk.authority, desk.accepted("appointment"))
    alike(file)
    assert all(report.valid for report in validate(file, [desk.authority.root]))


@given(st.binary(max_size=30), st.booleans())
def test_hexadecimal_strings_read_as_before(octets, plain):
    """The quick way reads what pyHanko reads, and leaves the stream where pyHanko leaves it."""
    data = b"<" + (octets.hex().encode() if plain else octets) + b"> /Next"

    def read(reader):
        stream = io.BytesIO(data)
        try:
            return reader(stream), stream.tell()
        except (PdfError, ValueError) as error:
            return type(error), 0

    assert read(revisions.read_hex_string) == read(revisions._as_before)


# -- objects -------------------------------------------------------------------------------------------------------


def as_read(obj) -> object:
    """All that an object is: its classes, values, order, and whose it is."""
    said: list[object] = [type(obj), obj.container_ref, getattr(obj, "autodetected_encoding", None)]
    if isinstance(obj, dict):
        said += [(key, as_read(dict.__getitem__(obj, key))) for key in obj]
    elif isinstance(obj, list):
        said += [as_read(list.__getitem__(obj, place)) for place in range(len(obj))]
    elif not isinstance(obj, generic.NullObject):
        said.append(repr(obj))
    return [*said, getattr(obj, "_encoded_data", None)]


def test_every_object_of_a_paper_is_read_plainly_and_alike(desk):
    """No object of a signed paper is left to pyHanko, and each is what pyHanko reads."""
    file = desk.signed("appointment")
    ours, theirs = revisions.Reader(io.BytesIO(file)), PdfFileReader(io.BytesIO(file))
    for revision in range(ours.total_revisions):
        for ref in ours.xrefs.explicit_refs_in_revision(revision):
            assert ours._octets.read(ref, ours.xrefs.get_historical_ref(ref, revision)) is not None
            assert as_read(ours.get_object(ref, revision)) == as_read(theirs.get_object(ref, revision))


PIECES = (
    b"1", b"-7", b"+3", b"1.50", b".5", b"1,2", b"--1", b"3 0 R", b"0 0 R", b"3  0 R", b"3 0 Rx", b"/N", b"/A#42", b"/", b"/a/b",
    b"(t)", b"(a\\)b)", b"((n))", b"<41>", b"<4 1>", b"<4z>", b"true", b"trueish", b"null", b"<</K 1>>", b"<</K 1/K 2>>", b"<<",
    b">>", b"[1 2]", b"[", b"]", b"% note\n", b"stream", b"s", b"<</L[<</M 2 0 R>>]>>", b"12345678901234567890123", b"\x00",
)  # fmt: skip
TAILS = (
    b"",
    b"\nstream\nabc\nendstream",
    b" stream\r\nabc\nendstream",
    b"\nstream\nabcdef\nendstream",
    b"\nstreamabc",
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=6),
    st.sampled_from((b" ", b"\n", b"")),
    st.sampled_from(TAILS),
    st.booleans(),
)
def test_objects_read_as_before_however_they_are_written(pieces, gap, tail, strict):
    """What is written plainly is read alike; what is not is refused, or mended, as before."""
    parts = [part for n, piece in enumerate(pieces) for part in (b"/K%d" % n, piece)]
    body = b"<< " + gap.join(parts) + gap + b"/Length 3 >>" + tail
    made = BLANK + b"%d 0 obj\n" % NEW + body + b"\nendobj\n"
    table = (
        b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    )
    file = made + table % (NEW, len(BLANK), NEW + 1, READ.root_ref.idnum, READ.last_startxref, len(made))

    def read(kind):
        try:
            return as_read(kind(io.BytesIO(file), strict=strict).get_object(generic.Reference(NEW, 0)))
        except (PdfError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
            return type(error)

    assert read(revisions.Reader) == read(PdfFileReader)


READ = PdfFileReader(io.BytesIO(BLANK))
NEW = READ.trailer["/Size"]
