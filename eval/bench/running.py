"""Runs one outside set: load, ask, mark, report; and the marks that every set has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .asking import Task, ask_all
from .data import spread
from .documents import Question, Reply
from .report import Marks, Measure, Report, mean_of, report_of

Place = tuple[int, int, int]  # document, start, end


@dataclass(frozen=True)
class Bench:
    """An outside set whose questions come with their documents.

    ``mark`` says what one reply is worth; ``few`` is how many questions are asked where no limit is
    given, None for all.
    """

    name: str
    title: str
    load: Callable[[Path], list[Question]]
    mark: Callable[[Question, Reply], Marks]
    measures: Sequence[Measure]
    notes: Sequence[str] = ()
    few: int | None = None

    def run(self, task: Task) -> Report:
        """Ask and report; raises DataAbsent where the data is not there."""
        every = self.load(task.data)
        questions = spread(every, task.limit or self.few)
        replies = ask_all(task, self.name, questions)
        asked = [
            (question, reply, {**gate_marks(question, reply), **self.mark(question, reply)})
            for question, reply in zip(questions, replies, strict=True)
        ]
        count = f"{len(questions)} of {len(every)} questions, --llm {task.settings.llm}"
        title = f"{self.title}: {count}"
        return report_of(self.name, title, [*self.measures, EXACT], asked, self.notes)


def gate_marks(question: Question, reply: Reply) -> Marks:
    """Give what the gate is worth: ``left_empty`` (worse) and ``refused`` (better), 0 or 1.

    A crash leaves an answerable question empty and refuses nothing.
    """
    silent, crashed = float(reply.silent), float(reply.answer is None)
    right = question.answerable
    return {
        "silent": silent,
        "refuse": None if right is None else float(not right),
        "left_empty": max(silent, crashed) if right else None,
        "refused": silent if right is False else None,
        "sure": reply.features.get("gate", 0.0),
        "exact": _exact(question, reply),
    }


def _exact(question: Question, reply: Reply) -> float | None:
    """Share of quotes that stand at their offsets in the document as it was given."""
    if not reply.citations:
        return None
    good = [
        bool(question.documents[c["document"]].text[c["start"] : c["end"]] == c["quote"])
        for c in reply.citations
    ]
    return sum(good) / len(good)


def places_cited(reply: Reply) -> list[Place]:
    """Where an answer's quotes stand."""
    return [(c["document"], c["start"], c["end"]) for c in reply.citations]


def overlap(one: Place, other: Place) -> bool:
    """Whether two places share a character."""
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def share_found(wanted: Sequence[Place], found: Sequence[Place]) -> float | None:
    """Share of wanted places that some found place overlaps; None where none is wanted."""
    if not wanted:
        return None
    return sum(any(overlap(place, each) for each in found) for place in wanted) / len(wanted)


def reciprocal_rank(wanted: Sequence[Place], found: Sequence[Place]) -> float | None:
    """1 / rank of the first found place that overlaps a wanted one; None where none is wanted."""
    if not wanted:
        return None
    ranks = (n for n, each in enumerate(found, 1) if any(overlap(place, each) for place in wanted))
    return 1.0 / next(ranks, float("inf"))


EXACT = Measure("citations", "quotes that stand where they say", mean_of("exact"))
LEFT_EMPTY = "answerable left empty (less is better)"
