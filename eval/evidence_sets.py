"""Evidence as the product would show it, and whether it answers, to train the local model on.

To each question the reranker orders sentences of its paragraph or of its article, and the best few
are shown. Whether one of them answers is known from the data. Of SQuAD 1.1 and COVID-QA, whose
questions all have an answer, some sets have it taken away, or ask for another name (`eval/groups`).
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.calibration import calibration
from rag.gate import QUOTES, SHARE

from .groups import COVID, SQUAD1, SQUAD2, Article, Asked, Pair, swapped

ONES = 26_000  # questions of SQuAD 1.1; all others are taken, and twice
PARAGRAPH, NEAREST, READ = 20, 18, 16  # sentences of a paragraph, of an article, for the reranker
ONE_PARAGRAPH = {SQUAD1: 0.35, SQUAD2: 0.8, COVID: 0.0}  # shares whose paragraph is all there is
REMOVED, SWAPPED = 0.34, 0.16
VARIED = 0.3
SEED = 11

Score = Callable[[Sequence[tuple[str, Pair]]], list[float]]


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """A question, the sentences shown, and the numbers (from 1) of those that answer it."""

    question: str
    sentences: tuple[str, ...]
    gold: tuple[int, ...]
    answers: tuple[str, ...]
    source: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class _Offer:
    """A question as it is asked, what answers it now, and what the reranker chooses from."""

    article: Article
    asked: Asked
    question: str
    gold: tuple[int, ...]
    choice: tuple[int, ...]

    @property
    def pairs(self) -> list[tuple[str, Pair]]:
        return [(self.question, self.article.pairs[j]) for j in self.choice]


def evidence_sets(articles: Sequence[Article], score: Score, ones: int = ONES) -> list[EvidenceSet]:
    """Make the sets to train on and, of the held-out articles, those to measure with."""
    dice = random.Random(SEED)  # noqa: S311 - no secret
    offers = [
        offer
        for article, asked in _chosen(articles, ones, dice)
        if len((offer := _offer(article, asked, dice)).choice) > 1
    ]
    logits = iter(score([pair for offer in offers for pair in offer.pairs]))
    sets = [_shown(offer, [next(logits) for _ in offer.choice]) for offer in offers]
    return [each for each in sets if each is not None]


def _chosen(
    articles: Sequence[Article], ones: int, dice: random.Random
) -> Iterator[tuple[Article, Asked]]:
    """Give some questions of SQuAD 1.1, twice all others to train on, once those held out."""
    first, others, held = (list[tuple[Article, Asked]]() for _ in range(3))
    for article in articles:
        kind = held if article.held_out else first if article.source == SQUAD1 else others
        kind += [(article, asked) for asked in article.asked]
    dice.shuffle(first)
    yield from (*first[:ones], *others, *others, *held)


def _offer(article: Article, asked: Asked, dice: random.Random) -> _Offer:
    narrow = article.held_out or dice.random() < ONE_PARAGRAPH[article.source]
    choice = list(asked.place[:PARAGRAPH]) if narrow else asked.near[:NEAREST]
    question, gold = asked.text, asked.gold
    draw = 1.0 if article.source == SQUAD2 else dice.random()
    if draw < REMOVED:
        choice = [j for j in choice if j not in gold and not article.holds(j, asked.answers)]
        gold = ()
    elif draw < REMOVED + SWAPPED and (other := swapped(article, asked, dice)):
        question, name = other
        choice, gold = [j for j in choice if name not in article.pairs[j][0]], ()
    elif not article.held_out and asked.variants and dice.random() < VARIED:
        question = dice.choice(asked.variants)
    choice.sort(key=lambda j: -asked.nearness[j])
    return _Offer(article, asked, question, gold, tuple(choice[:READ]))


def _shown(offer: _Offer, logits: Sequence[float]) -> EvidenceSet | None:
    """Show the best few; None where they answer perhaps, by the answer's words elsewhere."""
    worth = {
        j: logit + calibration().blend.near * float(offer.asked.nearness[j])
        for j, logit in zip(offer.choice, logits, strict=True)
    }
    order = sorted(offer.choice, key=lambda j: -worth[j])
    best = worth[order[0]]
    shown = [j for j in order if math.exp(worth[j] - best) >= SHARE][:QUOTES]
    gold = tuple(number for number, j in enumerate(shown, 1) if j in offer.gold)
    article, answers = offer.article, offer.asked.answers
    if offer.gold and not gold and any(article.holds(j, answers) for j in shown):
        return None
    sentences = tuple(article.pairs[j][0] for j in shown)
    return EvidenceSet(offer.question, sentences, gold, answers, article.source, article.held_out)
