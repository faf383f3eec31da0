"""The key that signs events to banks; kept encrypted in the instance's folder, never in the database."""

import base64
import contextlib
import functools
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from workflow.settings import settings


@functools.lru_cache(maxsize=4)
def _load(path: Path, passphrase: str) -> Ed25519PrivateKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
        )
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        with contextlib.suppress(FileExistsError):  # the first of two processes wins
            os.link(fresh, path)
        fresh.unlink()
    key = load_pem_private_key(path.read_bytes(), passphrase.encode())
    assert isinstance(key, Ed25519PrivateKey)
    return key


def webhook_key() -> Ed25519PrivateKey:
    """The signing key, made on first use."""
    config = settings()
    return _load(config.instance / "keys" / "webhook.pem", config.ca_passphrase)


def public_keys() -> list[str]:
    """The public keys by which banks check our events, base64, newest first."""
    raw = webhook_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return [base64.b64encode(raw).decode()]
