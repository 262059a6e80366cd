"""Bare answers ("in May"): kept where they answer, stopped where they belong to something else.

SQuAD 2.0: a question, the sentence of its answer, and the answer's own words. Two wrongs are made
of each: another name or number of the sentence in the answer's place, and another name of the
sentence in the question. Such wrongs are drawn by chance; those of a model lie nearer.
"""

import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.support import strays

from ..stats import mean_figure
from .alter import names_of
from .asking import Task
from .data import read, spread
from .report import Measure, Report, mean_of
from .statements import said_by

LONGEST = 6  # words of a bare answer
_FIGURE = re.compile(r"\d[\d.,]*\d|\d")
PARTS = {
    "right": "right, kept",
    "other answer": "another name or number of the sentence, stopped",
    "other question": "another name in the question, stopped",
}


@dataclass(frozen=True, slots=True)
class Bare:
    """A question, a bare answer and the sentence it is taken from; ``part`` says what it is."""

    part: str
    question: str
    text: str
    source: str


def run(task: Task) -> Report:
    """Report the shares of right ones kept and of wrong ones stopped."""
    marks: dict[str, list[float]] = {part: [] for part in PARTS}
    for bare in cases(task.data, task.limit):
        stopped = strays(bare.question, bare.text, bare.source)
        marks[bare.part].append(float(stopped != (bare.part == "right")))
    lines = [
        (Measure("SQuAD 2.0", PARTS[part], mean_of("")), mean_figure(found))
        for part, found in marks.items()
    ]
    return Report("bare", "Bare answers: the rules themselves, no model", lines)


def cases(folder: Path, limit: int | None = None) -> Iterator[Bare]:
    """Give right and wrong answers; raises DataAbsent."""
    for row in spread([r for r in read(folder, "squad2.jsonl") if r["answerable"]], limit):
        question, answer = row["question"], row["answers"][0]
        source = said_by(row["context"], answer["start"])
        if len(answer["text"].split()) > LONGEST or answer["text"] not in source:
            continue
        yield Bare("right", question, answer["text"], source)
        dice = random.Random(zlib.crc32(row["id"].encode()))  # noqa: S311 - no secret
        told = " ".join([question, *(each["text"] for each in row["answers"])])
        names = _without(names_of(source), told)
        figured = _FIGURE.search(answer["text"])
        if others := _without(_FIGURE.findall(source), told) if figured else names:
            yield Bare("other answer", question, dice.choice(others), source)
        shared = [name for name in names_of(question) if name in source]
        if shared and names:
            turned = question.replace(shared[0], dice.choice(names))
            yield Bare("other question", turned, answer["text"], source)


def _without(found: Sequence[str], text: str) -> list[str]:
    """Those that have no word of a text."""
    told = set(re.findall(r"\w+", text.lower()))
    return [each for each in found if not told & set(re.findall(r"\w+", each.lower()))]
