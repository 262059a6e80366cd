"""Plain rankings of sentences, to measure the product's own against: cosine, BM25, RRF."""

import re
from collections.abc import Sequence

import bm25s
import numpy as np

from rag.corpus import Sentence
from rag.embedder import Embedder

DAMPING = 60  # Cormack et al. 2009


class Bm25:
    """BM25 over texts with the library's own defaults: lower-case words, no stemming."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._bm25 = bm25s.BM25()
        self._bm25.index([_words(text) or ["\x00"] for text in texts], show_progress=False)

    def rank(self, query: str) -> list[tuple[int, float]]:
        """Give (row, score) of the texts that share a word with the query, best first."""
        known = [word for word in _words(query) if word in self._bm25.vocab_dict]
        if not known:
            return []
        return _ordered(np.asarray(self._bm25.get_scores(known)), least=0.0)


class Cosine:
    """Cosine of sentence vectors, by the product's own embedder."""

    def __init__(self, texts: Sequence[str], embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors = np.stack([encoded.vector for encoded in embedder.encode(list(texts))])

    def rank(self, query: str) -> list[tuple[int, float]]:
        """Give (row, cosine) of all texts, best first."""
        asked = next(iter(self._embedder.encode([query]))).vector
        return _ordered(self._vectors @ asked, least=-2.0)


def reciprocal_rank_fusion(*rankings: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Plain RRF: the sum of 1 / (60 + rank), all rankings alike (Cormack et al. 2009)."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, (row, _) in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (DAMPING + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def one_line(sentence: Sentence) -> str:
    """Give a sentence's text on one line, as the rankers read it."""
    return " ".join(sentence.text.split())


def _ordered(scores: np.ndarray, least: float) -> list[tuple[int, float]]:
    rows = np.flatnonzero(scores > least)
    best = rows[np.lexsort((rows, -scores[rows]))]
    return [(int(row), float(scores[row])) for row in best]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
