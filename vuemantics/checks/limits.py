"""Check the limits of connections and of one user's rows."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_connections_per_address(**_: Any) -> list[CheckMessage]:
    """Reject a limit per address behind a proxy, because all connections come from the proxy's address."""
    if not (settings.BEHIND_PROXY and settings.CONNECTIONS_PER_ADDRESS):
        return []
    hint = "Unset VUEMANTICS_CONNECTIONS_PER_ADDRESS, and limit connections in the proxy (nginx: limit_conn)."
    problem = "VUEMANTICS_CONNECTIONS_PER_ADDRESS would limit all users together: the server is behind a proxy."
    return [Error(problem, hint=hint, id="vuemantics.E040")]


def check_open_files(**_: Any) -> list[CheckMessage]:
    """Require that the largest import fits into the limit of its owner's unfinished files."""
    if settings.OWNER_OPEN_FILES >= settings.MAX_BATCH_FILES:
        return []
    hint = "Raise VUEMANTICS_OWNER_OPEN_FILES, or lower VUEMANTICS_MAX_BATCH_FILES."
    problem = "VUEMANTICS_OWNER_OPEN_FILES must not be less than VUEMANTICS_MAX_BATCH_FILES."
    return [Error(problem, hint=hint, id="vuemantics.E041")]
