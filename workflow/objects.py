"""Object storage: bytes by their SHA-256. A folder by default, S3 when `QIBU_OBJECT_STORE=s3://bucket/prefix`.

Writing the same bytes twice is writing once. Personal objects are encrypted before they leave the process.
"""

import functools
import uuid
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

import obstore
from obstore.store import LocalStore, from_url

from workflow.errors import NotFound
from workflow.personal import decrypt, encrypt
from workflow.settings import settings

PIECES = "pieces"  # the folder of what is not complete


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


def put_piece(owner: uuid.UUID, offset: int, data: bytes) -> None:
    """Keep a piece of something that is not complete yet, encrypted; a second one at the same offset replaces it."""
    name = _piece(owner, offset)
    obstore.put(_place(), name, encrypt(data, name.encode()))


def get_piece(owner: uuid.UUID, offset: int) -> bytes:
    """The piece at this offset. Raises NotFound."""
    name = _piece(owner, offset)
    try:
        return decrypt(bytes(obstore.get(_place(), name).bytes()), name.encode())
    except FileNotFoundError as error:
        raise NotFound(f"piece {name}") from error


def delete_pieces(owner: uuid.UUID) -> None:
    """Forget the pieces of an owner."""
    for batch in obstore.list(_place(), prefix=f"{PIECES}/{owner}"):
        for found in batch:
            obstore.delete(_place(), found["path"])


def _piece(owner: uuid.UUID, offset: int) -> str:
    return f"{PIECES}/{owner}/{offset:012d}"


def listing() -> Iterator[tuple[str, datetime]]:
    """Every object: its key and when it was written last; pieces are not objects."""
    for batch in obstore.list(_place()):
        for found in batch:
            folder, _, rest = found["path"].partition("/")
            if folder != PIECES and len(folder) == 2:
                yield folder + rest, found["last_modified"]


def written_at(key: str) -> datetime | None:
    """When the object was written last; None when it is gone."""
    try:
        found: datetime = obstore.head(_place(), _path(key))["last_modified"]
    except FileNotFoundError:
        return None
    return found
