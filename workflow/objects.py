"""Object storage: bytes by their SHA-256. A folder by default, S3 when `QIBU_OBJECT_STORE=s3://bucket/prefix`.

Writing the same bytes twice is writing once. Personal objects are encrypted before they leave the process.
"""

import functools
from hashlib import sha256
from typing import Any

import obstore
from obstore.store import LocalStore, from_url

from workflow.errors import NotFound
from workflow.personal import decrypt, encrypt
from workflow.settings import settings


@functools.lru_cache(maxsize=4)
def _store(address: str) -> Any:
    if address.startswith("/"):
        return LocalStore(prefix=address, mkdir=True)
    return from_url(address)


def _place() -> Any:
    config = settings()
    return _store(config.object_store or str(config.instance / "objects"))


def _path(key: str) -> str:
    return f"{key[:2]}/{key[2:]}"


def put(data: bytes, personal: bool = False) -> str:
    """Store bytes; return their key: the SHA-256 in hex, with `.p` behind it when encrypted."""
    key = sha256(data).hexdigest() + (".p" if personal else "")
    obstore.put(_place(), _path(key), encrypt(data, key.encode()) if personal else data)
    return key


def get(key: str) -> bytes:
    """The bytes under a key. Raises NotFound; ValueError when they are not what was stored."""
    try:
        stored = bytes(obstore.get(_place(), _path(key)).bytes())
    except FileNotFoundError as error:
        raise NotFound(f"object {key}") from error
    data = decrypt(stored, key.encode()) if key.endswith(".p") else stored
    if sha256(data).hexdigest() != key.removesuffix(".p"):
        raise ValueError(f"object {key} was changed in storage")
    return data


def delete(key: str) -> None:
    """Remove an object; quietly if it is gone."""
    obstore.delete(_place(), _path(key))
