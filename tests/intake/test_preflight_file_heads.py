"""A client may send only the start of a file first, so that an unsupported file is refused before the rest is sent."""

from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from batches.intake.preflight import SAMPLE_BYTES
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.films import film
from tests.support.images import encoded, textured

pytestmark = pytest.mark.django_db(transaction=True)
PHOTO = b"8BPS\0\x01" + bytes(4000)


def transport_stream() -> bytes:
    return film("mpegts", codec="mpeg2video", rate=25, frames=25)


def stream_of_a_camcorder() -> bytes:
    """Return an M2TS file, in which a time stamp of 4 bytes comes before each packet."""
    data = transport_stream()
    return b"".join(bytes(4) + data[at : at + 188] for at in range(0, len(data), 188))


SUPPORTED: dict[str, Callable[[], bytes]] = {
    **{kind: partial(encoded, textured(64, 48), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")},
    "MKV": lambda: film("matroska"),
    "MPEG-TS": transport_stream,
    "M2TS": stream_of_a_camcorder,
}


def sampled(data: bytes, path: str = "Roll/IMG_1.PSD", size: int | None = None) -> dict[str, object]:
    head = b64encode(data[:SAMPLE_BYTES]).decode()
    size = len(data) if size is None else size
    return {"relative_path": path, "filename": path[5:], "size": size, "last_modified": "1000", "head": head}


def preflight(browser: Client, batch: UploadBatch, *sent: dict[str, object]) -> list[dict[str, Any]]:
    answer = browser.post(f"/batches/{batch.id}/unsent/", {"files": sent}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    files: list[dict[str, Any]] = answer.json()["files"]
    return files


def test_file_is_refused_by_its_head_with_its_reason(browser: Client, batch: UploadBatch) -> None:
    files = preflight(browser, batch, sampled(PHOTO))

    assert files[0]["state"] == "refused"
    assert "Photoshop" in files[0]["message"]
    item = batch.items.get()
    assert (item.status, item.error_code, item.size) == ("failed", "file.unsupported", len(PHOTO))
    assert_counters_match(batch)


def test_repeated_request_returns_the_same_and_counts_once(browser: Client, batch: UploadBatch, tus: TusClient) -> None:
    files = [preflight(browser, batch, sampled(PHOTO)) for _ in range(2)]

    assert files[0] == files[1]
    assert tus.create(batch.id, "IMG_1.PSD", len(PHOTO), relative_path="Roll/IMG_1.PSD").status == 422
    batch.refresh_from_db()
    assert (batch.total, batch.failed) == (1, 1)


@pytest.mark.parametrize("kind", SUPPORTED)
def test_supported_file_must_be_sent(browser: Client, batch: UploadBatch, kind: str) -> None:
    assert preflight(browser, batch, sampled(SUPPORTED[kind]()))[0]["state"] == "unknown"
    assert not batch.items.exists()


@pytest.mark.parametrize("size", [0, 3, SAMPLE_BYTES - 1])
def test_head_of_the_wrong_length_refuses_nothing(browser: Client, batch: UploadBatch, size: int) -> None:
    assert preflight(browser, batch, sampled(PHOTO, size=size))[0]["state"] == "unknown"
    assert not batch.items.exists()


def test_partial_file_of_a_refused_file_is_removed(
    browser: Client, batch: UploadBatch, tus: TusClient, partial_root: Path
) -> None:
    made = tus.create(batch.id, "IMG_1.PSD", len(PHOTO), relative_path="Roll/IMG_1.PSD")
    tus.patch(made.headers["location"], 0, PHOTO[:100])

    files = preflight(browser, batch, sampled(PHOTO))

    assert files[0]["state"] == "refused"
    assert not list(partial_root.iterdir())


@pytest.mark.parametrize("head", [5, "?", "é", None])
def test_head_that_is_not_base64_is_refused(browser: Client, batch: UploadBatch, head: object) -> None:
    content = {"files": [sampled(PHOTO) | {"head": head}]}

    answer = browser.post(f"/batches/{batch.id}/unsent/", content, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "request.malformed")
