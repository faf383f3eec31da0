"""Checks an evidence package offline: the file and the root certificate are enough.

`python -m signing.dossier FILE.zip --root root.pem`, or an `evidence.json` alone, or one event taken out of it with
`--event NUMBER`. Every fault carries one named reason of `REASONS`. The format is described in docs/evidence.md.
"""

import argparse
import base64
import binascii
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pyhanko.pdf_utils.reader import PdfFileReader

from signing import merkle, sealing
from signing.errors import PaperRefused, SigningError, TimeStampFailure
from signing.profiles import EVIDENCE_EXTENSION
from signing.stampcheck import check_token
from signing.validation import SignatureReport, add_root_options, load_roots, read_roots, validate

FORMAT = "qibu-evidence/1"
EVIDENCE, SHEET, ROOT, TIME_ROOTS = "evidence.json", "report.pdf", "root.pem", "time-roots.pem"
SHEET_SAYS = "evidence.json SHA-256 "  # and the digest: the reason in the sheet's seal
LARGEST = 300 * 1024 * 1024  # octets of a package, unpacked

REASONS = {
    "event_altered": "The event's content is not what its digest says.",
    "event_missing": "An event of the chain is left out.",
    "order_changed": "The events stand in another order than they happened.",
    "chain_broken": "The event does not continue the one before it.",
    "opening_false": "A name or other personal value is not the one that was sealed.",
    "path_wrong": "The event does not lead to the root of its day.",
    "root_missing": "The root of the event's day is not in the file.",
    "token_foreign": "The time stamp of the day is of another authority, or over something else.",
    "consent_altered": "The consent text is not the one that was confirmed.",
    "paper_missing": "A paper is left out.",
    "paper_altered": "The paper is not the one that the evidence speaks of.",
    "paper_unproven": "No event speaks of the signing of this paper.",
    "paper_signature": "A signature on the paper does not hold.",
    "sheet_missing": "The sealed report is left out.",
    "sheet_altered": "The seal on the report does not hold.",
    "sheet_foreign": "The report belongs to another evidence file.",
}


