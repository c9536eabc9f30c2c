"""Build a tiny CLIP model, whose vectors are a picture's mean colour and the colours named in a text."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

COLOURS = ("red", "green", "blue")
VOCABULARY = {"<pad>": 0, "<unk>": 1, **{colour: 2 + row for row, colour in enumerate(COLOURS)}}
CONTEXT = 8
SIZE = 4
MEAN, STD = [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]


def build_model(folder: Path, **preprocess: Any) -> Path:
    """Write the model's files and return the folder. `preprocess` changes preprocess_cfg.json."""
    for name in ("visual", "textual"):
        (folder / name).mkdir(parents=True)
    text = {"context_length": CONTEXT, "tokenizer_kwargs": {"clean": "canonicalize"}}
    (folder / "config.json").write_text(json.dumps({"embed_dim": 3, "vision_cfg": {}, "text_cfg": text}))
    config = {"size": [SIZE, SIZE], "mode": "RGB", "mean": MEAN, "std": STD, "interpolation": "bicubic", **preprocess}
    (folder / "visual/preprocess_cfg.json").write_text(json.dumps(config))
    onnx.save(_visual(), str(folder / "visual/model.onnx"))
    onnx.save(_textual(), str(folder / "textual/model.onnx"))
    _tokenizer().save(str(folder / "textual/tokenizer.json"))
    (folder / "textual/tokenizer_config.json").write_text(json.dumps({"pad_token": "<pad>"}))
    return folder


def add_input(path: Path, name: str, kind: int = TensorProto.INT64) -> None:
    """Add an unused input to a network."""
    model = onnx.load(str(path))
    model.graph.input.append(helper.make_tensor_value_info(name, kind, [1, CONTEXT]))
    onnx.save(model, str(path))


def _visual() -> onnx.ModelProto:
    """Return a network that computes the mean of each channel and undoes the normalization with MEAN and STD."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Mul", ["flat", "half"], ["scaled"]),
        helper.make_node("Add", ["scaled", "half"], ["vector"]),
    ]
    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])
    return _model(nodes, picture, {"half": np.array([0.5], np.float32)})


def _textual() -> onnx.ModelProto:
    """Return a network that adds up the vectors of the tokens."""
    table = np.zeros((len(VOCABULARY), len(COLOURS)), np.float32)
    table[1:] = np.vstack([np.ones(len(COLOURS)), np.eye(len(COLOURS))])
    nodes = [
        helper.make_node("Gather", ["table", "text"], ["vectors"]),
        helper.make_node("ReduceSum", ["vectors", "axes"], ["vector"], keepdims=0),
    ]
    tokens = helper.make_tensor_value_info("text", TensorProto.INT32, [1, CONTEXT])
    return _model(nodes, tokens, {"table": table, "axes": np.array([1], np.int64)})


def _model(nodes: list[onnx.NodeProto], entry: onnx.ValueInfoProto, constants: dict[str, Any]) -> onnx.ModelProto:
    output = helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, len(COLOURS)])
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", [entry], [output], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer
