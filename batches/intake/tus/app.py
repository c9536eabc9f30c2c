"""The tus endpoint: a raw ASGI application, so that bodies are read piece by piece and never collected in memory.

POST /tus/ creates an upload, HEAD and PATCH /tus/<item> resume it, DELETE withdraws it, OPTIONS /tus/ lists what is
supported.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial

from django.db import DatabaseError

from batches.engine.refusals import BatchClosed
from batches.intake.disk_space import disk_fault
from batches.intake.partial_file import PartialFileBusy
from batches.intake.tus import handlers, responses
from batches.intake.tus import headers as tus
from batches.intake.tus.auth import check_origin
from batches.intake.tus.body import ClientDisconnected, Message, Receive, RequestBody
from batches.intake.tus.protocol_error import TusError, busy, closed, not_found
from batches.intake.tus.responses import TusResponse
from batches.intake.tus.state import UploadState
from batches.intake.tus.threads import in_finalize_thread, in_thread

logger = logging.getLogger(__name__)

Send = Callable[[Message], Awaitable[None]]

# After these errors the upload can be resumed, so the response says when it expires.
CONTINUABLE = {408, 409, 413, 460}
_PATH = re.compile(r"/tus/([0-9]{1,18})?", re.ASCII)


async def tus_application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one HTTP request under /tus/. A client that disconnects gets no response; what was received is kept.

    The body is read to its end before the response is sent; otherwise a client might not read the response.
    """
    body = RequestBody(receive)
    try:
        response = await _respond(scope, body)
        await body.drain()
    except ClientDisconnected:
        return
    await send({"type": "http.response.start", "status": response.status, "headers": response.header_lines()})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.text})


async def _respond(scope: Message, body: RequestBody) -> TusResponse:
    """Return the response; errors become responses, too. Raises ClientDisconnected."""
    try:
        return await _route(scope, body)
    except ClientDisconnected:
        raise
    except TusError as raised:
        error = raised
    except BatchClosed as raised:
        error = closed(raised)
    except PartialFileBusy:
        error = busy()
    except DatabaseError:
        logger.exception("tus: the database is not available")
        error = TusError(503, "database.away", "The database is not available. Nothing is lost; try again soon.")
    except OSError as raised:
        logger.warning("tus: disk error: %s", raised)
        fault = disk_fault(raised)
        error = TusError(507, fault.code, fault.message)
    except Exception:
        logger.exception("tus: unexpected error")
        message = "The server failed; its log says why. What was received is kept; try again."
        error = TusError(500, "server.error", message)
    return responses.failed(error)


async def _route(scope: Message, body: RequestBody) -> TusResponse:
    headers = tus.read_headers(scope["headers"])
    method = tus.read_method(scope["method"], headers)
    path = _PATH.fullmatch(scope["path"])
    if path is None:
        raise not_found()
    check_origin(scope.get("scheme", "http"), headers)
    if method == "OPTIONS":
        return responses.supported()
    tus.check_version(headers)
    cookies = headers.get("cookie", "")
    if path[1] is not None:
        return await _route_upload(method, cookies, int(path[1]), headers, body)
    if method == "POST":
        creation = tus.read_creation(headers)
        transfer = handlers.Transfer(creation.first)
        return responses.created(await _transfer(partial(handlers.create_upload, cookies, creation), transfer, body))
    raise _wrong_method()


async def _route_upload(
    method: str, cookies: str, item_id: int, headers: tus.Headers, body: RequestBody
) -> TusResponse:
    if method == "HEAD":
        transfer = handlers.Transfer()
        return responses.head(await _transfer(partial(handlers.head_upload, cookies, item_id), transfer, body))
    if method == "PATCH":
        transfer = handlers.Transfer(tus.read_patch(headers))
        return responses.patched(await _transfer(partial(handlers.patch_upload, cookies, item_id), transfer, body))
    if method == "DELETE":
        await in_finalize_thread(handlers.withdraw_upload, cookies, item_id)
        return TusResponse(204)
    raise _wrong_method()


async def _transfer(start: handlers.Start, transfer: handlers.Transfer, body: RequestBody) -> UploadState:
    """Run a handler, its body and `handlers.finish`: in one call if the body is small and complete."""
    try:
        data = await body.read_small(transfer.patch.declared) if transfer.patch else None
        if data is not None:
            return await in_finalize_thread(handlers.run_whole, start, transfer, data)
        state = await in_thread(start, transfer)
        if transfer.writer is not None:
            await body.write_to(transfer.writer)
        if state is None:
            state = await in_finalize_thread(handlers.finish, transfer)
        return state
    except TusError as error:
        if error.status in CONTINUABLE:
            error.expires = transfer.expires()
        raise
    finally:
        transfer.close()


def _wrong_method() -> TusError:
    return TusError(405, "tus.method", "Use POST /tus/, HEAD, PATCH or DELETE /tus/<number>, or OPTIONS.")
