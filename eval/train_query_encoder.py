"""Train the query encoder: `python -m eval.train_query_encoder --retold FILE ... --out FILE`.

The embedder's vectors of articles stay; its reading of queries gets low-rank additions
(`eval/query_network.py`) and learns, over all sentences of an article at once, which of them
answers. The loss is a softmax over the article's sentences by MaxSim and cosine together, and a
smaller one by the cosine alone. Two of three questions come in the words that the local model
retold them in (`eval/retell.py`), so that it learns to meet sentences without their words.

The weights in `rag/` are of 21 minutes on two cores (`--part 442 --minutes 21 --device cpu`): the
retold questions of SQuAD 1.1 and all of SQuAD 2.0's half without the held-out articles. The time
sets the schedule, so a rerun comes near but not to the same bytes.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from rag.embedder import open_embedder
from rag.settings import load_settings

from .groups import Article, Asked, may_answer, read_retold
from .query_network import Asker, Page, read_page
from .train_options import articles_of, base_network, options

QUESTIONS, VISITS = 24, 3  # of one article a step; steps of one article in a row
RATE = 1e-3
WARM_UP, LEAST = 50, 0.02  # steps; share of the rate at the end
TOLD = 0.65  # share of the questions that come retold, where they were
SHARP = 10.0  # what similarities are multiplied by before the softmax
COSINE = 0.3  # weight of the loss by the cosine alone, which is twice as sharp
NEVER = -1e4
log = logging.getLogger(__name__)

Pages = Callable[[Article], Page]


class Lesson(NamedTuple):
    """Questions on one article: their words, what answers them, what nobody knows of."""

    article: Article
    queries: list[str]
    good: torch.Tensor  # shape (q, n)
    doubtful: torch.Tensor


def lesson(article: Article, asked: Sequence[Asked], queries: list[str]) -> Lesson:
    """Mark every sentence of the article for every question."""
    good, doubtful = torch.zeros(2, len(asked), len(article.pairs), dtype=torch.bool)
    for row, each in enumerate(asked):
        good[row, list(each.gold)] = True
        maybe = [may_answer(article, each, j) for j in range(len(article.pairs))]
        doubtful[row] = torch.tensor(maybe) & ~good[row]
    return Lesson(article, queries, good, doubtful)


def lessons(articles: Sequence[Article], dice: random.Random) -> Iterator[Lesson]:
    """Draw lessons without end, article by article; each question once before any comes again."""
    answered = {
        number: [asked for asked in article.asked if asked.gold]
        for number, article in enumerate(articles)
        if not article.held_out
    }
    left: dict[int, list[Asked]] = {number: [] for number, asked in answered.items() if asked}
    while left:
        for number in dice.sample(list(left), len(left)):
            left[number] = left[number] or dice.sample(answered[number], len(answered[number]))
            for _ in range(VISITS):
                asked, left[number] = left[number][:QUESTIONS], left[number][QUESTIONS:]
                if asked:
                    yield lesson(articles[number], asked, [_worded(a, dice) for a in asked])


def _worded(asked: Asked, dice: random.Random) -> str:
    told = asked.retold and dice.random() < TOLD
    return dice.choice(asked.retold) if told else asked.text


def loss_of(scores: torch.Tensor, given: Lesson) -> torch.Tensor:
    """Give the mean of minus the log-probability of what answers, shape (q, n) -> ()."""
    scores = scores.masked_fill(given.doubtful, NEVER)
    return (scores.logsumexp(1) - scores.masked_fill(~given.good, NEVER).logsumexp(1)).mean()


def train(asker: Asker, drawn: Iterator[Lesson], pages: Pages, minutes: float) -> int:
    """Train for so many minutes, with a short warm-up and a cosine decay; gives the steps taken."""
    trained = [parameter for parameter in asker.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.01)
    start = time.monotonic()
    for taken, given in enumerate(drawn):
        if (spent := (time.monotonic() - start) / 60 / minutes) >= 1:
            break
        factor = max(LEAST, 0.5 * (1 + math.cos(math.pi * spent)))
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, taken / WARM_UP) * factor
        late, cosine = asker(given.queries, pages(given.article))
        both = asker.scales[0] * late + asker.scales[1] * cosine
        loss = loss_of(SHARP * both, given) + COSINE * loss_of(2 * SHARP * cosine, given)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        if taken % 200 == 0:
            log.info("step %d, %.0f %% of the time, loss %.3f", taken, 100 * spent, loss.item())
    return taken


@torch.no_grad()
def measured(asker: Asker, articles: Sequence[Article], pages: Pages) -> Mapping[str, float]:
    """Give mean reciprocal ranks among all sentences of held-out articles.

    By MaxSim ("tokens") and by the cosine ("meaning"), of questions as they were asked and retold.
    """
    ranks: dict[str, list[float]] = {}
    for article in (article for article in articles if article.held_out):
        asked = [each for each in article.asked if each.gold]
        told = [(each, "asked", each.text) for each in asked]
        told += [(each, "retold", text) for each in asked for text in each.retold]
        if not told:
            continue
        both = asker([query for *_, query in told], pages(article))
        for name, scores in zip(("tokens", "meaning"), both, strict=True):
            for (each, kind, _), row in zip(told, scores, strict=True):
                better = int((row > row[list(each.gold)].max()).sum())
                ranks.setdefault(f"{kind}, {name}", []).append(1 / (1 + better))
    return {name: float(np.mean(found)) for name, found in ranks.items()}


def main() -> None:
    """Train and save; says the mean reciprocal ranks on held-out articles before and after."""
    parser = options(__doc__, "rag/queryencoder.safetensors")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--retold", type=Path, required=True, help="of `python -m eval.retell`")
    parser.add_argument("--part", type=int, help="only so many articles, and what was retold")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(given.seed)
    articles = articles_of(given, read_retold(given.retold), given.part)
    embedder = open_embedder(load_settings(embedder="minilm"))
    read = {id(article): read_page(article, embedder) for article in articles}

    def pages(article: Article) -> Page:
        return read[id(article)].on(given.device)

    asker = Asker(base_network(), given.device)
    log.info("%s", measured(asker, articles, pages))
    dice = random.Random(given.seed)  # noqa: S311 - no secret
    log.info("%d steps", train(asker, lessons(articles, dice), pages, given.minutes))
    asker.save(given.out)
    log.info("%s", measured(asker, articles, pages))


if __name__ == "__main__":
    main()
