"""Embedded PostgreSQL and Redis for one machine, from Python wheels: no root, no container, no TCP port.

Needs no Django. Everything follows from one folder; see `LocalServices`.
"""

from vuemantics.localstack.paths import local_secret_key, local_urls
from vuemantics.localstack.services import LocalServices
from vuemantics.localstack.start_error import StartError

__all__ = ["LocalServices", "StartError", "local_secret_key", "local_urls"]
