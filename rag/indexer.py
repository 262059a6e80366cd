"""Articles to an index: incremental by content, built beside the old one and swapped in at once."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from rag.changes import Change, Progress, Report, article_change, passage_change
from rag.corpus import Article, Corpus, read_corpus, survey
from rag.embedder import Embedder, Encoded
from rag.errors import IndexFault, SettingsError
from rag.index import (
    CURRENT,
    FORMAT,
    GENERATION,
    MANIFEST,
    UNFINISHED,
    Index,
    Searchable,
    open_index,
    read_manifest,
    recipe,
    told_of,
)
from rag.models import sha256_of
from rag.offices import Offices
from rag.parallel import is_alone
from rag.passages import Passage, passages_of
from rag.settings import Settings
from rag.sharedindexer import index_shared
from rag.store import create_vectors, is_database, is_large
from rag.store.tokens import TokenVectors
from rag.texts import write_texts
from rag.wordindex import WordIndex


def build_index(
    sources: Sequence[Path],
    settings: Settings,
    open_model: Callable[[Settings], Embedder],
    progress: Progress | None = None,
) -> Report:
    """Bring the index in step with the sources: afterwards it holds these articles and no others.

    Only passages whose text is new are embedded; the model is not even loaded when there are none.
    ``progress`` is called with (passages embedded so far, passages to embed). Raises CorpusError,
    ModelError, SettingsError, or IndexFault when the folder cannot be written or is in use.
    """
    shared = is_database(settings.store)  # a wrong SPEC is told before anything is read
    if not shared and not is_alone(settings.workers):
        raise SettingsError(
            "several workers want an index that they can share; give --store the address of a "
            "database, or --workers 1"
        )
    seen = None if shared else survey(sources, settings.max_article_bytes)
    if seen and (report := _untouched(seen, settings)):
        return report
    corpus = read_corpus(sources, settings.max_article_bytes)
    if shared:
        return index_shared(corpus, settings, open_model, progress)
    return index_corpus(corpus, settings, open_model, progress, seen=seen)


def _untouched(seen: str, settings: Settings) -> Report | None:
    """Report that nothing is to be done, where the index was made of files in the same state."""
    try:  # where it was not, the index need not be opened for that
        if not _made_of(seen, read_manifest(settings.index)[1]):
            return None
    except IndexFault:
        return None
    with _writing(settings) as old:
        if old is None or not _made_of(seen, old.manifest):
            return None
        corpus = Corpus(old.articles, (), tuple(old.manifest["survey"]["notes"]))
        same = Change(unchanged=len(corpus.articles))
        return Report(same, Change(unchanged=old.manifest["passages"]), 0, corpus)


def _made_of(seen: str, manifest: Mapping[str, Any]) -> bool:
    told: str | None = manifest.get("survey", {}).get("sha256")
    return told == seen


def index_corpus(
    corpus: Corpus,
    settings: Settings,
    open_model: Callable[[Settings], Embedder],
    progress: Progress | None = None,
    known: Searchable | None = None,
    seen: str | None = None,
) -> Report:
    """Bring the index in a folder in step with a corpus already read; else like ``build_index``.

    ``known`` is an open index of the same recipe elsewhere: a first index here takes over the
    vectors of the passages that it has. ``seen`` is the survey of the files before they were read.
    """
    with _writing(settings) as old:
        change = article_change({a.name: a.sha256 for a in old.articles} if old else {}, corpus)
        if old is not None and old.articles == corpus.articles:
            return Report(change, Change(unchanged=old.manifest["passages"]), 0, corpus)
        passages = [p for article in corpus.articles for p in passages_of(article)]
        encoding = _Encoding(
            _lender(old, known, coded=is_large(len(passages))),
            list(dict.fromkeys(p.text for p in passages)),
            progress,
        )
        with _new_generation(settings.index) as folder:
            encoded = encoding.all(settings, open_model)
            kind = _write(folder, corpus.articles, passages, encoded)
            about = {"passages": len(passages), "vectors": kind, **_surveyed(seen, corpus)}
            _write_manifest(folder, settings, corpus, about)
        before = old.texts.passage_texts() if old else ()
        after = (passage.text for passage in passages)
        return Report(change, passage_change(before, after), len(encoding.fresh), corpus)


@contextmanager
def _writing(settings: Settings) -> Iterator[Index | None]:
    """Be the one writer, in a folder without leftovers; gives the present index."""
    with (
        _clear_disk_errors(settings.index),
        only_writer(settings.index),
        _old_index(settings) as old,
    ):
        clear_leftovers(settings.index)
        yield old


@contextmanager
def _old_index(settings: Settings) -> Iterator[Index | None]:
    """Open the present index; one that is missing, damaged or of another recipe counts as none."""
    try:
        old = open_index(settings)
    except IndexFault:
        old = None
    try:
        yield old
    finally:
        if old is not None:
            old.close()


def _lender(old: Searchable | None, known: Searchable | None, *, coded: bool) -> Searchable | None:
    """Choose whose vectors are taken over: codes can only become codes again."""
    able = (i for i in (old, known) if not (isinstance(i, Index) and i.tokens.coded and not coded))
    return next((index for index in able if index is not None), None)


@dataclass
class _Encoding:
    """Vectors of texts, each made or taken over once; they come one at a time.

    ``fresh`` are the texts that go through the model.
    """

    lender: Searchable | None
    texts: Sequence[str]
    progress: Progress | None

    def __post_init__(self) -> None:
        self.made = self.lender.recall(self.texts) if self.lender is not None else {}
        self.fresh = [text for text in self.texts if text not in self.made]

    def all(
        self, settings: Settings, open_model: Callable[[Settings], Embedder]
    ) -> Iterator[Encoded]:
        """Give every text's vectors in order; the model is only opened for fresh texts."""
        coming = iter(open_model(settings).encode(self.fresh)) if self.fresh else iter(())
        done = 0
        for text in self.texts:
            if text in self.made:
                yield self.made[text]
                continue
            encoded = next(coming)
            done += 1
            if self.progress:
                self.progress(done, len(self.fresh))
            yield encoded


