"""SQuAD 2.0 (Rajpurkar et al. 2018): whether the gate knows that a paragraph does not answer.

Only articles that the reranker was not trained on (``eval/groups.py`` keeps every fifth).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..matching import holds, without_markers
from ..stats import Figure, figure
from .data import read
from .documents import Document, Question, Reply
from .report import Marks, Measure, mean_of, refusing
from .running import LEFT_EMPTY, Bench, reciprocal_rank, share_found


def load(folder: Path) -> list[Question]:
    """Read the questions on held-out articles, each with its paragraph."""
    from ..groups import held_out_titles

    rows = read(folder, "squad2.jsonl")
    held_out = held_out_titles(rows)
    return [_question(row) for row in rows if row["title"] in held_out]


def _question(row: dict[str, Any]) -> Question:
    paragraph = Document(row["context"], row["title"].replace("_", " "))
    return Question(
        str(row["id"]), row["question"], (paragraph,), bool(row["answerable"]), gold=row
    )


def mark(question: Question, reply: Reply) -> Marks:
    """Rate the search, and whether an accepted answer is shown; answerable questions only."""
    if not question.answerable:
        return {}
    answers = question.gold["answers"]
    wanted = [(0, a["start"], a["start"] + len(a["text"])) for a in answers[:1]]
    texts = [without_markers(text) for text in reply.shown()]
    return {
        "recall": share_found(wanted, reply.found),
        "rr": reciprocal_rank(wanted, reply.found),
        "right": float(any(holds(a["text"], text) for a in answers for text in texts)),
    }


def auc(marks: Sequence[Marks]) -> Figure:
    """Chance that the gate is surer of an answerable question than of one that is not.

    Ties count half (Mann & Whitney 1947). 0.5 is a coin.
    """
    pairs = [(m["sure"] or 0.0, m["refuse"]) for m in marks if m["refuse"] is not None]
    return figure(pairs, _auc)


def _auc(pairs: Sequence[tuple[float, float | None]]) -> float | None:
    good = np.array([sure for sure, refuse in pairs if not refuse])
    bad = np.array([sure for sure, refuse in pairs if refuse])
    if not len(good) or not len(bad):
        return None
    above = (good[:, None] > bad[None]).mean() + 0.5 * (good[:, None] == bad[None]).mean()
    return float(above)


BENCH = Bench(
    "squad2",
    "SQuAD 2.0, paragraph given, articles the reranker was not trained on",
    load,
    mark,
    (
        Measure("search", "the answer's sentence among the evidence", mean_of("recall")),
        Measure("search", "the answer's sentence, MRR", mean_of("rr")),
        Measure(
            "gate",
            "answerability: F1 of refusing",
            refusing("f1"),
            "best of AbstentionBench, a 32B model: 0.84",
        ),
        Measure("gate", "precision of refusing", refusing("precision")),
        Measure("gate", "recall of refusing", refusing("recall")),
        Measure("gate", LEFT_EMPTY, mean_of("left_empty")),
        Measure("gate", "AUC of the gate's probability", auc),
        Measure("answer", "an accepted answer shown", mean_of("right")),
    ),
    few=400,
)
