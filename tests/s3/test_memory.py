"""A large object goes in and comes out in small pieces."""

import os
import subprocess
import sys
from pathlib import Path

from tests.s3.bucket_server import BucketServer
from tests.support.worker_processes import ROOT

# VmHWM, unlike ru_maxrss, does not begin at what the process had that started this one.
MEASURED = """
import django, sys, uuid
from pathlib import Path
django.setup()
from uploads import storage

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

small, big = Path(sys.argv[1]), Path(sys.argv[2])
for path in (small, big):
    key, before = uuid.uuid4(), peak()
    storage.store_original(path, key)
    stored = peak()
    with storage.local_copy(key) as copy:
        assert copy.stat().st_size == path.stat().st_size
print(stored - before, peak() - stored)
"""


def test_memory_is_bounded_for_a_large_object(bucket: BucketServer, tmp_path: Path) -> None:
    for name, mebibytes in (("small", 3), ("big", 64)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(mebibytes * 2**20)

    env = os.environ | bucket.environment() | {"DJANGO_SETTINGS_MODULE": "vuemantics.settings"}
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "small"), str(tmp_path / "big")]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, timeout=280)

    assert done.returncode == 0, done.stderr.decode()
    storing, copying = map(float, done.stdout.split())
    assert storing <= 32, "MiB while 64 are stored"
    assert copying <= 8, "MiB while 64 are read"
