"""Install the packages of a requirements file with pip, and print the progress every few seconds.

pip prints nothing for half a minute while it installs. Usage: python -m tools.install_packages FILE [PIP OPTIONS].
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

INTERVAL_SECONDS = 4.0
PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-color", "--progress-bar", "off"]
FETCHED = re.compile(r"(Collecting|Requirement already satisfied:) ")
LINES_SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    """Install the packages and return pip's exit status. After an error, print the end of pip's output."""
    requirements, *options = arguments
    total, start = len(required(Path(requirements).read_text())), time.monotonic()
    command = [*PIP, "--require-hashes", "-r", requirements, *options]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        reader = threading.Thread(target=lambda: lines.extend(pip.stdout or []))
        reader.start()
        while reader.is_alive():
            reader.join(INTERVAL_SECONDS)
            if reader.is_alive():
                installed = sum(1 for _ in distributions())
                print(progress(lines, installed, total, time.monotonic() - start), flush=True)
    if pip.returncode != 0:
        sys.stderr.writelines(lines[-LINES_SHOWN:])
    return pip.returncode


def required(requirements: str) -> list[str]:
    """Return the names of the pinned packages."""
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", requirements, flags=re.MULTILINE)


def progress(lines: Sequence[str], installed: int, total: int, seconds: float) -> str:
    """Return the line to print, from pip's output so far and the number of installed packages."""
    fetched = sum(1 for line in lines if FETCHED.match(line))
    if any(line.startswith("Installing collected packages") for line in lines):
        return f"  {min(installed, total)} of {total} packages installed ({seconds:.0f} s)"
    return f"  {min(fetched, total)} of {total} packages downloaded ({seconds:.0f} s)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
