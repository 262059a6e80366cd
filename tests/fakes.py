"""Stand-ins whose results can be worked out by hand."""

import hashlib
import string
from collections.abc import Iterator, Sequence

import numpy as np

from rag.corpus import Article
from rag.embedder import Encoded

VOCABULARY = ("army", "border", "election", "europe", "miami", "peace", "talks", "troops")


class FakeEmbedder:
    """A bag of eight words: every word of VOCABULARY is one axis, all other words are nothing.

    A text's vector has the length 1 (its counts, scaled); a text without any of the words lies
    on a ninth axis of its own. Each known word is one token. ``seen`` keeps all texts encoded,
    ``opened`` counts ``open``, and ``fails`` is raised instead of encoding the text ``fails_at``.
    """

    name = "fake"
    dimension = len(VOCABULARY) + 1

    def __init__(self) -> None:
        self.opened = 0
        self.seen: list[str] = []
        self.fails: BaseException | None = None
        self.fails_at = 0

    def open(self, settings: object) -> "FakeEmbedder":
        self.opened += 1
        return self

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        for number, text in enumerate(texts):
            if self.fails is not None and number == self.fails_at:
                raise self.fails
            self.seen.append(text)
            yield encode(text)


def encode(text: str) -> Encoded:
    plain = (word.strip(string.punctuation) for word in text.casefold().split())
    axes = [VOCABULARY.index(word) for word in plain if word in VOCABULARY]
    tokens = np.eye(FakeEmbedder.dimension, dtype=np.float32)[axes]
    counts = tokens.sum(axis=0) if axes else np.eye(FakeEmbedder.dimension, dtype=np.float32)[-1]
    return Encoded(np.asarray(counts / np.linalg.norm(counts), dtype=np.float32), tokens)


def article(
    name: str, text: str, title: str | None = None, date: str | None = None, origin: str = "gone"
) -> Article:
    digest = hashlib.sha256(f"{name}|{text}|{title}|{date}".encode()).hexdigest()
    return Article(name, text, title, date, origin, digest)
