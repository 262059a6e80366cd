"""CLAPnq (Rosenthal et al. 2024): answers from a gold passage, and passages without an answer.

ROUGE-L is this project's own (words, no stemming), over the answerable questions, an empty answer
counting 0. Published figures are on the whole dev set, with other tokenisers.
"""

from pathlib import Path
from typing import Any

from ..matching import rouge_l, token_f1, without_markers
from .data import read
from .documents import Document, Question, Reply
from .report import Marks, Measure, mean_of
from .running import (
    LEFT_EMPTY,
    Bench,
    Place,
    places_cited,
    reciprocal_rank,
    share_found,
)


def load(folder: Path) -> list[Question]:
    """Read the questions, each with its one passage."""
    return [_question(row) for row in read(folder, "clapnq.jsonl")]


def _question(row: dict[str, Any]) -> Question:
    passage = Document(" ".join(row["sentences"]), row["title"])
    return Question(str(row["id"]), row["question"], (passage,), bool(row["answerable"]), gold=row)


def mark(question: Question, reply: Reply) -> Marks:
    """Rate sentences found, sentences chosen and the answer's words; answerable questions only."""
    row = question.gold
    if not question.answerable:
        return {}
    sentences = sentence_places(row["sentences"])
    wanted = [sentences[at] for at in row["selected"]]
    cited = places_cited(reply)
    chosen = {at for at, place in enumerate(sentences) if share_found([place], cited)}
    both = len(chosen & set(row["selected"]))
    told = " ".join(row["sentences"][at] for at in sorted(chosen))
    needed = " ".join(row["sentences"][at] for at in row["selected"])
    return {
        "recall": share_found(wanted, reply.found),
        "rr": reciprocal_rank(wanted, reply.found),
        "sentence_f1": 2 * both / (len(chosen) + len(wanted)) if wanted else None,
        "chosen_f1": token_f1(told, needed) if wanted else None,
        "rouge": rouge_l(without_markers(reply.text), row["answer"]) if reply.text else 0.0,
    }


def sentence_places(sentences: list[str]) -> list[Place]:
    """Where each sentence stands in the passage, which joins them with spaces."""
    places, start = [], 0
    for sentence in sentences:
        places.append((0, start, start + len(sentence)))
        start += len(sentence) + 1
    return places


BENCH = Bench(
    "clapnq",
    "CLAPnq, gold passage given",
    load,
    mark,
    (
        Measure("search", "needed sentences among the evidence", mean_of("recall")),
        Measure("search", "first needed sentence, MRR", mean_of("rr")),
        Measure(
            "gate",
            "unanswerable refused",
            mean_of("refused"),
            "GPT-4 0.18, GPT-3.5 0.37, FLAN-T5-XXL 0.78, T5-large fine-tuned 0.89, VerbatimRAG "
            "0.77 (its small extractor 0.91)",
        ),
        Measure(
            "gate", LEFT_EMPTY, mean_of("left_empty"), "VerbatimRAG 0.02 (its small extractor 0.22)"
        ),
        Measure("answer", "sentence choice, F1 over sentences", mean_of("sentence_f1")),
        Measure(
            "answer",
            "sentence choice, token F1",
            mean_of("chosen_f1"),
            "0.708 (with 0.35 of the unanswerable answered)",
        ),
        Measure(
            "answer",
            "ROUGE-L of the answer shown",
            mean_of("rouge"),
            "GPT-4 0.359, GPT-3.5 0.398, FLAN-T5-XXL 0.319, T5-large fine-tuned 0.572, VerbatimRAG "
            "0.588 (its small extractor 0.441), whole passage copied 0.495",
        ),
    ),
)