class DossierUnreadable(SigningError):
    """This is no evidence package, or one that nobody could read."""


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold: a key of REASONS, where, and more about it."""

    reason: str
    where: str
    more: str = ""


@dataclass
class Findings:
    """What a check found. `waiting`: events whose day has no root yet. `single`: events taken out of their chain."""

    case: str
    events: int = 0
    anchored: int = 0
    waiting: int = 0
    single: bool = False
    papers: int = 0
    sheet: str = "not given"
    days: dict[str, str] = field(default_factory=dict)  # day -> time of its time stamp
    faults: list[Fault] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.faults


def check(
    data: bytes, roots: Sequence[x509.Certificate], time_roots: Sequence[x509.Certificate] = ()
) -> Findings:
    """Check a package (ZIP) or an evidence file (JSON). `roots`: the only certificates believed without proof;
    `time_roots`: those believed besides for time stamps only.

    Raises DossierUnreadable.
    """
    files = _unpacked(data)
    try:
        content = json.loads(files[EVIDENCE])
        if content["format"] != FORMAT:
            raise DossierUnreadable(f"this is not {FORMAT}")
        findings = Findings(str(content["case"]), single=bool(content.get("single")))
        _Check(content, files, list(roots), list(time_roots), findings).run(whole=len(files) > 1)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise DossierUnreadable(f"the evidence file cannot be read: {error!r}") from error
    return findings


def _unpacked(data: bytes) -> dict[str, bytes]:
    if not data.startswith(b"PK"):
        return {EVIDENCE: data}
    try:
        with ZipFile(BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise DossierUnreadable("the package is too large")
            return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}
    except (BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise DossierUnreadable(f"this is no readable package: {error}") from error


class _Check:
    """Looks at one package."""

    def __init__(
        self,
        content: dict[str, Any],
        files: dict[str, bytes],
        trusted: list[x509.Certificate],
        of_time: list[x509.Certificate],
        findings: Findings,
    ) -> None:
        self.content, self.files, self.trusted, self.of_time = content, files, trusted, of_time
        self.found = findings
        self.statements: dict[str, dict[str, Any] | None] = {}
        self.said: list[list[Any]] = []  # the events' contents

    def fault(self, reason: str, where: str, more: str = "") -> None:
        self.found.faults.append(Fault(reason, where, more))

    def run(self, *, whole: bool) -> None:
        self._days()
        for name, events in self.content["chains"].items():
            self._chain(name, events)
        self._consents()
        if whole:
            self._papers()
            self._sheet()

    def _days(self) -> None:
        """The roots and their time stamps; a day whose stamp does not hold proves nothing."""
        for day, held in self.content["roots"].items():
            statement = held["statement"].encode()
            self.statements[day] = None
            try:
                token, trusted = (
                    base64.b64decode(held["token"], validate=True),
                    [*self.trusted, *self.of_time],
                )
                moment, _ = check_token(token, sha256(statement).digest(), trusted)
            except (TimeStampFailure, binascii.Error) as failure:
                self.fault("token_foreign", day, str(failure))
                continue
            self.statements[day] = json.loads(statement)
            self.found.days[day] = moment.isoformat(timespec="seconds")

    def _chain(self, name: str, events: list[dict[str, Any]]) -> None:
        before, expected = None, 1
        for number, event in enumerate(events, start=1):
            where = f"{name} {number}"
            text, digest = event["text"], event["sha256"]
            if sha256(text.encode()).hexdigest() != digest:
                self.fault("event_altered", where)
            said = json.loads(text)
            self.said.append(said)
            position = said[1]
            if not self.found.single:
                if position < expected:
                    self.fault("order_changed", where, f"number {position} stands at {expected}")
                elif position > expected:
                    self.fault("event_missing", where, f"number {expected} is not there")
                elif (before is not None and said[-1] != before) or (before is None and said[-1].strip("0")):
                    self.fault("chain_broken", where)
            before, expected = digest, position + 1
            for opened in event["openings"]:
                if f'"{sealing.seal(opened)}"' not in text:
                    self.fault("opening_false", where, str(opened["field"]))
            self._place(event, where)

    def _place(self, event: dict[str, Any], where: str) -> None:
        self.found.events += 1
        place = event["place"]
        if place is None:
            self.found.waiting += 1
            return
        day = place["day"]
        if day not in self.statements:
            self.fault("root_missing", where, day)
            return
        statement = self.statements[day]
        if statement is None:
            return  # named already
        try:
            path = [bytes.fromhex(step) for step in place["path"]]
            root = merkle.climbed(
                bytes.fromhex(event["sha256"]), place["index"], statement["leaves"], path
            ).hex()
        except ValueError as error:
            root = str(error)
        if root != statement["root"] or statement["day"] != day:
            self.fault("path_wrong", where, day)
        else:
            self.found.anchored += 1

    def _consents(self) -> None:
        known = json.dumps(self.said, ensure_ascii=False)
        for number, consent in enumerate(self.content["consents"], start=1):
            digest = sha256(consent["text"].encode()).hexdigest()
            text = json.dumps(consent["text"], ensure_ascii=False)
            if digest != consent["sha256"] or (f'"{digest}"' not in known and text not in known):
                self.fault("consent_altered", f"consent {number}")

    def _papers(self) -> None:
        known = json.dumps(self.said)
        for paper in self.content["papers"]:
            name = paper["file"]
            data = self.files.get(name)
            if data is None:
                self.fault("paper_missing", name)
                continue
            self.found.papers += 1
            if sha256(data).hexdigest() != paper["sha256"]:
                self.fault("paper_altered", name)
                continue
            if paper["by"] == "signers" and not any(f'"{digest}"' in known for digest in _beginnings(data)):
                self.fault("paper_unproven", name)
            for report in _signatures(data, self.trusted, self.of_time):
                if not report.valid:
                    self.fault("paper_signature", f"{name} {report.field}", report.reason)

    def _sheet(self) -> None:
        data = self.files.get(SHEET)
        if data is None:
            self.fault("sheet_missing", SHEET)
            return
        reports = _signatures(data, self.trusted, self.of_time)
        seal = next((r for r in reports if r.field == "seal" and not r.evidence), None)
        if seal is None or not all(report.valid for report in reports):
            self.fault("sheet_altered", SHEET, next((r.reason for r in reports if r.reason), "no seal"))
            return
        self.found.sheet = f"sealed by {seal.signer}, {seal.time}"
        signature = PdfFileReader(BytesIO(data)).embedded_signatures[0]
        if signature.sig_object.get("/Reason") != SHEET_SAYS + sha256(self.files[EVIDENCE]).hexdigest():
            self.fault("sheet_foreign", SHEET)


def _beginnings(pdf: bytes) -> Iterator[str]:
    """The digests of the file and of each of its earlier states: what was signed is the beginning of what is there."""
    at = pdf.find(b"%%EOF")
    while at >= 0:
        for end in {at + 5, at + 6, at + 7}:
            yield sha256(pdf[:end]).hexdigest()
        at = pdf.find(b"%%EOF", at + 1)
    yield sha256(pdf).hexdigest()


def _signatures(
    pdf: bytes, trusted: list[x509.Certificate], of_time: list[x509.Certificate]
) -> list[SignatureReport]:
    try:
        return validate(pdf, trusted, time_roots=of_time)
    except PaperRefused:
        return []


def signers_of(pdf: bytes) -> Iterator[tuple[str, bool]]:
    """The name in each signature of a paper, and whether it is a person's; says nothing of whether they hold."""
    for signature in PdfFileReader(BytesIO(pdf), strict=False).embedded_regular_signatures:
        certificate = signature.signer_cert
        extensions = certificate["tbs_certificate"]["extensions"].native or ()
        person = any(entry["extn_id"] == EVIDENCE_EXTENSION.dotted_string for entry in extensions)
        yield str(certificate.subject.native.get("common_name", "")), person


