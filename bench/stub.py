"""An analyzer that only waits, to simulate a model server."""

import time
from collections.abc import Sequence

from PIL import Image

from uploads.analysis.base import Description, Label, PictureVector

SECONDS = 0.055


class WaitingAnalyzer:
    name = "waiting"
    computes = False

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        """Wait, then return a fixed description with a label, so that the embedded analyzer does not add labels."""
        time.sleep(SECONDS)
        return Description((Label("picture", 1.0),), "A picture.")

    def embed(self, description: Description) -> PictureVector:
        return PictureVector("", None)
