"""Questions with the sentences that answer them and hard negatives, to train the reranker on.

Hard negatives are the sentences of the same article that the embedder finds nearest. Of SQuAD 1.1,
whose questions all have an answer, some are made unanswerable: the sentences with the answer are
taken away, or a name or year of the question becomes another one of the same article.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from rag.embedder import Embedder
from rag.sentences import split

NEGATIVES = 14  # kept a question
HELD_OUT = 5  # every fifth SQuAD 2.0 article is kept for measuring
PARAGRAPHS = 12  # read of each SQuAD 1.1 article
REMOVED, SWAPPED = 0.2, 0.2  # shares of SQuAD 1.1 that are made unanswerable
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*|\b[12]\d{3}\b")

Pair = tuple[str, str]  # sentence, context
Part = tuple[str, int, int, Pair]  # the paragraph, where in it, and the pair


@dataclass(frozen=True, slots=True)
class Group:
    """A question with the sentences that answer it (perhaps none) and hard negatives."""

    question: str
    positives: tuple[Pair, ...]
    negatives: tuple[Pair, ...]
    held_out: bool


def held_out_titles(rows: Iterable[dict[str, Any]]) -> set[str]:
    """Give the SQuAD articles that are kept for measuring: every fifth by title."""
    return set(sorted({row["title"] for row in rows})[::HELD_OUT])


def squad_groups(path: Path, embedder: Embedder) -> Iterator[Group]:
    """Make groups of SQuAD 2.0 rows; the pool of negatives is the whole Wikipedia article."""
    rows = sorted(_rows(path), key=lambda row: row["title"])
    kept_apart = held_out_titles(rows)
    for title, found in groupby(rows, key=lambda row: row["title"]):
        asked = list(found)
        pool: list[Part] = []
        for context in dict.fromkeys(row["context"] for row in asked):
            pool += _pool(context, title.replace("_", " "))
        for row, order in zip(asked, _nearest(asked, pool, embedder), strict=True):
            told = _told(row)
            good = [j for j in order if _answers(pool[j], row)]
            if bool(good) != row["answerable"]:
                continue
            bad = [
                j
                for j in order
                if j not in good
                and (pool[j][0] == row["context"] or not _holds(pool[j][3][0], told))
            ]
            yield _group(row["question"], pool, good, bad, held_out=title in kept_apart)


def squad1_groups(path: Path, embedder: Embedder, seed: int) -> Iterator[Group]:
    """Make groups of SQuAD 1.1 as it was published; the pool of negatives is some paragraphs."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    for article in json.loads(path.read_text("utf-8"))["data"]:
        paragraphs = article["paragraphs"]
        chosen = dice.sample(paragraphs, min(PARAGRAPHS, len(paragraphs)))
        title = article["title"].replace("_", " ")
        pool = [part for each in chosen for part in _pool(each["context"], title)]
        asked = [_row(qa, each["context"]) for each in chosen for qa in each["qas"]]
        for row, order in zip(asked, _nearest(asked, pool, embedder), strict=True):
            good = [j for j in order if _answers(pool[j], row)]
            told = _told(row)
            bad = [j for j in order if j not in good and not _holds(pool[j][3][0], told)]
            draw = dice.random()
            if draw < REMOVED:
                yield _group(row["question"], pool, [], bad, held_out=False)
            elif draw < REMOVED + SWAPPED and (other := _swapped(row, pool, dice)):
                question, name = other
                near = [j for j in bad if name not in pool[j][3][0]]
                yield _group(question, pool, [], [*good, *near], held_out=False)
            elif good:
                yield _group(row["question"], pool, good, bad, held_out=False)


def _row(qa: dict[str, Any], context: str) -> dict[str, Any]:
    answers = [{"text": a["text"], "start": a["answer_start"]} for a in qa["answers"]]
    return {"question": qa["question"].strip(), "context": context, "answers": answers}


def _told(row: dict[str, Any]) -> list[str]:
    return [answer["text"].lower() for answer in row.get("answers", [])]


def _swapped(
    row: dict[str, Any], pool: Sequence[Part], dice: random.Random
) -> tuple[str, str] | None:
    """Put another name or year of the article into a question; None where it has none."""
    asked = _NAME.findall(row["question"])
    if not asked:
        return None
    old = dice.choice(asked)
    found = {
        name
        for text, _, _, (sentence, _) in pool
        if text != row["context"]
        for name in _NAME.findall(sentence)
        if name.isdigit() == old.isdigit() and name not in row["context"] + row["question"]
    }
    if not found:
        return None
    new = dice.choice(sorted(found))
    return row["question"].replace(old, new), new


def covid_groups(questions: Path, articles: Path, embedder: Embedder) -> Iterator[Group]:
    """Make groups of COVID-QA rows; the pool of negatives is the whole long article."""
    texts = {row["id"]: row["text"] for row in _rows(articles)}
    rows = sorted(_rows(questions), key=lambda row: row["document"])
    for document, found in groupby(rows, key=lambda row: row["document"]):
        asked = [{**row, "context": texts[document]} for row in found]
        title = texts[document].split("\n", 1)[0][:120]
        pool = [part for part in _pool(texts[document], title) if 20 < len(part[3][0]) < 600]
        for row, order in zip(asked, _nearest(asked, pool, embedder), strict=True):
            good = [j for j in order if _answers(pool[j], row)]
            if 1 <= len(good) <= 3:
                bad = [j for j in order if j not in good]
                yield _group(row["question"], pool, good, bad, held_out=False)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _pool(text: str, title: str) -> list[Part]:
    parts, before = [], ""
    for span in split(text):
        sentence = " ".join(text[span.start : span.end].split())
        parts.append((text, span.start, span.end, (sentence, f"{title} . {before}")))
        before = sentence
    return parts


def _nearest(
    rows: Sequence[dict[str, Any]],
    pool: Sequence[Part],
    embedder: Embedder,
) -> Iterator[list[int]]:
    sentences = torch.tensor([e.vector.tolist() for e in embedder.encode([p[3][0] for p in pool])])
    for encoded in embedder.encode([row["question"] for row in rows]):
        yield (sentences @ torch.tensor(encoded.vector)).argsort(descending=True).tolist()


def _answers(part: Part, row: dict[str, Any]) -> bool:
    text, start, end, _ = part
    return text == row["context"] and any(
        start <= answer["start"] < end for answer in row.get("answers", [])
    )


def _holds(sentence: str, answers: Iterable[str]) -> bool:
    return any(answer in sentence.lower() for answer in answers)


def _group(
    question: str,
    pool: Sequence[Part],
    good: Sequence[int],
    bad: Sequence[int],
    *,
    held_out: bool,
) -> Group:
    positives = tuple(pool[j][3] for j in good)
    return Group(question, positives, tuple(pool[j][3] for j in bad[:NEGATIVES]), held_out)
