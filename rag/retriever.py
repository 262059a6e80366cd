"""A question to ranked evidence: three rankings, fused.

Meaning (cosine of sentence vectors), words (BM25), and late interaction of token vectors over the
candidates of both. They are joined by reciprocal rank fusion (Cormack et al. 2009). Weights and
damping were chosen on outside data (docs/bench/retrieval.md), not on the seed questions.
"""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.corpus import Article, Sentence
from rag.embedder import Embedder, Encoded
from rag.expected import lacks
from rag.index import Searchable, Within
from rag.passages import Passage
from rag.queryencoder import QueryEncoder
from rag.reranker import Reranker, blend
from rag.settings import Settings
from rag.store.tokens import maxsim

RANKINGS = {"meaning": 1.0, "tokens": 2.0, "words": 1.0}


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked sentence; ``rank`` counts from 1, a higher ``score`` is better.

    ``relevance`` is the reranker's logit (above 0: more likely than not to answer), or None
    when no reranker ran. ``nearness`` is the cosine of question and sentence. ``theirs`` is False
    where somebody's words are asked for and these are another's.
    """

    rank: int
    article: Article
    sentence: Sentence
    context: str
    score: float
    relevance: float | None = None
    nearness: float = 0.0
    theirs: bool = True


def rank_anew(hits: Iterable[Hit]) -> list[Hit]:
    """Give hits the ranks of the order they come in."""
    return [replace(hit, rank=rank) for rank, hit in enumerate(hits, 1)]


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

    index: Searchable
    embedder: Embedder
    reranker: Reranker | None
    settings: Settings
    queries: QueryEncoder | None = None  # the embedder's own reading without one

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
        asked = query
        query = self.index.offices.named(asked)
        encoded = next(iter(self.embedder.encode([query])))
        asking = self.queries.encode(query) if self.queries else encoded
        within = Within(as_of.isoformat() if as_of else None, articles)
        found = self._candidates(query, asking, max(k, self.settings.candidates), within)
        if rerank and self.reranker is not None:
            found = found[: max(k, self.settings.reranked)]
        nearness = [float(each.encoded.vector @ encoded.vector) for each in found]
        relevance: list[float | None] = [None] * len(found)
        scores = [each.score for each in found]
        if rerank and self.reranker is not None and found:
            passages = [each.passage for each in found]
            logits = self.reranker.score(query, [(p.text, p.context) for p in passages])
            relevance = list(logits)
            lacking = lacks(asked, [p.text for p in passages])
            scores = blend(logits, scores, nearness, [each.late for each in found], lacking)
        order = sorted(range(len(found)), key=lambda i: (-scores[i], i))[:k]
        articles_of = self.index.named({found[i].passage.article for i in order})
        kept = [i for i in order if found[i].passage.article in articles_of]
        return [
            Hit(
                rank,
                article := articles_of[found[i].passage.article],
                article.sentences[found[i].passage.sentence],
                found[i].passage.context,
                scores[i],
                relevance[i],
                nearness[i],
            )
            for rank, i in enumerate(kept, 1)
        ]

    def _candidates(
        self, query: str, encoded: Encoded, k: int, within: Within
    ) -> list["_Candidate"]:
        """Rank passages by the three rankings; a far larger corpus changes k's share, not the way.

        Ties go by article and sentence: every store ranks alike, whatever its row numbers.
        """
        near = self.index.near(encoded.vector, k, within)
        worded = self.index.worded(query, k, within)
        fetched = self.index.fetch(list(dict.fromkeys(row for row, _ in [*near, *worded])))
        rows = sorted(fetched, key=lambda row: fetched[row][0].place)
        at = {row: number for number, row in enumerate(rows)}
        late = {row: maxsim(encoded.tokens, e.tokens) for row, (_, e) in fetched.items()}
        rankings = {
            name: [n for _, n in sorted((-score, at[row]) for row, score in best if row in at)]
            for name, best in (("meaning", near), ("tokens", late.items()), ("words", worded))
        }
        fused = fuse(rankings, RANKINGS, self.settings.rrf_k)[:k]
        return [_Candidate(*fetched[rows[n]], score, late[rows[n]]) for n, score in fused]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A passage that came up, with its fused score and that of late interaction."""

    passage: Passage
    encoded: Encoded
    score: float
    late: float


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
        self.search.index.refresh()
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
