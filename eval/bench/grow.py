"""A corpus as large as one likes, grown from real text, for measuring stores and not answers.

A grown sentence is the first half of one real sentence and the second half of another; in every
fourth, the last word is new as well, made of the halves of two real words, since a corpus that
grows goes on bringing new names. A grown vector is the mean of two real sentence vectors with noise
of 0.3 of their length, made a unit again. So words are as frequent, and vectors as crowded, as in
real text. Token vectors are those of the halves of two real sentences where such are given; else
the sentence's own vector stands four times, which keeps the disk for what is measured.
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
NEW_WORD = 4  # one sentence in so many has a word that is new
TOKENS = 4
NOISE = 0.3
NOISES = 2**14  # different ones; more make no difference among so many pairs
CHUNK = 1024
Floats = NDArray[np.float32]


class Grown:
    """An embedder of grown text: vectors without a model, the same for the same text.

    ``real`` are real sentence vectors, shape (n, d); ``tokens`` their token vectors, or nothing.
    """

    name = "grown"

    def __init__(self, real: Floats, tokens: Sequence[NDArray[np.floating]] = ()) -> None:
        self.real = real
        self.tokens = tokens
        self.dimension = real.shape[1]
        drawn = np.random.default_rng(0).normal(size=(NOISES, self.dimension))
        self._noise = NOISE * drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Give each text its vectors, chosen by the text's hash."""
        for at in range(0, len(texts), CHUNK):
            chunk = texts[at : at + CHUNK]
            drawn = b"".join(hashlib.sha256(text.encode()).digest()[:12] for text in chunk)
            ones, others, noises = np.frombuffer(drawn, dtype="<u4").reshape(-1, 3).T
            one, other = ones % len(self.real), others % len(self.real)
            mixed = (self.real[one] + self.real[other]) / 2 + self._noise[noises % NOISES]
            unit = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
            for vector, a, b in zip(unit, one, other, strict=True):
                yield Encoded(vector, self._tokens(vector, a, b))

    def _tokens(self, vector: Floats, one: int, other: int) -> Floats:
        if not self.tokens:
            return np.tile(vector, (TOKENS, 1))
        first, second = self.tokens[one], self.tokens[other]
        halves = [first[: len(first) // 2], second[len(second) // 2 :]]
        return np.concatenate(halves).astype(np.float32)


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
    words = sorted({word for text in sentences for word in text.split() if word.isalpha()})
    halves = [sentence.split() for sentence in sentences]
    articles = []
    for number in range(passages // A_TEXT):
        drawn = chance.integers(2**32, size=(A_TEXT, 4))
        lines = [
            _crossed(halves[a % len(halves)], halves[b % len(halves)], new)
            for at, (a, b, c, d) in enumerate(drawn.tolist())
            for new in [_blended(words, c, d) if at % NEW_WORD == 0 else ""]
        ]
        text = "\n\n".join(f"{line}." for line in lines)
        day = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        articles.append(Article(f"{number:07d}.txt", text, None, day, "grown", digest))
    return Corpus(tuple(articles), (), ())


def _crossed(one: Sequence[str], other: Sequence[str], last: str) -> str:
    """Join the first half of one sentence's words and the second of another's, or its last word."""
    second = other[len(other) // 2 :]
    return " ".join([*one[: len(one) // 2], *second[:-1], last or second[-1]])


def _blended(words: Sequence[str], one: int, other: int) -> str:
    first, second = words[one % len(words)], words[other % len(words)]
    return first[: -(-len(first) // 2)] + second[len(second) // 2 :].lower()
