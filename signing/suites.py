"""Which algorithms sign: P-256 with SHA-256, or 国密 SM2 with SM3 (ES-22), behind one interface.

An authority chooses by policy. Certificates, lists and CMS signatures are built once, for P-256; the second suite takes
what was built with a throwaway key, puts its own key and algorithms into it and signs that. Both keys and both algorithm
identifiers have the same length in DER, so nothing else in it changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import SubjectKeyIdentifier

from signing import der
from signing.keys import CURVE, Key

SM3_OID, SM2_SM3_OID, SM2_CURVE_OID = "1.2.156.10197.1.401", "1.2.156.10197.1.501", "1.2.156.10197.1.301"
algos.DigestAlgorithmId._map[SM3_OID] = "sm3"  # so that pyHanko, which calls digests by name, can make it
POINT = slice(-64, None)  # of an uncompressed point, without the leading 0x04


@dataclass(frozen=True)
class Suite:
    """One way to sign. `digest_identifier`, `signature_identifier`: AlgorithmIdentifier in DER."""

    name: str
    digest: str
    digest_identifier: bytes
    signature_identifier: bytes
    sign: Callable[[Any, bytes], bytes]  # key, data: a DER signature


@dataclass(frozen=True)
class Sm2Key:
    """A private key of the second suite, 32 octets; lives in memory while it signs, encrypted at rest."""

    secret: bytes
    public: bytes  # 64 octets

    @classmethod
    def generate(cls) -> "Sm2Key":
        """A new one."""
        public, secret = _binding().sm2_key_generate()
        return cls(secret, public[POINT])

    @classmethod
    def load(cls, kept: bytes) -> "Sm2Key":
        """From `secret` and `public` one after the other."""
        return cls(kept[:32], kept[32:])


AnyKey = Key | Sm2Key
P256 = Suite(
    "p256", "sha256", der.SHA256, der.ECDSA_SHA256, lambda key, data: key.sign(data, ec.ECDSA(hashes.SHA256()))
)  # fmt: skip
SM2 = Suite(
    "sm2",
    "sm3",
    der.tlv(der.SEQUENCE, der.oid(SM3_OID)),
    der.tlv(der.SEQUENCE, der.oid(SM2_SM3_OID)),
    lambda key, data: bytes(_binding().sm2_sign(key.secret, key.public, data)),  # identity 1234567812345678
)
SUITES = {suite.name: suite for suite in (P256, SM2)}


def _binding() -> Any:
    """GmSSL; loaded when the second suite is met, so that checking other papers does not need it."""
    import gmssl_pyx

    return gmssl_pyx


def of(key: AnyKey) -> Suite:
    """The suite of a key."""
    return SM2 if isinstance(key, Sm2Key) else P256


def signed(
    builder: Any, key: AnyKey, twin: ec.EllipticCurvePublicKey | None = None, public: bytes = b""
) -> bytes:
    """What a certificate or CRL builder of `cryptography` describes, signed by `key` (DER).

    `twin`: the P-256 key that stands in the builder for the SM2 key `public` that is to be certified.
    """
    if not isinstance(key, Sm2Key):
        return bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    draft = builder.sign(ec.generate_private_key(CURVE), hashes.SHA256()).public_bytes(
        serialization.Encoding.DER
    )
    body = _first(draft)
    assert body.count(P256.signature_identifier) == 1
    body = body.replace(P256.signature_identifier, SM2.signature_identifier)
    if twin is not None:
        old = twin.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert body.count(old) == 1
        body = body.replace(old, public_key_info(public)).replace(
            SubjectKeyIdentifier.from_public_key(twin).digest, sha1(b"\x04" + public).digest()  # noqa: S324 - RFC 5280, 4.2.1.2
        )  # fmt: skip
    signature = SM2.sign(key, body)
    return der.tlv(der.SEQUENCE, body, SM2.signature_identifier, der.tlv(0x03, b"\0" + signature))


def public_key_info(public: bytes) -> bytes:
    """SubjectPublicKeyInfo (DER) of an SM2 key of 64 octets."""
    algorithm = der.tlv(der.SEQUENCE, der.oid("1.2.840.10045.2.1"), der.oid(SM2_CURVE_OID))
    return der.tlv(der.SEQUENCE, algorithm, der.tlv(0x03, b"\0\x04" + public))


def is_sm2(certificate: asn1.Certificate) -> bool:
    """Whether a certificate is signed with the second suite."""
    return bool(certificate["signature_algorithm"]["algorithm"].dotted == SM2_SM3_OID)


def sm2_point(certificate: asn1.Certificate) -> bytes:
    """The SM2 key in a certificate. Raises ValueError if there is none in it."""
    info = certificate["tbs_certificate"]["subject_public_key_info"].dump()
    point = bytes(info[POINT])
    if info != public_key_info(point):
        raise ValueError("no SM2 key")
    return point


def verifies(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether an SM2 signature with SM3 holds."""
    binding = _binding()
    try:
        return bool(binding.sm2_verify(public, data, signature))
    except (binding.GmsslInnerError, binding.InvalidValueError, ValueError):
        return False


def issued(structure: bytes, issuer: asn1.Certificate) -> bool:
    """Whether a certificate or CRL (DER) was signed by the SM2 key in the issuer's certificate."""
    parts = core.SequenceOf.load(structure, spec=core.Any)
    try:
        signature = core.BitString.load(parts[2].dump()).contents[1:]
        return parts[1].dump() == SM2.signature_identifier and verifies(
            sm2_point(issuer), parts[0].dump(), signature
        )
    except (ValueError, IndexError):
        return False


def cms_integrity(signer: cms.SignerInfo, certificate: asn1.Certificate, digest: bytes) -> tuple[bool, bool]:
    """Whether the digest is the one that was signed, and whether the SM2 signature over the attributes holds."""
    attributes = {a["type"].dotted: a["values"][0] for a in signer["signed_attrs"]}
    intact = attributes["1.2.840.113549.1.9.4"].native == digest
    data = bytes([der.SET]) + signer["signed_attrs"].dump()[1:]
    right = signer["signature_algorithm"].dump() == SM2.signature_identifier
    right = right and signer["digest_algorithm"].dump() == SM2.digest_identifier
    return intact, right and verifies(sm2_point(certificate), data, signer["signature"].native)


def _first(structure: bytes) -> bytes:
    return bytes(core.SequenceOf.load(structure, spec=core.Any)[0].dump())
