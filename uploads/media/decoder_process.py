"""The decoder process: decode files for a worker, one at a time, within limits on memory and CPU time.

The worker starts it with `python -m uploads.media.decoder_process SOCKET MEMORY` (two inherited file descriptors) and
kills it to stop decoding. The decoder process ends when the worker ends.
"""

import ctypes
import gc
import math
import resource
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from uploads.errors import CodedError, PermanentError
from uploads.media.decoder_messages import (
    MAX_MESSAGE,
    PIXEL_BYTES,
    READY,
    decode_request,
    encode_bug,
    encode_error,
    encode_picture,
)
from uploads.media.formats import VIDEOS
from uploads.media.image import LONGEST_SIDE, Picture, read_head, read_picture
from uploads.media.image_header import load_readers
from uploads.media.limits import WORKING_MEMORY, cpu_budget
from uploads.media.sniff import sniff
from uploads.media.system_calls import forbid_system_calls

if VIDEOS:
    from uploads.media.film import read_film  # loads FFmpeg, so only decoder processes import it

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
# Covers what WORKING_MEMORY leaves out: buffers, the reduced picture and fragmentation.
_SPARE_BYTES = 48 * 2**20
_MAX_OPEN_FILES = 32
_STACK_BYTES = 2**20


def main() -> None:
    """Set the limits of this process, then answer requests until the worker closes the socket."""
    settings.configure(USE_I18N=False)  # error messages are in English
    channel, memory = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    _end_with_worker()
    warnings.simplefilter("ignore")  # Pillow warns of damage that it tolerates
    load_readers()
    threading.stack_size(_STACK_BYTES)  # the default, 8 MiB, would take address space from large pictures
    gc.freeze()  # keeps later collections short
    _limit_memory()
    _limit_files()
    forbid_system_calls()
    channel.send(READY)
    while request := channel.recv(MAX_MESSAGE):
        channel.send(_answer(*decode_request(request), memory))
        gc.collect()  # a video's decoder is part of a reference cycle, and may hold 100 MB
        gc.freeze()  # the next collection skips modules that were loaded for this picture


def _answer(path: Path, max_pixels: int, longest: int, memory: int) -> bytes:
    try:
        limit_cpu(cpu_budget(_size(path)))
        picture = read_media(path, max_pixels, lambda pixels: limit_cpu(cpu_budget(pixels=pixels)), longest)
        return encode_picture(picture, memory)
    except CodedError as error:
        return encode_error(error)
    except Exception as error:  # noqa: BLE001 (the worker logs it)
        # Python raises RuntimeError if there is no memory for the stack of a thread.
        if isinstance(error, MemoryError) or "start new thread" in str(error):
            pixels = "more pixels than fit into the memory of a decoder"
            return encode_error(PermanentError("image.bomb", pixels=pixels, limit=max_pixels // 1_000_000))
        return encode_bug(traceback.format_exc())


def read_media(
    path: Path, max_pixels: int, before_decoding: Callable[[int], None], longest: int = LONGEST_SIDE
) -> Picture:
    """Return the picture or video at `path`. `longest` applies only to pictures.

    Raises what read_picture and read_film raise.
    """
    mime_type = sniff(read_head(path))
    if mime_type in VIDEOS:
        return read_film(path, str(mime_type), max_pixels, before_decoding)
    return read_picture(path, max_pixels, before_decoding, longest)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading the file will report the error


def limit_cpu(seconds: float) -> None:
    """Have the kernel kill this process (SIGXCPU) after another `seconds` of CPU time, rounded up."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    _limit(resource.RLIMIT_CPU, limit, final=False)


def _limit_memory() -> None:
    """Limit memory to current use, WORKING_MEMORY and a reserve. Disable core dumps, which would take seconds."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + WORKING_MEMORY + _SPARE_BYTES, final=True)
    _limit(resource.RLIMIT_CORE, 0, final=True)


def _limit_files() -> None:
    """Limit the number of open files, and the size of each written file to PIXEL_BYTES."""
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES, final=True)
    _limit(resource.RLIMIT_FSIZE, PIXEL_BYTES, final=True)


def _limit(kind: int, value: int, *, final: bool) -> None:
    """Set a limit, but not above an inherited one. If `final`, this process cannot raise it again."""
    hard = resource.getrlimit(kind)[1]
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (allowed, allowed if final else hard))


def _end_with_worker() -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # These signals may reach the whole process group, but the worker decides when its decoder ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    main()
