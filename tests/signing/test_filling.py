"""Signatures in fields that were made beforehand: what pyHanko would have written, and no more work for who comes late."""

import io
import re
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from sqlalchemy import event

from signing import filling, pdf, revisions
from signing.errors import PaperRefused
from signing.filling import NotPlain, Plain
from signing.papers import render, samples
from signing.pdf import ACCEPTED
from signing.proofs import NO_PROOFS
from signing.validation import validate
from tests.signing.conftest import run
from tests.signing.test_pdf import by_pyhanko, update
from tests.signing.test_revisions import alike


@pytest.fixture
def by_hand(monkeypatch):
    """Lets pyHanko sign everything."""
    return lambda: monkeypatch.setattr(filling, "slot", _not_plain)


def _not_plain(*_):
    raise NotPlain("told so")


def catalogue_of(file: bytes) -> int:
    """The number of the catalogue."""
    return PdfFileReader(io.BytesIO(file)).trailer.raw_get("/Root").idnum


def signature(file: bytes, name: str):
    """A field and its signature."""
    reader = PdfFileReader(io.BytesIO(file))
    for found, value, field in enumerate_sig_fields(reader):
        if found == name:
            return field.get_object(), value
    raise KeyError(name)


def written(file: bytes) -> set[int]:
    """The numbers of the objects that the last revision wrote."""
    reader = PdfFileReader(io.BytesIO(file))
    return {ref.idnum for ref in reader.xrefs.explicit_refs_in_revision(reader.total_revisions - 1)}


def shape(value) -> object:
    """What an entry says, without what differs from one act to the next."""
    if isinstance(value, generic.IndirectObject):
        return "->"
    if isinstance(value, generic.DictionaryObject):
        moving = {"/Contents", "/ByteRange", "/M"}
        return {key: shape(found) for key, found in value.items() if key not in moving}
    return [shape(found) for found in value] if isinstance(value, generic.ArrayObject) else value


def test_what_is_filled_in_is_what_pyhanko_writes(desk, by_hand):
    """ES-01: field, signature, locks and proofs are the same; catalogue, information and metadata are left alone."""
    certified = desk.certified("articles")
    ours = desk.act("articles", "p1", certified).papers["articles"]
    ours_sealed = pdf.Pen(desk.db, desk.authority, desk.office()).accept(ours)[0]
    by_hand()
    theirs = desk.act("articles", "p1", certified).papers["articles"]
    theirs_sealed = pdf.Pen(desk.db, desk.authority, desk.office()).accept(ours)[0]
    for name, one, other in (("sig_p1", ours, theirs), (ACCEPTED, ours_sealed, theirs_sealed)):
        (field, value), (field_there, value_there) = signature(one, name), signature(other, name)
        assert shape(field) == shape(field_there)
        assert shape(value) == shape(value_there)
        look, look_there = field["/AP"]["/N"], field_there["/AP"]["/N"]
        assert set(look["/Resources"]["/Font"]) == set(look_there["/Resources"]["/Font"])
        before, store = certified if name == "sig_p1" else ours, {}
        for file in (one, other):
            held = PdfFileReader(io.BytesIO(file)).root["/DSS"]
            store[file] = [len(held[key]) for key in ("/Certs", "/OCSPs", "/CRLs")]
            assert file.startswith(before)
        assert store[one] == store[other]
        root = PdfFileReader(io.BytesIO(one)).trailer
        gone = {root.raw_get("/Root").idnum, root.raw_get("/Info").idnum}
        assert not gone & written(one) and gone <= written(other)
        assert len(one) < len(other)


def test_everyone_agrees_about_what_was_filled_in(desk):
    """pyHanko's judgement of each, its view of the revisions, and ours; each signature covers all before it."""
    file = desk.accepted("articles")
    for status in by_pyhanko(file, desk.authority.root):
        assert status.bottom_line, status.pretty_print_details()
    assert {r.reason for r in validate(file, [desk.authority.root])} == {""}
    alike(file)
    reader = PdfFileReader(io.BytesIO(file))
    covered = [sum(list(s.byte_range)[2:]) for s in reader.embedded_regular_signatures]
    assert covered == sorted(covered) and covered[-1] == len(file)


