"""Choose between the PostgreSQL client programs on PATH and those of the embedded server."""

import re
import shutil
import subprocess
from contextlib import suppress

from vuemantics.localstack import StartError
from vuemantics.localstack.postgres import postgres_programs


def find_program(name: str, server: int, *, embedded: bool) -> str:
    """Return the path of a client program that is not older than the server, whose major version is `server`.

    For an external server, the program on PATH is preferred, because the embedded one may be newer and write dumps
    that the server cannot read. Raises StartError.
    """
    candidates = [] if embedded else [shutil.which(name)]
    with suppress(StartError):
        candidates.append(str(postgres_programs() / name))
    for program in filter(None, candidates):
        if _major_version(program) >= server:
            return program
    fix = f"install the client programs of PostgreSQL {server}."
    raise StartError(f"{name} is missing or older than the server: {fix}")


def _major_version(program: str) -> int:
    """Return the program's major version, or 0 if it fails, as Debian's wrapper does if no client is installed."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 (no shell)
    except OSError:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found else 0
