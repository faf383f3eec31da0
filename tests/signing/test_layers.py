"""The layers of an establishment paper: certification, everyone's signature, acceptance seal, archive stamp."""

import io
import itertools
import json
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from signing import pdf
from signing.errors import PaperRefused
from signing.validation import as_json, validate
from tests.signing.conftest import Desk, pdfsig
from tests.signing.test_pdf import by_pyhanko, update


def reports(file: bytes, desk: Desk):
    return validate(file, [desk.authority.root])


def test_every_layer_in_its_order(desk, root_pem, tmp_path):
    """ES-01, ES-15: the platform certifies, people sign, the authority seals, a stamp ends it; poppler agrees."""
    file = pdf.archive(desk.db, desk.authority, desk.accepted("articles"))
    found = reports(file, desk)
    assert [r.field for r in found][:5] == ["certified", "sig_p1", "sig_p2", "sig_p3", "accepted"]
    assert [r.kind for r in found][5:] == ["archive_stamp"]
    assert {r.reason for r in found} == {""}
    assert [r.level for r in found] == ["B-LTA"] * 5 + [""]
    assert "企业开办平台" in found[0].signer and "市场监督管理局" in found[4].signer
    said = pdfsig(file, root_pem, tmp_path)
    assert said.count("Signature Validation: Signature is Valid.") == 5
    assert said.count("Certificate Validation: Certificate is Trusted.") == 5
    for status in by_pyhanko(file, desk.authority.root):
        assert status.bottom_line, status.pretty_print_details()


def test_fields_are_there_before_anybody_signs(desk):
    """Everyone's field and the seal's stand in the certified paper; each locks itself, the seal locks all."""
    reader = PdfFileReader(io.BytesIO(desk.certified("articles")))
    fields = {name: (value, held.get_object()) for name, value, held in enumerate_sig_fields(reader)}
    assert set(fields) == {"certified", "sig_p1", "sig_p2", "sig_p3", "accepted"}
    assert [name for name, (value, _) in fields.items() if value is not None] == ["certified"]
    for name, (_, field) in fields.items():
        lock = field["/Lock"]
        if name == "accepted":
            assert (lock["/Action"], lock["/P"]) == ("/All", 1)
        else:
            assert lock["/Action"] == "/Include" and list(lock["/Fields"]) == [name]
    (certification,) = reader.embedded_regular_signatures
    assert certification.docmdp_level.value == 2


def test_signers_add_no_field(desk):
    """Later signatures only fill what is there: no field, no page entry is new."""

    def names(file):
        return [name for name, *_ in enumerate_sig_fields(PdfFileReader(io.BytesIO(file)))]

    certified = desk.certified("articles")
    signed = desk.act("articles", "p1", certified).papers["articles"]
    assert names(signed) == names(certified)


def test_a_paper_made_before_certification_can_still_be_finished(desk):
    """Papers of earlier installations: the first signer certifies, or nobody; seal and stamp go on, unseen."""
    for certified in (True, False):
        before = desk.signed("articles", certified=certified)
        pen = pdf.Pen(desk.db, desk.authority, desk.office())
        file = pdf.archive(desk.db, desk.authority, *pen.accept(before))
        assert [r.level for r in reports(file, desk)] == ["B-LTA"] * 4 + [""]


def test_nothing_follows_the_acceptance_seal(desk):
    """Who signs after the seal breaks it: FieldMDP All, DocMDP 1."""
    sealed = desk.accepted("articles")
    with pytest.raises(PaperRefused):
        desk.act("articles", "p1", sealed)
    late = pdf.certifier(desk.db, desk.authority).sign(sealed, field="late")
    assert {r.field: r.reason for r in reports(late, desk)}["accepted"] == "changed_afterwards"


def test_a_signed_field_stays_as_it_is(desk):
    """A stranger who gives a signed field another look breaks that signature."""
    signed = desk.act("articles", "p1", desk.certified("articles")).papers["articles"]

    def move(writer: IncrementalPdfFileWriter) -> None:
        for name, _, field in enumerate_sig_fields(writer):
            if name == "sig_p1":
                field = field.get_object()
                field[pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (10, 10, 400, 700)))
                writer.update_container(field)

    assert "changed_afterwards" in {r.reason for r in reports(update(signed, move), desk)}


def test_growth_of_each_layer(desk, caplog):
    """The issue's measure: at most 25 KB for each signature, the first included; nothing is warned of."""
    sizes, so_far = [len(desk.papers["articles"].pdf)], desk.certified("articles")
    sizes.append(len(so_far))
    for key in ("p1", "p2", "p3"):
        so_far = desk.act("articles", key, so_far).papers["articles"]
        sizes.append(len(so_far))
    sizes.append(len(pdf.Pen(desk.db, desk.authority, desk.office()).accept(so_far)[0]))
    growth = [b - a for a, b in itertools.pairwise(sizes)]
    assert max(growth) <= 25 * 1024, growth
    assert not [r for r in caplog.records if r.name.startswith("pyhanko")]


def test_the_keys_of_the_report_for_programs(desk):
    """`qibu verify --json`: the keys that docs/signatures.md promises are there for each signature, by these names."""
    rows = json.loads(as_json(validate(desk.accepted("appointment"), [desk.authority.root])))["signatures"]
    promised = {
        "field", "signer", "serial", "time_source", "time", "intact", "trusted", "revocation", "coverage", "changes", "level",
    }  # fmt: skip
    assert len(rows) > 2 and all(promised <= set(row) for row in rows)
    docs = (Path(__file__).parents[2] / "docs" / "signatures.md").read_text()
    said = next(line for line in docs.splitlines() if line.startswith("The keys of `--json`"))
    assert all(f"`{key}`" in said for key in rows[0])
