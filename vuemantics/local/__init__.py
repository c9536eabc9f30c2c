"""Embedded PostgreSQL and Redis for one machine, from Python wheels: no root, no container, no TCP port.

Needs no Django. Everything follows from one folder; see `LocalServices`.
"""

from vuemantics.local.errors import StartError
from vuemantics.local.places import local_secret_key, local_urls
from vuemantics.local.services import LocalServices

__all__ = ["LocalServices", "StartError", "local_secret_key", "local_urls"]
