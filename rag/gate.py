"""Whether the evidence answers the question at all, and which of it is worth quoting.

Two witnesses. The reranker was trained with "none of these" as one more choice, of logit 0; the
best sentence's logit stands against that choice (measured, it separates better than the sum over
all sentences). A language model, where there is one, is asked yes or no, and what counts is the
probability of its "yes", not its word.
"""

import math
from collections.abc import Sequence

from rag.calibration import Gate, calibration
from rag.retriever import Hit

QUOTES = 3  # most quotes of a quotes-only answer
SHARE = 0.3  # a further quote is at least this likely, measured against the first


def answerability(hits: Sequence[Hit], model_logit: float | None = None) -> float:
    """Give the probability that the evidence answers the question.

    ``model_logit`` is the language model's log-odds of "yes", or None without a model.
    """
    gate = _rule(model_logit)
    best = max((hit.relevance or 0.0 for hit in hits), default=-math.inf)
    score = gate.reranker * best + gate.model * (model_logit or 0.0) + gate.bias
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, score))))


def answerable(hits: Sequence[Hit], model_logit: float | None = None) -> bool:
    """Whether an answer may be tried; evidence that no reranker has read counts as answering."""
    if not hits:
        return False
    if any(hit.relevance is None for hit in hits):
        return True
    return answerability(hits, model_logit) >= _rule(model_logit).threshold


def _rule(model_logit: float | None) -> Gate:
    return calibration().quotes_gate if model_logit is None else calibration().model_gate


def worth_quoting(hits: Sequence[Hit]) -> list[Hit]:
    """Choose what a quotes-only answer shows: the best sentence, and others nearly as likely."""
    best = max((hit.relevance or 0.0 for hit in hits), default=0.0)
    near = [
        h for h in hits[1:] if h.relevance is not None and math.exp(h.relevance - best) >= SHARE
    ]
    return [*hits[:1], *near][:QUOTES]
