"""Vectors of a large index: small codes say which are near, the exact vectors in which order.

The codes (one bit a number, product quantization; Jégou et al. 2011) of all vectors are in memory
and all compared with a question, 16 at a time by the processor's shuffles (FAISS's fast scan). The
exact vectors stay on disk, where only those of the nearest codes are read.
"""

import math
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged
from rag.store.rows import Rows

FILE = "vectors.faiss"
EXACT = "vectors.npy"
SPARE = 4  # codes looked at for each row wanted, which their exact vectors then put in order,
LEAST = 300  # and how many at least (recall@10 at 10^6: 0.977; 200 give 0.964, 400 give 0.987)
SCANNED = 10_000  # allowed rows up to which the exact vectors of all are compared
TRAINED_ON = 16_384  # vectors, evenly spread
PIECE = 65_536  # vectors in memory at a time

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


def code_of(dimension: int) -> str:
    """Name the code for a dimension as FAISS does: four bits for each four numbers."""
    parts = next(dimension // n for n in (4, 2, 1) if dimension % n == 0)
    return f"PQ{parts}x4fs"


class CodedStore:
    """A FAISS index of codes in memory, the exact vectors on disk."""

    def __init__(self, rows: Rows, index: Any = None) -> None:  # noqa: ANN401 - faiss ships no types
        self._rows = rows
        self._index = index

    @classmethod
    def create(cls, folder: Path, dimension: int) -> "CodedStore":
        """Begin a store in a folder; ``save`` makes it one that can be searched."""
        return cls(Rows.create(folder / EXACT, "<f4", dimension))

    @classmethod
    def open(cls, folder: Path) -> "CodedStore":
        """Open a saved store; raises IndexDamaged when it is not whole."""
        rows = Rows.open(folder / EXACT)
        try:
            return cls(rows, faiss.read_index(str(folder / FILE)))
        except RuntimeError as problem:
            rows.close()
            raise IndexDamaged(
                f"{folder / FILE} cannot be read; run `rag index` to build it again"
            ) from problem

    @property
    def dimension(self) -> int:
        """Numbers of a vector."""
        return self._rows.width

    @property
    def kind(self) -> str:
        """What is written into the manifest."""
        return code_of(self._rows.width).lower()

    def add(self, vectors: Floats) -> None:
        """Append vectors as the next rows."""
        self._rows.append(vectors)

    def get(self, rows: Numbers) -> Floats:
        """Give the vectors of some rows back."""
        return self._rows.take(rows)

    def search(self, query: Floats, k: int, allowed: Numbers | None) -> list[tuple[int, float]]:
        """Give up to k (row, cosine), best first, ties by row; k where so many are allowed."""
        if allowed is not None and len(allowed) <= max(k, SCANNED):
            rows = allowed
        else:
            rows = np.sort(self._near(query, max(LEAST, SPARE * k), allowed))
        scores = self.get(rows) @ query
        best = np.lexsort((rows, -scores))[:k]
        return [(int(rows[at]), float(scores[at])) for at in best]

    def _near(self, query: Floats, many: int, allowed: Numbers | None) -> Numbers:
        """Give so many allowed rows, or all, whose codes are nearest to a query.

        The fewer are allowed, the more are looked at, until there are enough among them.
        """
        total = self._rows.count
        may = np.full(total, allowed is None)
        if allowed is not None:
            may[allowed] = True
        able = int(may.sum())
        many = min(many, able)
        looked = many if able == total else math.ceil(2 * many * total / able)
        while True:
            found = self._index.search(query[None, :], min(looked, total))[1][0]
            found = found[found >= 0]
            found = found[may[found]]
            if len(found) >= many:
                return np.asarray(found[:many], dtype=np.int64)
            if looked >= total:  # FAISS leaves out those whose code is the farthest there is
                rest = np.setdiff1d(np.flatnonzero(may), found)
                return np.concatenate([found, rest[: many - len(found)]])
            looked *= 4

    def save(self, folder: Path) -> None:
        """Make the codes and write them into the folder that ``create`` was given."""
        total = self._rows.count
        metric = faiss.METRIC_INNER_PRODUCT
        index = faiss.index_factory(self._rows.width, code_of(self._rows.width), metric)
        sample = np.linspace(0, total - 1, min(total, TRAINED_ON), dtype=np.int64)
        index.train(self._rows.take(sample))
        for start in range(0, total, PIECE):
            index.add(self._rows.span(start, min(start + PIECE, total)))
        # through a Python file: faiss's own writer does not notice a disk that is full
        with (folder / FILE).open("wb") as file:
            faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]
        self.close()

    def close(self) -> None:
        """Let go of the file of exact vectors."""
        self._rows.close()
