"""Handle POST, HEAD, PATCH and DELETE requests.

A request has up to three steps: the start step of its method, writing the body, and `steps.finish`. The steps block, so
they run on threads.
"""

from functools import partial

from batches.intake.tus import responses, steps
from batches.intake.tus.body import RequestBody
from batches.intake.tus.headers import Headers, Patch, read_creation, read_patch
from batches.intake.tus.protocol_error import refused
from batches.intake.tus.responses import TusResponse
from batches.intake.tus.state import UploadState
from batches.intake.tus.threads import in_finalize_thread, in_thread
from uploads.errors import CodedError

# HTTP statuses after which the client can resume the upload, so the error response says when the upload expires.
CONTINUABLE = {408, 409, 413, 460}


async def post(headers: Headers, body: RequestBody) -> TusResponse:
    """Create an upload, or find it if the request is repeated, and receive the file's first bytes, if any."""
    creation = read_creation(headers)
    start = partial(steps.start_post, _cookies(headers), creation)
    return responses.created(await _run(start, creation.first, body))


async def head(item_id: int, headers: Headers, body: RequestBody) -> TusResponse:
    """Return an upload's offset, length and metadata."""
    start = partial(steps.start_head, _cookies(headers), item_id)
    return responses.head(await _run(start, None, body))


async def patch(item_id: int, headers: Headers, body: RequestBody) -> TusResponse:
    """Append the body to the partial file of an upload, and finalize the file if it is complete."""
    sent = read_patch(headers)
    start = partial(steps.start_patch, _cookies(headers), item_id)
    return responses.patched(await _run(start, sent, body))


async def delete(item_id: int, headers: Headers, _body: RequestBody) -> TusResponse:
    """Withdraw an upload that the client cannot send in full."""
    await in_finalize_thread(steps.withdraw_upload, _cookies(headers), item_id)
    return TusResponse(204)


async def _run(start: steps.Start, sent: Patch | None, body: RequestBody) -> UploadState:
    """Run the steps of a request and release its partial file. `sent` describes the body, if there is one."""
    transfer = steps.Transfer(sent)
    try:
        return await _run_steps(start, transfer, body)
    except CodedError as raised:
        error = refused(raised)
        if error.status in CONTINUABLE:
            error.expires = transfer.expires()
        raise error from None
    finally:
        transfer.close()


async def _run_steps(start: steps.Start, transfer: steps.Transfer, body: RequestBody) -> UploadState:
    """Run the start step, write the body and run `steps.finish`.

    If the body is small and complete, all three run in one call on one thread.
    """
    data = await body.read_small(transfer.patch.declared) if transfer.patch else None
    if data is not None:
        return await in_finalize_thread(steps.run_whole, start, transfer, data)
    state = await in_thread(start, transfer)
    if transfer.writer is not None:
        await body.write_to(transfer.writer)
    if state is None:
        state = await in_finalize_thread(steps.finish, transfer)
    return state


def _cookies(headers: Headers) -> str:
    return headers.get("cookie", "")
