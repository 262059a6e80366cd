"""Plain questions over invented folders of news, as a reader of one's own articles would ask them.

Each folder was written, with its questions, by somebody who saw neither the code nor other
questions. ``outbreak`` and ``takeover`` were then read and worked on, the others after a run unread
(docs/bench/folders.md). A question has the sentences that hold its answer, or none.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .data import read
from .documents import Document, Question, Reply
from .report import Marks, Measure, mean_of, refusing
from .running import LEFT_EMPTY, Bench, Place, overlap, places_cited, reciprocal_rank

FOLDERS = Path(__file__).with_name("folders")
UNANSWERABLE, CONFLICT = "unanswerable", "conflict"


def load(_: Path) -> list[Question]:
    """Read every folder's questions; the folder of outside data is not needed."""
    return [q for file in sorted(FOLDERS.glob("*.jsonl")) for q in _questions(file)]


def _questions(file: Path) -> Iterator[Question]:
    paths = sorted(path for path in file.with_suffix("").iterdir() if path.is_file())
    documents = tuple(Document(path.read_text("utf-8").lstrip("# ")) for path in paths)
    for row in read(file.parent, file.name):
        gold = {"folder": file.stem, "kind": row["kind"], "places": _places(row, documents)}
        said = row["kind"] != UNANSWERABLE
        yield Question(f"{file.stem}-{row['n']}", row["question"], documents, said, gold=gold)


def _places(row: dict[str, Any], documents: tuple[Document, ...]) -> list[Place]:
    """Where the sentences of an answer stand."""
    return [
        (number, start, start + len(quote))
        for quote in row["quotes"]
        for number, document in enumerate(documents)
        if (start := document.text.find(quote)) >= 0
    ]


def mark(question: Question, reply: Reply) -> Marks:
    """Rate search and citations of a question that has an answer."""
    wanted: list[Place] = question.gold["places"]
    if not wanted:
        return {}
    cited = places_cited(reply)
    met = [any(overlap(place, each) for each in cited) for place in wanted]
    own = {f"cited_{question.gold['folder']}": float(any(met))}
    both = {"sides": float(sum(met) > 1)} if question.gold["kind"] == CONFLICT else {}
    return {
        **own,
        **both,
        "cited": float(any(met)),
        "share": sum(met) / len(met),
        "mrr": reciprocal_rank(wanted, reply.found[:8]),
    }


BENCH = Bench(
    "folders",
    "Plain questions over invented folders of news",
    load,
    mark,
    [
        Measure("search", "first right sentence, MRR@8", mean_of("mrr")),
        Measure("answer", "a right sentence cited", mean_of("cited")),
        *(
            Measure("answer", f"a right sentence cited, {file.stem}", mean_of(f"cited_{file.stem}"))
            for file in sorted(FOLDERS.glob("*.jsonl"))
        ),
        Measure("answer", "share of right sentences cited", mean_of("share")),
        Measure("conflicts", "both sides of a conflict cited", mean_of("sides")),
        Measure("gate", LEFT_EMPTY, mean_of("left_empty")),
        Measure("gate", "unanswerable declined", mean_of("refused")),
        Measure("gate", "F1 of refusing", refusing("f1")),
    ],
)