def single(data: bytes, number: int) -> bytes:
    """An evidence file of one event alone, which reveals nothing of the others; `number` counts through the chains
    from 1.

    Raises DossierUnreadable, also when there is no such event.
    """
    try:
        content = json.loads(_unpacked(data)[EVIDENCE])
        flat = [(name, event) for name, events in content["chains"].items() for event in events]
        if not 0 < number <= len(flat):
            raise DossierUnreadable("there is no such event")
        name, event = flat[number - 1]
        day = event["place"]["day"] if event["place"] else None
        one = content | {
            "single": True, "papers": [], "consents": [], "chains": {name: [event]},
            "roots": {day: content["roots"][day]} if day else {},
        }  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise DossierUnreadable(f"the evidence file cannot be read: {error!r}") from error
    return json.dumps(one, ensure_ascii=False, indent=1).encode()


def roots_inside(data: bytes) -> tuple[list[x509.Certificate], list[x509.Certificate]]:
    """The root certificate that lies in a package, and those of outside time stamping authorities: to be compared with
    the published ones. Raises DossierUnreadable."""
    try:
        files = _unpacked(data)
        return load_roots(files[ROOT]), load_roots(files[TIME_ROOTS]) if TIME_ROOTS in files else []
    except (KeyError, ValueError) as error:
        raise DossierUnreadable("name the root certificate: there is none in this file") from error


def as_json(findings: Findings, roots: Sequence[x509.Certificate]) -> str:
    """The findings as JSON, with the fingerprints of the roots that were believed."""
    said = asdict(findings) | {
        "holds": findings.holds,
        "roots": [root.fingerprint(hashes.SHA256()).hex() for root in roots],
        "faults": [asdict(fault) | {"says": REASONS[fault.reason]} for fault in findings.faults],
    }
    return json.dumps(said, ensure_ascii=False, indent=1)


def as_text(findings: Findings, roots: Sequence[x509.Certificate]) -> Iterator[str]:
    """The findings in sentences."""
    for root in roots:
        yield f"root certificate {root.fingerprint(hashes.SHA256()).hex()}"
    yield f"case {findings.case}: {findings.events} event(s), {findings.anchored} under a time-stamped daily root"
    if findings.waiting:
        yield f"{findings.waiting} event(s) of a day that has no root yet: anchored after midnight, fetch the package again"
    if findings.single:
        yield "single events, not the whole history"
    for day, moment in sorted(findings.days.items()):
        yield f"root of {day}: time-stamped {datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S %z}"
    yield f"{findings.papers} paper(s); report: {findings.sheet}"
    for fault in findings.faults:
        yield f"FAULT {fault.reason}, {fault.where}: {REASONS[fault.reason]} {fault.more}".rstrip()
    yield "Everything holds." if findings.holds else "DO NOT RELY ON IT."


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one package or take one event out of it; 0 when everything holds, 1 when not, 2 when it is none."""
    parser = argparse.ArgumentParser(
        description="Check an evidence package, offline; without --root by the roots that lie in it."
    )
    parser.add_argument("file", type=Path)
    add_root_options(parser, required=False)
    parser.add_argument("--json", action="store_true", help="the findings as JSON")
    parser.add_argument("--event", type=int, help="do not check: write this event alone to the output")
    asked = parser.parse_args(arguments)
    try:
        data = asked.file.read_bytes()
        if asked.event is not None:
            print(single(data, asked.event).decode())
            return 0
        roots, times = read_roots(asked.root), read_roots(asked.time_root)
        if not roots:
            roots, inside = roots_inside(data)
            times += inside
        findings = check(data, roots, times)
    except (OSError, ValueError, SigningError) as error:
        print(error, file=sys.stderr)
        return 2
    believed = [*roots, *times]
    print(as_json(findings, believed) if asked.json else "\n".join(as_text(findings, believed)))
    return 0 if findings.holds else 1


if __name__ == "__main__":
    sys.exit(main())
