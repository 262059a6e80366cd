"""BM25 over passages, and the corpus's own words and names beside it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged
from rag.vocabulary import Vocabulary, by_sound, names_and_words
from rag.words import terms

FOLDER = "bm25"
VOCABULARY = "vocabulary.json"
NOTHING = "\x00"  # stands in for a passage without any word, which BM25 cannot hold


class WordIndex(Vocabulary):
    """BM25 (k1 1.2, b 0.75) with a question's words widened to the corpus's spellings."""

    def __init__(
        self, bm25: bm25s.BM25, names: Mapping[str, Sequence[str]], vocabulary: Iterable[str]
    ) -> None:
        super().__init__(names, vocabulary)
        self._bm25 = bm25

    @classmethod
    def build(cls, texts: Sequence[str]) -> "WordIndex":
        """Index texts, one a row."""
        bm25 = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
        once: dict[str, str] = {}  # each term is kept once and not as often as it stands there
        rows = [[once.setdefault(term, term) for term in terms(text)] for text in texts]
        bm25.index([row or [NOTHING] for row in rows], show_progress=False)
        names, vocabulary = names_and_words(texts)
        return cls(bm25, by_sound(names), vocabulary)

    @classmethod
    def open(cls, folder: Path) -> "WordIndex":
        """Open a saved word index; raises IndexDamaged when it is not whole."""
        try:
            bm25 = bm25s.BM25.load(folder / FOLDER, mmap=True)
            data = json.loads((folder / VOCABULARY).read_text("utf-8"))
            return cls(bm25, dict(data["names"]), data["vocabulary"])
        except (OSError, ValueError, KeyError, TypeError, EOFError) as problem:
            raise IndexDamaged(
                f"{folder / FOLDER} cannot be read; run `rag index` to build it again"
            ) from problem

    def save(self, folder: Path) -> None:
        """Write the word index into a folder."""
        self._bm25.save(folder / FOLDER, show_progress=False)
        data = {"names": self._names, "vocabulary": sorted(self.every_word())}
        (folder / VOCABULARY).write_text(json.dumps(data, ensure_ascii=False), "utf-8")

    def search(
        self, question: str, k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Give up to k (row, score), best first, ties by row; rows sharing no word are left out."""
        wanted = [term for term in self.widen(question) if term in self._bm25.vocab_dict]
        if not wanted:
            return []
        scores = np.asarray(self._bm25.get_scores(wanted))
        rows = np.flatnonzero(scores > 0) if allowed is None else allowed[scores[allowed] > 0]
        if len(rows) > k:  # only what is as good as the last that is wanted need be put in order
            rows = rows[scores[rows] >= np.partition(scores[rows], -k)[-k]]
        best = rows[np.lexsort((rows, -scores[rows]))][:k]
        return [(int(row), float(scores[row])) for row in best]
