"""Send requests to a model server, and tell server failures apart from failures of a single request.

Workers wait while a server is unavailable. If a request fails although the server is reachable, a small harmless
request of the same kind is sent. If that fails too, the server is at fault; otherwise, the picture is.
"""

import json
import time
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from uploads.analysis.model_servers.answers import unusable
from uploads.analysis.model_servers.server_settings import ServerSettings
from uploads.analysis.model_servers.transport import ModelTransport
from uploads.errors import EnvironmentalError, TransientError
from uploads.text import storable

MAX_ANSWER_BYTES = 2**20
RETRIES = 2
MAX_RETRY_SECONDS = 10.0
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_AWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)
_DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_PROBLEM_LENGTH = 200


class RequestFailed(Exception):
    """The server is reachable but failed to answer this request; the message says why."""


class ModelClient:
    """A pool of connections to a model server. Thread-safe.

    `missing` completes "Model x is …" and says how to provide a missing model. Redirects and proxies set in the
    environment are ignored, so that pictures are sent only to the configured host.
    """

    def __init__(self, settings: ServerSettings, missing: str) -> None:
        self._settings = settings
        self._missing = missing
        authorization = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}
        self._client = httpx.Client(
            base_url=settings.url.rstrip("/") + "/",
            headers={"Accept-Encoding": "identity"} | authorization,
            timeout=httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds, pool=settings.pool_seconds),
            transport=ModelTransport(settings),
            trust_env=False,
        )
        weakref.finalize(self, self._client.close)

    def post(self, path: str, body: Mapping[str, Any], harmless: Mapping[str, Any]) -> Any:
        """Send `body` and return the JSON answer. `harmless` is a similar request that every working server can answer.

        Raises EnvironmentalError `model.away`, `model.busy`, `model.denied`, `model.missing` or `model.failing`. Raises
        TransientError `model.answer` if the answer cannot be read, or `model.picture` if the server fails only with
        this request.
        """
        try:
            return self._post(path, body)
        except RequestFailed as failure:
            problem = str(failure)
        try:
            self._post(path, harmless)
        except RequestFailed as failure:
            raise self._failing(failure) from failure
        except TransientError:
            pass  # the server answered, so it is not at fault
        raise TransientError("model.picture", problem=problem)

    def post_once(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send `body` like post(), but without retries, because a user is waiting. Does not raise `model.picture`."""
        try:
            return self._post(path, body, retries=0)
        except RequestFailed as failure:
            raise self._failing(failure) from failure

    def _post(self, path: str, body: Mapping[str, Any], retries: int = RETRIES) -> Any:
        for retry in range(retries + 1):
            response, content = self._send(path, body)
            if response.status_code not in _BUSY:
                return self._parse(response.status_code, content, str(body["model"]))
            seconds = _retry_seconds(response.headers.get("Retry-After", ""), retry)
            if retry < retries and seconds <= MAX_RETRY_SECONDS:
                time.sleep(seconds)
            else:
                break
        raise EnvironmentalError("model.busy", server=self._settings.name)

    def _send(self, path: str, body: Mapping[str, Any]) -> tuple[httpx.Response, bytes]:
        """Return the response and its content.

        Raises TransientError if the content is unusable, EnvironmentalError `model.away` if the server cannot be
        reached, and RequestFailed if the answer does not arrive completely and in time.
        """
        try:
            with self._client.stream("POST", path, json=body) as response:
                return response, _read(response)
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise RequestFailed(f"no answer within {self._settings.read_seconds:g} s") from error
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as error:
            raise RequestFailed("the connection was closed before the answer was complete") from error
        except httpx.TransportError as error:
            raise self._away(str(error)) from error

    def _parse(self, status: int, content: bytes, model: str) -> Any:
        if status in _AWAY:
            raise self._away(f"HTTP status {status}")
        if status in _DENIED:
            raise EnvironmentalError("model.denied", server=self._settings.name)
        if status == HTTPStatus.NOT_FOUND:
            fix = self._missing % {"model": model}
            raise EnvironmentalError("model.missing", server=self._settings.name, model=model, fix=fix)
        if status != HTTPStatus.OK:
            raise RequestFailed(f"HTTP status {status}: {self._shown(content)}")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise unusable("it is not JSON") from error

    def _away(self, problem: str) -> EnvironmentalError:
        return EnvironmentalError("model.away", server=self._settings.name, problem=problem[:_PROBLEM_LENGTH])

    def _failing(self, failure: RequestFailed) -> EnvironmentalError:
        return EnvironmentalError("model.failing", server=self._settings.name, problem=str(failure))

    def _shown(self, content: bytes) -> str:
        """Return the text of an error response for display, without the API key, which a server may echo."""
        text = content.decode(errors="replace")
        if self._settings.key:
            text = text.replace(self._settings.key, "…")
        return storable(" ".join(text.split()))[:_PROBLEM_LENGTH]


def _read(response: httpx.Response) -> bytes:
    """Return the content. Raises TransientError if it is compressed or longer than MAX_ANSWER_BYTES.

    It is never decompressed, although servers may ignore the request's Accept-Encoding, because a few bytes can become
    gigabytes. A compressed error page counts as empty, because its status says what failed.
    """
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        if response.status_code != HTTPStatus.OK:
            return b""
        raise unusable("it is compressed")
    content = bytearray()
    for chunk in response.iter_raw():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise unusable(f"it is longer than {MAX_ANSWER_BYTES // 1024} KiB")
    return bytes(content)


def _retry_seconds(retry_after: str, retry: int) -> float:
    """Return the seconds to wait: `retry_after` (RFC 9110, section 10.2.3) or, if invalid, an exponential back-off."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return float(2**retry)
