"""Workers that are restarted when they end. Unlike `manage.py run`, this restarts them without a delay."""

import os
import random
import signal
from collections.abc import Callable

from batches.engine.liveness import live_workers
from batches.models import Worker
from tests.support.waiting import Value, wait_until
from tests.support.worker_processes import Workers


class RespawningWorkers:
    """A rundramatiq that is replaced whenever it ends. Only `wait_until` does this, so wait with that method."""

    def __init__(self, start: Callable[[], Workers]) -> None:
        self._start = start
        self.current = start()
        self.former: list[Workers] = []

    def restart_ended(self) -> None:
        """Start a new rundramatiq if the current one has ended, which happens when any of its processes dies."""
        if self.current.main.poll() is None:
            return
        self.current.kill_all()  # the workers of a killed rundramatiq would otherwise keep running
        self.former.append(self.current)
        self.current = self._start()

    def wait_until(self, predicate: Callable[[], Value], timeout: float = 30.0) -> Value:
        """Wait as `tests.support.waiting.wait_until` does, restarting the workers whenever they end."""

        def checked() -> Value:
            self.restart_ended()
            return predicate()

        return wait_until(checked, timeout)

    def pids(self) -> list[int]:
        """Return the pids of the worker processes that hold their lock."""
        return list(Worker.objects.filter(id__in=live_workers()).order_by("id").values_list("pid", flat=True))

    def kill_child(self, chance: random.Random) -> None:
        """kill -9 one worker process, as the kernel does when memory is short; rundramatiq then exits too."""
        os.kill(chance.choice(self.wait_until(self.pids)), signal.SIGKILL)

    def kill_group(self) -> None:
        """kill -9 rundramatiq and all its workers."""
        self.current.kill_all()

    def text(self) -> str:
        """Return the logs of the former and the current workers."""
        return "".join(workers.text() for workers in [*self.former, self.current])
