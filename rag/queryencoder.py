"""A query to vectors: the default embedder's network, trained further on how readers ask.

Articles keep the embedder's own vectors; only what is asked is read with these weights, so an index
stays as it is. They are low-rank additions (LoRA, Hu et al. 2021) to every layer, and how much each
word of a query counts. Outside questions taught them, two of three in other words than the
articles' (`python -m eval.train_query_encoder`). An embedder other than the default reads queries
itself.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from rag.bert import Bert, Floats
from rag.embedder import Encoded, unit
from rag.models import locate
from rag.settings import Settings
from rag.shipped import opened, shipped_sha256

BASE = "minilm"  # whose layers were trained further, and whose vectors of articles these meet
WEIGHTS = Path(__file__).with_name("queryencoder.safetensors")
MAX_TOKENS = 256
WEIGHT, NARROW, WIDE = ".weight", ".a", ".b"  # what the names of matrix and additions end with


class QueryEncoder:
    """Encodes queries; safe to share between threads."""

    def __init__(self, base: Path, weights: Path = WEIGHTS, threads: int = 0) -> None:
        from safetensors import safe_open

        with opened(weights, "the query encoder") as trained:
            self._heed = trained.pop("heed.weight")[0]
            self._bias = float(trained.pop("heed.bias")[0])
            with safe_open(base / "model.safetensors", "numpy") as matrices:
                whole = _added(matrices.get_tensor, trained)
            self._network = Bert(base, MAX_TOKENS, threads, whole)

    def encode(self, query: str) -> Encoded:
        """Encode a query; its tokens' lengths, 1 on average, are how much each of them counts."""
        hidden, lengths = self._network.read([query])
        tokens = hidden[0, : lengths[0]]
        inner = tokens[1:-1]
        heed = np.logaddexp(0, inner @ self._heed + self._bias)[:, None]  # softplus
        counts = heed * len(heed) / max(heed.sum(), 1e-12)
        return Encoded(unit(tokens.mean(axis=0)), unit(inner) * counts)


def _added(base: Callable[[str], Floats], trained: Mapping[str, Floats]) -> dict[str, Floats]:
    """Add to each matrix the product of its two narrow ones; raises KeyError where one is lost."""
    layers = [name.removesuffix(NARROW) for name in trained if name.endswith(NARROW)]
    if len(trained) != 2 * len(layers):
        raise KeyError("a narrow matrix without its other")
    return {
        layer + WEIGHT: base(layer + WEIGHT) + trained[layer + WIDE] @ trained[layer + NARROW]
        for layer in layers
    }


def open_query_encoder(settings: Settings) -> QueryEncoder | None:
    """Load it; None where another embedder made the index. Raises ModelError."""
    if settings.embedder != BASE:
        return None
    return QueryEncoder(locate(BASE, settings.home), threads=settings.threads)


def query_encoder_identity(settings: Settings) -> str | None:
    """Give the sha256 of its weights; None where another embedder made the index."""
    return shipped_sha256(WEIGHTS) if settings.embedder == BASE else None
