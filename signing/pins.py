"""A signing key that opens only with its owner's PIN and with a secret that the server does not keep.

AES-256-GCM under HKDF-SHA-256(Argon2id(PIN) and the secret of the owner's browser). The secret has 192 random bits and
only its hash is at rest, so that trying every PIN on stolen data opens nothing.
"""

import os

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signing.errors import WrongPin
from signing.keys import Key

SALT, NONCE = 16, 12
PURPOSE = b"qibu signer key 1"


def wrapping_key(pin: str, secret: str, salt: bytes) -> bytes:
    """The 32 bytes that PIN and browser secret together give (Argon2id: 2 passes, 19 MiB, 1 lane)."""
    stretched = hash_secret_raw(pin.encode(), salt, 2, 19 * 1024, 1, 32, Type.ID)
    return HKDF(hashes.SHA256(), 32, salt, PURPOSE).derive(stretched + secret.encode())


def wrap(key: Key, pin: str, secret: str, context: bytes) -> bytes:
    """The key as it may rest; opens only with the same `context` (whose it is)."""
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    return salt + nonce + AESGCM(wrapping_key(pin, secret, salt)).encrypt(nonce, plain, context)


def unwrap(wrapped: bytes, pin: str, secret: str, context: bytes) -> Key:
    """The key, in memory. Raises WrongPin when PIN or secret are not its owner's."""
    salt, nonce, sealed = wrapped[:SALT], wrapped[SALT : SALT + NONCE], wrapped[SALT + NONCE :]
    try:
        plain = AESGCM(wrapping_key(pin, secret, salt)).decrypt(nonce, sealed, context)
    except InvalidTag as error:
        raise WrongPin("the PIN or the browser is not the signer's") from error
    key = serialization.load_der_private_key(plain, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
