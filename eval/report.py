"""A finished run as files: JSON for machines, one Markdown page for people, pictures, JUnit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import history, junit, plots, retrieval
from .gate import Check
from .scoring import LABELS, Scored, by_type, explain, values
from .stats import Figure, paired_permutation

WHOLE = {"quoted_chars", "tokens_in", "tokens_out", "latency_p50_ms", "latency_p95_ms"}


@dataclass(frozen=True)
class Run:
    """All that a report tells of; ``about`` says what was run, ``attribution`` what was wrong."""

    about: Mapping[str, Any]
    scored: Mapping[str, Sequence[Scored]]
    figures: Mapping[str, Mapping[str, Figure]]
    checks: Sequence[Check] = ()
    search: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    misattributed: Sequence[str] = ()
    last: history.Last = field(default_factory=history.Last)
    part: str = ""


def write(run: Run, folder: Path) -> None:
    """Write report.json, report.md, summary.md, junit.xml and the pictures into a folder."""
    pictures = plots.draw(run.scored, folder)
    (folder / "report.json").write_text(
        json.dumps(_data(run), ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    (folder / "report.md").write_text(markdown(run, pictures), "utf-8")
    (folder / "summary.md").write_text(summary(run), "utf-8")
    junit.write(folder / "junit.xml", run.scored, run.checks)


def _data(run: Run) -> dict[str, Any]:
    return {
        "about": run.about,
        "figures": {
            name: {metric: rounded(figure) for metric, figure in figures.items()}
            for name, figures in run.figures.items()
        },
        "types": {
            name: {kind: rounded(figure) for kind, figure in by_type(scored).items()}
            for name, scored in run.scored.items()
        },
        "search": run.search,
        "gate": [{**asdict(check), "passed": check.passed} for check in run.checks],
        "questions": {
            name: {s.item.id: {**s.scores, "why": explain(s)} for s in scored}
            for name, scored in run.scored.items()
        },
    }


def rounded(figure: Figure) -> dict[str, float | int | None]:
    """Give a figure as plain data, four places."""
    whole = asdict(figure)
    return {key: round(v, 4) if isinstance(v, float) else v for key, v in whole.items()}


def markdown(run: Run, pictures: Sequence[str] = ()) -> str:
    """Give the whole page."""
    parts = [
        *_opening(run),
        *_gate(run),
        "## By type of question",
        _types(run),
        *[f"![{name.removesuffix('.png').replace('_', ' ')}]({name})" for name in pictures],
        *_search(run),
        *_changes(run),
        *_wrong(run),
        *_attribution(run),
    ]
    return "\n\n".join(parts) + "\n"


def summary(run: Run) -> str:
    """Give what a CI job shows of the page: figures, gate, and what has changed."""
    return "\n\n".join([*_opening(run), *_gate(run), *_changes(run)]) + "\n"


def _opening(run: Run) -> list[str]:
    return [
        "# Evaluation",
        _about(run),
        "## Figures",
        "Each with its 95 % bootstrap interval over questions; n is the number of questions that "
        "are eligible, and an empty cell means that none is.",
        figures_table(run.figures),
        *_comparison(run),
    ]


def _about(run: Run) -> str:
    return "\n".join(f"- {key}: {value}" for key, value in run.about.items() if key != "provenance")


def figures_table(figures: Mapping[str, Mapping[str, Figure]]) -> str:
    """Give all figures of all systems as a Markdown table, a system a column."""
    lines = [f"| metric | {' | '.join(figures)} |", f"| --- |{' --- |' * len(figures)}"]
    for metric, label in LABELS.items():
        row = [figures[system].get(metric, Figure(None)) for system in figures]
        if any(figure.value is not None for figure in row):
            shown = (show(figure, whole=metric in WHOLE) for figure in row)
            lines.append(f"| {label} | {' | '.join(shown)} |")
    return "\n".join(lines)


def show(figure: Figure, *, whole: bool = False, counted: bool = True) -> str:
    """Give a figure with its interval and count, such as ``0.842 (0.80-0.88, n 214)``."""
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    if whole:
        return f"{figure.value:,.0f} ({figure.low:,.0f}-{figure.high:,.0f})"
    count = f", n {figure.n}" if counted else ""
    return f"{figure.value:.3f} ({figure.low:.2f}-{figure.high:.2f}{count})"


def _comparison(run: Run) -> list[str]:
    """Test every system against the first, on the same questions."""
    first, *others = run.scored
    if not others:
        return []
    lines = [f"Correctness against `{first}`, paired permutation test:", ""]
    base = values(run.scored[first], "correct")
    for name in others:
        mine = values(run.scored[name], "correct")
        gap = (sum(mine) - sum(base)) / len(base)
        lines.append(f"- `{name}`: {gap:+.3f}, p = {paired_permutation(mine, base):.4f}")
    return ["\n".join(lines)]


def _gate(run: Run) -> list[str]:
    if not run.checks:
        return []
    met = sum(check.passed for check in run.checks)
    lines = ["| system | metric | wanted | measured | |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {c.system} | {LABELS[c.metric]} | {'≥' if c.bound == 'min' else '≤'} {c.limit:g} "
        f"| {show(Figure(c.value, c.low, c.high), counted=False, whole=c.metric in WHOLE)} "
        f"| {'met' if c.passed else '**missed**'} |"
        for c in run.checks
    ]
    return ["## Gate", f"{met} of {len(run.checks)} thresholds are met.", "\n".join(lines)]


def _types(run: Run) -> str:
    tables = {system: by_type(scored) for system, scored in run.scored.items()}
    kinds = sorted({kind for table in tables.values() for kind in table})
    lines = [f"| type | {' | '.join(tables)} |", f"| --- |{' --- |' * len(tables)}"]
    for kind in kinds:
        shown = (show(table.get(kind, Figure(None))) for table in tables.values())
        lines.append(f"| {kind} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _search(run: Run) -> list[str]:
    return ["## Search", retrieval.table(run.search)] if run.search else []


def _changes(run: Run) -> list[str]:
    parts = ["## Since the last report"]
    for system, scored in run.scored.items():
        change = history.change(system, scored, run.last, run.part)
        if change is None:
            parts.append(f"`{system}` is not in the last report.")
            continue
        lines = [f"`{system}`: {change.before:.3f} → {change.after:.3f}, p = {change.p:.4f}", ""]
        parts.append("\n".join([*lines, *_flips(change)]).strip())
    return parts


def flips(run: Run) -> list[str]:
    """Give a line for each kind of change since the last report, naming the questions."""
    found = []
    for system, scored in run.scored.items():
        change = history.change(system, scored, run.last, run.part)
        found += [f"{system}{line.removeprefix('-')}" for line in _flips(change) if change]
    return found


def _flips(change: history.Change | None) -> list[str]:
    kinds = ("fixed", "broken", "new", "gone")
    named = [(kind, getattr(change, kind, ())) for kind in kinds]
    return [f"- {kind} ({len(names)}): {', '.join(names)}" for kind, names in named if names]


def _wrong(run: Run) -> list[str]:
    parts = []
    for system, scored in run.scored.items():
        wrong = [s for s in scored if not s.right]
        lines = [f"## Wrong answers of `{system}` ({len(wrong)})", ""]
        lines += ["| id | type | question | why |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {s.item.id} | {s.item.type} | {_cell(s.item.question)} | {_cell(explain(s))} |"
            for s in wrong
        ]
        parts.append("\n".join(lines))
    return parts


def _attribution(run: Run) -> list[str]:
    if not run.misattributed:
        return []
    lines = "\n".join(f"- {' '.join(line.split())}" for line in run.misattributed)
    return [f"## Sentences given to another speaker ({len(run.misattributed)})", lines]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
