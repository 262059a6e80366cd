"""The last report that was kept, the gate it was kept with, and what has changed since."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rag.errors import RagError

from .gate import Thresholds
from .scoring import Scored
from .stats import Figure, paired_permutation


@dataclass(frozen=True, slots=True)
class Change:
    """How one system's answers differ from the last report's: ids of questions, in gold order.

    ``p`` is the paired permutation test of correctness over the questions that both runs have.
    """

    system: str
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    before: float
    after: float
    p: float


@dataclass(frozen=True, slots=True)
class Last:
    """What was kept: figures and right answers by ``system`` or ``system/third``, and the gate.

    Latencies are not kept, they are the machine's.
    """

    figures: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    right: dict[str, dict[str, int]] = field(default_factory=dict)
    gate: Thresholds = field(default_factory=dict)


def keep(
    path: Path,
    runs: Mapping[str, Sequence[Scored]],
    figures: Mapping[str, Mapping[str, Figure]],
    gate: Thresholds | None = None,
) -> None:
    """Write what the next run is compared with; systems not in this run stay as they were."""
    last = load(path)
    for system, scored in runs.items():
        last.right[system] = {s.item.id: int(s.right) for s in scored}
        last.figures[system] = {
            name: {key: round(float(value), 4) for key, value in asdict(figure).items()}
            for name, figure in figures[system].items()
            if figure.value is not None and not name.startswith("latency")
        }
    data = {"figures": last.figures, "right": last.right, "gate": gate or last.gate}
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", "utf-8")


def load(path: Path) -> Last:
    """Read the last report; empty where there is none yet. Raises RagError."""
    try:
        data = json.loads(path.read_text("utf-8"))
        return Last(data["figures"], data["right"], data["gate"])
    except FileNotFoundError:
        return Last()
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RagError(
            f"the last report {path.name} cannot be read ({problem}); restore it, or take it away"
        ) from problem


def change(system: str, scored: Sequence[Scored], last: Last, part: str = "") -> Change | None:
    """Compare one system's run with the last report, question by question.

    A part of the questions (``/third``) is compared with the whole run where only that was kept.
    """
    kept = last.right.get(system + part)
    whole = last.right.get(system) if kept is None else None
    if kept is None and whole is None:
        return None
    names = {s.item.id for s in scored}
    before = {name: bool(right) for name, right in (kept or whole or {}).items()
              if whole is None or name in names}  # fmt: skip
    now = {s.item.id: s.right for s in scored}
    both = [name for name in now if name in before]
    ones, others = [float(before[name]) for name in both], [float(now[name]) for name in both]
    return Change(
        system,
        fixed=tuple(name for name in both if now[name] and not before[name]),
        broken=tuple(name for name in both if before[name] and not now[name]),
        new=tuple(name for name in now if name not in before),
        gone=tuple(name for name in before if name not in now),
        before=sum(ones) / len(ones) if ones else 0.0,
        after=sum(others) / len(others) if others else 0.0,
        p=paired_permutation(ones, others) if ones else 1.0,
    )
