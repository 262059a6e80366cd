"""An index that lives in a database and that several machines ask: they need only its address.

What is small and asked all the time (the words of the corpus, who holds which office) is read when
a generation is first seen; passages, vectors and articles stay in the database until they are asked
for. A reader sees one generation and never half of one; ``refresh`` moves it to the newest.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from rag.corpus import Article
from rag.embedder import Encoded
from rag.errors import IndexDamaged, IndexMismatch, IndexMissing
from rag.index import AGAIN, Floats, Ranked, Searchable, Within, open_index, read_manifest, recipe
from rag.offices import Holder, Offices
from rag.passages import Passage
from rag.settings import Settings
from rag.store import is_database, open_database
from rag.store.database import Database, Row, View, Words, shown
from rag.vocabulary import Tally, Vocabulary

FORMAT = 1
CURRENT = "current"  # the key under which the manifest of the generation in use is kept


@dataclass
class Counts:
    """What is counted over all articles of a generation: words, and who is said to hold what."""

    words: Tally = field(default_factory=Tally)
    holders: Counter[Holder] = field(default_factory=Counter)

    def to_texts(self) -> dict[str, str]:
        """Give the texts that are kept for a generation, by name."""
        rows = sorted(([h.name, h.office, h.country, n] for h, n in self.holders.items()), key=str)
        return {"words": self.words.to_json(), "holders": json.dumps(rows, ensure_ascii=False)}

    @classmethod
    def from_texts(cls, words: str, holders: str) -> "Counts":
        """Read what ``to_texts`` gave."""
        rows = json.loads(holders)
        return cls(Tally.from_json(words), Counter({Holder(*who): n for *who, n in rows}))


@dataclass(frozen=True)
class Generation:
    """One published state of a shared index, as far as it is kept in memory."""

    told: str
    manifest: Mapping[str, Any]
    counts: Counts

    @cached_property
    def words(self) -> Vocabulary:
        """The corpus's words."""
        return self.counts.words.vocabulary

    @cached_property
    def offices(self) -> Offices:
        """Who holds which office."""
        return Offices.of(self.counts.holders)

    def view(self, within: Within | None = None) -> View:
        """Say what a search may see."""
        names = None
        if within is not None and within.articles is not None:
            names = tuple(sorted(within.articles))
        up_to = within.up_to if within is not None else None
        return View(self.manifest["shelf"], self.manifest["generation"], up_to, names)


