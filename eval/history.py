"""The last committed report, and what has changed since."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import RagError

from .scoring import Scored
from .stats import Figure, paired_permutation

LAST = Path(__file__).with_name("last.json")


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


def keep(
    path: Path, runs: Mapping[str, Sequence[Scored]], figures: Mapping[str, Mapping[str, Figure]]
) -> None:
    """Write what the next run is compared with; systems not in this run stay as they were."""
    data = load(path)
    for system, scored in runs.items():
        data[system] = {
            "figures": {
                name: None if figure.value is None else round(figure.value, 4)
                for name, figure in figures[system].items()
                if not name.startswith("latency")
            },
            "right": {s.item.id: int(s.right) for s in scored},
        }
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", "utf-8")


def load(path: Path) -> dict[str, Any]:
    """Read the last report; empty where there is none yet."""
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise RagError(f"the last report {path.name} cannot be read: {problem}") from problem
    return data


def change(system: str, scored: Sequence[Scored], last: Mapping[str, Any]) -> Change | None:
    """Compare one system's run with the last report, question by question."""
    if system not in last:
        return None
    before = {str(name): bool(right) for name, right in last[system]["right"].items()}
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
