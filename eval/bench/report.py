"""A benchmark's figures as one table, by stage, with those of others beside ours; and as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..report import rounded
from ..stats import Figure, figure, mean_figure, percentile
from .asking import Task
from .documents import Question, Reply

Marks = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: at which stage, of what, how it is made of all questions' marks.

    ``others`` are published figures, or those of plain methods in the same run.
    """

    stage: str
    label: str
    of: Callable[[Sequence[Marks]], Figure]
    others: str = ""


@dataclass(frozen=True)
class Report:
    """A benchmark that has been run; ``rows`` are its questions, in plain data."""

    name: str
    title: str
    lines: Sequence[tuple[Measure, Figure]]
    notes: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()

    def markdown(self) -> str:
        """Give the table as Markdown, notes below it."""
        head = "| stage | measure | ours | 95 % | n | others |"
        lines = [f"## {self.title}", "", head, "| --- | --- | --- | --- | --- | --- |"]
        for measure, value in self.lines:
            cells = (measure.stage, measure.label, *_cells(value), measure.others)
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)])

    def data(self) -> dict[str, Any]:
        """Give everything as plain data."""
        return {
            "name": self.name,
            "title": self.title,
            "measures": [
                {
                    "stage": measure.stage,
                    "measure": measure.label,
                    **rounded(value),
                    "others": measure.others,
                }
                for measure, value in self.lines
            ],
            "notes": list(self.notes),
            "questions": list(self.rows),
        }

    def write(self, task: Task) -> None:
        """Write NAME-LLM.json and NAME-LLM.md into the report's folder."""
        told = json.dumps(self.data(), ensure_ascii=False, indent=1)
        task.out.mkdir(parents=True, exist_ok=True)
        task.file(self.name, ".json").write_text(told + "\n", "utf-8")
        task.file(self.name, ".md").write_text(self.markdown() + "\n", "utf-8")


def report_of(
    name: str,
    title: str,
    measures: Sequence[Measure],
    asked: Sequence[tuple[Question, Reply, Marks]],
    notes: Sequence[str] = (),
) -> Report:
    """Make a report of all questions, their replies and what each is worth."""
    marks = [{**each, **_costs(reply)} for _, reply, each in asked]
    lines = [(measure, measure.of(marks)) for measure in (*measures, *_ALWAYS)]
    rows = [_row(question, reply, each) for question, reply, each in asked]
    crashed = sum(reply.answer is None for _, reply, _ in asked)
    if crashed:
        notes = [*notes, f"{crashed} questions crashed and count as the worst answer."]
    return Report(name, title, [line for line in lines if line[1].value is not None], notes, rows)


def _costs(reply: Reply) -> Marks:
    return {
        "crashed": float(reply.answer is None),
        "ms": reply.milliseconds or None,
        "read": reply.tokens.get("in"),
        "written": reply.tokens.get("out"),
    }


def mean_of(mark: str) -> Callable[[Sequence[Marks]], Figure]:
    """Average a mark over the questions that are eligible for it."""

    def of(marks: Sequence[Marks]) -> Figure:
        return mean_figure([value for each in marks if (value := each.get(mark)) is not None])

    return of


def median_of(mark: str) -> Callable[[Sequence[Marks]], Figure]:
    """Take the median of a mark over the questions that are eligible for it."""

    def of(marks: Sequence[Marks]) -> Figure:
        values = [value for each in marks if (value := each.get(mark)) is not None]
        return figure(values, lambda some: percentile(some, 50))

    return of


def refusing(what: str, said: str = "silent", wanted: str = "refuse") -> Callable[..., Figure]:
    """Rate refusals as a decision: ``precision``, ``recall`` or ``f1`` of mark ``said``.

    ``wanted`` is 1 where refusing is right, 0 where it is wrong and None where neither.
    """

    def of(marks: Sequence[Marks]) -> Figure:
        pairs = [(m[said], m[wanted]) for m in marks if m.get(wanted) is not None]
        return figure(pairs, lambda some: decision(some).get(what))

    return of


def decision(pairs: Sequence[tuple[float | None, float | None]]) -> dict[str, float]:
    """Give precision, recall and F1 of a yes-or-no decision from (said, true) pairs of 0 and 1.

    Empty where nothing is true. To say yes to nothing gives a precision of 0.
    """
    if not any(true for _, true in pairs):
        return {}
    hits = sum(1.0 for said, true in pairs if said and true)
    precision = hits / max(sum(1.0 for said, _ in pairs if said), 1.0)
    recall = hits / max(sum(1.0 for _, true in pairs if true), 1.0)
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


_ALWAYS = (
    Measure("all", "crashed", mean_of("crashed")),
    Measure("all", "tokens the model read, mean", mean_of("read")),
    Measure("all", "tokens the model wrote, mean", mean_of("written")),
    Measure("all", "milliseconds for a question, median", median_of("ms")),
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(question: Question, reply: Reply, marks: Marks) -> dict[str, Any]:
    told = {"id": question.id, "question": question.text, "answerable": question.answerable}
    kept = {key: value for key, value in asdict(reply).items() if key not in ("id", "key", "found")}
    shown = {key: round(v, 4) for key, v in marks.items() if v is not None}
    return {**told, **kept, "marks": shown}


def _cells(value: Figure) -> tuple[str, str, str]:
    if value.value is None or value.low is None or value.high is None:
        return "", "", "0"
    if value.value > 10:  # milliseconds, no share
        return f"{value.value:,.0f}", f"{value.low:,.0f}-{value.high:,.0f}", str(value.n)
    return f"{value.value:.3f}", f"{value.low:.3f}-{value.high:.3f}", str(value.n)
