"""Change the vector provider in the middle of an import of 10,000 files, and check that nothing is lost.

Run it with `make bench ARGS=provider_change`, or `python -m bench.provider_change 500` for a quick run. Workers import
tiny pictures with vectors from `local`. When half of them are completed, the workers are restarted with `clip`, as
after a change of VUEMANTICS_EMBEDDER. They finish the import, then compute the missing vectors in a re-analysis. Four
times a second, all counters are compared with the items, and a search by appearance must find every processed picture
that shows red. At the end, each file must have its original and a vector of the new model, and no old vectors may
remain. If a check fails, the bench exits with an error.

The last line of the output is one JSON object: the seconds of the import and of the re-analysis, the number of old
vectors, the number of searches, and the time of the slowest one in ms.
"""

import json
import sys
import tempfile
from pathlib import Path

from django.test import override_settings
from PIL import Image

from bench.stack import stack, workers
from tests.support.clip_model import build_model

FILES = 10_000
RED_EVERY = 100
DESCRIBER = "bench.stub:ColourDescriber"
LIMIT_SECONDS = 1800


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as name, stack():
        from bench.provider_change_checks import Watch  # noqa: PLC0415 (Django must be set up first)

        folder = build_model(Path(name) / "clip")
        watch = Watch(draw_files(Path(name), files))
        with workers(VUEMANTICS_DESCRIBER=DESCRIBER, VUEMANTICS_EMBEDDER="local") as group:
            watch.start()
            group.wait_for(lambda: watch.completed() >= files // 2, LIMIT_SECONDS)
        # The bench itself runs searches, so it needs the new settings, like a web server that has been restarted.
        with (
            override_settings(EMBEDDER="clip", CLIP_MODEL=folder),
            workers(
                VUEMANTICS_DESCRIBER=DESCRIBER, VUEMANTICS_EMBEDDER="clip", VUEMANTICS_CLIP_MODEL=str(folder)
            ) as group,
        ):
            group.wait_for(watch.is_import_done, LIMIT_SECONDS)
            group.wait_for(watch.is_reanalysis_done, LIMIT_SECONDS)
            result = watch.finish()
    print(json.dumps({"bench": "provider_change", "files": files} | result))


def draw_files(folder: Path, files: int) -> list[Path]:
    """Write a red and a blue picture. Return a list of `files` paths, in which every RED_EVERY-th is the red one."""
    marked, other = folder / "marked.jpg", folder / "other.jpg"  # file names are searched too: no colours
    Image.new("RGB", (96, 64), "red").save(marked)
    Image.new("RGB", (96, 64), "blue").save(other)
    return [other if number % RED_EVERY else marked for number in range(files)]


if __name__ == "__main__":
    main()
