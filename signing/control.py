"""What shows that only the signer could sign (ES-01 (1), (2)): a statement of the papers, and the proof over it.

The statement names the signer, the act and the SHA-256 of each paper as it was shown. The signer's own key signs it: a
passkey (WebAuthn; its challenge is the statement's SHA-256, the phone checks face or finger), or the key that opens
only with the signer's PIN. The proof goes into the signed attributes of each signature, its digests into the one-time
certificate; anybody checks both offline (`signing.validation`).
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.diff_analysis.commons import compare_dicts
from webauthn import verify_authentication_response
from webauthn.helpers import bytes_to_base64url, structs
from webauthn.helpers.exceptions import WebAuthnException

from signing.changes import Changes
from signing.errors import ProofRefused
from signing.issuing import evidence_link
from signing.keys import Key
from signing.plain import BENT
from signing.profiles import CONTROL_ATTRIBUTE
from signing.revisions import Reader

FORMAT = "qibu-statement-1"
PASSKEY, PIN = "passkey", "pin"
START_OF_REVISION = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
MADE_BY_A_FIRST_SIGNATURE = frozenset(
    {"/AcroForm", "/DSS", "/Perms", "/Extensions", "/Metadata", "/Version"}
)  # in the catalogue
END_OF_REVISION = re.compile(rb"%%EOF(?:\r\n|\r|\n)?")


@dataclass(frozen=True)
class Statement:
    """What the signer's own key signs. Digests are SHA-256, hexadecimal.

    `reference`: of the evidence, as in the certificate. `person`: the keyed hash of the ID number. `credential`: of the
    key that signs this. `consent`: of the words agreed to. `papers`: kind and digest of each, in the order shown.
    `origin`: where the passkey was asked; empty for a PIN.
    """

    reference: str
    signer: str
    person: str
    method: str
    credential: str
    consent: str
    nonce: str
    papers: tuple[tuple[str, str], ...]
    origin: str = ""

    def canonical(self) -> bytes:
        """The bytes that are hashed and signed: JSON with sorted keys and no spaces."""
        content = {"format": FORMAT, **asdict(self)}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @property
    def challenge(self) -> bytes:
        """What a passkey is asked to sign."""
        return sha256(self.canonical()).digest()

    @classmethod
    def parse(cls, data: bytes) -> "Statement":
        """Read one back. Raises ProofRefused for anything that is not exactly a statement."""
        try:
            content = json.loads(data)
            if content.pop("format") != FORMAT:
                raise ProofRefused("a statement of another kind")
            content["papers"] = tuple((str(kind), str(digest)) for kind, digest in content["papers"])
            statement = cls(**content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProofRefused(f"no statement: {error}") from error
        if statement.canonical() != data:
            raise ProofRefused("the statement is not in its one form")
        return statement


class _Proof(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("method", core.UTF8String),
        ("credential", core.OctetString),
        ("statement", core.OctetString),
        ("signature", core.OctetString),
        ("authenticator", core.OctetString, {"explicit": 0, "optional": True}),
        ("client", core.OctetString, {"explicit": 1, "optional": True}),
    ]


@dataclass(frozen=True)
class Proof:
    """A statement under the signer's own key.

    `credential`: the public key, as COSE (passkey) or SubjectPublicKeyInfo (PIN). `authenticator` and `client` are the
    passkey's authenticatorData and clientDataJSON (WebAuthn, section 7.2).
    """

    method: str
    credential: bytes
    statement: bytes
    signature: bytes
    authenticator: bytes = b""
    client: bytes = b""

    def dump(self) -> bytes:
        """As DER."""
        values: dict[str, Any] = {"version": 1, "method": self.method, "credential": self.credential}
        values |= {"statement": self.statement, "signature": self.signature}
        if self.method == PASSKEY:
            values |= {"authenticator": self.authenticator, "client": self.client}
        return bytes(_Proof(values).dump())

    @classmethod
    def load(cls, data: bytes) -> "Proof":
        """From DER. Raises ProofRefused."""
        try:
            values: Any = dict(_Proof.load(data, strict=True).native)
            values.pop("version")
            proof = cls(**{key: value for key, value in values.items() if value is not None})
        except (ValueError, TypeError, KeyError) as error:
            raise ProofRefused(f"no proof: {error}") from error
        return proof

    def check(self, sign_count: int = 0) -> tuple[Statement, int]:
        """The statement and the passkey's new counter, when the signer's key did sign it. Raises ProofRefused.

        A passkey must have checked its user; its counter, where it has one, must be above `sign_count`.
        """
        statement = Statement.parse(self.statement)
        if (statement.method, statement.credential) != (self.method, sha256(self.credential).hexdigest()):
            raise ProofRefused("the statement is about another key")
        try:
            if self.method == PASSKEY:
                return statement, self._check_passkey(statement, sign_count)
            if self.method == PIN:
                public = serialization.load_der_public_key(self.credential)
                assert isinstance(public, ec.EllipticCurvePublicKey)
                public.verify(self.signature, self.statement, ec.ECDSA(hashes.SHA256()))
                return statement, 0
        except (
            WebAuthnException,
            InvalidSignature,
            ValueError,
            TypeError,
            KeyError,
            AssertionError,
        ) as error:
            raise ProofRefused(f"the proof does not hold: {error}") from error
        raise ProofRefused(f"unknown method {self.method}")

    def _check_passkey(self, statement: Statement, sign_count: int) -> int:
        name = sha256(self.credential).digest()
        answer = structs.AuthenticatorAssertionResponse(self.client, self.authenticator, self.signature)
        verified = verify_authentication_response(
            credential=structs.AuthenticationCredential(bytes_to_base64url(name), name, answer),
            expected_challenge=statement.challenge, expected_rp_id=rp_id(statement.origin),
            expected_origin=statement.origin, credential_public_key=self.credential,
            credential_current_sign_count=sign_count, require_user_verification=True,
        )  # fmt: skip
        return verified.new_sign_count


def rp_id(origin: str) -> str:
    """The relying party's id of WebAuthn: the host of the address."""
    return urlsplit(origin).hostname or ""


