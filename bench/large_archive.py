"""Measure the memory of the web server and a worker while a ZIP archive of more than 4 GiB is uploaded and unpacked.

Run it with `make bench ARGS=large_archive`. The archive contains three videos of 1.5 GiB each and a photo, so it needs
64-bit offsets. The bench needs 15 GB of disk space. The last line of the output is one JSON object with the growth of
both processes' resident memory in MiB, the seconds of the upload, and the seconds from its end until everything in the
archive was described.
"""

import asyncio
import json
import tempfile
import zipfile
from pathlib import Path
from typing import BinaryIO

from bench.images import make_jpegs
from bench.large_film import describe_photo, film_of, rounded, timed
from bench.stack import stack, wait_for, web, workers
from bench.tus_client import CHUNK, Target, connected
from bench.upload_runs import Memory

FILMS = 3
FILM_BYTES = 3 * 2**29
LIMIT_SECONDS = 900


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, stack(), web() as (port, pid), workers(1) as group:
        from batches.models import BatchItem  # noqa: PLC0415
        from bench import people  # noqa: PLC0415 (Django must be set up first)

        archive = make_archive(Path(folder))
        target = Target(port, people.sign_in(), people.new_batch())
        describe_photo(target)
        server, running = Memory(pid), [Memory(process) for process in group.worker_pids()]
        with archive.open("rb") as file:
            sent = timed(lambda: asyncio.run(send(target, archive.stat().st_size, file)))
        finished = BatchItem.objects.filter(status__in=("completed", "failed"))
        unpacked = wait_for(lambda: finished.count() == FILMS + 3, LIMIT_SECONDS, every=0.5)
        results = dict(BatchItem.objects.values_list("filename", "result"))
        if "" in results.values():
            raise SystemExit(f"Not everything was imported: {results}")
        worker = max(one.grown() for one in running)
        growth = {"web_growth_mib": round(server.grown()), "worker_growth_mib": round(worker)}
        size = archive.stat().st_size
    seconds = rounded({"upload_seconds": sent, "unpack_seconds": unpacked})
    print(json.dumps({"bench": "large_archive", "bytes": size, **growth, **seconds}))


def make_archive(folder: Path) -> Path:
    """Write an archive of uncompressed files."""
    path = folder / "takeout.zip"
    start, zeros = film_of(FILM_BYTES), bytes(CHUNK)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(FILMS):
            with archive.open(f"Takeout/{number}.mp4", "w", force_zip64=True) as film:
                film.write(start + number.to_bytes(CHUNK, "big")[: CHUNK - len(start)])
                for _ in range(FILM_BYTES // CHUNK - 1):
                    film.write(zeros)
        archive.write(make_jpegs(folder / "photos", 1, (800, 600))[0], "Takeout/photo.jpg")
    return path


async def send(target: Target, size: int, file: BinaryIO) -> None:
    async with connected(target) as connection:
        location = (await connection.create("takeout.zip", size)).headers["location"]
        while body := file.read(CHUNK):
            await connection.patch(location, file.tell() - len(body), body)


if __name__ == "__main__":
    main()
