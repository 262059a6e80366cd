"""Where vectors live: one small protocol, FAISS by default, databases as siblings.

In a folder, a large index keeps them in another form than a small one (docs/bench/size.md).
"""

import importlib
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import SettingsError
from rag.store.coded import EXACT, CodedStore
from rag.store.database import Database, shown
from rag.store.faiss import FaissStore

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
SMALL = 50_000  # passages up to which every vector is compared, and token vectors are kept whole


class VectorStore(Protocol):
    """Vectors in numbered rows, searched by inner product."""

    @property
    def dimension(self) -> int:
        """Numbers of a vector."""
        ...

    @property
    def kind(self) -> str:
        """How it searches, for the manifest."""
        ...

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
        """Write everything below the folder it was created in."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


def is_large(passages: int) -> bool:
    """Whether an index of so many passages keeps its vectors in the form of a large one."""
    return passages > SMALL


def create_vectors(folder: Path, dimension: int, passages: int) -> VectorStore:
    """Begin the store that suits so many passages, in a folder."""
    if is_large(passages):
        return CodedStore.create(folder, dimension)
    return FaissStore.create(dimension)


def open_vectors(folder: Path) -> VectorStore:
    """Open a saved store; raises IndexDamaged when it is not whole."""
    return (CodedStore if (folder / EXACT).exists() else FaissStore).open(folder)


FOLDER = "faiss"  # the SPEC of an index in a folder
# Databases hold the whole index, not its vectors alone (rag/sharedindex.py).
DATABASES = {"milvus": "rag.store.milvus", "postgresql": "rag.store.postgres"}
KNOWN = "faiss, milvus:PATH.db, milvus:http://HOST:19530, postgresql://USER@HOST/DATABASE"


def kind_of_store(spec: str) -> str:
    """Give the store's kind for a SPEC; raises SettingsError for one that is not known."""
    kind, _, place = spec.partition(":")
    kind = "postgresql" if kind == "postgres" else kind
    if not (spec == FOLDER or (kind in DATABASES and place)):
        raise SettingsError(f"unknown --store {shown(spec)!r}; this version has: {KNOWN}")
    return kind


def is_database(spec: str) -> bool:
    """Whether a SPEC names a database; raises SettingsError for one that is not known."""
    return kind_of_store(spec) in DATABASES


def open_database(spec: str, token: str | None) -> Database:
    """Make ready to talk to the database that a SPEC names; connects when first asked.

    Raises SettingsError, also where the library it needs is not installed.
    """
    kind = kind_of_store(spec)
    try:
        module = importlib.import_module(DATABASES[kind])
    except ImportError as problem:
        raise SettingsError(
            f"--store {kind} needs {problem.name or kind}; run `pip install 'quotable-rag[{kind}]'`"
        ) from problem
    database: Database = module.open_database(spec, token)
    return database
