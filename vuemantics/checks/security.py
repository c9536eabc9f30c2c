"""Check the security settings."""

import os
import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

MIN_KEY_LENGTH = 50
HOST = re.compile(r"\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def check_secret_key(**_: Any) -> list[CheckMessage]:
    """Reject a short key, which would let attackers forge sessions. Warn if several hosts may have different keys."""
    if len(settings.SECRET_KEY) < MIN_KEY_LENGTH:
        hint = "Set SECRET_KEY to the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        return [Error(f"SECRET_KEY is shorter than {MIN_KEY_LENGTH} characters.", hint=hint, id="vuemantics.E001")]
    if os.environ.get("DATABASE_URL") and not os.environ.get("SECRET_KEY"):
        problem = "DATABASE_URL is set but SECRET_KEY is not: this host uses its own key."
        hint = "Set the same SECRET_KEY on every host, or users are signed out when another host responds."
        return [Warning(problem, hint=hint, id="vuemantics.W001")]
    return []


def check_debug(**_: Any) -> list[CheckMessage]:
    """Reject debug pages on an HTTPS site, because they show internals and the site is probably public."""
    if not (settings.DEBUG and settings.HTTPS):
        return []
    hint = "Unset VUEMANTICS_DEBUG in production, or VUEMANTICS_HTTPS for development."
    return [Error("VUEMANTICS_DEBUG and VUEMANTICS_HTTPS are both on.", hint=hint, id="vuemantics.E002")]


def check_hosts(**_: Any) -> list[CheckMessage]:
    """Reject hosts with a scheme, port or path, because they match no request."""
    hint = "List only names and addresses, separated by commas: photos.local,192.168.1.20"
    return [
        Error(f"VUEMANTICS_HOSTS contains “{host}”, which is not a host.", hint=hint, id="vuemantics.E003")
        for host in settings.ALLOWED_HOSTS
        if not HOST.fullmatch(host)
    ]
