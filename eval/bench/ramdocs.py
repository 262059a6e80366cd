"""RAMDocs (Wang et al. 2025): documents that differ, some of them wrong.

A question names something that several entities share; each ``correct`` document answers for one
of them, ``misinfo`` gives a wrong answer and ``noise`` none.
"""

from pathlib import Path
from typing import Any

from ..matching import holds, without_markers
from .data import read
from .documents import Document, Question, Reply
from .report import Marks, Measure, mean_of
from .running import LEFT_EMPTY, Bench


def load(folder: Path) -> list[Question]:
    """Read the questions, each with its documents."""
    return [_question(n, row) for n, row in enumerate(read(folder, "ramdocs.jsonl"), 1)]


def _question(number: int, row: dict[str, Any]) -> Question:
    documents = tuple(Document(each["text"]) for each in row["documents"])
    return Question(f"ramdocs-{number}", row["question"], documents, answerable=True, gold=row)


def mark(question: Question, reply: Reply) -> Marks:
    """Rate what is shown (answer, quotes, conflicts), and the answer's words alone.

    ``exact`` is the paper's exact match: the answer has every right answer and no wrong one.
    """
    right, wrong = question.gold["gold_answers"], question.gold["wrong_answers"]
    shown = [without_markers(text) for text in reply.shown()]
    evidence = [question.documents[d].text[start:end] for d, start, end in reply.found]
    told = [answer for answer in right if _in(answer, shown)]
    false = [answer for answer in wrong if _in(answer, shown)]
    differ = len(right) > 1 or bool(wrong)
    listed = float(bool(reply.answer and reply.answer["conflicts"]))
    return {
        "found": sum(_in(answer, evidence) for answer in right) / len(right),
        "share": len(told) / len(right),
        "sides": float(len(told) == len(right)) if len(right) > 1 else None,
        "not_only_wrong": _not_only_wrong(reply, told, false) if wrong else None,
        "match": float(len(told) == len(right) and not false),
        "conflict": listed if differ else None,
        "false_alarm": None if differ else listed,
    }


def _not_only_wrong(reply: Reply, told: list[str], false: list[str]) -> float:
    """0 where a wrong answer is shown and no right one, or the product crashed."""
    return float(reply.answer is not None and (bool(told) or not false))


def _in(answer: str, texts: list[str]) -> bool:
    return any(holds(answer, text) for text in texts)


BENCH = Bench(
    "ramdocs",
    "RAMDocs, one to eleven documents given",
    load,
    mark,
    (
        Measure("search", "right answers among the evidence", mean_of("found")),
        Measure("gate", LEFT_EMPTY, mean_of("left_empty")),
        Measure("answer", "share of right answers shown", mean_of("share")),
        Measure("answer", "both sides (all right answers) shown, where there are several",
                mean_of("sides")),
        Measure("answer", "misinformation not the only answer shown", mean_of("not_only_wrong")),
        Measure(
            "answer",
            "exact match: all right answers, no wrong one",
            mean_of("match"),
            "best published 0.326 (Llama-3.3-70B)",
        ),
        Measure("conflicts", "a conflict is listed where documents differ", mean_of("conflict")),
        Measure("conflicts", "a conflict is listed where they do not (less is better)",
                mean_of("false_alarm")),
    ),
    (
        "Answers are matched as whole words. The published exact match reads a list of answers; "
        "ours reads all that is shown, quotes included, so a wrong answer that is quoted as one "
        "side counts against it.",
    ),
)  # fmt: skip
