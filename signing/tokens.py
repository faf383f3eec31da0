"""The authority's keys in a PKCS#11 token (HSM): made there, used there, never outside.

One connection a process serves all its threads, one call at a time: modules are initialised for a single thread
(PKCS#11 2.40, 5.4), and a signature takes far less than a millisecond of the hundred that an act of signing takes.
A forked process and a process whose token went away (pulled out, restarted, session lost) connect anew by themselves.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import pkcs11
from asn1crypto import core
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PinIncorrect, PinLenRange, PinLocked, PKCS11Error
from pkcs11.util.ec import encode_named_curve_parameters

from signing.errors import AuthorityUnavailable
from signing.keys import CURVE, Key

T = TypeVar("T")
PAUSE_SECONDS = 0.2
PIN_REFUSED = (PinIncorrect, PinLenRange, PinLocked)


class _Module:
    """A PKCS#11 library in this process, and what is open in each of its tokens. Used under its lock."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.broken = False
        self._library: Any = None
        self._open: dict[str, _Open] = {}

    def connected(self, token: str, pin: str) -> "_Open":
        """The session in the token of this label, logged in. Raises PKCS11Error."""
        if self._library is None:
            self._library = pkcs11.lib(self.path)
        elif self.broken:
            self._open = {}
            with suppress(PKCS11Error):  # the token is gone, or a child process never initialised it
                self._library.finalize()
            self._library.initialize()
        self.broken = False
        if token not in self._open:
            found = self._library.get_token(token_label=token)
            self._open[token] = _Open(found.open(rw=True, user_pin=pin))
        return self._open[token]

    def forked(self) -> None:
        """In a child process: its parent's handles are not its own (PKCS#11 2.40, 5.4, C_Initialize)."""
        self.lock = threading.RLock()
        self.broken = True


_modules: dict[str, _Module] = {}


def _forked() -> None:
    for module in _modules.values():
        module.forked()


os.register_at_fork(after_in_child=_forked)


class TokenKeys:
    """A `KeyStore` in the token of this label. `pin`: the user PIN."""

    def __init__(self, module: str, token: str, pin: str) -> None:
        self._module = _modules.setdefault(module, _Module(module))
        self._token, self._pin = token, pin
        self._refused = False

    def create(self, label: str) -> Key:
        """See KeyStore. The key can neither leave the token nor be wrapped by another key."""

        def make(token: _Open) -> None:
            curve = token.session.create_domain_parameters(
                KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
            )
            public, private = curve.generate_keypair(
                store=True,
                label=label,
                id=label.encode(),
                private_template={
                    Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False,
                    Attribute.SIGN: True, Attribute.DERIVE: False,
                },
            )  # fmt: skip
            if not (private[Attribute.ALWAYS_SENSITIVE] and private[Attribute.NEVER_EXTRACTABLE]):
                private.destroy()
                public.destroy()
                raise AuthorityUnavailable(f"the token {self._token} does not keep its keys to itself")

        if self.holds(label):
            raise AuthorityUnavailable(f"the key {label} exists already")
        self._work(make, tries=1)  # not again: the first try may have made it before the answer was lost
        return self.load(label)

    def load(self, label: str) -> Key:
        """See KeyStore."""

        def read(token: _Open) -> ec.EllipticCurvePublicKey:
            token.private(label)
            public = token.find(label, ObjectClass.PUBLIC_KEY)
            if public is None:
                raise AuthorityUnavailable(f"the public half of the key {label} is not in the token")
            point = core.OctetString.load(public[Attribute.EC_POINT]).native
            return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)

        return TokenKey(self, label, self._work(read))

    def holds(self, label: str) -> bool:
        """See KeyStore."""
        return self._work(lambda token: token.find(label, ObjectClass.PRIVATE_KEY) is not None)

    def sign(self, label: str, digest: bytes) -> bytes:
        """An ECDSA signature (DER) over a digest, made in the token. Raises `AuthorityUnavailable`."""
        raw = self._work(lambda token: token.private(label).sign(digest, mechanism=Mechanism.ECDSA))
        half = len(raw) // 2
        return utils.encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )

    def _work(self, work: Callable[["_Open"], T], tries: int = 3) -> T:
        """Do something in the token; over a new connection when the one at hand turns out to be lost.

        The second time after a moment: a token that others are just opening may not be there at once (SoftHSM 2.6).
        """
        with self._module.lock:
            while True:
                tries -= 1
                try:
                    if self._refused:
                        raise PinIncorrect("not tried again: a token locks itself after a few wrong ones")
                    return work(self._module.connected(self._token, self._pin))
                except PKCS11Error as error:
                    self._refused = isinstance(error, PIN_REFUSED)
                    self._module.broken = not self._refused
                    if tries < 1 or self._refused:
                        raise AuthorityUnavailable(
                            f"the token {self._token} does not work: {type(error).__name__} {error}".strip()
                        ) from error
                    if tries == 1:
                        time.sleep(PAUSE_SECONDS)


@dataclass
class _Open:
    """A session with the handles of the private keys used in it."""

    session: Any
    handles: dict[str, Any] = field(default_factory=dict)

    def find(self, label: str, kind: ObjectClass) -> Any:
        """The one object of this kind and label, or None. Raises `AuthorityUnavailable` if there are several."""
        found = list(self.session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label}))
        if len(found) > 1:
            raise AuthorityUnavailable(f"there is more than one key {label} in the token")
        return found[0] if found else None

    def private(self, label: str) -> Any:
        """The handle of a private key. Raises `AuthorityUnavailable` if it is not there."""
        if label not in self.handles:
            if (handle := self.find(label, ObjectClass.PRIVATE_KEY)) is None:
                raise AuthorityUnavailable(f"the key {label} is not in the token")
            self.handles[label] = handle
        return self.handles[label]


class TokenKey(ec.EllipticCurvePrivateKey):
    """A private key that stays in its token; everything that would take it out is refused."""

    def __init__(self, keys: TokenKeys, label: str, public: ec.EllipticCurvePublicKey) -> None:
        self._keys, self._label, self._public = keys, label, public

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return CURVE

    @property
    def key_size(self) -> int:
        """In bits."""
        return CURVE.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """An ECDSA signature (DER). The digest is made here, the signature in the token."""
        algorithm = signature_algorithm.algorithm
        if isinstance(algorithm, utils.Prehashed):
            return self._keys.sign(self._label, bytes(data))
        digest = hashes.Hash(algorithm)
        digest.update(data)
        return self._keys.sign(self._label, digest.finalize())

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refused: these keys only sign."""
        self._refuse()

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Refused."""
        self._refuse()

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> bytes:
        """Refused."""
        self._refuse()

    def __copy__(self) -> "TokenKey":
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> "TokenKey":
        return self

    def _refuse(self) -> NoReturn:
        raise AuthorityUnavailable(f"the key {self._label} does not leave its token")
