"""Find the networks in the package `rapidocr`. Its own code, which needs OpenCV, is never imported."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from uploads.errors import EnvironmentalError

PACKAGE = "rapidocr"
MODEL = "pp-ocrv6-small"
"""The value of Upload.text_model for pictures that these networks have read, whether or not they found text."""

DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"
SHA256 = {
    DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    RECOGNISER: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}


def models_folder() -> Path | None:
    """Return the folder that contains the networks, or None if the package is not installed or lacks one of its files.

    The result is cached per process.
    """
    return _folder_in(PACKAGE)


@cache
def _folder_in(package: str) -> Path | None:
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    folders = [Path(place, "models") for place in places or ()]
    return next((folder for folder in folders if all((folder / name).is_file() for name in SHA256)), None)


def reads_text() -> bool:
    """Return whether to read text: the networks are installed, and settings.OCR is not off."""
    return bool(settings.OCR != "off" and models_folder() is not None)


def find_model(name: str) -> Path:
    """Return the path of the network `name`, a key of SHA256, after verifying its checksum.

    Raises EnvironmentalError `analysis.weights` if it is missing or its checksum differs.
    """
    folder = models_folder()
    if folder is None:
        raise EnvironmentalError("analysis.weights", name=name, problem="missing")
    path = folder / name
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[name]:
        raise EnvironmentalError("analysis.weights", name=name, problem="damaged")
    return path
