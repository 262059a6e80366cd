"""BM25 over passages, and the corpus's own words and names beside it."""

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged
from rag.words import STOPWORDS, WORD, fold, skeleton, stem, terms, variants, words

FOLDER = "bm25"
VOCABULARY = "vocabulary.json"
# Words of asking rather than of what is asked for; that they are missing says nothing.
ASKING = frozenset(
    """many much any large big long often ever yet happen happened happening know known tell explain
    describe please give name list mean means exactly really actually want like get
    make can""".split()
)
NOTHING = "\x00"  # stands in for a passage without any word, which BM25 cannot hold


class WordIndex:
    """BM25 (k1 1.2, b 0.75) with a question's words widened to the corpus's spellings."""

    def __init__(self, bm25: bm25s.BM25, names: Iterable[str], vocabulary: Iterable[str]) -> None:
        self._bm25 = bm25
        self._vocabulary = frozenset(vocabulary)
        self._names: dict[str, list[str]] = {}
        for name in sorted(names):
            self._names.setdefault(skeleton(name), []).append(name)

    @classmethod
    def build(cls, texts: Sequence[str]) -> "WordIndex":
        """Index texts, one a row."""
        bm25 = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
        bm25.index([terms(text) or [NOTHING] for text in texts], show_progress=False)
        names, vocabulary = _names_and_words(texts)
        return cls(bm25, names, vocabulary)

    @classmethod
    def open(cls, folder: Path) -> "WordIndex":
        """Open a saved word index; raises IndexDamaged when it is not whole."""
        try:
            bm25 = bm25s.BM25.load(folder / FOLDER, mmap=True)
            data = json.loads((folder / VOCABULARY).read_text("utf-8"))
            return cls(bm25, data["names"], data["vocabulary"])
        except (OSError, ValueError, KeyError, TypeError, EOFError) as problem:
            raise IndexDamaged(
                f"{folder / FOLDER} cannot be read; run `rag index` to build it again"
            ) from problem

    def save(self, folder: Path) -> None:
        """Write the word index into a folder."""
        self._bm25.save(folder / FOLDER, show_progress=False)
        names = sorted(name for group in self._names.values() for name in group)
        data = {"names": names, "vocabulary": sorted(self._vocabulary)}
        (folder / VOCABULARY).write_text(json.dumps(data, ensure_ascii=False), "utf-8")

    def widen(self, question: str) -> list[str]:
        """Give a question's terms, with the corpus's spellings of its names and typos added."""
        wanted = terms(question)
        for word in words(question):
            if word not in STOPWORDS:
                wanted += sorted(
                    {stem(v) for v in variants(word, self._names, self._vocabulary)} - set(wanted)
                )
        return wanted

    def strangers(self, question: str) -> list[str]:
        """Give a question's words that stand nowhere in the corpus and tell what it lacks.

        These are names and numbers; and all content words where most of them are missing, since a
        single verb that no article happens to use tells nothing.
        """
        content = [
            word
            for word in dict.fromkeys(WORD.findall(question))
            if fold(word) not in STOPWORDS | ASKING
        ]
        missing = [word for word in content if not self._knows(fold(word))]
        if 2 * len(missing) > len(content):
            return missing
        return [word for word in missing if not word.islower() and not question.startswith(word)]

    def _knows(self, word: str) -> bool:
        return stem(word) in self._stems or bool(variants(word, self._names, self._vocabulary))

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(map(stem, self._vocabulary))

    def search(
        self, question: str, k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Give up to k (row, score), best first, ties by row; rows sharing no word are left out."""
        wanted = [term for term in self.widen(question) if term in self._bm25.vocab_dict]
        if not wanted:
            return []
        scores = np.asarray(self._bm25.get_scores(wanted))
        rows = np.flatnonzero(scores > 0) if allowed is None else allowed[scores[allowed] > 0]
        best = rows[np.lexsort((rows, -scores[rows]))][:k]
        return [(int(row), float(scores[row])) for row in best]


def _names_and_words(texts: Iterable[str]) -> tuple[set[str], set[str]]:
    """Give the folded names (never seen in lower case) and all folded words of some texts."""
    capital, lower = set[str](), set[str]()
    for text in texts:
        for match in WORD.finditer(text):
            word = match.group()
            (capital if word[:1].isupper() else lower).add(fold(word))
    return capital - lower - STOPWORDS, capital | lower
