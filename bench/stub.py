"""An analyzer that only waits, as one does that asks a model server."""

import time

from PIL import Image

from uploads.analysis.base import Description, Embedding

SECONDS = 0.055


class WaitingAnalyzer:
    """Waits SECONDS and says nothing of the picture."""

    name = "waiting"
    computes = False

    def describe(self, image: Image.Image) -> Description:
        """Wait, then give a description that is always the same."""
        time.sleep(SECONDS)
        return Description((), "A picture.")

    def embed(self, description: Description) -> Embedding:
        """Give no vector."""
        return Embedding("", None)
