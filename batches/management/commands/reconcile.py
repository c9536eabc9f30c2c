"""`manage.py reconcile`: what every worker process does every few seconds, by hand, except sending mails."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

import dramatiq
import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from batches.worker.cleanup import clean_up
from batches.worker.reconciler import reconcile

INTERRUPTED = 130


class Command(BaseCommand):
    """Take lost files back, bring batches and deletions to their end, ring for what waits."""

    help = "Put right what crashes and lost messages left behind; sends no mails. Workers do it by themselves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One round, or for ever."""
        parser.add_argument("--once", action="store_true", help="do one round and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Do the rounds; a server that is away ends the command with one line."""
        try:
            self._round()
            while not once:
                time.sleep(settings.RECONCILE_SECONDS)
                self._round()
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database does not answer: {error}") from None
        except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
            words = "The rows are in order, but Redis does not answer, so no worker was told"
            raise CommandError(f"{words}: {error}") from None

    def _round(self) -> None:
        reconcile()
        clean_up()
        self.stdout.write("Done.")
