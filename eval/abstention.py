"""Whether a run knows when to say nothing; pure functions over (gold item, row) pairs."""

from collections.abc import Sequence

from .gold import Gold
from .metrics import would_be_correct
from .rows import Row

Pair = tuple[Gold, Row]


def abstention_precision(pairs: Sequence[Pair]) -> float | None:
    """Share of abstentions that were right: the question has no answer in the articles.

    Questions on a false presupposition, where both are right, count neither way. A run that never
    abstains has the worst value, 0, wherever some question is unanswerable.
    """
    abstained = [item for item, row in pairs if row.status == "abstained"]
    right = sum(not item.answerable for item in abstained)
    wrong = sum(item.must_answer for item in abstained)
    if right + wrong:
        return right / (right + wrong)
    return 0.0 if any(not item.answerable for item, _ in pairs) else None


def abstention_recall(pairs: Sequence[Pair]) -> float | None:
    """Share of unanswerable questions on which the run abstained; an error is no abstention."""
    marks = [row.status == "abstained" for item, row in pairs if not item.answerable]
    return sum(marks) / len(marks) if marks else None


def abstention_f1(pairs: Sequence[Pair]) -> float | None:
    """Harmonic mean of abstention precision and recall."""
    precision, recall = abstention_precision(pairs), abstention_recall(pairs)
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def confidence_and_loss(item: Gold, row: Row) -> tuple[float, float]:
    """How sure a run was of one question, and 1 or 0 for a wrong or right answer to it.

    A held-back answer counts as its nearest quotes. A crashed row is the surest, with a loss of 1:
    the worst place.
    """
    sure = float("inf") if row.status == "error" else row.confidence
    return sure, 1.0 - would_be_correct(item, row)


def risk_coverage(samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points (coverage, risk) when only the n surest questions are answered, for n from 1 to all.

    After El-Yaniv & Wiener (2010), from pairs (confidence, loss). Risk is the share of those
    answers that are wrong. Equal confidences share their mean loss, so that no order among them is
    favoured.
    """
    groups: dict[float, list[float]] = {}
    for confidence, loss in sorted(samples, reverse=True):
        groups.setdefault(confidence, []).append(loss)
    points, total, n = [], 0.0, 0
    for losses in groups.values():
        for _ in losses:
            n += 1
            total += sum(losses) / len(losses)
            points.append((n / len(samples), total / n))
    return points


def aurc(samples: Sequence[tuple[float, float]]) -> float | None:
    """Area under the risk-coverage curve: mean risk over coverages (Geifman et al. 2019).

    Lower is better; unanswerable questions, on which any answer is wrong, keep it above 0.
    """
    risks = [risk for _, risk in risk_coverage(samples)]
    return sum(risks) / len(risks) if risks else None
