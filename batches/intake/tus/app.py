"""The endpoint as a raw ASGI application: bodies are read piece by piece, never collected.

POST /tus/ creates, HEAD and PATCH /tus/<item> resume, DELETE gives up, OPTIONS /tus/ tells what is spoken.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from django.db import DatabaseError

from batches.engine.refusals import BatchClosed
from batches.intake.disk_space import disk_fault
from batches.intake.partial_lock import PartialFileBusy
from batches.intake.tus import handlers, responses
from batches.intake.tus import headers as tus
from batches.intake.tus.auth import check_origin
from batches.intake.tus.body import ClientDisconnected, Message, Receive, RequestBody
from batches.intake.tus.protocol_error import TusError, busy, closed, not_found
from batches.intake.tus.responses import TusResponse
from batches.intake.tus.state import UploadState
from batches.intake.tus.threads import in_ending_thread, in_thread

logger = logging.getLogger(__name__)

Send = Callable[[Message], Awaitable[None]]
Result = TypeVar("Result")
Begin = Callable[..., UploadState | None]

# Refusals of one request that leave its upload as it was.
GOES_ON = {408, 409, 413, 460}
_ADDRESS = re.compile(r"/tus/([0-9]{1,18})?", re.ASCII)


async def tus_application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one HTTP request under /tus/. A client that goes away in the middle gets none; what arrived stays."""
    headers = _headers(scope)
    method = tus.read_method(scope["method"], headers)
    try:
        answer = await _answer(method, scope, headers, RequestBody(receive))
    except ClientDisconnected:
        return
    except TusError as error:
        answer = responses.refused(error)
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.lines()})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.text})


async def _answer(method: str, scope: Message, headers: tus.Headers, body: RequestBody) -> TusResponse:
    """Do what is asked and turn every failure into an answer; before that the body is read away. Raises Cut."""
    try:
        return await _route(method, scope, headers, body)
    except ClientDisconnected:
        raise
    except TusError as error:
        failure = error
    except BatchClosed as error:
        failure = closed(error)
    except PartialFileBusy:
        failure = busy()
    except DatabaseError:
        logger.exception("tus: the database does not answer")
        failure = TusError(503, "database.away", "The database does not answer. Nothing is lost, try again soon.")
    except OSError as error:
        logger.warning("tus: the disk refused: %s", error)
        fault = disk_fault(error)
        failure = TusError(507, fault.code, fault.message)
    except Exception:
        logger.exception("tus: unexpected failure")
        words = "The server failed. What was sent is kept, try again; the log of the server says more."
        failure = TusError(500, "server.error", words)
    await body.drain()
    raise failure


async def _route(method: str, scope: Message, headers: tus.Headers, body: RequestBody) -> TusResponse:
    address = _ADDRESS.fullmatch(scope["path"])
    if address is None:
        raise not_found()
    check_origin(scope.get("scheme", "http"), headers)
    if method == "OPTIONS":
        return responses.spoken()
    tus.check_version(headers)
    cookies = headers.get("cookie", "")
    if address[1] is not None:
        return await _go_on(method, cookies, int(address[1]), headers, body)
    if method == "POST":
        creation = tus.read_creation(headers)
        return responses.created(await _take(partial(handlers.create_upload, cookies, creation), creation.first, body))
    raise _wrong_method()


async def _go_on(method: str, cookies: str, item_id: int, headers: tus.Headers, body: RequestBody) -> TusResponse:
    if method == "HEAD":
        return responses.looked(await _unless_whole(partial(handlers.head_upload, cookies, item_id)))
    if method == "PATCH":
        patch = tus.read_patch(headers)
        return responses.received(await _take(partial(handlers.patch_upload, cookies, item_id, patch), patch, body))
    if method == "DELETE":
        await in_ending_thread(handlers.terminate_upload, cookies, item_id)
        return TusResponse(204)
    raise _wrong_method()


async def _take(begin: Begin, patch: tus.Patch | None, body: RequestBody) -> UploadState:
    """Give the body to what `begin` opens, at once where it is small; the part is given back in any case."""
    sending = handlers.Transfer()
    try:
        whole = await body.whole(patch.declared) if patch else None
        if whole is None:
            place = await _unless_whole(partial(begin, sending, None))
        else:  # it may end its file in the same call
            place = await in_ending_thread(begin, sending, whole)
        if place is None:
            await body.write_to(sending.opened[1])
            place = await in_ending_thread(handlers.finish_transfer, sending)
    except TusError as error:
        if error.status in GOES_ON:
            error.expires = sending.expires()
        raise
    finally:
        sending.close()
    await body.drain()
    return place


async def _unless_whole(call: Callable[..., Result]) -> Result:
    """Make a call of `work`; where it finds all of a file here, make it again on a thread on which files may end."""
    try:
        return await in_thread(call, ends=False)
    except handlers.CompleteFileFound:
        return await in_ending_thread(call)


def _headers(scope: Message) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        # Browsers may split cookies over several headers (RFC 9113, 8.2.3).
        headers[key] = f"{headers[key]}{'; ' if key == 'cookie' else ','}{text}" if key in headers else text
    return headers


def _wrong_method() -> TusError:
    return TusError(405, "tus.method", "Use POST /tus/, HEAD, PATCH and DELETE /tus/<number>, OPTIONS.")
