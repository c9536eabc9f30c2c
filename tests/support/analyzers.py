"""Analyzers that tests select with VUEMANTICS_ANALYZER."""

from collections.abc import Sequence

from PIL import Image

from uploads.analysis.base import Description, PictureVector
from uploads.analysis.local import LocalAnalyzer as Chosen

__all__ = ["Broken", "Chosen", "Silent"]


class Broken:
    """An analyzer that fails on creation, as if its configuration were missing."""

    def __init__(self) -> None:
        raise KeyError("MODEL_URL")


class Silent:
    """An analyzer that returns empty results, for tests that do not depend on them."""

    name, computes = "silent", False

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        return Description((), "")

    def embed(self, description: Description) -> PictureVector:
        return PictureVector("silent", None)
