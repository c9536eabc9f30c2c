"""Turn the training pictures into the probe's inputs: classifier features and picture statistics.

The training pictures also include crops of pictures with rare scenes, generated charts, and documents that are
distorted to look like photos of paper on a surface.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tools.probe.charts import draw_charts
from tools.probe.packages import open_picture
from uploads.analysis import detector
from uploads.analysis.classifier import Classifier
from uploads.analysis.model_files import Floats
from uploads.analysis.picture_statistics import measure

MAX_PICTURES = 2_200

UNLABELLED = "?"
"""The scene of pictures that only train the medium."""

# Fixed, so that pictures appended to the table do not change the 8-bit detector.
_CALIBRATION_PICTURES, _CALIBRATION_STEP = 120, 5
_TABLE = Path(__file__).with_name("pictures.tsv")
_SEED = 3
_LONGEST_SIDE = 1024
_RARE = 50
_SURFACES = 40


@dataclass(frozen=True, slots=True)
class Example:
    """A training picture with its medium, scenes (or UNLABELLED) and source.

    A crop has the same `source` as the picture it was cut from.
    """

    medium: str
    scenes: frozenset[str]
    source: str
    image: Image.Image


@dataclass(frozen=True, slots=True)
class Pool:
    """All examples: features (n, 1280), probabilities (n, 1000) and statistics (n, 17)."""

    media: list[str]
    scenes: list[frozenset[str]]
    sources: list[str]
    features: Floats
    probabilities: Floats
    statistics: Floats


def read_pool(folder: Path) -> Pool:
    """Compute the inputs for all training pictures, read from the packages in `folder`; this takes two minutes."""
    classifier = Classifier()
    examples: list[tuple[Example, Floats, Floats, Floats]] = []
    for example in _examples(folder):
        half = example.image.reduce(2) if max(example.image.size) >= 900 else example.image
        found = classifier.classify(half)
        numbers = np.array(measure(example.image, half), np.float32)
        bare = Example(example.medium, example.scenes, example.source, Image.new("RGB", (1, 1)))
        examples.append((bare, found.features, found.probabilities, numbers))
    if len(examples) > MAX_PICTURES:
        raise ValueError(f"There are {len(examples)} pictures, more than {MAX_PICTURES}.")
    rows, features, probabilities, statistics = zip(*examples, strict=True)
    return Pool(
        [row.medium for row in rows],
        [row.scenes for row in rows],
        [row.source for row in rows],
        np.array(features),
        np.array(probabilities),
        np.array(statistics),
    )


def read_table() -> list[tuple[str, frozenset[str], str, str]]:
    """Return the medium, scenes, package and path of each training picture that comes from a package."""
    with _TABLE.open(newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    return [(medium, frozenset(scenes.split()), package, path) for medium, scenes, package, path in rows]


def _examples(folder: Path) -> Iterator[Example]:
    table = read_table()
    counts = Counter(scene for _, scenes, _, _ in table for scene in scenes)
    surfaces = [(package, path) for medium, scenes, package, path in table if medium == "photo" and not scenes]
    for medium, scenes, package, path in table:
        rng = random.Random(path)  # seeded per picture, so that adding rows to the table changes nothing else
        image = _shrunk(open_picture(folder, package, path))
        source = f"{package}/{path}"
        yield Example(medium, scenes, source, image)
        if _is_rare(medium, scenes, counts):
            yield Example(medium, scenes, source, _crop(image, rng))
        if medium == "document":
            surface = _shrunk(open_picture(folder, *rng.choice(surfaces[:_SURFACES])))
            yield Example(medium, scenes, source, _photograph(image, surface, rng))
    for chart in draw_charts(random.Random(_SEED)):
        yield Example("chart", frozenset(), "matplotlib", chart)


def _shrunk(image: Image.Image) -> Image.Image:
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return image


def _is_rare(medium: str, scenes: frozenset[str], counts: Counter[str]) -> bool:
    return medium == "photo" and any(counts[scene] < _RARE for scene in scenes)


def _crop(image: Image.Image, rng: random.Random) -> Image.Image:
    share = rng.uniform(0.6, 0.9)
    width, height = int(image.width * share), int(image.height * share)
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    crop = image.crop((left, top, left + width, top + height))
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop


def _photograph(page: Image.Image, surface: Image.Image, rng: random.Random) -> Image.Image:
    """Return `page` as if photographed: on a surface, in perspective and in uneven light."""
    size = (rng.choice((1024, 768)), 768)
    frame = surface.resize(size)
    margin = [(rng.uniform(-0.06, 0.14), rng.uniform(-0.06, 0.14)) for _ in range(4)]
    signs = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    corners = [
        (size[0] * ((0 if x > 0 else 1) + x * dx), size[1] * ((0 if y > 0 else 1) + y * dy))
        for (x, y), (dx, dy) in zip(signs, margin, strict=True)
    ]
    sheet = page.convert("RGBA").transform(size, Image.Transform.PERSPECTIVE, _perspective(corners, page.size))
    frame.paste(sheet.convert("RGB"), mask=sheet.getchannel("A"))
    light = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(size)
    dim = Image.blend(frame, Image.new("RGB", size, (70, 60, 50)), rng.uniform(0.15, 0.45))
    return Image.composite(frame, dim, light)


def _perspective(corners: list[tuple[float, float]], size: tuple[int, int]) -> list[float]:
    """Return the coefficients that map `corners` (top left, bottom left, bottom right, top right) to a page."""
    width, height = size
    targets = ((0, 0), (0, height), (width, height), (width, 0))
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, targets, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    coefficients: list[float] = np.linalg.solve(np.array(rows), np.array(values)).tolist()
    return coefficients


def read_calibration(folder: Path) -> Iterator[Floats]:
    """Yield detector inputs made from a selection of photos, for calibrating the 8-bit detector."""
    photos = [(package, path) for medium, _, package, path in read_table() if medium == "photo"]
    for package, path in photos[::_CALIBRATION_STEP][:_CALIBRATION_PICTURES]:
        yield detector.prepare(open_picture(folder, package, path))
