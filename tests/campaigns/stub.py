"""A stand-in for the embedder, fast enough for thousands of indexes."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from rag.embedder import Encoded


class Stub:
    """Vectors out of a text's hash: the same text has the same ones, in every process."""

    name = "stub"
    dimension = 16

    def open(self, _: object) -> "Stub":
        """Stand where ``open_embedder`` stands."""
        return self

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Encode texts one after the other."""
        for text in texts:
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
            rows = np.random.default_rng(seed).normal(size=(4, self.dimension))
            unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
            yield Encoded(unit[0], unit[1:])
