"""Certificates, OCSP answers and lists, parsed once: the papers of a set and the signers of a paper share them.

Known by all their bytes, so nothing can stand for something else. Each thread has its own, because asn1crypto parses
lazily and not for several threads at once. What is big is not kept, and everything goes when there is too much of it.
"""

import threading
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from asn1crypto import crl, ocsp, x509
from asn1crypto.algos import SignedDigestAlgorithm
from asn1crypto.keys import PublicKeyInfo
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    DefaultSignatureValidator,
    SignatureValidationContext,
)

T = TypeVar("T")
BENT = (ValueError, TypeError, KeyError)  # what asn1crypto raises where something cannot be read
MOST, BIGGEST, MOST_SIGNATURES = 256, 8192, 4096


class _Kept(threading.local):
    """What this thread has parsed, by what was parsed as what."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[object, bytes], Any] = {}

    def once(self, data: bytes, parse: Callable[[bytes], T]) -> T:
        """What the parser makes of these bytes. Raises what the parser raises."""
        key = parse, data
        if key not in self.pieces:
            found = parse(data)
            if len(data) > BIGGEST:
                return found
            if len(self.pieces) >= MOST:
                self.pieces.clear()
            self.pieces[key] = found
        return self.pieces[key]  # type: ignore[no-any-return]


_kept = _Kept()


def certificate(data: bytes) -> x509.Certificate:
    """A certificate (DER), bent as it may be: its parts are parsed when they are looked at. Raises ValueError."""
    return _kept.once(data, x509.Certificate.load)


def sound_certificate(data: bytes) -> x509.Certificate:
    """A certificate that rests in a file's store; a bent one is refused here, before anything rests on the file.
    Raises ValueError, TypeError, KeyError.
    """
    found = certificate(data)
    found.issuer_serial  # noqa: B018
    return found


def answer(data: bytes) -> ocsp.OCSPResponse:
    """An OCSP answer (DER). Raises ValueError."""
    return _kept.once(data, ocsp.OCSPResponse.load)


def revocation_list(data: bytes) -> crl.CertificateList:
    """A revocation list (DER). Raises ValueError."""
    return _kept.once(data, crl.CertificateList.load)


def is_readable(data: bytes) -> bool:
    """Whether a certificate can be read to its end; what a bent file carries is parsed late."""
    return _kept.once(data, _is_readable)


def _is_readable(data: bytes) -> bool:
    try:
        return bool(certificate(data)["tbs_certificate"].native)
    except BENT:
        return False


def digest(*parts: bytes) -> bytes:
    """SHA-256 of several contents, each with its length."""
    return sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


class Signatures(DefaultSignatureValidator):
    """Checks each signature of a certificate, answer or list once; that it held is known by all that it was checked
    with: the signature, what was signed, the key, the algorithm."""

    _held: set[bytes] = set()

    @classmethod
    def forget(cls) -> None:
        """Check each anew."""
        cls._held.clear()

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: PublicKeyInfo,
        signature_algorithm: SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        """See SignatureValidator. Raises InvalidSignature."""
        said = digest(
            signature, signed_data, public_key_info.dump(), signature_algorithm.dump(), repr(context).encode()
        )
        if said in self._held:
            return
        super().validate_signature(signature, signed_data, public_key_info, signature_algorithm, context)
        if len(self._held) >= MOST_SIGNATURES:
            self._held.clear()
        self._held.add(said)


def forget() -> None:
    """Keep nothing of what this thread has parsed, and no signature that held."""
    _kept.pieces.clear()
    Signatures.forget()
