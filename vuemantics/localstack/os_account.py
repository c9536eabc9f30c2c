"""Which user runs PostgreSQL, which refuses to run as root."""

import os
import pwd
import signal
import subprocess
from pathlib import Path

from vuemantics.localstack.process import Account
from vuemantics.localstack.start_error import StartError


def caller_name() -> str:
    """The caller's user name, by which PostgreSQL knows who is on the other end of its socket."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        mend = "add the user to /etc/passwd, or set DATABASE_URL to a server of your own."
        raise StartError(f"User {os.getuid()} has no name on this machine, which PostgreSQL needs: {mend}") from None


def choose_account(data: Path) -> Account:
    """The caller; for root the owner of the data folder, or `nobody` while there is none."""
    owner = data.stat() if data.exists() else None
    if os.getuid() != 0:
        if owner and owner.st_uid != os.getuid():
            raise StartError(f"{data} belongs to another user: run as that user, or chown -R the folder to yourself.")
        return Account(os.getuid(), os.getgid())
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        mend = "run as a plain user, or set DATABASE_URL to a server of your own."
        raise StartError(f"PostgreSQL does not run as root, and there is no user nobody: {mend}") from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def with_reach(account: Account, program: Path, data: Path) -> Account:
    """The account, with the capability to pass closed folders if it cannot get at the program or its data without.

    Parent folders are never opened to others: a checkout below a closed home folder stays closed.
    """
    if account.uid == os.getuid() or _reaches(account, program, data):
        return account
    able = Account(account.uid, account.gid, reach_anywhere=True)
    if not _reaches(able, program, data):
        mend = "move the checkout to a folder that others may pass, run as a plain user, or set DATABASE_URL."
        raise StartError(f"PostgreSQL, which does not run as root, cannot reach {data} or {program}: {mend}")
    return able


def _reaches(account: Account, program: Path, data: Path) -> bool:
    look = ["sh", "-c", 'test -x "$1" && test -r "$1" && test -w "$2"', "sh", str(program), str(data)]
    command = [*account.prefix(signal.SIGKILL), *look]
    return subprocess.run(command, check=False, capture_output=True, cwd="/").returncode == 0
