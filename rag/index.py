"""The index as it is read: one checked, unchanging generation.

Layout (see index/README.md): ``CURRENT`` names a generation's folder and its manifest's sha256; the
manifest names every other file with its sha256, so that a damaged file is found before it answers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rag.corpus import Article
from rag.embedder import fingerprint
from rag.errors import IndexDamaged, IndexMismatch, IndexMissing
from rag.models import sha256_of
from rag.offices import Offices
from rag.sentences import SPLITTER
from rag.settings import Settings
from rag.store import OPEN, VectorStore
from rag.store.tokens import TokenVectors
from rag.texts import Texts
from rag.wordindex import WordIndex

FORMAT = 2
CURRENT = "CURRENT"
MANIFEST = "manifest.json"
GENERATION = "g-"
UNFINISHED = ".unfinished"
AGAIN = "run `rag index` to build it again"


@dataclass(frozen=True)
class Index:
    """An open index: texts, vectors, token vectors and words, by the same row numbers; offices."""

    folder: Path
    manifest: Mapping[str, Any]
    texts: Texts
    vectors: VectorStore
    tokens: TokenVectors
    words: WordIndex
    offices: Offices

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles, in order of their names."""
        return tuple(self.texts.articles())

    @cached_property
    def newest(self) -> str | None:
        """The date of the newest article."""
        return self.texts.newest()

    def close(self) -> None:
        """Let go of the files."""
        self.texts.close()


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


def check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare every file with the manifest; raises IndexDamaged that names the first bad one."""
    for name, wanted in manifest["files"].items():
        path = folder / name
        try:
            size = path.stat().st_size
        except OSError as problem:
            raise IndexDamaged(f"{path} is missing; {AGAIN}") from problem
        if size != wanted["size"]:
            raise IndexDamaged(f"{path} has {size} bytes and should have {wanted['size']}; {AGAIN}")
        if sha256_of(path) != wanted["sha256"]:
            raise IndexDamaged(f"{path} was altered since it was written; {AGAIN}")


def recipe(settings: Settings) -> dict[str, Any]:
    """Say how passages and vectors are made: what must be the same for an index to be of use."""
    return {
        "sentences": SPLITTER,
        "embedder": settings.embedder,
        "embedder_sha256": fingerprint(settings),
        "store": settings.store,
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
    check_files(folder, manifest)
    return Index(
        folder=folder,
        manifest=manifest,
        texts=Texts(folder),
        vectors=OPEN[settings.store](folder),
        tokens=TokenVectors(folder),
        words=WordIndex.open(folder),
        offices=Offices.open(folder),
    )
