"""Evidence to a better order: a small cross-encoder that reads question and sentence together.

It is the embedder's own network, further trained on outside data to say how likely a sentence is
to answer a question (`python -m eval.train_reranker`). Only the trained layers are kept here, as
float16; the word embeddings are the embedder's, untouched.
"""

import hashlib
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rag.calibration import calibration
from rag.embedder import quiet_and_offline
from rag.errors import ModelDamaged

WEIGHTS = Path(__file__).with_name("reranker.safetensors")
MAX_TOKENS = 128
CONTEXT_CHARS = 160


@cache
def reranker_sha256() -> str:
    """Name the reranker's bytes."""
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


def blend(
    logits: Sequence[float],
    scores: Sequence[float],
    nearness: Sequence[float],
    lacks: Sequence[bool],
) -> list[float]:
    """Join the reranker's logits with what else is known of each sentence into one score.

    ``scores`` are fused ranks, ``nearness`` cosines; ``lacks`` says of a sentence that it has no
    number, time, name or place although the question asks for one.
    """
    top = max(scores, default=0.0) or 1.0
    by = calibration().blend
    return [
        logit + by.fused * score / top + by.near * near - by.lacks * lack
        for logit, score, near, lack in zip(logits, scores, nearness, lacks, strict=True)
    ]


class Reranker:
    """Scores (sentence, context) pairs against a question; safe to share between threads."""

    def __init__(self, base: Path, weights: Path = WEIGHTS) -> None:
        quiet_and_offline()
        import torch
        from safetensors import safe_open
        from transformers import AutoModel, AutoTokenizer

        try:
            with safe_open(weights, framework="pt") as file:
                state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            self._tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True)
            network: Any = AutoModel.from_pretrained(str(base), local_files_only=True)
            self._head = torch.nn.Linear(network.config.hidden_size, 1)
            self._head.load_state_dict(
                {"weight": state.pop("head.weight"), "bias": state.pop("head.bias")}
            )
            missing = network.load_state_dict(state, strict=False).missing_keys
            if any("encoder" in name for name in missing):
                raise KeyError(missing[0])
        except Exception as problem:
            raise ModelDamaged(
                f"the reranker {weights.name} cannot be loaded ({problem}); install it again"
            ) from problem
        self._network = network.eval()
        self._torch = torch
        self._lock = threading.Lock()

    def score(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        """Give a logit a passage: above 0 it answers the question more likely than not."""
        order = sorted(
            range(len(passages)), key=lambda i: len(passages[i][0]) + len(passages[i][1])
        )
        logits = [0.0] * len(passages)
        for at in range(0, len(order), 16):
            rows = order[at : at + 16]
            batch = self._batch(question, [passages[i] for i in rows])
            for i, logit in zip(rows, batch, strict=True):
                logits[i] = logit
        return logits

    def _batch(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        seconds = [f"{text} | {context[:CONTEXT_CHARS]}" for text, context in passages]
        with self._lock, self._torch.inference_mode():
            encoded = self._tokenizer(
                [question] * len(seconds),
                seconds,
                truncation="longest_first",
                max_length=MAX_TOKENS,
                padding=True,
                return_tensors="pt",
            )
            opening = self._network(**encoded).last_hidden_state[:, 0]
            return [float(logit) for logit in self._head(opening).squeeze(-1)]
