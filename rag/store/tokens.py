"""Token vectors on disk, for late interaction (ColBERT's MaxSim, Khattab & Zaharia 2020).

Small indexes keep them as float16, large ones with four bits a number, a quarter of it: the numbers
of a unit vector are nearly normal with a spread of 1/√d, so that one table of levels suits all of
them (measured in docs/bench/size.md). Nothing is trained: a text's code is the same in every index,
and a code that is read and written again stays as it is.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged
from rag.store.rows import Rows

VECTORS = "tokens.npy"
BOUNDS = "token-bounds.npy"
# Sixteen levels with the least mean squared error for normal numbers (Max 1960)
HALF = np.array([0.1284, 0.3881, 0.6568, 0.9424, 1.2562, 1.6181, 2.0690, 2.7326], dtype=np.float32)
LEVELS = np.concatenate([-HALF[::-1], HALF])
EDGES = (LEVELS[1:] + LEVELS[:-1]) / 2
# A byte's two numbers, as one number of eight bytes: so they are looked up fastest
BYTES = LEVELS[np.stack([np.arange(256) >> 4, np.arange(256) & 15], axis=1)].view(np.uint64).ravel()
Floats = NDArray[np.float32]


def write_codes(vectors: Floats) -> NDArray[np.uint8]:
    """Code unit vectors, shape (t, d), in half a byte a number, shape (t, (d + 1) // 2)."""
    many, dimension = vectors.shape
    numbers = np.zeros((many, dimension + dimension % 2), dtype=np.uint8)
    rounded = vectors.astype(np.float16).astype(np.float32)  # as a small index keeps them
    numbers[:, :dimension] = np.searchsorted(EDGES, rounded * np.float32(np.sqrt(dimension)))
    return np.asarray(numbers[:, ::2] << 4 | numbers[:, 1::2], dtype=np.uint8)


def read_codes(codes: NDArray[np.uint8], dimension: int) -> Floats:
    """Give the vectors of codes, shape (t, d)."""
    numbers = BYTES.take(codes, mode="clip").view(np.float32)[:, :dimension]
    return np.asarray(numbers / np.float32(np.sqrt(dimension)))


class TokenVectors:
    """Token vectors by row of their passage, written once and then read."""

    def __init__(self, folder: Path, vectors: Rows, bounds: Sequence[int], dimension: int) -> None:
        self._folder = folder
        self._vectors = vectors
        self._bounds = bounds
        self._dimension = dimension

    @classmethod
    def create(cls, folder: Path, dimension: int, *, coded: bool) -> "TokenVectors":
        """Begin the files in a folder; ``save`` makes them whole."""
        dtype, width = ("|u1", (dimension + 1) // 2) if coded else ("<f2", dimension)
        return cls(folder, Rows.create(folder / VECTORS, dtype, width), [0], dimension)

    @classmethod
    def open(cls, folder: Path, dimension: int) -> "TokenVectors":
        """Open what was saved; raises IndexDamaged when it is not whole."""
        vectors = Rows.open(folder / VECTORS)
        try:
            bounds: Any = np.load(folder / BOUNDS, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as problem:
            vectors.close()
            raise IndexDamaged(
                f"{folder / BOUNDS} cannot be read; run `rag index` to build it again"
            ) from problem
        return cls(folder, vectors, bounds, dimension)

    @property
    def coded(self) -> bool:
        """Whether they are kept as codes, and so not exactly."""
        return self._vectors.dtype == np.uint8

    def append(self, tokens: Floats) -> None:
        """Add the token vectors of the next row, shape (t, dimension)."""
        assert isinstance(self._bounds, list), "what was opened is only read"
        self._vectors.append(write_codes(tokens) if self.coded else tokens)
        self._bounds.append(self._vectors.count)

    def get(self, row: int) -> Floats:
        """Give the token vectors of one row, shape (t, dimension)."""
        found = self._vectors.span(int(self._bounds[row]), int(self._bounds[row + 1]))
        if self.coded:
            return read_codes(found, self._dimension)
        return found.astype(np.float32)

    def maxsim(self, query: Floats, rows: Iterable[int]) -> list[float]:
        """Score rows against a query's tokens: for each query token its best match, averaged."""
        return [maxsim(query, self.get(row)) for row in rows]

    def close(self) -> None:
        """Let go of the files."""
        self._vectors.close()

    def save(self) -> None:
        """Make the files whole."""
        self.close()
        np.save(self._folder / BOUNDS, np.array(self._bounds, dtype=np.int64), allow_pickle=False)


def maxsim(query: Floats, tokens: Floats) -> float:
    """Score a text's tokens against a query's: for each query token its best match, averaged."""
    if not len(query) or not len(tokens):
        return 0.0
    return float((query @ tokens.T).max(axis=1).mean())
