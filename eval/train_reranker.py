"""Train the reranker: `python -m eval.train_reranker --data FOLDER --squad1 FILE --out FILE`.

The embedder's own network reads question and sentence together and learns, on outside data
(`eval/groups.py`), which sentence of a group answers the question, or that none does. The loss is
a softmax over the group and one more choice, "none of these", whose logit is 0, so the logits mean
something by themselves. Word embeddings stay frozen and are not saved. So that it does not learn
to look for the question's words, many questions are trained in other words or in fewer
(`eval/synonyms.py`, and with `--retold` `eval/retell.py`). `--start` and `--part` train given
weights further where there is no graphics card.

The weights in `rag/` are of 290 seconds (`--minutes 4.83`) on an NVIDIA H100: 3,631 steps. On the
1,064 held-out questions their reciprocal rank is 0.910, their AUC of answerability 0.795. The time
sets the schedule, and questions whose sentence was taken away kept their words then, so a rerun
comes near but not to the same bytes.
"""

import logging
import math
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .calibrate import auc
from .groups import (
    COVID,
    SQUAD1,
    Article,
    Asked,
    Group,
    drawn_group,
    read_retold,
    whole_group,
)
from .scorer import Batch, Scorer, Words, as_read
from .train_options import articles_of, base_network, options

GROUPS, RATE = 64, 1.5e-4  # questions a step; of the encoder
HEAD = 20 / 3  # times as fast as the encoder
WARM_UP, LEAST = 0.04, 0.02  # share of the time, share of the rates at its end
MAKERS = 10  # processes that make batches for a graphics card, which would wait for one
NEVER = -1e4  # the logit of a place in a group that nothing stands in
log = logging.getLogger(__name__)

Lesson = tuple[Article, Asked]


class Step(NamedTuple):
    """What one step reads: its pairs, and how many each group has and how many of them answer."""

    batches: list[Batch]
    sizes: list[int]
    positives: list[int]


class Steps(IterableDataset[Step]):
    """Groups drawn without end; every question once before any comes again."""

    def __init__(self, lessons: Sequence[Lesson], words: Words, groups: int, seed: int) -> None:
        self._lessons, self._words, self._groups, self._seed = lessons, words, groups, seed

    def __iter__(self) -> Iterator[Step]:
        """Draw by dice of this process's own."""
        worker = get_worker_info()
        dice = random.Random(self._seed + (worker.id if worker else 0))  # noqa: S311 - no secret
        order: list[int] = []
        while True:
            groups = list[Group]()
            while len(groups) < self._groups:
                order = order or dice.sample(range(len(self._lessons)), len(self._lessons))
                groups.append(drawn_group(*self._lessons[order.pop()], dice))
            pairs = [
                as_read(group.question, pair)
                for group in groups
                for pair in (*group.positives, *group.negatives)
            ]
            sizes = [len(group.positives) + len(group.negatives) for group in groups]
            positives = [len(group.positives) for group in groups]
            yield Step(self._words.batches(pairs), sizes, positives)


def lessons(articles: Sequence[Article]) -> list[Lesson]:
    """Give the questions to train on; where people wrote the look-alikes they weigh thrice.

    A COVID-QA question that many sentences answer, or none, is left out: its marks are no
    sentence's.
    """
    found: list[Lesson] = []
    for article in articles:
        if not article.held_out:
            for asked in article.asked:
                if article.source != COVID or 1 <= len(asked.gold) <= 3:
                    found += [(article, asked)] * (1 if article.source == SQUAD1 else 3)
    return found


def group_loss(
    logits: torch.Tensor, sizes: Sequence[int], positives: Sequence[int]
) -> torch.Tensor:
    """Give the mean over groups of minus the log-probability of the positives, or of "none".

    The groups' logits stand one after the other, in each those of the positives first.
    """
    grouped = pad_sequence(
        list(torch.split(logits, list(sizes))), batch_first=True, padding_value=NEVER
    )
    choices = torch.cat([grouped.new_zeros(len(sizes), 1), grouped], 1)
    place = torch.arange(choices.shape[1], device=logits.device)
    count = torch.tensor(positives, device=logits.device)[:, None]
    good = torch.where(count > 0, (place >= 1) & (place <= count), place == 0)
    return (choices.logsumexp(1) - choices.masked_fill(~good, NEVER).logsumexp(1)).mean()


