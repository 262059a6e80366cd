"""Whether the evidence answers the question at all, and which of it is worth quoting.

Several witnesses are heard and weighed by a logistic rule that was fitted on outside data
(``docs/bench/gate.md``). What counts of a language model is the probability of its "yes" to a
yes/no question, not its word.
"""

import math
from collections.abc import Mapping, Sequence

from rag.calibration import Gate, calibration
from rag.expected import have_quoted, kind_of, lacks
from rag.retriever import Hit

HEARD = 3  # sentences that the witnesses look at
QUOTES = 5  # most sentences that are quoted, and that a language model gets to read
SHARE = 0.02  # a further one is at least this likely, measured against the first …
BESIDE = 0.1  # the same, beside an answer that was given in words
EVEN = 0.5  # below this probability an answer is shown with a doubt beside it
SURE = 1.0  # log-odds of "yes" that sentences need which are only looked at in place of declining
ELSEWHERE = 0.01  # … or this, where no sentence of its article is quoted: it may know otherwise


def witnesses(
    question: str, hits: Sequence[Hit], model_logit: float | None = None
) -> Mapping[str, float]:
    """Give what speaks for and against an answer, by name.

    ``best``: the highest logit of the reranker, which was trained with "none of these" as a choice
    of logit 0. ``near``: the highest cosine of question and sentence. ``lacks``: 1 where the
    question asks for a number, time, person or place, or for somebody's words, and none of the
    first sentences has that. ``model``: the language model's log-odds of "yes" (0 without).
    """
    shown = hits[:HEARD]
    lacking = lacks(question, [hit.sentence.text for hit in shown])
    fits = any(hit.theirs and not lack for hit, lack in zip(shown, lacking, strict=True))
    return {
        "best": max((hit.relevance or 0.0 for hit in hits), default=-math.inf),
        "near": max((hit.nearness for hit in shown), default=0.0),
        "lacks": float(not fits),
        "model": model_logit or 0.0,
    }


def answerability(question: str, hits: Sequence[Hit], model_logit: float | None = None) -> float:
    """Give the probability that the evidence answers the question.

    ``model_logit`` is the language model's log-odds of "yes", or None where none is asked.
    """
    rule = _rule(model_logit)
    heard = witnesses(question, hits, model_logit)
    score = rule.bias + sum(weight * heard[name] for name, weight in rule.weights.items())
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, score))))


def answerable(question: str, hits: Sequence[Hit], model_logit: float | None = None) -> bool:
    """Whether an answer may be tried.

    Evidence that no reranker has read counts as answering, and so does a sentence with the very
    words that the question quotes.
    """
    if not hits or _unread(hits):
        return bool(hits)
    if any(have_quoted(question, [hit.sentence.text for hit in hits])):
        return True
    return answerability(question, hits, model_logit) >= _rule(model_logit).threshold


def doubtful(question: str, hits: Sequence[Hit], model_logit: float | None = None) -> bool:
    """Whether evidence that may be tried rather does not answer; unread evidence is not doubted."""
    return not _unread(hits) and answerability(question, hits, model_logit) < EVEN


def worth_quoting(hits: Sequence[Hit]) -> list[Hit]:
    """Choose the sentences an answer rests on: the best one, and others nearly as likely.

    Where room is left, articles without any add the best of theirs, which may be less likely.
    Beside the words of whoever was asked for, nobody else's are quoted. Scores are logits in all
    but name; without a reranker they are ranks and only the best counts.
    """
    hits = [hit for hit in hits if hit.theirs or not hits[0].theirs]
    likely = [0.0 if h.relevance is None else math.exp(h.score - hits[0].score) for h in hits]
    chosen = [hit for at, hit in enumerate(hits) if at == 0 or likely[at] >= SHARE][:QUOTES]
    quoted = {hit.article.name for hit in chosen}
    for hit, share in zip(hits, likely, strict=True):
        if share >= ELSEWHERE and hit.article.name not in quoted:
            chosen.append(hit)
            quoted.add(hit.article.name)
    return chosen[:QUOTES]


def worth_adding(question: str, shown: Sequence[Hit]) -> list[Hit]:
    """Choose what is still quoted beside an answer in words: what may well be another answer.

    That is what is nearly as likely as the best sentence and, where one number, time, name or place
    was asked for, has such a thing.
    """
    best = max(hit.score for hit in shown)
    likely = [hit for hit in shown if math.exp(hit.score - best) >= BESIDE]
    if kind_of(question) is None:
        return likely
    lacking = lacks(question, [hit.sentence.text for hit in likely])
    return [hit for hit, lack in zip(likely, lacking, strict=True) if not lack]


def _unread(hits: Sequence[Hit]) -> bool:
    return any(hit.relevance is None for hit in hits)


def _rule(model_logit: float | None) -> Gate:
    return calibration().quotes_gate if model_logit is None else calibration().model_gate
