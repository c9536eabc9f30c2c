"""The endpoint as a raw ASGI application: bodies are read piece by piece, never collected.

POST /tus/ creates, HEAD and PATCH /tus/<item> resume, DELETE gives up, OPTIONS /tus/ tells what is spoken. No CORS
headers: only pages of this site may use it.
"""

import logging
import re
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.db import DatabaseError

from batches.intake.parts import PartBusy
from batches.intake.receive import DISK_FULL, FULL_WORDS
from batches.intake.tus import headers as tus
from batches.intake.tus import work
from batches.intake.tus.body import Body, Cut, Message, Receive
from batches.intake.tus.errors import TusError, busy, not_found
from batches.intake.tus.origin import check_origin
from batches.intake.tus.threads import in_thread

logger = logging.getLogger(__name__)

Send = Callable[[Message], Awaitable[None]]
Answer = tuple[int, dict[str, str], bytes]

_ADDRESS = re.compile(r"/tus/([0-9]{1,18})?", re.ASCII)


async def tus_application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one HTTP request under /tus/. A client that goes away in the middle gets none; what arrived stays."""
    try:
        status, extra, body = await _answer(scope, Body(receive))
    except Cut:
        return
    except TusError as error:
        status, extra, body = error.status, {}, error.body
    # HEAD has no body, and a file's words are never to be taken for a page.
    common = {"Tus-Resumable": tus.VERSION, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if status == 412:
        common["Tus-Version"] = tus.VERSION
    if status != 204:
        common |= {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
    lines = [(name.lower().encode(), value.encode()) for name, value in (common | extra).items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _answer(scope: Message, body: Body) -> Answer:
    """Do what is asked and turn every failure into an answer; before that the body is read away. Raises Cut."""
    try:
        return await _route(scope, body)
    except Cut:
        raise
    except TusError as error:
        failure = error
    except PartBusy:
        failure = busy()
    except DatabaseError:
        logger.exception("tus: the database does not answer")
        failure = TusError(503, "database.away", "The database does not answer. Nothing is lost, try again soon.")
    except OSError as error:
        logger.warning("tus: the disk refused: %s", error)
        full = error.errno in DISK_FULL
        failure = TusError(507, "storage.full", FULL_WORDS) if full else _failed("storage.away", "storage")
    except Exception:
        logger.exception("tus: unexpected failure")
        failure = _failed("server.error", "server")
    await body.drain()
    raise failure


async def _route(scope: Message, body: Body) -> Answer:
    headers = _headers(scope)
    address = _ADDRESS.fullmatch(scope["path"])
    if address is None:
        raise not_found()
    method, item = scope["method"], address[1]
    check_origin(scope.get("scheme", "http"), headers)
    if method == "OPTIONS":
        facts = {"Tus-Version": tus.VERSION, "Tus-Extension": tus.EXTENSIONS}
        return 204, facts | {"Tus-Max-Size": str(settings.MAX_FILE_BYTES)}, b""
    tus.check_version(headers)
    cookies = headers.get("cookie", "")
    if method == "POST" and item is None:
        return await _create(cookies, headers)
    if method == "HEAD" and item is not None:
        place = await in_thread(work.look, cookies, int(item))
        return 200, {"Upload-Offset": str(place.offset), "Upload-Length": str(place.length)}, b""
    if method == "PATCH" and item is not None:
        return await _patch(cookies, int(item), tus.read_patch(headers), body)
    if method == "DELETE" and item is not None:
        await in_thread(work.withdraw, cookies, int(item))
        return 204, {}, b""
    raise TusError(405, "tus.method", "Use POST /tus/, HEAD, PATCH and DELETE /tus/<number>, OPTIONS.")


async def _create(cookies: str, headers: tus.Headers) -> Answer:
    place = await in_thread(work.create, cookies, tus.read_creation(headers))
    facts = {"Location": f"/tus/{place.item_id}", "Upload-Offset": str(place.offset)}
    return 201, facts, place.note.encode()


async def _patch(cookies: str, item_id: int, patch: tus.Patch, body: Body) -> Answer:
    begun = await in_thread(work.begin, cookies, item_id, patch)
    if isinstance(begun, work.Place):
        await body.drain()
        return 204, {"Upload-Offset": str(begun.offset)}, b""
    item, reception = begun
    try:
        await body.write_to(reception)
        offset = reception.part.size
        if reception.complete:
            offset = (await in_thread(work.finish, item, reception.part)).offset
    finally:
        reception.part.close()
    return 204, {"Upload-Offset": str(offset)}, b""


def _headers(scope: Message) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        # Browsers may split cookies over several headers (RFC 9113, 8.2.3).
        headers[key] = f"{headers[key]}{'; ' if key == 'cookie' else ','}{text}" if key in headers else text
    return headers


def _failed(code: str, what: str) -> TusError:
    return TusError(500, code, f"The {what} failed. What was sent is kept, try again; the log of the server says more.")
