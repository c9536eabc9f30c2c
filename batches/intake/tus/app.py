"""The tus endpoint. It is a raw ASGI application, because Django receives a whole body before it calls a view.

POST /tus/ creates an upload, HEAD and PATCH /tus/<item> resume it, DELETE /tus/<item> withdraws it, and OPTIONS /tus/
lists the supported extensions and limits.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial

from django.db import InterfaceError, InternalError, OperationalError

from batches.intake.partial_file import PartialFileBusy
from batches.intake.tus import handlers, responses
from batches.intake.tus.auth import check_origin
from batches.intake.tus.body import ClientDisconnected, Message, Receive, RequestBody
from batches.intake.tus.headers import Headers, check_version, read_creation, read_headers, read_method, read_patch
from batches.intake.tus.protocol_error import TusError, disk_error, not_found, refused
from batches.intake.tus.responses import TusResponse
from batches.intake.tus.state import UploadState
from batches.intake.tus.threads import in_finalize_thread, in_thread
from uploads.errors import CodedError
from uploads.outage_log import OutageLog
from uploads.request_origin import client_scheme

logger = logging.getLogger(__name__)
database_outage = OutageLog(logger, "tus: the database is not available: %s", "tus: the database is available again.")

Send = Callable[[Message], Awaitable[None]]

# HTTP statuses after which the client can resume the upload, so the error response says when the upload expires.
CONTINUABLE = {408, 409, 413, 460}
_PATH = re.compile(r"/tus/([0-9]{1,18})?", re.ASCII)


async def tus_application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one HTTP request under /tus/. If the client disconnects, send no response.

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
    cookies = headers.get("cookie", "")
    if path[1] is not None:
        return await _route_upload(method, cookies, int(path[1]), headers, body)
    if method == "POST":
        creation = read_creation(headers)
        transfer = handlers.Transfer(creation.first)
        return responses.created(await _transfer(partial(handlers.create_upload, cookies, creation), transfer, body))
    raise _wrong_method()


async def _route_upload(method: str, cookies: str, item_id: int, headers: Headers, body: RequestBody) -> TusResponse:
    if method == "HEAD":
        transfer = handlers.Transfer()
        return responses.head(await _transfer(partial(handlers.head_upload, cookies, item_id), transfer, body))
    if method == "PATCH":
        transfer = handlers.Transfer(read_patch(headers))
        return responses.patched(await _transfer(partial(handlers.patch_upload, cookies, item_id), transfer, body))
    if method == "DELETE":
        await in_finalize_thread(handlers.withdraw_upload, cookies, item_id)
        return TusResponse(204)
    raise _wrong_method()


async def _transfer(start: handlers.Start, transfer: handlers.Transfer, body: RequestBody) -> UploadState:
    """Handle the request and its body. All requests that get this far read the database."""
    try:
        state = await _handle(start, transfer, body)
        database_outage.report(None)
        return state
    except CodedError as raised:
        error = refused(raised)
        if error.status in CONTINUABLE:
            error.expires = transfer.expires()
        raise error from None
    finally:
        transfer.close()


async def _handle(start: handlers.Start, transfer: handlers.Transfer, body: RequestBody) -> UploadState:
    """Run the handler, write the body and run `handlers.finish`.

    If the body is small and complete, all three steps run in one call on one thread.
    """
    data = await body.read_small(transfer.patch.declared) if transfer.patch else None
    if data is not None:
        return await in_finalize_thread(handlers.run_whole, start, transfer, data)
    state = await in_thread(start, transfer)
    if transfer.writer is not None:
        await body.write_to(transfer.writer)
    if state is None:
        state = await in_finalize_thread(handlers.finish, transfer)
    return state


def _wrong_method() -> TusError:
    return TusError(405, "tus.method")
