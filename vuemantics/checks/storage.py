"""System checks of where files are kept."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage, default_storage

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION = re.compile(r"[a-z0-9-]*")
PREFIX = re.compile(r"(?:(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+(?:/(?!$)|$))*")


def check_disks(**_: Any) -> list[CheckMessage]:
    """On a disk a received file gets its place by a link, which cannot cross disks; a bucket is given its bytes."""
    if settings.S3.bucket or not isinstance(default_storage, FileSystemStorage):
        return []
    if _disk(settings.PARTIAL_ROOT) == _disk(settings.MEDIA_ROOT):
        return []
    words = f"{settings.PARTIAL_ROOT} and {settings.MEDIA_ROOT} are on different disks."
    hint = "Set VUEMANTICS_PARTIAL_DIR to a folder beside VUEMANTICS_MEDIA: received files move there without copying."
    return [Error(words, hint=hint, id="vuemantics.E006")]


def _disk(folder: Path) -> int:
    """The device of a folder, or of the nearest parent that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_dev


def check_media_location(**_: Any) -> list[CheckMessage]:
    """nginx would look for the files beside their folder."""
    location = settings.MEDIA_ACCEL
    if not location or (len(location) > 1 and location.startswith("/") and location.endswith("/")):
        return []
    hint = "Set VUEMANTICS_MEDIA_ACCEL to the path of nginx's internal location, such as /protected/"
    words = f"VUEMANTICS_MEDIA_ACCEL must begin and end with a slash, not be “{location}”."
    return [Error(words, hint=hint, id="vuemantics.E009")]


def check_bucket_is_meant(**_: Any) -> list[CheckMessage]:
    """Without a bucket files would go to the disk, unlike what the other variables say."""
    s3 = settings.S3
    others = {"ENDPOINT": s3.endpoint, "REGION": s3.region, "PREFIX": s3.prefix}
    if s3.bucket or not any(others.values()):
        return []
    named = " and ".join(f"VUEMANTICS_S3_{name}" for name, value in others.items() if value)
    hint = "Set VUEMANTICS_S3_BUCKET to the bucket's name, or unset the others to keep files on the disk."
    return [Error(f"{named} set, but no VUEMANTICS_S3_BUCKET.", hint=hint, id="vuemantics.E010")]


def check_bucket(**_: Any) -> list[CheckMessage]:
    """What the bucket's server would refuse, or browsers."""
    s3 = settings.S3
    if not s3.bucket:
        return []
    found = [
        (
            not BUCKET.fullmatch(s3.bucket),
            f"VUEMANTICS_S3_BUCKET is “{s3.bucket}”, which is no name of a bucket.",
            "Write its name alone: 3 to 63 small letters, digits, dots and hyphens.",
        ),
        (
            not PREFIX.fullmatch(s3.prefix),
            f"VUEMANTICS_S3_PREFIX is “{s3.prefix}”, which cannot be put before names.",
            "Write it without a slash at its ends, such as vuemantics or home/photos.",
        ),
        (
            not REGION.fullmatch(s3.region),
            f"VUEMANTICS_S3_REGION is “{s3.region}”, which is no region.",
            "Write its short name, such as eu-central-1.",
        ),
        (
            not (s3.endpoint or s3.region),
            "VUEMANTICS_S3_BUCKET is set, but neither VUEMANTICS_S3_REGION nor VUEMANTICS_S3_ENDPOINT.",
            "Set VUEMANTICS_S3_REGION for Amazon, VUEMANTICS_S3_ENDPOINT for a server of another maker.",
        ),
        (
            not (s3.access_key and s3.secret_key),
            "VUEMANTICS_S3_BUCKET is set, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both.",
            "Set both to a key that may get, put, delete and list in this bucket.",
        ),
        (
            bool(settings.MEDIA_ACCEL),
            "VUEMANTICS_MEDIA_ACCEL and VUEMANTICS_S3_BUCKET are both set.",
            "Unset VUEMANTICS_MEDIA_ACCEL: browsers fetch files from the bucket's server, not through nginx.",
        ),
        (
            settings.HTTPS and s3.endpoint.startswith("http:"),
            "VUEMANTICS_HTTPS is on and VUEMANTICS_S3_ENDPOINT has no HTTPS: browsers would block the pictures.",
            "Set VUEMANTICS_S3_ENDPOINT to an address that begins with https://.",
        ),
    ]
    return [Error(words, hint=hint, id="vuemantics.E011") for wrong, words, hint in found if wrong]


STORAGE_CHECKS = (check_disks, check_media_location, check_bucket_is_meant, check_bucket)
