"""Compare decoding a 12-megapixel JPEG and encoding its previews with the same work in libvips.

`make bench ARGS=pipeline` runs this. "Ours" decodes in the decoder process, as workers do. Both make previews with the
same sizes and quality. The two run alternately, and their CPU time is compared.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import pyvips
from rich.console import Console
from rich.table import Table

from bench.images import make_jpegs
from bench.stages import cpu_time, new_process
from uploads.media import PREVIEW_SIZES
from uploads.media.decoder import decoders
from uploads.media.image import MAX_PIXELS
from uploads.media.previews import QUALITY, make_previews
from vuemantics.management.stack import MALLOC_VARIABLES

SIZE = (4000, 3000)
ROUNDS = 30


def measure_vips(folder: Path) -> dict[str, float]:
    """Measure our code and libvips, and print a table.

    Return our time divided by that of libvips as `preview_ratio_to_vips`.
    """
    (path,) = make_jpegs(folder / "vips", 1, SIZE)
    with new_process(**MALLOC_VARIABLES) as ours, new_process(VIPS_CONCURRENCY="1") as vips:
        rounds = [
            (ours.submit(_timed, _ours, path).result(), vips.submit(_timed, _vips, path).result())
            for _ in range(ROUNDS + 1)
        ][1:]  # the first round is a warm-up
    times = [median(column) * 1e3 for column in zip(*rounds, strict=True)]
    ratio = round(median(one / two for one, two in rounds), 3)
    table = Table("ours, ms", "libvips, ms", "ratio", title="CPU time to decode 12 megapixels and encode previews")
    table.add_row(*(f"{ms:.1f}" for ms in times), f"{ratio}")
    Console().print(table)
    return {"preview_ratio_to_vips": ratio}


def _ours(path: Path) -> None:
    make_previews(decoders.read_picture(path, MAX_PIXELS, lambda: None).image)


def _vips(path: Path) -> None:
    """Reduce the picture while decoding it, and make the smaller preview from the larger one, like `make_previews`."""
    pyvips.cache_set_max(0)  # libvips would otherwise return the results of the previous round
    small, large = PREVIEW_SIZES
    # Without copy_memory(), the file would be decoded once for each preview.
    picture = pyvips.Image.thumbnail(str(path), large, size="down", fail_on="truncated").copy_memory()
    picture.jpegsave_buffer(Q=QUALITY[large], keep="none")
    picture.thumbnail_image(small).jpegsave_buffer(Q=QUALITY[small], keep="none")


def _timed(work: Callable[[Path], None], path: Path) -> float:
    start = cpu_time()
    work(path)
    return cpu_time() - start
