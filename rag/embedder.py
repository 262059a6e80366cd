"""Texts to vectors; the only room that imports sentence-transformers."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.bert import Bert, Shape
from rag.errors import ModelDamaged, ModelMissing
from rag.models import MODELS, locate
from rag.settings import Settings

Floats = NDArray[np.float32]
CHUNK, BATCH = 64, 16


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as a unit vector, shape (d,), and as unit vectors of its tokens, shape (t, d).

    The tokens leave out the marks that open and close a text.
    """

    vector: Floats
    tokens: Floats


class Embedder(Protocol):
    """Anything that encodes texts; ``name`` and ``dimension`` are written into the index."""

    name: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Encode texts one after the other, in order."""
        ...


class BertEmbedder:
    """A sentence-transformers folder of a BERT with mean pooling, read by ONNX Runtime."""

    def __init__(self, folder: Path, name: str, threads: int) -> None:
        most = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
        self._network = Bert(folder, most["max_seq_length"], threads)
        self.name = name
        self.dimension = self._network.width

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Encode texts in order; texts are batched in chunks of 64, alike lengths together."""
        for at in range(0, len(texts), CHUNK):
            chunk = texts[at : at + CHUNK]
            order = sorted(range(len(chunk)), key=lambda i: len(chunk[i]))
            done: dict[int, Encoded] = {}
            for first in range(0, len(order), BATCH):
                rows = order[first : first + BATCH]
                hidden, lengths = self._network.read([chunk[i] for i in rows])
                for i, vectors, length in zip(rows, hidden, lengths, strict=True):
                    tokens = vectors[:length]
                    done[i] = Encoded(unit(tokens.mean(axis=0)), unit(tokens[1:-1]))
            yield from (done[i] for i in range(len(chunk)))


class SentenceEmbedder:
    """Any other sentence-transformers model from a local folder."""

    def __init__(self, folder: Path, name: str, threads: int) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        torch.set_num_threads(threads)
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self._lock = threading.Lock()
        self.name = name
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Encode texts in order; texts are batched in chunks of 64, alike lengths together."""
        for at in range(0, len(texts), CHUNK):
            chunk = texts[at : at + CHUNK]
            with self._lock:  # its tokenizers may not be shared between threads
                rows: Any = self._model.encode(
                    list(chunk), batch_size=BATCH, output_value=None, show_progress_bar=False
                )
            for row in rows:
                vector = row["sentence_embedding"].float().numpy()
                mask = row["attention_mask"].bool()
                tokens = row["token_embeddings"][mask].float().numpy()[1:-1]
                yield Encoded(unit(vector), unit(tokens))


def unit(vectors: Floats) -> Floats:
    """Give vectors, shape (..., d), at length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def embedder_folder(settings: Settings) -> Path:
    """Give the folder of the embedder the settings name; raises ModelError when it is not there."""
    model = MODELS.get(settings.embedder)
    if model is not None and model.kind == "embedder":
        return locate(settings.embedder, settings.home)
    folder = Path(settings.embedder)
    if not folder.is_dir():
        raise ModelMissing(
            f"no embedder {settings.embedder!r}: neither a name from `rag models` nor a folder"
        )
    return folder


def fingerprint(settings: Settings) -> str:
    """Name the embedder's bytes by a sha256; raises ModelError when it is not there."""
    model = MODELS.get(settings.embedder)
    if model is not None:
        return model.sha256
    files = sorted(path for path in embedder_folder(settings).rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def open_embedder(settings: Settings) -> Embedder:
    """Load the embedder the settings name; raises ModelError."""
    folder = embedder_folder(settings)
    kind = BertEmbedder if is_plain_bert(folder) else SentenceEmbedder
    try:
        return kind(folder, settings.embedder, settings.threads)
    except Exception as problem:
        raise ModelDamaged(
            f"the embedder in {folder} cannot be loaded ({problem}); run `rag models pull`"
        ) from problem


def is_plain_bert(folder: Path) -> bool:
    """Whether a folder's sentence vector is the mean of a BERT's token vectors and nothing more."""
    try:
        Shape.read(folder / "config.json")
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text("utf-8"))
        kinds = [module["type"].rpartition(".")[2] for module in modules]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    modes = {
        name for name, on in pooling.items() if name.startswith("pooling_mode_") and on is True
    }
    needed = [folder / name for name in ("tokenizer.json", "model.safetensors")]
    return (
        kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and modes == {"pooling_mode_mean_tokens"}
        and all(path.is_file() for path in needed)
    )
