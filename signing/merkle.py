"""Merkle trees over entries of bytes, as RFC 6962 (section 2.1) defines them: root, path of one entry, check of a path.

Leaves and nodes are hashed under different prefixes, so that neither can be passed off as the other.
"""

from collections.abc import Sequence
from hashlib import sha256


def leaf(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The tree from the leaves up; a last one without a partner moves up as it is."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append(pairs + below[len(pairs) * 2 :])
    return levels


def root(entries: Sequence[bytes]) -> bytes:
    """The root over the entries in their order; over none, the hash of nothing."""
    return _levels([leaf(entry) for entry in entries])[-1][0] if entries else sha256(b"").digest()


def paths(entries: Sequence[bytes], indexes: Sequence[int] | None = None) -> list[list[bytes]]:
    """The path of each entry, or of those at `indexes`: the hashes that lead from it to the root, nearest first."""
    levels = _levels([leaf(entry) for entry in entries])
    found = []
    for index in range(len(entries)) if indexes is None else indexes:
        path = []
        for level in levels[:-1]:
            partner = index ^ 1
            if partner < len(level):
                path.append(level[partner])
            index //= 2
        found.append(path)
    return found


def climbed(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which a path leads from an entry at `index` (from 0) of `size`. Raises ValueError for an
    impossible path.

    The caller compares the root with the one it trusts.
    """
    if not 0 <= index < size:
        raise ValueError("no such place in the tree")
    found, last, steps = leaf(entry), size - 1, iter(path)
    try:
        while last:
            if index % 2:
                found = node(next(steps), found)
            elif index < last:
                found = node(found, next(steps))
            index, last = index // 2, last // 2
    except StopIteration:
        raise ValueError("the path is too short") from None
    if next(steps, None) is not None:
        raise ValueError("the path is too long")
    return found
