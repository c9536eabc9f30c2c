"""A model hub in this process, with the parts of huggingface.co's protocol that downloads need."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REVISIONS = ("a" * 40, "b" * 40)


class ModelHub(ThreadingHTTPServer):
    """Serves the files of `folder` as the repository `repository` at each of REVISIONS; the last is the newest.

    `sent` lists the name of each file sent, and the offset from which it was sent. `cut` is the number of bytes after
    which the next download of the visual model is interrupted. The content of the file `damaged` does not match its
    hash in the repository's metadata.
    """

    daemon_threads = True

    def __init__(self, folder: Path, repository: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.repository = folder, repository
        self.sent: list[tuple[str, int]] = []
        self.cut = 0
        self.damaged = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def model_hub(folder: Path, repository: str) -> Iterator[ModelHub]:
    """Run a hub while the block runs."""
    with ModelHub(folder, repository) as hub:
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelHub

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def do_HEAD(self) -> None:
        """Send only the headers of a file, which include its hash."""
        self._file(body=False)

    def do_GET(self) -> None:
        """Send a file, the list of the repository's files, or the repository's metadata."""
        path = urlsplit(self.path).path
        base = f"/api/models/{self.server.repository}"
        if path.startswith(f"{base}/tree/"):
            return self._json(self._tree())
        if path == base or path.startswith(f"{base}/revision/"):
            revision = path.rpartition("/")[2] if "/revision/" in path else REVISIONS[-1]
            if revision not in REVISIONS:
                return self._json({"error": "unknown revision"}, 404)
            return self._json({"id": self.server.repository, "sha": revision, "siblings": self._siblings()})
        return self._file(body=True)

    def _names(self) -> list[str]:
        return sorted(
            str(path.relative_to(self.server.folder)) for path in self.server.folder.rglob("*.*") if path.is_file()
        )

    def _siblings(self) -> list[dict[str, Any]]:
        return [self._sibling(name) for name in self._names()]

    def _sibling(self, name: str) -> dict[str, Any]:
        content = (self.server.folder / name).read_bytes()
        lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}
        return {"rfilename": name, "size": len(content), **({"lfs": lfs} if name.endswith(".onnx") else {})}

    def _tree(self) -> list[dict[str, Any]]:
        files = [(name, (self.server.folder / name).stat().st_size) for name in self._names()]
        return [{"type": "file", "path": name, "size": size, "oid": "c" * 40} for name, size in files]

    def _file(self, *, body: bool) -> None:
        _, found, rest = self.path.partition(f"/{self.server.repository}/resolve/")
        revision, _, name = urlsplit(rest).path.partition("/")
        if not found or revision not in REVISIONS or name not in self._names():
            return self._json({"error": "not found"}, 404)
        content = (self.server.folder / name).read_bytes()
        if name == self.server.damaged:
            content = content[:-1] + b"?"
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", revision)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        return self._content(name, content, start) if body else None

    def _content(self, name: str, content: bytes, start: int) -> None:
        self.server.sent.append((name, start))
        if self.server.cut and name == "visual/model.onnx":
            self.wfile.write(content[: self.server.cut])
            self.server.cut = 0
            self.close_connection = True
        else:
            self.wfile.write(content[start:])

    def _json(self, value: Any, status: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound" if "resolve" not in self.path else "EntryNotFound")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
