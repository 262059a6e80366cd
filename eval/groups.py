"""Articles with the questions asked of them, and groups of sentences to train the reranker on.

SQuAD 2.0 and COVID-QA have questions that people wrote, the former many whose article looks as if
it answered and does not. Of SQuAD 1.1, whose questions all have an answer, some are made
unanswerable each time they are drawn: the sentences with the answer are taken away, or a name or
year of the question becomes another one of the same article. Hard negatives are the sentences of
the whole article that the embedder finds nearest. Questions come in other words as well, those of a
thesaurus (`eval/synonyms.py`) or of a language model (`eval/retell.py`).
"""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rag.sentences import split

from .synonyms import Thesaurus, variants

SQUAD1, SQUAD2, COVID = "squad1", "squad2", "covid"
HELD_OUT = 5  # every fifth SQuAD 2.0 article is kept for measuring
NEAR = 40  # sentences among which negatives are looked for
NEGATIVES = 14  # kept a question
POSITIVES, NEAREST, OTHERS = 3, 4, 4  # shown at once: of the answers, of the negatives, of the rest
REMOVED, SWAPPED = 0.2, 0.2  # shares of SQuAD 1.1 that are made unanswerable
ASKED_AS_IT_IS = 0.45  # share of the questions that keep their words
RETOLD = 0.8  # share of the others that a language model says, where it did; else WordNet or fewer
PART_SEED = 1
BARE = 0.15  # share without context, so that such sentences are understood too
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*|\b[12]\d{3}\b")

Pair = tuple[str, str]  # sentence, context
Vectors = Callable[[Sequence[str]], torch.Tensor]  # texts -> unit vectors, shape (n, d)
Retold = Mapping[tuple[str, str], tuple[str, ...]]  # (title, question) -> the same in other words


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question; sentences are told by their numbers in its article."""

    text: str
    variants: tuple[str, ...]  # the same with other words out of WordNet, or with fewer
    place: range  # the paragraph it was asked of
    gold: tuple[int, ...]  # what answers it, perhaps nothing
    answers: tuple[str, ...]
    nearness: NDArray[np.float32]  # the cosine of each sentence of the article
    retold: tuple[str, ...] = ()  # the same as a language model says it

    @property
    def near(self) -> list[int]:
        """The nearest sentences of the article, nearest first."""
        order: list[int] = np.argsort(-self.nearness, kind="stable")[:NEAR].tolist()
        return order


@dataclass(frozen=True, slots=True, eq=False)
class Article:
    """An article's sentences, each with its context, and what was asked of it."""

    title: str
    source: str
    held_out: bool
    pairs: tuple[Pair, ...]
    names: frozenset[str]  # and years
    asked: tuple[Asked, ...]

    def holds(self, number: int, answers: Iterable[str]) -> bool:
        """Whether a sentence has the words of an answer, wherever they come from."""
        sentence = self.pairs[number][0].lower()
        return any(answer.lower() in sentence for answer in answers)


@dataclass(frozen=True, slots=True)
class Group:
    """A question with the sentences that answer it (perhaps none) and hard negatives."""

    question: str
    positives: tuple[Pair, ...]
    negatives: tuple[Pair, ...]


class Text(NamedTuple):
    """An article as it is published: paragraphs, and questions by the number of theirs."""

    title: str
    source: str
    held_out: bool
    paragraphs: Sequence[str]
    rows: Sequence[dict[str, Any]]


def read_articles(
    data: Path,
    squad1: Path,
    thesaurus: Thesaurus,
    vectors: Vectors,
    retold: Retold,
    part: int | None = None,
) -> list[Article]:
    """Read SQuAD 1.1 and, out of the folder ``data``, SQuAD 2.0 and COVID-QA.

    With ``part`` only so many articles of SQuAD 1.1, all of SQuAD 2.0, and of both only the
    questions that were retold, and those held out: what two cores can learn from in an hour.
    """
    ones, twos = [*squad1_texts(squad1)], squad2_texts(data / "squad2.jsonl")
    if part is None:
        covid = covid_texts(data / "covidqa_questions.jsonl", data / "covidqa_articles.jsonl")
        texts = [*ones, *twos, *covid]
    else:
        dice = random.Random(PART_SEED)  # noqa: S311 - no secret
        some = dice.sample(ones, min(part, len(ones)))
        texts = [_retold_only(text, retold) for text in (*some, *twos)]
    return [told_anew(cut(text, thesaurus, vectors), retold) for text in texts]


