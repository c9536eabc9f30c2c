"""Facts about processes, and signals of their children."""

import signal
from pathlib import Path


def alive(pid: int) -> bool:
    """Return whether the process runs. A zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end between the two reads
        return False


def children(pid: int) -> list[int]:
    """Return the process ids of its living children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def restore_sigint() -> None:
    """Let SIGINT end the child, as Popen's preexec_fn. Tests in the background ignore it, and so would the child."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
