"""Analyzers by name, one of each in a process."""

import importlib
import logging
import threading

from uploads.analysis.base import Analyzer
from uploads.errors import EnvironmentalError

logger = logging.getLogger(__name__)

ANALYZERS = {"local": "uploads.analysis.local:LocalAnalyzer"}
"""Short names; the class is imported when it is first wanted, so that web processes load no model runtime."""

MEMBERS = ("name", "computes", "describe", "embed")
_made: dict[str, Analyzer] = {}
_lock = threading.Lock()


def get_analyzer(name: str) -> Analyzer:
    """Return this process's analyzer `name`: a key of ANALYZERS or "package.module:Class" (made without arguments).

    Made on the first call, which may take half a second; later calls return the same object. Thread-safe. Where it
    cannot be made, whatever the reason, no file is to blame: raises EnvironmentalError `analysis.unusable`, or the one
    of the analyzer itself, and the next call tries again.
    """
    with _lock:
        analyzer = _made.get(name)
        if analyzer is None:
            analyzer = _made[name] = _make(name)
        return analyzer


def _make(name: str) -> Analyzer:
    module, _, attribute = ANALYZERS.get(name, name).partition(":")
    try:
        made: Analyzer = getattr(importlib.import_module(module), attribute)()
    except EnvironmentalError:
        raise
    except Exception as error:
        logger.exception('The analyzer "%s" cannot be made.', name)
        raise _unusable(name) from error
    if not all(hasattr(made, member) for member in MEMBERS):
        raise _unusable(name)
    return made


def _unusable(name: str) -> EnvironmentalError:
    known = ", ".join(sorted(ANALYZERS))
    words = f"There is no usable analyzer “{name}”. Set VUEMANTICS_ANALYZER to one of: {known}; or mend that class."
    return EnvironmentalError("analysis.unusable", words)
