"""Generate different photos of realistic size for the benchmarks, from fixed random seeds."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_QUALITY = 88
_GRAIN = 6
_STAMP = 64
_SEED = 20_260


def make_jpegs(folder: Path, count: int, size: tuple[int, int] = (1600, 1200)) -> list[Path]:
    """Write `count` JPEGs of `size` (width, height) into `folder` and return their paths in order.

    The folder is created if it is missing. The pictures have gradients, soft shapes and sensor noise; at 1600 by 1200,
    each file is about 480 KB. Only one picture is rendered, and each file is a variation of it. All files differ from
    each other, but every run writes the same files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base = _render(size)
    paths = []
    for number in range(count):
        path = folder / f"photo_{number:05}.jpg"
        path.write_bytes(_encode(_variation(base, number)))
        paths.append(path)
    return paths


def _render(size: tuple[int, int]) -> Image.Image:
    width, height = size
    random = np.random.default_rng(_SEED)
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    sky = np.stack([90 + 120 * down, 140 + 60 * across, 220 - 130 * down], axis=-1)
    image = Image.fromarray(sky.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        reach = int(random.integers(width // 60, width // 8))
        colour = tuple(int(part) for part in random.integers(20, 235, 3))
        draw.ellipse((x - reach, y - reach // 2, x + reach, y + reach // 2), fill=colour)
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(2)), np.float32)
    grain = random.normal(0, _GRAIN, (height, width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8))


def _variation(base: Image.Image, number: int) -> Image.Image:
    """Return `base` shifted with wrap-around, with a random patch in one corner. `number` is the seed."""
    pixels = np.roll(np.asarray(base), (number * 37 % base.height, number * 101 % base.width), axis=(0, 1)).copy()
    patch = np.random.default_rng(number).integers(0, 256, (_STAMP // 8, _STAMP // 8, 3), np.uint8)
    pixels[:_STAMP, :_STAMP] = patch.repeat(8, axis=0).repeat(8, axis=1)[: base.height, : base.width]
    return Image.fromarray(pixels)


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