def _write(
    folder: Path,
    articles: Sequence[Article],
    passages: Sequence[Passage],
    encoded: Iterator[Encoded],
) -> str:
    """Write everything but the manifest; gives the kind of the vectors' store."""
    kind = _write_vectors(folder, [p.text for p in passages], encoded)
    write_texts(folder, articles, passages)
    WordIndex.build([p.text for p in passages]).save(folder)
    Offices.build(article.text for article in articles).save(folder)
    return kind


def _write_vectors(folder: Path, texts: Sequence[str], encoded: Iterator[Encoded]) -> str:
    """Write vectors in the order of rows; ``encoded`` gives those of each text once.

    Only a few are in memory at a time: a text that comes again is read from its first row.
    """
    first = next(encoded)
    dimension = len(first.vector)
    rows: dict[str, int] = {}
    coming = chain([first], encoded)
    with (
        closing(create_vectors(folder, dimension, len(texts))) as vectors,
        closing(TokenVectors.create(folder, dimension, coded=is_large(len(texts)))) as tokens,
    ):
        for row, text in enumerate(texts):
            if (known := rows.setdefault(text, row)) == row:
                each = next(coming)
            else:
                vector = vectors.get(np.array([known], dtype=np.int64))[0]
                each = Encoded(vector, tokens.get(known))
            vectors.add(each.vector[None, :])
            tokens.append(each.tokens)
        vectors.save(folder)
        tokens.save()
        return vectors.kind


def _surveyed(seen: str | None, corpus: Corpus) -> dict[str, Any]:
    """Say which survey the index belongs to; what was left out may be readable the next time."""
    if seen is None or corpus.skipped:
        return {}
    return {"survey": {"sha256": seen, "notes": list(corpus.notes)}}


def _write_manifest(
    folder: Path, settings: Settings, corpus: Corpus, about: Mapping[str, Any]
) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "recipe": recipe(settings),
        "articles": len(corpus.articles),
        "corpus_sha256": corpus.sha256,
        **about,
        "files": {path.relative_to(folder).as_posix(): told_of(path) for path in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), "utf-8")


@contextmanager
def only_writer(index: Path) -> Iterator[None]:
    """Keep a second indexer out of the same folder; raises IndexFault where one is at work."""
    try:
        index.mkdir(parents=True, exist_ok=True)
        with FileLock(index / ".lock", timeout=0):
            yield
    except Timeout as problem:
        raise IndexFault(
            f"another `rag index` is writing to {index}; wait for it to end and try again"
        ) from problem


@contextmanager
def _clear_disk_errors(index: Path) -> Iterator[None]:
    """Turn a full or read-only disk into one line; the old index is untouched by then."""
    try:
        yield
    except OSError as problem:
        full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
        what = (
            "the disk is full" if full else f"it cannot be written ({problem.strerror or problem})"
        )
        raise IndexFault(
            f"the index in {index} was not changed: {what}; make room or choose another --index"
        ) from problem


@contextmanager
def _new_generation(index: Path) -> Iterator[Path]:
    """Give a folder to write into; it becomes the index at once and whole, or not at all.

    Every byte is on disk before the pointer changes. The generation before the new one is kept
    for readers that are just opening it; older ones and unfinished ones are cleared away.
    """
    name = GENERATION + os.urandom(6).hex()
    folder = index / (name + UNFINISHED)
    folder.mkdir()
    try:
        yield folder
        for path in sorted(folder.rglob("*")):
            _sync(path)
        _sync(folder)
        folder.rename(index / name)
        _sync(index)  # the pointer may not reach the disk before what it points to
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    pointer = index / (CURRENT + UNFINISHED)
    pointer.write_text(f"{name} {sha256_of(index / name / MANIFEST)}\n", "utf-8")
    _sync(pointer)
    pointer.replace(index / CURRENT)
    try:
        _sync(index)
        clear_leftovers(index)
    except OSError as problem:
        raise IndexFault(
            f"the new index in {index} is in use, but the disk then failed "
            f"({problem.strerror or problem}); see what `rag doctor` says of it"
        ) from problem


def clear_leftovers(index: Path) -> list[str]:
    """Take away what dead runs left and what nobody needs any more; gives the names.

    Only the one writer may do so. The generation in use stays, and the youngest other one, which
    readers may just be opening. Without a generation in use every whole one stays.
    """
    current = _current(index)
    unfinished = [*index.glob(f"{GENERATION}*{UNFINISHED}"), *index.glob(CURRENT + UNFINISHED)]
    whole = [p for p in index.glob(GENERATION + "*") if p not in unfinished and p.name != current]
    old = sorted(whole, key=lambda path: path.stat().st_mtime_ns)[:-1] if current else []
    for path in (*unfinished, *old):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    return sorted(path.name for path in (*unfinished, *old))


def _current(index: Path) -> str | None:
    try:
        return (index / CURRENT).read_text("utf-8").split()[0]
    except (OSError, IndexError, ValueError):
        return None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