def train(scorer: Scorer, steps: Steps, minutes: float, rate: float) -> int:
    """Train for so many minutes, with a short warm-up and a cosine decay; gives the steps taken."""
    rates = rate, HEAD * rate
    parts = [scorer.network.encoder.parameters(), scorer.head.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": part, "lr": rate} for part, rate in zip(parts, rates, strict=True)],
        weight_decay=0.01,
    )
    scorer.train()
    start, taken = 0.0, 0
    for step in _made(steps, scorer.device):
        start = start or time.monotonic()  # the clock does not run while the first is made
        if (spent := (time.monotonic() - start) / 60 / minutes) >= 1:
            break
        factor = min(1.0, spent / WARM_UP) * max(LEAST, 0.5 * (1 + math.cos(math.pi * spent)))
        for part, rate in zip(optimizer.param_groups, rates, strict=True):
            part["lr"] = rate * factor
        loss = group_loss(scorer(step.batches), step.sizes, step.positives)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(scorer.parameters(), 1.0)
        optimizer.step()
        taken += 1
        if taken % 100 == 0:
            log.info("step %d, %.0f %% of the time, loss %.3f", taken, 100 * spent, loss.item())
    return taken


def _made(steps: Steps, device: str) -> Iterator[Step]:
    """Make steps in other processes where a graphics card takes them, else in this one."""
    makers = min(MAKERS, os.cpu_count() or 1) if device == "cuda" else 0
    if not makers:
        return iter(steps)
    # Forked, so that they share the articles; arrays come back as they are.
    loader = DataLoader(
        steps,
        batch_size=None,
        num_workers=makers,
        prefetch_factor=6,
        collate_fn=_same,
        multiprocessing_context="fork",
    )
    return iter(loader)


def _same(step: Any) -> Any:  # noqa: ANN401 - as the loader has it
    return step


def measured(scorer: Scorer, groups: Sequence[Group]) -> tuple[float, float]:
    """Give the mean reciprocal rank of the best positive, and the AUC of answerability.

    The latter is how often the best logit of a question with an answer is above another's; without
    both kinds of question it is not a number.
    """
    groups = [group for group in groups if group.positives or group.negatives]
    pairs = [(g.question, pair) for g in groups for pair in (*g.positives, *g.negatives)]
    logits = iter(scorer.score(pairs))
    ranks, best = list[float](), list[float]()
    for group in groups:
        good = [next(logits) for _ in group.positives]
        bad = [next(logits) for _ in group.negatives]
        best.append(max(good + bad))
        if good:
            ranks.append(1 / (1 + sum(logit > max(good) for logit in bad)))
    area = auc(np.array(best), np.array([bool(group.positives) for group in groups]))
    return float(np.mean(ranks)), math.nan if area is None else area


def held_out(articles: Sequence[Article]) -> dict[str, list[Group]]:
    """Give the held-out questions as they were asked, and as a language model retells them."""
    asked = [(article, each) for article in articles if article.held_out for each in article.asked]
    return {
        "held-out questions": [whole_group(article, each, each.text) for article, each in asked],
        "retold": [
            whole_group(article, each, text) for article, each in asked for text in each.retold
        ],
    }


def main() -> None:
    """Train and save; says the mean reciprocal rank and AUC on held-out articles."""
    parser = options(__doc__, "rag/reranker.safetensors")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--retold", type=Path, help="what `python -m eval.retell` wrote")
    parser.add_argument("--part", type=int, help="only so many articles, and what was retold")
    parser.add_argument("--start", type=Path, help="weights to train further")
    parser.add_argument("--groups", type=int, default=GROUPS, help="questions a step")
    parser.add_argument("--rate", type=float, default=RATE)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(given.seed)
    if given.part is not None and not given.retold:
        parser.error("--part reads only what was retold: add --retold FILE")
    articles = articles_of(given, read_retold(given.retold) if given.retold else {}, given.part)
    held = held_out(articles)
    scorer = Scorer(base_network(), given.device)
    if given.start:
        scorer.start(given.start)
    _measure(scorer, held)
    steps = Steps(lessons(articles), scorer.words, given.groups, given.seed)
    log.info("%d steps", train(scorer, steps, given.minutes, given.rate))
    scorer.save(given.out)
    _measure(scorer, held)


def _measure(scorer: Scorer, held: Mapping[str, Sequence[Group]]) -> None:
    for name, groups in held.items():
        if groups:
            log.info(
                "%d %s: reciprocal rank %.3f, AUC of answerability %.3f",
                len(groups),
                name,
                *measured(scorer, groups),
            )


if __name__ == "__main__":
    main()
