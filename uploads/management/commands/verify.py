"""`manage.py verify`: read stored originals again and compare them with their checksums."""

import math
import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from uploads.errors import EnvironmentalError
from uploads.models import Upload
from uploads.verification.schedule import Check, verify, verify_due

DAMAGED, USAGE, INTERRUPTED = 1, 2, 130
REPORT_SECONDS = 5.0
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def _byte_count(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text, re.ASCII)
    if match is None:
        raise ArgumentTypeError(f"“{text}” is not a size such as 500M or 50G")
    return float(match[1]) * _UNITS[match[2]]


class Command(BaseCommand):
    """Verify the files that are due, a given number of bytes, or all files, and list the damaged files."""

    help = (
        "Read stored files and compare them with their checksums, starting with those never checked or checked longest "
        "ago. Exit status: 0 no damage found, 1 damage found, 2 invalid argument, 130 Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--owner", default="", metavar="NAME", help="only the files of this user")
        parser.add_argument("--all", action="store_true", help="include files that were checked recently")
        parser.add_argument("--bytes", type=_byte_count, metavar="SIZE", help="stop after this many bytes, such as 50G")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command.

        Raises SystemExit if damage was found or the user pressed Ctrl-C, and CommandError if the owner is unknown, or
        if the storage or the database is unavailable.
        """
        try:
            damaged = self._verify(self._checks(**options))
        except KeyboardInterrupt:
            self.stderr.write("Stopped. The next run starts with the files that were not checked yet.")
            sys.exit(INTERRUPTED)
        except EnvironmentalError as error:
            raise CommandError(f"The storage is unavailable: {error.message}") from None
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is unavailable: {error}") from None
        if damaged:
            sys.exit(DAMAGED)

    def _checks(self, *, owner: str, all: bool, bytes: float | None, **_options: Any) -> Iterator[Check]:
        """Return an iterator that checks one file at each step.

        Without options, verify as much as the workers do per day.
        """
        if not (owner or all or bytes is not None):
            return verify_due(settings.VERIFY_BYTES_PER_DAY)
        rows, now = Upload.objects.all(), timezone.now()
        if owner:
            user = User.objects.filter(username=owner).first()
            if user is None:
                raise CommandError(f"There is no user “{owner}”.", returncode=USAGE)
            rows = rows.filter(owner=user)
        return verify(rows, math.inf if bytes is None else bytes, now, now)

    def _verify(self, checks: Iterator[Check]) -> int:
        """Report each check when it is done, and return how many files are damaged."""
        files = size = damaged = 0
        reported = time.monotonic()
        for check in checks:
            files += 1
            size += check.upload.size
            if check.reason is not None:
                damaged += 1
                owner = check.upload.owner.get_username()
                self.stdout.write(f"{owner}: {check.upload.filename} ({check.upload.id}): {check.reason.label}")
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                self.stdout.write(f"{files} verified ({filesizeformat(size)}) …")
        self.stdout.write(f"{files} verified ({filesizeformat(size)}), {damaged} damaged.")
        return damaged
