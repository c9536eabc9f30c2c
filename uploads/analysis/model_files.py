"""Read the model files that ship with the program, and verify their checksums."""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from uploads.errors import EnvironmentalError

FOLDER = Path(__file__).with_name("weights")

SHA256 = {
    "all_minilm_l6_v2.onnx": "578b7086109ea511db52e4d19cd15e9a49d11a0a2c41f177217b355d7503c28d",
    "efficientnet_lite0.onnx": "3a573e5f7f283bd336fab372a534f09556e5d44225b090ec7a57b4e97c5f578a",
    "nanodet_g.onnx": "fbfa9adbf680a9aa702986726ea421326cb5eebfea56d0aa4693929c71a9b36e",
    "phrase_vectors.npz": "8cf3d1a0aa92026826357c73ab71d6a141963e446c42d7495ec67213f79ef3c1",
    "phrases.json": "d3b742cb6e0ea2d8c57e5556ff94cc10d24218e981bc4fff92cce8013d76b918",
    "probe.npz": "e1d46e611efeedd8f1a3ad1b379c0c9e3fc53315cece99418abbd9458f93f2b5",
    "wordpiece_vocab.txt": "0f052197aac305fe42f378b5c61554b7bacb34b8be4af83fec2cfdcdffbc9973",
}
"""Checksums of all files in FOLDER. NOTICE names their sources; tools/build_weights.py rebuilds them."""

Floats = npt.NDArray[np.float32]


def read_weights(name: str, folder: Path = FOLDER) -> bytes:
    """Return the content of the file `name`, a key of SHA256.

    Raises EnvironmentalError `analysis.weights` if the file is missing or its checksum differs.
    """
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise _unusable(name, "missing") from error
    if hashlib.sha256(data).hexdigest() != SHA256[name]:
        raise _unusable(name, "damaged")
    return data


def _unusable(name: str, problem: str) -> EnvironmentalError:
    return EnvironmentalError("analysis.weights", name=name, problem=problem)
