"""System checks that refuse impossible settings at the start, with the mend in the hint.

Settings are named as people set them: by the variable of the environment.
"""

import importlib.util
import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.files.storage import FileSystemStorage, default_storage

from batches.states import Stage
from uploads.analysis.registry import ANALYZERS

KEY_LENGTH = 50
# The uploader sends pieces of 8 MiB; a request's head and the ends of a form come on top.
SMALLEST_BODY = 9 * 2**20
# The heartbeat beats every second: a lease must survive a few that come late.
SHORTEST_LEASE = 4
AT_LEAST_ONE = {
    "WORKER_PROCESSES": "VUEMANTICS_WORKER_PROCESSES",
    "WORKER_THREADS": "VUEMANTICS_WORKER_THREADS",
    "MAX_FILE_BYTES": "VUEMANTICS_MAX_FILE_MIB",
    "MAX_BATCH_FILES": "VUEMANTICS_MAX_BATCH_FILES",
    "MAX_PIXELS": "VUEMANTICS_MAX_MEGAPIXELS",
}
ABOVE_ZERO = {
    "SLICE_SECONDS": "VUEMANTICS_SLICE_SECONDS",
    "RECONCILE_SECONDS": "VUEMANTICS_RECONCILE_SECONDS",
    "STAGE_SECONDS": "VUEMANTICS_STAGE_SECONDS",
    "ABANDONED_SECONDS": "VUEMANTICS_ABANDONED_SECONDS",
}


def check_secret_key(**_: Any) -> list[CheckMessage]:
    """A key that can be guessed opens every session; one made per host closes them."""
    if len(settings.SECRET_KEY) < KEY_LENGTH:
        hint = "Set SECRET_KEY to the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        return [Error(f"SECRET_KEY is shorter than {KEY_LENGTH} characters.", hint=hint, id="vuemantics.E001")]
    if os.environ.get("DATABASE_URL") and not os.environ.get("SECRET_KEY"):
        words = "DATABASE_URL is set and SECRET_KEY is not: this host uses a key of its own."
        hint = "Set the same SECRET_KEY on every host, or people are signed out whenever another host answers."
        return [Warning(words, hint=hint, id="vuemantics.W001")]
    return []


def check_debug(**_: Any) -> list[CheckMessage]:
    """Debug pages show the program's insides; HTTPS says that strangers can see them."""
    if not (settings.DEBUG and settings.HTTPS):
        return []
    hint = "Unset VUEMANTICS_DEBUG in production, or VUEMANTICS_HTTPS at home."
    return [Error("VUEMANTICS_DEBUG and VUEMANTICS_HTTPS are both on.", hint=hint, id="vuemantics.E002")]


def check_numbers(**_: Any) -> list[CheckMessage]:
    """Numbers that would stop all work."""
    low = [(variable, "at least 1") for name, variable in AT_LEAST_ONE.items() if getattr(settings, name) < 1]
    low += [(variable, "more than 0") for name, variable in ABOVE_ZERO.items() if getattr(settings, name) <= 0]
    return [
        Error(f"{variable} must be {bound}.", hint=f"Unset {variable} for its default.", id="vuemantics.E003")
        for variable, bound in low
    ]


def check_lease(**_: Any) -> list[CheckMessage]:
    """A lease that ends before it can be renewed takes files from workers that are well."""
    lease = settings.LEASE_SECONDS
    hint = "Unset VUEMANTICS_LEASE_SECONDS, VUEMANTICS_STAGE_SECONDS and VUEMANTICS_RECONCILE_SECONDS for the defaults."
    wrong = []
    if lease < SHORTEST_LEASE:
        wrong.append(f"VUEMANTICS_LEASE_SECONDS must be at least {SHORTEST_LEASE}: it is renewed about every second.")
    if lease > settings.STAGE_SECONDS:
        wrong.append("VUEMANTICS_STAGE_SECONDS must not be less than VUEMANTICS_LEASE_SECONDS.")
    if lease < settings.RECONCILE_SECONDS:
        wrong.append("VUEMANTICS_RECONCILE_SECONDS must not be more than VUEMANTICS_LEASE_SECONDS.")
    wrong += [
        f"VUEMANTICS_STAGE_DEADLINES names “{stage}”; the stages are {', '.join(Stage.values)}."
        for stage in sorted(set(settings.STAGE_DEADLINES) - set(Stage.values))
    ]
    return [Error(words, hint=hint, id="vuemantics.E004") for words in wrong]


def check_body_limit(**_: Any) -> list[CheckMessage]:
    """A limit below one piece of an upload refuses every file that is larger."""
    if settings.MAX_BODY_BYTES >= SMALLEST_BODY:
        return []
    words = "VUEMANTICS_MAX_BODY_MIB must be at least 9: files are sent in pieces of 8 MiB."
    return [Error(words, hint="Unset VUEMANTICS_MAX_BODY_MIB for its default.", id="vuemantics.E005")]


def check_disks(**_: Any) -> list[CheckMessage]:
    """A received file is moved into the media folder by one rename, which cannot cross disks."""
    if not isinstance(default_storage, FileSystemStorage):
        return []
    if _disk(settings.PARTS_ROOT) == _disk(settings.MEDIA_ROOT):
        return []
    words = f"{settings.PARTS_ROOT} and {settings.MEDIA_ROOT} are on different disks."
    hint = "Set VUEMANTICS_PARTS to a folder beside VUEMANTICS_MEDIA: received files move there by one rename."
    return [Error(words, hint=hint, id="vuemantics.E006")]


def _disk(folder: Path) -> int:
    """The device of a folder, or of the nearest parent that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_dev


def check_analyzer(**_: Any) -> list[CheckMessage]:
    """Workers would fail every file with an analyzer that does not exist."""
    name = settings.ANALYZER
    module, _colon, attribute = ANALYZERS.get(name, name).partition(":")
    if attribute and _module_exists(module):
        return []
    hint = f'Set VUEMANTICS_ANALYZER to one of: {", ".join(sorted(ANALYZERS))}; or to "package.module:Class".'
    return [Error(f"There is no analyzer “{name}”.", hint=hint, id="vuemantics.E007")]


def _module_exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def check_time_zone(**_: Any) -> list[CheckMessage]:
    """Pages could not show a time."""
    try:
        ZoneInfo(settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        hint = "Set VUEMANTICS_TIME_ZONE to a name such as Europe/Berlin; if it is one, install your system's tzdata."
        return [Error(f"There is no time zone “{settings.TIME_ZONE}”.", hint=hint, id="vuemantics.E008")]
    return []


def check_media_location(**_: Any) -> list[CheckMessage]:
    """nginx would look for the files beside their folder."""
    location = settings.MEDIA_ACCEL
    if not location or (len(location) > 1 and location.startswith("/") and location.endswith("/")):
        return []
    hint = "Set VUEMANTICS_MEDIA_ACCEL to the path of nginx's internal location, such as /protected/"
    words = f"VUEMANTICS_MEDIA_ACCEL must begin and end with a slash, not be “{location}”."
    return [Error(words, hint=hint, id="vuemantics.E009")]


CHECKS = (
    check_secret_key,
    check_debug,
    check_numbers,
    check_lease,
    check_body_limit,
    check_disks,
    check_analyzer,
    check_time_zone,
    check_media_location,
)
