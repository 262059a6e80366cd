"""The network that scores pairs of question and sentence, in torch, so that it can be trained.

The product runs the same network on ONNX Runtime (`rag/reranker.py`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel

from rag.models import sha256_of
from rag.reranker import CONTEXT_CHARS, MAX_TOKENS
from rag.shipped import PINNED

from .groups import Pair

BATCH = {"cuda": 640, "cpu": 16}  # texts read at once: a card likes many, a processor no padding
CHUNK = 8192  # pairs whose lengths are compared where many are scored


class Batch(NamedTuple):
    """Tokenised texts of like lengths, shape (n, t) each, and which of the given ones they are."""

    rows: NDArray[np.int64]
    ids: NDArray[np.int64]
    kinds: NDArray[np.int64]
    mask: NDArray[np.int64]


class Words:
    """Texts, or pairs of texts, to batches in the order of their lengths.

    Without that order padding would be a third of the work.
    """

    def __init__(self, base: Path, device: str) -> None:
        self._at_once = BATCH[device]
        self._tokenizer: Any = Tokenizer.from_file(str(base / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def batches(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> list[Batch]:
        """Give all texts, a batch at a time."""
        encoded = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        parts = [order[at : at + self._at_once] for at in range(0, len(order), self._at_once)]
        return [self._batch(encoded, part) for part in parts]

    def _batch(self, encoded: Sequence[Any], rows: Sequence[int]) -> Batch:
        longest = len(encoded[rows[-1]].ids)
        ids, kinds, mask = np.zeros((3, len(rows), longest), np.int64)
        for row, one in enumerate(encoded[i] for i in rows):
            ids[row, : len(one.ids)] = one.ids
            kinds[row, : len(one.ids)] = one.type_ids
            mask[row, : len(one.ids)] = 1
        return Batch(np.array(rows), ids, kinds, mask)


def as_read(question: str, pair: Pair) -> tuple[str, str]:
    """Give the two texts that the network reads for a question and a sentence with its context."""
    sentence, context = pair
    return question, f"{sentence} | {context[:CONTEXT_CHARS]}"


def bert(base: Path, device: str) -> Any:  # noqa: ANN401 - transformers tells no type
    """Load a folder's network."""
    return AutoModel.from_pretrained(str(base), local_files_only=True).to(device)


def hidden(network: Any, batch: Batch, device: str) -> torch.Tensor:  # noqa: ANN401 - as above
    """Give the network's vectors, shape (n, t, d)."""
    ids, kinds, mask = (torch.from_numpy(each).to(device) for each in batch[1:])
    read = network(input_ids=ids, token_type_ids=kinds, attention_mask=mask)
    vectors: torch.Tensor = read.last_hidden_state
    return vectors


def _halves(device: str) -> torch.autocast:
    """Halves where a graphics card reads: many processors take longer over them."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda")


class Meanings:
    """The embedder as it is, on the device that trains: texts -> unit vectors."""

    def __init__(self, base: Path, device: str) -> None:
        self._words, self._device = Words(base, device), device
        self._network = bert(base, device).eval()

    @torch.no_grad()
    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        """Give a vector a text, shape (n, d)."""
        parts, rows = [], []
        for batch in self._words.batches(texts):
            with _halves(self._device):
                vectors = hidden(self._network, batch, self._device).float()
            mask = torch.from_numpy(batch.mask).to(self._device)[..., None]
            parts.append(nn.functional.normalize((vectors * mask).sum(1) / mask.sum(1), dim=-1))
            rows.append(batch.rows)
        return torch.cat(parts)[places(rows, self._device)]


class Scorer(nn.Module):
    """The embedder's network with one linear unit on its first token; embeddings frozen."""

    def __init__(self, base: Path, device: str) -> None:
        super().__init__()
        self.words, self.device = Words(base, device), device
        self.network = bert(base, device)
        self.head = nn.Linear(self.network.config.hidden_size, 1, device=device)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.network.embeddings.requires_grad_(requires_grad=False)

    def forward(self, batches: Sequence[Batch]) -> torch.Tensor:
        """Give a logit a pair, in the order in which the pairs were given."""
        parts = []
        for batch in batches:
            with _halves(self.device):
                first = hidden(self.network, batch, self.device)[:, 0]
                parts.append(self.head(first).squeeze(-1).float())
        return torch.cat(parts)[places([batch.rows for batch in batches], self.device)]

    @torch.no_grad()
    def score(self, pairs: Sequence[tuple[str, Pair]]) -> list[float]:
        """Give a logit for each (question, (sentence, context))."""
        self.eval()
        return [logit for part in _chunks(pairs) for logit in self(self._read(part)).tolist()]

    def _read(self, pairs: Sequence[tuple[str, Pair]]) -> list[Batch]:
        return self.words.batches([as_read(question, pair) for question, pair in pairs])

    def start(self, weights: Path) -> None:
        """Take weights saved before."""
        state = {name: value.float() for name, value in load_file(weights).items()}
        head = {name: state.pop(f"head.{name}") for name in ("weight", "bias")}
        self.head.load_state_dict(head)
        self.network.load_state_dict(state, strict=False)

    def save(self, path: Path) -> None:
        """Write the trained layers as float16, and their sha256 beside them."""
        state = {k: v for k, v in self.network.state_dict().items() if k.startswith("encoder.")}
        state |= {f"head.{k}": v for k, v in self.head.state_dict().items()}
        save_file({k: v.half().cpu().contiguous() for k, v in state.items()}, path)
        pin(path)


def pin(path: Path) -> None:
    """Write a file's sha256 beside it, in the form of sha256sum."""
    told = f"{sha256_of(path)}  {path.name}\n"
    path.with_name(path.name + PINNED).write_text(told, "utf-8")


def places(rows: Sequence[NDArray[np.int64]], device: str) -> torch.Tensor:
    """Say where in the batches each of the given texts stands."""
    return torch.from_numpy(np.concatenate(rows)).argsort().to(device)


def _chunks(pairs: Sequence[tuple[str, Pair]]) -> Iterator[Sequence[tuple[str, Pair]]]:
    return (pairs[at : at + CHUNK] for at in range(0, len(pairs), CHUNK))
