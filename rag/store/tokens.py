"""Token vectors on disk, for late interaction (ColBERT's MaxSim, Khattab & Zaharia 2020)."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged

VECTORS = "tokens.npy"
BOUNDS = "token-bounds.npy"
Floats = NDArray[np.float32]


def write_tokens(folder: Path, texts: Iterable[Floats], dimension: int) -> None:
    """Write each text's token vectors, shape (t, dimension), as float16 one below the other."""
    kept = [np.empty((0, dimension), dtype=np.float16)]
    kept += [tokens.astype(np.float16) for tokens in texts]
    bounds = np.cumsum([0, *(len(tokens) for tokens in kept[1:])], dtype=np.int64)
    np.save(folder / VECTORS, np.concatenate(kept), allow_pickle=False)
    np.save(folder / BOUNDS, bounds, allow_pickle=False)


class TokenVectors:
    """Reads what ``write_tokens`` wrote; memory-mapped, so only what is asked for is read."""

    def __init__(self, folder: Path) -> None:
        try:
            self._vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
            self._bounds = np.load(folder / BOUNDS, allow_pickle=False)
        except (OSError, ValueError, EOFError) as problem:
            raise IndexDamaged(
                f"{folder / VECTORS} cannot be read; run `rag index` to build it again"
            ) from problem

    def get(self, row: int) -> Floats:
        """Give the token vectors of one row, shape (t, dimension)."""
        start, end = self._bounds[row : row + 2]
        return np.asarray(self._vectors[start:end], dtype=np.float32)

    def maxsim(self, query: Floats, rows: Sequence[int]) -> list[float]:
        """Score rows against a query's tokens: for each query token its best match, averaged."""
        return [maxsim(query, self.get(row)) for row in rows]


def maxsim(query: Floats, tokens: Floats) -> float:
    """Score a text's tokens against a query's: for each query token its best match, averaged."""
    if not len(query) or not len(tokens):
        return 0.0
    return float((query @ tokens.T).max(axis=1).mean())
