"""Start, share, kill and stop the embedded PostgreSQL and Redis.

Other users cannot enter pytest's directories. Therefore, if these tests run as root, they also show that PostgreSQL,
which then runs as another user, works below a directory that only root may enter.
"""

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
import sys
from pathlib import Path
from vuemantics.localstack import LocalServices
services = LocalServices(Path(sys.argv[1]), durable=False)
services.start()
print(*[server.pid for server in (services.postgres.process, services.redis.process) if server], flush=True)
sys.stdin.read()
services.stop()
"""


def start_in_process(folder: Path) -> "subprocess.Popen[str]":
    """Start the servers in another process, which prints the pids of those it started, waits for EOF and stops them."""
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def started_pids(process: "subprocess.Popen[str]") -> list[int]:
    assert process.stdout
    return [int(pid) for pid in process.stdout.readline().split()]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServices]:
    """Servers with a state directory that all tests in a process share, because initdb takes seconds."""
    services = LocalServices(tmp_path_factory.mktemp("services") / "var", durable=False)
    yield services
    services.stop()
    shutil.rmtree(run_folder(services.folder), ignore_errors=True)


@pytest.fixture
def running(shared: LocalServices) -> LocalServices:
    shared.start()
    return shared


@pytest.fixture
def stopped(running: LocalServices) -> LocalServices:
    """The shared servers, initialised and stopped."""
    running.stop()
    return running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[LocalServices]:
    """Servers that have never been started."""
    services = LocalServices(tmp_path / "var", durable=False)
    yield services
    services.stop()
    shutil.rmtree(run_folder(services.folder), ignore_errors=True)


def create_table(services: LocalServices, name: str) -> None:
    with psycopg.connect(services.database_url) as connection:
        connection.execute(f"CREATE TABLE {name} AS SELECT 42 AS answer")


def read_table(services: LocalServices, name: str) -> tuple[int, ...] | None:
    with psycopg.connect(services.database_url) as connection:
        return connection.execute(f"SELECT answer FROM {name}").fetchone()


def test_start_provides_pgvector_and_an_empty_redis(running: LocalServices) -> None:
    with psycopg.connect(running.database_url) as connection:
        row = connection.execute("SELECT current_user, current_database(), '[1,2]'::vector::text").fetchone()
    with redis.Redis.from_url(running.redis_url) as client:
        size = client.dbsize()

    assert (row, size) == (("vuemantics", "vuemantics", "[1,2]"), 0)


def test_start_opens_no_tcp_port_and_no_directory_to_others(running: LocalServices) -> None:
    with psycopg.connect(running.database_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    with redis.Redis.from_url(running.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}
    # pytest creates the parent with mode 0o700, and starting the servers must not change that.
    private = [
        running.folder.parent,
        running.folder / "postgres",
        running.postgres.sockets,
        running.redis.socket.parent,
    ]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o700] * 4


def test_second_start_reuses_the_running_servers_and_does_not_stop_them(running: LocalServices) -> None:
    second = LocalServices(running.folder)

    second.start()
    second.stop()

    assert second.postgres.process is None
    assert second.redis.process is None
    assert running.postgres.is_reachable()
    assert running.redis.is_reachable()


def test_simultaneous_starts_start_each_server_once(fresh: LocalServices) -> None:
    processes = [start_in_process(fresh.folder) for _ in range(2)]

    started = [len(started_pids(process)) for process in processes]
    for process in processes:
        process.communicate("")

    assert sorted(started) == [0, 2]
    assert [process.returncode for process in processes] == [0, 0]
    assert not fresh.postgres.is_reachable()


def test_servers_end_when_their_parent_is_killed(stopped: LocalServices) -> None:
    process = start_in_process(stopped.folder)
    pids = started_pids(process)
    assert len(pids) == 2

    process.kill()
    process.communicate()

    wait_until(lambda: not any(alive(pid) for pid in pids), 30)


def test_killed_postgres_is_restarted_with_its_data(running: LocalServices) -> None:
    create_table(running, "kept_after_kill")
    assert running.postgres.process
    running.postgres.process.send_signal(signal.SIGKILL)
    running.postgres.process.wait()
    assert not running.is_running()

    running.start()

    assert read_table(running, "kept_after_kill") == (42,)


def test_start_waits_for_the_sessions_of_a_killed_postgres(running: LocalServices) -> None:
    killed = running.postgres.process
    assert killed
    session = children(killed.pid)[0]
    os.kill(session, signal.SIGSTOP)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    refused = running.folder / "postgres.log.1"

    def resume_session_after_refusal() -> None:
        try:
            wait_until(lambda: refused.exists() and "shared memory block" in refused.read_text(), 30)
        finally:
            os.kill(session, signal.SIGCONT)

    # Start the servers in this thread, because they are stopped when the thread that started them ends.
    with ThreadPoolExecutor(1) as pool:
        resuming = pool.submit(resume_session_after_refusal)
        running.start()
        resuming.result()

    assert running.is_running()


def test_stop_removes_the_sockets_and_keeps_the_data(running: LocalServices) -> None:
    create_table(running, "kept_after_stop")
    assert run_folder(running.folder).is_dir()

    running.stop()
    assert not run_folder(running.folder).exists()

    running.start()
    assert read_table(running, "kept_after_stop") == (42,)


def test_data_of_another_postgresql_version_is_refused_untouched(fresh: LocalServices) -> None:
    data = fresh.folder / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")

    with pytest.raises(StartError, match=r"created by PostgreSQL 16, but this is 18: .*DATABASE_URL"):
        fresh.start()

    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_failed_start_shows_the_end_of_the_log(stopped: LocalServices) -> None:
    configuration = stopped.folder / "postgres" / "postgresql.conf"
    valid = configuration.read_text()
    configuration.write_text(f"{valid}\nnonsense = on\n")

    try:
        with pytest.raises(StartError, match=r"(?s)PostgreSQL did not start: .*unrecognized .*\"nonsense\""):
            stopped.start()
    finally:
        configuration.write_text(valid)


def test_symbolic_link_in_place_of_the_socket_directory_is_refused(fresh: LocalServices, tmp_path: Path) -> None:
    run_folder(fresh.folder).symlink_to(tmp_path)
    try:
        with pytest.raises(StartError, match="is not your directory"):
            fresh.start()
    finally:
        run_folder(fresh.folder).unlink()


def test_module_runs_a_command_with_temporary_servers() -> None:
    code = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).info.dbname); raise SystemExit(7)"

    command = [sys.executable, "-m", "vuemantics.localstack", sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)

    assert (done.returncode, done.stdout) == (7, "vuemantics\n")
