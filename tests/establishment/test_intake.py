"""What an upload may be."""

import contextlib
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from tests.establishment.files import pdf, photo
from workflow import pictures
from workflow.errors import RuleViolation
from workflow.establishment import intake


def refusal(data):
    with pytest.raises(RuleViolation) as refused:
        intake.check_file(data)
    return refused.value.problems[0].words


def sheet(data):
    return next(iter(PdfReader(BytesIO(data)).pages)).images[0].image


def test_photos_become_small_pdf_without_metadata_and_stand_upright():
    from pillow_heif import register_heif_opener

    register_heif_opener()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "secret camera", 6
    small = (800, intake.LONGEST_SIDE)
    for form, size in {"JPEG": small, "PNG": small, "HEIF": small[::-1]}.items():  # a HEIC turns by itself
        checked = intake.check_file(photo((3000, 1000), form, exif=exif))
        assert (
            checked.pages == 1 and checked.data.startswith(b"%PDF-") and b"secret camera" not in checked.data
        )
        assert sheet(checked.data).size == size, form
    assert intake.check_file(photo()) == intake.check_file(photo()), "the same photo gives the same bytes"


def test_what_is_transparent_is_paper():
    out = BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(out, "PNG")
    assert sheet(intake.check_file(out.getvalue()).data).getpixel((5, 5)) == (255, 255, 255)


def test_too_large_and_wrong_files_are_refused():
    assert refusal(b"") == intake.EMPTY
    assert refusal(b"x" * (intake.MAX_BYTES + 1)) == intake.TOO_LARGE
    for data in (b"<svg/>", b"PK\x03\x04zip", photo(form="BMP"), photo(form="GIF"), photo(form="WEBP")):
        assert refusal(data) == intake.WRONG_KIND


def test_a_pdf_stays_byte_for_byte():
    data = pdf(pages=3)
    assert intake.check_file(data) == intake.Checked(data, 3)


def script():
    return DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )


def annotated(writer, annotation):
    place = ArrayObject([NumberObject(n) for n in (0, 0, 50, 50)])
    annotation = DictionaryObject(
        {NameObject("/Type"): NameObject("/Annot"), NameObject("/Rect"): place} | annotation
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(annotation)])


ACTIVE = {
    "names": lambda w: w.root_object.update(
        {NameObject("/Names"): DictionaryObject({NameObject("/JavaScript"): DictionaryObject()})}
    ),
    "attachment": lambda w: w.add_attachment("a.exe", b"MZ"),
    "opening": lambda w: w.root_object.update(
        {NameObject("/OpenAction"): DictionaryObject({NameObject("/S"): NameObject("/Launch")})}
    ),
    "script of a page": lambda w: w.pages[0].update(
        {NameObject("/AA"): DictionaryObject({NameObject("/O"): script()})}
    ),
    "script of a button": lambda w: annotated(
        w, {NameObject("/Subtype"): NameObject("/Widget"), NameObject("/A"): script()}
    ),
    "file of a note": lambda w: annotated(w, {NameObject("/Subtype"): NameObject("/FileAttachment")}),
    "unused object": lambda w: w._add_object(script()),
}


@pytest.mark.parametrize("change", ACTIVE.values(), ids=list(ACTIVE))
def test_a_pdf_that_runs_something_or_carries_files_is_refused(change):
    assert refusal(pdf(change)) == intake.ACTIVE


def test_a_link_in_a_pdf_is_harmless():
    link = DictionaryObject(
        {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("https://example.org")}
    )
    data = pdf(lambda w: annotated(w, {NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): link}))
    assert intake.check_file(data).pages == 1


def test_locked_long_and_monstrous_pdf_say_what_is_wrong(monkeypatch):
    assert refusal(pdf(lambda w: w.encrypt("secret"))) == intake.LOCKED
    assert refusal(pdf(lambda w: w.encrypt("", "owner"))) == intake.LOCKED
    assert "50" in refusal(pdf(pages=intake.MAX_PAGES + 1)).zh
    assert refusal(pdf(size=(200, 1_000_000))) == intake.WRONG_KIND
    monkeypatch.setattr(intake, "MAX_OBJECTS", 3)
    assert refusal(pdf(pages=3)) == intake.WRONG_KIND


def test_a_small_file_that_unfolds_to_gigabytes_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    for form in ("PNG", "JPEG", "HEIF"):
        assert refusal(photo((101, 10), form)) == intake.TOO_MANY_PIXELS


def test_broken_files_are_refused_and_nothing_else_happens():
    whole = {form: photo((64, 64), form) for form in ("PNG", "JPEG", "HEIF")} | {"PDF": pdf()}
    for data in whole.values():
        intake.check_file(data)
        for length in range(1, len(data), max(1, len(data) // 40)):
            with contextlib.suppress(RuleViolation):
                intake.check_file(data[:length])
    with pytest.raises(RuleViolation):  # truncated: the decoder fails with EOFError
        intake.check_file(whole["HEIF"][: len(whole["HEIF"]) * 2 // 3])
