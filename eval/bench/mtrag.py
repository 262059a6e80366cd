"""MTRAG-UN (Rosenthal et al. 2026): conversations whose last turn has an answer, half of one, none.

Turns labelled unanswerable come without any passage, so that refusing them is no feat. They are
asked twice: as given, and with the three passages of other conversations of the same collection
that BM25 ranks first ("borrowed"), which is what a search would have found.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..matching import rouge_l, token_f1, without_markers
from ..rankers import Bm25
from .data import read
from .documents import Document, Question, Reply
from .report import Marks, Measure, mean_of, refusing
from .running import Bench

BORROWED = 3
ANSWERABLE = {"ANSWERABLE": True, "UNANSWERABLE": False}
Row = dict[str, Any]


def load(folder: Path) -> list[Question]:
    """Read the last turns, each with its conversation and passages."""
    rows = read(folder, "mtrag_un.jsonl")
    by_collection: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_collection[row["Collection"]].append(row)
    lenders = {name: Lender(some) for name, some in by_collection.items()}
    questions = []
    for row in rows:
        questions.append(_question(row, [c["text"] for c in row["contexts"]]))
        if row["answerability"] == ["UNANSWERABLE"]:
            questions.append(_question(row, lenders[row["Collection"]].lend(row), ":borrowed"))
    return questions


class Lender:
    """All passages of one collection, lent to turns that have none."""

    def __init__(self, rows: Sequence[Row]) -> None:
        owners: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            for context in row["contexts"]:
                owners[context["text"]].add(row["conversation_id"])
        self._owners = list(owners.items())
        self._bm25 = Bm25([text for text, _ in self._owners])

    def lend(self, row: Row) -> list[str]:
        """Give other conversations' passages nearest to a turn and the question before it."""
        asked = " ".join(turn["text"] for turn in row["input"][-3:] if turn["speaker"] == "user")
        ranked = (self._owners[at] for at, _ in self._bm25.rank(asked))
        others = (text for text, owners in ranked if row["conversation_id"] not in owners)
        return [text for text, _ in zip(others, range(BORROWED), strict=False)]


def _question(row: Row, passages: Sequence[str], ending: str = "") -> Question:
    kind = row["answerability"][0]
    return Question(
        id=row["task_id"] + ending,
        text=row["input"][-1]["text"],
        documents=tuple(Document(text) for text in passages if text.strip()),
        answerable=ANSWERABLE.get(kind),
        history=turns(row["input"][:-1]),
        gold={"kind": kind, "target": row["targets"][0]["text"], "borrowed": bool(ending)},
    )


def turns(spoken: Sequence[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Pair what the user asked with what the agent told."""
    pairs: list[tuple[str, str]] = []
    for turn in spoken:
        if turn["speaker"] == "user":
            pairs.append((turn["text"], ""))
        elif pairs:
            pairs[-1] = (pairs[-1][0], turn["text"])
    return tuple(pairs)


def mark(question: Question, reply: Reply) -> Marks:
    """Rate refusals by kind of turn, and an answerable turn's words against the target."""
    gold, silent = question.gold, float(reply.silent)
    unanswerable, borrowed = question.answerable is False, gold["borrowed"]
    told = without_markers(reply.text)
    return {
        "given": None if borrowed or question.answerable is None else float(unanswerable),
        "real": None if question.answerable is None or (unanswerable and not borrowed)
        else float(unanswerable),
        "kept": float(bool(told)) if question.answerable else None,
        "partial": silent if gold["kind"] == "PARTIAL" else None,
        "vague": silent if gold["kind"] == "UNDERSPECIFIED" and question.documents else None,
        "rouge": rouge_l(told, gold["target"]) if question.answerable else None,
        "f1": token_f1(told, gold["target"]) if question.answerable else None,
    }  # fmt: skip


NEAREST = "nearest published "
BENCH = Bench(
    "mtrag",
    "MTRAG-UN, conversation and passages given",
    load,
    mark,
    (
        Measure("gate", "precision of refusing, unanswerable with borrowed passages",
                refusing("precision", wanted="real"), NEAREST + "0.33"),
        Measure("gate", "recall of refusing, unanswerable with borrowed passages",
                refusing("recall", wanted="real"), NEAREST + "0.44"),
        Measure("gate", "precision of refusing, unanswerable as given (no passage)",
                refusing("precision", wanted="given"), NEAREST + "0.33"),
        Measure("gate", "recall of refusing, unanswerable as given (no passage)",
                refusing("recall", wanted="given"), NEAREST + "0.44"),
        Measure("gate", "answerable kept", mean_of("kept")),
        Measure("gate", "underspecified, with passages: declined", mean_of("vague")),
        Measure("gate", "partly answerable: declined (less is better)", mean_of("partial")),
        Measure("answer", "ROUGE-L against the target, answerable", mean_of("rouge")),
        Measure("answer", "token F1 against the target, answerable", mean_of("f1")),
    ),
    (
        "Turns labelled unanswerable come without passages; refusing them is no feat, so that they "
        "are also asked with passages borrowed from other conversations of their collection. "
        "Underspecified and partly answerable turns count in neither precision nor recall. The "
        "published figures are of another set-up, so they are a hint, no match.",
    ),
)  # fmt: skip
