"""Opens the certificate authority of this installation with the configured folder and passphrase."""

import functools
from pathlib import Path

from signing.authority import Authority
from workflow.settings import settings


@functools.lru_cache(maxsize=2)
def _open(folder: Path, passphrase: str) -> Authority:
    return Authority.open(folder, passphrase)


def authority() -> Authority:
    """The certificate authority. Raises signing.errors.AuthorityUnavailable when it was never created."""
    config = settings()
    return _open(config.instance / "ca", config.ca_passphrase)
