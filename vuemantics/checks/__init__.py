"""System checks that refuse impossible settings at the start, with the mend in the hint.

A single value that cannot be meant is refused before, by `environment.py`; these look at what a value leads to.
Settings are named as people set them: by the variable of the environment.
"""

import importlib.util
import os
import re
import symtable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from batches.models.states import Stage
from uploads.analysis.registry import ANALYZERS
from vuemantics.checks.mail import MAIL_CHECKS
from vuemantics.checks.storage import STORAGE_CHECKS

KEY_LENGTH = 50
# The heartbeat beats every second: a lease must survive a few that come late.
SHORTEST_LEASE = 4
HOST = re.compile(r"\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def check_secret_key(**_: Any) -> list[CheckMessage]:
    """A key that can be guessed opens every session; one made per host closes them."""
    if len(settings.SECRET_KEY) < KEY_LENGTH:
        hint = "Set SECRET_KEY to the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        return [Error(f"SECRET_KEY is shorter than {KEY_LENGTH} characters.", hint=hint, id="vuemantics.E001")]
    if os.environ.get("DATABASE_URL") and not os.environ.get("SECRET_KEY"):
        words = "DATABASE_URL is set and SECRET_KEY is not: this host uses a key of its own."
        hint = "Set the same SECRET_KEY on every host, or people are signed out whenever another host answers."
        return [Warning(words, hint=hint, id="vuemantics.W001")]
    return []


def check_debug(**_: Any) -> list[CheckMessage]:
    """Debug pages show the program's insides; HTTPS says that strangers can see them."""
    if not (settings.DEBUG and settings.HTTPS):
        return []
    hint = "Unset VUEMANTICS_DEBUG in production, or VUEMANTICS_HTTPS at home."
    return [Error("VUEMANTICS_DEBUG and VUEMANTICS_HTTPS are both on.", hint=hint, id="vuemantics.E002")]


def check_hosts(**_: Any) -> list[CheckMessage]:
    """An address with scheme, port or path matches no request: everybody would be refused."""
    hint = "Write names and addresses alone, with commas: photos.local,192.168.1.20"
    return [
        Error(f"VUEMANTICS_HOSTS names “{host}”, which is no host.", hint=hint, id="vuemantics.E003")
        for host in settings.ALLOWED_HOSTS
        if not HOST.fullmatch(host)
    ]


def check_lease(**_: Any) -> list[CheckMessage]:
    """A lease that ends before it can be renewed takes files from workers that are well."""
    lease = settings.LEASE_SECONDS
    hint = "Unset VUEMANTICS_LEASE_SECONDS, VUEMANTICS_STAGE_SECONDS and VUEMANTICS_RECONCILE_SECONDS for the defaults."
    wrong = []
    if lease < SHORTEST_LEASE:
        wrong.append(f"VUEMANTICS_LEASE_SECONDS must be at least {SHORTEST_LEASE}: it is renewed about every second.")
    if lease > settings.STAGE_SECONDS:
        wrong.append("VUEMANTICS_STAGE_SECONDS must not be less than VUEMANTICS_LEASE_SECONDS.")
    if lease < settings.RECONCILE_SECONDS:
        wrong.append("VUEMANTICS_RECONCILE_SECONDS must not be more than VUEMANTICS_LEASE_SECONDS.")
    wrong += [
        f"VUEMANTICS_STAGE_DEADLINES names “{stage}”; the stages are {', '.join(Stage.values)}."
        for stage in sorted(set(settings.STAGE_DEADLINES) - set(Stage.values))
    ]
    return [Error(words, hint=hint, id="vuemantics.E004") for words in wrong]


def check_parts(**_: Any) -> list[CheckMessage]:
    """A part that is removed before its file is given up would be sent from the beginning by a sender who is there."""
    if settings.PARTIAL_SECONDS > settings.EXPIRY_SECONDS:
        return []
    words = "VUEMANTICS_PARTIAL_SECONDS must be more than VUEMANTICS_EXPIRY_SECONDS."
    hint = "Unset VUEMANTICS_PARTIAL_SECONDS and VUEMANTICS_EXPIRY_SECONDS for a week and a day."
    return [Error(words, hint=hint, id="vuemantics.E012")]


def check_analyzer(**_: Any) -> list[CheckMessage]:
    """Workers would fail every file with an analyzer that does not exist."""
    name = settings.ANALYZER
    module, _colon, attribute = ANALYZERS.get(name, name).partition(":")
    if attribute and _module_exists(module) and _may_name(module, attribute):
        return []
    hint = f'Set VUEMANTICS_ANALYZER to one of: {", ".join(sorted(ANALYZERS))}; or to "package.module:Class".'
    return [Error(f"There is no analyzer “{name}”.", hint=hint, id="vuemantics.E007")]


def _module_exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def _may_name(module: str, attribute: str) -> bool:
    """Whether the module's source names it, or may come by it in ways that the source does not tell.

    It is not imported: web processes would load a model's whole runtime.
    """
    spec = importlib.util.find_spec(module)
    find_source = getattr(spec and spec.loader, "get_source", None)
    source = find_source(module) if find_source else None
    if source is None or "import *" in source:
        return True
    try:
        names = symtable.symtable(source, module, "exec").get_symbols()
    except SyntaxError:
        return False
    bound = {name.get_name() for name in names if name.is_assigned() or name.is_imported() or name.is_namespace()}
    return attribute in bound or "__getattr__" in bound


CHECKS = (
    check_secret_key,
    check_debug,
    check_hosts,
    check_lease,
    check_parts,
    check_analyzer,
    *MAIL_CHECKS,
    *STORAGE_CHECKS,
)
