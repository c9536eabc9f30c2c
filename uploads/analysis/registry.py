"""Analyzers by name, one of each in a process."""

import importlib
import threading

from uploads.analysis.base import Analyzer

ANALYZERS = {"local": "uploads.analysis.local:LocalAnalyzer"}
"""Short names; the class is imported when it is first wanted, so that web processes load no model runtime."""

_made: dict[str, Analyzer] = {}
_lock = threading.Lock()


def get_analyzer(name: str) -> Analyzer:
    """Return this process's analyzer `name`: a key of ANALYZERS or "package.module:Class" (made without arguments).

    Made on the first call, which may take half a second; later calls return the same object. Thread-safe. Raises
    ValueError with the known names if there is no such analyzer, and whatever making it raises; then the next call
    tries again.
    """
    with _lock:
        analyzer = _made.get(name)
        if analyzer is None:
            analyzer = _made[name] = _make(name)
        return analyzer


def _make(name: str) -> Analyzer:
    module, _, attribute = ANALYZERS.get(name, name).partition(":")
    unknown = f'There is no analyzer "{name}". Known: {", ".join(sorted(ANALYZERS))}, or "package.module:Class".'
    if not attribute:
        raise ValueError(unknown)
    try:
        factory = getattr(importlib.import_module(module), attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ValueError(unknown) from error
    made: Analyzer = factory()
    return made
