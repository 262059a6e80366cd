"""The product over one given passage: the whole path but for finding the passage."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from rag.corpus import Article
from rag.embedder import embedder_folder
from rag.llm import open_llm
from rag.offices import Offices
from rag.passages import passages_of
from rag.pipeline import Rag
from rag.reranker import Reranker
from rag.retriever import Hit
from rag.settings import Settings


class GivenPassage:
    """A search over the sentences of the one article it is given, by the reranker alone."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker
        self.article = Article("passage", "", None, None, "", "")

    def search(self, query: str, k: int, _as_of: date | None = None, **_: object) -> list[Hit]:
        """Give up to k sentences, best first."""
        passages = passages_of(self.article)
        logits = self._reranker.score(query, [(p.text, p.context) for p in passages])
        order = sorted(range(len(passages)), key=lambda at: (-logits[at], at))[:k]
        return [
            Hit(
                rank,
                self.article,
                self.article.sentences[passages[at].sentence],
                passages[at].context,
                logits[at],
                logits[at],
            )
            for rank, at in enumerate(order, 1)
        ]


def open_passage(settings: Settings) -> tuple[Rag, GivenPassage]:
    """Open the product over a passage that can be changed from question to question."""
    search: Any = GivenPassage(Reranker(embedder_folder(settings)))
    manifest = {"corpus_sha256": "", "recipe": {}}
    index: Any = SimpleNamespace(
        articles=(), manifest=manifest, offices=Offices(()), newest=None, close=lambda: None
    )
    return Rag(settings, index, search, open_llm(settings)), search


def article_of(text: str, title: str | None = None) -> Article:
    """Make an article of a passage's text."""
    return Article("passage", text, title, None, "", "")
