"""Whether the evidence answers the question at all, and which of it is worth quoting.

The reranker was trained with "none of these" as one more choice, of logit 0, so its logits give a
probability: the share of all sentences against that choice. The threshold was set on outside data.
"""

import math
from collections.abc import Sequence

from rag.reranker import calibration
from rag.retriever import Hit

QUOTES = 3  # most quotes of a quotes-only answer
SHARE = 0.3  # a further quote is at least this likely, measured against the first


def answerability(hits: Sequence[Hit]) -> float:
    """Give the probability that some sentence of the evidence answers the question.

    Evidence that no reranker has read counts as answering: 1.
    """
    logits = [hit.relevance for hit in hits if hit.relevance is not None]
    if len(logits) < len(hits):
        return 1.0
    weight = math.fsum(math.exp(min(logit, 50.0)) for logit in logits)
    return weight / (1.0 + weight)


def answerable(hits: Sequence[Hit]) -> bool:
    """Whether an answer may be tried."""
    return bool(hits) and answerability(hits) >= calibration()["threshold"]


def worth_quoting(hits: Sequence[Hit]) -> list[Hit]:
    """Choose what a quotes-only answer shows: the best sentence, and others nearly as likely."""
    best = max((hit.relevance or 0.0 for hit in hits), default=0.0)
    near = [
        h for h in hits[1:] if h.relevance is not None and math.exp(h.relevance - best) >= SHARE
    ]
    return [*hits[:1], *near][:QUOTES]
