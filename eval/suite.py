"""One evaluation from questions to a report; knows nothing of the command line."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.embedder import Embedder
from rag.progress import bar

from . import gate as gates
from . import history, report, retrieval
from .gold import Gold
from .rows import Row
from .runner import Journal, run_system
from .scoring import Corpus, score_all, summarise
from .stats import Figure, mean_figure
from .systems import Product, System

Opener = Callable[[str], System]


@dataclass(frozen=True)
class Task:
    """What is to be evaluated, and where the report goes.

    ``part`` is "/third" where only that is asked; ``last`` is what the run is compared with;
    ``embedder`` is what the plain searches need, without it none are run; ``marks`` are
    attribution's, the same under whatever model.
    """

    items: Sequence[Gold]
    corpus: Corpus
    systems: Sequence[str]
    folder: Path
    thresholds: gates.Thresholds = field(default_factory=dict)
    part: str = ""
    reuse: bool | None = None
    last: history.Last = field(default_factory=history.Last)
    embedder: Embedder | None = None
    marks: Sequence[float] = ()
    misattributed: Sequence[str] = ()


def evaluate(task: Task, open_system: Opener) -> report.Run:
    """Ask every system every question, score, write the report, and give it.

    ``reuse`` None takes up an interrupted run, True also keeps the rows of a finished one, False
    starts from nothing.
    """
    journal = Journal(task.folder / "rows.jsonl")
    journal.begin(keep=not journal.is_finished if task.reuse is None else task.reuse)
    rows: dict[str, list[Row]] = {}
    provenance: dict[str, Any] = {}
    for name in task.systems:
        system = open_system(name)
        if isinstance(system, Product):
            provenance[name] = dict(system.rag.provenance)
        try:
            with bar(f"asking {name}") as progress:
                rows[name] = run_system(system, task.items, journal, progress)
        finally:
            system.close()
    journal.finish(row for group in rows.values() for row in group)
    scored = {name: score_all(task.items, rows[name], task.corpus) for name in task.systems}
    figures = {name: summarise(each) for name, each in scored.items()}
    for name in provenance:
        figures[name] |= _extras(task)
    told = {name + task.part: each for name, each in figures.items()}
    run = report.Run(
        about={**_about(task), "provenance": provenance},
        scored=scored,
        figures=figures,
        checks=gates.check(task.thresholds, told),
        search=_search(task, [rows[name] for name in provenance][:1]),
        misattributed=task.misattributed,
        last=task.last,
        part=task.part,
    )
    report.write(run, task.folder)
    return run


def _extras(task: Task) -> dict[str, Figure]:
    return {"attribution": mean_figure(task.marks)} if task.marks else {}


def _search(task: Task, product: Sequence[Sequence[Row]]) -> dict[str, dict[str, float | None]]:
    """Hold the first product's rankings against the plain ones."""
    if task.embedder is None or not product or not any(item.evidence for item in task.items):
        return {}
    with bar("plain searches") as progress:
        ours = retrieval.from_rows(product[0])
        ranked = retrieval.compare(task.corpus, task.items, task.embedder, ours, progress)
    return retrieval.as_data(ranked)


def _about(task: Task) -> dict[str, Any]:
    told = "".join(str(item.to_row()) for item in task.items)
    return {
        "questions": f"{len(task.items)}{task.part and f' ({task.part[1:]})'}",
        "gold": hashlib.sha256(told.encode()).hexdigest()[:16],
        "articles": len(task.corpus.articles),
        "systems": ", ".join(task.systems),
    }


def third(items: Sequence[Gold]) -> list[Gold]:
    """A fixed third of the questions, by the hash of their ids."""
    return [item for item in items if _draw(item) % 3 == 0]


def first(items: Sequence[Gold], limit: int) -> list[Gold]:
    """So many questions, drawn by the hash of their ids, in the order of the file."""
    chosen = {item.id for item in sorted(items, key=_draw)[:limit]}
    return [item for item in items if item.id in chosen]


def _draw(item: Gold) -> int:
    return int(hashlib.sha256(item.id.encode()).hexdigest(), 16)
