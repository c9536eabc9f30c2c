"""Convert EfficientNet-Lite0 from its PyTorch weights.

For the structure, see https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite (no squeeze and
excitation, ReLU6, a fixed stem and head). This conversion folds batch normalisation into the convolutions. The model
itself scales pixels to (value - 127) / 128.
"""

from typing import Any

import numpy as np

from tools.weights.onnx_writer import FLOAT, UINT8, Array, Graph, value

_SIDE = 224
_EPSILON = 1e-3
_HALVING_STAGES = (2, 3, 4, 6)
_PRODUCER = "mini_onnx"


class _Network:
    def __init__(self, state: dict[str, Array]) -> None:
        self.state = state
        self.graph = Graph()

    def convolution(self, source: str, weight: str, norm: str, *, relu: bool, stride: int = 1, group: int = 0) -> str:
        kernel, bias = self._folded(weight, norm)
        self.graph.half(weight, kernel)
        self.graph.half(f"{weight}.b", bias)
        strides = {"strides": [stride, stride]} if stride > 1 or group or weight == "_conv_stem" else {}
        groups = {"group": group} if group else {}
        settings: dict[str, Any] = {"kernel_shape": kernel.shape[2:], "auto_pad": "SAME_UPPER", **strides, **groups}
        output = self.graph.node("Conv", [source, weight, f"{weight}.b"], **settings)
        return self.graph.node("Clip", [output, "zero", "six"]) if relu else output

    def _folded(self, weight: str, norm: str) -> tuple[Array, Array]:
        kernel = self.state[f"{weight}.weight"].astype(np.float64)
        scale, shift, mean, variance = (
            self.state[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPSILON)
        return (kernel * factor[:, None, None, None]).astype(np.float32), (shift - mean * factor).astype(np.float32)

    def block(self, source: str, number: int, stride: int, *, residual: bool) -> str:
        prefix = f"_blocks.{number}."
        inner = source
        if f"{prefix}_expand_conv.weight" in self.state:
            inner = self.convolution(inner, f"{prefix}_expand_conv", f"{prefix}_bn0", relu=True)
        depth = self.state[f"{prefix}_depthwise_conv.weight"].shape[0]
        inner = self.convolution(
            inner, f"{prefix}_depthwise_conv", f"{prefix}_bn1", relu=True, stride=stride, group=depth
        )
        inner = self.convolution(inner, f"{prefix}_project_conv", f"{prefix}_bn2", relu=False)
        return self.graph.node("Add", [source, inner]) if residual else inner


def convert_efficientnet(state: dict[str, Array]) -> bytes:
    """Return the ONNX model with the weights `state`.

    Input `image`: (N, 224, 224, 3), bytes. Outputs: `probs` (N, 1000) and `features` (N, 1280).
    """
    network = _Network(state)
    graph = network.graph
    for name, number in (("zero", 0), ("six", 6), ("mu", 127), ("inv", 1 / 128)):
        graph.constant(name, np.array(number, np.float32))
    pixels = graph.node("Transpose", [graph.node("Cast", ["image"], to=FLOAT)], perm=[0, 3, 1, 2])
    inner = graph.node("Mul", [graph.node("Sub", [pixels, "mu"]), "inv"])
    inner = network.convolution(inner, "_conv_stem", "_bn0", relu=True, stride=2)
    inner = _blocks(network, inner)
    inner = network.convolution(inner, "_conv_head", "_bn1", relu=True)
    graph.node("Flatten", [graph.node("GlobalAveragePool", [inner])], "features")
    weights = [graph.half("fcw", state["_fc.weight"]), graph.half("fcb", state["_fc.bias"])]
    scores = graph.node("Gemm", ["features", *weights], transB=1)
    graph.node("Softmax", [scores], "probs", axis=-1)
    outputs = [value("probs", FLOAT, ["N", 1000]), value("features", FLOAT, ["N", 1280])]
    return graph.model([value("image", UINT8, ["N", _SIDE, _SIDE, 3])], outputs, _PRODUCER)


def _blocks(network: _Network, inner: str) -> str:
    stage = channels = number = 0
    while f"_blocks.{number}._project_conv.weight" in network.state:
        width = network.state[f"_blocks.{number}._project_conv.weight"].shape[0]
        is_new_stage = width != channels
        stage += is_new_stage
        stride = 2 if is_new_stage and stage in _HALVING_STAGES else 1
        inner = network.block(inner, number, stride, residual=not is_new_stage)
        channels, number = width, number + 1
    return inner
