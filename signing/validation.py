"""Validates signed papers offline: who signed which bytes, when, and what happened to the file since.

Needs the file and the root certificates, nothing else: `python -m signing.validation FILE.pdf --root root.pem`, with
`--time-root` for those of outside time stamping authorities.
Each failing signature carries one named reason of `REASONS`, the first that applies.
"""

import argparse
import gc
import hashlib
import json
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from asn1crypto import cms, pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError as PyHankoError
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signing import control, digests, parsed, plain, suites
from signing.changes import Changes
from signing.errors import PaperRefused
from signing.issuing import evidence_link
from signing.overlays import added_in, covers, ends_plainly
from signing.paths import Held, Paths, Way
from signing.revisions import Place, Reader

T = TypeVar("T")
_COLLECTION = Lock()
BENT = (*plain.BENT, PyHankoError, SignatureValidationError)
REASONS = {
    "content_changed": "The signed bytes are not those that were signed.",
    "signature_forged": "The signature was not made with the certificate's key.",
    "not_covering": "The signature does not cover its whole revision of the file.",
    "changed_afterwards": "Something was changed after signing that a signature does not allow.",
    "time_stamp_missing": "No time stamp proves when the signature was made.",
    "time_stamp_mismatch": "The time stamp belongs to other bytes.",
    "time_stamp_untrusted": "The time stamp does not come from a trusted authority, or its certificate has run out.",
    "untrusted_root": "The certificate does not lead to a trusted root.",
    "not_valid_then": "The certificate was not valid when the signature was made.",
    "revoked": "The certificate was revoked when the signature was made.",
    "revocation_unknown": "Nothing in the file proves that the certificate was not revoked.",
    "certificate_unfit": "The certificate is not made for signatures.",
    "control_invalid": "The proof that only the signer could sign does not hold for this paper.",
}
CONTROLS = {
    "passkey": "The signer's phone confirmed these very papers with face, finger or screen lock.",
    "pin": "Made with the key that opens only with the signer's PIN, over these very papers.",
    "none": "Nothing proves that only the signer could make this signature.",
    "invalid": "A proof is there, but it does not hold for this paper, this signer or this key.",
    "": "",
}


@dataclass(frozen=True)
class SignatureReport:
    """One signature of a file. Times are ISO 8601 in UTC; serials are hexadecimal.

    `kind`: signature or archive_stamp. `party`: person, seal or time_authority. `organisations`, as the certificate names
    them: for whom a person signed, whose seal it is, who stamps times. `number`: of a seal. `purpose`: the words signed
    along (reason of the signature). `time_source`: time_stamp, or claimed (nobody but the signer says so).
    `revocation`: good, revoked or unknown. `coverage`: whole_file, revision or partial. `changes` since: none,
    validation_data (archive stamps and proofs), signatures (further signatures) or forbidden.
    `control`: a key of CONTROLS; whether only the signer could sign, empty for seals and archive stamps.
    `credential`: SHA-256 of the signer's own key, as the case's records hold it from before the act.
    `level`: B-B, B-T, B-LT, B-LTA, or empty when the signature is not valid. `reason`: a key of REASONS or empty.
    """

    field: str
    kind: str
    party: str
    signer: str
    organisations: tuple[str, ...]
    number: str
    purpose: str
    serial: str
    issuer: str
    time: str
    time_source: str
    intact: bool
    trusted: bool
    revocation: str
    coverage: str
    changes: str
    level: str
    evidence: str
    control: str
    credential: str
    reason: str

    @property
    def valid(self) -> bool:
        """Whether everything about it holds."""
        return not self.reason


