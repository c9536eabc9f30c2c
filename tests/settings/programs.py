"""Run the project's programs with invalid environment variables."""

import os
import subprocess
import sys

from tests.support.worker_processes import ROOT

MANAGE = ["manage.py", "check"]
WORKERS = ["manage.py", "rundramatiq"]
SERVER = ["-m", "vuemantics.server", "--port", "0"]


def refused_start(command: list[str], **variables: str) -> str:
    """Run a program, check that it exits with status 1, and return what it writes to stderr."""
    done = subprocess.run(
        [sys.executable, *command], env=os.environ | variables, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    return done.stderr
