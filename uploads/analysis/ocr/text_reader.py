"""Read the text in a picture: find lines, then read each of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from PIL import Image

from uploads.analysis.model_files import Floats
from uploads.analysis.ocr.networks import GRID, LINE_HEIGHT, Networks
from uploads.analysis.ocr.text_boxes import TextBox, find_boxes
from uploads.analysis.ocr.text_lines import TextLine, cut_out, decode, in_order, split_line

MAX_LINES = 300
# The longer side, in pixels, of the copies in which may_contain_text() and read() detect lines.
_GATE_SIDE = 384
_SIDE = 1280
# The detector needs 350 MB of memory per megapixel, so it reads the picture in tiles, which overlap by 2 * GRID pixels.
_TILE = 480
_LONGEST_LINE = 1600
# may_contain_text() needs one line that scores at least _PROBABLE. read() returns lines that score at least _CERTAIN.
_PROBABLE = 0.6
_CERTAIN = 0.85
_MIN_CHARACTERS = 2
_SAMPLE = 3


class TextReader:
    """Reads printed text in Latin letters, Chinese and Japanese, in RGB pictures.

    `step` returns a context manager, which is entered for each run of a network. A run takes at most 0.3 s, so if the
    context manager holds a CPU slot, other work does not wait long. An exception from `step` stops the reading and
    propagates.
    """

    def __init__(self, networks: Networks, step: Callable[[], AbstractContextManager[object]] = nullcontext) -> None:
        self._networks = networks
        self._step = step

    def read_any(self, preview: Image.Image, original: Callable[[], Image.Image], *, is_page: bool) -> str:
        """Return the text in a picture, or "" if its preview shows none; `original` returns a larger copy to read.

        If `is_page`, the picture is known to show a page of text, so the preview is not checked.
        """
        return self.read(original()) if is_page or self.may_contain_text(preview) else ""

    def may_contain_text(self, image: Image.Image) -> bool:
        """Return whether at least one of the largest lines found in a small copy of the picture can be read."""
        return any(self._read_line(image, box).score >= _PROBABLE for box in self._find(image, _GATE_SIDE)[:_SAMPLE])

    def read(self, image: Image.Image) -> str:
        """Return the text in the picture, with one line for each row of text."""
        boxes = self._orient(image, self._find(image, _SIDE))
        lines = [self._read_line(image, box) for box in boxes]
        return "\n".join(in_order([line for line in lines if _is_text(line)]))

    def _find(self, image: Image.Image, side: int) -> list[TextBox]:
        """Return the boxes of lines, the largest first."""
        scale = min(1.0, side / max(image.size))
        width, height = (max(GRID, round(length * scale / GRID) * GRID) for length in image.size)
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        factors = image.width / width, image.height / height
        return [box.scaled(*factors) for box in find_boxes(self._detect(small), MAX_LINES)]

    def _detect(self, image: Image.Image) -> Floats:
        """Return, for each pixel, the probability that it is in the core of a line of text; see find_boxes()."""
        found = np.empty((image.height, image.width), np.float32)
        for top in range(0, image.height, _TILE):
            for left in range(0, image.width, _TILE):
                x, y = max(0, left - GRID), max(0, top - GRID)
                right, bottom = min(image.width, left + _TILE + GRID), min(image.height, top + _TILE + GRID)
                with self._step():
                    probabilities = self._networks.detect(image.crop((x, y, right, bottom)))
                core = probabilities[top - y :, left - x :][:_TILE, :_TILE]
                found[top : top + _TILE, left : left + _TILE] = core
        return found

    def _orient(self, image: Image.Image, boxes: list[TextBox]) -> list[TextBox]:
        """Turn all boxes if the largest lines can be read better in the opposite direction.

        Lines cannot be checked one by one, because the recogniser may misread an upside-down line with high confidence.
        """
        turned = [box.turned() for box in boxes]
        gains = [
            self._recognise(image, other).score - self._recognise(image, box).score
            for box, other in zip(boxes[:_SAMPLE], turned, strict=False)
        ]
        return turned if sum(gains) > 0 else boxes

    def _read_line(self, image: Image.Image, box: TextBox) -> TextLine:
        """Read a line. If the score is low, also read it in the opposite direction, and return the better result."""
        line = self._recognise(image, box)
        if line.score >= _CERTAIN:
            return line
        return max(line, self._recognise(image, box.turned()), key=lambda one: one.score)

    def _recognise(self, image: Image.Image, box: TextBox) -> TextLine:
        line = cut_out(image, box)
        width = max(LINE_HEIGHT, round(line.width * LINE_HEIGHT / line.height))
        pieces = split_line(line.resize((width, LINE_HEIGHT), Image.Resampling.BILINEAR), _LONGEST_LINE)
        texts, scores = zip(*(self._decode(piece) for piece in pieces), strict=True)
        return TextLine(box, " ".join(filter(None, texts)), min(scores))

    def _decode(self, line: Image.Image) -> tuple[str, float]:
        with self._step():
            probabilities = self._networks.recognise(line)
        return decode(probabilities, self._networks.characters)


def _is_text(line: TextLine) -> bool:
    return line.score >= _CERTAIN and sum(map(str.isalnum, line.text)) >= _MIN_CHARACTERS
