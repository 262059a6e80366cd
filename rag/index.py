"""The index as it is read: what a search asks of any, and the one in a folder.

The folder's is one checked, unchanging generation.
Layout (see index/README.md): ``CURRENT`` names a generation's folder and its manifest's sha256; the
manifest names every other file with its sha256, so that a damaged file is found before it answers.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.corpus import Article, untouched
from rag.embedder import Encoded, fingerprint
from rag.errors import IndexDamaged, IndexMismatch, IndexMissing
from rag.models import sha256_of
from rag.offices import Offices
from rag.passages import Passage
from rag.sentences import SPLITTER
from rag.settings import Settings
from rag.store import VectorStore, kind_of_store, open_vectors
from rag.store.tokens import TokenVectors
from rag.texts import Texts
from rag.vocabulary import Vocabulary
from rag.wordindex import WordIndex

FORMAT = 3
CURRENT = "CURRENT"
MANIFEST = "manifest.json"
GENERATION = "g-"
UNFINISHED = ".unfinished"
AGAIN = "run `rag index` to build it again"
TRUSTED = 2**26  # bytes from which on a file that nobody has touched is not hashed at every opening

Floats = NDArray[np.float32]
Ranked = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Within:
    """Which articles are searched: dated up to a day (ISO), of certain names; None for all."""

    up_to: str | None = None
    articles: Collection[str] | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.up_to is None and self.articles is None


class Searchable(Protocol):
    """An open index, wherever it lives; rows are numbers that stand for passages."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What it was made of and how: corpus_sha256, recipe, counts."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles, in order of their names."""

    @property
    def newest(self) -> str | None:
        """The date of the newest article."""

    @property
    def words(self) -> Vocabulary:
        """The corpus's own words."""

    @property
    def offices(self) -> Offices:
        """Who holds which office."""

    def near(self, vector: Floats, k: int, within: Within) -> Ranked:
        """Give up to k (row, cosine), best first."""

    def worded(self, query: str, k: int, within: Within) -> Ranked:
        """Give up to k (row, BM25 score), best first; rows that share no word are left out."""

    def fetch(self, rows: Sequence[int]) -> dict[int, tuple[Passage, Encoded]]:
        """Give the passages of some rows, with their vectors; rows that are gone are left out."""

    def at(self, places: Collection[tuple[str, int]]) -> dict[int, tuple[Passage, Encoded]]:
        """Give the passages at some places, as ``fetch`` does: (article, number of its sentence).

        Where no passage is, nothing is given.
        """

    def named(self, names: Iterable[str]) -> dict[str, Article]:
        """Give articles by name; names that are not there are left out."""

    def recall(self, texts: Sequence[str]) -> Mapping[str, Encoded]:
        """Give the vectors of those of some passage texts that it knows."""

    def refresh(self) -> None:
        """Follow what an indexer has published since, if this kind of index can."""

    def close(self) -> None:
        """Let go of files or connections."""


@dataclass(frozen=True)
class Index:
    """An index in a folder: texts, vectors, token vectors, words, by the same rows; offices."""

    folder: Path
    manifest: Mapping[str, Any]
    texts: Texts
    vectors: VectorStore
    tokens: TokenVectors
    words: WordIndex
    offices: Offices

    @cached_property
    def articles(self) -> tuple[Article, ...]:
        """All articles, in order of their names."""
        return tuple(self.texts.articles())

    @cached_property
    def newest(self) -> str | None:
        """The date of the newest article."""
        return self.texts.newest()

    def near(self, vector: Floats, k: int, within: Within) -> Ranked:
        """Search by meaning."""
        allowed = self._allowed(within)
        if allowed is not None and not len(allowed):
            return []
        return self.vectors.search(vector, k, allowed)

    def worded(self, query: str, k: int, within: Within) -> Ranked:
        """Search by words."""
        return self.words.search(query, k, self._allowed(within))

    def fetch(self, rows: Sequence[int]) -> dict[int, tuple[Passage, Encoded]]:
        """Give the passages of some rows, with their vectors."""
        vectors = self.vectors.get(np.array(rows, dtype=np.int64))
        return {
            row: (passage, Encoded(vector, self.tokens.get(row)))
            for row, passage, vector in zip(rows, self.texts.passages(rows), vectors, strict=True)
        }

    def at(self, places: Collection[tuple[str, int]]) -> dict[int, tuple[Passage, Encoded]]:
        """Give the passages at some places, with their vectors."""
        return self.fetch(self.texts.at(places))

    def named(self, names: Iterable[str]) -> dict[str, Article]:
        """Give articles by name."""
        found = ((name, self.texts.named(name)) for name in names)
        return {name: article for name, article in found if article is not None}

    def recall(self, texts: Sequence[str]) -> Mapping[str, Encoded]:
        """Give the vectors of texts that are passages here; each is read when it is looked up."""
        wanted = set(texts)
        every = enumerate(self.texts.passage_texts())
        return _Recalled(self, {text: row for row, text in every if text in wanted})

    def _allowed(self, within: Within) -> NDArray[np.int64] | None:
        if within.everything:
            return None
        return self.texts.rows(within.up_to, within.articles)

    def refresh(self) -> None:
        """Stay with the generation that was opened."""

    def close(self) -> None:
        """Let go of the files."""
        self.texts.close()
        self.vectors.close()
        self.tokens.close()


