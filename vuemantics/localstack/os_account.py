"""Choose the user account that runs PostgreSQL, which refuses to run as root."""

import os
import pwd
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

from vuemantics.localstack.process import Account, StartError


def caller_name() -> str:
    """Return the caller's user name, which PostgreSQL checks in peer authentication."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        fix = "add the user to /etc/passwd, or set DATABASE_URL to your own server."
        raise StartError(f"User {os.getuid()} has no name on this machine, which PostgreSQL needs: {fix}") from None


def choose_account(data: Path) -> Account:
    """Return the caller's account or, for root, the account of another user.

    That is the owner of the data directory, or `nobody` if the directory belongs to root or does not exist.
    """
    owner = data.stat() if data.exists() else None
    if os.getuid() != 0:
        if owner and owner.st_uid != os.getuid():
            raise StartError(f"{data} belongs to another user: run as that user, or chown -R it to yourself.")
        return Account(os.getuid(), os.getgid())
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        fix = "run as a regular user, or set DATABASE_URL to your own server."
        raise StartError(f"PostgreSQL does not run as root, and there is no user named nobody: {fix}") from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def with_access(account: Account, program: Path, data: Path) -> Account:
    """Return the account. If it cannot access `program` and `data`, add the capability to traverse closed directories.

    The permissions of parent directories are never changed, so a checkout below a closed home directory stays closed.
    """
    if account.uid == os.getuid() or _has_access(account, program, data):
        return account
    capable = replace(account, ignores_permissions=True)
    if not _has_access(capable, program, data):
        fix = "move the checkout to a directory that others may enter, run as a regular user, or set DATABASE_URL."
        raise StartError(f"PostgreSQL does not run as root, and its user cannot access {data} or {program}: {fix}")
    return capable


def _has_access(account: Account, program: Path, data: Path) -> bool:
    test = ["sh", "-c", 'test -x "$1" && test -r "$1" && test -w "$2"', "sh", str(program), str(data)]
    command = [*account.command_prefix(signal.SIGKILL), *test]
    return subprocess.run(command, check=False, capture_output=True, cwd="/").returncode == 0
