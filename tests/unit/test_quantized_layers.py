"""A quantized network returns nearly the same numbers as the float network."""

import numpy as np
import onnxruntime
import pytest

from tools.weights.layers import Layers, QuantizedLayers
from tools.weights.onnx_writer import FLOAT, Array, Graph, value

_RNG = np.random.default_rng(5)
_KERNEL = _RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)
_BIAS = _RNG.normal(size=4).astype(np.float32)


def _run(layers: Layers, picture: Array) -> Array:
    source = layers.source("image")
    inner = layers.convolution(source, _KERNEL, _BIAS, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    inner = layers.layer("LeakyRelu", [inner], alpha=0.1)
    inner = layers.layer("MaxPool", [inner], kernel_shape=[2, 2], strides=[2, 2])
    layers.graph.node("Identity", [inner], "result")
    model = layers.graph.model([value("image", FLOAT, [1, 3, 8, 8])], [value("result", FLOAT, [1, 4, 4, 4])], "test")
    result: Array = onnxruntime.InferenceSession(model).run(["result"], {"image": picture})[0]
    return result


def test_quantized_layers_compute_nearly_the_same() -> None:
    picture = _RNG.uniform(-1, 1, (1, 3, 8, 8)).astype(np.float32)
    exact = _run(Layers(Graph()), picture)
    limit = float(np.abs(exact).max())

    found = _run(QuantizedLayers(Graph(), {"image": (-1, 1), "x1": (-15, 15), "x2": (-2, 15)}), picture)

    assert found == pytest.approx(exact, abs=0.04 * limit)
    assert not np.array_equal(found, exact)
