"""Start and stop child processes that end with their parent, and report why a server failed."""

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_LINES = 12
_libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """A local service cannot run. The first line of the message says how to fix it. The end of the log may follow."""


@dataclass(frozen=True)
class Account:
    """The user who runs a server: the caller or, if that is root, another user, because PostgreSQL refuses root."""

    uid: int
    gid: int
    ignores_permissions: bool = False  # needed if a parent directory of the server's files is open only to root

    def command_prefix(self, death_signal: signal.Signals) -> list[str]:
        """Return the arguments to put in front of a command so that it runs as this account.

        The command then also receives `death_signal` when its parent dies. If the caller already is this account, the
        list is empty.
        """
        if self.uid == os.getuid():
            return []
        program = shutil.which("setpriv")
        if program is None:
            fix = "install util-linux, run as a regular user, or set DATABASE_URL."
            raise StartError(f"PostgreSQL does not run as root, and setpriv is missing: {fix}")
        prefix = [program, f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        prefix.append(f"--pdeathsig={death_signal.name.removeprefix('SIG')}")
        if self.ignores_permissions:
            # dac_override is enough to traverse closed parent directories. PostgreSQL also calls access(2), which
            # ignores a non-root user's capabilities unless no_setuid_fixup is set. exec drops all other capabilities.
            prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
        return [*prefix, "--"]


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a preexec_fn that makes the child receive the signal when its parent thread ends, even if it is killed."""
    parent = os.getpid()

    def set_up() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)  # the parent died before the call above

    return set_up


def start_server(
    command: Sequence[str | Path], log: Path, *, death_signal: signal.Signals, account: Account | None = None
) -> subprocess.Popen[bytes]:
    """Start a server in its own session, so that Ctrl-C in the terminal does not reach it.

    Its output goes to `log`; the previous log is kept with the suffix .log.1.
    """
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    prefix = account.command_prefix(death_signal) if account else []
    with log.open("ab") as output:
        return subprocess.Popen(
            [*prefix, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=clean_environment(),
            cwd="/",
            start_new_session=True,
            preexec_fn=None if prefix else die_with_parent(death_signal),
        )


def clean_environment() -> dict[str, str]:
    """Return a minimal environment: the embedded servers must not see variables such as PGPORT and PGDATA."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def stop_server(process: subprocess.Popen[bytes], *signals: signal.Signals, timeout: float = 10.0) -> None:
    """Send the signals in order and wait up to `timeout` seconds after each; kill the process if it still runs."""
    for number in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            continue


def log_tail(log: Path) -> str:
    """Return the last lines of a log, indented, to append to an error message."""
    if not log.exists():
        return ""
    lines = log.read_text("utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return "".join(f"\n    {line}" for line in lines)
