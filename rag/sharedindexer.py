"""Articles to a shared index: incremental, resumable, seen whole or not at all.

Everything is added in the next generation, which nobody looks at; what goes is marked to die in
it. Then one small text, the manifest, names that generation, and it is what readers see. A run that
is cut off leaves the old generation as it was; the next run keeps what it had finished. What a
generation no longer shows is deleted one run later, when no reader is left on it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from rag.changes import Change, Progress, Report, article_change, passage_change
from rag.corpus import Article, Corpus
from rag.embedder import Embedder, Encoded
from rag.errors import SettingsError
from rag.index import recipe
from rag.offices import read_holders
from rag.parallel import in_parallel, is_alone
from rag.passages import passages_of
from rag.settings import Settings
from rag.sharedindex import (
    CURRENT,
    FORMAT,
    Counts,
    counts_key,
    counts_of,
    database_of,
    digest,
    published,
)
from rag.store.database import ALIVE, Database, Row, View, Writer, row_id, version_of

BATCH = 128  # passages written at a time


@dataclass(frozen=True)
class Plan:
    """What is to be done to a shelf: versions by what becomes of them."""

    shelf: str
    generation: int  # the one that is made
    add: Mapping[str, Article]
    retire: Mapping[str, str]  # version -> article name
    discard: Sequence[str]
    staged: Mapping[str, Article]  # finished by a run that was cut off


def index_shared(
    corpus: Corpus,
    settings: Settings,
    open_model: Callable[[Settings], Embedder],
    progress: Progress | None = None,
) -> Report:
    """Bring the shared index in step with a corpus: afterwards it holds it and nothing else.

    Raises StoreFailed, ModelError, or IndexFault when somebody else is writing.
    """
    _check_workers(settings)
    with closing(database_of(settings)) as database, database.writer() as writer:
        wanted = recipe(settings)
        shelf = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:12]
        found = published(database)
        manifest = found[1] if found and _fits(found[1], shelf) else None
        old = counts_of(database, manifest) if manifest else None
        plan, before = _plan(database, shelf, manifest, corpus)
        change = article_change(before, corpus)
        unchanged = not (plan.add or plan.retire or plan.staged)
        if manifest and old and unchanged:
            if plan.discard:
                database.discard(shelf, plan.discard, plan.generation)
            return Report(change, Change(unchanged=manifest["passages"]), 0, corpus)
        embedded = _put_all(plan, _Maker(database, settings, open_model), writer, progress)
        counts, passages = _recount(database, old, plan, corpus)
        database.retire(shelf, list(plan.retire), plan.generation)
        database.discard(shelf, plan.discard, plan.generation)
        database.index_vectors(shelf, counts.words.passages)
        writer.renew()
        _publish(database, plan, wanted, corpus, counts)
        return Report(change, passages, embedded, corpus)


def _check_workers(settings: Settings) -> None:
    if not is_alone(settings.workers) and settings.store.endswith(".db"):
        raise SettingsError(
            "a Milvus file serves one process; give --store a server's address, or --workers 1"
        )


def _fits(manifest: Mapping[str, Any], shelf: str) -> bool:
    return manifest.get("format") == FORMAT and manifest["shelf"] == shelf


def _plan(
    database: Database, shelf: str, manifest: Mapping[str, Any] | None, corpus: Corpus
) -> tuple[Plan, dict[str, str]]:
    """Compare the shelf with the corpus; gives also the living articles' checksums by name."""
    current = manifest["generation"] if manifest else 0
    database.sweep(shelf, current)
    held = database.held(shelf)
    alive = {h.version: h for h in held if h.born <= current and h.died == ALIVE}
    begun = {h.version for h in held if h.born > current}
    after = {version_of(article): article for article in corpus.articles}
    plan = Plan(
        shelf=shelf,
        generation=current + 1,
        add={v: a for v, a in after.items() if v not in alive and v not in begun},
        retire={v: h.name for v, h in alive.items() if v not in after},
        discard=sorted(begun - (after.keys() - alive.keys())),
        staged={v: after[v] for v in begun if v in after and v not in alive},
    )
    return plan, {h.name: h.sha256 for h in alive.values()}


@dataclass
class _Maker:
    """Embeds and writes new articles."""

    database: Database
    settings: Settings
    open_model: Callable[[Settings], Embedder]
    model: Embedder | None = None

    def put(self, shelf: str, born: int, articles: Mapping[str, Article]) -> int:
        """Write articles by version, with their passages; gives how many texts were embedded."""
        cut = {v: passages_of(article) for v, article in articles.items()}
        texts = [p.text for passages in cut.values() for p in passages]
        encoded, fresh = self._encode(shelf, list(dict.fromkeys(texts)))
        rows = [
            Row(row_id(v, p.sentence, born), v, articles[v].date, p, encoded[p.text])
            for v, passages in cut.items()
            for p in passages
        ]
        self.database.put(shelf, list(articles.values()), rows, born)
        return fresh

    def _encode(self, shelf: str, texts: Sequence[str]) -> tuple[dict[str, Encoded], int]:
        """Give vectors, those already known from the database; makes the shelf before the first."""
        found = self.database.recall(shelf, texts)
        fresh = [text for text in texts if text not in found]
        if fresh:
            if self.model is None:  # the shelf is made once: that locks out other workers
                self.model = self.open_model(self.settings)
                self.database.make(shelf, self.model.dimension)
            found |= dict(zip(fresh, self.model.encode(fresh), strict=True))
        return found, len(fresh)


