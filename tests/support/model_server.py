"""A model server in this process, with the APIs of Ollama and OpenAI. Tests control how it fails."""

import base64
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from uploads.analysis.model_servers.server_settings import ServerSettings

MODELS = {"qwen2.5vl", "bge-m3"}
DIMENSIONS = 16
SMALL = 64
"""A picture counts as small for `only_pictures` if no side is longer than this, in pixels."""


@dataclass
class Behaviour:
    """How the server responds. It returns `statuses`, one per request, before it responds normally."""

    text: str = "A cat sleeps on a red sofa."
    finish: str = "stop"
    statuses: list[int] = field(default_factory=list)
    retry_after: str = "0"
    error: str = "something broke"
    seconds: float = 0.0
    hang: bool = False
    cut: bool = False
    drip: bytes = b""
    """After sending this, the server sends one byte at a time for as long as the client stays connected."""
    body: bytes | None = None
    encoding: str = ""
    key: str = ""
    dimensions: int = DIMENSIONS
    only_pictures: bool = False
    """Whether the server responds normally to small pictures and the text “picture”, and fails only other requests."""


class ModelServer(ThreadingHTTPServer):
    """A server that responds as `behaviour` specifies. Setting `released` ends hanging requests.

    `requests` lists the path and body of each request, and `connections` counts the connections. The semaphore
    `received` is released once per request, and `disconnected` once per client that closes its connection while the
    server sends one byte at a time.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behaviour = Behaviour()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.connections = 0
        self.released = threading.Event()
        self.received = threading.Semaphore(0)
        self.disconnected = threading.Semaphore(0)

    def get_request(self) -> Any:
        """Accept a connection and count it."""
        self.connections += 1
        return super().get_request()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def settings(self, **values: Any) -> ServerSettings:
        """Return the settings with which a client uses this server."""
        defaults: dict[str, Any] = {
            "url": self.url,
            "model": "qwen2.5vl",
            "embedding_model": "bge-m3",
            "connect_seconds": 5.0,
            "read_seconds": 30.0,
            "concurrency": 2,
        }
        return ServerSettings(**{**defaults, **values})


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Run a server while the block runs. Stopping the server ends hanging requests."""
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def do_POST(self) -> None:
        """Respond or fail as `behaviour` specifies."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body))
        self.server.received.release()
        how = self.server.behaviour
        if how.key and self.headers["Authorization"] != f"Bearer {how.key}":
            return self._send(401, b'{"error": "unauthorized"}')
        if body["model"].partition(":")[0] not in MODELS:
            return self._send(404, json.dumps({"error": f"model '{body['model']}' not found"}).encode())
        try:
            answer, harmless = _ANSWERS[self.path](body, how)
        except (KeyError, ValueError, OSError) as error:
            return self._send(400, json.dumps({"error": str(error)}).encode())
        if how.only_pictures and harmless:
            return self._send(200, json.dumps(answer).encode())
        return self._fail_or_send(json.dumps(answer).encode(), how)

    def _fail_or_send(self, content: bytes, how: Behaviour) -> None:
        if how.statuses:
            return self._send(how.statuses.pop(0), json.dumps({"error": how.error}).encode())
        if how.hang:
            self.server.released.wait()
            self.close_connection = True
            return None
        if how.drip:
            return self._drip(how.drip)
        self.server.released.wait(how.seconds)
        if how.cut:
            self._head(200, len(content))
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return None
        return self._send(200, content if how.body is None else how.body)

    def _drip(self, beginning: bytes) -> None:
        self.close_connection = True
        try:
            self.wfile.write(beginning)
            while not self.server.released.wait(0.01):
                self.wfile.write(b" ")
        except OSError:
            self.server.disconnected.release()

    def _send(self, status: int, content: bytes) -> None:
        self._head(status, len(content))
        try:
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the client closed the connection before reading everything

    def _head(self, status: int, length: int) -> None:
        self.send_response(status)
        if status in (429, 503) and self.server.behaviour.retry_after:
            self.send_header("Retry-After", self.server.behaviour.retry_after)
        if self.server.behaviour.encoding:
            self.send_header("Content-Encoding", self.server.behaviour.encoding)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()


def _is_small(picture: str) -> bool:
    """Return whether no side of a picture exceeds SMALL. Raises ValueError or OSError if it cannot be decoded."""
    with Image.open(io.BytesIO(base64.b64decode(picture, validate=True))) as image:
        image.load()
        return max(image.size) <= SMALL


def _ollama_chat(body: dict[str, Any], how: Behaviour) -> tuple[dict[str, Any], bool]:
    [message] = body["messages"]
    if body["stream"] is not False:
        raise ValueError("this server does not stream")
    harmless = min(_is_small(picture) for picture in message["images"])
    answer = {"role": "assistant", "content": how.text}
    return {"model": body["model"], "message": answer, "done": True, "done_reason": how.finish}, harmless


def _openai_chat(body: dict[str, Any], how: Behaviour) -> tuple[dict[str, Any], bool]:
    [message] = body["messages"]
    urls = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    harmless = min(_is_small(url.removeprefix("data:image/jpeg;base64,")) for url in urls)
    choice = {"index": 0, "message": {"role": "assistant", "content": how.text}, "finish_reason": how.finish}
    return {"object": "chat.completion", "choices": [choice]}, harmless


def _vector(text: str, how: Behaviour) -> list[float]:
    """Return a vector that is the sum of one vector per word."""
    total = [0.0] * how.dimensions
    for word in text.lower().split():
        digest = hashlib.sha256(word.strip(".,").encode()).digest()
        total = [one + byte / 128 - 1 for one, byte in zip(total, digest, strict=False)]
    return total


def _ollama_embed(body: dict[str, Any], how: Behaviour) -> tuple[dict[str, Any], bool]:
    return {"model": body["model"], "embeddings": [_vector(body["input"], how)]}, body["input"] == "picture"


def _openai_embed(body: dict[str, Any], how: Behaviour) -> tuple[dict[str, Any], bool]:
    entry = {"object": "embedding", "index": 0, "embedding": _vector(body["input"], how)}
    return {"object": "list", "data": [entry]}, body["input"] == "picture"


_ANSWERS: dict[str, Callable[[dict[str, Any], Behaviour], tuple[dict[str, Any], bool]]] = {
    "/api/chat": _ollama_chat,
    "/api/embed": _ollama_embed,
    "/v1/chat/completions": _openai_chat,
    "/v1/embeddings": _openai_embed,
}
