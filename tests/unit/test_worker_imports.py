"""Workers and web servers start without importing heavy libraries."""

import subprocess
import sys

import pytest

from tests.support.worker_processes import ROOT

CODE = """
import importlib, sys, django
django.setup()
importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[2:])))
"""
WORKER = ["numpy", "PIL", "onnxruntime", "simplejpeg", "boto3"]
WEB = ["PIL", "onnxruntime", "simplejpeg", "av"]


@pytest.mark.processes
@pytest.mark.parametrize(("module", "heavy"), [("batches.worker.tasks", WORKER), ("vuemantics.urls", WEB)])
def test_process_starts_without_heavy_libraries(module: str, heavy: list[str]) -> None:
    command = [sys.executable, "-c", CODE, module, *heavy]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)

    assert done.stdout.split() == []
