"""A passkey in software, as a phone's own authenticator behaves: for tests that have no browser."""

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Authenticator:
    """One credential. `verifies`: whether it checks face or finger; `origin`: the page that it believes to serve."""

    origin: str = "http://localhost:8001"
    verifies: bool = True
    counter: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def public_key(self) -> bytes:
        """The public key as COSE."""
        numbers = self.key.public_key().public_numbers()
        return encode_cbor(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )

    def _data(self, flags: int = 0) -> bytes:
        self.counter += 1
        host = self.origin.split("//")[1].split(":")[0]
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return sha256(host.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: bytes) -> bytes:
        said = {
            "type": kind,
            "challenge": bytes_to_base64url(challenge),
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(said, separators=(",", ":")).encode()

    def _answer(self, **response: bytes) -> str:
        name = bytes_to_base64url(self.id)
        parts = {key: bytes_to_base64url(value) for key, value in response.items()}
        answer: dict[str, Any] = {"id": name, "rawId": name, "type": "public-key", "response": parts}
        return json.dumps(answer)

    def register(self, challenge: bytes) -> str:
        """What `navigator.credentials.create` gives, as JSON."""
        data = self._data(ATTESTED) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self.public_key
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", challenge)
        return self._answer(attestationObject=attestation, clientDataJSON=client)

    def sign(self, challenge: bytes) -> tuple[bytes, bytes, bytes]:
        """authenticatorData, clientDataJSON and signature over them."""
        data, client = self._data(), self._client("webauthn.get", challenge)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return data, client, signature

    def confirm(self, challenge: bytes) -> str:
        """What `navigator.credentials.get` gives, as JSON."""
        data, client, signature = self.sign(challenge)
        return self._answer(authenticatorData=data, clientDataJSON=client, signature=signature)
