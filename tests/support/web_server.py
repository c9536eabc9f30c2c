"""The web server as a process of its own, for tests."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT
from vuemantics.localstack.ports import is_serving
from vuemantics.localstack.process import die_with_parent

PROBE = "tests.support.asgi_probe.application"


class WebServer:
    """`python -m vuemantics.server` with the application of tests/support/asgi_probe.py, or another; "" is the site itself."""

    def __init__(self, log: Path, env: Mapping[str, str] = os.environ, application: str = PROBE) -> None:
        self.log = log
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        command = [sys.executable, "-m", "vuemantics.server", "--port", str(self.port)]
        command += ["--application", application] if application else []
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

        def ready() -> bool:
            assert self.process.poll() is None, f"the web server ended:\n{log.read_text()}"
            return is_serving("127.0.0.1", self.port)

        wait_until(ready, 20)

    def connect(self) -> socket.socket:
        """A raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """What the application saw of this request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, headers or {})
        told: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return told

    def reset_peak_memory(self) -> int:
        """Start measuring the peak anew (proc(5), clear_refs) and return the memory in use, in bytes."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self.peak_memory()

    def peak_memory(self) -> int:
        """The peak of resident memory since the last reset, in bytes."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", text)
        assert found
        return int(found[1]) * 1024

    def established(self) -> int:
        """How many TCP connections the server holds."""
        return len(self._unread())

    def unread(self) -> int:
        """How many bytes the kernel holds that the server has not read yet."""
        return sum(self._unread())

    def _unread(self) -> list[int]:
        """The receive queue of each established connection (`01` in proc(5)'s net/tcp)."""
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ours = [fields for fields in lines if fields[1].endswith(f":{self.port:04X}") and fields[3] == "01"]
        return [int(fields[4].partition(":")[2], 16) for fields in ours]

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.terminate()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
