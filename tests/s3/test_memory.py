"""A large file is stored and read with bounded memory."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.bucket_server import Bucket
from tests.support.worker_processes import ROOT

# Use VmHWM because, unlike ru_maxrss, it does not start at the parent process's peak.
SCRIPT = """
import django, filecmp, sys, uuid
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
        assert filecmp.cmp(path, copy, shallow=False)
print(stored - before, peak() - stored)
"""


def test_large_file_is_stored_in_parts_with_bounded_memory(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(os.urandom(3 * 2**20))
    (tmp_path / "big").write_bytes(os.urandom(64 * 2**20))

    env = os.environ | bucket.environment() | {"DJANGO_SETTINGS_MODULE": "vuemantics.settings"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "small"), str(tmp_path / "big")]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, timeout=280)

    assert done.returncode == 0, done.stderr.decode()
    storing, copying = map(float, done.stdout.split())
    etags = {bucket.client.head_object(Bucket=bucket.settings.bucket, Key=name)["ETag"] for name in bucket.names()}
    assert any(etag.endswith('-8"') for etag in etags)
    assert storing <= 32, "storing 64 MiB takes more than 32 MiB of memory"
    assert copying <= 8, "reading 64 MiB takes more than 8 MiB of memory"