def validate(
    pdf: bytes,
    roots: Sequence[x509.Certificate],
    at: datetime | None = None,
    time_roots: Sequence[x509.Certificate] = (),
) -> list[SignatureReport]:
    """All signatures and archive stamps of a PDF, oldest first; empty when there are none.

    `roots`: the only certificates believed without proof. `time_roots`: those believed besides, for time stamps only:
    whoever stamps times for us signs for nobody. `at`: the moment of asking (now). Nothing is fetched.
    Raises PaperRefused when the bytes are no readable PDF.
    """
    trust = [parsed.certificate(root.public_bytes(Encoding.DER)) for root in roots]
    of_time = [*trust, *(parsed.certificate(root.public_bytes(Encoding.DER)) for root in time_roots)]
    with _uncollected():
        try:
            reader = Reader(BytesIO(pdf))
            signatures = list(reader.embedded_signatures)
            digests.prepare(pdf, signatures)
            store = _store(reader, signatures)
        except BENT as error:
            raise PaperRefused(f"this is no readable PDF: {error}") from error
        try:
            examiner = _Examiner(pdf, reader, signatures, store, trust, of_time, at or datetime.now(UTC))
            return _done(examiner.reports())
        except BENT as error:
            raise PaperRefused(f"a signature cannot be read: {error}") from error
        finally:
            reader.close()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing is collected meanwhile: a file makes so many objects that Python would look through all of the process for
    circles, which takes as long as the checks. One at a time, so that collection is never off for longer than a file.
    """
    if not gc.isenabled() or not _COLLECTION.acquire(blocking=False):
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        _COLLECTION.release()


def _done(work: Coroutine[Any, Any, T]) -> T:
    """What comes of it. It waits for nothing, since nothing is fetched, and so needs no loop of events."""
    try:
        work.send(None)
    except StopIteration as finished:
        return cast(T, finished.value)
    raise RuntimeError("validation waits for something")


def _store(reader: Reader, signatures: Iterable[EmbeddedPdfSignature]) -> Held:
    """The validation data of the newest revision and of each signature's own, each piece once."""
    found: dict[str, dict[bytes, Any]] = {key: {} for key in PIECES}
    seen: set[tuple[str, Place, int]] = set()
    for revision in dict.fromkeys([reader.total_revisions - 1, *(s.signed_revision for s in signatures)]):
        root = reader.held(reader.trailer.raw_get("/Root", revision=revision), revision)
        if "/DSS" not in root:
            continue
        store = reader.held(root.raw_get("/DSS"), revision)
        for key, read in PIECES.items():
            for reference in list.__iter__(reader.held(store.raw_get(key), revision) if key in store else []):
                place = reference.idnum, reference.generation
                if (version := (key, place, reader.xrefs.version(place, revision))) in seen:
                    continue
                seen.add(version)
                data = reader.held(reference, revision).data
                found[key].setdefault(data, read(data))
    return Held(list(found["/Certs"].values()), list(found["/OCSPs"]), list(found["/CRLs"]))


PIECES: dict[str, Callable[[bytes], Any]] = {
    "/Certs": parsed.sound_certificate,
    "/OCSPs": parsed.answer,
    "/CRLs": parsed.revocation_list,
}


