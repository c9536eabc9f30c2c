"""Decode pictures in child processes, which can be killed at any time and have limits of their own.

A picture that crashes a native decoder, needs too much memory or takes too long ends only its decoder process.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from uploads.errors import PermanentError
from uploads.media.decoder_messages import MAX_MESSAGE, create_pixel_memory, decode_reply, encode_request
from uploads.media.image import Picture

logger = logging.getLogger(__name__)

ATTEMPTS = 2
POLL_SECONDS = 0.1
"""How often a thread that waits for a decoder checks whether it should stop."""

_ROOT = Path(__file__).resolve().parents[2]
# The decoder gets no other variables of the worker, because they contain passwords.
_PASSED_VARIABLES = {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR"}
# glibc must not return the buffers of each picture to the system: fetching them again costs a third of the decoding.
_OWN_VARIABLES = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(8 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(24 * 2**20),
}


class DecoderCrash(Exception):
    """The decoder process ended by itself: its code failed, or the machine is short of memory."""


class Decoder:
    """A decoder process. Only one thread may use it at a time."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._memory = create_pixel_memory()
        self._channel.settimeout(POLL_SECONDS)
        with theirs:
            descriptors = (theirs.fileno(), self._memory)
            passed = {name: os.environ[name] for name in _PASSED_VARIABLES & os.environ.keys()}
            self._process = subprocess.Popen(  # noqa: S603 (the arguments are our own)
                [sys.executable, "-m", "uploads.media.decoder_process", *map(str, descriptors)],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                env=passed | _OWN_VARIABLES,
            )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def is_running(self) -> bool:
        """Return whether the process runs and is ready for the next file."""
        return self._process.poll() is None

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        self._channel.close()
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1

    def decode(self, path: Path, max_pixels: int, check: Callable[[], None]) -> Picture:
        """Decode the picture at `path`. Raises what `DecoderPool.read_picture` raises."""
        try:
            self._channel.send(encode_request(path, max_pixels))
            reply = self._receive(check)
        except ConnectionError:
            reply = b""
        except BaseException:
            self.close()
            raise
        if not reply:
            raise self._end()
        return decode_reply(reply, self._memory)

    def _receive(self, check: Callable[[], None]) -> bytes:
        while True:
            try:
                return self._channel.recv(MAX_MESSAGE)
            except TimeoutError:
                check()

    def _end(self) -> PermanentError | DecoderCrash:
        """Return the error for a decoder that ended without a reply."""
        status = self._process.wait()
        self.close()
        if status == -signal.SIGXCPU:
            return PermanentError("image.complex", what="content that takes too long to decode")
        return DecoderCrash(f"A decoder ended with status {status}.")


class DecoderPool:
    """The decoder processes of this process: as many as its threads have used at the same time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Decoder] = []
        self._busy: list[Decoder] = []

    def read_picture(self, path: Path, max_pixels: int, check: Callable[[], None]) -> Picture:
        """Decode the picture at `path` in a decoder process.

        `check` is called every POLL_SECONDS; an exception that it raises kills the decoder and reaches the caller.

        Raises what uploads.media.image.read_picture raises, and PermanentError `image.complex` if the file exceeds its
        CPU time or `image.crash` if it crashes two decoders.
        """
        for _ in range(ATTEMPTS):
            decoder = self._take()
            try:
                return decoder.decode(path, max_pixels, check)
            except DecoderCrash as crash:
                logger.warning("%s", crash)
            finally:
                self._give_back(decoder)
        raise PermanentError("image.crash")

    def pids(self) -> list[int]:
        """Return the ids of the decoder processes."""
        with self._lock:
            return [decoder.pid for decoder in self._idle + self._busy]

    def _take(self) -> Decoder:
        with self._lock:
            while self._idle and not self._idle[-1].is_running():
                self._idle.pop().close()
            decoder = self._idle.pop() if self._idle else Decoder()
            self._busy.append(decoder)
            return decoder

    def _give_back(self, decoder: Decoder) -> None:
        with self._lock:
            self._busy.remove(decoder)
            if decoder.is_running():
                self._idle.append(decoder)

    def close(self) -> None:
        """Kill the idle decoders."""
        with self._lock:
            idle, self._idle = self._idle, []
        for decoder in idle:
            decoder.close()


decoders = DecoderPool()
