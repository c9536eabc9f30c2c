"""The text in pictures is read with the real networks."""

import os
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw, ImageFont

from uploads.analysis.ocr.networks import Networks
from uploads.analysis.ocr.text_reader import TextReader
from vuemantics.management.stack import MALLOC_VARIABLES

pytestmark = pytest.mark.slow

GROWTH = """
import resource
import numpy
from PIL import Image
from uploads.analysis.ocr.networks import Networks
# ru_maxrss would begin with the peak of the process that started this one.
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) >> 10
before = peak()
networks = Networks()
loaded = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() >> 20
for _ in range(2):
    networks.detect(Image.new("RGB", (544, 544)))
    networks.recognise(Image.new("RGB", (1600, 48)))
print(loaded - before, peak() - before)
"""
RECEIPT = ["Receipt No. 4711", "Harbour Street 12", "Total 19.90"]


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader(Networks())


def write(lines: list[str], size: int = 24, gap: float = 1.6) -> Image.Image:
    image = Image.new("RGB", (384, 256), "white")
    for number, line in enumerate(lines):
        place = (30, 30 + number * size * gap)
        ImageDraw.Draw(image).text(place, line, fill="black", font=ImageFont.load_default(size))
    return image


@pytest.mark.parametrize("angle", [0, 90, 180, 25])
def test_lines_are_read_in_any_direction(reader: TextReader, angle: int) -> None:
    image = write(RECEIPT).rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="white")

    assert reader.may_contain_text(image)
    assert reader.read(image).splitlines() == RECEIPT


def test_dense_lines_are_read_separately(reader: TextReader) -> None:
    lines = [f"Line {number} of a dense page" for number in range(10, 18)]

    assert reader.read(write(lines, size=18, gap=1.25)).splitlines() == lines


def test_picture_without_text_is_not_read(reader: TextReader) -> None:
    sky = Image.linear_gradient("L").resize((384, 256)).convert("RGB")

    assert not reader.may_contain_text(sky)
    assert reader.read(sky) == ""


def test_networks_in_a_worker_use_little_memory() -> None:
    command = [sys.executable, "-c", GROWTH]
    done = subprocess.run(command, env=os.environ | MALLOC_VARIABLES, capture_output=True, text=True, check=True)

    loaded, peak = map(int, done.stdout.split())
    assert loaded < 58
    assert peak < 175
