"""The digests of what the signatures of a file cover, from one pass over it.

Each signature covers the file up to its revision's end, so a hundred of them hash the first hundred times.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

ALGORITHMS = ("sha256", "sha384", "sha512")


def prepare(pdf: bytes, signatures: Iterable[EmbeddedPdfSignature]) -> None:
    """Tell each signature the digest of its range, where this is the file's beginning with one gap in it, as usual."""
    ranges: dict[str, list[tuple[int, int, int, EmbeddedPdfSignature]]] = defaultdict(list)
    for signature in signatures:
        parts = [part for part in list.__iter__(signature.byte_range) if isinstance(part, NumberObject)]
        if len(parts) != 4 or len(signature.byte_range) != 4:
            continue
        start, size, after, rest = map(int, parts)
        usual = start == 0 <= size <= after and rest >= 0 and after + rest <= len(pdf)
        if usual and signature.external_md_algorithm in ALGORITHMS:
            ranges[signature.external_md_algorithm].append((size, after, after + rest, signature))
    content = memoryview(pdf)
    for algorithm, parts_of in ranges.items():
        running, done = hashlib.new(algorithm), 0
        for size, after, end, signature in sorted(parts_of, key=lambda part: part[0]):
            running.update(content[done:size])
            done, whole = size, running.copy()
            whole.update(content[after:end])
            signature.external_digests[algorithm] = whole.digest()
