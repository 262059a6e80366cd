"""The network that reads queries, in torch, so that it can be trained.

The product runs the same network on ONNX Runtime (`rag/queryencoder.py`). Sentences keep the
embedder's vectors, so only queries are read here, and a whole article can be told from one another
at each step.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from rag.embedder import Embedder
from rag.queryencoder import NARROW, WIDE

from .groups import Article
from .lowrank import SCALE, Adapter
from .scorer import Batch, Words, bert, hidden, pin, places

RANK = 4  # how narrow the additions are
NOWHERE = -2.0  # below every cosine


class Page(NamedTuple):
    """An article as the index keeps it: sentences (n, d), and tokens (t, d) one after the other."""

    vectors: torch.Tensor
    tokens: torch.Tensor
    lengths: torch.Tensor  # tokens a sentence, shape (n,)

    def on(self, device: str) -> "Page":
        """Give it as single-precision floats on a device, ready to be compared with queries."""
        return Page(
            self.vectors.to(device).float(), self.tokens.to(device).float(), self.lengths.to(device)
        )


def read_page(article: Article, embedder: Embedder) -> Page:
    """Read an article's sentences; kept as halves, for there are many."""
    read = list(embedder.encode([sentence for sentence, _ in article.pairs]))
    vectors, tokens = np.stack([e.vector for e in read]), np.concatenate([e.tokens for e in read])
    lengths = torch.tensor([len(each.tokens) for each in read])
    return Page(torch.from_numpy(vectors).half(), torch.from_numpy(tokens).half(), lengths)


class Added(nn.Module):
    """A matrix that stays, and what is added to it."""

    def __init__(self, matrix: nn.Linear) -> None:
        super().__init__()
        self.matrix, self.adapter = matrix, Adapter(matrix.weight, RANK)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Give the sum."""
        whole: torch.Tensor = self.matrix(given) + self.adapter(given)
        return whole


class Asker(nn.Module):
    """Queries and a page -> how near each sentence is, by tokens and by the whole."""

    def __init__(self, base: Path, device: str) -> None:
        super().__init__()
        self.device, self.words = device, Words(base, device)
        self.network = bert(base, device).eval()  # nothing is dropped out
        for parameter in self.network.parameters():
            parameter.requires_grad_(requires_grad=False)
        self.added = _with_additions(self.network, "")
        self.heed = nn.Linear(self.network.config.hidden_size, 1, device=device)
        nn.init.zeros_(self.heed.weight)
        nn.init.zeros_(self.heed.bias)
        self.scales = nn.Parameter(torch.tensor([2.0, 0.8], device=device))

    def forward(self, queries: Sequence[str], page: Page) -> tuple[torch.Tensor, torch.Tensor]:
        """Give MaxSim and cosine of queries and sentences, shape (q, n) each."""
        batches = self.words.batches(queries)
        read = [self._near(batch, page) for batch in batches]
        order = places([batch.rows for batch in batches], self.device)
        late, cosine = (torch.cat(each)[order] for each in zip(*read, strict=True))
        return late, cosine

    def _near(self, batch: Batch, page: Page) -> tuple[torch.Tensor, torch.Tensor]:
        vectors = hidden(self.network, batch, self.device)
        mask = torch.from_numpy(batch.mask).to(self.device)
        mean = (vectors * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        inner = mask.clone()
        inner[:, 0] = 0
        inner[torch.arange(len(mask)), mask.sum(1) - 1] = 0
        heed = functional.softplus(self.heed(vectors)[..., 0]) * inner
        share = heed / heed.sum(1, keepdim=True).clamp(min=1e-12)
        nearest = _nearest(functional.normalize(vectors, dim=-1), inner.bool(), page)
        return (nearest * share).sum(-1).T, functional.normalize(mean, dim=-1) @ page.vectors.T

    def save(self, path: Path) -> None:
        """Write what was trained as float16, and its sha256 beside it."""
        state = {f"heed.{name}": value for name, value in self.heed.state_dict().items()}
        for name, each in self.added.items():
            state |= {name + NARROW: each.adapter.a, name + WIDE: each.adapter.b * SCALE}
        save_file({k: v.detach().half().cpu().contiguous() for k, v in state.items()}, path)
        pin(path)


def _nearest(queries: torch.Tensor, live: torch.Tensor, page: Page) -> torch.Tensor:
    """Give each token of a query its best match in each sentence, shape (n, q, l)."""
    many, long, _ = queries.shape
    flat = live.reshape(-1)
    matches = page.tokens @ queries.reshape(many * long, -1)[flat].T
    best = torch.segment_reduce(matches, "max", lengths=page.lengths, initial=NOWHERE)
    every = best.new_zeros(len(best), many * long).index_copy(1, flat.nonzero()[:, 0], best)
    return every.reshape(-1, many, long)


def _with_additions(module: nn.Module, path: str) -> dict[str, Added]:
    """Put additions beside each matrix of the layers; gives them by the matrices' names."""
    found = {}
    for name, child in list(module.named_children()):
        whole = f"{path}.{name}".lstrip(".")
        if isinstance(child, nn.Linear) and whole.startswith("encoder."):
            found[whole] = Added(child)
            setattr(module, name, found[whole])
        else:
            found |= _with_additions(child, whole)
    return found