def by_pin(key: Key, statement: Statement) -> Proof:
    """The proof of a key that has just been opened with its PIN; the statement names that key."""
    credential = public_bytes(key.public_key())
    canonical = statement.canonical()
    return Proof(PIN, credential, canonical, key.sign(canonical, ec.ECDSA(hashes.SHA256())))


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as SubjectPublicKeyInfo in DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def link(proof: Proof) -> dict[str, Any]:
    """What the certificate says of the proof: method, and digests of statement, proof and credential."""
    return {
        "papers": sha256(proof.statement).digest(), "proof": sha256(proof.dump()).digest(), "control": proof.method,
        "credential": sha256(proof.credential).digest(),
    }  # fmt: skip


def prefixes(pdf: bytes) -> Iterator[tuple[str, int]]:
    """SHA-256 and end of each beginning of a PDF that may have been a whole file, and of the file; shortest first."""
    ends = {len(pdf)}
    for found in END_OF_REVISION.finditer(pdf):
        ends |= {found.start() + 5, found.end()}
    running, done = sha256(), 0
    for end in sorted(ends):
        running.update(memoryview(pdf)[done:end])
        done = end
        yield running.hexdigest(), end


def require_shown(statement: Statement, papers: Mapping[str, Collection[str]]) -> None:
    """Refuse to sign papers that the statement does not name, before a key is used. Raises ProofRefused.

    `papers`: of each kind the SHA-256 of every beginning that was a whole file, and of the file.
    """
    shown = dict(statement.papers)
    for kind, digests in papers.items():
        if shown.get(kind) not in digests:
            raise ProofRefused(f"{kind} is not the paper that was shown")


@dataclass(frozen=True)
class Examined:
    """A file under examination. `overlaid`: the revisions that show what is no signature (`signing.overlays`)."""

    pdf: bytes
    reader: Reader
    changes: Changes
    overlaid: frozenset[int]

    @cached_property
    def beginnings(self) -> dict[str, list[int]]:
        """See `prefixes`: the ends by digest."""
        found: dict[str, list[int]] = {}
        for digest, end in prefixes(self.pdf):
            found.setdefault(digest, []).append(end)
        return found

    @cached_property
    def ends(self) -> list[int]:
        """Where the cross-references of each revision end."""
        numbers = range(self.reader.total_revisions)
        return [self.reader.xrefs.get_xref_container_info(number).end_location for number in numbers]


# -- checking, offline ---------------------------------------------------------------------------------------------


