"""Check that the analyzer named in the settings exists, without importing it."""

import importlib.util
import symtable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from uploads.analysis.registry import ANALYZERS


def check_analyzer(**_: Any) -> list[CheckMessage]:
    """Reject an analyzer that does not exist."""
    name = settings.ANALYZER
    module, _colon, attribute = ANALYZERS.get(name, name).partition(":")
    if attribute and _module_exists(module) and _may_define(module, attribute):
        return []
    hint = f'Set VUEMANTICS_ANALYZER to one of: {", ".join(sorted(ANALYZERS))}; or to "package.module:Class".'
    return [Error(f"There is no analyzer “{name}”.", hint=hint, id="vuemantics.E007")]


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
