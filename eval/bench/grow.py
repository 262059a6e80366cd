"""A corpus as large as one likes, grown from real text, for measuring stores and not answers.

A grown sentence is the first half of one real sentence and the second half of another; its vector
is the mean of two real sentence vectors with noise of 0.3 of their length, made a unit again. So
words are as frequent, and vectors as crowded, as in real text. Token vectors are cut to four a
sentence, to keep the disk for what is measured here.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.corpus import Article, Corpus
from rag.embedder import Embedder, Encoded
from rag.sentences import split

from .data import read, spread

A_TEXT = 20  # sentences an article
TOKENS = 4
NOISE = 0.3
Floats = NDArray[np.float32]


class Grown:
    """An embedder of grown text: vectors without a model, the same for the same text."""

    name = "grown"

    def __init__(self, real: Floats) -> None:
        self.real = real
        self.dimension = real.shape[1]

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Give each text its vector, chosen by the text's hash, and a few token vectors."""
        for text in texts:
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
            chance = np.random.default_rng(seed)
            one, other = self.real[chance.integers(len(self.real), size=2)]
            noise = chance.normal(size=self.dimension)
            mixed = (one + other) / 2 + NOISE * noise / np.linalg.norm(noise)
            vector = np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)
            yield Encoded(vector, np.tile(vector, (TOKENS, 1)))


def sentences_of(data: Path, many: int) -> list[str]:
    """Give so many sentences of SQuAD's contexts and COVID-QA's articles, evenly spread."""
    contexts = dict.fromkeys(row["context"] for row in read(data, "squad2.jsonl"))
    texts = [*contexts, *(row["text"] for row in read(data, "covidqa_articles.jsonl"))]
    found = [text[s.start : s.end] for text in texts for s in split(text)]
    plain = (" ".join(text.split()).strip(".!?") for text in found)
    return spread(list(dict.fromkeys(text for text in plain if 5 <= text.count(" ") <= 60)), many)


def questions_of(data: Path, many: int) -> list[str]:
    """Give so many of SQuAD's questions, evenly spread."""
    return spread([row["question"] for row in read(data, "squad2.jsonl")], many)


def vectors_of(model: Embedder, texts: Sequence[str]) -> Floats:
    """Give the real vectors of texts, shape (n, d)."""
    return np.stack([encoded.vector for encoded in model.encode(texts)])


def grown(sentences: Sequence[str], passages: int) -> Corpus:
    """Grow articles of so many passages in all, each dated within 2025."""
    chance = np.random.default_rng(0)
    articles = []
    for number in range(passages // A_TEXT):
        pairs = chance.integers(len(sentences), size=(A_TEXT, 2))
        lines = [_crossed(sentences[a], sentences[b]) for a, b in pairs]
        text = "\n\n".join(f"{line}." for line in lines)
        day = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        articles.append(Article(f"{number:07d}.txt", text, None, day, "grown", digest))
    return Corpus(tuple(articles), (), ())


def _crossed(one: str, other: str) -> str:
    first, second = one.split(), other.split()
    return " ".join([*first[: len(first) // 2], *second[len(second) // 2 :]])
