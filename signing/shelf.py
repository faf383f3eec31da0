"""The folder of the authority: `authority.json` (which labels are current), `certificates/*.cer` and the root's CRL.

Several processes may share it. Readers see the old state or the new one, never half of a change.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.errors import AuthorityUnavailable

Manifest = dict[str, Any]


class Shelf:
    """One such folder. Notices what other processes change in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: tuple[tuple[int, int], Manifest] | None = None
        self._certificates: dict[str, x509.Certificate] = {}

    def prepare(self) -> None:
        """Make the folder."""
        (self.folder / "certificates").mkdir(mode=0o700, parents=True, exist_ok=True)

    def stands(self) -> bool:
        """Whether an authority was founded here."""
        return (self.folder / "authority.json").exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all processes and threads until the block ends."""
        with open(self.folder / ".lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def current(self) -> Manifest:
        """The labels in use; not to be changed. Raises `AuthorityUnavailable` before the founding."""
        path = self.folder / "authority.json"
        try:
            found = path.stat()
            if self._seen is None or self._seen[0] != (found.st_mtime_ns, found.st_ino):
                self._seen = (found.st_mtime_ns, found.st_ino), json.loads(path.read_text())
        except FileNotFoundError:
            raise AuthorityUnavailable(
                f"no certificate authority stands in {self.folder.name}/ yet"
            ) from None
        return self._seen[1]

    def manifest(self) -> Manifest:
        """The labels in use, to change and `save`."""
        return dict(json.loads((self.folder / "authority.json").read_text()))

    def save(self, manifest: Manifest) -> None:
        """From now on these labels are in use, in every process."""
        self._replace("authority.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())

    def certificate(self, label: str) -> x509.Certificate:
        """The certificate of one of the authority's own labels. Raises `AuthorityUnavailable` if there is none."""
        if label not in self._certificates:
            if not label.replace("-", "").isalnum():
                raise AuthorityUnavailable("no such certificate")
            try:
                der = (self.folder / "certificates" / f"{label}.cer").read_bytes()
            except FileNotFoundError:
                raise AuthorityUnavailable(f"the certificate {label} is not here") from None
            self._certificates[label] = x509.load_der_x509_certificate(der)
        return self._certificates[label]

    def keep(self, label: str, certificate: x509.Certificate) -> None:
        """Put a new certificate here."""
        self._replace(f"certificates/{label}.cer", certificate.public_bytes(Encoding.DER))
        self._certificates[label] = certificate

    def root_list(self, name: str = "root.crl") -> bytes:
        """The root's CRL (DER)."""
        return (self.folder / name).read_bytes()

    def save_root_list(self, der: bytes, name: str = "root.crl") -> None:
        """Publish the root's CRL."""
        self._replace(name, der)

    def _replace(self, name: str, content: bytes) -> None:
        path = self.folder / name
        scratch = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
