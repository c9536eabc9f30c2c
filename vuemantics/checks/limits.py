"""Check the time limits for workers and uploads, and the limits on connections and on a user's unfinished files."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from batches.models.states import Stage

# The heartbeat renews leases every second; a lease must survive a few late renewals.
MIN_LEASE_SECONDS = 4


def check_lease(**_: Any) -> list[CheckMessage]:
    """Reject time limits that would make healthy workers lose their files, and deadlines for unknown stages."""
    lease = settings.LEASE_SECONDS
    hint = "Unset VUEMANTICS_LEASE_SECONDS, VUEMANTICS_STAGE_SECONDS and VUEMANTICS_RECONCILE_SECONDS for the defaults."
    problems = []
    if lease < MIN_LEASE_SECONDS:
        problems.append(
            f"VUEMANTICS_LEASE_SECONDS must be at least {MIN_LEASE_SECONDS}: leases are renewed about every second."
        )
    if lease > settings.STAGE_SECONDS:
        problems.append("VUEMANTICS_STAGE_SECONDS must not be less than VUEMANTICS_LEASE_SECONDS.")
    if lease < settings.RECONCILE_SECONDS:
        problems.append("VUEMANTICS_RECONCILE_SECONDS must not be more than VUEMANTICS_LEASE_SECONDS.")
    problems += [
        f"VUEMANTICS_STAGE_DEADLINES contains “{stage}”; the stages are {', '.join(Stage.values)}."
        for stage in sorted(set(settings.STAGE_DEADLINES) - set(Stage.values))
    ]
    return [Error(problem, hint=hint, id="vuemantics.E004") for problem in problems]


def check_partial_file_expiry(**_: Any) -> list[CheckMessage]:
    """Require items to expire before their partial files are removed, or active clients would have to start over."""
    if settings.PARTIAL_SECONDS > settings.EXPIRY_SECONDS:
        return []
    problem = "VUEMANTICS_PARTIAL_SECONDS must be more than VUEMANTICS_EXPIRY_SECONDS."
    hint = "Unset VUEMANTICS_PARTIAL_SECONDS and VUEMANTICS_EXPIRY_SECONDS for the defaults, a week and a day."
    return [Error(problem, hint=hint, id="vuemantics.E012")]


def check_connections_per_address(**_: Any) -> list[CheckMessage]:
    """Reject a per-address limit behind a proxy, because all connections come from the proxy's address."""
    if not (settings.BEHIND_PROXY and settings.CONNECTIONS_PER_ADDRESS):
        return []
    hint = "Unset VUEMANTICS_CONNECTIONS_PER_ADDRESS, and limit connections in the proxy (nginx: limit_conn)."
    problem = "VUEMANTICS_CONNECTIONS_PER_ADDRESS would limit all users together: the server is behind a proxy."
    return [Error(problem, hint=hint, id="vuemantics.E040")]


def check_open_files(**_: Any) -> list[CheckMessage]:
    """Require that the limit on unfinished files allows an import of maximum size."""
    if settings.OWNER_OPEN_FILES >= settings.MAX_BATCH_FILES:
        return []
    hint = "Raise VUEMANTICS_OWNER_OPEN_FILES, or lower VUEMANTICS_MAX_BATCH_FILES."
    problem = "VUEMANTICS_OWNER_OPEN_FILES must not be less than VUEMANTICS_MAX_BATCH_FILES."
    return [Error(problem, hint=hint, id="vuemantics.E041")]