def test_a_paper_that_pyhanko_signed_goes_on(desk, monkeypatch):
    """Papers that were out for signature when this came: what pyHanko wrote is filled in behind, and the other way."""
    file, filled = desk.certified("articles"), filling.slot
    for key, ours in (("p1", False), ("p2", True), ("p3", False)):
        monkeypatch.setattr(filling, "slot", filled if ours else _not_plain)
        file = desk.act("articles", key, file).papers["articles"]
        assert (catalogue_of(file) in written(file)) is not ours
    monkeypatch.setattr(filling, "slot", filled)
    file = pdf.archive(desk.db, desk.authority, *pdf.Pen(desk.db, desk.authority, desk.office()).accept(file))
    assert [r.level for r in validate(file, [desk.authority.root])] == [*["B-LTA"] * 5, ""]


def test_the_stamp_is_seen_as_before(desk, by_hand, tmp_path):
    """The same name, time and serial in the same place, drawn both ways."""
    certified = desk.certified("appointment")
    (key, *_) = desk.papers["appointment"].signature_boxes
    words = []
    for way in ("ours", "pyhanko"):
        if way == "pyhanko":
            by_hand()
        file = tmp_path / f"{way}.pdf"
        file.write_bytes(desk.act("appointment", key, certified).papers["appointment"])
        said = run("pdftotext", "-bbox", file, "-")
        boxes = re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" .*>(电子签名时间|张样例)<', said)
        assert len(boxes) >= 2
        words.append([(float(x), float(y), word) for x, y, word in boxes])
    for ours, theirs in zip(*words, strict=True):
        assert ours[2] == theirs[2] and abs(ours[0] - theirs[0]) < 1 and abs(ours[1] - theirs[1]) < 1


# -- what is left to pyHanko ------------------------------------------------------------------------------------------------


def another_lock(writer: IncrementalPdfFileWriter) -> None:
    """The field of the second signer locks the first one's too."""
    for name, _, field in enumerate_sig_fields(writer):
        if name == "sig_p2":
            lock = field.get_object()["/Lock"]
            lock[pdf_name("/Fields")].append(generic.pdf_string("sig_p1"))
            writer.update_container(lock)


def another_field(writer: IncrementalPdfFileWriter) -> None:
    """A field for text."""
    form = writer.root["/AcroForm"]
    field = {"/FT": pdf_name("/Tx"), "/T": generic.pdf_string("t")}
    form["/Fields"].append(
        writer.add_object(generic.DictionaryObject({pdf_name(k): v for k, v in field.items()}))
    )
    writer.update_container(form)


def seed_values(writer: IncrementalPdfFileWriter) -> None:
    """A field that says how it wants to be signed."""
    for name, _, field in enumerate_sig_fields(writer):
        if name == "sig_p2":
            field.get_object()[pdf_name("/SV")] = generic.DictionaryObject(
                {pdf_name("/Ff"): generic.NumberObject(0)}
            )
            writer.update_container(field.get_object())


def no_more(writer: IncrementalPdfFileWriter) -> None:
    """The certification allows nothing at all."""
    said = writer.root["/Perms"]["/DocMDP"]
    said["/Reference"][0]["/TransformParams"][pdf_name("/P")] = generic.NumberObject(1)
    writer.update_container(said)