class SharedIndex:
    """An open shared index; safe to share between threads."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._place = shown(settings.store)
        self._recipe = recipe(settings)
        self._lock = threading.Lock()
        self._now = self._read()

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What it was made of and how."""
        return self._now.manifest

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles, in order of their names; all their texts are read once a generation."""
        every: tuple[Article, ...] = self._every(self._now.view())
        return every

    @property
    def newest(self) -> str | None:
        """The date of the newest article."""
        newest: str | None = self.manifest["newest"]
        return newest

    @property
    def words(self) -> Vocabulary:
        """The corpus's own words."""
        return self._now.words

    @property
    def offices(self) -> Offices:
        """Who holds which office."""
        return self._now.offices

    def near(self, vector: Floats, k: int, within: Within) -> Ranked:
        """Search by meaning."""
        view = self._now.view(within)
        return self._database.near(view, vector, k) if view.articles != () else []

    def worded(self, query: str, k: int, within: Within) -> Ranked:
        """Search by words, widened to the corpus's spellings."""
        now = self._now
        tally = now.counts.words
        terms = [term for term in now.words.widen(query) if term in tally.terms]
        words = Words(tuple(terms), tally.weights(terms), tally.mean_length)
        view = now.view(within)
        return self._database.worded(view, words, k) if terms and view.articles != () else []

    def fetch(self, rows: Sequence[int]) -> dict[int, tuple[Passage, Encoded]]:
        """Give the passages of some rows, with their vectors."""
        if not rows:
            return {}
        return _by_id(self._database.fetch(self.manifest["shelf"], rows))

    def at(self, places: Collection[tuple[str, int]]) -> dict[int, tuple[Passage, Encoded]]:
        """Give the passages at some places, with their vectors."""
        return _by_id(self._database.at(self._now.view(), places)) if places else {}

    def named(self, names: Iterable[str]) -> dict[str, Article]:
        """Give articles by name."""
        wanted = tuple(names)
        if not wanted:
            return {}
        view = self._now.view(Within(articles=wanted))
        return {article.name: article for article in self._database.articles(view)}

    def recall(self, texts: Sequence[str]) -> dict[str, Encoded]:
        """Give the vectors of texts that are passages here."""
        return self._database.recall(self.manifest["shelf"], texts) if texts else {}

    def refresh(self) -> None:
        """Move on to the newest generation; a question costs one small read for this."""
        told = self._database.read(CURRENT)
        if told != self._now.told:
            with self._lock:
                self._now = self._read()

    def close(self) -> None:
        """Let go of the connections."""
        self._database.close()

    @cached_property
    def _every(self) -> Any:  # noqa: ANN401 - a cached function
        def read(view: View) -> tuple[Article, ...]:
            return tuple(sorted(self._database.articles(view), key=lambda article: article.name))

        return lru_cache(maxsize=1)(read)

    def _read(self) -> Generation:
        """Read the newest generation.

        Raises IndexMissing, IndexMismatch or IndexDamaged.
        """
        for _ in range(3):  # a writer may publish, and clear away, between two reads
            found = published(self._database)
            if found is None:
                raise _missing(self._place)
            told, manifest = found
            self._check(manifest)
            counts = counts_of(self._database, manifest)
            if counts is not None:
                return Generation(told, manifest, counts)
        raise IndexDamaged(f"the index in {self._place} is not whole; {AGAIN}")

    def _check(self, manifest: Mapping[str, Any]) -> None:
        if manifest.get("format") != FORMAT:
            raise IndexMismatch(
                f"the index in {self._place} has format {manifest.get('format')}, this version "
                f"reads {FORMAT}; {AGAIN}"
            )
        for key, wanted in self._recipe.items():
            if manifest["recipe"].get(key) != wanted:
                raise IndexMismatch(
                    f"the index in {self._place} was made with {key} "
                    f"{manifest['recipe'].get(key)!r}, the settings say {wanted!r}; "
                    "run `rag index` with these settings, or set the old one again"
                )


def _by_id(found: Iterable[Row]) -> dict[int, tuple[Passage, Encoded]]:
    return {row.id: (row.passage, row.encoded) for row in found}


def published(database: Database) -> tuple[str, dict[str, Any]] | None:
    """Read the manifest in use, as it stands and parsed; None where nothing was ever published."""
    told = database.read(CURRENT)
    if told is None:
        return None
    try:
        manifest: dict[str, Any] = json.loads(told)
    except ValueError as problem:
        raise IndexDamaged(f"the manifest in the database is damaged; {AGAIN}") from problem
    return told, manifest


def counts_of(database: Database, manifest: Mapping[str, Any]) -> Counts | None:
    """Read the counts of a generation; None where they are gone or not the published ones."""
    names = ("words", "holders")
    texts = [database.read(counts_key(manifest, name)) for name in names]
    if None in texts:
        return None
    found = {name: text or "" for name, text in zip(names, texts, strict=True)}
    return Counts.from_texts(**found) if digest(found) == manifest["counts_sha256"] else None


def counts_key(manifest: Mapping[str, Any], name: str) -> str:
    """Give the key under which a generation's counts are kept."""
    return f"counts:{manifest['shelf']}:{manifest['generation']}:{name}"


def digest(texts: Mapping[str, str]) -> str:
    """Give the checksum of some texts."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def database_of(settings: Settings) -> Database:
    """Make ready to talk to the database that the settings name."""
    token = settings.store_token.get_secret_value() if settings.store_token else None
    return open_database(settings.store, token)


def expect_index(settings: Settings) -> None:
    """See that there is an index to open, without opening it; raises an IndexFault."""
    if not is_database(settings.store):
        read_manifest(settings.index)
        return
    with closing(database_of(settings)) as database:
        if published(database) is None:
            raise _missing(shown(settings.store))


def _missing(place: str) -> IndexMissing:
    return IndexMissing(f"there is no index in {place}; run `rag index` with this --store first")


def open_any(settings: Settings) -> Searchable:
    """Open the index the settings name, in its folder or its database.

    Raises IndexMissing, IndexDamaged, IndexMismatch or StoreFailed.
    """
    if not is_database(settings.store):
        return open_index(settings)
    database = database_of(settings)
    try:
        return SharedIndex(database, settings)
    except BaseException:
        database.close()
        raise
