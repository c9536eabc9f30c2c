"""Measure the memory of the web server and a worker while a video of 4 GiB is uploaded, described and played.

Run it with `make bench ARGS=large_film`. The video is valid: a box of zeros after its pictures and index fills the rest
of the file. The last line of the output is one JSON object with the growth of both processes' resident memory in MiB,
the decoder's resident memory in MB, and the seconds of each step.
"""

import asyncio
import json
import struct
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from bench.films import make_film
from bench.hostile import largest_memory
from bench.images import make_jpegs
from bench.stack import stack, wait_for, web, workers
from bench.tus_client import Target, connected, send_one
from bench.upload_runs import Memory

BYTES = 4 * 2**30
LIMIT_SECONDS = 300
_BLOCK = 2**20


def main() -> None:
    with stack(), web() as (port, pid), workers(1) as group, largest_memory(group.pids) as largest:
        from batches.models import BatchItem  # noqa: PLC0415
        from bench import people  # noqa: PLC0415 (Django must be set up first)

        target = Target(port, people.sign_in(), people.new_batch())
        describe_photo(target)
        server, running = Memory(pid), [Memory(process) for process in group.worker_pids()]
        sent = timed(lambda: asyncio.run(send(target, film_of(BYTES))))
        item = BatchItem.objects.filter(filename="film.mp4", status__in=("completed", "failed"))
        described = wait_for(item.exists, LIMIT_SECONDS, every=0.1)
        upload = item.select_related("upload").get().upload
        if upload is None or upload.duration is None:
            raise SystemExit("The film was not described.")
        played = timed(lambda: play(target, upload.pk))
        worker = max(one.grown() for one in running)
        growth = {"web_growth_mib": round(server.grown()), "worker_growth_mib": round(worker)}
    seconds = {"upload_seconds": sent, "describe_seconds": described, "play_seconds": played}
    print(json.dumps({"bench": "large_film", **growth, "decoder_mb": round(largest["decoder"]), **rounded(seconds)}))


def describe_photo(target: Target) -> None:
    """Send a photo and wait until it is described, so that the worker has loaded its libraries and models."""
    from batches.models import BatchItem  # noqa: PLC0415 (Django must be set up first)

    with tempfile.TemporaryDirectory() as folder:
        send_one(target, "warm-up.jpg", make_jpegs(Path(folder), 1)[0].read_bytes())
    wait_for(BatchItem.objects.filter(status="completed").exists, LIMIT_SECONDS, every=0.1)


def film_of(size: int) -> bytes:
    """Return the start of a video of `size` bytes. The rest consists of zeros."""
    with tempfile.TemporaryDirectory() as folder:
        film = make_film(Path(folder) / "film.mp4", 2).read_bytes()
    return film + struct.pack(">I4sQ", 1, b"free", size - len(film))


async def send(target: Target, start: bytes) -> None:
    async with connected(target) as connection:
        await connection.send_large("film.mp4", start, BYTES)


def play(target: Target, upload_id: int) -> None:
    """Download the start, the end and a part of the middle, as a player that seeks does, then the whole video."""
    middle = BYTES // 2
    for first, last in ((0, _BLOCK - 1), (BYTES - 1000, BYTES - 1), (middle, middle + _BLOCK - 1), (0, BYTES - 1)):
        connection = HTTPConnection("127.0.0.1", target.port)
        headers = {"Cookie": target.cookie, "Range": f"bytes={first}-{last}"}
        connection.request("GET", f"/media/{upload_id}/original", headers=headers)
        response, received = connection.getresponse(), 0
        while block := response.read(_BLOCK):
            received += len(block)
        if (response.status, received) != (206, last - first + 1):
            raise SystemExit(f"Bytes {first} to {last}: status {response.status}, {received} bytes.")
        connection.close()


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in seconds.items()}


if __name__ == "__main__":
    main()