def verdict(
    certificate: x509.Certificate,
    attributes: Mapping[str, bytes],
    file: Examined,
    revision: int,
) -> str:
    """Who could have made a signature: `passkey` or `pin` when its proof holds for this paper, `invalid` when it does
    not, `none` when a person's certificate comes without one, empty when no person signed (seals).

    `attributes`: the signed attributes by OID. `revision`: of the file, that the signature made.
    """
    try:
        said = evidence_link(certificate)
    except x509.ExtensionNotFound:
        return ""
    raw = attributes.get(CONTROL_ATTRIBUTE)
    if raw is None:
        return "invalid" if said["control"] else "none"
    try:
        proof = Proof.load(raw)
        statement, _ = proof.check()
        if any(said[key] != value for key, value in link(proof).items()):
            raise ProofRefused("the certificate was issued for another proof")
        _same_person(statement, certificate, str(said["reference"]))
        if proof.method == PIN and proof.credential != public_bytes(certificate.public_key()):  # type: ignore[arg-type]
            raise ProofRefused("signed with another key than the one behind the PIN")
        _require_shown_here({digest for _, digest in statement.papers}, file, revision)
    except ProofRefused:
        return "invalid"
    return proof.method


def _same_person(statement: Statement, certificate: x509.Certificate, reference: str) -> None:
    subject = {a.oid: a.value for a in certificate.subject}
    named = (subject.get(NameOID.COMMON_NAME), subject.get(NameOID.SERIAL_NUMBER), reference)
    if named != (statement.signer, statement.person, statement.reference):
        raise ProofRefused("the statement is another person's, or of another act")


def _require_shown_here(digests: set[str], file: Examined, revision: int) -> None:
    """The paper as shown is the file's state of an earlier revision, and from there to this signature only signatures
    (other people's, and this one) were added. Raises ProofRefused."""
    pdf, reader = file.pdf, file.reader
    ends = file.ends[: revision + 1]
    last = _end_of(pdf, ends[-1])
    for end in sorted(end for digest in digests for end in file.beginnings.get(digest, ())):
        shown = sum(place <= end for place in ends) - 1
        if end > last or not 0 <= shown < revision:
            continue
        try:
            start = START_OF_REVISION.search(pdf, max(0, end - 1024), end)
            if start is None or int(start[1]) != reader.xrefs.get_startxref_for_revision(shown):
                continue  # a reader of the shown file alone would see something else
            _require_only_signatures(file, shown, revision)
        except BENT as error:
            raise ProofRefused(f"the paper is not the one that was shown: {error}") from error
        return
    raise ProofRefused("the paper is not among those that were shown")


def _require_only_signatures(file: Examined, shown: int, revision: int) -> None:
    before = file.reader.get_historical_resolver(shown)
    if "/AcroForm" not in before.root:
        for number in range(shown + 1, revision + 1):
            _require_first_signatures(before, file.reader.get_historical_resolver(number))
        return
    level = file.changes.since(file.reader, shown, revision).modification_level
    if level > ModificationLevel.FORM_FILLING or any(shown < added <= revision for added in file.overlaid):
        raise ProofRefused("more than signatures was added to the paper after it was shown")


def _require_first_signatures(before: HistoricalResolver, after: HistoricalResolver) -> None:
    # A paper that nobody had certified. What was there may be replaced only where a first signature must: in the
    # catalogue, and in the list of annotations of a page, by fields for signatures.
    for reference in after.explicit_refs_in_revision():
        if before.is_ref_unassignable(reference):
            continue  # new: reached only through what is looked at here
        old, new = before(reference), after(reference)
        if reference == after.root_ref:
            compare_dicts(old, new, MADE_BY_A_FIRST_SIGNATURE)
        elif isinstance(old, DictionaryObject) and old.get("/Type") == "/Page":
            compare_dicts(old, new, frozenset({"/Annots"}))
            known = list(old.get("/Annots", ()))
            added = [a.get_object() for a in new.get("/Annots", ()) if a not in known]
            if any((a.get("/FT"), a.get("/Subtype")) != ("/Sig", "/Widget") for a in added):
                raise ProofRefused("something was laid over a page")
        elif reference != before.reader.trailer_view.raw_get("/Info").reference:
            raise ProofRefused("something of the paper was replaced")


def _end_of(pdf: bytes, place: int) -> int:
    found = END_OF_REVISION.search(pdf, place)
    return found.end() if found else len(pdf)
