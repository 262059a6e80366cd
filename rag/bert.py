"""A BERT or MPNet network on ONNX Runtime: its graph written down, its weights from safetensors.

The embedder and the reranker are this network with different weights. It gives the same numbers as
torch, starts twenty times faster (torch and transformers take seconds to import), and reads about
twice as fast on two cores (docs/bench/speed.md). Source of the graph: Devlin et al. 2019; layer
norms stand after the residual sums. MPNet (Song et al. 2020) is the same network with a bias for
how far apart two words stand, without kinds of text, and with other names for its weights.

The only room that imports onnx and onnxruntime.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Text = str | tuple[str, str]

INPUTS = {"input_ids": "ids", "token_type_ids": "type_ids", "attention_mask": "attention_mask"}
OPSET = 20  # the first with Gelu
MASKED = -1e9
BIAS = "encoder.relative_attention_bias.weight"  # one row a distance, one column a head
MPNET = {
    "attention.attn.q.": "attention.self.query.",
    "attention.attn.k.": "attention.self.key.",
    "attention.attn.v.": "attention.self.value.",
    "attention.attn.o.": "attention.output.dense.",
    "attention.LayerNorm.": "attention.output.LayerNorm.",
}
FIRST_PLACE = 2  # of MPNet's places, which count from behind its mark for padding
FAR = 128  # words apart, from which on all distances are one


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network's ``config.json`` says of its size; raises KeyError or ValueError."""

    layers: int
    width: int
    heads: int
    inner: int
    words: int
    places: int
    epsilon: float
    relative: bool

    @classmethod
    def read(cls, config: Path) -> "Shape":
        """Read the shape; raises ValueError for another kind of network than this one."""
        said = json.loads(config.read_text("utf-8"))
        kind = (said["model_type"], said["hidden_act"], said.get("position_embedding_type"))
        known = {("bert", "gelu", "absolute"), ("bert", "gelu", None), ("mpnet", "gelu", None)}
        if kind not in known:
            raise ValueError(f"{config} describes another network: {kind}")
        relative = kind[0] == "mpnet"
        return cls(
            said["num_hidden_layers"],
            said["hidden_size"],
            said["num_attention_heads"],
            said["intermediate_size"],
            said["vocab_size"],
            said["max_position_embeddings"] - FIRST_PLACE * relative,
            said["layer_norm_eps"],
            relative,
        )


class Bert:
    """Turns texts, or pairs of texts, into one vector a token; safe to share between threads."""

    def __init__(
        self, folder: Path, most: int, threads: int = 0, trained: Mapping[str, Floats] | None = None
    ) -> None:
        """Load a folder of ``config.json``, ``tokenizer.json`` and ``model.safetensors``.

        Texts are cut at ``most`` tokens. ``trained`` weights stand in for those of the same name.
        Raises OSError, KeyError, ValueError or another error of the libraries for what is no BERT.
        """
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        weights = {**load_file(folder / "model.safetensors"), **(trained or {})}
        shape = Shape.read(folder / "config.json")
        if shape.relative:
            weights = _as_bert(weights, shape, most)
        self.width = shape.width
        self._session = _session(shape, weights, threads)
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(most)

    def read(self, texts: Sequence[Text]) -> tuple[Floats, list[int]]:
        """Give vectors, shape (n, t, d), and how many of the t tokens each text has."""
        encoded = self._tokenizer.encode_batch(list(texts))
        lengths = [len(one.ids) for one in encoded]
        longest = max(lengths, default=0)
        fed = {
            name: np.array(
                [getattr(one, part) + [0] * (longest - len(one.ids)) for one in encoded], np.int64
            )
            for name, part in INPUTS.items()
        }
        return self._session.run(None, fed)[0], lengths


def _as_bert(weights: Mapping[str, Floats], shape: Shape, most: int) -> dict[str, Floats]:
    """Give MPNet's weights BERT's names, and the bias of each pair of ``most`` places."""
    renamed = {}
    for name, weight in weights.items():
        old = next((old for old in MPNET if old in name), "")
        renamed[name.replace(old, MPNET[old]) if old else name] = weight
    places = "embeddings.position_embeddings.weight"
    renamed[places] = renamed[places][FIRST_PLACE:]
    renamed["embeddings.token_type_embeddings.weight"] = np.zeros((2, shape.width), np.float32)
    table = renamed[BIAS]
    renamed[BIAS] = table[_rows_of_distance(most, len(table))].transpose(2, 0, 1)[None]
    return renamed


def _rows_of_distance(places: int, rows: int) -> NDArray[np.int64]:
    """Give each pair of places the row of its distance, shape (places, places).

    Half of the rows are for words behind. Of each half, half are for one distance each, the rest
    for ranges that widen by the logarithm (Raffel et al. 2020, T5).
    """
    behind = np.arange(places)[None, :] - np.arange(places)[:, None]
    far, half, near = np.abs(behind), rows // 2, rows // 4
    scaled = np.log(np.maximum(far, 1) / near) / np.log(FAR / near) * (half - near)
    wide = np.minimum(near + scaled.astype(np.int64), half - 1)
    row: NDArray[np.int64] = np.where(behind > 0, half, 0) + np.where(far < near, far, wide)
    return row


def _session(shape: Shape, weights: Mapping[str, Floats], threads: int) -> Any:  # noqa: ANN401
    """Join graph and weights; raises KeyError for a weight that is missing."""
    import onnxruntime as ort

    graph = Graph()
    if shape.relative:
        graph.weights[BIAS] = weights[BIAS].shape
    model = graph.model(shape)
    names = list(graph.weights)
    arrays = [_as_used(name, weights[name]) for name in names]
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    # threads that wait by spinning would take the cores from the language model
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in arrays]
    options.add_external_initializers(names, values)
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _as_used(name: str, weight: Floats) -> Floats:
    """Turn the matrices of dense layers: torch multiplies by their transpose."""
    dense = weight.ndim == 2 and not name.startswith("embeddings.")
    return np.ascontiguousarray(weight.T if dense else weight, dtype=np.float32)


