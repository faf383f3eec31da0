"""Opens the certificate authority of this installation with the configured folder and passphrase."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signing.authority import Authority
from signing.errors import SigningError
from workflow.errors import OutsideFailure
from workflow.settings import settings


@functools.lru_cache(maxsize=2)
def _open(folder: Path, passphrase: str) -> Authority:
    return Authority.open(folder, passphrase)


def authority() -> Authority:
    """The certificate authority. Raises signing.errors.AuthorityUnavailable when it was never created."""
    config = settings()
    return _open(config.instance / "ca", config.ca_passphrase)


@contextmanager
def may_fail() -> Iterator[None]:
    """Around work of the signing room: what it refuses is an OutsideFailure here; nothing was signed, try again."""
    try:
        yield
    except SigningError as error:
        raise OutsideFailure(f"signing: {error}") from error
