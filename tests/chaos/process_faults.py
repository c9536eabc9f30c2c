"""Server and worker faults, injected while a drill sends and processes photos."""

import math
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial

from django.db.models.functions import Now

from batches.engine.status import read_status
from batches.models.states import ItemStatus
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import crash_count
from tests.chaos.drill import CONNECTIONS, Drill
from tests.chaos.resuming_uploader import CHUNK
from tests.support.database import close_broken_connections
from tests.support.worker_processes import ROOT

OUTAGE_SECONDS = 8.0
WORKER_KILLS, WEB_KILLS = 25, 5
GROUP_SHARE = 0.25


def postgres_frozen(drill: Drill) -> None:
    """Freeze PostgreSQL for a few seconds, as on a suspended machine."""
    with drill.servers.frozen_postgres():
        time.sleep(OUTAGE_SECONDS)


def postgres_killed(drill: Drill) -> None:
    """Kill PostgreSQL with SIGKILL, and restart it after a second."""
    drill.servers.stop_postgres(signal.SIGKILL)
    time.sleep(1)
    drill.servers.start()
    close_broken_connections()


def redis_killed(drill: Drill) -> None:
    """Kill Redis, which loses all its data, and restart it once a few files have been processed without it."""
    drill.servers.stop_redis()
    target = finish_audit.count() + 5
    drill.wait_until(lambda: finish_audit.count() >= target)
    drill.servers.start()


def workers_killed(drill: Drill) -> None:
    """Kill one or all workers 25 times, and each time wait until a new worker has finished a file."""
    chance = random.Random(20_260)
    for _ in range(WORKER_KILLS):
        all_of_them = chance.random() < GROUP_SHARE
        drill.workers.kill_and_wait(
            drill.workers.kill_group if all_of_them else partial(drill.workers.kill_child, chance)
        )


def web_killed(drill: Drill) -> None:
    """Kill and restart the web server five times during uploads, and check that little is sent twice."""
    [site] = drill.sites
    uploader, step = drill.uploader, (drill.total_bytes - drill.uploader.sent) // (WEB_KILLS + 1)
    for _ in range(WEB_KILLS):
        uploader.limit = uploader.sent + step
        drill.wait_until(lambda: uploader.sent >= uploader.limit - step // 2)
        site.kill()
        site.start()
    uploader.limit = math.inf
    drill.wait_until(lambda: drill.count(ItemStatus.RECEIVING) == 0 and drill.batch.items.count() == len(drill.photos))
    assert uploader.sent <= drill.total_bytes + WEB_KILLS * CONNECTIONS * CHUNK


def all_killed(drill: Drill) -> None:
    """Kill the web server, all workers, PostgreSQL and Redis together, then restart all but the workers."""
    [site] = drill.sites
    site.process.kill()
    drill.workers.kill_group()
    drill.servers.stop_redis()
    drill.servers.stop_postgres(signal.SIGKILL)
    site.kill()
    drill.servers.start()
    close_broken_connections()
    site.start()


def workers_frozen(drill: Drill) -> None:
    """Freeze all workers until all leases have expired, and check what the pages and `engine_status` report."""
    groups = [worker.main.pid for worker in drill.workers.running]
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    try:
        drill.wait_until(lambda: read_status().stalled)
        status = subprocess.run(
            [sys.executable, "manage.py", "engine_status"], cwd=ROOT, env=drill.env, capture_output=True, text=True
        )
        pages = drill.page(), drill.engine_page()
        drill.wait_until(lambda: not drill.batch.items.filter(claimed_until__gt=Now()).exists())
    finally:
        for group in groups:
            os.killpg(group, signal.SIGCONT)
    assert status.returncode == 1
    assert "no worker has responded for 25 seconds" in status.stderr
    assert "The workers are not responding." in pages[0]
    assert "no worker is responding" in pages[1]
    drill.wait_until(lambda: not read_status().stalled)
    assert crash_count(drill.batch) == 0
