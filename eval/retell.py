"""Retell questions in other words: `python -m eval.retell --data FOLDER --squad1 FILE --out FILE`.

Readers ask in words that the articles do not have: "the Japanese carmaker" for Toyota, "step down"
for resign. Questions that people wrote with the text before them repeat its words, and a thesaurus
knows neither names nor phrases. So the local model, drawing its words, says each question anew
without those it shares with the sentence that answers it; the reranker is then trained on both
(`python -m eval.train_reranker --retold FILE`). What it writes is kept where it is still near the
question and does not give the answer away.
"""

import json
import logging
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from rag.models import locate
from rag.settings import load_settings
from rag.words import STOPWORDS, WORD, fold, stem, terms

from .groups import Article, Asked, Vectors
from .qwen import open_qwen
from .qwen_reader import Reader, chat
from .scorer import Meanings
from .train_options import articles_of, base_network, options

MODEL = "local"
SYSTEM = (
    "You ask the same question in entirely different words, as somebody would who has not read the "
    "text. Replace nouns and verbs with synonyms, and names with what they stand for where that is "
    "well known. Keep the meaning. Write one question only."
)
USER = "Question: {question}\nAvoid: {words}"
EXAMPLES = (
    (
        "When did Angela Merkel resign as party leader?",
        "Merkel, resign, party, leader",
        "In what year did the German chancellor step down from the top of her political movement?",
    ),
    (
        "How many passengers were injured when the ferry collided with the pier?",
        "passengers, injured, ferry, collided, pier",
        "How many people got hurt as the boat hit the landing stage?",
    ),
    (
        "What did Toyota announce about its factory in Wales?",
        "Toyota, announce, factory, Wales",
        "What news did the Japanese carmaker give of its British plant?",
    ),
)
WARMTH = 0.5
WRITTEN = 40  # tokens of a question
AT_ONCE = 4096  # questions asked before the clock is looked at
NEAREST, ALIKE = 0.97, 0.4  # cosines with the question: above it is the same, below another one
SEED = 3
log = logging.getLogger(__name__)


class Told(NamedTuple):
    """A question, where it was asked, and the sentence whose words are to be avoided."""

    article: Article
    asked: Asked
    sentence: str


def questions(articles: Sequence[Article]) -> list[Told]:
    """Give every question with the sentence that answers it, or else the nearest one."""
    return [
        Told(article, asked, article.pairs[(*asked.gold, *asked.near)[0]][0])
        for article in articles
        for asked in article.asked
    ]


def shared(question: str, sentence: str) -> list[str]:
    """Give the question's words that stand in the sentence as well, each once, but common ones."""
    there = set(terms(sentence))
    words = (word for word in WORD.findall(question) if fold(word) not in STOPWORDS)
    return list(dict.fromkeys(word for word in words if stem(fold(word)) in there))


def prompt(question: str, words: Sequence[str]) -> str:
    """Ask for the question in other words."""
    turns = [("system", SYSTEM)]
    for asked, avoid, said in EXAMPLES:
        turns += [
            ("user", USER.format(question=asked, words=avoid)),
            ("assistant", said),
        ]
    return chat([*turns, ("user", USER.format(question=question, words=", ".join(words)))])


def teaches(written: str, told: Told, nearness: float) -> bool:
    """Whether what was written is one question, another wording of the same, without the answer."""
    said, source = set(terms(written)), set(terms(told.sentence))
    return (
        written.endswith("?")
        and "\n" not in written
        and ALIKE <= nearness < NEAREST
        and len(said & source) < max(len(set(terms(told.asked.text)) & source), 1)
        and not any(answer.lower() in written.lower() for answer in told.asked.answers)
    )


def retold(reader: Reader, asked: Sequence[Told], vectors: Vectors) -> Iterator[tuple[Told, str]]:
    """Give the questions that were retold well, with their new words."""
    prompts = [prompt(each.asked.text, shared(each.asked.text, each.sentence)) for each in asked]
    written = [text.strip() for text in reader.write(reader.encode(prompts), WRITTEN, WARMTH)]
    alike = (vectors([each.asked.text for each in asked]) * vectors(written)).sum(-1).tolist()
    for each, text, nearness in zip(asked, written, alike, strict=True):
        if teaches(text, each, nearness):
            yield each, text


def rounds(asked: Sequence[Told], minutes: float) -> Iterator[Sequence[Told]]:
    """Give some questions at a time, all before any comes again, until the time is over.

    Those held out come first: they measure what the others teach.
    """
    dice = random.Random(SEED)  # noqa: S311 - no secret
    start = time.monotonic()
    while asked:
        order = dice.sample(range(len(asked)), len(asked))
        order.sort(key=lambda i: not asked[i].article.held_out)
        for at in range(0, len(order), AT_ONCE):
            if time.monotonic() - start >= 60 * minutes:
                return
            yield [asked[i] for i in order[at : at + AT_ONCE]]


def write(found: dict[tuple[str, str], list[str]], path: Path) -> None:
    """Write a line for each question with all its new words."""
    rows = (
        {"title": title, "question": question, "retold": list(dict.fromkeys(said))}
        for (title, question), said in found.items()
    )
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), "utf-8")


def main() -> None:
    """Retell for so many minutes and save."""
    given = options(__doc__, "retold.jsonl").parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(SEED)
    asked = questions(articles_of(given))
    reader = Reader(*open_qwen(locate(MODEL, load_settings().home), given.device))
    reader.model.adapted = False
    meanings = Meanings(base_network(), given.device)
    found: dict[tuple[str, str], list[str]] = {}
    tried = 0
    for some in rounds(asked, given.minutes):
        tried += len(some)
        for each, text in retold(reader, some, meanings):
            found.setdefault((each.article.title, each.asked.text), []).append(text)
        kept = sum(map(len, found.values()))
        log.info("%d questions asked, %d retold well, %d different", tried, kept, len(found))
        write(found, given.out)


if __name__ == "__main__":
    main()
