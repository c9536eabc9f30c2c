"""Create folders of pictures for upload tests, and check which files arrived."""

import re
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, Request

from batches.engine.lifecycle import open_batch, seal_batch
from batches.intake.local_files import inspect_file
from batches.intake.register import announce_files
from batches.models import UploadBatch
from tests.support.images import encoded, textured
from tests.support.local_files import receive_path
from uploads.models import Upload
from uploads.storage import local_copy

BATCH = re.compile(r"/batches/\d+/$")


def make_folder(folder: Path, files: int, size: int = 2000) -> Path:
    """Create a folder of `files` different JPEGs of about `size` bytes each. The same arguments give the same bytes."""
    folder.mkdir(parents=True)
    picture = encoded(textured(32, 24), "JPEG")
    for number in range(files):
        tail = f"{number:06}".encode().ljust(max(6, size - len(picture) + number % 997), b".")
        (folder / f"IMG_{number:04}.JPG").write_bytes(picture + tail)
    return folder


def interrupted_upload(owner: User, folder: Path, received: int) -> UploadBatch:
    """Create the batch of an upload that was interrupted after it had sent `received` of the folder's files."""
    paths = {f"{folder.name}/{path.name}": path for path in sorted(folder.iterdir())}
    batch = open_batch(owner.id, folder.name, expected_items=len(paths))
    announce_files(batch, [inspect_file(path, name).file for name, path in paths.items()])
    for name, path in list(paths.items())[:received]:
        receive_path(batch, path, name)
    return batch


def processed_upload(owner: User, folder: Path) -> UploadBatch:
    """Create a sealed batch of the folder's files, and mark all pictures as processed."""
    batch = interrupted_upload(owner, folder, len(list(folder.iterdir())))
    seal_batch(batch.id)
    Upload.objects.update(processed_at=timezone.now())
    return batch


def choose_folder(page: Page, folder: Path) -> None:
    """Choose a folder, as a user does in the system's file dialog."""
    page.locator("#folder-input").set_input_files(folder)


def assert_all_arrived(batch: UploadBatch, folder: Path) -> None:
    """Check that the batch has every non-empty JPEG once, with its relative path and its exact bytes."""
    sources = {
        f"{folder.name}/{path.relative_to(folder)}": path for path in folder.rglob("*.JPG") if path.stat().st_size
    }
    items = list(batch.items.exclude(status="ignored").select_related("upload"))
    assert len(items) == len(sources)
    assert {item.relative_path for item in items} == set(sources)
    for item in items:
        assert item.upload is not None, item.relative_path
        with local_copy(item.upload.key) as stored:
            assert stored.read_bytes() == sources[item.relative_path].read_bytes()


def has_body(request: Request) -> bool:
    """Return whether a request to the tus server sends file data."""
    return request.headers.get("content-type") == "application/offset+octet-stream"


class SentRequests:
    """Counts a page's requests that create uploads, and those that send file data."""

    def __init__(self, page: Page) -> None:
        self.bodies = 0
        self.creations = 0
        page.on("request", self._count)

    def _count(self, request: Request) -> None:
        if "/tus/" in request.url:
            self.creations += request.method == "POST"
            self.bodies += has_body(request)
