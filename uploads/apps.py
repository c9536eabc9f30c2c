import psycopg
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from pgvector import HalfVector
from pgvector.psycopg.halfvec import HalfVectorBinaryDumper


class UploadsConfig(AppConfig):
    """The library: all stored pictures and videos, regardless of the batch that added them."""

    name = "uploads"
    verbose_name = _("Library")

    def ready(self) -> None:
        """Send vectors in binary form: 1,280 numbers take 15 µs, and 240 µs as text.

        Django copies psycopg's adapters when it first connects, so this cannot be done later. The dumper has no OID, so
        PostgreSQL takes the type from the statement's casts.
        """
        psycopg.adapters.register_dumper(HalfVector, HalfVectorBinaryDumper)
