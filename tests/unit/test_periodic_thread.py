"""A periodic thread keeps running after its function has raised an exception."""

import logging
import threading

import pytest
from django.db import OperationalError

from batches.worker.periodic_thread import PeriodicThread


def test_thread_continues_after_errors_and_logs_an_outage_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    results = [OperationalError("down"), OperationalError("down"), None, ValueError("defect"), None]
    done = threading.Event()

    def function() -> None:
        result = results.pop(0)
        if not results:
            done.set()
            thread.stop()
        if result is not None:
            raise result

    thread = PeriodicThread("test", 0.0, function)
    thread.start()

    assert done.wait(30)
    thread.join(30)
    assert thread.first_round.is_set()
    assert [record.getMessage() for record in caplog.records if record.name == "batches.worker.periodic_thread"] == [
        "The test thread is waiting: down",
        "The test thread continues.",
        "The test thread failed; it will retry in its next round.",
    ]
