"""Where the authority's private keys live: one interface; encrypted files here, a PKCS#11 token in `signing.tokens`.

A key is always an `EllipticCurvePrivateKey` (P-256), so that certificates, CRLs, OCSP answers, time stamps and
signatures are made the same way whether the key is in memory or inside a token.
"""

import functools
import os
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from signing.errors import AuthorityUnavailable

Key = ec.EllipticCurvePrivateKey
CURVE = ec.SECP256R1()


class KeyStore(Protocol):
    """Keys by label. A label is used once and never again."""

    def create(self, label: str) -> Key:
        """Make and keep a new key. Raises `AuthorityUnavailable` if the label is taken."""

    def load(self, label: str) -> Key:
        """The key of this label. Raises `AuthorityUnavailable` if it is missing or does not open."""

    def holds(self, label: str) -> bool:
        """Whether the label is taken, also by a key of an attempt that was broken off."""


@functools.lru_cache(maxsize=4)
def _stretched(salt: bytes, passphrase: str) -> bytes:
    """The stretched passphrase (scrypt N=2^15, r=8, p=1), derived once a process."""
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()).hex().encode()


def one_time_key() -> Key:
    """A key for one act of signing: it lives in memory only and goes with its last reference."""
    return ec.generate_private_key(CURVE)


class FolderKeys:
    """Encrypted PKCS#8 files, mode 0600. The passphrase is stretched with scrypt before it opens anything."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._secret: bytes | None = None

    def _opened(self) -> bytes:
        """The stretched passphrase of this folder's salt."""
        if self._secret is None:
            salt_file = self._folder / "salt"
            try:
                salt = salt_file.read_bytes()
            except FileNotFoundError:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                salt = os.urandom(16)
                write_once(salt_file, salt)
                salt = salt_file.read_bytes()
            self._secret = _stretched(salt, self._passphrase)
        return self._secret

    def create(self, label: str) -> Key:
        key = ec.generate_private_key(CURVE)
        sealed = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._opened()),
        )
        if not write_once(self._folder / f"{label}.pem", sealed):
            raise AuthorityUnavailable(f"the key {label} exists already")
        return key

    def load(self, label: str) -> Key:
        try:
            sealed = (self._folder / f"{label}.pem").read_bytes()
        except FileNotFoundError:
            raise AuthorityUnavailable(f"the key {label} is not here") from None
        try:
            key = serialization.load_pem_private_key(sealed, self._opened())
        except ValueError:
            raise AuthorityUnavailable(f"the passphrase does not open the key {label}") from None
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def holds(self, label: str) -> bool:
        return any((self._folder / f"{label}.{kind}").exists() for kind in ("pem", "key"))

    def keep(self, label: str, secret: bytes) -> None:
        """Keep a secret that is no PKCS#8 key, encrypted with AES-256-GCM. Raises `AuthorityUnavailable` if it is there."""
        nonce = os.urandom(12)
        sealed = nonce + AESGCM(bytes.fromhex(self._opened().decode())).encrypt(nonce, secret, label.encode())
        if self.holds(label) or not write_once(self._folder / f"{label}.key", sealed):
            raise AuthorityUnavailable(f"the key {label} exists already")

    def kept(self, label: str) -> bytes:
        """Such a secret again. Raises `AuthorityUnavailable` if it is missing or does not open."""
        try:
            sealed = (self._folder / f"{label}.key").read_bytes()
            cipher = AESGCM(bytes.fromhex(self._opened().decode()))
            return cipher.decrypt(sealed[:12], sealed[12:], label.encode())
        except FileNotFoundError:
            raise AuthorityUnavailable(f"the key {label} is not here") from None
        except InvalidTag:
            raise AuthorityUnavailable(f"the passphrase does not open the key {label}") from None


def write_once(path: Path, content: bytes) -> bool:
    """Write a new file, mode 0600, whole or not at all; False if it was there already."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(scratch, path)
        except FileExistsError:
            return False
        return True
    finally:
        scratch.unlink()
