"""The gate: thresholds a run must meet, a table for each system in ``gate.toml``.

It never moves down in silence: the gate is kept with each report (``rag eval --keep``), and what is
laxer than the one kept last needs a line in CHANGELOG.md that says why.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.errors import RagError, UsageError

from .scoring import LABELS
from .stats import Figure

Thresholds = dict[str, dict[str, dict[str, float]]]
LEAST_REASON = 10  # characters of a reason in the changelog


class GateMissed(RagError):
    """A run is worse than the gate allows; names every metric that is."""


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold and what was measured against it."""

    system: str
    metric: str
    bound: str
    limit: float
    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the measured value keeps to the threshold; what was not measured does not."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.bound == "min" else self.value <= self.limit

    def __str__(self) -> str:
        wanted = "at least" if self.bound == "min" else "at most"
        value = "could not be measured" if self.value is None else f"{self.value:.4g}"
        return f"{self.system}: {self.metric} {value}, {wanted} {self.limit:g} wanted"


def load_gate(path: Path) -> Thresholds:
    """Read thresholds; raises UsageError that names an unknown metric or a bad bound."""
    try:
        gate = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise UsageError(f"the gate {path.name} cannot be read: {problem}") from problem
    for system, wanted in gate.items():
        where = f"{path.name} [{system}]"
        if not isinstance(wanted, dict):
            raise UsageError(f"{where}: write a table of metrics")
        for metric, bounds in wanted.items():
            if metric not in LABELS:
                raise UsageError(f"{where}: unknown metric {metric!r}; known: {', '.join(LABELS)}")
            if not _is_bounds(bounds):
                raise UsageError(f"{where} {metric}: write {{ min = 0.5 }} or {{ max = 0.5 }}")
    return gate


def _is_bounds(bounds: object) -> bool:
    return (
        isinstance(bounds, dict)
        and bool(bounds)
        and bounds.keys() <= {"min", "max"}
        and all(isinstance(limit, int | float) for limit in bounds.values())
    )


def check(gate: Thresholds, runs: Mapping[str, Mapping[str, Figure]]) -> list[Check]:
    """Hold each system's figures against its thresholds; systems without any pass unseen."""
    return [
        Check(system, metric, bound, float(limit), figure.value, figure.low, figure.high)
        for system, figures in runs.items()
        for metric, bounds in gate.get(system, {}).items()
        for figure in [figures.get(metric, Figure(None))]
        for bound, limit in bounds.items()
    ]


def require(checks: list[Check]) -> None:
    """Raise GateMissed where a threshold is missed."""
    missed = [str(each) for each in checks if not each.passed]
    if missed:
        raise GateMissed("the gate is missed: " + "; ".join(missed))


def loosened(gate: Thresholds, before: Thresholds) -> list[str]:
    """Name each threshold that is laxer than before, such as ``none: correct min 0.62 -> 0.58``.

    One that is gone is laxer; so is the whole table of a system that is gone.
    """
    found = []
    for system, metrics in before.items():
        for metric, bounds in metrics.items():
            for bound, old in bounds.items():
                new = gate.get(system, {}).get(metric, {}).get(bound)
                if new is None or (new < old if bound == "min" else new > old):
                    told = "gone" if new is None else f"{new:g}"
                    found.append(f"{system}: {metric} {bound} {old:g} -> {told}")
    return found


def unexplained(gate: Thresholds, before: Thresholds, changelog: str) -> list[str]:
    """Name what is laxer than before and has no line in the changelog that goes on to say why."""
    lines = [" ".join(line.split()) for line in changelog.splitlines()]

    def explained(what: str) -> bool:
        return any(
            what in line and len(line.partition(what)[2].strip(" :;,.-")) >= LEAST_REASON
            for line in lines
        )

    return [what for what in loosened(gate, before) if not explained(what)]