@dataclass(frozen=True)
class _Recalled(Mapping[str, Encoded]):
    """Texts of an open index with their vectors, which stay on disk until they are looked up."""

    index: Index
    rows: Mapping[str, int]

    def __getitem__(self, text: str) -> Encoded:
        row = self.rows[text]
        vector = self.index.vectors.get(np.array([row], dtype=np.int64))[0]
        return Encoded(vector, self.index.tokens.get(row))

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def read_manifest(index: Path) -> tuple[Path, dict[str, Any]]:
    """Find the generation in use: its folder and its manifest.

    Raises IndexMissing when nothing has been indexed, IndexDamaged when the pointer or the
    manifest is not whole, IndexMismatch when another version of this product wrote it.
    """
    pointer = index / CURRENT
    try:
        name, digest = pointer.read_text("utf-8").split()
    except FileNotFoundError as problem:
        raise IndexMissing(f"there is no index in {index}; run `rag index` first") from problem
    except (OSError, ValueError) as problem:
        raise IndexDamaged(f"{pointer} is damaged; {AGAIN}") from problem
    folder = index / Path(name).name
    try:
        raw = (folder / MANIFEST).read_bytes()
        manifest = json.loads(raw)
    except (OSError, ValueError) as problem:
        raise IndexDamaged(f"{folder / MANIFEST} is missing or damaged; {AGAIN}") from problem
    if hashlib.sha256(raw).hexdigest() != digest:
        raise IndexDamaged(f"{folder / MANIFEST} was altered; {AGAIN}")
    if manifest.get("format") != FORMAT:
        raise IndexMismatch(
            f"the index in {index} has format {manifest.get('format')}, this version reads "
            f"{FORMAT}; {AGAIN}"
        )
    return folder, manifest


def check_files(folder: Path, manifest: Mapping[str, Any], *, every_byte: bool = True) -> None:
    """Compare every file with the manifest; raises IndexDamaged that names the first bad one.

    Without ``every_byte`` a large file that nobody has touched since it was hashed is trusted: one
    with the size, times and inode that the manifest tells. The time of the last change of any kind
    is among them, which no program can set back.
    """
    for name, wanted in manifest["files"].items():
        path = folder / name
        try:
            state = path.stat()
        except OSError as problem:
            raise IndexDamaged(f"{path} is missing; {AGAIN}") from problem
        if state.st_size != wanted["size"]:
            raise IndexDamaged(
                f"{path} has {state.st_size} bytes and should have {wanted['size']}; {AGAIN}"
            )
        if not every_byte and "untouched" in wanted and wanted["untouched"] == untouched(state):
            continue
        if sha256_of(path) != wanted["sha256"]:
            raise IndexDamaged(f"{path} was altered since it was written; {AGAIN}")


def told_of(path: Path) -> dict[str, Any]:
    """Say what the manifest tells of a file."""
    state = path.stat()  # taken before hashing: a later change cannot hide behind it
    large = {"untouched": untouched(state)} if state.st_size >= TRUSTED else {}
    return {"size": state.st_size, "sha256": sha256_of(path), **large}


def recipe(settings: Settings) -> dict[str, Any]:
    """Say how passages and vectors are made: what must be the same for an index to be of use."""
    return {
        "sentences": SPLITTER,
        "embedder": settings.embedder,
        "embedder_sha256": fingerprint(settings),
        "store": kind_of_store(settings.store),
    }


def open_index(settings: Settings) -> Index:
    """Open and check the index the settings name; one that is replaced meanwhile is opened anew.

    Raises IndexMissing, IndexDamaged, or IndexMismatch (other format, other embedder).
    """
    while True:
        pointed = _pointer(settings.index)
        try:
            return _open(settings)
        except IndexDamaged:
            if _pointer(settings.index) == pointed:
                raise


def _pointer(index: Path) -> bytes | None:
    try:
        return (index / CURRENT).read_bytes()
    except OSError:
        return None


def _open(settings: Settings) -> Index:
    folder, manifest = read_manifest(settings.index)
    if manifest["recipe"].get("sentences") != SPLITTER:
        raise IndexMismatch(
            f"the index in {settings.index} was made by another version of this product; {AGAIN}"
        )
    for key, wanted in recipe(settings).items():
        if manifest["recipe"].get(key) != wanted:
            raise IndexMismatch(
                f"the index in {settings.index} was made with {key} "
                f"{manifest['recipe'].get(key)!r}, the settings say {wanted!r}; "
                "run `rag index` with these settings, or set the old one again"
            )
    check_files(folder, manifest, every_byte=False)
    vectors = open_vectors(folder)
    return Index(
        folder=folder,
        manifest=manifest,
        texts=Texts(folder),
        vectors=vectors,
        tokens=TokenVectors.open(folder, vectors.dimension),
        words=WordIndex.open(folder),
        offices=Offices.open(folder),
    )
