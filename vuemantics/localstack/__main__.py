"""`python -m vuemantics.localstack COMMAND …`: run a command beside throw-away servers, as the checks of the project do."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from vuemantics.localstack.services import LocalServices
from vuemantics.localstack.start_error import StartError


def main() -> int:
    """The exit status of the command, which finds the servers by DATABASE_URL and REDIS_URL."""
    with tempfile.TemporaryDirectory(prefix="vuemantics-") as name:
        stack = LocalServices(Path(name) / "var", durable=False)
        try:
            stack.start()
            urls = {"DATABASE_URL": stack.database_url, "REDIS_URL": stack.redis_url}
            return subprocess.run(sys.argv[1:], env=os.environ | urls, check=False).returncode
        except StartError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        finally:
            stack.stop()


if __name__ == "__main__":
    sys.exit(main())