class _Examiner:
    """Looks at one file."""

    def __init__(
        self,
        pdf: bytes,
        reader: Reader,
        signatures: list[EmbeddedPdfSignature],
        store: Held,
        trust: list[asn1.Certificate],
        trust_of_time: list[asn1.Certificate],
        at: datetime,
    ) -> None:
        self._signatures, self._at = signatures, at
        self._file = control.Examined(pdf, reader, Changes(), added_in(reader, signatures))
        self._ends_plainly = ends_plainly(pdf, reader)
        signing = Paths(store, trust)
        stamping = signing if len(trust_of_time) == len(trust) else Paths(store, trust_of_time)
        self._paths = {"signing": signing, "time_stamping": stamping}

    async def reports(self) -> list[SignatureReport]:
        """Newest first, because a later archive stamp proves that what it covers existed; returned oldest first."""
        proven: datetime = self._at
        archived = False
        found = []
        for signature in sorted(self._signatures, key=lambda s: s.signed_revision, reverse=True):
            if signature.sig_object_type == "/DocTimeStamp":
                report, moment = await self._archive_stamp(signature, proven)
                if report.valid and moment is not None:
                    proven, archived = moment, True
            else:
                report = await self._signature(signature, proven, archived)
            found.append(report)
        return found[::-1]

    async def _archive_stamp(
        self, signature: EmbeddedPdfSignature, proven: datetime
    ) -> tuple[SignatureReport, datetime | None]:
        reason, coverage, changes = self._integrity(signature)
        moment = _token_time(signature.signed_data)
        info = signature.signed_data["encap_content_info"]["content"].parsed
        if not reason and info["message_imprint"]["hashed_message"].native != signature.compute_digest():
            reason = "content_changed"
        path = await self._stamp_path(signature.signed_data, moment)
        if not reason and (path.reason or not path.good_until(proven)):
            reason = "time_stamp_untrusted"
        return self._report(
            signature, "archive_stamp", moment, "time_stamp", reason, path, coverage, changes, ""
        ), moment

    async def _signature(
        self, signature: EmbeddedPdfSignature, proven: datetime, archived: bool
    ) -> SignatureReport:
        reason, coverage, changes = self._integrity(signature)
        moment, source, stamp_reason = (
            signature.self_reported_timestamp or proven,
            "claimed",
            "time_stamp_missing",
        )
        token = next(extract_tst_data_iter(signature.signer_info, signed=False), None)
        if token is not None:
            stamped = _token_time(token)
            try:
                stamp_reason = await self._token(signature, token, stamped, proven)
            except BENT:
                stamp_reason = "time_stamp_untrusted"
            if stamp_reason in ("", "revocation_unknown"):
                moment, source = stamped, "time_stamp"
        path = await self._paths["signing"].find(
            signature.signer_cert, signature.other_embedded_certs, moment, "signing"
        )
        foreign = path.reason if path.reason == "untrusted_root" else ""
        mastery = self._control(signature)
        reason = reason or foreign or stamp_reason or path.reason
        reason = reason or ("control_invalid" if mastery == "invalid" else "")
        level = "" if reason else "B-LTA" if archived else "B-LT"
        if reason in ("revocation_unknown", "time_stamp_missing") and path.reason in (
            "",
            "revocation_unknown",
        ):
            level = "B-T" if source == "time_stamp" else "B-B"
        return self._report(
            signature, "signature", moment, source, reason, path, coverage, changes, level, mastery
        )

    def _control(self, signature: EmbeddedPdfSignature) -> str:
        attributes = {
            attribute["type"].dotted: attribute["values"][0].dump()
            for attribute in signature.signer_info["signed_attrs"]
        }
        certificate = x509.load_der_x509_certificate(signature.signer_cert.dump())
        return control.verdict(certificate, attributes, self._file, signature.signed_revision)

    def _integrity(self, signature: EmbeddedPdfSignature) -> tuple[str, str, str]:
        """The first reason of integrity, how far the signature reaches, and what was changed since."""
        try:
            signature.compute_integrity_info(self._file.changes)
            facts = signature.summarise_integrity_info()
            covered = covers(self._file.pdf, signature)
        except BENT:
            return "not_covering", "partial", "forbidden"
        coverage = {
            SignatureCoverageLevel.ENTIRE_FILE: "whole_file",
            SignatureCoverageLevel.ENTIRE_REVISION: "revision",
        }.get(facts["coverage"], "partial")
        coverage = coverage if covered else "partial"
        changes = _changes(signature, coverage)
        later = any(added > signature.signed_revision for added in self._file.overlaid)
        if not covered or (coverage != "whole_file" and (later or not self._ends_plainly)):
            changes = "forbidden"
        reason = self._mathematics(signature)
        if not reason and coverage == "partial":
            reason = "not_covering"
        if not reason and (changes == "forbidden" or facts["docmdp_ok"] is False):
            reason, changes = "changed_afterwards", "forbidden"
        return reason, coverage, changes

    @staticmethod
    def _mathematics(signature: EmbeddedPdfSignature) -> str:
        content = "tst_info" if signature.sig_object_type == "/DocTimeStamp" else "data"
        digest = None if content == "tst_info" else signature.compute_digest()
        try:
            intact, valid = (
                suites.cms_integrity(signature.signer_info, signature.signer_cert, digest)
                if digest is not None and suites.is_sm2(signature.signer_cert)
                else validate_sig_integrity(
                    signature.signer_info,
                    signature.signer_cert,
                    expected_content_type=content,
                    actual_digest=digest,
                )
                if digest is not None
                else _token_integrity(signature.signed_data)
            )
        except (SignatureValidationError, ValueError):
            return "signature_forged"
        return "" if intact and valid else "content_changed" if not intact else "signature_forged"

    async def _token(
        self, signature: EmbeddedPdfSignature, token: cms.SignedData, stamped: datetime, proven: datetime
    ) -> str:
        info = token["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        if imprint["hash_algorithm"]["algorithm"].native not in ("sha256", "sha384", "sha512"):
            return "time_stamp_untrusted"
        hashed = hashlib.new(
            imprint["hash_algorithm"]["algorithm"].native, signature.signer_info["signature"].native
        ).digest()
        if imprint["hashed_message"].native != hashed:
            return "time_stamp_mismatch"
        intact, valid = _token_integrity(token)
        if not (intact and valid):
            return "time_stamp_untrusted"
        path = await self._stamp_path(token, stamped, signature.other_embedded_certs)
        if path.reason == "revocation_unknown":
            return path.reason
        return "" if not path.reason and path.good_until(proven) else "time_stamp_untrusted"

    async def _stamp_path(
        self, token: cms.SignedData, moment: datetime, others: Iterable[asn1.Certificate] = ()
    ) -> Way:
        info = extract_certificate_info(token)
        return await self._paths["time_stamping"].find(
            info.signer_cert, [*info.other_certs, *others], moment, "time_stamping"
        )

    @staticmethod
    def _report(
        signature: EmbeddedPdfSignature, kind: str, moment: datetime, source: str, reason: str, path: Way,
        coverage: str, changes: str, level: str, control: str = "",
    ) -> SignatureReport:  # fmt: skip
        certificate = x509.load_der_x509_certificate(signature.signer_cert.dump())
        evidence, credential = _evidence(certificate)
        subject = signature.signer_cert.subject.native
        party = "time_authority" if kind == "archive_stamp" else "person" if evidence else "seal"
        known = {"": "good", "revoked": "revoked"}.get(path.reason, "unknown")
        return SignatureReport(
            field=signature.field_name, kind=kind, party=party, signer=str(subject.get("common_name", "")),
            organisations=_organisations(certificate),
            number=str(subject.get("serial_number", "")) if party == "seal" else "",
            purpose=str(signature.sig_object.get("/Reason", "")),
            serial=f"{certificate.serial_number:x}",
            issuer=str(signature.signer_cert.issuer.native.get("common_name", "")),
            time=moment.astimezone(UTC).isoformat(timespec="seconds"), time_source=source,
            intact=reason not in ("content_changed", "signature_forged", "not_covering"),
            trusted=path.reason == "", revocation=known, coverage=coverage, changes=changes, level=level,
            evidence=evidence, control=control, credential=credential, reason=reason,
        )  # fmt: skip


def _token_time(token: cms.SignedData) -> datetime:
    moment = token["encap_content_info"]["content"].parsed["gen_time"].native
    assert isinstance(moment, datetime)
    return moment


def _token_integrity(token: cms.SignedData) -> tuple[bool, bool]:
    """Whether a time stamp token's own signature holds."""
    info = extract_certificate_info(token)
    try:
        return validate_sig_integrity(
            token["signer_infos"][0], info.signer_cert, expected_content_type="tst_info",
            actual_digest=_content_digest(token),
        )  # fmt: skip
    except (SignatureValidationError, ValueError):
        return False, False


def _content_digest(token: cms.SignedData) -> bytes:
    algorithm = token["signer_infos"][0]["digest_algorithm"]["algorithm"].native
    return hashlib.new(algorithm, bytes(token["encap_content_info"]["content"])).digest()


def _changes(signature: EmbeddedPdfSignature, coverage: str) -> str:
    if coverage == "whole_file":
        return "none"
    level = getattr(signature.diff_result, "modification_level", None)
    if level is None or level > ModificationLevel.FORM_FILLING:
        return "forbidden"
    return {
        ModificationLevel.NONE: "none",
        ModificationLevel.LTA_UPDATES: "validation_data",
    }.get(level, "signatures")


def _organisations(certificate: x509.Certificate) -> tuple[str, ...]:
    return tuple(
        str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    )


def _evidence(certificate: x509.Certificate) -> tuple[str, str]:
    """The reference of the evidence, and the SHA-256 of the signer's own key."""
    try:
        said = evidence_link(certificate)
    except x509.ExtensionNotFound:
        return "", ""
    return str(said["reference"]), (said["credential"] or b"").hex()


def load_roots(data: bytes) -> list[x509.Certificate]:
    """The root certificates of a PEM or DER file. Raises ValueError."""
    if pem.detect(data):
        return x509.load_pem_x509_certificates(data)
    return [x509.load_der_x509_certificate(data)]


def read_roots(files: Iterable[Path]) -> list[x509.Certificate]:
    """The root certificates of several files. Raises OSError, ValueError."""
    return [root for file in files for root in load_roots(file.read_bytes())]


def add_root_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """`--root` and `--time-root`, each as often as there are files."""
    parser.add_argument(
        "--root", type=Path, action="append", default=[], required=required, metavar="FILE",
        help="root certificate, PEM or DER; several in one file or by several --root",
    )  # fmt: skip
    parser.add_argument(
        "--time-root", type=Path, action="append", default=[], metavar="FILE",
        help="root certificate of an outside time stamping authority, believed for time stamps only",
    )  # fmt: skip


def as_json(reports: Sequence[SignatureReport]) -> str:
    """The reports as JSON, each with `valid`, and `says` and `control_says`, a sentence each for people."""
    rows = [
        {
            **asdict(r),
            "valid": r.valid,
            "says": REASONS.get(r.reason, "Valid."),
            "control_says": CONTROLS[r.control],
        }
        for r in reports
    ]
    return json.dumps(
        {"signatures": rows, "valid": bool(rows) and all(r.valid for r in reports)},
        ensure_ascii=False,
        indent=1,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Validate one file; 0 when every signature holds, 1 when one does not, 2 when there is none."""
    parser = argparse.ArgumentParser(description="Validate the signatures of a PDF, offline.")
    parser.add_argument("file", type=Path)
    add_root_options(parser, required=True)
    asked = parser.parse_args(arguments)
    try:
        pdf, roots, times = asked.file.read_bytes(), read_roots(asked.root), read_roots(asked.time_root)
        reports = validate(pdf, roots, time_roots=times)
    except (OSError, ValueError, PaperRefused) as error:
        print(error, file=sys.stderr)
        return 2
    print(as_json(reports))
    return 2 if not reports else 0 if all(report.valid for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
