"""Check whether a process is running, list its children, and restore SIGINT in a new child."""

import signal
from pathlib import Path


def alive(pid: int) -> bool:
    """Return whether the process is running. A zombie counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the process may end before or during the read
        return False


def children(pid: int) -> list[int]:
    """Return the pids of the process's children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def restore_sigint() -> None:
    """Let SIGINT end the child; pass this as Popen's preexec_fn.

    Tests that run in the background ignore SIGINT, and the child would inherit that.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