@dataclass(frozen=True)
class _Work:
    """A batch's work in another process, which keeps its connection and its model."""

    settings: Settings
    open_model: Callable[[Settings], Embedder]
    shelf: str
    born: int

    def __call__(self, articles: Mapping[str, Article]) -> tuple[int, int]:
        """Write a batch; gives its number of articles, and of texts embedded."""
        maker = _maker_here(self.settings, self.open_model)
        return len(articles), maker.put(self.shelf, self.born, articles)


@cache
def _maker_here(settings: Settings, open_model: Callable[[Settings], Embedder]) -> _Maker:
    return _Maker(database_of(settings), settings, open_model)


def _put_all(plan: Plan, maker: _Maker, writer: Writer, progress: Progress | None) -> int:
    """Write all new articles, by several workers if the settings say so."""
    embedded = written = 0
    for articles, fresh in _put_each(plan, maker, writer):
        written += articles
        embedded += fresh
        if progress:
            progress(embedded, embedded * len(plan.add) // written)
    return embedded


def _put_each(plan: Plan, maker: _Maker, writer: Writer) -> Iterator[tuple[int, int]]:
    """Give the articles and embedded texts of each batch as it is written."""
    workers = maker.settings.workers
    batches = list(_batches(plan.add))
    here = batches if is_alone(workers) else batches[:1]  # the first makes the shelf
    for batch in here:
        writer.renew()
        yield len(batch), maker.put(plan.shelf, plan.generation, batch)
    if there := batches[len(here) :]:
        own = maker.settings
        if workers.isdecimal():  # they share this machine
            own = own.model_copy(update={"threads": max(1, own.threads // int(workers))})
        work = _Work(own, maker.open_model, plan.shelf, plan.generation)
        for done in in_parallel(work, there, workers):
            writer.renew()
            yield done


def _batches(articles: Mapping[str, Article]) -> Iterator[dict[str, Article]]:
    """Give articles in groups of about ``BATCH`` passages."""
    group: dict[str, Article] = {}
    size = 0
    for version, article in articles.items():
        group[version] = article
        size += len(article.sentences)
        if size >= BATCH:
            yield group
            group, size = {}, 0
    if group:
        yield group


def _recount(
    database: Database, old: Counts | None, plan: Plan, corpus: Corpus
) -> tuple[Counts, Change]:
    """Bring the counts in step: what comes is added, what goes is taken away.

    Where there are none, or none that are whole, all articles are counted.
    """
    counts, gone, new = old or Counts(), list[str](), list[str]()
    if old is not None and plan.retire:
        view = View(plan.shelf, plan.generation - 1, articles=tuple(plan.retire.values()))
        for article in database.articles(view):
            gone += _count(counts, article, -1)
    fresh = (*plan.add.values(), *plan.staged.values()) if old is not None else corpus.articles
    for article in fresh:
        new += _count(counts, article, 1)
    change = passage_change(gone, new)
    stay = counts.words.passages - len(new) + change.unchanged
    return counts, Change(change.added, 0, change.removed, stay)


def _count(counts: Counts, article: Article, sign: int) -> list[str]:
    texts = [passage.text for passage in passages_of(article)]
    counts.words.count(texts, sign)
    for holder in read_holders(article.text):
        counts.holders[holder] += sign
        if not counts.holders[holder]:
            del counts.holders[holder]
    return texts


def _publish(
    database: Database, plan: Plan, wanted: Mapping[str, Any], corpus: Corpus, counts: Counts
) -> None:
    """Write the counts, then the one text that makes the new generation the one in use."""
    texts = counts.to_texts()
    manifest = {
        "format": FORMAT,
        "generation": plan.generation,
        "shelf": plan.shelf,
        "recipe": wanted,
        "articles": len(corpus.articles),
        "passages": counts.words.passages,
        "corpus_sha256": corpus.sha256,
        "newest": max((a.date for a in corpus.articles if a.date), default=None),
        "counts_sha256": digest(texts),
    }
    keys = [counts_key(manifest, name) for name in texts]
    for key, text in zip(keys, texts.values(), strict=True):
        database.write(key, text)
    database.write(CURRENT, json.dumps(manifest, sort_keys=True))
    before = manifest | {"generation": plan.generation - 1}
    database.erase("counts:", [*keys, *(counts_key(before, name) for name in texts)])
    database.drop_shelves(but=plan.shelf)
