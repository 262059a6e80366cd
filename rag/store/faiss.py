"""Vectors of a small index in a FAISS file, every one compared with a question."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged

FILE = "vectors.faiss"


class FaissStore:
    """A flat inner-product index; with unit vectors the score is the cosine."""

    def __init__(self, index: Any) -> None:  # noqa: ANN401 - faiss ships no types
        self._index = index

    @classmethod
    def create(cls, dimension: int) -> "FaissStore":
        """Make an empty store for vectors of one dimension."""
        return cls(faiss.IndexFlatIP(dimension))

    @property
    def dimension(self) -> int:
        """Numbers of a vector."""
        return int(self._index.d)

    @property
    def kind(self) -> str:
        """What is written into the manifest."""
        return "flat"

    @classmethod
    def open(cls, folder: Path) -> "FaissStore":
        """Open a saved store; raises IndexDamaged when the file is not whole."""
        try:
            return cls(faiss.read_index(str(folder / FILE)))
        except RuntimeError as problem:
            raise IndexDamaged(
                f"{folder / FILE} cannot be read; run `rag index` to build it again"
            ) from problem

    def add(self, vectors: NDArray[np.float32]) -> None:
        """Append vectors as the next rows."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def get(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the vectors of some rows back."""
        if not len(rows):
            return np.empty((0, self._index.d), dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """Give up to k (row, cosine), best first, ties by row."""
        extra: dict[str, Any] = {}
        if allowed is not None:
            extra["params"] = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))  # type: ignore[call-arg]
        scores, rows = self._index.search(
            query[None, :], min(k, max(1, self._index.ntotal)), **extra
        )
        found = [(int(r), float(s)) for r, s in zip(rows[0], scores[0], strict=True) if r >= 0]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))

    def save(self, folder: Path) -> None:
        """Write the index file into a folder."""
        # through a Python file: faiss's own writer does not notice a disk that is full
        with (folder / FILE).open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]

    def close(self) -> None:
        """Nothing is held open."""
