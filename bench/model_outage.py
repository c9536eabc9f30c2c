"""Stop, slow down and freeze the model server while workers use it, and measure how soon they resume work.

Run it with `make bench ARGS=model_outage`. Two worker processes describe and embed photos with a server that speaks
Ollama's protocol and runs in a separate process. At the end, the server sends responses that are not JSON. The bench
exits with an error if a file fails for any reason other than such a response, or if a crash is counted.

The last line of the output is one JSON object. For each fault, it contains the longest times in seconds from the end of
the fault until the next file was completed, and until no worker was waiting for the server. `failed_by_nonsense` is the
number of files that failed because the response was not JSON.
"""

import json
import multiprocessing
import os
import random
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.images import make_jpegs
from bench.stack import Workers, stack, wait_for, workers
from tests.support.model_server import Behaviour, ModelServer
from vuemantics.localstack.ports import is_serving

PROCESSES = 2
PHOTOS = 1500
ROUNDS = 4
READ_SECONDS = 5
# Each fault lasts a random time in this range: long enough for the longest back-off, and random so that the server
# returns at different points of a back-off.
FAULT_SECONDS = (18, 28)
LIMIT_SECONDS = 60
NORMAL = Behaviour(seconds=0.3, text="A small round hill below a wide sky.")
SLOW = Behaviour(seconds=2.0 * READ_SECONDS)
NONSENSE = Behaviour(body=b'{"message": {"content": "A sm')
REASON = ("model.answer", "The model's answer is unusable: it is not JSON.")


class Server:
    """A model server in another process, which can be killed and started again on the same port."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.start(NORMAL)

    def start(self, behaviour: Behaviour) -> None:
        """Start the server, and wait until it accepts connections."""
        spawn = multiprocessing.get_context("spawn")
        self._process = spawn.Process(target=_serve, args=(self.port, behaviour), daemon=True)
        self._process.start()
        wait_for(lambda: is_serving("127.0.0.1", self.port), LIMIT_SECONDS)

    def stop(self) -> None:
        self._process.kill()
        self._process.join()

    def restart(self, behaviour: Behaviour) -> None:
        self.stop()
        self.start(behaviour)

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self._process.pid or 0, number)


def _serve(port: int, behaviour: Behaviour) -> None:
    with ModelServer(port) as server:
        server.behaviour = behaviour
        server.serve_forever()


FAULTS: dict[str, tuple[Callable[[Server], None], Callable[[Server], None]]] = {
    "away": (Server.stop, lambda server: server.start(NORMAL)),
    "slow": (lambda server: server.restart(SLOW), lambda server: server.restart(NORMAL)),
    "hanging": (
        lambda server: server.send_signal(signal.SIGSTOP),
        lambda server: server.send_signal(signal.SIGCONT),
    ),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, stack():
        from bench import rows  # noqa: PLC0415 (Django must be set up first)

        server = Server()
        batch_id = rows.store(make_jpegs(Path(folder), PHOTOS, (320, 240)))
        with workers(
            PROCESSES,
            VUEMANTICS_ANALYZER="ollama",
            VUEMANTICS_OLLAMA_URL=f"http://127.0.0.1:{server.port}",
            VUEMANTICS_MODEL_READ_SECONDS=str(READ_SECONDS),
        ) as group:
            rows.start([batch_id])
            found = {name: [measure(group, server, batch_id, name) for _ in range(ROUNDS)] for name in FAULTS}
            failed = send_nonsense(group, server, batch_id)
        server.stop()
    report(found, failed)


def measure(group: Workers, server: Server, batch_id: int, fault: str) -> tuple[float, float]:
    """Cause a fault and end it. Return the seconds from its end until a file was completed, and until no worker waited.

    Exit if a worker does not wait for the server during the fault, or if a file has failed.
    """
    from batches.engine.status import read_status  # noqa: PLC0415
    from bench.rows import count_completed  # noqa: PLC0415

    begin, end = FAULTS[fault]
    started = count_completed(batch_id)
    group.wait_for(lambda: count_completed(batch_id) >= started + 4 * PROCESSES, LIMIT_SECONDS)
    begin(server)
    time.sleep(random.uniform(*FAULT_SECONDS))
    require(len(read_status().stalled_workers) == PROCESSES, f"A worker does not wait for the server ({fault}).")
    before = count_completed(batch_id)
    end(server)
    returned = time.perf_counter()
    group.wait_for(lambda: count_completed(batch_id) > before, LIMIT_SECONDS)
    first = time.perf_counter() - returned
    group.wait_for(lambda: not read_status().stalled_workers, LIMIT_SECONDS)
    check_failures(batch_id, set())
    return first, time.perf_counter() - returned


def send_nonsense(group: Workers, server: Server, batch_id: int) -> int:
    """Let some files fail because of unusable answers. Return how many failed."""
    from batches.models import UploadBatch  # noqa: PLC0415

    batch = UploadBatch.objects.filter(id=batch_id)
    server.restart(NONSENSE)
    group.wait_for(batch.filter(failed__gte=4 * PROCESSES).exists, LIMIT_SECONDS)
    check_failures(batch_id, {REASON})
    return batch.get().failed


def check_failures(batch_id: int, expected: set[tuple[str, str]]) -> None:
    """Exit unless the codes and messages of the failed files are those in `expected`, and no crash is counted."""
    from batches.models import BatchItem  # noqa: PLC0415

    items = BatchItem.objects.filter(batch_id=batch_id)
    found = set(items.filter(status="failed").values_list("error_code", "error_message"))
    require(found == expected, f"Files failed for other reasons: {found}")
    require(not items.filter(crash_count__gt=0).exists(), "A crash was counted.")


def require(condition: bool, problem: str) -> None:
    if not condition:
        raise SystemExit(problem)


def report(found: dict[str, list[tuple[float, float]]], failed: int) -> None:
    table = Table("server", "next file, s", "all workers, s", title=f"{ROUNDS} outages each, at most")
    longest = {name: [max(column) for column in zip(*times, strict=True)] for name, times in found.items()}
    for name, seconds in longest.items():
        table.add_row(name, *(f"{one:.1f}" for one in seconds))
    Console().print(table)
    figures = {name: [round(one, 1) for one in seconds] for name, seconds in longest.items()}
    print(json.dumps({"bench": "model_outage", **figures, "failed_by_nonsense": failed}))


if __name__ == "__main__":
    main()
