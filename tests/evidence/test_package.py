"""The evidence package: what each holder sees of it, that it verifies offline, and that each tampering has its name."""

import base64
import io
import json
import subprocess
import sys
import zipfile
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from signing import dossier, sealing, sources, timestamp
from signing.authority import Authority
from tests.evidence.cases import anchored, deliver_all, sign_all
from tests.signatures.people import token_of
from tests.signing.papers import reading
from workflow.errors import NotFound, OutsideFailure
from workflow.evidence import package as packaging
from workflow.evidence import records, words
from workflow.evidence.models import EvidenceAccess
from workflow.evidence.package import Holder, package
from workflow.messages import operations as messages
from workflow.messages.models import Message
from workflow.personal import person_hash
from workflow.signer import authority

REGISTRAR = Holder("registrar", "0417")
MADE: dict[str, object] = {}


@pytest.fixture
def made(request):
    """A package with everything signed and anchored: the files, the root, another authority and its token; made once."""
    if not MADE:
        signing = request.getfixturevalue("signing")
        sign_all(signing)
        anchored(signing, request.getfixturevalue("monkeypatch"))
        MADE["files"] = files(package(signing.db, signing.case, REGISTRAR))
        MADE["root"] = authority().root
        MADE["number"] = signing.case.number
        other = Authority.create(request.getfixturevalue("tmp_path") / "other", "a passphrase of the tests")
        other.register(signing.db)
        MADE["other"] = other.root
        statement = content(MADE["files"])["roots"]
        (held,) = statement.values()
        digest = sha256(held["statement"].encode()).digest()
        MADE["foreign"] = base64.b64encode(sources.stamp(signing.db, other, digest)).decode()
    return MADE


