"""JSON that a page's script asks with: read, bounded, typed; refused with a stable code and words."""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from batches.intake.manifest import open_for_files
from batches.models import UploadBatch
from uploads.errors import CodedError

LARGEST = 2**63 - 1
MOST_ROWS = 500
_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)


class PersonRequest(HttpRequest):
    """A request that LoginRequiredMiddleware has let through."""

    user: User


class BadRequest(CodedError):
    """A JSON request that is not answered with success; `status` is the HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status


def json_errors(view: Callable[..., JsonResponse]) -> Callable[..., JsonResponse]:
    """Let a view raise NotTaken; the answer is then {code, error}."""

    @wraps(view)
    def door(request: PersonRequest, **address: int) -> JsonResponse:
        try:
            return view(request, **address)
        except BadRequest as error:
            return JsonResponse({"code": error.code, "error": error.message}, status=error.status)

    return door


def malformed(what: str) -> BadRequest:
    """Return the answer to JSON of another shape than asked for."""
    return BadRequest(400, "request.malformed", _("Send JSON: %(what)s.") % {"what": what})


def rows(request: HttpRequest, key: str) -> list[Any]:
    """Return the list under `key`: 500 entries at most. Raises NotTaken."""
    found = field(request, key)
    if not isinstance(found, list):
        raise malformed(f"`{key}` is a list")
    if len(found) > MOST_ROWS:
        words = _("Ask for %(most)s files at a time at most.") % {"most": MOST_ROWS}
        raise BadRequest(413, "request.too_many", words)
    return found


def field(request: HttpRequest, key: str) -> Any:
    """Return what the JSON object of the body holds under `key`. Raises NotTaken."""
    try:
        return json.loads(request.body)[key]
    except RequestDataTooBig as error:
        raise BadRequest(413, "request.too_large", _("This is too much for one request.")) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise malformed(f"an object with `{key}`") from error


def number(value: Any, what: str) -> int:
    """Return a whole number from 0 to 2**63 - 1. Raises NotTaken."""
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise malformed(f"`{what}` is a whole number")
    return value


def digest(value: Any, what: str) -> str:
    """Return 64 hexadecimal digits. Raises NotTaken."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise malformed(f"`{what}` are 64 hexadecimal digits")
    return value


def base64(value: Any, what: str) -> bytes:
    """Return the bytes of a Base64 text. Raises NotTaken."""
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise malformed(f"`{what}` is Base64") from error


def text(value: Any, what: str) -> str:
    """Return a text that PostgreSQL can hold. Raises NotTaken."""
    if not isinstance(value, str) or "\0" in value:
        raise malformed(f"`{what}` is a text without NUL")
    return value


def own_batch(request: PersonRequest, batch_id: int) -> UploadBatch:
    """Return the caller's own batch that takes files. Raises NotTaken 404, whether it is missing or somebody else's."""
    batch = open_for_files(request.user.pk).filter(id=batch_id).first()
    if batch is None:
        raise BadRequest(404, "batch.unknown", _("There is no such batch of yours that takes files."))
    return batch
