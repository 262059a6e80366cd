"""The local model's network in torch, read from its GGUF file, with low-rank adapters to train.

Qwen2 (Yang et al. 2024) as llama.cpp runs it: RMS norms, grouped queries, rotary places, a gated
linear unit. Its weights are made plain again and stay as they are; only the adapters (LoRA, Hu et
al. 2021) are trained, and they alone are saved, as llama.cpp reads them.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from torch import nn
from torch.nn import functional

from .lowrank import SCALE, Adapter

KIND = "qwen2"
RANK = 8
ALPHA = SCALE * RANK  # as a GGUF file has it
TARGETS = ("attn_q", "attn_v", "attn_output", "ffn_down")
PLACES = 2048  # tokens of a text, at most
PLAIN_WORD, CONTROL, USER_DEFINED = 1, 3, 4  # kinds of tokens in a GGUF file
# How Qwen2 cuts text before its words are looked up.
_CUTS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a GGUF file says of its network's size."""

    layers: int
    width: int
    heads: int
    groups: int  # of keys and values
    epsilon: float
    base: float  # of the rotary places

    @classmethod
    def read(cls, reader: Any) -> "Shape":  # noqa: ANN401 - gguf is imported late
        """Read the shape; raises KeyError for another kind of network."""

        def told(key: str) -> Any:  # noqa: ANN401 - as the file has it
            return reader.fields[f"{KIND}.{key}"].contents()

        return cls(
            told("block_count"),
            told("embedding_length"),
            told("attention.head_count"),
            told("attention.head_count_kv"),
            told("attention.layer_norm_rms_epsilon"),
            told("rope.freq_base"),
        )


