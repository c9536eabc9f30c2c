"""Check the settings for file storage."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage, default_storage

from vuemantics.s3_settings import S3Settings

Rule = tuple[object, str, str]
"""Whether a setting is valid, followed by the problem and the fix if it is not."""
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION = re.compile(r"[a-z0-9-]*")
PREFIX = re.compile(r"(?:(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+(?:/(?!$)|$))*")


def check_same_disk(**_: Any) -> list[CheckMessage]:
    """Require partial files and media to be on one disk, because received files are hard-linked into place."""
    if settings.S3.bucket or not isinstance(default_storage, FileSystemStorage):
        return []
    if _device(settings.PARTIAL_ROOT) == _device(settings.MEDIA_ROOT):
        return []
    problem = f"{settings.PARTIAL_ROOT} and {settings.MEDIA_ROOT} are on different disks."
    hint = "Set VUEMANTICS_PARTIAL_DIR to a directory beside VUEMANTICS_MEDIA. Files are linked there, not copied."
    return [Error(problem, hint=hint, id="vuemantics.E006")]


def _device(folder: Path) -> int:
    """Return the device of a directory, or of its nearest existing parent."""
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_dev


def check_media_location(**_: Any) -> list[CheckMessage]:
    """Require a slash at each end of nginx's location; otherwise, nginx would look in the wrong directory."""
    location = settings.MEDIA_ACCEL
    if not location or (len(location) > 1 and location.startswith("/") and location.endswith("/")):
        return []
    hint = "Set VUEMANTICS_MEDIA_ACCEL to the path of nginx's internal location, such as /protected/"
    problem = f"VUEMANTICS_MEDIA_ACCEL must begin and end with a slash, unlike “{location}”."
    return [Error(problem, hint=hint, id="vuemantics.E009")]


def check_bucket_name_is_set(**_: Any) -> list[CheckMessage]:
    """Require a bucket name if other variables describe a bucket; without it, files would be stored on disk."""
    s3 = settings.S3
    others = {"ENDPOINT": s3.endpoint, "REGION": s3.region, "PREFIX": s3.prefix}
    if s3.bucket or not any(others.values()):
        return []
    found = " and ".join(f"VUEMANTICS_S3_{name}" for name, value in others.items() if value)
    hint = "Set VUEMANTICS_S3_BUCKET to the bucket's name, or unset the others to store files on disk."
    return [Error(f"{found} set without VUEMANTICS_S3_BUCKET.", hint=hint, id="vuemantics.E010")]


def check_bucket(**_: Any) -> list[CheckMessage]:
    """Reject values that would not work with the bucket's server or with browsers."""
    if not settings.S3.bucket:
        return []
    rules = [*_value_rules(settings.S3), *_combination_rules(settings.S3)]
    return [Error(problem, hint=hint, id="vuemantics.E011") for valid, problem, hint in rules if not valid]


def _value_rules(s3: S3Settings) -> list[Rule]:
    return [
        (
            BUCKET.fullmatch(s3.bucket),
            f"VUEMANTICS_S3_BUCKET is “{s3.bucket}”, which is not a bucket name.",
            "Set only the name: 3 to 63 lower-case letters, digits, dots and hyphens.",
        ),
        (
            PREFIX.fullmatch(s3.prefix),
            f"VUEMANTICS_S3_PREFIX is “{s3.prefix}”, which is not a valid prefix.",
            "Set it without a slash at either end, such as vuemantics or home/photos.",
        ),
        (
            REGION.fullmatch(s3.region),
            f"VUEMANTICS_S3_REGION is “{s3.region}”, which is not a region.",
            "Set its short name, such as eu-central-1.",
        ),
    ]


def _combination_rules(s3: S3Settings) -> list[Rule]:
    return [
        (
            s3.endpoint or s3.region,
            "VUEMANTICS_S3_BUCKET is set, but neither VUEMANTICS_S3_REGION nor VUEMANTICS_S3_ENDPOINT.",
            "Set VUEMANTICS_S3_REGION for Amazon, or VUEMANTICS_S3_ENDPOINT for another server.",
        ),
        (
            s3.access_key and s3.secret_key,
            "VUEMANTICS_S3_BUCKET is set, but AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing.",
            "Set both to a key that may get, put, delete and list in this bucket.",
        ),
        (
            not settings.MEDIA_ACCEL,
            "VUEMANTICS_MEDIA_ACCEL and VUEMANTICS_S3_BUCKET are both set.",
            "Unset VUEMANTICS_MEDIA_ACCEL: browsers fetch files from the bucket's server, not through nginx.",
        ),
        (
            not (settings.HTTPS and s3.endpoint.startswith("http:")),
            "VUEMANTICS_HTTPS is on but VUEMANTICS_S3_ENDPOINT does not use HTTPS: browsers would block the pictures.",
            "Set VUEMANTICS_S3_ENDPOINT to an address that begins with https://.",
        ),
    ]