def _retold_only(text: Text, retold: Retold) -> Text:
    kept = [r for r in text.rows if text.held_out or (text.title, r["question"].strip()) in retold]
    return text._replace(rows=kept)


def read_retold(path: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read what `python -m eval.retell` wrote."""
    return {(row["title"], row["question"]): tuple(row["retold"]) for row in _rows(path)}


def told_anew(article: Article, retold: Retold) -> Article:
    """Give an article whose questions know how a language model says them."""
    asked = (replace(a, retold=retold.get((article.title, a.text), ())) for a in article.asked)
    return replace(article, asked=tuple(asked))


def held_out_titles(rows: Iterable[dict[str, Any]]) -> set[str]:
    """Give the SQuAD articles that are kept for measuring: every fifth by title."""
    return set(sorted({row["title"] for row in rows})[::HELD_OUT])


def squad1_texts(path: Path) -> Iterator[Text]:
    """Read SQuAD 1.1 as it was published."""
    for article in json.loads(path.read_text("utf-8"))["data"]:
        rows = [
            {
                "question": qa["question"],
                "paragraph": number,
                "answers": [{"text": a["text"], "start": a["answer_start"]} for a in qa["answers"]],
            }
            for number, paragraph in enumerate(article["paragraphs"])
            for qa in paragraph["qas"]
        ]
        contexts = [paragraph["context"] for paragraph in article["paragraphs"]]
        yield Text(article["title"], SQUAD1, held_out=False, paragraphs=contexts, rows=rows)


def squad2_texts(path: Path) -> Iterator[Text]:
    """Read rows of SQuAD 2.0; those of one title are one article."""
    rows = sorted(_rows(path), key=lambda row: row["title"])
    apart = held_out_titles(rows)
    for title, found in groupby(rows, key=lambda row: row["title"]):
        asked = list(found)
        contexts = list(dict.fromkeys(row["context"] for row in asked))
        placed = [{**row, "paragraph": contexts.index(row["context"])} for row in asked]
        yield Text(title, SQUAD2, title in apart, contexts, placed)


def covid_texts(questions: Path, articles: Path) -> Iterator[Text]:
    """Read COVID-QA, whose long articles are one paragraph each."""
    texts = {row["id"]: row["text"] for row in _rows(articles)}
    rows = sorted(_rows(questions), key=lambda row: row["document"])
    for document, found in groupby(rows, key=lambda row: row["document"]):
        text = texts[document]
        title = text.split("\n", 1)[0][:120]
        placed = [{**row, "paragraph": 0} for row in found]
        yield Text(title, COVID, held_out=False, paragraphs=[text], rows=placed)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def cut(text: Text, thesaurus: Thesaurus, vectors: Vectors) -> Article:
    """Cut an article into sentences and find those that answer each question.

    A question is left out where its answer's place and what is said of it do not agree.
    """
    pairs, spans, places = list[Pair](), list[tuple[int, int]](), list[range]()
    for paragraph in text.paragraphs:
        first, before = len(pairs), ""
        for span in split(paragraph):
            sentence = " ".join(paragraph[span.start : span.end].split())
            pairs.append((sentence, f"{text.title.replace('_', ' ')} . {before}"))
            spans.append((span.start, span.end))
            before = sentence
        places.append(range(first, len(pairs)))
    found = []
    for row in text.rows:
        answers, place = row.get("answers", []), places[row["paragraph"]]
        starts = [answer["start"] for answer in answers]
        gold = tuple(j for j in place if any(spans[j][0] <= at < spans[j][1] for at in starts))
        if bool(gold) == row.get("answerable", True):
            told = tuple(answer["text"] for answer in answers)
            found.append((row["question"].strip(), place, gold, told))
    names = frozenset(name for sentence, _ in pairs for name in _NAME.findall(sentence))
    dice = random.Random(text.title)  # noqa: S311 - no secret
    nearness = _nearness([question for question, *_ in found], pairs, vectors)
    asked = tuple(
        Asked(
            question,
            variants(question, pairs[gold[0]][0], thesaurus, dice) if gold else (),
            place,
            gold,
            told,
            near,
        )
        for (question, place, gold, told), near in zip(found, nearness, strict=True)
    )
    return Article(text.title, text.source, text.held_out, tuple(pairs), names, asked)


def _nearness(
    questions: Sequence[str], pairs: Sequence[Pair], vectors: Vectors
) -> Sequence[NDArray[np.float32]]:
    if not questions:
        return ()
    cosines = vectors(questions) @ vectors([sentence for sentence, _ in pairs]).T
    return list(cosines.float().cpu().numpy())


def may_answer(article: Article, asked: Asked, number: int) -> bool:
    """Whether a sentence has the words of an answer, and so may be one though it is not marked.

    Not in the paragraph of a SQuAD 2.0 question: there somebody has looked for all that answers.
    """
    known = article.source == SQUAD2 and number in asked.place
    return not known and article.holds(number, asked.answers)


def negatives(article: Article, asked: Asked) -> list[int]:
    """Give the nearest sentences that do not answer."""
    found = (j for j in asked.near if j not in asked.gold and not may_answer(article, asked, j))
    return [j for j, _ in zip(found, range(NEGATIVES), strict=False)]


def swapped(article: Article, asked: Asked, dice: random.Random) -> tuple[str, str] | None:
    """Put another name or year of the article into a question; None where it has none.

    Gives the question and the new name, which no sentence of the question's paragraph has.
    """
    old_names = _NAME.findall(asked.text)
    if not old_names:
        return None
    old = dice.choice(old_names)
    here = " ".join(article.pairs[j][0] for j in asked.place) + asked.text
    found = {name for name in article.names if name.isdigit() == old.isdigit() and name not in here}
    if not found:
        return None
    new = dice.choice(sorted(found))
    return asked.text.replace(old, new), new


def whole_group(article: Article, asked: Asked, question: str) -> Group:
    """Give a question, in these words, with all that answers it and all negatives."""
    return _group(article, question, asked.gold, negatives(article, asked))


def drawn_group(article: Article, asked: Asked, dice: random.Random) -> Group:
    """Draw what is shown of a question this time: its words, some sentences, what is missing."""
    question, gold, bad = _lesson(article, asked, dice)
    others = bad[NEAREST:]
    chosen = [*bad[:NEAREST], *dice.sample(others, min(OTHERS, len(others)))]
    group = _group(article, question, gold[:POSITIVES], chosen)
    return _without_contexts(group) if dice.random() < BARE else group


def _lesson(
    article: Article, asked: Asked, dice: random.Random
) -> tuple[str, Sequence[int], Sequence[int]]:
    """Give the question, what answers it and what does not."""
    bad = negatives(article, asked)
    if article.source == SQUAD1:
        draw = dice.random()
        if draw < REMOVED:
            return _worded(asked, dice), (), bad
        if draw < REMOVED + SWAPPED and (other := swapped(article, asked, dice)):
            question, name = other
            left = [j for j in bad if name not in article.pairs[j][0]]
            return question, (), [*asked.gold, *left]
    return _worded(asked, dice), asked.gold, bad


def _worded(asked: Asked, dice: random.Random) -> str:
    """Say a question as it was asked, or in other words.

    Whether it is answered has no say in that, or other words would tell.
    """
    if dice.random() < ASKED_AS_IT_IS:
        return asked.text
    told = asked.retold if asked.retold and dice.random() < RETOLD else asked.variants
    return dice.choice(told) if told else asked.text


def _group(article: Article, question: str, good: Sequence[int], bad: Sequence[int]) -> Group:
    positives, others = (tuple(article.pairs[j] for j in each) for each in (good, bad))
    return Group(question, positives, others)


def _without_contexts(group: Group) -> Group:
    positives, others = (
        tuple((sentence, "") for sentence, _ in each) for each in (group.positives, group.negatives)
    )
    return Group(group.question, positives, others)
