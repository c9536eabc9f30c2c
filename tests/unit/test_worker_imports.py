"""Which modules a new worker imports before it can recover the files of a dead one."""

import subprocess
import sys

from tests.support.worker_processes import ROOT

CODE = """
import sys, django
django.setup()
import batches.worker.tasks
print(*sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[1:])))
"""
HEAVY = ["numpy", "PIL", "onnxruntime", "simplejpeg", "boto3"]


def test_worker_starts_without_the_image_libraries() -> None:
    command = [sys.executable, "-c", CODE, *HEAVY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)

    assert done.stdout.split() == []
