"""The whole product over the documents that a question comes with, indexed anew for each one."""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rag.answer import Answer
from rag.embedder import open_embedder
from rag.index import Index, open_index, recipe
from rag.indexer import build_index
from rag.llm import open_llm
from rag.loaders import clean
from rag.queryencoder import open_query_encoder
from rag.reranker import open_reranker
from rag.retriever import Hit, Retriever
from rag.settings import Settings
from rag.whosewords import NOBODY

from ..opening import RecordedRag
from ..systems import elapsed, offered
from ..tokens import metered
from .features import features_of

FILE = "documents.jsonl"


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is given with a question, as the product keeps it: offsets are into this."""

    text: str
    title: str | None = None

    def __post_init__(self) -> None:
        """Clean the text as a loader does."""
        object.__setattr__(self, "text", clean(self.text))


@dataclass(frozen=True, slots=True)
class Question:
    """One question of an outside set; ``gold`` is what the set says about it.

    ``answerable`` says whether the documents answer it, None where neither is right.
    """

    id: str
    text: str
    documents: tuple[Document, ...]
    answerable: bool | None
    history: tuple[tuple[str, str], ...] = ()
    gold: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the product said; ``answer`` is the contract's object, None where it crashed.

    ``found`` are the evidence's places, best first: (number of the document from 0, start, end).
    """

    id: str
    key: str
    answer: dict[str, Any] | None
    error: str | None = None
    found: tuple[tuple[int, int, int], ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    milliseconds: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether it abstained; a crash is neither an answer nor an abstention."""
        return self.answer is not None and self.answer["status"] == "abstained"

    @property
    def text(self) -> str:
        """The answer's words; nothing where there is no answer."""
        if self.answer is None or self.silent:
            return ""
        return str(self.answer["answer"])

    @property
    def citations(self) -> list[dict[str, Any]]:
        """The citations of an answer, each with the number of its ``document`` from 0."""
        cited = self.answer["citations"] if self.answer else []
        return [{**each, "document": document_of(each["article"])} for each in cited]

    def shown(self) -> list[str]:
        """All that a reader sees of an answer: its words, its quotes, the sides of conflicts."""
        if self.answer is None or self.silent:
            return []
        sides = [side["text"] for each in self.answer["conflicts"] for side in each["sides"]]
        return [self.text, *(each["quote"] for each in self.citations), *sides]


class GivenDocuments:
    """The product whose corpus is changed from question to question; models are loaded once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._embedder = open_embedder(settings)
        self._reranker = open_reranker(settings)
        self._queries = open_query_encoder(settings)
        self._llm = open_llm(settings)
        self._meter = metered(self._llm)

    @property
    def identity(self) -> str:
        """All that answers depend on besides question and documents, without the code."""
        rag = self._rag(_nothing(self.settings), self.settings)
        return json.dumps(rag.provenance, sort_keys=True, default=str)

    def ask(self, question: Question, key: str = "") -> Reply:
        """Ask one question over its own documents; raises what the product raises."""
        with self._indexed(question.documents) as (index, settings):
            rag = self._rag(index, settings)
            self._meter.clear()
            start = time.perf_counter()
            answer = rag.ask(question.text, question.history)
            spent = elapsed(start)
            hits = offered(rag.judged, settings.evidence)
            return Reply(
                id=question.id,
                key=key,
                answer=_plain(answer),
                found=tuple(map(_place, hits)),
                features=features_of(index, self._embedder, rag.judged),
                tokens=self._meter.counts(),
                milliseconds=spent,
            )

    @contextmanager
    def _indexed(self, documents: Sequence[Document]) -> Iterator[tuple[Index, Settings]]:
        if not documents:
            yield _nothing(self.settings), self.settings
            return
        with tempfile.TemporaryDirectory() as temporary:
            source = Path(temporary) / FILE
            rows = ({"id": n, "title": d.title, "text": d.text} for n, d in enumerate(documents, 1))
            source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
            settings = self.settings.model_copy(update={"index": Path(temporary) / "index"})
            build_index([source], settings, lambda _: self._embedder)
            index = open_index(settings)
            try:
                yield index, settings
            finally:
                index.close()

    def _rag(self, index: Index, settings: Settings) -> RecordedRag:
        search: Any = _FindsNothing()
        if index.articles:
            search = Retriever(index, self._embedder, self._reranker, settings, self._queries)
        return RecordedRag(settings, index, search, self._llm)

    def close(self) -> None:
        """Free the model's weights."""
        close = getattr(self._llm, "close", None)
        if callable(close):
            close()


class _FindsNothing:
    """The search where no document is given."""

    def search(self, *_: object, **__: object) -> list[Hit]:
        return []


def _nothing(settings: Settings) -> Any:  # noqa: ANN401 - stands in for an Index
    manifest = {"corpus_sha256": "", "recipe": recipe(settings), "articles": 0}
    words = SimpleNamespace(strangers=lambda _: [])
    return SimpleNamespace(
        articles=(),
        manifest=manifest,
        words=words,
        newest=None,
        offices=NOBODY,
        refresh=lambda: None,
        close=lambda: None,
    )


def _plain(answer: Answer) -> dict[str, Any]:
    return {
        key: v for key, v in answer.to_dict().items() if key not in ("provenance", "timings_ms")
    }


def _place(hit: Hit) -> tuple[int, int, int]:
    return document_of(hit.article.name), hit.sentence.start, hit.sentence.end


def document_of(article: str) -> int:
    """Give the number of a document, from 0, by its article's name."""
    return int(article.removeprefix(f"{FILE}#")) - 1
