"""Merkle trees after RFC 6962: the published values, and that every path proves its entry and no other."""

import contextlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import merkle

ENTRIES = st.lists(st.binary(max_size=40), min_size=1, max_size=70)
# The test tree of RFC 6962's reference implementation: entries and the root of the first n of them.
PUBLISHED = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43",
             bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))]  # fmt: skip
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def plain_root(entries):
    """The definition of section 2.1, word for word: split at the largest power of two below the size."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + plain_root(entries[:k]) + plain_root(entries[k:])).digest()


@pytest.mark.parametrize("size", ROOTS)
def test_published_roots(size):
    assert merkle.root(PUBLISHED[:size]).hex() == ROOTS[size]


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_root_is_the_definitions(entries):
    assert merkle.root(entries) == plain_root(entries)


@given(ENTRIES)
def test_every_path_leads_to_the_root(entries):
    for index, path in enumerate(merkle.paths(entries)):
        assert merkle.climbed(entries[index], index, len(entries), path) == merkle.root(entries)


@given(ENTRIES, st.data())
def test_nothing_else_is_proven(entries, data):
    """Another entry, another place, a path cut short, longer or changed: another root or a refusal, never this root."""
    size = len(entries)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.paths(entries)[index]
    root = merkle.root(entries)
    other = data.draw(st.binary(max_size=40).filter(lambda e: e != entries[index]))
    elsewhere = data.draw(st.integers(-1, size))
    attempts = [(other, index, path), (entries[index], index, [*path, bytes(32)])]
    if path:
        attempts += [(entries[index], index, path[:-1]), (entries[index], index, [bytes(32), *path[1:]])]
    if elsewhere != index and (not 0 <= elsewhere < size or entries[elsewhere] != entries[index]):
        attempts.append((entries[index], elsewhere, path))
    for entry, place, steps in attempts:
        with contextlib.suppress(ValueError):
            assert merkle.climbed(entry, place, size, steps) != root


def test_a_node_is_no_leaf():
    """The prefixes keep a pair of hashes from being shown as an entry."""
    left, right = merkle.leaf(b"a"), merkle.leaf(b"b")
    assert merkle.root([left + right]) != merkle.root([b"a", b"b"])
