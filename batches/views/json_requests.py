"""Parse and validate the JSON requests that page scripts send. Each error has a stable code and a message."""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse

from batches.intake.manifest import open_for_files
from batches.models import UploadBatch
from batches.models.error_codes import refusal_message
from batches.services import owner_scope
from uploads.errors import CodedError

MAX_NUMBER = 2**63 - 1
MAX_ROWS = 500
_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)


class SignedInRequest(HttpRequest):
    """A request that has passed LoginRequiredMiddleware, so its user is signed in."""

    user: User


class BadRequest(CodedError):
    """An error response to a JSON request. `status` is the HTTP status.

    `details` are the values to insert into the message. `retry_after` is how many seconds the client should wait before
    it tries again.
    """

    def __init__(self, status: int, code: str, *, retry_after: int | None = None, **details: object) -> None:
        super().__init__(code, refusal_message(code, **details))
        self.status = status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def json_errors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn a BadRequest that the view raises into a JSON response {code, error}."""

    @wraps(view)
    def wrapper(request: SignedInRequest, **url_kwargs: int) -> HttpResponse:
        try:
            return view(request, **url_kwargs)
        except BadRequest as error:
            content = {"code": error.code, "error": error.message}
            return JsonResponse(content, status=error.status, headers=error.headers)

    return wrapper


def malformed(what: str) -> BadRequest:
    """Return the error for JSON of the wrong shape; `what` describes the expected shape."""
    return BadRequest(400, "request.malformed", what=what)


def rows(request: HttpRequest, key: str) -> list[Any]:
    """Return the list under `key`. Raises BadRequest if it is not a list or has more than MAX_ROWS entries."""
    found = field(request, key)
    if not isinstance(found, list):
        raise malformed(f"`{key}` must be a list")
    if len(found) > MAX_ROWS:
        raise BadRequest(413, "request.too_many", limit=MAX_ROWS)
    return found


def field(request: HttpRequest, key: str) -> Any:
    """Return the value under `key` in the JSON object that the body contains. Raises BadRequest."""
    try:
        return json.loads(request.body)[key]
    except RequestDataTooBig as error:
        raise BadRequest(413, "request.too_large") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise malformed(f"an object with `{key}`") from error


def number(value: Any, what: str) -> int:
    """Check that a value is an integer from 0 to MAX_NUMBER, and return it. Raises BadRequest."""
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise malformed(f"`{what}` must be a whole number")
    return value


def digest(value: Any, what: str) -> str:
    """Check that a value is a SHA-256 digest in 64 hexadecimal digits, and return it. Raises BadRequest."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise malformed(f"`{what}` must be 64 hexadecimal digits")
    return value


def base64(value: Any, what: str) -> bytes:
    """Decode a Base64 string and return its bytes. Raises BadRequest."""
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise malformed(f"`{what}` must be Base64") from error


def text(value: Any, what: str) -> str:
    """Check that a value is a string that PostgreSQL can store, and return it. Raises BadRequest."""
    if not isinstance(value, str) or "\0" in value:
        raise malformed(f"`{what}` must be a string without NUL")
    return value


def own_batch(request: SignedInRequest, batch_id: int) -> UploadBatch:
    """Return the user's batch with this id. Raises BadRequest (404) if it does not exist or accepts no files."""
    batch = open_for_files(owner_scope(request.user)).filter(id=batch_id).first()
    if batch is None:
        raise BadRequest(404, "batch.unknown")
    return batch
