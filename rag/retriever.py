"""A question to ranked evidence: three rankings, fused.

Meaning (cosine of sentence vectors), words (BM25), and late interaction of token vectors over the
candidates of both. They are joined by reciprocal rank fusion (Cormack et al. 2009). Weights and
damping were chosen on outside data (docs/bench/retrieval.md), not on the seed questions.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.corpus import Article, Sentence
from rag.embedder import Embedder, Encoded
from rag.expected import kind_of, offers
from rag.index import Index
from rag.reranker import Reranker, blend
from rag.settings import Settings

RANKINGS = {"meaning": 1.0, "tokens": 2.0, "words": 1.0}


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked sentence; ``rank`` counts from 1, a higher ``score`` is better.

    ``relevance`` is the reranker's logit (above 0: more likely than not to answer), or None
    when no reranker ran. ``nearness`` is the cosine of question and sentence.
    """

    rank: int
    article: Article
    sentence: Sentence
    context: str
    score: float
    relevance: float | None = None
    nearness: float = 0.0


def fuse(
    rankings: Mapping[str, Sequence[int]], weights: Mapping[str, float], k: int
) -> list[tuple[int, float]]:
    """Join rankings of rows by weighted reciprocal rank: the sum of weight / (k + rank).

    Gives (row, score), best first, ties by row. A row missing from a ranking gets nothing from it.
    """
    scores: dict[int, float] = {}
    for name, rows in rankings.items():
        for rank, row in enumerate(rows, 1):
            scores[row] = scores.get(row, 0.0) + weights[name] / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True)
class Retriever:
    """Searches one open index; safe to share between threads."""

    index: Index
    embedder: Embedder
    reranker: Reranker | None
    settings: Settings

    def search(
        self,
        query: str,
        k: int,
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
        *,
        rerank: bool = True,
    ) -> list[Hit]:
        """Give up to k sentences, best first, from articles dated up to ``as_of``.

        ``articles`` limits the search to those names.
        """
        asked, kind = query, kind_of(query)
        query = self.index.offices.named(asked)
        encoded = next(iter(self.embedder.encode([query])))
        many = max(k, self.settings.candidates)
        ranked = self._candidates(query, encoded, many, as_of, articles)
        rows = [row for row, _ in ranked]
        found = [self.index.texts.passage(row) for row in rows]
        vectors = self.index.vectors.get(np.array(rows, dtype=np.int64))
        nearness = [float(cosine) for cosine in vectors @ encoded.vector]
        relevance: list[float | None] = [None] * len(rows)
        scores = [score for _, score in ranked]
        if rerank and self.reranker is not None and rows:
            logits = self.reranker.score(query, [(p.text, p.context) for _, p in found])
            relevance = list(logits)
            lacks = [kind is not None and not offers(kind, p.text, asked) for _, p in found]
            scores = blend(logits, scores, nearness, lacks)
        order = sorted(range(len(rows)), key=lambda i: (-scores[i], i))[:k]
        return [
            Hit(
                rank,
                found[i][0],
                found[i][0].sentences[found[i][1].sentence],
                found[i][1].context,
                scores[i],
                relevance[i],
                nearness[i],
            )
            for rank, i in enumerate(order, 1)
        ]

    def _candidates(
        self,
        query: str,
        encoded: Encoded,
        k: int,
        as_of: datetime.date | None,
        articles: Collection[str] | None,
    ) -> list[tuple[int, float]]:
        """Rank rows by the three rankings; a far larger corpus changes k's share, not the way."""
        allowed = None
        if as_of is not None or articles is not None:
            day = as_of.isoformat() if as_of else None
            names = None if articles is None else sorted(articles)
            allowed = np.array(self.index.texts.rows(day, names), dtype=np.int64)
            if not len(allowed):
                return []
        meaning = [row for row, _ in self.index.vectors.search(encoded.vector, k, allowed)]
        words = [row for row, _ in self.index.words.search(query, k, allowed)]
        both = list(dict.fromkeys([*meaning, *words]))
        matches = self.index.tokens.maxsim(encoded.tokens, both)
        tokens = [
            row for _, row in sorted(zip(matches, both, strict=True), key=lambda m: (-m[0], m[1]))
        ]
        rankings = {"meaning": meaning, "tokens": tokens, "words": words}
        return fuse(rankings, RANKINGS, self.settings.rrf_k)[:k]


class QuotableRetriever(BaseRetriever):
    """The same search for LangChain: one Document a sentence, offsets in its metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    search: Any  # a Retriever; pydantic cannot look into the protocols it holds
    k: int = 8
    as_of: datetime.date | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002
    ) -> list[Document]:
        hits: list[Hit] = self.search.search(query, self.k, self.as_of)
        return [Document(page_content=hit.sentence.text, metadata=hit_row(hit)) for hit in hits]


def hit_row(hit: Hit) -> dict[str, Any]:
    """Give a hit as the contract's plain row."""
    return {
        "rank": hit.rank,
        "article": hit.article.name,
        "title": hit.article.title,
        "date": hit.article.date,
        "start": hit.sentence.start,
        "end": hit.sentence.end,
        "text": hit.sentence.text,
        "score": hit.score,
    }
