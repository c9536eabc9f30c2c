"""Workers that are restarted at once when they end, as `manage.py run` restarts them after its delay."""

import os
import random
import signal
from collections.abc import Callable

from batches.engine.liveness import live_workers
from batches.models import Worker
from tests.support.waiting import Value, wait_until
from tests.support.worker_processes import Workers


class RespawningWorkers:
    """One rundramatiq after the other. Wait with `wait_until`, which restarts them."""

    def __init__(self, start: Callable[[], Workers]) -> None:
        self._start = start
        self.current = start()
        self.former: list[Workers] = []

    def restart_ended(self) -> None:
        """Restart the workers if they have ended; one dead process ends all of rundramatiq."""
        if self.current.main.poll() is None:
            return
        self.current.kill_all()  # the workers of a killed rundramatiq would live on
        self.former.append(self.current)
        self.current = self._start()

    def wait_until(self, predicate: Callable[[], Value], timeout: float = 30.0) -> Value:
        """Wait as `tests.support.waiting.wait_until` does, restarting the workers whenever they end."""

        def checked() -> Value:
            self.restart_ended()
            return predicate()

        return wait_until(checked, timeout)

    def pids(self) -> list[int]:
        """The worker processes that hold their lock."""
        return list(Worker.objects.filter(id__in=live_workers()).order_by("id").values_list("pid", flat=True))

    def kill_child(self, chance: random.Random) -> None:
        """kill -9 one worker process, as the kernel does when memory is short; rundramatiq then ends by itself."""
        os.kill(chance.choice(self.wait_until(self.pids)), signal.SIGKILL)

    def kill_group(self) -> None:
        """kill -9 all workers with their rundramatiq."""
        self.current.kill_all()

    def text(self) -> str:
        """What all of them have logged."""
        return "".join(workers.text() for workers in [*self.former, self.current])
