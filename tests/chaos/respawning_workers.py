"""Worker processes that are restarted when they exit, without the delay of `manage.py run`."""

import os
import random
import signal
from collections.abc import Callable

from batches.engine.liveness import live_workers
from batches.models import Worker
from tests.chaos import finish_audit
from tests.support.waiting import Value, wait_until
from tests.support.worker_processes import Workers


class RespawningWorkers:
    """Worker processes, each with its own dramatiq process.

    `wait_until` replaces dramatiq processes that have exited. Nothing else replaces them, so tests must use it to wait.
    """

    def __init__(self, start: Callable[[], Workers], processes: int) -> None:
        self._start = start
        self.running = [start() for _ in range(processes)]
        self.former: list[Workers] = []

    def restart_ended(self) -> None:
        """Replace each dramatiq process that has exited. It exits when its worker process dies."""
        for index, worker in enumerate(self.running):
            if worker.main.poll() is not None:
                worker.kill_all()  # the worker process of a killed dramatiq process would otherwise keep running
                self.former.append(worker)
                self.running[index] = self._start()

    def stop(self) -> None:
        """Send SIGTERM to all dramatiq processes and wait until they have ended."""
        for worker in self.running:
            worker.main.terminate()
        for worker in self.running:
            worker.main.wait(60)
            worker.kill_all()

    def wait_until(self, predicate: Callable[[], Value], timeout: float = 30.0) -> Value:
        """Wait like `tests.support.waiting.wait_until`, and restart workers that exit."""

        def checked() -> Value:
            self.restart_ended()
            return predicate()

        return wait_until(checked, timeout)

    def pids(self) -> list[int]:
        """Return the pids of the worker processes that hold their lock."""
        own = [pid for worker in self.running for pid in worker.pids()]
        live = Worker.objects.filter(id__in=live_workers(), pid__in=own)
        return list(live.order_by("id").values_list("pid", flat=True))

    def kill_child(self, chance: random.Random) -> None:
        """Kill one worker process with SIGKILL, as the kernel does when memory runs out.

        Its dramatiq process then exits, too.
        """
        os.kill(chance.choice(self.wait_until(self.pids)), signal.SIGKILL)

    def kill_group(self) -> None:
        """Kill all worker processes and their dramatiq processes with SIGKILL."""
        for worker in self.running:
            worker.kill_all()

    def kill_and_wait(self, kill: Callable[[], None]) -> None:
        """Kill workers and wait until a newly started one finishes an item.

        Until then, the jobs of surviving workers are blocked, because they could otherwise finish all items first.
        """
        youngest = finish_audit.newest_worker()
        kill()
        finish_audit.close_gate(youngest)
        try:
            self.wait_until(lambda: finish_audit.finished_after(youngest))
        finally:
            finish_audit.open_gate()

    def text(self) -> str:
        """Return the logs of all workers, including those that have been replaced."""
        return "".join(worker.text() for worker in [*self.former, *self.running])
