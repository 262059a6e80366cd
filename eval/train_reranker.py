"""Train the reranker's weights: `python -m eval.train_reranker --data FOLDER --out FILE`.

The embedder's own network reads question and sentence together and learns, on outside data, which
sentence of a group answers the question, or that none does. SQuAD 2.0 and COVID-QA, and SQuAD 1.1
where it is given (`--squad1`), have the questions (`eval/groups.py`).
The loss is a softmax over the group and one more choice, "none of these", whose logit is 0, so the
logits mean something by themselves. Word embeddings stay frozen and are not saved.

So that it does not learn to look for the question's words, many questions are trained in other
words (`eval/synonyms.py`) or without some of those that the sentence has.
"""

import argparse
import logging
import math
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModel, AutoTokenizer

from rag.embedder import open_embedder
from rag.models import locate, sha256_of
from rag.reranker import BASE, CONTEXT_CHARS, MAX_TOKENS
from rag.settings import load_settings
from rag.shipped import PINNED
from rag.words import STOPWORDS, fold, stem, terms

from .groups import Group, Pair, covid_groups, squad1_groups, squad_groups
from .synonyms import FOLDER, Thesaurus, reworded

GROUPS = 8  # questions a step
BATCH = 20  # pairs read at once
MEASURED = 400  # questions of the held-out articles
RATES = (6e-5, 1e-3)  # encoder, head
# Where the processor has no instructions for them, halves take many times as long as wholes.
BFLOAT16 = bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
log = logging.getLogger(__name__)


def thinned(question: str, sentence: str, dice: random.Random) -> str:
    """Drop some of a question's plain words that stand in the sentence too.

    SQuAD's questions repeat their sentences; readers' questions often do not. Names stay.
    """
    shared = set(terms(sentence))
    kept = []
    for word in question.split():
        bare = re.sub(r"\W", "", word)
        plain = bare.islower() and fold(bare) not in STOPWORDS
        if not (plain and stem(fold(bare)) in shared and dice.random() < 0.6):
            kept.append(word)
    return " ".join(kept)


