"""Evidence to a better order: a small cross-encoder that reads question and sentence together.

It is the default embedder's network, further trained on outside data to say how likely a sentence
is to answer a question (`python -m eval.train_reranker`). Only the trained layers are kept here, as
float16; the word embeddings are that embedder's, untouched, whichever embedder the index has.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rag.bert import Bert
from rag.calibration import Blend, calibration
from rag.models import locate
from rag.settings import Settings
from rag.shipped import opened

BASE = "minilm"  # whose layers were trained further, and whose words it reads
WEIGHTS = Path(__file__).with_name("reranker.safetensors")
MAX_TOKENS = 128
CONTEXT_CHARS = 260


class Likeness(NamedTuple):
    """How like a query a sentence is, without being read beside it.

    ``fused`` is its score of fused ranks, as a share of the best one's; ``near`` a cosine; ``late``
    the score of late interaction.
    """

    fused: float
    near: float
    late: float


def blend(
    logits: Sequence[float],
    own: Sequence[Likeness],
    before: Sequence[Likeness | None],
    lacks: Sequence[bool],
) -> list[float]:
    """Join the reranker's logits with what else is known of each sentence into one score.

    ``own`` is each sentence's likeness, ``before`` that of the sentence before it: news names a
    thing once and goes on with "he", "the sum" or nothing at all. None is for one that opens its
    article; its own stands in for that. ``lacks`` says of a sentence that it has no number, time,
    name or place although one is asked for.
    """
    by = calibration().blend
    return [
        by.logit * logit
        + _weighed(by, like)
        + by.before * _weighed(by, last or like)
        - by.lacks * lack
        for logit, like, last, lack in zip(logits, own, before, lacks, strict=True)
    ]


def _weighed(by: Blend, like: Likeness) -> float:
    return by.fused * like.fused + by.near * like.near + by.late * like.late


class Reranker:
    """Scores (sentence, context) pairs against a question; safe to share between threads."""

    def __init__(self, base: Path, weights: Path = WEIGHTS, threads: int = 0) -> None:
        with opened(weights, "the reranker") as trained:
            self._head = trained.pop("head.weight")[0]
            self._bias = float(trained.pop("head.bias")[0])
            self._network = Bert(base, MAX_TOKENS, threads, trained)

    def score(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        """Give a logit a passage: above 0 it answers the question more likely than not."""
        order = sorted(
            range(len(passages)), key=lambda i: len(passages[i][0]) + len(passages[i][1])
        )
        logits = [0.0] * len(passages)
        for at in range(0, len(order), 16):
            rows = order[at : at + 16]
            batch = self._batch(question, [passages[i] for i in rows])
            for i, logit in zip(rows, batch, strict=True):
                logits[i] = logit
        return logits

    def _batch(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        seconds = [f"{text} | {context[:CONTEXT_CHARS]}" for text, context in passages]
        hidden, _ = self._network.read([(question, second) for second in seconds])
        return [float(logit) for logit in hidden[:, 0] @ self._head + self._bias]


def open_reranker(settings: Settings) -> Reranker:
    """Load the reranker; raises ModelError, also when the embedder under it is not here."""
    return Reranker(locate(BASE, settings.home), threads=settings.threads)
