"""Paths and URLs of the local servers, all derived from one state directory, so that any process can find them.

The state directory does not contain the sockets, because the path of a Unix socket is silently truncated after about
100 characters. They are in a private directory whose short name is derived from the user and the state directory.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from urllib.parse import quote

from vuemantics.localstack.process import StartError

DATABASE = "vuemantics"
PORT = 5432


def run_folder(folder: Path) -> Path:
    """Return the path of the directory for the sockets. Does not create it."""
    name = hashlib.sha256(bytes(folder.resolve())).hexdigest()[:12]
    return Path("/tmp") / f"vuemantics-{os.getuid()}-{name}"  # noqa: S108 (private_folder checks the owner)


def postgres_sockets(folder: Path) -> Path:
    """Return the directory in which PostgreSQL creates its socket."""
    return run_folder(folder) / "pg"


def redis_socket(folder: Path) -> Path:
    return run_folder(folder) / "redis" / "redis.sock"


def local_urls(folder: Path) -> tuple[str, str]:
    """Return DATABASE_URL and REDIS_URL of the servers in `folder`, whether or not the servers are running."""
    host = quote(str(postgres_sockets(folder)), safe="")
    return f"postgresql://{DATABASE}@{host}:{PORT}/{DATABASE}", f"unix://{redis_socket(folder)}?db=0"


def private_folder(path: Path, *, mode: int = 0o700, owner: tuple[int, int] | None = None) -> Path:
    """Create the directory `path`, or reuse an existing one unless another user could have prepared it.

    The parent must exist. If the caller is root, `owner` (uid, gid) becomes the owner. Raises StartError for a symbolic
    link or another user's directory.
    """
    uid, gid = owner or (os.getuid(), os.getgid())
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), uid}:
            fix = "remove it, or set DATABASE_URL and REDIS_URL to your own servers."
            raise StartError(f"{path} is not your directory: {fix}") from None
    if os.getuid() == 0:
        os.chown(path, uid, gid)
    path.chmod(mode)
    return path


def state_folder(folder: Path) -> Path:
    """Create the state directory. If root creates it, others may enter it, because PostgreSQL runs as another user."""
    folder.mkdir(mode=0o711 if os.getuid() == 0 else 0o700, parents=True, exist_ok=True)
    return folder.resolve()


def local_secret_key(folder: Path) -> str:
    """Return Django's SECRET_KEY from `folder`/secret-key. The first call creates the file, readable only by its owner.

    If several processes call this at once, all use the first file that is linked into place.
    """
    path = state_folder(folder) / "secret-key"
    try:
        if not path.exists():
            draft = path.with_name(f".secret-key-{secrets.token_hex(8)}")
            draft.touch(0o600, exist_ok=False)
            draft.write_text(secrets.token_urlsafe(50), "ascii")
            _link_unless_exists(draft, path)
        return path.read_text("ascii")
    except PermissionError:
        raise StartError(f"{path} belongs to another user: run as that user, or set SECRET_KEY.") from None


def _link_unless_exists(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first; its key is used
    finally:
        draft.unlink()
