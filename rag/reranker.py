"""Evidence to a better order: a small cross-encoder that reads question and sentence together.

It is the default embedder's network, further trained on outside data to say how likely a sentence
is to answer a question (`python -m eval.train_reranker`). Only the trained layers are kept here, as
float16; the word embeddings are that embedder's, untouched, whichever embedder the index has.
"""

from collections.abc import Sequence
from pathlib import Path

from rag.bert import Bert
from rag.calibration import calibration
from rag.models import locate
from rag.settings import Settings
from rag.shipped import opened

BASE = "minilm"  # whose layers were trained further, and whose words it reads
WEIGHTS = Path(__file__).with_name("reranker.safetensors")
MAX_TOKENS = 128
CONTEXT_CHARS = 160


def blend(
    logits: Sequence[float],
    scores: Sequence[float],
    nearness: Sequence[float],
    late: Sequence[float],
    lacks: Sequence[bool],
) -> list[float]:
    """Join the reranker's logits with what else is known of each sentence into one score.

    ``scores`` are fused ranks, ``nearness`` cosines, ``late`` scores of late interaction; ``lacks``
    says of a sentence that it has no number, time, name or place although one is asked for.
    """
    top = max(scores, default=0.0) or 1.0
    by = calibration().blend
    return [
        by.logit * logit
        + by.fused * score / top
        + by.near * near
        + by.late * match
        - by.lacks * lack
        for logit, score, near, match, lack in zip(
            logits, scores, nearness, late, lacks, strict=True
        )
    ]


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
