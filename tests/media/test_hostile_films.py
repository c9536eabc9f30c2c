"""Hostile videos are read or refused in bounded memory, and the addresses in them are not opened."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.media.conftest import read
from tests.support.hostile_films import CASES, external_data, reference_movie
from tests.support.images import SAMPLES, written
from uploads.errors import PermanentError
from uploads.media.decoder import Decoder, DecoderPool

MAX_MB = 400


def peak_mb(decoder: Decoder) -> float:
    """Return the peak resident memory of a decoder so far, in millions of bytes."""
    status = Path(f"/proc/{decoder._process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


@pytest.mark.parametrize("name", CASES)
def test_hostile_film_ends_with_its_reason(
    name: str, pool: DecoderPool, started: list[Decoder], tmp_path: Path
) -> None:
    make, code = CASES[name]
    path, found = written(tmp_path, make()), ""

    try:
        read(pool, path)
    except PermanentError as error:
        found = error.code

    assert found == code or not code
    assert peak_mb(started[-1]) < MAX_MB
    assert read(pool, SAMPLES / "coffee.jpg").width == 600
    assert len(started) == 1


@pytest.mark.parametrize("make", [external_data, reference_movie])
def test_address_in_a_film_is_not_opened(make: Callable[[int], bytes], pool: DecoderPool, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        path = written(tmp_path, make(listener.getsockname()[1]))

        with suppress(PermanentError):
            read(pool, path)

        with pytest.raises(BlockingIOError):
            listener.accept()
