"""Decode pictures in child processes, which can be killed at any time and have their own limits.

A picture that crashes a native decoder, needs too much memory or takes too long ends only its decoder process.
"""

import atexit
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from uploads.errors import EnvironmentalError, PermanentError
from uploads.media.decoder_messages import MAX_MESSAGE, READY, create_pixel_memory, decode_reply, encode_request
from uploads.media.image import LONGEST_SIDE, Picture

logger = logging.getLogger(__name__)

ATTEMPTS = 2
POLL_SECONDS = 0.1
"""How often a thread that waits for a decoder checks whether it should stop."""
EXIT_SECONDS = 1.0
"""How long a thread waits for a decoder to exit after the decoder has closed its socket or has been killed."""

_ROOT = Path(__file__).resolve().parents[2]
# The decoder inherits no other environment variables, because these may contain passwords.
_PASSED_VARIABLES = {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR"}
_OWN_VARIABLES = {
    "OPENBLAS_NUM_THREADS": "1",
    # With this and MALLOC_TRIM_THRESHOLD_, glibc does not return picture buffers to the system: allocating them again
    # takes a third of the decoding time.
    "MALLOC_MMAP_THRESHOLD_": str(8 * 2**20),
    # Each thread's arena would take 64 MiB of the limited address space.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": str(24 * 2**20),
    # Large buffers use huge pages, because the kernel takes a tenth of the decoding time to provide small pages.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


class DecoderCrash(Exception):
    """The decoder process ended unexpectedly: native code crashed, or the machine is out of memory."""


class Decoder:
    """A decoder process. Only one thread may use it at a time.

    The constructor raises EnvironmentalError `decoder.unavailable` if the system cannot start the process.
    """

    def __init__(self) -> None:
        self._ready = False
        with ExitStack() as descriptors:
            try:
                self._start(descriptors)
            except OSError as error:
                raise EnvironmentalError("decoder.unavailable", reason=error.strerror) from error
            self._descriptors = descriptors.pop_all()

    def _start(self, opened: ExitStack) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        opened.enter_context(self._channel)
        self._channel.settimeout(POLL_SECONDS)
        with theirs:
            self._memory = create_pixel_memory()
            opened.callback(os.close, self._memory)
            descriptors = (theirs.fileno(), self._memory)
            passed = {name: os.environ[name] for name in _PASSED_VARIABLES & os.environ.keys()}
            self._process = subprocess.Popen(  # noqa: S603 (the arguments are our own)
                [sys.executable, "-m", "uploads.media.decoder_process", *map(str, descriptors)],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                env=passed | _OWN_VARIABLES,
            )

    def is_usable(self) -> bool:
        """Return whether the process is running and can decode another file."""
        return self._channel.fileno() >= 0 and self._process.poll() is None

    def close(self) -> None:
        """Kill the process. Wait at most EXIT_SECONDS: a process that is blocked on a failing disk does not exit."""
        self._process.kill()
        self._descriptors.close()
        if not self._wait():
            # The process becomes a zombie when it ends; Popen reaps it when the next process is started.
            logger.warning("Decoder %d has not ended %g s after it was killed.", self._process.pid, EXIT_SECONDS)

    def decode(self, path: Path, max_pixels: int, check: Callable[[], None], longest: int) -> Picture:
        """Decode the picture at `path`.

        Raises DecoderCrash, and what `DecoderPool.read_picture` raises, except `image.crash`.
        """
        try:
            reply = self._request(encode_request(path, max_pixels, longest), check)
        except BaseException:
            self.close()
            raise
        if not reply:
            raise self._end()
        return decode_reply(reply, self._memory)

    def _request(self, request: bytes, check: Callable[[], None]) -> bytes:
        """Return the reply, or b"" if the process has ended."""
        try:
            self._ready = self._ready or self._receive(check) == READY
            if not self._ready:
                return b""
            self._channel.send(request)
            return self._receive(check)
        except ConnectionError:
            return b""

    def _receive(self, check: Callable[[], None]) -> bytes:
        while True:
            try:
                return self._channel.recv(MAX_MESSAGE)
            except TimeoutError:
                check()

    def _wait(self) -> bool:
        """Wait up to EXIT_SECONDS. Return whether the process has ended."""
        try:
            self._process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _end(self) -> PermanentError | EnvironmentalError | DecoderCrash:
        """Close the decoder, whose process ended without a reply, and return the error to raise."""
        self._wait()  # the exit status becomes available shortly after the socket is closed
        self.close()
        status = self._process.returncode
        if not self._ready:
            return EnvironmentalError("decoder.unavailable", reason=f"it ended with status {status}")
        if status == -signal.SIGXCPU:
            return PermanentError("image.complex", what="content that takes too long to decode")
        return DecoderCrash(f"A decoder ended with status {status}.")


class DecoderPool:
    """A pool of decoder processes, which grows to the number of threads that decode at the same time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Decoder] = []

    def read_picture(
        self, path: Path, max_pixels: int, check: Callable[[], None], longest: int = LONGEST_SIDE
    ) -> Picture:
        """Decode the picture at `path` in a decoder process.

        `check` is called every POLL_SECONDS. If it raises, the decoder is killed and the exception propagates.

        Raises what decoder_process.read_media raises, and PermanentError `image.complex` if the file exceeds its CPU
        time, `image.bomb` if it exceeds the memory, or `image.crash` if it crashes two decoders. Raises
        EnvironmentalError `decoder.unavailable` if a decoder cannot be started, or ends before it is ready for a file,
        and DecoderError for an unexpected exception.
        """
        for _ in range(ATTEMPTS):
            decoder = self._take()
            try:
                return decoder.decode(path, max_pixels, check, longest)
            except DecoderCrash as crash:
                logger.warning("%s", crash)
            finally:
                self._give_back(decoder)
        raise PermanentError("image.crash")

    def _take(self) -> Decoder:
        with self._lock:
            while self._idle:
                decoder = self._idle.pop()
                if decoder.is_usable():
                    return decoder
                decoder.close()
        return Decoder()

    def _give_back(self, decoder: Decoder) -> None:
        if decoder.is_usable():
            with self._lock:
                self._idle.append(decoder)

    def close(self) -> None:
        """Kill the idle decoders."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()


decoders = DecoderPool()
atexit.register(decoders.close)