class Scorer(nn.Module):
    """The embedder's network with one linear unit on its first token; embeddings frozen."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        self.network = AutoModel.from_pretrained(str(base), local_files_only=True)
        self.head = nn.Linear(self.network.config.hidden_size, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.network.embeddings.requires_grad_(requires_grad=False)
        self.tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True)

    def forward(self, pairs: Sequence[tuple[str, Pair]]) -> torch.Tensor:
        """Give a logit for each (question, (sentence, context)), shape (len(pairs),)."""
        # Pairs of like lengths are read together: padding would be a third of the work.
        order = sorted(range(len(pairs)), key=lambda i: sum(map(len, (pairs[i][0], *pairs[i][1]))))
        parts = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        scored = torch.cat([self._read([pairs[i] for i in part]) for part in parts])
        return scored[torch.tensor(order).argsort()]

    def _read(self, pairs: Sequence[tuple[str, Pair]]) -> torch.Tensor:
        encoded = self.tokenizer(
            [question for question, _ in pairs],
            [f"{sentence} | {context[:CONTEXT_CHARS]}" for _, (sentence, context) in pairs],
            truncation="longest_first",
            max_length=MAX_TOKENS,
            padding=True,
            return_tensors="pt",
        )
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=BFLOAT16):
            scored: torch.Tensor = self.head(self.network(**encoded).last_hidden_state[:, 0])
        return scored.squeeze(-1).float()

    def start(self, weights: Path) -> None:
        """Go on from weights saved before."""
        state = {name: value.float() for name, value in load_file(weights).items()}
        head = {name: state.pop(f"head.{name}") for name in ("weight", "bias")}
        self.head.load_state_dict(head)
        self.network.load_state_dict(state, strict=False)


def group_loss(logits: torch.Tensor, positives: int) -> torch.Tensor:
    """Give minus the log-probability of the positives (first in the group), or of "none"."""
    choices = torch.cat([torch.zeros(1), logits])
    good = choices[1 : 1 + positives] if positives else choices[:1]
    return torch.logsumexp(choices, 0) - torch.logsumexp(good, 0)


def train(
    scorer: Scorer, groups: Sequence[Group], thesaurus: Thesaurus, minutes: float, seed: int
) -> None:
    """Train for so many minutes, with a short warm-up and a cosine decay."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    parts = [scorer.network.encoder.parameters(), scorer.head.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": part, "lr": rate} for part, rate in zip(parts, RATES, strict=True)],
        weight_decay=0.01,
    )
    scorer.train()
    start, step, order = time.monotonic(), 0, list[int]()
    while (spent := (time.monotonic() - start) / 60 / minutes) < 1:
        factor = min(1.0, spent / 0.04) * max(0.03, 0.5 * (1 + math.cos(math.pi * spent)))
        for part, rate in zip(optimizer.param_groups, RATES, strict=True):
            part["lr"] = rate * factor
        if len(order) < GROUPS:
            order = dice.sample(range(len(groups)), len(groups))
        loss = _step(scorer, [groups[order.pop()] for _ in range(GROUPS)], thesaurus, dice)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(scorer.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 50 == 0:
            log.info("step %d, %.0f %% of the time, loss %.3f", step, 100 * spent, loss.item())


def _step(
    scorer: Scorer, groups: Sequence[Group], thesaurus: Thesaurus, dice: random.Random
) -> torch.Tensor:
    pairs: list[tuple[str, Pair]] = []
    sizes = []
    for group in groups:
        question = _varied(group, thesaurus, dice)
        others = group.negatives[3:]
        negatives = [*group.negatives[:3], *dice.sample(others, min(3, len(others)))]
        bare = dice.random() < 0.15  # so that a sentence without context is understood too
        chosen = [*group.positives, *negatives]
        pairs += [(question, (text, "" if bare else context)) for text, context in chosen]
        sizes.append(len(chosen))
    split_logits = scorer(pairs).split(sizes)
    losses = [
        group_loss(logits, len(group.positives))
        for logits, group in zip(split_logits, groups, strict=True)
    ]
    return torch.stack(losses).mean()


def _varied(group: Group, thesaurus: Thesaurus, dice: random.Random) -> str:
    draw = dice.random()
    if not group.positives or draw < 0.45:
        return group.question
    sentence = group.positives[0][0]
    if draw < 0.85:
        return reworded(group.question, sentence, thesaurus, dice)
    return thinned(group.question, sentence, dice)


@torch.no_grad()
def measured(scorer: Scorer, groups: Sequence[Group]) -> tuple[float, float]:
    """Give the mean reciprocal rank of the best positive, and the AUC of answerability.

    The latter is how often the best logit of a question with an answer is above another's.
    """
    scorer.eval()
    ranks, yes, no = list[float](), list[float](), list[float]()
    for group in groups:
        logits = scorer([(group.question, p) for p in (*group.positives, *group.negatives)])
        (yes if group.positives else no).append(logits.max().item())
        if group.positives:
            best = logits[: len(group.positives)].max()
            ranks.append(1 / (1 + int((logits[len(group.positives) :] > best).sum())))
    above = sum((a > b) + (a == b) / 2 for a in yes for b in no)
    return sum(ranks) / max(1, len(ranks)), above / max(1, len(yes) * len(no))


def save(scorer: Scorer, path: Path) -> None:
    """Write the trained layers as float16, and their sha256 beside them."""
    state = {f"{k}": v for k, v in scorer.network.state_dict().items() if k.startswith("encoder.")}
    state |= {f"head.{k}": v for k, v in scorer.head.state_dict().items()}
    save_file({k: v.half().contiguous() for k, v in state.items()}, path)
    told = f"{sha256_of(path)}  {path.name}\n"
    path.with_name(path.name + PINNED).write_text(told, "utf-8")


def main() -> None:
    """Train and save; says the mean reciprocal rank and AUC on held-out articles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--squad1", type=Path, help="train-v1.1.json")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--wordnet", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=55)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(given.seed)
    thesaurus = Thesaurus.open(given.wordnet)
    settings = load_settings()
    base = locate(BASE, settings.home)
    embedder = open_embedder(settings)
    more = squad1_groups(given.squad1, embedder, given.seed) if given.squad1 else ()
    groups = [
        *more,
        *squad_groups(given.data / "squad2.jsonl", embedder),
        *covid_groups(
            given.data / "covidqa_questions.jsonl", given.data / "covidqa_articles.jsonl", embedder
        ),
    ]
    scorer = Scorer(base)
    if given.start:
        scorer.start(given.start)
    held = [group for group in groups if group.held_out][:MEASURED]
    _measure(scorer, held)
    seen = [group for group in groups if not group.held_out]
    train(scorer, seen, thesaurus, given.minutes, given.seed)
    save(scorer, given.out)
    _measure(scorer, held)


def _measure(scorer: Scorer, held: Sequence[Group]) -> None:
    log.info("held out: reciprocal rank %.3f, AUC of answerability %.3f", *measured(scorer, held))


if __name__ == "__main__":
    main()