@dataclass
class Graph:
    """Writes the network down operation by operation; weights are named, not held."""

    nodes: list[Any] = field(default_factory=list)
    weights: dict[str, tuple[int, ...]] = field(default_factory=dict)
    constants: list[Any] = field(default_factory=list)

    def model(self, shape: Shape) -> bytes:
        """Give the whole network as an ONNX model whose weights are to be supplied."""
        from onnx import TensorProto, helper

        out = self._embeddings(shape)
        for layer in range(shape.layers):
            out = self._layer(out, f"encoder.layer.{layer}.", shape)
        ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["n", "t"]) for n in INPUTS]
        hidden = helper.make_tensor_value_info(out, TensorProto.FLOAT, ["n", "t", shape.width])
        graph = helper.make_graph(self.nodes, "bert", ids, [hidden], self.constants)
        graph.initializer.extend(_elsewhere(name, dims) for name, dims in self.weights.items())
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 10
        return bytes(model.SerializeToString())

    def _do(self, operation: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        from onnx import helper

        out = f"{operation}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [out], out, **attributes))
        return out

    def _weight(self, name: str, *dims: int) -> str:
        self.weights[name] = dims
        return name

    def _constant(self, value: Any, kind: type) -> str:  # noqa: ANN401 - a number or a list
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def _dense(self, given: str, name: str, size: tuple[int, int]) -> str:
        product = self._do("MatMul", given, self._weight(f"{name}.weight", *size))
        return self._do("Add", product, self._weight(f"{name}.bias", size[1]))

    def _norm(self, given: str, name: str, shape: Shape) -> str:
        scale = self._weight(f"{name}.weight", shape.width)
        shift = self._weight(f"{name}.bias", shape.width)
        return self._do("LayerNormalization", given, scale, shift, axis=-1, epsilon=shape.epsilon)

    def _embeddings(self, shape: Shape) -> str:
        """Sum the vectors of word, position and part."""
        table = "embeddings.{}_embeddings.weight".format
        word = self._do(
            "Gather", self._weight(table("word"), shape.words, shape.width), "input_ids"
        )
        kinds = self._weight(table("token_type"), 2, shape.width)
        summed = self._do("Add", word, self._do("Gather", kinds, "token_type_ids"))
        length = self._do("Gather", self._do("Shape", "input_ids"), self._constant([1], np.int64))
        places = self._weight(table("position"), shape.places, shape.width)
        place = self._do("Slice", places, self._constant([0], np.int64), length)
        return self._norm(self._do("Add", summed, place), "embeddings.LayerNorm", shape)

    def _layer(self, given: str, name: str, shape: Shape) -> str:
        """Attention, then two dense layers, each added to what came in."""
        square = (shape.width, shape.width)
        seen = self._dense(
            self._attention(given, f"{name}attention.self.", shape),
            f"{name}attention.output.dense",
            square,
        )
        seen = self._norm(self._do("Add", seen, given), f"{name}attention.output.LayerNorm", shape)
        inner = self._dense(seen, f"{name}intermediate.dense", (shape.width, shape.inner))
        outer = self._dense(
            self._do("Gelu", inner), f"{name}output.dense", (shape.inner, shape.width)
        )
        return self._norm(self._do("Add", outer, seen), f"{name}output.LayerNorm", shape)

    def _attention(self, given: str, name: str, shape: Shape) -> str:
        """softmax(Q K^T / sqrt(d) + mask) V, by heads (Vaswani et al. 2017)."""
        each = shape.width // shape.heads
        split = self._constant([0, 0, shape.heads, each], np.int64)

        def part(which: str, order: list[int]) -> str:
            made = self._dense(given, name + which, (shape.width, shape.width))
            return self._do("Transpose", self._do("Reshape", made, split), perm=order)

        product = self._do("MatMul", part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]))
        scaled = self._do("Mul", product, self._constant(each**-0.5, np.float32))
        if shape.relative:
            scaled = self._do("Add", scaled, self._bias())
        share = self._do("Softmax", self._do("Add", scaled, self._mask()), axis=-1)
        taken = self._do("MatMul", share, part("value", [0, 2, 1, 3]))
        joined = self._do("Transpose", taken, perm=[0, 2, 1, 3])
        return self._do("Reshape", joined, self._constant([0, 0, shape.width], np.int64))

    def _bias(self) -> str:
        """What the distance of two words adds to their score; shape (1, heads, t, t)."""
        axis = self._constant([1], np.int64)
        length = self._do("Gather", self._do("Shape", "input_ids"), axis)
        both = self._do("Concat", length, length, axis=0)
        first, axes = self._constant([0, 0], np.int64), self._constant([2, 3], np.int64)
        return self._do("Slice", BIAS, first, both, axes)

    def _mask(self) -> str:
        """0 where there is a token, far below where there is only padding; shape (n, 1, 1, t)."""
        from onnx import TensorProto

        there = self._do("Cast", "attention_mask", to=TensorProto.FLOAT)
        missing = self._do("Sub", self._constant(1, np.float32), there)
        far = self._do("Mul", missing, self._constant(MASKED, np.float32))
        return self._do("Unsqueeze", far, self._constant([1, 2], np.int64))


def _elsewhere(name: str, dims: tuple[int, ...]) -> Any:  # noqa: ANN401 - an onnx.TensorProto
    """Describe a weight that is supplied when the session is made."""
    from onnx import TensorProto

    weight = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims)
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="supplied")
    return weight
