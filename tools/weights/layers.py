"""Add the layers of a network to a graph: in floats, or quantised to 8 bits with calibrated ranges.

The quantised form is QDQ, see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html: each
tensor passes through QuantizeLinear and DequantizeLinear, and the runtime replaces these with integer operators.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tools.weights.onnx_writer import Array, Graph

Range = tuple[float, float]

# With 7 bits, sums of two products fit into 16 bits. Processors without VNNI instructions saturate larger sums.
_WEIGHT_LIMIT = 63
# Operators whose outputs have the same range as their inputs.
_SAME_RANGE = ("MaxPool", "Resize")


class Layers:
    """Adds float layers, whose kernels have half precision. `outputs` names the input and the output of each layer."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.outputs: list[str] = []

    def source(self, name: str) -> str:
        """Register the network's input `name`, and return the name under which layers read it."""
        self.outputs.append(name)
        return name

    def layer(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add an operator and return the name of its output."""
        name = f"x{len(self.outputs)}"
        self.outputs.append(name)
        return self.graph.node(kind, inputs, name, **attributes)

    def convolution(self, source: str, kernel: Array, bias: Array, **settings: Any) -> str:
        """Add a convolution; `kernel` has the shape (output channels, input channels, height, width)."""
        name = f"w{len(self.outputs)}"
        weights = self.graph.half(name, kernel)
        return self.layer("Conv", [source, weights, self.graph.constant(f"{name}.b", bias)], **settings)


class QuantizedLayers(Layers):
    """Adds quantised layers. `ranges` has the minimum and maximum of each tensor in the `outputs` of Layers."""

    def __init__(self, graph: Graph, ranges: Mapping[str, Range]) -> None:
        super().__init__(graph)
        self._ranges = ranges
        self._known: dict[str, Range] = {}

    def source(self, name: str) -> str:
        return self._quantized(super().source(name), self._ranges[name])

    def layer(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        name = super().layer(kind, inputs, **attributes)
        return self._quantized(name, self._known[inputs[0]] if kind in _SAME_RANGE else self._ranges[name])

    def convolution(self, source: str, kernel: Array, bias: Array, **settings: Any) -> str:
        """Add a convolution whose kernel has one scale per output channel."""
        name = f"w{len(self.outputs)}"
        scale = np.maximum(np.abs(kernel).max(axis=(1, 2, 3)), 1e-6) / _WEIGHT_LIMIT
        product = scale * _scale(self._known[source])[0]
        weights = self._dequantized(name, np.rint(kernel / scale[:, None, None, None]).astype(np.int8), scale)
        offsets = self._dequantized(f"{name}.b", np.rint(bias / product).astype(np.int32), product)
        return self.layer("Conv", [source, weights, offsets], **settings)

    def _dequantized(self, name: str, numbers: Array, scale: Array) -> str:
        parts = [
            self.graph.constant(f"{name}.q", numbers),
            self.graph.constant(f"{name}.s", scale.astype(np.float32)),
            self.graph.constant(f"{name}.z", np.zeros(scale.size, numbers.dtype)),
        ]
        return self.graph.node("DequantizeLinear", parts, name, axis=0)

    def _quantized(self, name: str, limits: Range) -> str:
        scale, zero = _scale(limits)
        parts = [
            self.graph.constant(f"{name}.s", np.array(scale, np.float32)),
            self.graph.constant(f"{name}.z", np.array(zero, np.uint8)),
        ]
        rounded = self.graph.node("QuantizeLinear", [name, *parts], f"{name}.q")
        output = self.graph.node("DequantizeLinear", [rounded, *parts], f"{name}.d")
        self._known[output] = limits
        return output


def _scale(limits: Range) -> tuple[float, int]:
    """Return the scale and the zero point that map `limits` to the range 0 to 255."""
    low, high = min(limits[0], 0.0), max(limits[1], 0.0)
    scale = max((high - low) / 255, 1e-9)
    return scale, round(-low / scale)
