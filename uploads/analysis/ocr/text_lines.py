"""Cut lines of text out of a picture, decode the recogniser's output, and sort the lines. Pure functions only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from uploads.analysis.model_files import Floats
from uploads.analysis.ocr.text_boxes import TextBox

_NEARLY_LEVEL = 0.2
_WORD_GAP = 12


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line that was read; `score` is the recogniser's mean confidence in its characters, 0 to 1.

    If the line was split, `score` is the lowest score of its pieces.
    """

    box: TextBox
    text: str
    score: float


def cut_out(image: Image.Image, box: TextBox) -> Image.Image:
    """Return the part of `image` in the box, rotated so that the line runs to the right."""
    width, height = max(1, round(box.width)), max(1, round(box.height))
    along_x, along_y = box.direction
    left = box.x - (width * along_x - height * along_y) / 2
    top = box.y - (width * along_y + height * along_x) / 2
    if abs(box.angle) < _NEARLY_LEVEL:
        return image.crop((round(left), round(top), round(left) + width, round(top) + height))
    # Pixel (x, y) of the result comes from `left, top`, moved x pixels along the line and y pixels across it.
    matrix = (along_x, -along_y, left, along_y, along_x, top)
    return image.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def split_line(line: Image.Image, longest: int) -> list[Image.Image]:
    """Return pieces of a line, at most `longest` pixels wide, cut at the emptiest columns to keep words whole."""
    if line.width <= longest:
        return [line]
    contrast = np.asarray(line.convert("L"), np.float32).std(axis=0)
    quarter = line.width // 4
    middle = np.convolve(contrast, np.ones(_WORD_GAP), "same")[quarter:-quarter]
    cut = quarter + int(middle.argmin())
    halves = line.crop((0, 0, cut, line.height)), line.crop((cut, 0, *line.size))
    return [piece for half in halves for piece in split_line(half, longest)]


def decode(probabilities: Floats, characters: Sequence[str]) -> tuple[str, float]:
    """Return the likeliest text and the mean probability of its characters, or 0 if there are none.

    `probabilities` has the shape (steps, characters). Character 0 is the blank that separates equal characters
    (Connectionist Temporal Classification, Graves et al. 2006).
    """
    best = probabilities.argmax(axis=1)
    read = best > 0
    read[1:] &= best[1:] != best[:-1]
    if not read.any():
        return "", 0.0
    return "".join(characters[one] for one in best[read]), float(probabilities.max(axis=1)[read].mean())


def in_order(lines: Sequence[TextLine]) -> list[str]:
    """Return the text of each row, in reading order. Lines in the same row are joined.

    Rows run in the direction of most of the text.
    """
    if not lines:
        return []
    along = np.sum([np.multiply(line.box.direction, line.box.width) for line in lines], axis=0)
    along /= max(float(np.hypot(*along)), 1e-9)

    def across(line: TextLine) -> float:
        return float(line.box.y * along[0] - line.box.x * along[1])

    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=across):
        last = rows[-1][-1] if rows else None
        if last and across(line) - across(last) < min(line.box.height, last.box.height) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        row.sort(key=lambda line: float(line.box.x * along[0] + line.box.y * along[1]))
    return [" ".join(line.text for line in row) for row in rows]
