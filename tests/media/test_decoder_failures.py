"""What happens if a decoder cannot start, ends early, or does not exit when it is killed."""

import errno
import gc
import os
import sys
from pathlib import Path

import pytest

from tests.media.conftest import read
from tests.support.images import SAMPLES
from tests.support.processes import alive
from tests.support.waiting import wait_until
from uploads.errors import EnvironmentalError
from uploads.media.decoder import Decoder, DecoderPool
from uploads.media.image import MAX_PIXELS

PICTURE = SAMPLES / "coffee.jpg"


def open_descriptors() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


def run_instead(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make new decoders run the Python code `program` instead. Its third argument is the socket's file descriptor."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable} -IS\n{program}")
    path.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(path))


@pytest.mark.parametrize(
    "call", ["socket.socketpair", "os.memfd_create", "os.ftruncate", "fcntl.fcntl", "subprocess.Popen"]
)
def test_decoder_that_cannot_be_started_is_an_outage(
    call: str, pool: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    gc.collect()  # closes files that earlier tests left open
    before = open_descriptors()
    monkeypatch.setattr(call, refuse)

    with pytest.raises(EnvironmentalError, match=r"decoder\.unavailable: .* Cannot allocate memory"):
        read(pool, PICTURE)

    assert open_descriptors() <= before


def test_decoder_that_ends_before_it_is_ready_is_an_outage(
    pool: DecoderPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead("raise SystemExit(3)", tmp_path, monkeypatch)

    with pytest.raises(EnvironmentalError, match=r"decoder\.unavailable: .* status 3"):
        read(pool, PICTURE)


def test_decoder_that_closes_its_socket_but_runs_is_killed(
    pool: DecoderPool, started: list[Decoder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import os, signal, sys\nos.close(int(sys.argv[3]))\nsignal.pause()"
    run_instead(program, tmp_path, monkeypatch)
    monkeypatch.setattr("uploads.media.decoder.EXIT_SECONDS", 0.1)

    with pytest.raises(EnvironmentalError, match=r"decoder\.unavailable"):
        read(pool, PICTURE)

    wait_until(lambda: not alive(started[0]._process.pid))


def test_decoder_that_cannot_be_killed_is_replaced(
    pool: DecoderPool, started: list[Decoder], endless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise InterruptedError

    read(pool, PICTURE)
    process = started[0]._process
    with monkeypatch.context() as without_kill:
        without_kill.setattr(process, "kill", lambda: None)
        without_kill.setattr("uploads.media.decoder.EXIT_SECONDS", 0.1)
        with pytest.raises(InterruptedError):
            pool.read_picture(endless, MAX_PIXELS, stop)
    assert alive(process.pid)

    assert read(pool, PICTURE).width == 600
    assert len(started) == 2
