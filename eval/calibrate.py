"""Fits a gate on outside data: ``python -m eval.calibrate ROWS... --use best --use near ...``.

ROWS are the ``NAME-LLM.json`` files that ``python -m eval.bench`` writes: questions that their
documents answer or do not, each with its features. The rule is a logistic regression over the
features named with ``--use``, which for the product are the gate's witnesses; every set weighs the
same. Probabilities that are rated are out of fold, so that no question is judged by a rule that has
seen it. The threshold is the largest that leaves at most so many of the answerable questions empty,
averaged over the sets. Nothing is ever fitted on our own gold questions.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from rag.errors import UsageError

from .command import run

Floats = NDArray[np.float64]
FOLDS = 10
SEED = 20251


@dataclass(frozen=True)
class Sample:
    """Questions as a matrix: features (n, d), whether answerable (n,), and their sets' names."""

    features: Floats
    answerable: NDArray[np.bool_]
    sets: Sequence[str]

    def of(self, name: str) -> NDArray[np.bool_]:
        """Say which rows belong to a set."""
        return np.array([each == name for each in self.sets])

    @property
    def names(self) -> list[str]:
        """The sets, in order."""
        return list(dict.fromkeys(self.sets))

    @property
    def weights(self) -> Floats:
        """A weight a row, such that every set has the same sum and the mean is 1."""
        counts = {name: self.of(name).sum() for name in self.names}
        return np.array([len(self.sets) / len(counts) / counts[name] for name in self.sets])


@dataclass(frozen=True)
class Fitted:
    """A rule: answerable when sigmoid(weights · features + bias) reaches the threshold."""

    weights: Floats
    bias: float
    threshold: float
    probabilities: Floats  # out of fold, a row each


def fit(sample: Sample, most_empty: float) -> Fitted:
    """Fit the rule; raises UsageError where a class is missing or too small to be folded."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    few = min(int(sample.answerable.sum()), int((~sample.answerable).sum()))
    if few < FOLDS:
        raise UsageError(f"at least {FOLDS} questions of each kind are needed, there are {few}")
    unseen = np.zeros(len(sample.answerable))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for seen, left in folds.split(sample.features, sample.answerable):
        rule = LogisticRegression(C=1e3, max_iter=1000)
        rule.fit(sample.features[seen], sample.answerable[seen], sample.weights[seen])
        unseen[left] = rule.predict_proba(sample.features[left])[:, 1]
    rule = LogisticRegression(C=1e3, max_iter=1000)
    rule.fit(sample.features, sample.answerable, sample.weights)
    limit = threshold(sample, unseen, most_empty)
    return Fitted(rule.coef_[0], float(rule.intercept_[0]), limit, unseen)


def threshold(sample: Sample, probabilities: Floats, most_empty: float) -> float:
    """Give the largest threshold that leaves at most this share of the answerable empty.

    The share is the mean over those sets that have answerable questions.
    """
    best = 0.0
    for limit in np.unique(probabilities):
        empty = [
            float((probabilities[rows] < limit).mean())
            for name in sample.names
            if (rows := sample.of(name) & sample.answerable).any()
        ]
        if np.mean(empty) > most_empty:
            break
        best = float(limit)
    return best


def risk_coverage(probabilities: Floats, answerable: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Give (coverage, risk) when only the n surest questions are let through, for n from 1 to all.

    Risk is the share of unanswerable questions among those let through (El-Yaniv & Wiener 2010).
    """
    order = np.argsort(-probabilities, kind="stable")
    n = np.arange(1, len(order) + 1)
    return n / len(order), np.cumsum(~answerable[order]) / n