class Cache:
    """The keys and values of texts that are being written on, a layer each."""

    def __init__(self, layers: int, lengths: torch.Tensor, room: int) -> None:
        self.ends = lengths  # where the next token of each text stands
        self._room = room
        self._kept: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * layers

    @property
    def begun(self) -> bool:
        """Whether the beginnings have been read."""
        return self._kept[-1] is not None

    def take(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Keep what was read; give all there is for it, and which of that each text may see.

        What comes first is the beginning of all texts, and sees itself; from then on it is one
        token a text, which takes the place of the padding there.
        """
        kept = self._kept[layer]
        if kept is None:
            room = (0, 0, 0, self._room)
            self._kept[layer] = (functional.pad(keys, room), functional.pad(values, room))
            return keys, values, None
        rows = torch.arange(len(keys), device=keys.device)
        for all_of_them, new in zip(kept, (keys, values), strict=True):
            all_of_them[rows, :, self.ends] = new[:, :, 0]
        places = torch.arange(kept[0].shape[2], device=keys.device)
        return *kept, (places <= self.ends[:, None])[:, None, None]


class Qwen(nn.Module):
    """Token numbers -> vectors of the last layer; ``adapted`` says whether the adapters count."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        super().__init__()
        self._shape, self._weights, self.layers = shape, weights, shape.layers
        self.adapted = True
        self.adapters = nn.ModuleDict(
            {
                f"{layer} {target}": Adapter(weights[f"blk.{layer}.{target}.weight"], RANK)
                for layer in range(shape.layers)
                for target in TARGETS
            }
        )
        words = weights["token_embd.weight"]
        self.device, self._dtype = words.device, words.dtype
        size = shape.width // shape.heads
        steps = torch.arange(0, size, 2, device=self.device) / size
        angles = torch.outer(torch.arange(PLACES, device=self.device), shape.base**-steps)
        self._cos, self._sin = (
            torch.cat([each, each], 1).to(self._dtype) for each in (angles.cos(), angles.sin())
        )

    def forward(self, ids: torch.Tensor, cache: Cache | None = None) -> torch.Tensor:
        """Read token numbers, shape (n, t); with a ``cache``, go on from what it keeps.

        Texts are padded behind, and no token sees what comes after it.
        """
        places = torch.arange(ids.shape[1], device=self.device)[None]
        if cache is not None and cache.begun:
            places = cache.ends[:, None]
        state = self._weights["token_embd.weight"][ids]
        for layer in range(self._shape.layers):
            given = self._norm(state, f"blk.{layer}.attn_norm")
            state = state + self._attend(given, layer, places, cache)
            given = self._norm(state, f"blk.{layer}.ffn_norm")
            gate = functional.silu(self._linear(given, layer, "ffn_gate"))
            inner = gate * self._linear(given, layer, "ffn_up")
            state = state + self._linear(inner, layer, "ffn_down")
        return self._norm(state, "output_norm")

    def logits(self, state: torch.Tensor) -> torch.Tensor:
        """Give a logit for each word of the vocabulary that may come next."""
        return functional.linear(state, self._weights["output.weight"]).float()

    def _linear(self, given: torch.Tensor, layer: int, name: str) -> torch.Tensor:
        own = f"blk.{layer}.{name}"
        bias = self._weights.get(f"{own}.bias")
        plain = functional.linear(given, self._weights[f"{own}.weight"], bias)
        if self.adapted and name in TARGETS:
            plain = plain + self.adapters[f"{layer} {name}"](given)
        return plain

    def _norm(self, state: torch.Tensor, name: str) -> torch.Tensor:
        shape, epsilon = (self._shape.width,), self._shape.epsilon
        weight = self._weights[f"{name}.weight"]
        return functional.rms_norm(state.float(), shape, weight, epsilon).to(self._dtype)

    def _attend(
        self, given: torch.Tensor, layer: int, places: torch.Tensor, cache: Cache | None
    ) -> torch.Tensor:
        queries = self._turned(self._split(given, layer, "attn_q", self._shape.heads), places)
        keys = self._turned(self._split(given, layer, "attn_k", self._shape.groups), places)
        values = self._split(given, layer, "attn_v", self._shape.groups)
        seen = None
        if cache is not None:
            keys, values, seen = cache.take(layer, keys, values)
        many = self._shape.heads // self._shape.groups
        if seen is not None:  # a token a text: the heads of a group are one text of several tokens
            grouped = queries.reshape(len(queries), self._shape.groups, many, -1)
            found = functional.scaled_dot_product_attention(grouped, keys, values, attn_mask=seen)
            return self._linear(found.reshape(given.shape), layer, "attn_output")
        found = functional.scaled_dot_product_attention(
            queries,
            keys.repeat_interleave(many, 1),
            values.repeat_interleave(many, 1),
            is_causal=True,
        )
        return self._linear(found.transpose(1, 2).reshape(given.shape), layer, "attn_output")

    def _split(self, given: torch.Tensor, layer: int, name: str, heads: int) -> torch.Tensor:
        found = self._linear(given, layer, name)
        return found.view(*found.shape[:2], heads, -1).transpose(1, 2)

    def _turned(self, heads: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Turn queries or keys, shape (n, heads, t, d), by their places."""
        cos, sin = self._cos[places][:, None], self._sin[places][:, None]
        one, other = heads.chunk(2, -1)
        return heads * cos + torch.cat([-other, one], -1) * sin


def open_qwen(path: Path, device: str) -> tuple[Qwen, Tokenizer]:
    """Read network and tokenizer from a GGUF file; raises KeyError for another kind of network."""
    from gguf import GGUFReader

    reader = GGUFReader(path)
    # Halves only on a graphics card: many processors take longer over them.
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    shape = Shape.read(reader)
    return Qwen(shape, dict(_plain(reader, device, dtype))), read_tokenizer(reader)


def _plain(
    reader: Any,  # noqa: ANN401 - gguf is imported late
    device: str,
    dtype: torch.dtype,
) -> Iterator[tuple[str, torch.Tensor]]:
    """Make a file's weights plain again; norms stay whole."""
    from gguf.quants import dequantize

    with ThreadPoolExecutor() as pool:
        plain = pool.map(lambda each: dequantize(each.data, each.tensor_type), reader.tensors)
        for each, values in zip(reader.tensors, plain, strict=True):
            kept = torch.float32 if each.name.endswith("norm.weight") else dtype
            yield each.name, torch.tensor(values).to(device, kept)


def read_tokenizer(reader: Any) -> Tokenizer:  # noqa: ANN401 - gguf is imported late
    """Make the tokenizer that a GGUF file of a Qwen2 describes."""
    words, kinds, merges = (
        reader.fields[f"tokenizer.ggml.{name}"].contents()
        for name in ("tokens", "token_type", "merges")
    )
    pairs = list(zip(words, kinds, strict=True))
    plain = {word: number for number, (word, kind) in enumerate(pairs) if kind == PLAIN_WORD}
    tokenizer = Tokenizer(BPE(vocab=plain, merges=[tuple(each.split(" ")) for each in merges]))
    cut = pre_tokenizers.Split(Regex(_CUTS), "isolated")
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, letters])
    tokenizer.decoder = decoders.ByteLevel()
    # These come last in the file and in its order, so they get the numbers they have there.
    marks = [word for word, kind in pairs if kind in (CONTROL, USER_DEFINED)]
    tokenizer.add_special_tokens(
        [AddedToken(word, special=True, normalized=False) for word in marks]
    )
    return tokenizer


def save_adapter(model: Qwen, path: Path) -> None:
    """Write the adapters as a GGUF file that llama.cpp loads beside the model, in float16."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, KIND)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for name, adapter in sorted(model.adapters.items()):
        layer, target = name.split(" ")
        for part, values in adapter.named_parameters():
            array = values.detach().half().cpu().numpy()
            writer.add_tensor(f"blk.{layer}.{target}.weight.lora_{part}", array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
