"""Install the packages of a requirements file with pip, and print the progress every few seconds.

pip itself prints nothing for half a minute while it installs packages. Packages that only add file formats are
installed only if there is a wheel; without them, the site refuses these formats.

Usage: python -m tools.install_packages FILE [PIP OPTIONS]
"""

import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

INTERVAL_SECONDS = 4.0
WHEELS_ONLY = ["--only-binary", ":all:", "--no-deps"]
PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-color", "--progress-bar", "off"]
FETCHED = re.compile(r"(Collecting|Requirement already satisfied:) ")
LINES_SHOWN = 20
OPTIONAL = {
    "av": "videos",
    "pillow-heif": "HEIC photos",
    "pillow-jxl-plugin": "JPEG XL pictures",
    "rawpy": "raw photos",
}
"""Packages that lack wheels for some systems, and the kind of files that each of them supports."""


def main(arguments: Sequence[str]) -> int:
    """Install the packages. Return pip's exit status for the mandatory ones; if it is an error, print pip's last lines.

    Print a line for each optional package that cannot be installed.
    """
    requirements, *options = arguments
    needed, optional = split(Path(requirements).read_text())
    status = _install(needed, options)
    if status == 0 and optional and _install("".join(optional.values()), [*WHEELS_ONLY, *options], show_errors=False):
        for name, requirement in optional.items():
            if _install(requirement, [*WHEELS_ONLY, *options], show_errors=False):
                print(
                    f"  There is no wheel of {name} for this system: {OPTIONAL[name]} cannot be imported.", flush=True
                )
    return status


def _install(requirements: str, options: Sequence[str], *, show_errors: bool = True) -> int:
    """Install pinned requirements, and return pip's exit status."""
    total, start = len(required(requirements)), time.monotonic()
    lines: list[str] = []
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(requirements)
        file.flush()
        command = [*PIP, "--require-hashes", "-r", file.name, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
            reader = threading.Thread(target=lambda: lines.extend(pip.stdout or []))
            reader.start()
            while reader.is_alive():
                reader.join(INTERVAL_SECONDS)
                if reader.is_alive():
                    installed = sum(1 for _ in distributions())
                    print(progress(lines, installed, total, time.monotonic() - start), flush=True)
    if pip.returncode != 0 and show_errors:
        sys.stderr.writelines(lines[-LINES_SHOWN:])
    return pip.returncode


def split(requirements: str) -> tuple[str, dict[str, str]]:
    """Split the requirements. Return the mandatory ones as one text, and the OPTIONAL ones keyed by name."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", requirements, flags=re.MULTILINE)
    optional = {name: block for block in blocks for name in required(block) if name in OPTIONAL}
    return "".join(block for block in blocks if block not in optional.values()), optional


def required(requirements: str) -> list[str]:
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", requirements, flags=re.MULTILINE)


def progress(lines: Sequence[str], installed: int, total: int, seconds: float) -> str:
    """Return the progress line. `lines` is pip's output so far, and `installed` the number of installed packages."""
    fetched = sum(1 for line in lines if FETCHED.match(line))
    if any(line.startswith("Installing collected packages") for line in lines):
        return f"  {min(installed, total)} of {total} packages installed ({seconds:.0f} s)"
    return f"  {min(fetched, total)} of {total} packages downloaded ({seconds:.0f} s)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
