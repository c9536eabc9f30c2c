"""Read published weights without the frameworks that wrote them, and without executing code from the files."""

import json
import pickle
import struct
from collections import OrderedDict
from typing import IO, Any, NamedTuple

import numpy as np

from tools.weights.onnx_writer import Array

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Storage(NamedTuple):
    key: str
    kind: str
    length: int


class _View(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _TensorUnpickler(pickle.Unpickler):
    """Refuses every class except those that describe tensors, so a malicious file cannot run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _View(storage, offset, shape, strides)
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a weights file")

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, _, count, *_ = pid
        return _Storage(key, kind, count)


def read_torch(file: IO[bytes]) -> dict[str, Array]:
    """Return the tensors of a PyTorch state file in the format used before version 1.6.

    The file contains five pickles (magic number, protocol, system, state, storage keys). Then, for each storage, it
    contains a count in 8 bytes and that many numbers; see _legacy_load in torch/serialization.py. Raises ValueError if
    the format is different.
    """
    if _TensorUnpickler(file).load() != _MAGIC or _TensorUnpickler(file).load() != _PROTOCOL:
        raise ValueError("not a PyTorch file of the old format")
    _TensorUnpickler(file).load()
    views: dict[str, _View] = _TensorUnpickler(file).load()
    storages = {view.storage.key: view.storage for view in views.values()}
    numbers: dict[str, Array] = {}
    for key in _TensorUnpickler(file).load():
        _, kind, count = storages[key]
        if int.from_bytes(file.read(8), "little") != count:
            raise ValueError(f"storage {key} does not have the announced size")
        numbers[key] = np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind)
    return {name: _viewed(numbers[view.storage.key], view) for name, view in views.items()}


def _viewed(numbers: Array, view: _View) -> Array:
    steps = [step * numbers.itemsize for step in view.strides]
    if (
        sum((side - 1) * step for side, step in zip(view.shape, view.strides, strict=True)) + view.offset
        >= numbers.size
    ):
        raise ValueError("a tensor exceeds its storage")
    return np.lib.stride_tricks.as_strided(numbers[view.offset :], view.shape, steps).copy()


def read_safetensors(data: bytes) -> dict[str, Array]:
    """Return the tensors of a safetensors file: a header length in 8 bytes, a JSON header, and the numbers."""
    (length,) = struct.unpack("<Q", data[:8])
    kinds = {"F32": "<f4", "I64": "<i8"}
    tensors: dict[str, Array] = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[start:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors
