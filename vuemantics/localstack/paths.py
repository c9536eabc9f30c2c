"""Where the local stack keeps things: everything follows from one folder, so that any process finds a running stack.

State lies in the folder itself. The sockets do not: a Unix socket's path is cut silently after some 100 characters,
so they get a short private folder of their own, named after the user and the state folder.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from urllib.parse import quote

from vuemantics.localstack.start_error import StartError

DATABASE = "vuemantics"
PORT = 5432


def run_folder(folder: Path) -> Path:
    """The folder of the sockets. Pure: nothing is made or looked up but the absolute path."""
    name = hashlib.sha256(bytes(folder.resolve())).hexdigest()[:12]
    return Path("/tmp") / f"vuemantics-{os.getuid()}-{name}"  # noqa: S108 (ownership is checked by private_folder)


def postgres_sockets(folder: Path) -> Path:
    """The folder in which PostgreSQL puts its socket."""
    return run_folder(folder) / "pg"


def redis_socket(folder: Path) -> Path:
    """The socket of Redis."""
    return run_folder(folder) / "redis" / "redis.sock"


def local_urls(folder: Path) -> tuple[str, str]:
    """DATABASE_URL and REDIS_URL of the stack in `folder`, whether it runs or not."""
    host = quote(str(postgres_sockets(folder)), safe="")
    return f"postgresql://{DATABASE}@{host}:{PORT}/{DATABASE}", f"unix://{redis_socket(folder)}?db=0"


def private_folder(path: Path, *, mode: int = 0o700, owner: tuple[int, int] | None = None) -> Path:
    """Make `path` (its parent exists) or take the one that is there; refuse it if others could have prepared it.

    `owner` (uid, gid) gets the folder when the caller is root. Raises StartError for a link or a stranger's folder.
    """
    uid, gid = owner or (os.getuid(), os.getgid())
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), uid}:
            mend = "remove it, or set DATABASE_URL and REDIS_URL to servers of your own."
            raise StartError(f"{path} is not a folder of yours: {mend}") from None
    if os.getuid() == 0:
        os.chown(path, uid, gid)
    path.chmod(mode)
    return path


def state_folder(folder: Path) -> Path:
    """Make the state folder. Root's must be passable: its PostgreSQL runs as another user; what is inside is closed."""
    folder.mkdir(mode=0o711 if os.getuid() == 0 else 0o700, parents=True, exist_ok=True)
    return folder.resolve()


def local_secret_key(folder: Path) -> str:
    """Django's SECRET_KEY of this stack, made once and kept in `folder`/secret-key, readable by its owner alone.

    Any number of processes may ask at once: the first file that is linked into place wins.
    """
    path = state_folder(folder) / "secret-key"
    try:
        if not path.exists():
            draft = path.with_name(f".secret-key-{secrets.token_hex(8)}")
            draft.touch(0o600, exist_ok=False)
            draft.write_text(secrets.token_urlsafe(50), "ascii")
            _link_or_leave(draft, path)
        return path.read_text("ascii")
    except PermissionError:
        raise StartError(f"{path} belongs to another user: run as that user, or set SECRET_KEY.") from None


def _link_or_leave(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        draft.unlink()
