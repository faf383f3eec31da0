"""Writes CMS signatures (RFC 5652) as DER, piece by piece.

asn1crypto reads them well, but takes a length that ends in 0x80 for an indefinite one, and to write such a value again
it encodes its tree over and over: one signature in 256 took a minute. What is built here is read back with it, and it is
told below that what it has read of a definite length can be given back as it is.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from asn1crypto import core
from asn1crypto import x509 as asn1


def _mended(dump: Callable[..., bytes]) -> Callable[..., bytes]:
    def mended(self: Any, force: bool = False) -> bytes:
        header = self._header
        if (
            not force and header and header[-1:] == b"\x80" and not self._trailer
        ):  # an indefinite one has a trailer
            contents = self.contents  # anew, when a part was changed, and then without this header
            if contents is not None and self._header is header:
                return bytes(header + contents)
        return dump(self, force)

    return mended


for _kind in (core.Asn1Value, core.Sequence, core.SequenceOf):
    _kind.dump = _mended(_kind.dump)

SEQUENCE, SET, OCTETS = 0x30, 0x31, 0x04


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element: tag, definite length, contents."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def set_of(*parts: bytes) -> bytes:
    """A SET OF, in DER's order."""
    return tlv(SET, *sorted(parts))


def oid(dotted: str) -> bytes:
    """An object identifier."""
    return bytes(core.ObjectIdentifier(dotted).dump())


DATA, TST_INFO = oid("1.2.840.113549.1.7.1"), oid("1.2.840.113549.1.9.16.1.4")
SIGNED_DATA = oid("1.2.840.113549.1.7.2")
CONTENT_TYPE, MESSAGE_DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE, TIME_STAMP = oid("1.2.840.113549.1.9.16.2.47"), oid("1.2.840.113549.1.9.16.2.14")
SHA256 = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))
ECDSA_SHA256 = tlv(SEQUENCE, oid("1.2.840.10045.4.3.2"))


def attribute(kind: bytes, value: bytes) -> bytes:
    """An attribute with one value."""
    return tlv(SEQUENCE, kind, set_of(value))


def signed_attributes(
    content_type: bytes, digest: bytes, certificate: asn1.Certificate, *more: bytes
) -> bytes:
    """The attributes that are signed: type and SHA-256 digest of the content, hash of the certificate (CAdES, RFC 5035),
    and any `more`."""
    identity = tlv(SEQUENCE, tlv(OCTETS, sha256(certificate.dump()).digest()))
    return set_of(
        attribute(CONTENT_TYPE, content_type),
        attribute(MESSAGE_DIGEST, tlv(OCTETS, digest)),
        attribute(SIGNING_CERTIFICATE, tlv(SEQUENCE, tlv(SEQUENCE, identity))),
        *more,
    )


def signed_data(
    certificate: asn1.Certificate,
    held: list[asn1.Certificate],
    attributes: bytes,
    signature: bytes,
    *,
    content: bytes | None = None,
    token: bytes = b"",
    digest: bytes = SHA256,
    algorithm: bytes = ECDSA_SHA256,
) -> bytes:
    """A ContentInfo with one signer (ECDSA and SHA-256 unless told) over detached data, or over a TSTInfo given as `content`.

    `held`: the certificates to carry; `token`: a time stamp over the signature, as unsigned attribute.
    """
    unsigned = bytes([0xA1]) + attribute_set(token)[1:] if token else b""
    signer = tlv(
        SEQUENCE,
        core.Integer(1).dump(),
        tlv(SEQUENCE, certificate.issuer.dump(), core.Integer(certificate.serial_number).dump()),
        digest,
        bytes([0xA0]) + attributes[1:],
        algorithm,
        tlv(OCTETS, signature),
        unsigned,
    )
    inner = DATA if content is None else TST_INFO + tlv(0xA0, tlv(OCTETS, content))
    body = tlv(
        SEQUENCE,
        core.Integer(1 if content is None else 3).dump(),
        set_of(digest),
        tlv(SEQUENCE, inner),
        tlv(0xA0, *sorted(c.dump() for c in held)) if held else b"",
        set_of(signer),
    )
    return tlv(SEQUENCE, SIGNED_DATA, tlv(0xA0, body))


def attribute_set(token: bytes) -> bytes:
    """The unsigned attributes: the time stamp over the signature."""
    return set_of(attribute(TIME_STAMP, token))
