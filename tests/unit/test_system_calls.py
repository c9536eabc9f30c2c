"""A process with restricted system calls can neither open sockets nor start programs, but can still read files."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import ctypes, os, socket, subprocess, threading
from uploads.media.system_calls import forbid_system_calls
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
print(forbid_system_calls())
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
    try:
        socket.socket(family)
        print("socket")
    except PermissionError:
        print("refused")
try:
    os.execv("/bin/true", ["true"])
except PermissionError:
    print("refused")
thread = threading.Thread(target=lambda: print(len(open("/proc/self/stat").read()) > 0))
thread.start()
thread.join()
"""


def test_sockets_and_programs_are_refused() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "refused", "refused", "refused", "refused", "True"]
