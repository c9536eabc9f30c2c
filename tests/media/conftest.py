"""Fixtures for the decoder tests: a pool, the decoders that it starts, and a file that blocks a decoder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from uploads.media.decoder import Decoder, DecoderPool
from uploads.media.image import MAX_PIXELS, Picture


def read(pool: DecoderPool, path: Path) -> Picture:
    """Decode the picture at `path` with `pool`, without cancelling."""
    return pool.read_picture(path, MAX_PIXELS, lambda: None)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Decoder]]:
    """All decoders that the test has started."""
    decoders: list[Decoder] = []

    def start() -> Decoder:
        decoders.append(Decoder())
        return decoders[-1]

    monkeypatch.setattr("uploads.media.decoder.Decoder", start)
    yield decoders
    for decoder in decoders:
        decoder.close()


@pytest.fixture
def pool(started: list[Decoder]) -> DecoderPool:
    return DecoderPool()


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A file that blocks its decoder, because opening it waits for a writer."""
    path = tmp_path / "endless"
    os.mkfifo(path)
    return path
