"""Check that the configured providers exist and support their roles, without importing them."""

import importlib.util
import symtable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from uploads.analysis.registry import PROVIDERS, provider_classes


def check_analyzer(**_: Any) -> list[CheckMessage]:
    """Reject providers that do not exist or do not support the role for which they are configured."""
    chosen = {"describer": settings.DESCRIBER, "embedder": settings.EMBEDDER}
    return [error for role, name in chosen.items() for error in _check_provider(role, name)]


def _check_provider(role: str, name: str) -> list[CheckMessage]:
    able = ", ".join(sorted(known for known, classes in PROVIDERS.items() if getattr(classes, role)))
    hint = f'Set VUEMANTICS_{role.upper()} to one of: {able}; or to "package.module:Class".'
    path = getattr(provider_classes(name), role)
    if not path:
        problem = f"“{name}” cannot be the {role}."
        return [Error(problem, hint=hint, id="vuemantics.E008")]
    module, _colon, attribute = path.partition(":")
    if attribute and _module_exists(module) and _may_define(module, attribute):
        return []
    return [Error(f"There is no {role} “{name}”.", hint=hint, id="vuemantics.E007")]


def _module_exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def _may_define(module: str, attribute: str) -> bool:
    """Return False if the module's source shows that it does not define the attribute.

    The module is not imported, because that would load a model's whole runtime into web processes.
    """
    spec = importlib.util.find_spec(module)
    get_source = getattr(spec and spec.loader, "get_source", None)
    source = get_source(module) if get_source else None
    if source is None or "import *" in source:
        return True
    try:
        symbols = symtable.symtable(source, module, "exec").get_symbols()
    except SyntaxError:
        return False
    names = {one.get_name() for one in symbols if one.is_assigned() or one.is_imported() or one.is_namespace()}
    return attribute in names or "__getattr__" in names
