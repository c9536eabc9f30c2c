"""Embedded PostgreSQL and Redis for one machine. They need neither root nor containers nor TCP ports.

This package does not need Django. All paths and URLs are derived from one directory; see `LocalServices`.
"""

from vuemantics.localstack.paths import local_secret_key, local_urls
from vuemantics.localstack.process import StartError
from vuemantics.localstack.services import LocalServices

__all__ = ["LocalServices", "StartError", "local_secret_key", "local_urls"]
