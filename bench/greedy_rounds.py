"""The clients and measurements for bench.greedy. Import this module only after bench.stack has set up Django."""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from batches.engine.lifecycle import open_batch
from bench.site import Site
from bench.stack import ROOT
from bench.tus_client import Target, send_one
from uploads.models import MediaKind, Upload
from uploads.storage import store_original

ORIGINAL_BYTES = 8 * 2**20
PICTURE = b"\xff\xd8\xff\xe0" + bytes(100_000)
SLOW_MS = 10_000


def measure(served: Site, session: str, paths: list[str], seconds: float) -> list[float]:
    """Request the pages in turn for `seconds`. Return each response time in ms, or SLOW_MS for a failed request."""
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in paths:
            times.append(_request_ms(served, session, path))
            time.sleep(0.05)
    return times


def _request_ms(served: Site, session: str, path: str) -> float:
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=SLOW_MS / 1000)
    try:
        connection.request("GET", path, headers={"Cookie": f"sessionid={session}"})
        response = connection.getresponse()
        response.read()
    except OSError:
        return SLOW_MS
    finally:
        connection.close()
    return (time.perf_counter() - start) * 1000 if response.status == 200 else SLOW_MS


@contextmanager
def load(served: Site, session: str) -> Iterator[dict[str, Any]]:
    """Run the greedy clients, and yield a dictionary that receives their counts at the end of the `with` block."""
    upload = _stored_upload("greedy")
    arguments = [served.port, session, new_batch("greedy"), upload.id, upload.sha256, upload.size]
    command = [sys.executable, "-m", "bench.greedy_load", *map(str, arguments)]
    counts: dict[str, Any] = {}
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit("The load did not start.")
        yield counts
        process.stdin.close()
        counts.update(json.loads(process.stdout.read()))


@contextmanager
def uploads(served: Site, session: str) -> Iterator[Counter[str]]:
    """Upload one file after another during the `with` block, and yield a counter of `ok` and `failed` uploads."""
    target = Target(served.port, f"sessionid={session}", new_batch("anna"), with_upload=True)
    sent: Counter[str] = Counter()
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.wait(0.1):
            number += 1
            sent["ok" if send_one(target, f"{number}.jpg", PICTURE + str(number).encode()) else "failed"] += 1

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join()


def new_batch(owner: str) -> int:
    return open_batch(User.objects.get(username=owner).pk, "Iceland").id


def _stored_upload(owner: str) -> Upload:
    content = os.urandom(ORIGINAL_BYTES)
    upload = Upload(
        owner=User.objects.get(username=owner),
        sha256=hashlib.sha256(content).hexdigest(),
        filename="large.jpg",
        size=len(content),
        mime_type="image/jpeg",
        kind=MediaKind.IMAGE,
        processed_at=timezone.now(),
    )
    with tempfile.TemporaryDirectory(dir=os.environ["VUEMANTICS_VAR"]) as folder:
        path = Path(folder) / "original"
        path.write_bytes(content)
        store_original(path, upload.key)
    upload.save()
    return upload
