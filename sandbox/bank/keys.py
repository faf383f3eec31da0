"""Each bank's own key pair: it signs the bank's token requests and reports."""

import base64
import contextlib
import hashlib
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


def b64url(data: bytes) -> str:
    """Base64 for JOSE, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class BankKeys:
    """The keys in a folder, made at first use; plain files, because nothing here is real."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def private(self, bank_code: str) -> Ed25519PrivateKey:
        """The bank's key; two who ask at once get the same."""
        path = self.folder / f"{bank_code}.pem"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self.folder / f"{bank_code}.{secrets.token_hex(4)}"
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(
                    Ed25519PrivateKey.generate().private_bytes(
                        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                    )
                )
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def jwk(self, bank_code: str) -> dict[str, str]:
        """The public key as a JWK; `kid` is its RFC 7638 thumbprint."""
        raw = self.private(bank_code).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        required = {"crv": "Ed25519", "kty": "OKP", "x": b64url(raw)}
        thumbprint = hashlib.sha256(
            json.dumps(required, separators=(",", ":"), sort_keys=True).encode()
        ).digest()
        return required | {"kid": b64url(thumbprint), "use": "sig", "alg": "EdDSA"}

    def assertion(self, bank_code: str, audience: str) -> str:
        """A client assertion (RFC 7523) for the token endpoint, good for one minute and one use."""
        now = int(time.time())
        header = {"alg": "EdDSA", "typ": "JWT", "kid": self.jwk(bank_code)["kid"]}
        claims: dict[str, Any] = {
            "iss": bank_code,
            "sub": bank_code,
            "aud": audience,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(16),
        }
        body = ".".join(b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        return f"{body}.{b64url(self.private(bank_code).sign(body.encode()))}"

    def sign(self, bank_code: str, body: bytes) -> str:
        """The signature over a report, base64."""
        return base64.b64encode(self.private(bank_code).sign(body)).decode()