def auc(probabilities: Floats, answerable: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve; None where a kind of question is missing."""
    from sklearn.metrics import roc_auc_score

    if answerable.all() or not answerable.any():
        return None
    return float(roc_auc_score(answerable, probabilities))


def read_sample(files: Sequence[Path], uses: Sequence[str]) -> Sample:
    """Read features and answerability; questions that are neither, or lack a feature, are left out.

    Raises UsageError for a file that is no benchmark's report or has no such feature.
    """
    features: list[list[float]] = []
    answerable: list[bool] = []
    sets: list[str] = []
    for file in files:
        name, rows = _read(file)
        good = [row for row in rows if row.get("answerable") is not None and row["features"]]
        known = {key for row in good for key in row["features"]}
        for use in uses:
            if use not in known:
                raise UsageError(
                    f"{file.name} has no feature {use!r}; it has {', '.join(sorted(known))}"
                )
        good = [row for row in good if all(use in row["features"] for use in uses)]
        features += [[float(row["features"][use]) for use in uses] for row in good]
        answerable += [bool(row["answerable"]) for row in good]
        sets += [name] * len(good)
    return Sample(np.array(features, dtype=np.float64), np.array(answerable, dtype=bool), sets)


def _read(file: Path) -> tuple[str, list[dict[str, Any]]]:
    try:
        data = json.loads(file.read_text("utf-8"))
        rows = [row for row in data["questions"] if "features" in row]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UsageError(f"{file} is no report of eval.bench: {problem}") from problem
    if not rows:
        raise UsageError(f"{file.name} holds no question with features")
    return str(data["name"]), rows


def table(sample: Sample, fitted: Fitted) -> str:
    """Give what the rule does to each set, as a Markdown table; all figures out of fold."""
    lines = [
        "| set | answerable | unanswerable | AUC | answerable left empty | unanswerable refused |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in sample.names:
        rows = sample.of(name)
        chances, true = fitted.probabilities[rows], sample.answerable[rows]
        refused = chances < fitted.threshold
        area = auc(chances, true)
        cells = (
            name,
            str(int(true.sum())),
            str(int((~true).sum())),
            "" if area is None else f"{area:.3f}",
            f"{refused[true].mean():.3f}" if true.any() else "",
            f"{refused[~true].mean():.3f}" if (~true).any() else "",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(sample: Sample, fitted: Fitted, path: Path, title: str) -> None:
    """Draw risk against coverage for each set with both kinds, a dot where the threshold stands."""
    from .plots import COLOURS, canvas, legend

    with canvas(path) as axes:
        both = [n for n in sample.names if len(set(sample.answerable[sample.of(n)].tolist())) > 1]
        for number, name in enumerate(both):
            rows = sample.of(name)
            chances = fitted.probabilities[rows]
            coverage, risk = risk_coverage(chances, sample.answerable[rows])
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(coverage, risk, color=colour, label=f"{name} ({len(chances)})")
            passed = int((chances >= fitted.threshold).sum())
            if passed:
                axes.plot(coverage[passed - 1], risk[passed - 1], "o", color=colour)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, None)
        axes.set_xlabel("coverage: share of questions let through, the surest first")
        axes.set_ylabel("risk: share of those that have no answer")
        axes.set_title(title)
        legend(axes)


def write(file: Path, gate: str, numbers: Mapping[str, Any]) -> None:
    """Write one gate's numbers into a file of calibrations, leaving the rest as it is."""
    try:
        data = json.loads(file.read_text("utf-8")) if file.exists() else {}
    except ValueError as problem:
        raise UsageError(f"{file.name} is not JSON: {problem}") from problem
    data[gate] = dict(numbers)
    parts = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in data.items())
    file.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def calibrate(
    files: Annotated[
        list[Path], typer.Argument(metavar="ROWS.json...", help="Reports of eval.bench.")
    ],
    use: Annotated[list[str], typer.Option(help="A feature to go by; repeat it for more.")],
    empty: Annotated[
        float, typer.Option(min=0, max=1, help="Share of answerable questions that may be refused.")
    ] = 0.05,
    gate: Annotated[str, typer.Option(help="Which gate of the calibration it is.")] = "quotes_gate",
    into: Annotated[
        Path | None, typer.Option(help="Write the numbers here, such as rag/calibration.json.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw risk against coverage here.")] = None,
) -> None:
    """Fit a gate on outside data and tell how it does, out of fold."""
    sample = read_sample(files, use)
    fitted = fit(sample, empty)
    numbers = {
        "weights": {n: round(float(w), 4) for n, w in zip(use, fitted.weights, strict=True)},
        "bias": round(fitted.bias, 4),
        "threshold": round(fitted.threshold, 4),
    }
    typer.echo(f"{gate}: {json.dumps(numbers)}\n\n{table(sample, fitted)}")
    if plot:
        draw(sample, fitted, plot, f"{gate}: risk against coverage on outside data")
    if into:
        write(into, gate, numbers)


def main() -> None:
    """Run the command; a RagError becomes one line on stderr and its exit code."""
    run(app, "eval.calibrate")


if __name__ == "__main__":
    main()
