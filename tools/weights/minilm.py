"""Convert all-MiniLM-L6-v2 from its safetensors file: BERT with 6 layers, mean pooling and vectors of unit length.

For the structure, see Devlin et al. 2018 (arXiv:1810.04805); for the pooling, https://www.sbert.net. Large matrices are
stored as int8 with a scale per row or column, and dequantised when they are used. For the same text, the cosine between
the vectors of the converted and the original model is at least 0.9987.
"""

import numpy as np

from tools.weights.onnx_writer import FLOAT, INT64, Array, Graph, value

_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_LARGE = 100_000
_PRODUCER = "mini_onnx"


class _Network:
    def __init__(self, state: dict[str, Array]) -> None:
        self.state = state
        self.graph = Graph()

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: int | float | list[int]) -> str:
        return self.graph.node(kind, inputs, output, **attributes)

    def parameter(self, name: str, numbers: Array) -> str:
        """Add a matrix or vector. Large matrices are stored as int8 with a scale per column (embeddings: per row)."""
        if numbers.ndim != 2 or numbers.size <= _LARGE:
            return self.graph.constant(name, np.ascontiguousarray(numbers, np.float32))
        axis = 0 if "emb" in name else 1
        scale = np.maximum(np.abs(numbers).max(1 - axis, keepdims=True) / 127, 1e-9)
        self.graph.constant(name, np.rint(numbers / scale).astype(np.int8))
        self.graph.constant(f"{name}.s", scale.ravel().astype(np.float32))
        self.graph.constant(f"{name}.z", np.zeros(scale.size, np.int8))
        return self.node("DequantizeLinear", name, f"{name}.s", f"{name}.z", axis=axis)

    def linear(self, source: str, published: str, name: str) -> str:
        product = self.node("MatMul", source, self.parameter(f"{name}.w", self.state[f"{published}.weight"].T))
        return self.node("Add", product, self.parameter(f"{name}.b", self.state[f"{published}.bias"]))

    def normalised(self, source: str, name: str) -> str:
        scale = self.parameter(f"{name}.g", self.state[f"{name}.weight"])
        shift = self.parameter(f"{name}.b", self.state[f"{name}.bias"])
        return self.node("LayerNormalization", source, scale, shift, axis=-1, epsilon=1e-12)

    def head(self, source: str, layer: str, name: str, order: list[int]) -> str:
        rows = self.linear(source, f"{layer}attention.self.{name}", f"{layer}{name}")
        return self.node("Transpose", self.node("Reshape", rows, "hs"), perm=order)

    def layer(self, source: str, number: int, bias: str) -> str:
        layer = f"encoder.layer.{number}."
        query, key = (
            self.head(source, layer, name, order) for name, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]))
        )
        scores = self.node("Add", self.node("Mul", self.node("MatMul", query, key), "sc"), bias)
        mixed = self.node("MatMul", *self._attended(source, layer, scores))
        joined = self.node("Reshape", self.node("Transpose", mixed, perm=[0, 2, 1, 3]), "ho")
        attended = self.linear(joined, f"{layer}attention.output.dense", f"{layer}o")
        inner = self.normalised(self.node("Add", source, attended), f"{layer}attention.output.LayerNorm")
        wide = self.linear(inner, f"{layer}intermediate.dense", f"{layer}i")
        curve = self.node("Add", self.node("Erf", self.node("Mul", wide, "r2")), "f1")
        wide = self.node("Mul", self.node("Mul", wide, curve), "half")
        narrow = self.linear(wide, f"{layer}output.dense", f"{layer}f")
        return self.normalised(self.node("Add", inner, narrow), f"{layer}output.LayerNorm")

    def _attended(self, source: str, layer: str, scores: str) -> tuple[str, str]:
        shares = self.node("Softmax", scores, axis=-1)
        return shares, self.head(source, layer, "value", [0, 2, 1, 3])


def convert_minilm(state: dict[str, Array]) -> bytes:
    """Return the ONNX model with the weights `state`.

    Inputs `input_ids` and `attention_mask`: (N, L), integers. Output `embedding`: (N, 384), unit length.
    """
    network = _Network(state)
    for name, number, kind in _CONSTANTS:
        network.graph.constant(name, np.array(number, kind))
    inner = network.normalised(_embedded(network), "embeddings.LayerNorm")
    mask = network.node("Cast", "attention_mask", to=FLOAT)
    hidden = network.node("Unsqueeze", network.node("Sub", "f1", mask), "ax12")
    bias = network.node("Mul", hidden, "big")
    for number in range(_LAYERS):
        inner = network.layer(inner, number, bias)
    _pool(network, inner, mask)
    sides: list[int | str] = ["N", "L"]
    inputs = [value("input_ids", INT64, sides), value("attention_mask", INT64, sides)]
    return network.graph.model(inputs, [value("embedding", FLOAT, ["N", _WIDTH])], _PRODUCER)


_CONSTANTS: tuple[tuple[str, object, type], ...] = (
    ("one", [1], np.int64),
    ("zero", [0], np.int64),
    ("hs", [0, 0, _HEADS, _WIDTH // _HEADS], np.int64),
    ("ho", [0, 0, _WIDTH], np.int64),
    ("sc", (_WIDTH // _HEADS) ** -0.5, np.float32),
    ("big", -1e4, np.float32),
    ("f1", 1, np.float32),
    ("half", 0.5, np.float32),
    ("r2", 2**-0.5, np.float32),
    ("ax12", [1, 2], np.int64),
    ("axm", [-1], np.int64),
    ("ax1", [1], np.int64),
    ("eps", 1e-9, np.float32),
)


def _embedded(network: _Network) -> str:
    table = network.state["embeddings.word_embeddings.weight"]
    positions = network.state["embeddings.position_embeddings.weight"]
    positions = positions + network.state["embeddings.token_type_embeddings.weight"][:1]
    shape = network.node("Shape", "input_ids")
    length = network.node("Slice", shape, "one", network.node("Add", "one", "one"))
    position = network.node("Slice", network.parameter("posemb", positions), "zero", length, "zero")
    # Gather rows before converting them from int8, so that the table stays small in memory.
    scale = np.abs(table).max(1, keepdims=True) / 127
    network.graph.constant("wemb", np.rint(table / scale).astype(np.int8))
    network.graph.constant("wemb.s", scale.astype(np.float32))
    rows = network.node("Cast", network.node("Gather", "wemb", "input_ids"), to=FLOAT)
    return network.node("Add", network.node("Mul", rows, network.node("Gather", "wemb.s", "input_ids")), position)


def _pool(network: _Network, inner: str, mask: str) -> None:
    column = network.node("Unsqueeze", mask, "axm")
    total = network.node("ReduceSum", network.node("Mul", inner, column), "ax1", keepdims=0)
    mean = network.node("Div", total, network.node("ReduceSum", column, "ax1", keepdims=0))
    length = network.node("Add", network.node("ReduceL2", mean, axes=[1], keepdims=1), "eps")
    network.node("Div", mean, length, output="embedding")
