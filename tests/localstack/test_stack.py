"""The embedded PostgreSQL and Redis: started, shared, killed, refused. pytest's folders are closed to other users,
so as root these tests also show a PostgreSQL that runs as another user below a folder that only root may pass."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.processes import alive, children
from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT
from vuemantics.localstack import LocalServices, StartError
from vuemantics.localstack.paths import run_folder

START = """
import os, sys, time
from pathlib import Path
from vuemantics.localstack import LocalServices
stack = LocalServices(Path(sys.argv[1]), durable=False)
stack.start()
print(*[child.pid for child in (stack.postgres.child, stack.redis.child) if child], flush=True)
sys.stdin.read()
stack.stop()
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalServices]:
    stack = LocalServices(tmp_path / "var", durable=False)
    yield stack
    stack.stop()
    shutil.rmtree(run_folder(stack.folder), ignore_errors=True)


def start_elsewhere(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_start_gives_a_database_with_pgvector_and_an_empty_redis(stack: LocalServices) -> None:
    stack.start()

    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("SELECT current_user, current_database(), '[1,2]'::vector::text").fetchone()
    with redis.Redis.from_url(stack.redis_url) as client:
        size = client.dbsize()
    assert (row, size) == (("vuemantics", "vuemantics", "[1,2]"), 0)


def test_start_opens_no_tcp_port_and_no_folder_to_others(stack: LocalServices) -> None:
    parent_before = stat.S_IMODE(stack.folder.parent.stat().st_mode)

    stack.start()

    with psycopg.connect(stack.database_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    with redis.Redis.from_url(stack.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}
    private = [stack.folder / "postgres", stack.postgres.sockets, stack.redis.socket.parent]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o700] * 3
    assert stat.S_IMODE(stack.folder.parent.stat().st_mode) == parent_before


def test_second_start_uses_the_running_servers_and_leaves_them_running(stack: LocalServices) -> None:
    stack.start()
    second = LocalServices(stack.folder)

    second.start()
    second.stop()

    assert second.postgres.child is None
    assert second.redis.child is None
    assert stack.postgres.answers()
    assert stack.redis.answers()


def test_two_starts_at_once_make_one_stack(stack: LocalServices) -> None:
    starts = [start_elsewhere(stack.folder) for _ in range(2)]

    lines = [start.stdout.readline().split() for start in starts if start.stdout]
    for start in starts:
        start.communicate("")

    assert sorted(map(len, lines)) == [0, 2]
    assert [start.returncode for start in starts] == [0, 0]
    assert not stack.postgres.answers()


def test_servers_end_when_their_parent_is_killed(stack: LocalServices) -> None:
    start = start_elsewhere(stack.folder)
    assert start.stdout
    pids = [int(pid) for pid in start.stdout.readline().split()]
    assert len(pids) == 2

    start.kill()
    start.communicate()

    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_start_recovers_from_a_killed_postgres_and_keeps_its_data(stack: LocalServices) -> None:
    stack.start()
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert stack.postgres.child
    stack.postgres.child.send_signal(signal.SIGKILL)
    stack.postgres.child.wait()
    assert not stack.running()

    stack.start()

    with psycopg.connect(stack.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_start_waits_for_the_last_session_of_a_killed_postgres(stack: LocalServices) -> None:
    stack.start()
    killed = stack.postgres.child
    assert killed
    last = children(killed.pid)[0]
    os.kill(last, signal.SIGSTOP)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    refused = stack.folder / "postgres.log.1"

    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(stack.start)
        try:
            wait_until(lambda: refused.exists() and "shared memory block" in refused.read_text())
        finally:
            os.kill(last, signal.SIGCONT)
        starting.result(30)

    assert stack.running()


def test_start_again_after_stop_keeps_the_data(stack: LocalServices) -> None:
    stack.start()
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    stack.stop()

    stack.start()

    with psycopg.connect(stack.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_data_folder_of_another_postgresql_is_refused_untouched(stack: LocalServices) -> None:
    data = stack.folder / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")

    with pytest.raises(StartError, match=r"made by PostgreSQL 16, this is 18: .*DATABASE_URL"):
        stack.start()

    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_failed_start_shows_the_last_lines_of_the_log(stack: LocalServices) -> None:
    stack.start()
    stack.stop()
    with (stack.folder / "postgres" / "postgresql.conf").open("a") as file:
        file.write("nonsense = on\n")

    with pytest.raises(StartError, match=r"(?s)PostgreSQL did not start: .*unrecognized .*\"nonsense\""):
        stack.start()


def test_socket_folder_prepared_by_a_link_is_refused(stack: LocalServices, tmp_path: Path) -> None:
    run_folder(stack.folder).symlink_to(tmp_path)
    try:
        with pytest.raises(StartError, match="is not a folder of yours"):
            stack.start()
    finally:
        run_folder(stack.folder).unlink()


def test_stop_leaves_no_socket_folder(stack: LocalServices) -> None:
    stack.start()
    assert run_folder(stack.folder).is_dir()

    stack.stop()

    assert not run_folder(stack.folder).exists()


def test_module_runs_a_command_beside_throw_away_servers() -> None:
    ask = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).info.dbname); raise SystemExit(7)"

    command = [sys.executable, "-m", "vuemantics.localstack", sys.executable, "-c", ask]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (7, "vuemantics\n")
