"""Child processes that end with their parent, and the words of those that fail."""

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vuemantics.localstack.start_error import StartError

PR_SET_PDEATHSIG = 1
LOG_LINES = 12
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """Who runs a server: the caller, or for root another user, since PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    reach_anywhere: bool = False  # its files lie below a folder that only root may pass

    def prefix(self, death: signal.Signals) -> list[str]:
        """The words before a command that make it run as this account and get `death` when its parent dies."""
        if self.uid == os.getuid():
            return []
        program = shutil.which("setpriv")
        if program is None:
            mend = "install util-linux, run as a plain user, or set DATABASE_URL."
            raise StartError(f"PostgreSQL does not run as root, and setpriv is missing: {mend}")
        words = [program, f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        words.append(f"--pdeathsig={death.name.removeprefix('SIG')}")
        if self.reach_anywhere:
            # The one capability to pass closed parent folders. PostgreSQL also asks access(2), which ignores the
            # capabilities of a user other than root unless no_setuid_fixup is set. exec leaves no other capability.
            words += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
        return [*words, "--"]


def die_with_parent(death: signal.Signals) -> Callable[[], None]:
    """For Popen's preexec_fn: the child gets `death` once the thread that started it is gone, even by kill -9."""
    parent = os.getpid()

    def set_up() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death))
        if os.getppid() != parent:
            os.kill(os.getpid(), death)  # the parent died before the call above

    return set_up


def start_child(
    command: Sequence[str | Path], log: Path, *, death: signal.Signals, account: Account | None = None
) -> subprocess.Popen[bytes]:
    """Start a server out of reach of the terminal (Ctrl-C is not for it); `log` keeps its words, log.1 those before."""
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    prefix = account.prefix(death) if account else []
    with log.open("ab") as output:
        return subprocess.Popen(
            [*prefix, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=clean_environment(),
            cwd="/",
            start_new_session=True,
            preexec_fn=None if prefix else die_with_parent(death),
        )


def clean_environment() -> dict[str, str]:
    """PGPORT, PGDATA and their like must not reach our servers."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def stop_child(child: subprocess.Popen[bytes], *signals: signal.Signals, patience: float = 10.0) -> None:
    """Send the signals one after another, each with `patience` seconds, until the child is gone; then kill it."""
    for number in (*signals, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def last_lines(log: Path) -> str:
    """The end of a log, to be shown below an error."""
    if not log.exists():
        return ""
    lines = log.read_text("utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return "".join(f"\n    {line}" for line in lines)
