"""`manage.py reconcile`: run the repairs and clean-ups that worker processes run automatically."""

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
    """Repair items and batches, wake workers for pending items, and complete deletions."""

    help = "Repair the effects of crashes and lost messages; send no e-mails. Workers do this automatically."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run once and exit")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Run one round, or repeat until interrupted. Raises CommandError if the database or Redis is unavailable."""
        try:
            self._round()
            while not once:
                time.sleep(settings.RECONCILE_SECONDS)
                self._round()
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is not available: {error}") from None
        except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
            message = "The database is repaired, but Redis is not available, so no worker was notified"
            raise CommandError(f"{message}: {error}") from None

    def _round(self) -> None:
        reconcile()
        clean_up()
        self.stdout.write("Done.")
