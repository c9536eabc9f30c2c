"""Hostile pictures in many formats have the expected outcome, and their decoders use only a fixed amount of memory."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.conftest import read
from tests.support.hostile_stills import CASES, JPEG, READ
from tests.support.images import written
from uploads.errors import CodedError
from uploads.media.decoder import Decoder, DecoderPool

logger = logging.getLogger(__name__)
"""Run pytest with --log-cli-level=INFO to see each file's outcome, the decoders' peak memory so far, and the time."""

MAX_MEGABYTES = 400


@pytest.fixture(scope="module")
def shared_pool() -> Iterator[DecoderPool]:
    """One pool for all files, so that a decoder reads many files one after the other."""
    pool = DecoderPool()
    yield pool
    while pool._idle:
        pool._idle.pop().close()


@pytest.mark.parametrize("name", CASES)
def test_hostile_picture_is_bounded(name: str, shared_pool: DecoderPool, tmp_path: Path) -> None:
    expected, make = CASES[name]
    path = written(tmp_path, make(), "IMG_1.jpg")
    start = time.monotonic()

    outcome = _outcome(shared_pool, path)

    megabytes = max((_peak_megabytes(decoder) for decoder in shared_pool._idle), default=0.0)
    logger.info("%-45s %-18s %4.0f MB %6.2f s", name, outcome, megabytes, time.monotonic() - start)
    assert outcome in expected.split("|")
    assert megabytes <= MAX_MEGABYTES


def test_picture_is_read_after_hostile_ones(shared_pool: DecoderPool, tmp_path: Path) -> None:
    assert read(shared_pool, written(tmp_path, JPEG)).width == 64


def _outcome(pool: DecoderPool, path: Path) -> str:
    try:
        read(pool, path)
    except CodedError as error:
        return error.code
    return READ


def _peak_megabytes(decoder: Decoder) -> float:
    status = Path(f"/proc/{decoder._process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
