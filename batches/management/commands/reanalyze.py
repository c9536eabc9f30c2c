"""`manage.py reanalyze`: describe all pictures again and compute their vectors, for example with another provider."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from batches import services
from batches.engine.refusals import Refused


class Command(BaseCommand):
    """Start a re-analysis for each owner, and print its id. Workers process it after the owner's imports."""

    help = "Describe the pictures of all users again. Users can follow the progress and stop it on their pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--owner", default="", metavar="NAME", help="only the pictures of this user")
        parser.add_argument(
            "--only-missing", action="store_true", help="only pictures without a vector of the current model"
        )

    def handle(self, *args: Any, owner: str, only_missing: bool, **options: Any) -> None:
        """Start the re-analyses. Raises CommandError if the user does not exist or the database is unavailable."""
        try:
            users = list(User.objects.filter(**({"username": owner} if owner else {})).order_by("pk"))
            if owner and not users:
                raise CommandError(f"There is no user “{owner}”.")
            for user in users:
                self._start(user, only_missing)
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is unavailable: {error}") from None

    def _start(self, user: User, only_missing: bool) -> None:
        try:
            batch_id = services.reanalyse_library(services.owner_scope(user), user.pk, only_missing=only_missing)
        except Refused as refusal:
            self.stdout.write(f"{user}: {refusal.message}")
        else:
            self.stdout.write(f"{user}: started import {batch_id}.")
