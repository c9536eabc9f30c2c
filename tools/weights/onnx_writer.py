"""Write ONNX models using only numpy.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 defines the field numbers (IR version 8), and
https://protobuf.dev/programming-guides/encoding/ the wire format.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Attribute = int | float | str | Sequence[int]

FLOAT, UINT8, INT64 = 1, 2, 7
_TYPES = {"float32": FLOAT, "uint8": UINT8, "int8": 3, "int32": 6, "int64": INT64, "float16": 10}
_OPSET = 17
# Graph.half() keeps constants of up to this many numbers in float32: half precision would save almost nothing.
_SMALL = 256


class Graph:
    """Collects nodes and constants and serialises them as a model."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._casts: list[bytes] = []
        self._constants: dict[str, Array] = {}
        self._halves: dict[str, Array] = {}
        self._unnamed = 0

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Add an operator with one output. Return the output's name, which is generated if `output` is empty."""
        if not output:
            self._unnamed += 1
            output = f"t{self._unnamed}"
        return self.nodes(kind, inputs, [output], **attributes)[0]

    def nodes(self, kind: str, inputs: Sequence[str], outputs: list[str], **attributes: Any) -> list[str]:
        """Add an operator with several outputs. Return the names of the outputs."""
        self._nodes.append(_node(kind, inputs, outputs, attributes))
        return outputs

    def constant(self, name: str, value: Array) -> str:
        self._constants[name] = value
        return name

    def half(self, name: str, value: Array) -> str:
        """Add a float constant and return its name. Unless it is small, it is stored in half precision.

        The model casts the constant to float32.
        """
        if value.size <= _SMALL:
            return self.constant(name, value.astype(np.float32))
        self._halves[f"{name}.h"] = value.astype(np.float16)
        self._casts.insert(0, _node("Cast", [f"{name}.h"], [name], {"to": FLOAT}))
        return name

    def model(self, inputs: Sequence[bytes], outputs: Sequence[bytes], producer: str) -> bytes:
        """Return the serialised model. `inputs` and `outputs` come from value()."""
        parts = [_field(1, node) for node in (*self._casts, *self._nodes)]
        parts.append(_field(2, "g"))
        parts += [_field(5, _tensor(name, value)) for name, value in (self._constants | self._halves).items()]
        parts += [_field(11, entry) for entry in inputs] + [_field(12, entry) for entry in outputs]
        opset = _field(1, "") + _field(2, _OPSET)
        return _field(1, 8) + _field(2, producer) + _field(7, b"".join(parts)) + _field(8, opset)


def value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    """Return the serialised type of an input or output. A string in `shape` names a variable dimension."""
    sides = b"".join(_field(1, _field(2 if isinstance(side, str) else 1, side)) for side in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, sides)))


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, content: int | str | bytes) -> bytes:
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    data = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], attributes: dict[str, Attribute]) -> bytes:
    parts = [_field(1, name) for name in inputs] + [_field(2, name) for name in outputs]
    parts += [_field(3, outputs[0]), _field(4, kind)]
    parts += [_field(5, _attribute(name, content)) for name, content in attributes.items()]
    return b"".join(parts)


def _attribute(name: str, content: Attribute) -> bytes:
    if isinstance(content, float):
        return _field(1, name) + _varint(2 << 3 | 5) + np.float32(content).tobytes() + _field(20, 1)
    if isinstance(content, int):
        return _field(1, name) + _field(3, content) + _field(20, 2)
    if isinstance(content, str):
        return _field(1, name) + _field(4, content) + _field(20, 3)
    return _field(1, name) + b"".join(_field(8, int(number)) for number in content) + _field(20, 7)


def _tensor(name: str, value: Array) -> bytes:
    sides = b"".join(_field(1, int(side)) for side in value.shape)
    data = np.ascontiguousarray(value).tobytes()
    return sides + _field(2, _TYPES[value.dtype.name]) + _field(8, name) + _field(9, data)
