"""Attacks that pyHanko's own validation takes for valid: what is shown is not what was signed, and nothing says so."""

import io

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.errors import PaperRefused
from signing.validation import validate
from tests.signing.test_pdf import by_pyhanko, reasons, update
from tests.signing.test_revisions import dictionary, fields, numbers, stream


class Octets(generic.PdfObject):
    """An object as it is to be written."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def write_to_stream(self, stream, handler=None, container_ref=None):
        stream.write(self.octets)


def look(*box: int) -> generic.StreamObject:
    made = stream(b"1 1 1 rg 0 0 900 900 re f")
    made |= dictionary(Type="XObject", Subtype="Form")
    if box:
        made[pdf_name("/BBox")] = numbers(*box)
    return made


def first_page(writer):
    return writer.root["/Pages"]["/Kids"][0].get_object()


def add_field(writer, *box: int, subtype: str = "Widget", **more: generic.PdfObject) -> None:
    """A field for a signature, which stays empty, on the first page."""
    field = dictionary(Type="Annot", Subtype=subtype, FT="Sig")
    field[pdf_name("/T")] = generic.pdf_string("more")
    field[pdf_name("/Rect")] = numbers(*box)
    field |= {pdf_name(f"/{key}"): value for key, value in more.items()}
    place = writer.add_object(field)
    for holder, key in ((writer.root["/AcroForm"], "/Fields"), (first_page(writer), "/Annots")):
        holder[key].append(place)
        writer.update_container(holder)


def looks(writer, *box: int) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name("/N"): writer.add_object(look(*box))})


def fill(writer, held: generic.PdfObject, *box: int) -> None:
    """The next person's field gets a value and a look."""
    field = next(field for field in fields(writer) if "/V" not in field)
    field[pdf_name("/V")] = writer.add_object(held)
    field[pdf_name("/AP")] = looks(writer, *box)
    writer.update_container(field)


# -- the attacks ---------------------------------------------------------------------------------------------------


def padded_signature(desk) -> bytes:
    """The signature is written anew behind another page, as text, with as many zeros as make the lengths add up to the
    file's: pyHanko takes the file for covered as a whole, and compares nothing."""
    file = desk.licence()
    reader = PdfFileReader(io.BytesIO(file))
    (signature,) = reader.embedded_signatures
    number, (_, size, _, rest) = signature.sig_field.raw_get("/V").idnum, signature.byte_range
    contents = signature.pkcs7_content.rstrip(b"\0")
    text = b"".join(b"\\%03o" % octet for octet in contents)

    def made(zeros: int) -> bytes:
        def change(writer):
            held = writer.get_object(generic.Reference(number, 0, writer))
            held[pdf_name("/Contents")] = Octets(b"(" + text + b"\0" * zeros + b")")
            writer.update_container(held)
            page = first_page(writer)
            page["/Contents"] = writer.add_object(stream(b"BT ET"))
            writer.update_container(page)

        return update(file, change)

    zeros = 20_000  # each is one octet of the file, and two of the length that is reckoned with
    zeros += len(made(zeros)) - size - rest - 2 - 2 * (len(contents) + zeros)
    forged = made(zeros)
    assert len(forged) == size + rest + 2 + 2 * (len(contents) + zeros)
    return forged


def page_behind_an_empty_field(desk) -> bytes:
    """A paper that nobody certified gets an empty field with a look over the page."""
    file = desk.signed("address_commitment", certified=False)
    return update(file, lambda writer: add_field(writer, 0, 0, 600, 900, AP=looks(writer, 0, 0, 600, 900)))


def line_in_place_of_a_field(desk) -> bytes:
    """A field without a place, which is a broad line: some readers draw it where its ends are."""
    broad = generic.DictionaryObject({pdf_name("/W"): generic.NumberObject(900)})
    return update(
        desk.licence(),
        lambda writer: add_field(writer, 0, 0, 0, 0, subtype="Line", L=numbers(0, 400, 600, 400), BS=broad),
    )


def box_with_five_sides(desk) -> bytes:
    """A field is no box for pyHanko, and one for whoever reads the first four numbers."""
    return update(
        desk.licence(), lambda writer: add_field(writer, 0, 0, 600, 900, 0, AP=looks(writer, 0, 0, 600, 900))
    )


def of_one_signer(desk) -> bytes:
    return desk.act("articles", "p1", desk.certified("articles")).papers["articles"]


def stamp_of_unknown_kind(desk) -> bytes:
    """The second person's stamp is forged, with a signature that pyHanko does not list."""
    held = dictionary(Type="Sig", Filter="Adobe.PPKLite", SubFilter="unknown")
    return update(of_one_signer(desk), lambda writer: fill(writer, held, 0, 0, 200, 60))


def stamp_of_nothing(desk) -> bytes:
    """The same, with an empty value, and a look without bounds that some readers let cover the page."""
    return update(of_one_signer(desk), lambda writer: fill(writer, generic.DictionaryObject()))


def behind_the_end(desk) -> bytes:
    """A page's content is written again behind the end, and then the end once more: who mends files reads the new one."""
    file = desk.licence()
    return file + b"18 0 obj\n<</Length 0>>stream\n\nendstream\nendobj\n" + file[file.rindex(b"startxref") :]


CORPUS = [
    (padded_signature, "not_covering"),
    (page_behind_an_empty_field, "changed_afterwards"),
    (line_in_place_of_a_field, "changed_afterwards"),
    (box_with_five_sides, "changed_afterwards"),
    (stamp_of_unknown_kind, "changed_afterwards"),
    (stamp_of_nothing, "changed_afterwards"),
    (behind_the_end, "changed_afterwards"),
]


@pytest.mark.parametrize(("attack", "reason"), CORPUS, ids=[attack.__name__ for attack, _ in CORPUS])
def test_what_pyhanko_takes_for_valid_is_refused(desk, attack, reason):
    """ES-01 (3), (4): every signature fails, though pyHanko finds nothing wrong with any."""
    file = attack(desk)
    assert all(status.bottom_line for status in by_pyhanko(file, desk.authority.root))
    assert set(reasons(file, desk.authority.root)) == {reason}


def test_a_key_that_stands_twice_is_no_paper(desk):
    """Readers differ in which of two they take, so neither counts."""
    twice = Octets(b"[ 0 0 0 0 ] /Rect [ 0 0 600 900 ]")
    with pytest.raises(PaperRefused):
        validate(update(desk.licence(), lambda writer: add_field(writer, Rect=twice)), [desk.authority.root])
