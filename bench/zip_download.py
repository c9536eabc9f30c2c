"""Measure the web server's memory while a ZIP archive of 2,000 originals (4 GB) is downloaded, and check the archive.

Run it with `make bench ARGS=zip_download`. The originals are sparse files, which need little disk space, but the
archive needs 4 GB.

The last line of the output is one JSON object with the growth of the server's resident memory in MiB, the duration in
seconds, and the number of files whose SHA-256 differs from the archive's list.
"""

import hashlib
import http.client
import json
import os
import tempfile
import time
import uuid
import zipfile
from pathlib import Path
from urllib.parse import urlencode

from bench.stack import stack, web
from bench.upload_runs import Memory

ORIGINALS = 2000
BYTES = 2 * 10**6
CHUNK = 2**20
CSRF = "c" * 32


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, stack(), web() as (port, pid):
        from bench import people  # noqa: PLC0415 (Django must be set up first)

        session, ids = people.sign_in(), store_originals()
        archive = Path(folder) / "photos.zip"
        download(port, session, ids[:2], archive)  # the first request loads modules
        memory, start = Memory(pid), time.perf_counter()
        download(port, session, ids, archive)
        seconds, growth = time.perf_counter() - start, memory.grown()
        size, wrong = archive.stat().st_size, wrong_files(archive)
    report = {"bytes": size, "files": len(ids), "wrong_files": wrong, "web_growth_mib": round(growth)}
    print(json.dumps({"bench": "zip_download", **report, "seconds": round(seconds, 1)}))


def store_originals() -> list[int]:
    """Create uploads with sparse originals that differ in their first bytes; return their ids."""
    from django.contrib.auth.models import User  # noqa: PLC0415 (Django must be set up first)
    from django.core.files.storage import default_storage  # noqa: PLC0415

    from uploads.models import MediaKind, Upload  # noqa: PLC0415
    from uploads.storage import original_name  # noqa: PLC0415

    owner, zeros = User.objects.get(username="bench"), bytes(BYTES - 8)
    rows = []
    for number in range(ORIGINALS):
        key, start = uuid.uuid4(), number.to_bytes(8, "big")
        path = Path(default_storage.path(original_name(key)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(start)
        os.truncate(path, BYTES)
        sha256 = hashlib.sha256(start + zeros).hexdigest()
        kind = {"mime_type": "image/jpeg", "kind": MediaKind.IMAGE}
        rows.append(Upload(owner=owner, key=key, sha256=sha256, filename="IMG.JPG", size=BYTES, **kind))
    return [upload.pk for upload in Upload.objects.bulk_create(rows)]


def download(port: int, session: str, ids: list[int], target: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {
        "Cookie": f"{session}; csrftoken={CSRF}",
        "X-CSRFToken": CSRF,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", "/library/download/", urlencode({"picture": ids}, doseq=True), headers)
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"The download returned status {response.status}.")
    with target.open("wb") as file:
        while chunk := response.read(CHUNK):
            file.write(chunk)
    connection.close()


def wrong_files(path: Path) -> int:
    """Return how many files of the archive do not match its list of checksums. Raises KeyError if a file is missing."""
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("SHA256SUMS.txt").decode().splitlines()
        sums = {name: sha256 for sha256, name in (line.split("  ") for line in lines)}
        return sum(hashlib.sha256(archive.read(name)).hexdigest() != sha256 for name, sha256 in sums.items())


if __name__ == "__main__":
    main()
