"""Freed memory is returned to the operating system."""

import os
import subprocess
import sys

from vuemantics.management.stack import MALLOC_VARIABLES

# The last block keeps malloc from returning the freed blocks below it by itself.
SCRIPT = """
import resource
from pathlib import Path
from uploads.freed_memory import return_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 2**20

blocks = [bytearray(64 * 1024) for _ in range(1600)]
last, blocks = blocks[-1], None
before = resident()
return_freed_memory()
print(before, resident())
"""


def test_idle_process_returns_freed_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=os.environ | MALLOC_VARIABLES, capture_output=True, text=True, check=True
    )

    before, after = map(int, done.stdout.split())
    assert before > 100
    assert after < before - 80
