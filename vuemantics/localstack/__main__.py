"""`python -m vuemantics.localstack COMMAND …`: run a command with temporary PostgreSQL and Redis servers."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from vuemantics.localstack.process import StartError
from vuemantics.localstack.services import LocalServices


def main() -> int:
    """Run the command with DATABASE_URL and REDIS_URL set to the temporary servers, and return its exit status."""
    with tempfile.TemporaryDirectory(prefix="vuemantics-") as name:
        services = LocalServices(Path(name) / "var", durable=False)
        try:
            services.start()
            urls = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}
            return subprocess.run(sys.argv[1:], env=os.environ | urls, check=False).returncode
        except StartError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        finally:
            services.stop()


if __name__ == "__main__":
    sys.exit(main())
