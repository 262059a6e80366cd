"""Articles and passages on disk, in SQLite: plain, and readable with any tool."""

import errno
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.corpus import Article
from rag.errors import IndexDamaged
from rag.passages import Passage

FILE = "texts.sqlite"
SCHEMA = """
CREATE TABLE articles (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, title TEXT, date TEXT,
    origin TEXT NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL, first INTEGER NOT NULL);
CREATE INDEX contents ON articles (id, name, date, first);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, article INTEGER NOT NULL REFERENCES articles, sentence INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, context TEXT NOT NULL);
CREATE INDEX passages_by_article ON passages (article);
"""


def write_texts(folder: Path, articles: Sequence[Article], passages: Sequence[Passage]) -> None:
    """Write articles and passages, which come in the order of their articles.

    A passage's id is its row in the vector store, from 0; ``first`` is the row of an article's
    first one. Raises OSError when the disk is full or fails.
    """
    try:
        _write(folder, articles, passages)
    except sqlite3.OperationalError as problem:
        full = problem.sqlite_errorcode == sqlite3.SQLITE_FULL
        raise OSError(errno.ENOSPC if full else errno.EIO, str(problem)) from problem


def _write(folder: Path, articles: Sequence[Article], passages: Sequence[Passage]) -> None:
    ids = {article.name: number for number, article in enumerate(articles)}
    spans = {article.name: article.sentences for article in articles}
    many = Counter(passage.article for passage in passages)
    firsts = accumulate((many[article.name] for article in articles), initial=0)
    with closing(sqlite3.connect(folder / FILE)) as base, base:
        base.executescript(SCHEMA)
        base.executemany(
            "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (ids[a.name], a.name, a.title, a.date, a.origin, a.sha256, a.text, first)
                for a, first in zip(articles, firsts, strict=False)
            ),
        )
        base.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (row, ids[p.article], p.sentence, s.start, s.end, p.text, p.context)
                for row, p in enumerate(passages)
                for s in [spans[p.article][p.sentence]]
            ),
        )


class Texts:
    """Reads what ``write_texts`` wrote; one connection, shared by threads under a lock."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._lock = threading.Lock()
        try:
            self._base = sqlite3.connect(
                f"{self._file.absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
            )
            contents = self._all("SELECT name, date, first FROM articles ORDER BY id")
            self._many = self._all("SELECT COALESCE(MAX(id) + 1, 0) FROM passages")[0][0]
        except sqlite3.Error as problem:
            raise IndexDamaged(
                f"{self._file} cannot be read ({problem}); run `rag index` to build it again"
            ) from problem
        self.names = [name for name, _, _ in contents]
        self._dates = np.array([date or "" for _, date, _ in contents], dtype=str)
        self._firsts = np.array([first for _, _, first in contents], dtype=np.int64)
        self.article = lru_cache(maxsize=2048)(self._article)

    def _all(self, question: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock:
            return self._base.execute(question, values).fetchall()

    def _article(self, number: int) -> Article:
        ask = "SELECT name, text, title, date, origin, sha256 FROM articles WHERE id = ?"
        return Article(*self._all(ask, number)[0])

    def articles(self) -> Iterator[Article]:
        """Give every article in order."""
        return (self.article(number) for number in range(len(self.names)))

    def passage(self, row: int) -> tuple[Article, Passage]:
        """Give one passage and its article by the passage's row."""
        ask = "SELECT article, sentence, text, context FROM passages WHERE id = ?"
        number, *rest = self._all(ask, int(row))[0]  # SQLite knows none of NumPy's numbers
        article = self.article(number)
        return article, Passage(article.name, *rest)

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Give passages by their rows, in that order."""
        ask = (
            "SELECT article, sentence, text, context FROM json_each(?) AS wanted "
            "JOIN passages ON passages.id = wanted.value ORDER BY wanted.id"
        )
        found = self._all(ask, json.dumps([int(row) for row in rows]))
        return [Passage(self.names[number], *rest) for number, *rest in found]

    def at(self, places: Iterable[tuple[str, int]]) -> list[int]:
        """Give the rows of the passages at (article, number of its sentence), where there are any.

        They come in any order.
        """
        ask = (
            "SELECT passages.id FROM json_each(?) AS wanted JOIN passages "
            "ON passages.article = json_extract(wanted.value, '$[0]') "
            "AND passages.sentence = json_extract(wanted.value, '$[1]')"
        )
        known = [(self._numbers[name], n) for name, n in places if name in self._numbers]
        return [row for (row,) in self._all(ask, json.dumps(known))]

    def named(self, name: str) -> Article | None:
        """Give an article by its name, None where there is none."""
        number = self._numbers.get(name)
        return None if number is None else self.article(number)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def passage_texts(self) -> list[str]:
        """Give every passage's text, by row."""
        return [text for (text,) in self._all("SELECT text FROM passages ORDER BY id")]

    def rows(
        self, up_to: str | None = None, articles: Iterable[str] | None = None
    ) -> NDArray[np.int64]:
        """Give the rows of passages from articles dated up to a day, or from named articles.

        With ``up_to`` an article without a date is left out: nobody knows that it was out by then.
        """
        chosen = np.ones(len(self.names), dtype=bool)
        if up_to is not None:
            chosen &= (self._dates != "") & (self._dates <= up_to)
        if articles is not None:
            numbers = [self._numbers[name] for name in articles if name in self._numbers]
            named = np.zeros_like(chosen)
            named[numbers] = True
            chosen &= named
        return np.flatnonzero(np.repeat(chosen, np.diff(self._firsts, append=self._many)))

    def newest(self) -> str | None:
        """Give the date of the newest article, None where no article has one."""
        newest: str | None = self._all("SELECT MAX(date) FROM articles")[0][0]
        return newest

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()
