"""Draw charts with matplotlib, as additional training pictures."""

import io
import random
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

_COUNT = 60
_STYLES = ("default", "ggplot", "bmh", "dark_background", "seaborn-v0_8-whitegrid", "fivethirtyeight")


def draw_charts(rng: random.Random) -> Iterator[Image.Image]:
    """Yield charts of random data in various styles."""
    numbers = np.random.default_rng(rng.randint(0, 2**31))
    for index in range(_COUNT):
        with plt.style.context(_STYLES[index % len(_STYLES)]):
            figure, axes = plt.subplots(figsize=(rng.uniform(5, 9), rng.uniform(4, 6)))
            _KINDS[index // len(_STYLES) % len(_KINDS)](axes, numbers)
            axes.set_title(rng.choice(("Sales by quarter", "Results", "Temperature", "Share of visitors", "Growth")))
            content = io.BytesIO()
            figure.savefig(content, dpi=100)
            plt.close(figure)
        with Image.open(content) as image:
            yield image.convert("RGB")


def _lines(axes, numbers) -> None:
    for number in range(numbers.integers(1, 5)):
        axes.plot(numbers.normal(size=60).cumsum(), label=f"Series {number + 1}")
    axes.legend()
    axes.set_xlabel("Days")


def _bars(axes, numbers) -> None:
    count = numbers.integers(4, 10)
    axes.bar([f"{2012 + year}" for year in range(count)], numbers.uniform(1, 20, count))


def _pie(axes, numbers) -> None:
    shares = numbers.uniform(1, 5, 5)
    axes.pie(shares, labels=list("ABCDE"), autopct="%1.0f%%")


def _dots(axes, numbers) -> None:
    axes.scatter(numbers.normal(size=150), numbers.normal(size=150), c=numbers.uniform(size=150))
    axes.grid(visible=True)


def _histogram(axes, numbers) -> None:
    axes.hist(numbers.normal(size=800), bins=30)
    axes.set_ylabel("Number of files")


_KINDS = (_lines, _bars, _pie, _dots, _histogram)
