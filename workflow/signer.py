"""Opens the certificate authority of this installation, with its keys where the settings say."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from sqlalchemy.orm import Session

from signing.authority import Authority, Credential
from signing.errors import AuthorityUnavailable, SigningError
from signing.keys import KeyStore
from signing.outside import Member
from signing.sources import Pool
from signing.validation import load_roots
from workflow.db import transaction
from workflow.errors import OutsideFailure
from workflow.policies.queries import policy
from workflow.settings import Settings, settings


def _stores(config: Settings) -> tuple[KeyStore | None, KeyStore | None]:
    """The stores of the working keys and of the root's in PKCS#11 tokens; None for encrypted files in the folder."""
    if not config.pkcs11_module:
        return None, None
    from signing.tokens import TokenKeys  # loads a native library that a laptop does not need

    root_token = config.pkcs11_root_token or config.pkcs11_token
    root_pin = config.pkcs11_root_pin or config.pkcs11_pin
    return (
        TokenKeys(config.pkcs11_module, config.pkcs11_token, config.pkcs11_pin),
        TokenKeys(config.pkcs11_module, root_token, root_pin),
    )


def found() -> Authority:
    """The certificate authority of this installation, founded if it does not stand yet. Raises AuthorityUnavailable."""
    config = settings()
    keys, root_keys = _stores(config)
    return Authority.create(
        config.instance / "ca",
        config.ca_passphrase,
        base_url=config.portal_url,
        sample=config.simulated,
        keys=keys,
        root_keys=root_keys,
    )


def _pool(config: Settings) -> Pool | None:
    """The outside time stamping authorities of the settings. Raises AuthorityUnavailable for an unreadable root."""
    members = []
    for said in config.tsa_pool:
        try:
            roots = tuple(load_roots(said.root.read_bytes()))
        except (OSError, ValueError) as error:
            raise AuthorityUnavailable(
                f"the root of the time stamping authority {said.name} cannot be read from {said.root}"
            ) from error
        members.append(
            Member(
                said.name, said.url, roots, said.policy, said.authorization.get_secret_value(), said.seconds, said.accuracy,
                config.tsa_skew_seconds, said.retired,
            )
        )  # fmt: skip
    return Pool(tuple(members), config.tsa_own, config.tsa_seconds, transaction) if members else None


@functools.lru_cache(maxsize=2)
def _open(folder: Path, *secrets: str) -> Authority:
    config = settings()
    keys, root_keys = _stores(config)
    opened = Authority.open(folder, config.ca_passphrase, keys=keys, root_keys=root_keys)
    opened.pool = _pool(config)
    return opened


def authority() -> Authority:
    """The certificate authority, opened once a process. Raises AuthorityUnavailable when it was never founded."""
    config = settings()
    said = repr((config.tsa_pool, config.tsa_own, config.tsa_seconds, config.tsa_skew_seconds))
    return _open(
        config.instance / "ca", config.ca_passphrase, config.pkcs11_module, config.pkcs11_token, said
    )


def trusted_roots() -> list[x509.Certificate]:
    """The roots that signatures and time stamps of this installation rest on."""
    return authority().roots


def time_roots() -> list[x509.Certificate]:
    """The roots that its time stamps alone may rest on besides."""
    return authority().time_roots


def seal_of(db: Session, code: str, name: str) -> Credential:
    """The seal of a registration authority of the catalogue, of the suite that it chose (policy `signature_suite`)."""
    return authority().seal_for(db, code.replace("-", ""), name, policy(db, "signature_suite", code))


@contextmanager
def may_fail() -> Iterator[None]:
    """Around work of the signing room: what it refuses is an OutsideFailure here; nothing was signed, try again."""
    try:
        yield
    except SigningError as error:
        raise OutsideFailure(f"signing: {error}") from error
