"""A reader's own files: asked together with the articles, in one session, seen by nobody else."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.corpus import Article, Corpus, read_corpus
from rag.errors import CorpusError, RagError
from rag.index import open_index
from rag.indexer import index_corpus
from rag.pipeline import Rag
from rag.retriever import Retriever
from rag.settings import Settings

Progress = Callable[[int, int], None]
MARK = "yours/"  # own articles are named so, and cannot be taken for the others


@dataclass(frozen=True)
class Added:
    """What came of some files: the articles read, and a line for each file that was not."""

    articles: tuple[Article, ...]
    problems: tuple[str, ...]


class OwnFiles:
    """One session's own articles, with an index over these and the shared ones.

    Everything lies in a private folder that ``close`` takes away.
    """

    def __init__(self, shared: Rag, parent: Path) -> None:
        self._shared = shared
        self._folder = Path(tempfile.mkdtemp(prefix="own-", dir=parent))
        self._settings = shared.settings.model_copy(
            update={"index": self._folder / "index", "store": "faiss"}
        )
        self._engines: dict[int, Rag] = {}
        self._lock = threading.Lock()
        self.articles: tuple[Article, ...] = ()

    def add(self, files: Sequence[Path], progress: Progress | None = None) -> Added:
        """Read files and bring the index in step; a bad file is reported and costs no other."""
        with self._lock:
            articles = {article.name: article for article in self.articles}
            problems: list[str] = []
            added: list[Article] = []
            for file in files:
                try:
                    read = _read(file, self._settings)
                    _check_room([*articles.values(), *read], file.name, self._settings)
                except RagError as problem:
                    problems.append(str(problem))
                else:
                    added += read
                    articles |= {article.name: article for article in read}
            if added:
                self._index(tuple(articles.values()), progress)
            return Added(tuple(added), tuple(problems))

    def engine(self, rag: Rag) -> Rag:
        """Give an engine over own and shared articles, with the model of a shared engine."""
        with self._lock:
            if id(rag) not in self._engines:
                self._engines[id(rag)] = self._opened(rag)
            return self._engines[id(rag)]

    def close(self) -> None:
        """Forget everything."""
        self._engines.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _index(self, articles: tuple[Article, ...], progress: Progress | None) -> None:
        shared = self._shared
        every = sorted((*shared.articles, *articles), key=lambda article: article.name)
        embedder = shared.retriever.search.embedder
        index_corpus(
            Corpus(tuple(every), (), ()), self._settings, lambda _: embedder, progress, shared.index
        )
        self.articles = articles
        self._engines = {}

    def _opened(self, rag: Rag) -> Rag:
        settings = rag.settings.model_copy(update={"index": self._settings.index, "store": "faiss"})
        search: Retriever = rag.retriever.search
        index = open_index(settings)
        return Rag(settings, index, replace(search, index=index, settings=settings), rag.llm)


def _read(file: Path, settings: Settings) -> list[Article]:
    try:
        corpus = read_corpus([file], settings.own_bytes)
    except CorpusError as problem:
        raise CorpusError(str(problem).replace(str(file), file.name)) from problem
    return [replace(article, name=MARK + article.name) for article in corpus.articles]


def _check_room(articles: Sequence[Article], name: str, settings: Settings) -> None:
    size = sum(len(article.text) for article in articles)
    if size > settings.own_chars:
        raise CorpusError(
            f"{name} would make {size:,} characters of own text, "
            f"{settings.own_chars:,} are taken; split it, or have it added with `rag index`"
        )
    if len(articles) > settings.own_articles:
        raise CorpusError(
            f"{name} would make {len(articles):,} own articles, "
            f"{settings.own_articles:,} are taken; have it added with `rag index`"
        )
