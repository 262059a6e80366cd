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
from rag.reranker import Likeness, Reranker, blend
from rag.settings import Settings
from rag.store.tokens import maxsim

RANKINGS = {"meaning": 1.0, "tokens": 2.0, "words": 1.0}
HEADING_CHARS = 60  # of a heading, for the reranker: a long one left no room for what precedes
FOLLOWED = 8  # of the best sentences, the next one is read as well: it may go on with "he"


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
        asked = self._read(query)
        within = Within(as_of.isoformat() if as_of else None, articles)
        found = self._candidates(asked, max(k, self.settings.candidates), within)
        if rerank and self.reranker is not None and found:
            found = self._reranked(asked, found, max(k, self.settings.reranked), self.reranker)
        best = sorted(found, key=lambda each: -each.score)[:k]
        articles_of = self.index.named({each.passage.article for each in best})
        kept = [each for each in best if each.passage.article in articles_of]
        return [
            Hit(
                rank,
                article := articles_of[each.passage.article],
                article.sentences[each.passage.sentence],
                each.passage.context,
                each.score,
                each.relevance,
                each.near,
            )
            for rank, each in enumerate(kept, 1)
        ]

    def _read(self, query: str) -> "_Query":
        named = self.index.offices.named(query)
        plain = next(iter(self.embedder.encode([named])))
        return _Query(query, named, plain, self.queries.encode(named) if self.queries else plain)

    def _candidates(self, asked: "_Query", k: int, within: Within) -> list["_Candidate"]:
        """Rank passages by the three rankings; a far larger corpus changes k's share, not the way.

        Ties go by article and sentence: every store ranks alike, whatever its row numbers.
        """
        near = self.index.near(asked.encoded.vector, k, within)
        worded = self.index.worded(asked.named, k, within)
        fetched = self.index.fetch(list(dict.fromkeys(row for row, _ in [*near, *worded])))
        seen = {row: asked.sees(*held) for row, held in fetched.items()}
        rows = sorted(seen, key=lambda row: seen[row].passage.place)
        at = {row: number for number, row in enumerate(rows)}
        late = [(row, each.late) for row, each in seen.items()]
        rankings = {
            name: [n for _, n in sorted((-score, at[row]) for row, score in best if row in at)]
            for name, best in (("meaning", near), ("tokens", late), ("words", worded))
        }
        fused = fuse(rankings, RANKINGS, self.settings.rrf_k)[:k]
        return [replace(seen[rows[n]], score=score) for n, score in fused]

    def _reranked(
        self, asked: "_Query", found: Sequence["_Candidate"], many: int, reranker: Reranker
    ) -> list["_Candidate"]:
        """Read so many of the best, and the sentences right behind the first ones, anew."""
        known = {each.passage.place: each for each in found}
        best = [each.passage for each in found[:many]]
        behind = [passage.beside(1) for passage in best[:FOLLOWED]]
        missing = {*behind, *(passage.beside(-1) for passage in best)} - known.keys()
        for held in self.index.at(missing).values():
            each = asked.sees(*held)
            known[each.passage.place] = each
        taken = dict.fromkeys([*(passage.place for passage in best), *behind])
        read = [known[place] for place in taken if place in known]
        like = {
            place: Likeness(each.score / found[0].score, each.near, each.late)
            for place, each in known.items()
        }
        texts = [each.passage.text for each in read]
        before = [each.passage.beside(-1) for each in read]
        contexts = [
            each.passage.context_with(
                known[place].passage.text if place in known else "", HEADING_CHARS
            )
            for place, each in zip(before, read, strict=True)
        ]
        logits = reranker.score(asked.named, list(zip(texts, contexts, strict=True)))
        scores = blend(
            logits,
            [like[each.passage.place] for each in read],
            [like.get(place) for place in before],
            lacks(asked.text, texts),
        )
        return [
            replace(each, score=score, relevance=logit)
            for each, score, logit in zip(read, scores, logits, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A passage that came up: its cosine, its score of late interaction, and what ranks it."""

    passage: Passage
    near: float
    late: float
    score: float = 0.0
    relevance: float | None = None


@dataclass(frozen=True, slots=True)
class _Query:
    """What is asked, with names for offices, as the embedder and the query encoder read it."""

    text: str
    named: str
    plain: Encoded
    encoded: Encoded

    def sees(self, passage: Passage, its: Encoded) -> _Candidate:
        """Compare with a passage and its vectors."""
        late = maxsim(self.encoded.tokens, its.tokens)
        return _Candidate(passage, float(its.vector @ self.plain.vector), late)


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
