"""Where vectors live: one small protocol, FAISS by default, databases as siblings."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import SettingsError
from rag.store.database import Database, shown
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


# Databases hold the whole index, not its vectors alone (rag/sharedindex.py).
DATABASES = {"milvus": "rag.store.milvus", "postgresql": "rag.store.postgres"}
KNOWN = "faiss, milvus:PATH.db, milvus:http://HOST:19530, postgresql://USER@HOST/DATABASE"


def kind_of_store(spec: str) -> str:
    """Give the store's kind for a SPEC; raises SettingsError for one that is not known."""
    kind, _, place = spec.partition(":")
    kind = "postgresql" if kind == "postgres" else kind
    if not (spec in CREATE or (kind in DATABASES and place)):
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
