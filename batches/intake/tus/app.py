"""The tus endpoint. It is a raw ASGI application, because Django receives a whole body before it calls a view.

This module passes each request to the function for its method in `handlers` and turns errors into responses. It
responds to OPTIONS itself, with the supported extensions and limits.
"""

import logging
import re
from collections.abc import Awaitable, Callable

from django.db import InterfaceError, InternalError, OperationalError

from batches.intake.partial_file import PartialFileBusy
from batches.intake.tus import handlers, responses
from batches.intake.tus.auth import check_origin
from batches.intake.tus.body import ClientDisconnected, Message, Receive, RequestBody
from batches.intake.tus.headers import Headers, check_version, read_headers, read_method
from batches.intake.tus.protocol_error import TusError, disk_error, not_found, refused
from batches.intake.tus.responses import TusResponse
from uploads.errors import CodedError
from uploads.outage_log import OutageLog
from uploads.request_origin import client_scheme

logger = logging.getLogger(__name__)
database_outage = OutageLog(logger, "tus: the database is not available: %s", "tus: the database is available again.")

Send = Callable[[Message], Awaitable[None]]

ITEM_HANDLERS = {"HEAD": handlers.head, "PATCH": handlers.patch, "DELETE": handlers.delete}
_PATH = re.compile(r"/tus/([0-9]{1,18})?", re.ASCII)


async def tus_application(scope: Message, receive: Receive, send: Send) -> None:
    """Handle one HTTP request under /tus/. If the client disconnects, send no response.

    The rest of the body is read before the response is sent, because a client that is still sending might not read the
    response.
    """
    body = RequestBody(receive)
    try:
        response = await _respond(scope, body)
        await body.drain()
    except ClientDisconnected:
        return
    headers = response.header_lines(secure=_is_secure(scope))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.text})


def _is_secure(scope: Message) -> bool:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return client_scheme(scope.get("scheme", "http"), headers) == "https"


async def _respond(scope: Message, body: RequestBody) -> TusResponse:
    """Route the request and return its response. Turn every exception except ClientDisconnected into a response."""
    try:
        return await _route(scope, body)
    except ClientDisconnected:
        raise
    except (CodedError, PartialFileBusy) as raised:
        error = refused(raised)
    except (OperationalError, InterfaceError, InternalError) as raised:
        database_outage.report(raised)
        error = TusError(503, "database.away")
    except OSError as raised:
        error = disk_error(raised)
    except Exception:
        logger.exception("tus: unexpected error")
        error = TusError(500, "server.error")
    return responses.failed(error)


async def _route(scope: Message, body: RequestBody) -> TusResponse:
    headers = read_headers(scope["headers"])
    method = read_method(scope["method"], headers)
    path = _PATH.fullmatch(scope["path"])
    if path is None:
        raise not_found()
    check_origin(scope.get("scheme", "http"), headers)
    if method == "OPTIONS":
        return responses.supported()
    check_version(headers)
    response = await _call_handler(method, path[1], headers, body)
    database_outage.report(None)  # every handler reads the database
    return response


async def _call_handler(method: str, item_id: str | None, headers: Headers, body: RequestBody) -> TusResponse:
    if item_id is None and method == "POST":
        return await handlers.post(headers, body)
    if item_id is not None and method in ITEM_HANDLERS:
        return await ITEM_HANDLERS[method](int(item_id), headers, body)
    raise TusError(405, "tus.method")
