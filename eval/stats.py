"""How sure a figure is, and whether two runs differ; seeded, so that a report repeats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")
ROUNDS = 1000
SEED = 20251


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval and the number of questions it rests on.

    ``value`` is None where no question is eligible, which is not the same as 0.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


def mean(values: Sequence[float]) -> float | None:
    """Arithmetic mean, or None of nothing."""
    return float(np.mean(values)) if len(values) else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """Percentile by linear interpolation (Hyndman & Fan type 7); ``share`` is 0 to 100."""
    return float(np.percentile(values, share)) if len(values) else None


def figure(
    samples: Sequence[T], statistic: Callable[[Sequence[T]], float | None], rounds: int = ROUNDS
) -> Figure:
    """Percentile bootstrap over questions (Efron 1979): 95 % interval of any statistic.

    Resamples on which the statistic is undefined are left out.
    """
    value = statistic(samples)
    if value is None:
        return Figure(None)
    generator = np.random.default_rng(SEED)
    drawn: list[float] = []
    for _ in range(rounds):
        picks = generator.integers(0, len(samples), len(samples))
        again = statistic([samples[i] for i in picks])
        if again is not None:
            drawn.append(again)
    low, high = np.percentile(drawn or [value], [2.5, 97.5])
    return Figure(value, float(low), float(high), len(samples))


def mean_figure(values: Sequence[float], rounds: int = ROUNDS) -> Figure:
    """Percentile bootstrap of a mean, done in one piece."""
    if not len(values):
        return Figure(None)
    data = np.asarray(values, dtype=float)
    generator = np.random.default_rng(SEED)
    means = data[generator.integers(0, len(data), (rounds, len(data)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Figure(float(data.mean()), float(low), float(high), len(data))


def paired_permutation(one: Sequence[float], other: Sequence[float], rounds: int = 10_000) -> float:
    """Two-sided p value of the mean difference between two runs on the same questions.

    Sign-flipping permutation test (Fisher 1935; for information retrieval Smucker et al. 2007);
    the observed signs count as one of the rounds, so that p is never 0.
    """
    difference = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    if not difference.any():
        return 1.0
    generator = np.random.default_rng(SEED)
    signs = generator.choice([-1.0, 1.0], size=(rounds, len(difference)))
    as_far = np.abs(signs @ difference) >= abs(difference.sum()) - 1e-9
    return float((as_far.sum() + 1) / (rounds + 1))
