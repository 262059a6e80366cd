"""Train the reranker's weights: `python -m eval.train_reranker --data FOLDER --out FILE`.

The embedder's own network reads question and sentence together and learns, on outside data, which
sentence of a group answers the question, or that none does. SQuAD 2.0 and COVID-QA give the
questions; hard negatives are the sentences of the same article that the embedder finds nearest.
The loss is a softmax over the group and one more choice, "none of these", whose logit is 0, so the
logits mean something by themselves. Word embeddings stay frozen and are not saved.

So that it does not learn to look for the question's words, many questions are trained in other
words (`eval/synonyms.py`) or without some of those that the sentence has.
"""

import argparse
import json
import logging
import math
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import AutoModel, AutoTokenizer

from rag.embedder import SentenceEmbedder, embedder_folder
from rag.models import sha256_of
from rag.reranker import CONTEXT_CHARS, MAX_TOKENS, PINNED
from rag.sentences import split
from rag.settings import load_settings
from rag.words import STOPWORDS, fold, stem, terms

from .synonyms import FOLDER, Thesaurus, reworded

NEGATIVES = 14  # kept a question; each step draws the first three and three others
GROUPS = 8  # questions a step
RATES = (6e-5, 1e-3)  # encoder, head
# Where the processor has no instructions for them, halves take many times as long as wholes.
BFLOAT16 = bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
HELD_OUT = 5  # every fifth SQuAD article is kept for measuring
log = logging.getLogger(__name__)

Pair = tuple[str, str]  # sentence, context


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


def squad_groups(path: Path, embedder: SentenceEmbedder) -> Iterator[Group]:
    """Make groups of SQuAD 2.0 rows; the pool of negatives is the whole Wikipedia article."""
    rows = sorted(_rows(path), key=lambda row: row["title"])
    kept_apart = held_out_titles(rows)
    for title, found in groupby(rows, key=lambda row: row["title"]):
        asked = list(found)
        pool: list[tuple[str, int, int, Pair]] = []
        for context in dict.fromkeys(row["context"] for row in asked):
            pool += _pool(context, title.replace("_", " "))
        for row, order in zip(asked, _nearest(asked, pool, embedder), strict=True):
            told = [answer["text"].lower() for answer in row.get("answers", [])]
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


def covid_groups(questions: Path, articles: Path, embedder: SentenceEmbedder) -> Iterator[Group]:
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


def _pool(text: str, title: str) -> list[tuple[str, int, int, Pair]]:
    parts, before = [], ""
    for span in split(text):
        sentence = " ".join(text[span.start : span.end].split())
        parts.append((text, span.start, span.end, (sentence, f"{title} . {before}")))
        before = sentence
    return parts


def _nearest(
    rows: Sequence[dict[str, Any]],
    pool: Sequence[tuple[str, int, int, Pair]],
    embedder: SentenceEmbedder,
) -> Iterator[list[int]]:
    sentences = torch.tensor([e.vector.tolist() for e in embedder.encode([p[3][0] for p in pool])])
    for encoded in embedder.encode([row["question"] for row in rows]):
        yield (sentences @ torch.tensor(encoded.vector)).argsort(descending=True).tolist()


def _answers(part: tuple[str, int, int, Pair], row: dict[str, Any]) -> bool:
    text, start, end, _ = part
    return text == row["context"] and any(
        start <= answer["start"] < end for answer in row.get("answers", [])
    )


def _holds(sentence: str, answers: Iterable[str]) -> bool:
    return any(answer in sentence.lower() for answer in answers)


def _group(
    question: str,
    pool: Sequence[tuple[str, int, int, Pair]],
    good: Sequence[int],
    bad: Sequence[int],
    *,
    held_out: bool,
) -> Group:
    positives = tuple(pool[j][3] for j in good)
    return Group(question, positives, tuple(pool[j][3] for j in bad[:NEGATIVES]), held_out)


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
def reciprocal_rank(scorer: Scorer, groups: Sequence[Group]) -> float:
    """Give the mean reciprocal rank of the best positive among a group's sentences."""
    scorer.eval()
    ranks = []
    for group in groups:
        if group.positives:
            logits = scorer([(group.question, p) for p in (*group.positives, *group.negatives)])
            best = logits[: len(group.positives)].max()
            ranks.append(1 / (1 + int((logits[len(group.positives) :] > best).sum())))
    return sum(ranks) / max(1, len(ranks))


def save(scorer: Scorer, path: Path) -> None:
    """Write the trained layers as float16, and their sha256 beside them."""
    state = {f"{k}": v for k, v in scorer.network.state_dict().items() if k.startswith("encoder.")}
    state |= {f"head.{k}": v for k, v in scorer.head.state_dict().items()}
    save_file({k: v.half().contiguous() for k, v in state.items()}, path)
    told = f"{sha256_of(path)}  {path.name}\n"
    path.with_name(path.name + PINNED).write_text(told, "utf-8")


def main() -> None:
    """Train and save; says the mean reciprocal rank on held-out articles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=55)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(given.seed)
    thesaurus = Thesaurus.open(given.wordnet)
    settings = load_settings()
    base = embedder_folder(settings)
    embedder = SentenceEmbedder(base, settings.embedder, settings.threads)
    groups = [
        *squad_groups(given.data / "squad2.jsonl", embedder),
        *covid_groups(
            given.data / "covidqa_questions.jsonl", given.data / "covidqa_articles.jsonl", embedder
        ),
    ]
    scorer = Scorer(base)
    seen = [group for group in groups if not group.held_out]
    train(scorer, seen, thesaurus, given.minutes, given.seed)
    save(scorer, given.out)
    held = [group for group in groups if group.held_out][:240]
    log.info("mean reciprocal rank on held-out articles: %.3f", reciprocal_rank(scorer, held))


if __name__ == "__main__":
    main()
