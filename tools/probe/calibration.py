"""Choose the pictures that calibrate the detector's 8-bit numbers."""

from collections.abc import Iterator
from pathlib import Path

from tools.probe.packages import open_picture
from tools.probe.pool import read_table
from uploads.analysis.detector import prepare
from uploads.analysis.model_files import Floats

_COUNT = 120


def read_calibration(folder: Path) -> Iterator[Floats]:
    """Yield inputs of the detector: every few photos of the training pictures in the packages in `folder`."""
    photos = [(package, path) for medium, _, package, path in read_table() if medium == "photo"]
    for package, path in photos[:: max(1, len(photos) // _COUNT)][:_COUNT]:
        yield prepare(open_picture(folder, package, path))
