"""Where vectors live: one small protocol, FAISS by default, engines as siblings."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import SettingsError
from rag.store.faiss import FaissStore

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]


class VectorStore(Protocol):
    """Vectors in numbered rows, searched by inner product."""

    def add(self, vectors: Vectors) -> None:
        """Append vectors, shape (n, dimension), as the next n rows."""
        ...

    def get(self, rows: Rows) -> Vectors:
        """Give the vectors of some rows back, shape (len(rows), dimension)."""
        ...

    def search(self, query: Vectors, k: int, allowed: Rows | None) -> list[tuple[int, float]]:
        """Give up to k (row, score), best first, for one query vector of shape (dimension,).

        ``allowed`` limits the search to those rows.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write everything below a folder."""
        ...


CREATE: dict[str, Callable[[int], VectorStore]] = {"faiss": FaissStore.create}
OPEN: dict[str, Callable[[Path], VectorStore]] = {"faiss": FaissStore.open}


def check_store(spec: str) -> str:
    """Give the store's kind for a SPEC; raises SettingsError for one that is not known."""
    kind = spec.partition(":")[0]
    if kind not in CREATE or spec != kind:
        raise SettingsError(f"unknown --store {spec!r}; this version has: {', '.join(CREATE)}")
    return kind
