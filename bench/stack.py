"""A temporary stack for the benches: PostgreSQL, Redis, Django configured to use them, workers and a web server."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command

from bench.sink import command
from uploads.storage import prepare_storage
from vuemantics.localstack import LocalServices
from vuemantics.localstack.ports import is_serving
from vuemantics.management.stack import worker_processes

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def stack() -> Iterator[LocalServices]:
    """Run PostgreSQL and Redis in a temporary folder during the `with` block, with Django set up and migrated."""
    folder = Path(tempfile.mkdtemp(prefix="vuemantics-bench-"))
    if os.getuid() == 0:
        folder.chmod(0o711)  # if root starts PostgreSQL, it runs as another user, who must be able to enter this folder
    services = LocalServices(folder)
    services.start()
    os.environ.update(
        DATABASE_URL=services.database_url,
        REDIS_URL=services.redis_url,
        VUEMANTICS_VAR=str(folder / "var"),
        VUEMANTICS_LOG_LEVEL="WARNING",
        DJANGO_SETTINGS_MODULE="bench.settings",
        SECRET_KEY="for the bench only, long enough for the checks of a real one",
    )
    (folder / "var" / "static").mkdir(parents=True)  # WhiteNoise warns if this folder does not exist
    try:
        django.setup()
        call_command("migrate", verbosity=0)
        prepare_storage()
        yield services
    finally:
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Workers:
    """The worker processes of `manage.py run`, with the same supervision."""

    def __init__(self, processes: int, threads: int, env: dict[str, str]) -> None:
        self.processes = worker_processes(processes, threads)
        for process in self.processes:
            process.env |= {"VUEMANTICS_LOG_LEVEL": "ERROR"} | env
            process.start()

    @property
    def pids(self) -> list[int]:
        """The pids of the running rundramatiq processes."""
        return [process.process.pid for process in self.processes if process.process is not None]

    def worker_pids(self) -> list[int]:
        """Return the pids of the running rundramatiq processes and of their workers, without the workers' decoders."""
        found = [process for pid in self.pids for process in descendants(pid)]
        return [pid for pid in found if b"decoder_process" not in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def wait_for(self, done: Callable[[], bool], seconds: float) -> float:
        """Like the function `wait_for`, but restart processes that exit in the meantime."""

        def supervised() -> bool:
            for process in self.processes:
                process.supervise()
            return done()

        return wait_for(supervised, seconds)


@contextmanager
def workers(processes: int = 2, threads: int = 4, **env: str) -> Iterator[Workers]:
    """Run workers for the duration of the `with` block, which starts once every worker holds its liveness lock."""
    from batches.engine.liveness import live_workers  # noqa: PLC0415 (Django must be set up first)

    group = Workers(processes, threads, env)
    try:
        group.wait_for(lambda: len(live_workers()) >= processes, 60)
        yield group
    finally:
        for process in group.processes:
            process.terminate()
        for process in group.processes:
            process.wait_or_kill(time.monotonic() + 20)


@contextmanager
def web() -> Iterator[tuple[int, int]]:
    """Run the web server for the duration of the `with` block; yield its port and pid."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "vuemantics.server", "--port", str(port)], cwd=ROOT)
    try:
        wait_for(lambda: is_serving("127.0.0.1", port), 30)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def sink() -> Iterator[int]:
    """Run bench.sink's server for the duration of the `with` block; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = subprocess.Popen(command(listening.fileno()), cwd=ROOT, pass_fds=[listening.fileno()])
        try:
            yield int(listening.getsockname()[1])
        finally:
            process.kill()
            process.wait(20)


def wait_for(done: Callable[[], bool], seconds: float, every: float = 0.02) -> float:
    """Wait until `done()` is true and return the seconds it took; exit if it takes longer than `seconds`."""
    start = time.perf_counter()
    while not done():
        if time.perf_counter() - start > seconds:
            raise SystemExit(f"Not finished after {seconds} s.")
        time.sleep(every)
    return time.perf_counter() - start


def cpu_seconds(*roots: int) -> float:
    """Return the CPU seconds used by the processes `roots` and their descendants, including those that have exited."""
    return sum(_ticks(pid) for root in roots for pid in descendants(root)) / TICKS


def memory_mb(pid: int | str, name: str = "VmHWM") -> float:
    """Return a process's peak resident memory (VmHWM) or its current one (VmRSS) in MB; see proc_pid_status(5)."""
    return int(Path(f"/proc/{pid}/status").read_text().split(f"{name}:")[1].split()[0]) * 1024 / 1e6


def descendants(pid: int) -> Iterator[int]:
    """Yield the ids of a process and of all its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from descendants(int(child))


def _ticks(pid: int) -> int:
    """Return the CPU time of a process and its ended children, in ticks (fields 14 to 17 in proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])