def files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(held: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return out.getvalue()


def content(held: dict[str, bytes]) -> dict:
    return json.loads(held[dossier.EVIDENCE])


def reasons(data: bytes, *roots) -> set[str]:
    return {fault.reason for fault in dossier.check(data, roots).faults}


def test_everything_holds(made):
    """ES-12, ES-13, ES-21: every event leads to its day's time-stamped root; papers, report and signatures hold."""
    found = dossier.check(zipped(made["files"]), [made["root"]])
    assert found.holds, found.faults
    assert found.anchored == found.events > 8 and found.waiting == 0 and len(found.days) == 1
    assert found.papers == len(content(made["files"])["papers"]) > 3
    assert found.sheet.startswith("sealed by")


def test_the_report_says_what_happened(made):
    """Identity, the check of the person, delivery of the invitation, consent text, hashes, certificate."""
    said = reading.text(made["files"][dossier.SHEET])
    held = content(made["files"])
    assert sha256(made["files"][dossier.EVIDENCE]).hexdigest() in said
    for events in held["chains"].values():
        assert all(event["sha256"] in said for event in events)
    for part in (
        "证据报告",
        "身份核验",
        "登记窗口或公证核验码",
        "短信",
        "已被受理发送",
        "192.0.2.7",
        "送出签署邀请",
    ):
        assert part in said, part
    digests = [paper["sha256"] for paper in held["papers"]]
    digests += [json.loads(root["statement"])["root"] for root in held["roots"].values()]
    assert all(half in said for digest in digests for half in (digest[:32], digest[32:]))
    assert held["consents"] and all(c["sha256"] in said for c in held["consents"])


# -- each tampering with its own reason --------------------------------------------------------------------------------


def event_altered(held, made):
    """The content of an event is changed."""
    event = held["chains"]["signing"][2]
    event["text"] = event["text"].replace('"identity"', '"admission"')


def event_altered_with_its_digest(held, made):
    """The same by someone who computes the digest anew: the root of the day is missed."""
    event_altered(held, made)
    event = held["chains"]["signing"][2]
    event["sha256"] = sha256(event["text"].encode()).hexdigest()


def event_removed(held, made):
    del held["chains"]["case"][2]


def events_reordered(held, made):
    chain = held["chains"]["case"]
    chain[1], chain[2] = chain[2], chain[1]


def chain_of_another(held, made):
    """The second event is one of another history: its number fits, what it continues does not."""
    chain = held["chains"]["case"]
    chain[1] = chain[1] | {"text": chain[1]["text"].replace(chain[0]["sha256"], "1" * 64), "place": None}
    chain[1]["sha256"] = sha256(chain[1]["text"].encode()).hexdigest()


def path_swapped(held, made):
    one, two = held["chains"]["case"][:2]
    one["place"], two["place"] = two["place"], one["place"]


def path_junk(held, made):
    held["chains"]["case"][0]["place"]["path"] = ["zz"]


def root_left_out(held, made):
    held["roots"] = {}


def token_of_another_authority(held, made):
    for root in held["roots"].values():
        root["token"] = made["foreign"]


def token_over_another_root(held, made):
    """The statement of the day is rewritten under the genuine token."""
    for root in held["roots"].values():
        root["statement"] = root["statement"].replace('"leaves":', '"leaves":1')


def name_replaced(held, made):
    held["chains"]["signing"][-1]["openings"][0]["value"] = "李四"


def consent_replaced(held, made):
    consent = held["consents"][0]
    consent["text"] = "本人什么都同意。"
    consent["sha256"] = sha256(consent["text"].encode()).hexdigest()


CHANGES = [
    (event_altered, {"event_altered"}),
    (event_altered_with_its_digest, {"path_wrong", "chain_broken"}),
    (event_removed, {"event_missing"}),
    (events_reordered, {"order_changed", "event_missing"}),
    (chain_of_another, {"chain_broken"}),
    (path_swapped, {"path_wrong"}),
    (path_junk, {"path_wrong"}),
    (root_left_out, {"root_missing"}),
    (token_of_another_authority, {"token_foreign"}),
    (token_over_another_root, {"token_foreign"}),
    (name_replaced, {"opening_false"}),
    (consent_replaced, {"consent_altered"}),
]


@pytest.mark.parametrize(("change", "named"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_a_changed_evidence_file_is_named(made, change, named):
    """In the file alone by the event's own reason; in the package also because the sealed report is of another file."""
    held = content(made["files"])
    change(held, made)
    data = json.dumps(held, ensure_ascii=False).encode()
    found = reasons(data, made["root"])
    assert found == named or (change is chain_of_another and named <= found)
    whole = reasons(zipped(made["files"] | {dossier.EVIDENCE: data}), made["root"])
    assert found | {"sheet_foreign"} <= whole


def papers(held: dict[str, bytes]) -> list[str]:
    return sorted(name for name in held if name.startswith("papers/"))


def paper_altered(held, made):
    name = papers(held)[0]
    held[name] = held[name].replace(b"/CreationDate", b"/CreationDatf", 1)


def papers_swapped(held, made):
    one, two = papers(held)[:2]
    held[one], held[two] = held[two], held[one]


def paper_removed(held, made):
    del held[papers(held)[0]]


def sheet_altered(held, made):
    data = bytearray(held[dossier.SHEET])
    data[data.index(b"stream") + 40] ^= 1
    held[dossier.SHEET] = bytes(data)


def sheet_removed(held, made):
    del held[dossier.SHEET]


def sheet_is_another_paper(held, made):
    held[dossier.SHEET] = held[papers(held)[0]]


FILES = [
    (paper_altered, {"paper_altered"}),
    (papers_swapped, {"paper_altered"}),
    (paper_removed, {"paper_missing"}),
    (sheet_altered, {"sheet_altered"}),
    (sheet_removed, {"sheet_missing"}),
    (sheet_is_another_paper, {"sheet_altered"}),
]


@pytest.mark.parametrize(("change", "named"), FILES, ids=[change.__name__ for change, _ in FILES])
def test_a_changed_package_is_named(made, change, named):
    held = dict(made["files"])
    change(held, made)
    assert reasons(zipped(held), made["root"]) == named


def test_a_paper_that_nobody_signed_here(made):
    """A paper with a good hash in the list, but of no event: the sealed licence of another, say."""
    held, list_ = dict(made["files"]), content(made["files"])
    name = list_["papers"][0]["file"]
    held[name] = made["files"][dossier.SHEET]
    list_["papers"][0]["sha256"] = sha256(held[name]).hexdigest()
    held[dossier.EVIDENCE] = json.dumps(list_).encode()
    assert reasons(zipped(held), made["root"]) == {"paper_unproven", "sheet_foreign"}


def test_another_root_is_not_believed(made):
    assert {"token_foreign", "paper_signature", "sheet_altered"} <= reasons(
        zipped(made["files"]), made["other"]
    )


@pytest.mark.parametrize(
    "junk", [b"", b"PK\x03\x04", b"{}", b"[]", b'{"format": "qibu-evidence/1", "case": 1, "chains": 3, "roots": {}}', b"\xff"]
)  # fmt: skip
def test_what_is_no_package_is_refused(made, junk):
    with pytest.raises(dossier.DossierUnreadable):
        dossier.check(junk, [made["root"]])


# -- one event alone ---------------------------------------------------------------------------------------------------


def test_one_event_alone(made):
    """An event is proven by itself, and what is shown tells nothing of any other."""
    whole = made["files"][dossier.EVIDENCE]
    held = content(made["files"])
    flat = [event for events in held["chains"].values() for event in events]
    for number in (1, len(flat)):
        one = dossier.single(whole, number)
        found = dossier.check(one, [made["root"]])
        assert found.holds and found.single and (found.events, found.anchored) == (1, 1)
        for other in flat[: number - 1] + flat[number:]:
            assert json.dumps(other["text"], ensure_ascii=False) not in one.decode()
            assert all(opened["salt"] not in one.decode() for opened in other["openings"])
    with pytest.raises(dossier.DossierUnreadable):
        dossier.single(whole, len(flat) + 1)


def test_a_leaf_reveals_nobody(made):
    """What is hashed holds no name, address or phone; each sealed field has its own salt."""
    held = content(made["files"])
    texts = " ".join(event["text"] for events in held["chains"].values() for event in events)
    opened = [o for events in held["chains"].values() for event in events for o in event["openings"]]
    people = {o["value"] for o in opened if o["field"] in ("signer", "recipient", "network", "device")}
    assert people and not any(f'"{value}"' in texts for value in people)
    assert len({o["salt"] for o in opened}) == len(opened)
    assert all(sealing.seal(o) in texts for o in opened)


# -- who sees what -----------------------------------------------------------------------------------------------------


def opened(data: bytes) -> set[tuple[str, str]]:
    held = content(files(data))
    return {
        (o["field"], o["value"]) for events in held["chains"].values() for e in events for o in e["openings"]
    }


def test_each_holder_sees_their_own(signing):
    """The signer all of the own act; somebody else nothing of it but the time; nobody's package hides an event."""
    sign_all(signing)
    row = signing.invitation
    mine = Holder("signer", str(row.id), person_hash(row.id_number), row.person_key)
    stranger = Holder("signer", "x", "0" * 32, row.person_key)
    owner = Holder("applicant", str(signing.case.owner_id), "0" * 32)
    seen = {holder: opened(package(signing.db, signing.case, holder)) for holder in (mine, stranger, owner)}
    assert {("signer", row.name), ("network", "192.0.2.7"), ("device", "Testphone 1.0")} <= seen[mine]
    assert not any(field in ("signer", "network", "device", "recipient") for field, _ in seen[stranger])
    assert ("signer", row.name) in seen[owner] and ("network", "192.0.2.7") not in seen[owner]
    data = package(signing.db, signing.case, stranger)
    said = reading.text(files(data)[dossier.SHEET])
    assert "192.0.2.7" not in said and "不公开" in said
    assert row.phone not in said and f"*{row.phone[-4:]}" not in said
    assert dossier.check(data, [authority().root]).holds


def test_a_signer_gets_only_papers_with_the_own_name(signing):
    sign_all(signing)
    other = Holder("signer", "x", "0" * 32, "nobody")
    with pytest.raises(NotFound):
        package(signing.db, signing.case, other)


def test_today_is_not_anchored_yet(signing, monkeypatch):
    """The package says so plainly, holds by its seal, and can be fetched again after midnight."""
    sign_all(signing)
    data = package(signing.db, signing.case, REGISTRAR)
    found = dossier.check(data, [authority().root])
    assert found.holds and found.waiting == found.events and found.anchored == 0
    assert "anchored after midnight" in " ".join(dossier.as_text(found, [authority().root]))
    assert "anchoredaftermidnight" in reading.text(files(data)[dossier.SHEET]).replace(" ", "")
    anchored(signing, monkeypatch)
    again = dossier.check(package(signing.db, signing.case, REGISTRAR), [authority().root])
    assert again.holds and again.anchored == again.events


def test_every_package_that_left_is_written_down(signing):
    sign_all(signing)
    data = package(signing.db, signing.case, REGISTRAR)
    (row,) = signing.db.scalars(select(EvidenceAccess))
    assert (row.actor_kind, row.actor_id, row.sha256) == ("registrar", "0417", sha256(data).hexdigest())


def test_without_a_seal_nothing_leaves(signing, monkeypatch):
    """The time stamping authority refuses: no report without its seal, and no note that a package left."""
    sign_all(signing)

    def refuse(*_, **__):
        raise timestamp.TimeStampFailure("refused")

    monkeypatch.setattr(packaging.pdf, "sign", refuse)
    with pytest.raises(OutsideFailure):
        package(signing.db, signing.case, REGISTRAR)
    assert not signing.db.scalars(select(EvidenceAccess)).all()


def test_no_papers_no_package(house):
    with pytest.raises(NotFound):
        package(house.db, house.reserved(), REGISTRAR)


# -- what is recorded --------------------------------------------------------------------------------------------------


def test_a_message_that_never_arrived_is_evidence_too(signing):
    """ES-12: to whom, when, and that it could not be delivered; the number masked and under seal."""
    row = signing.db.scalars(select(Message).where(Message.template == "sign_invitation")).first()
    messages.note_failure(signing.db, row.id, "no such number", final=False)
    messages.note_failure(signing.db, row.id, "no such number", final=True)
    kept = packaging.evidence.of(signing.db, signing.case.number)
    assert [(e.kind, e.facts["state"]) for e in kept] == [("invitation", "failed")]
    assert "****" in records.personal_of(kept[0])["recipient"]
    assert token_of(signing.db, signing.invitation)  # the row itself is as it was
    deliver_all(signing.db)


def test_every_event_has_its_word():
    from app.web.events import EVENTS

    assert set(EVENTS) - {"identify", "admit"} <= set(words.EVENTS)


# -- offline -----------------------------------------------------------------------------------------------------------


def test_the_command_needs_no_database(made, tmp_path):
    """`python -m signing.dossier` in a bare environment; exit codes that say it all."""
    file, root = tmp_path / "package.zip", tmp_path / "root.pem"
    file.write_bytes(zipped(made["files"]))
    root.write_bytes(made["root"].public_bytes(Encoding.PEM))
    command = [sys.executable, "-m", "signing.dossier", file]
    done = subprocess.run([*command, "--root", root, "--json"], capture_output=True, text=True, env={})
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["holds"] and answer["faults"] == []
    one = subprocess.run([*command, "--event", "1"], capture_output=True, env={}).stdout
    (tmp_path / "one.json").write_bytes(one)
    command[-1] = tmp_path / "one.json"
    assert subprocess.run([*command, "--root", root], env={}, capture_output=True).returncode == 0
    (tmp_path / "one.json").write_bytes(one.replace(b'"index": ', b'"index": 1'))
    done = subprocess.run([*command, "--root", root], env={}, capture_output=True, text=True)
    assert done.returncode == 1 and "path_wrong" in done.stdout
    assert (
        subprocess.run([*command], env={}, capture_output=True).returncode == 2
    )  # no root named, none inside
