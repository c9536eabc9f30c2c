"""Decoder processes return the same results as decoding in the worker, and can be killed at any time."""

import os
import resource
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.conftest import read
from tests.support.endless_file import reader_waits
from tests.support.films import film
from tests.support.images import SAMPLES, encoded, textured, written
from tests.support.processes import alive
from tests.support.waiting import wait_until
from uploads.errors import CodedError, EnvironmentalError, PermanentError
from uploads.media.decoder import Decoder, DecoderPool
from uploads.media.decoder_process import read_media
from uploads.media.image import MAX_PIXELS, read_picture
from uploads.media.limits import WORKING_MEMORY, cpu_budget


def latest_pid(started: list[Decoder]) -> int:
    return started[-1]._process.pid


def error_after(pool: DecoderPool, started: list[Decoder], path: Path, signals: list[signal.Signals]) -> CodedError:
    """For each signal in `signals`, kill the decoder that tries to read `path`; return the reader's error."""
    with ThreadPoolExecutor() as executor:
        reading = executor.submit(read, pool, path)
        for sent in signals:
            with reader_waits(path):
                pid = latest_pid(started)
                os.kill(pid, sent)
                wait_until(lambda pid=pid: not alive(pid), 60)  # type: ignore[misc]
        error = reading.exception(60)
    assert isinstance(error, CodedError)
    return error


def test_decoder_returns_the_same_picture(pool: DecoderPool, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.update({0x0110: "Q2", 0x0112: 6})
    exif.get_ifd(0x8769).update({0x9003: "2024:07:01 18:30:05", 0x9011: "+02:00"})
    path = written(tmp_path, encoded(textured(1600, 1200), "JPEG", exif=exif))

    decoded, expected = read(pool, path), read_picture(path)

    assert (decoded.exif, decoded.metadata) == (expected.exif, expected.metadata)
    assert (decoded.width, decoded.height, decoded.mime_type) == (1200, 1600, "image/jpeg")
    assert np.array_equal(np.asarray(decoded.image), np.asarray(expected.image))


def test_decoder_returns_the_same_film(pool: DecoderPool, tmp_path: Path) -> None:
    path = written(tmp_path, film(pictures=tuple(textured(160, 120, seed) for seed in range(6))))

    decoded, expected = read(pool, path), read_media(path, MAX_PIXELS, lambda pixels: None)

    assert (decoded.exif, decoded.metadata, decoded.duration) == (expected.exif, expected.metadata, 3.0)
    assert len(decoded.frames) == 6
    assert all(one.tobytes() == other.tobytes() for one, other in zip(decoded.frames, expected.frames, strict=True))
    assert decoded.frames.index(decoded.image) == expected.frames.index(expected.image)


def test_decoder_is_used_again(pool: DecoderPool, started: list[Decoder]) -> None:
    read(pool, SAMPLES / "coffee.jpg")

    read(pool, SAMPLES / "chelsea.jpg")

    assert len(started) == 1


def test_memory_of_a_film_is_available_to_the_next_file(
    pool: DecoderPool, started: list[Decoder], tmp_path: Path
) -> None:
    large = Image.new("RGB", (6000, 4000))  # the decoder holds a 72 MB frame, more than its spare memory
    path = written(tmp_path, film("mov", codec="qtrle", pixel_format="rgb24", pictures=(large,)))

    read(pool, path)
    read(pool, SAMPLES / "coffee.jpg")

    pid = latest_pid(started)
    used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    assert len(started) == 1
    assert resource.prlimit(pid, resource.RLIMIT_AS)[0] - used >= WORKING_MEMORY


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [(b"", PermanentError, "file.empty"), (None, EnvironmentalError, "storage.unreadable")],
)
def test_errors_keep_their_kind_and_code(
    data: bytes | None, kind: type[CodedError], code: str, pool: DecoderPool, tmp_path: Path
) -> None:
    path = tmp_path / "missing" if data is None else written(tmp_path, data)

    with pytest.raises(kind) as raised:
        read(pool, path)

    assert raised.value.code == code


def test_stop_kills_the_decoder_that_reads_the_file(pool: DecoderPool, started: list[Decoder], endless: Path) -> None:
    read(pool, SAMPLES / "coffee.jpg")
    pid = latest_pid(started)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        pool.read_picture(endless, MAX_PIXELS, stop)

    wait_until(lambda: not alive(pid))


def test_file_that_exceeds_its_cpu_time_is_refused(pool: DecoderPool, started: list[Decoder], endless: Path) -> None:
    error = error_after(pool, started, endless, [signal.SIGXCPU])

    assert error.code == "image.complex"
    assert read(pool, SAMPLES / "coffee.jpg").width == 600


def test_file_that_crashes_two_decoders_is_refused(pool: DecoderPool, started: list[Decoder], endless: Path) -> None:
    error = error_after(pool, started, endless, [signal.SIGSEGV, signal.SIGSEGV])

    assert error.code == "image.crash"
    assert read(pool, SAMPLES / "coffee.jpg").width == 600


def test_decoder_that_ended_while_idle_is_replaced(pool: DecoderPool, started: list[Decoder]) -> None:
    read(pool, SAMPLES / "coffee.jpg")
    pid = latest_pid(started)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert read(pool, SAMPLES / "coffee.jpg").width == 600


def test_closed_pool_leaves_no_process(pool: DecoderPool, started: list[Decoder]) -> None:
    read(pool, SAMPLES / "coffee.jpg")
    (decoder,) = started

    pool.close()

    assert not decoder.is_usable()


def test_each_thread_decodes_in_a_separate_process(pool: DecoderPool, endless: Path) -> None:
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise InterruptedError

    with ThreadPoolExecutor() as executor:
        waiting = executor.submit(pool.read_picture, endless, MAX_PIXELS, check)
        width = read(pool, SAMPLES / "coffee.jpg").width
        stopped.set()

        assert isinstance(waiting.exception(60), InterruptedError)
    assert width == 600


def test_kernel_limits_the_decoder(pool: DecoderPool, started: list[Decoder]) -> None:
    read(pool, SAMPLES / "coffee.jpg")
    pid = latest_pid(started)

    assert resource.prlimit(pid, resource.RLIMIT_CPU)[0] <= 10 + cpu_budget(pixels=600 * 400)
    assert 0 < resource.prlimit(pid, resource.RLIMIT_AS)[0] < 4 * WORKING_MEMORY


def test_decoder_inherits_no_passwords(
    pool: DecoderPool, started: list[Decoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for decoders")
    read(pool, SAMPLES / "coffee.jpg")
    pid = latest_pid(started)

    assert b"not for decoders" not in Path(f"/proc/{pid}/environ").read_bytes()