@pytest.mark.parametrize("change", [another_lock, another_field, seed_values, no_more])
def test_a_paper_of_another_make_is_left_to_pyhanko(desk, change):
    file = update(desk.certified("articles"), change)
    with pytest.raises(NotPlain):
        filling.slot(Plain(file), "sig_p2", ACCEPTED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"startxref\n(\d)", rb"startxref\n9\1"),  # nowhere
        (rb"/Prev \d+", rb"/Prev 999999"),  # forwards
        (rb" 00000 n \ntrailer", rb" 00001 n \ntrailer"),  # a later generation
        (rb" n \ntrailer", rb" f \ntrailer"),  # removed
        (rb"\n(\d+) \d\d\n(?=\d{10} )", rb"\n\1 2\n"),  # fewer than there are
        (rb"\n(\d+) \d\d\n(?=\d{10} )", rb"\n\1 99\n"),  # more
        (rb"%%EOF\n$", rb"%%EOF\n%%EOF\n"),  # something behind the end
        (rb"/Root \d+ 0 R", rb"/Root 9999 0 R"),
        (rb">>\nstartxref", rb"/XRefStm 5\n>>\nstartxref"),
    ],
)
def test_cross_references_are_read_exactly_or_not_at_all(desk, old, new):
    file = desk.certified("articles")
    last = [*re.finditer(old, file)][-1]
    with pytest.raises(NotPlain):
        filling.slot(Plain(file[: last.start()] + last.expand(new) + file[last.end() :]), "sig_p1", ACCEPTED)


def test_nobody_signs_a_paper_that_is_closed(desk):
    """A field that stayed empty under the acceptance seal stays empty: filling it would break the seal."""
    file = desk.act("articles", "p1", desk.certified("articles")).papers["articles"]
    sealed = pdf.Pen(desk.db, desk.authority, desk.office()).accept(file)[0]
    with pytest.raises(PaperRefused, match="closed"):
        desk.act("articles", "p2", sealed)


def test_a_signature_that_has_no_room_is_refused(desk):
    """Nothing is cut off, and nothing half written leaves."""
    place = filling.slot(Plain(desk.certified("articles")), "sig_p1", ACCEPTED)
    filled = filling.fill(
        place, None, NO_PROOFS, name="x", reason="", at=datetime(2026, 12, 1, tzinfo=UTC), reserved=100
    )
    assert len(filled.signed(b"0" * 100)) == len(filled.pdf) + len(filled.tail)
    with pytest.raises(PaperRefused):
        filled.signed(b"0" * 101)


# -- the work --------------------------------------------------------------------------------------------------------------


def counted(work) -> int:
    """The calls of functions that some work makes."""
    calls = Counter()
    sys.setprofile(lambda _, what, __: calls.update([what]))
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls["call"] + calls["c_call"]


def test_who_signs_late_waits_no_longer_than_who_signs_first(desk, monkeypatch):
    """Thirty shareholders of one company: the last signature takes the statements, the objects and about the calls of
    the first, adds as much to the file, and no revision before it is read."""
    papers = {"articles": render("articles", samples.llc(30), final=True)}
    desk = replace(desk, papers=papers)
    file = desk.certified("articles")
    monkeypatch.setattr(revisions.Reader, "__init__", lambda *_: pytest.fail("all revisions were read"))
    statements, engine = [], desk.db.get_bind()

    def note(*said):
        statements.append(said[2])

    event.listen(engine, "before_cursor_execute", note)
    read = Counter()
    monkeypatch.setattr(Plain, "entries", _noting(read, Plain.entries))
    found = []
    for key in papers["articles"].signature_boxes:
        statements.clear()
        read.clear()
        made = {}
        calls = counted(
            lambda key=key, file=file, made=made: made.update(desk.act("articles", key, file).papers)
        )
        found.append(
            (
                calls,
                len(statements),
                read["entries"],
                len(made["articles"]) - len(file),
                len(written(made["articles"])),
            )
        )
        file = made["articles"]
    event.remove(engine, "before_cursor_execute", note)
    first, last = found[9], found[-1]  # names of the same length
    assert len(found) == 30
    assert last[1:3] == first[1:3] and last[4] == first[4]
    assert last[3] - first[3] < 20 * 40  # the store names what it holds: three references a signature
    assert last[0] < 1.2 * first[0]


def _noting(read: Counter, entries):
    def noting(paper, number):
        read["entries"] += 1
        return entries(paper, number)

    return noting
